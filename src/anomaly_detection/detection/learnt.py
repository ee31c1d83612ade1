"""What a detector knows after it was fitted, and what follows from that for rows: scores, reasons, the normal band."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.calibration.calibration import Calibration
from anomaly_detection.detection.calibration.calibrator import Calibrator
from anomaly_detection.detection.calibration.threshold import Threshold, default_threshold
from anomaly_detection.detection.catalogue import create_algorithm, create_substitute
from anomaly_detection.detection.domain.explanation import Explanation
from anomaly_detection.detection.domain.series import Series
from anomaly_detection.detection.encoding.columns import Columns
from anomaly_detection.detection.encoding.door import Encoded, SeriesDoor, TableDoor, door_from_dict
from anomaly_detection.detection.explanation.rows import explain_series, explain_table
from anomaly_detection.detection.ports import Algorithm, AlgorithmInfo, Attributing, Expecting, FloatArray, Powered

FALLBACK = "modified_zscore"
"""Judges rows when there are too few for the algorithm asked for."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a detector knows after it was fitted.

    Attributes
    ----------
    door : TableDoor or SeriesDoor
        How rows are encoded.
    algorithm : Algorithm
        Fitted.
    fallback : bool
        True when there were too few rows, and `FALLBACK` stands in.
    calibration : Calibration
        What normal rows score, and the threshold; worked out when first asked for.
    trained : dict
        The training data's record: ``n_rows``, ``dataset``, ``notes``; for an ensemble ``members``.
    """

    door: TableDoor | SeriesDoor
    algorithm: Algorithm
    fallback: bool
    calibration: Calibration
    trained: dict[str, Any]

    def score(self, encoded: Encoded) -> FloatArray:
        """Return the score of each row, shape (n_rows,)."""
        return encoded.per_row(self.algorithm.score(laid_out(input_of(encoded, self.fallback), self.algorithm)))

    def band(self, encoded: Encoded) -> tuple[FloatArray | None, FloatArray | None]:
        """Return for a series the expected values and their spread, each (n_rows, d)."""
        if not isinstance(encoded.input, Series) or self.fallback or not isinstance(self.algorithm, Expecting):
            return None, None
        expected = encoded.per_row(self.algorithm.expected(encoded.input))
        spread = getattr(self.algorithm, "scale", None)
        return expected, None if spread is None else encoded.per_row(spread(encoded.input))

    def explain(self, columns: Columns, encoded: Encoded, rows: NDArray[np.int64], cutoff: float) -> list[Explanation]:
        """Say why rows score as they do, and what would have scored below the cutoff."""
        if rows.size == 0:
            return []
        door, matrix = self.door, input_of(encoded, self.fallback)
        values = self._values(columns, rows)
        if isinstance(door, TableDoor):
            return explain_table(
                self.algorithm,
                rows=np.ascontiguousarray(matrix[rows]),
                typical=door.encoder.typical(),
                sources=door.encoder.sources,
                names=door.names,
                values=values,
                typical_values=door.encoder.typical_values(),
                cutoff=cutoff,
            )
        if not isinstance(self.algorithm, Attributing):
            return []
        expected, _ = self.band(encoded)
        contributions = encoded.per_row(self.algorithm.contributions(matrix))[rows]
        normal = None if expected is None else expected[rows]
        return explain_series(self.algorithm.attribution, door.names, values, contributions, normal)

    def to_dict(self) -> dict[str, Any]:
        """Return all but the algorithm's arrays as plain values."""
        return {
            "fallback": self.fallback,
            "encoder": self.door.to_dict(),
            "score_cutoff": self.calibration.threshold.score_cutoff,
            "calibrator": self.calibration.calibrator.to_dict(),
            "trained": self.trained,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any], info: AlgorithmInfo, arrays: dict[str, NDArray[Any]]) -> Learnt:
        """Restore what `to_dict` and the algorithm's state hold.

        Raises
        ------
        KeyError, TypeError, ValueError, IndexError
            The parts do not belong together.
        """
        door = door_from_dict(state["encoder"])
        if isinstance(door, TableDoor) == ("series" in info.kinds):
            raise ValueError(f"{info.name} takes {info.kinds[0]}, the encoder makes another kind")
        algorithm = make_algorithm(info, state["parameters"], state["seed"], fallback=bool(state["fallback"]))
        algorithm.restore(arrays)
        if isinstance(door, TableDoor):
            score = algorithm.score(np.ascontiguousarray(door.encoder.typical()[np.newaxis]))
            if score.shape != (1,) or not np.isfinite(score).all():
                raise ValueError("the arrays do not score a typical row")
        calibrator = Calibrator.from_dict(state["calibrator"])
        asked = state["threshold"]
        threshold = default_threshold(calibrator)
        if asked is not None:
            threshold = Threshold(str(asked[0]), float(asked[1]), float(state["score_cutoff"]))
        known = state["trained"]
        dataset = {"fingerprint": None, **known["dataset"]}
        if not isinstance(dataset["fingerprint"], str | None):
            raise TypeError("the fingerprint of the training data is no text")
        trained = {
            "n_rows": int(known["n_rows"]),
            "dataset": dataset,
            "notes": [str(note) for note in known["notes"]],
            "members": [dict(member) for member in known.get("members", [])],
        }
        return cls(door, algorithm, bool(state["fallback"]), Calibration.kept(calibrator, threshold), trained)

    def _values(self, columns: Columns, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
        lists = [column.take(rows) for column in self.door.pick(columns)]
        return [dict(zip(self.door.names, row, strict=True)) for row in zip(*lists, strict=True)]


def make_algorithm(info: AlgorithmInfo, parameters: Mapping[str, Any], seed: int, *, fallback: bool) -> Algorithm:
    """Make the algorithm, or the one that stands in for it when rows are too few."""
    return create_substitute(FALLBACK) if fallback else create_algorithm(info.name, parameters, seed=seed)


def laid_out(rows: Any, algorithm: Algorithm) -> Any:
    """Return rows in the order of memory that an algorithm takes.

    Most take C-ordered arrays that may be written to, for which their loops are compiled; those with a true ``any_layout``
    read whatever comes, and spare a copy of the table.
    """
    if not isinstance(rows, np.ndarray) or getattr(algorithm, "any_layout", False):
        return rows
    return np.require(rows, requirements=["C", "W", "A"])


def calibration_power(algorithm: Algorithm) -> float:
    """Return to which power the algorithm's scores fall off exponentially."""
    return algorithm.calibration_power if isinstance(algorithm, Powered) else 1.0


def input_of(encoded: Encoded, fallback: bool) -> Any:
    """Return what the algorithm takes: the one that stands in for a series' takes its values as rows."""
    series = encoded.input
    return series.values if fallback and isinstance(series, Series) else series
