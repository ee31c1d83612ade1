"""The result of a detection: scores, p-values, verdicts and anomalies, with a threshold that changes without a refit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, overload

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.calibration.calibrator import FALSE_DISCOVERY_RATE, Calibrator
from anomaly_detection.detection.calibration.confidence import confidence
from anomaly_detection.detection.calibration.threshold import Threshold, default_threshold, make_threshold
from anomaly_detection.detection.domain.anomaly import Anomaly, AnomalyEvent
from anomaly_detection.detection.domain.explanation import Explanation
from anomaly_detection.detection.domain.severity import Severity, severity_ranks
from anomaly_detection.detection.results import files, tables
from anomaly_detection.detection.results.document import from_document, to_document
from anomaly_detection.detection.results.events import group_events
from anomaly_detection.detection.results.rows import Rows
from anomaly_detection.detection.results.tables import EXPLAINED
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.identity import new_id

if TYPE_CHECKING:
    import os

    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from matplotlib.axes import Axes

    FilePath = str | os.PathLike[str]

FloatArray = NDArray[np.float64]
Explain = Callable[[NDArray[np.int64], float], Sequence[Explanation]]
"""Explains rows by their indices, given the score cutoff."""


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
        explanations = self.explanations_of(picked[: max(EXPLAINED - start, 0)])
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
        count = min(max(self.n_anomalies + extra, extra), EXPLAINED, self.n_rows)
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
        return to_document(self, arrays=arrays, limit=limit)

    @overload
    def to_json(self, path: None = None, *, indent: int | None = None, force: bool = False) -> str: ...
    @overload
    def to_json(self, path: FilePath, *, indent: int | None = None, force: bool = False) -> Path: ...
    def to_json(self, path: FilePath | None = None, *, indent: int | None = None, force: bool = False) -> str | Path:
        """Return `to_dict` as JSON, or write it to a file; parameters and errors are those of `to_csv`."""
        write = partial(files.write_json, self, indent=indent)
        return files.to_text(write).removesuffix("\n") if path is None else files.to_file(write, path, force=force)

    def to_arrow(self) -> pa.Table:
        """Return every row that was judged, typed, with what was found about it.

        Returns
        -------
        pyarrow.Table
            In this order: ``index`` (position in the data, from 0); the time; the columns as they came; for a series
            ``expected_...``, ``lower_...`` and ``upper_...`` of each judged column; ``score``, ``p_value``, ``confidence``,
            ``prediction`` (1 or 0), ``severity`` (an ordered dictionary, null for normal rows). Missing values are null. The
            names of rows that a frame's unnamed index gives are called ``row_id``.

        Notes
        -----
        A column of the data that is called like one of these gets ``data_`` in front, repeated until the name is free.
        All other tables and files of rows have the same columns.

        Examples
        --------
        >>> from anomaly_detection import create_detector
        >>> result = create_detector("knn").detect({"load": [1.0, 1.1, 0.9, 1.05, 9.0], "score": [1, 2, 3, 4, 5]})
        >>> result.to_arrow().column_names
        ['index', 'load', 'data_score', 'score', 'p_value', 'confidence', 'prediction', 'severity']
        """
        return tables.to_arrow(self)

    def to_pandas(self) -> pd.DataFrame:
        """Return `to_arrow` as a pandas frame: ``severity`` is an ordered category, times are in UTC.

        Raises
        ------
        MissingExtra
            pandas is not installed.
        """
        frame: pd.DataFrame = tables.to_pandas(self)
        return frame

    def to_polars(self) -> pl.DataFrame:
        """Return `to_arrow` as a polars frame, with ``severity`` as an enumeration.

        Raises
        ------
        MissingExtra
            polars is not installed.
        """
        frame: pl.DataFrame = tables.to_polars(self)
        return frame

    def anomaly_table(self, limit: int | None = None) -> pa.Table:
        """Return one row for each anomaly, the highest score first, with ``rank`` in front and the reason, ``why``, at the end.

        Parameters
        ----------
        limit : int, optional
            At most so many; all by default.

        Examples
        --------
        >>> from anomaly_detection import create_detector
        >>> result = create_detector("modified_zscore").detect({"load": [*range(50), 9_999]})
        >>> result.anomaly_table().select(["rank", "load", "severity", "why"]).to_pylist()
        [{'rank': 1, 'load': 9999.0, 'severity': 'critical', 'why': 'load is 9,999, typical is 25.'}]
        """
        return tables.anomaly_table(self, limit)

    @overload
    def to_csv(self, path: None = None, *, force: bool = False) -> str: ...
    @overload
    def to_csv(self, path: FilePath, *, force: bool = False) -> Path: ...
    def to_csv(self, path: FilePath | None = None, *, force: bool = False) -> str | Path:
        """Return every row as CSV, or write it to a file, all of it or nothing.

        Parameters
        ----------
        path : str or path, optional
            Where to; without it the text is returned.
        force : bool, default False
            Whether a file that is there already is replaced.

        Returns
        -------
        str or Path
            The text, or where the file is.

        Raises
        ------
        InvalidInput
            ``platform.invalid_path``: it is no path of a file.
        Conflict
            ``platform.file_exists``: there is one already.
        Unavailable
            ``platform.file_not_written``: no such folder, no permission, or no space. Nothing was changed.

        Notes
        -----
        The columns are those of `to_arrow`. The form is that of RFC 4180 with line feeds: text in double quotes, missing
        values empty, times in ISO 8601. Values are written as they came: a text that begins with ``=`` stays one, and a
        spreadsheet may take it for a formula. A million rows take some seconds and the memory of 65,536.
        """
        return _written(partial(files.write_csv, tables.Table(self)), path, force=force)

    @overload
    def to_jsonl(self, path: None = None, *, force: bool = False) -> str: ...
    @overload
    def to_jsonl(self, path: FilePath, *, force: bool = False) -> Path: ...
    def to_jsonl(self, path: FilePath | None = None, *, force: bool = False) -> str | Path:
        """Return every row as a JSON object in a line of its own, or write it; parameters and errors are those of `to_csv`."""
        return _written(partial(files.write_jsonl, tables.Table(self)), path, force=force)

    def to_parquet(self, path: FilePath, *, force: bool = False) -> Path:
        """Write every row as Parquet, with its types; parameters and errors are those of `to_csv`."""
        return files.to_file(partial(files.write_parquet, tables.Table(self)), path, force=force)

    def plot(self, ax: Axes | None = None, *, column: str | Sequence[str] | None = None) -> Any:
        """Draw the result with matplotlib.

        A series shows its values, the band that was expected, and the anomalies by severity. A table shows how the scores
        are distributed, and the two columns that contribute most to the anomalies. Long data are thinned without losing an
        extreme value.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw one panel: the column of a series; for a table the scores, or with `column` the columns.
        column : str or sequence of str, optional
            What to draw: columns of a series, or one or two columns of a table.

        Returns
        -------
        Axes or array of Axes
            One, or an array of those that were drawn. Nothing is shown: call ``matplotlib.pyplot.show()``.

        Raises
        ------
        MissingExtra
            matplotlib is not installed.
        InvalidParameter
            There is no such column, or it holds no numbers.
        """
        from anomaly_detection.detection.results.plot import plot

        return plot(self, ax, column)

    def to_html(self, *, title: str | None = None) -> str:
        """Return a report for people as one page of HTML, which needs no network and no script.

        What was judged and how, in plain words; a chart; the events of a series; the fifty strongest anomalies with reason;
        notes; and the lines of Python that repeat it.

        Parameters
        ----------
        title : str, optional
            The heading.
        """
        from anomaly_detection.detection.results.report.page import to_html

        return to_html(self, title)

    def write_report(self, path: FilePath, *, title: str | None = None, force: bool = False) -> Path:
        """Write `to_html` to a file; parameters and errors are those of `to_csv`."""

        def write(file: BinaryIO) -> None:
            file.write(self.to_html(title=title).encode())

        return files.to_file(write, path, force=force)

    def _repr_html_(self) -> str:
        from anomaly_detection.detection.results.report.notebook import to_notebook

        return to_notebook(self)

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
        return cls(**from_document(document, arrays))

    def band(self, column: str) -> tuple[FloatArray, FloatArray] | None:
        """Return the lowest and highest normal value of a series' column at each row, or None for other data."""
        if column not in self.rows.expected or column not in self.rows.scale:
            return None
        # A cutoff beyond everything makes a band without ends.
        with np.errstate(over="ignore"):
            reach = max(self.threshold.score_cutoff, 0.0) * self.rows.scale[column]
        return self.rows.expected[column] - reach, self.rows.expected[column] + reach

    def _judged(self, threshold: Threshold) -> DetectionResult:
        judged = replace(self, threshold=threshold)
        # They follow from the scores alone: whoever moves a threshold to and fro need not wait for them each time.
        judged.__dict__.update({"p_values": self.__dict__["p_values"]} if "p_values" in self.__dict__ else {})
        return judged


def _written(write: files.Write, path: FilePath | None, *, force: bool) -> str | Path:
    return files.to_text(write) if path is None else files.to_file(write, path, force=force)


def _text(names: NDArray[Any] | None, index: int) -> str | None:
    if names is None or names[index] is None:
        return None
    return str(names[index])
