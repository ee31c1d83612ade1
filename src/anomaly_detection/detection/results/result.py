"""The result of a detection: scores, p-values, verdicts and anomalies, with a threshold that changes without a refit."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.calibration.calibrator import FALSE_DISCOVERY_RATE, METHOD, VERSION, Calibrator
from anomaly_detection.detection.calibration.confidence import confidence
from anomaly_detection.detection.calibration.threshold import Threshold, default_threshold, make_threshold
from anomaly_detection.detection.domain.anomaly import Anomaly, AnomalyEvent
from anomaly_detection.detection.domain.explanation import Contribution, Explanation
from anomaly_detection.detection.domain.severity import Severity, severity_ranks
from anomaly_detection.detection.results.events import group_events
from anomaly_detection.detection.results.rows import Rows
from anomaly_detection.shared.clock import to_iso, utc_now
from anomaly_detection.shared.identity import new_id

FloatArray = NDArray[np.float64]
Explain = Callable[[NDArray[np.int64], float], Sequence[Explanation]]
"""Explains rows by their indices, given the score cutoff."""

SCHEMA_VERSION = 1
EXPLAINED_ROWS = 1_000
"""At most so many anomalies carry an explanation, the highest scores first."""


@dataclass(frozen=True, eq=False, repr=False)
class DetectionResult:
    """What a detector found in one data set.

    Attributes
    ----------
    scores : array of shape (n_rows,)
        Higher is more anomalous. Rows that the detector learnt from carry scores without their own influence.
    calibrator : Calibrator
        What normal rows score; gives the p-values.
    threshold : Threshold
        Which rows are anomalies.
    algorithm, parameters, dataset, metadata
        Where the result comes from.

    Examples
    --------
    >>> from anomaly_detection import create_detector
    >>> rng = np.random.default_rng(0)
    >>> X = np.vstack([rng.normal(size=(300, 2)), [[9.0, -9.0]]])
    >>> result = create_detector("knn").detect(X)
    >>> result.anomalies[0].index
    300
    >>> result.with_contamination(0.01).n_anomalies
    3
    """

    scores: FloatArray
    calibrator: Calibrator
    threshold: Threshold
    algorithm: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    rows: Rows = field(default_factory=Rows)
    dataset: Mapping[str, Any] = field(default_factory=dict)
    kind: str = "table"
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=utc_now)
    model_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    explanations: Mapping[int, Explanation] = field(default_factory=dict)
    explain: Explain | None = None

    def __repr__(self) -> str:
        rows = f"{self.n_rows} {'row' if self.n_rows == 1 else 'rows'}"
        anomalies = f"{self.n_anomalies} {'anomaly' if self.n_anomalies == 1 else 'anomalies'}"
        return (
            f"DetectionResult({self.algorithm!r}, {rows}, {anomalies}, {self.threshold.kind} {self.threshold.value:g})"
        )

    @property
    def n_rows(self) -> int:
        """How many rows were judged."""
        return int(self.scores.size)

    @cached_property
    def p_values(self) -> FloatArray:
        """Probability that a normal row scores at least as high, shape (n_rows,)."""
        return self.calibrator.p_values(self.scores)

    @cached_property
    def predictions(self) -> NDArray[np.int8]:
        """1 for anomalies and 0 for normal rows, shape (n_rows,)."""
        return self.threshold.flags(self.scores)

    @cached_property
    def n_anomalies(self) -> int:
        """How many rows are flagged."""
        return int(self.predictions.sum())

    @cached_property
    def confidence_scores(self) -> FloatArray:
        """Probability that each row would get the same verdict again, shape (n_rows,)."""
        flagged = round(self.calibrator.n * float(self.calibrator.p_values(np.array([self.threshold.score_cutoff]))[0]))
        flagged = max(flagged, round(self.calibrator.n * self.n_anomalies / self.n_rows))
        return confidence(self.p_values, self.predictions, self.calibrator.n, flagged)

    @cached_property
    def ranking(self) -> NDArray[np.int64]:
        """Indices of the anomalies, the highest score first, shape (n_anomalies,)."""
        flagged = np.flatnonzero(self.predictions)
        return flagged[np.argsort(-self.scores[flagged], kind="stable")]

    @cached_property
    def severity_ranks(self) -> NDArray[np.int64]:
        """Severity of each anomaly in the order of `ranking`: 0 for low to 3 for critical."""
        cutoff = float(self.calibrator.p_values(np.array([self.threshold.score_cutoff]))[0])
        # A threshold set at the highest scores themselves must not make them slight.
        cutoff = max(cutoff, FALSE_DISCOVERY_RATE / self.calibrator.n)
        return severity_ranks(self.p_values[self.ranking], cutoff)

    @cached_property
    def anomalies(self) -> tuple[Anomaly, ...]:
        """The anomalies, the highest score first."""
        return self.top(self.n_anomalies)

    @cached_property
    def events(self) -> tuple[AnomalyEvent, ...]:
        """For a series with times: anomalies that follow one another closely, in the order of time."""
        if self.kind != "series" or self.rows.time is None:
            return ()
        return group_events(self.rows.time, self.ranking, self.scores[self.ranking], self.severity_ranks)

    def top(self, count: int, *, start: int = 0) -> tuple[Anomaly, ...]:
        """Return anomalies by rank, from the position `start`, without making the others."""
        picked = self.ranking[start : start + count]
        explanations = self.explanations_of(picked[: max(EXPLAINED_ROWS - start, 0)])
        severities = list(Severity)
        return tuple(
            Anomaly(
                index=int(index),
                score=float(self.scores[index]),
                p_value=float(self.p_values[index]),
                confidence=float(self.confidence_scores[index]),
                severity=severities[int(self.severity_ranks[start + position])],
                values=self.rows.row(int(index)),
                row_id=_text(self.rows.row_id, int(index)),
                time=self.rows.time_at(int(index)),
                entity=_text(self.rows.entity, int(index)),
                explanation=explanations.get(int(index)),
            )
            for position, index in enumerate(picked)
        )

    def explanations_of(self, indices: NDArray[np.int64]) -> dict[int, Explanation]:
        """Return the explanations at hand for these rows, made now where the detector is still there."""
        known = {int(index): self.explanations[int(index)] for index in indices if int(index) in self.explanations}
        missing = np.array([index for index in indices if int(index) not in known], dtype=np.int64)
        if missing.size and self.explain is not None:
            made = self.explain(missing, self.threshold.score_cutoff)
            known.update({int(index): item for index, item in zip(missing, made, strict=True)})
        return known

    def with_threshold(self, kind: str, value: float) -> DetectionResult:
        """Return the same scores judged by another threshold.

        Parameters
        ----------
        kind : {"fdr", "p_value", "score", "contamination", "alert_rate"}
            Unit of `value`: the expected share of normal rows among those flagged; the probability that a normal row is
            flagged; the lowest flagged score; the share of rows to flag; the expected false alarms in as many rows.
        value : float
            The threshold.

        Raises
        ------
        InvalidParameter
            The kind is unknown, or the value is outside of its range.
        """
        return self._judged(make_threshold(kind, value, self.scores, self.calibrator))

    def with_contamination(self, share: float) -> DetectionResult:
        """Return the same scores with the highest `share` of rows flagged, in (0, 0.5]."""
        return self.with_threshold("contamination", share)

    def with_alert_rate(self, alerts: float) -> DetectionResult:
        """Return the same scores with so many false alarms to expect in as many rows as these."""
        return self.with_threshold("alert_rate", alerts)

    def with_default_threshold(self) -> DetectionResult:
        """Return the same scores judged by the threshold that was settled on the training rows."""
        return self._judged(default_threshold(self.calibrator))

    def with_explanations(self, extra: int = 100) -> DetectionResult:
        """Return the result with explanations made now, also for the `extra` highest scores that are not flagged.

        A result that is stored keeps these; the detector itself may be gone later.
        """
        count = min(max(self.n_anomalies + extra, extra), EXPLAINED_ROWS, self.n_rows)
        highest = np.argsort(-self.scores, kind="stable")[:count]
        return replace(self, explanations=self.explanations_of(highest), explain=None)

    def summary(self) -> dict[str, Any]:
        """Return the counts that a list of results shows."""
        counts = np.bincount(self.severity_ranks, minlength=4)
        return {
            "n_rows": self.n_rows,
            "n_anomalies": self.n_anomalies,
            "threshold": self.threshold.to_dict(),
            "severities": {item.value: int(counts[item.rank]) for item in Severity},
        }

    def to_dict(self, *, arrays: bool = True, limit: int | None = None) -> dict[str, Any]:
        """Return the published format (schema version 1).

        Parameters
        ----------
        arrays : bool, default True
            With the long arrays. Without, what is needed to restore the result beside `arrays()` is added.
        limit : int, optional
            At most so many anomalies, the highest scores first.
        """
        document: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "id": self.id,
            "created_at": to_iso(self.created_at),
            "kind": self.kind,
            "algorithm": self.algorithm,
            "parameters": dict(self.parameters),
            "model_id": self.model_id,
            "dataset": dict(self.dataset),
            "calibration": {
                "method": METHOD,
                "n": self.calibrator.n,
                "version": VERSION,
                "state_ref": self.calibrator.reference,
            },
            "threshold": self.threshold.to_dict(),
            "n_rows": self.n_rows,
            "n_anomalies": self.n_anomalies,
            "anomalies": [item.to_dict() for item in self.top(self.n_anomalies if limit is None else limit)],
            "events": [item.to_dict() for item in self.events],
            "metadata": dict(self.metadata),
        }
        if arrays:
            document["scores"] = self.scores.tolist()
            document["p_values"] = self.p_values.tolist()
            document["predictions"] = self.predictions.tolist()
            document["confidence_scores"] = self.confidence_scores.tolist()
        else:
            document["calibration"]["state"] = self.calibrator.to_dict()
            document["explanations"] = {str(index): item.to_dict() for index, item in self.explanations.items()}
        return document

    def to_json(self, *, indent: int | None = None) -> str:
        """Return `to_dict` as JSON."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the long arrays, each of shape (n_rows,), under flat names."""
        return {
            "score": self.scores,
            "p_value": self.p_values,
            "prediction": self.predictions,
            "confidence": self.confidence_scores,
            **self.rows.to_arrays(),
        }

    @classmethod
    def from_parts(cls, document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> DetectionResult:
        """Restore a result from ``to_dict(arrays=False)`` and ``arrays()``."""
        return cls(
            scores=np.asarray(arrays["score"], dtype=np.float64),
            calibrator=Calibrator.from_dict(document["calibration"]["state"]),
            threshold=Threshold(**document["threshold"]),
            algorithm=document["algorithm"],
            parameters=document["parameters"],
            rows=Rows.from_arrays(arrays),
            dataset=document["dataset"],
            kind=document["kind"],
            id=document["id"],
            created_at=datetime.fromisoformat(document["created_at"]).astimezone(UTC),
            model_id=document["model_id"],
            metadata=document["metadata"],
            explanations={int(index): _explanation(item) for index, item in document["explanations"].items()},
        )

    def band(self, column: str) -> tuple[FloatArray, FloatArray] | None:
        """Return the lowest and highest normal value of a series' column at each row, or None for other data."""
        if column not in self.rows.expected or column not in self.rows.scale:
            return None
        reach = max(self.threshold.score_cutoff, 0.0) * self.rows.scale[column]
        return self.rows.expected[column] - reach, self.rows.expected[column] + reach

    def _judged(self, threshold: Threshold) -> DetectionResult:
        return replace(self, threshold=threshold)


def _text(names: NDArray[Any] | None, index: int) -> str | None:
    if names is None or names[index] is None:
        return None
    return str(names[index])


def _explanation(state: Mapping[str, Any]) -> Explanation:
    return Explanation(
        method=state["method"],
        contributions=tuple(Contribution(**item) for item in state["contributions"]),
        sentence=state["sentence"],
        counterfactual=state["counterfactual"],
        neighbours=None if state["neighbours"] is None else tuple(state["neighbours"]),
    )
