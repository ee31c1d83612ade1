"""One anomalous row, and one anomalous stretch of a series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from anomaly_detection.detection.domain.explanation import Explanation
from anomaly_detection.detection.domain.severity import Severity


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A row that is unlikely to be normal.

    Attributes
    ----------
    index : int
        Position of the row in the data that was judged, from 0.
    score : float
        Higher is more anomalous.
    p_value : float or None
        Probability that a normal row scores this high.
    confidence : float or None
        Probability that the same row would be flagged again by a detector learnt from other data of the same kind.
    values : dict
        The row as it came.
    time : str or None
        ISO 8601, if the data have a time column.
    """

    index: int
    score: float
    p_value: float | None
    confidence: float | None
    severity: Severity
    values: dict[str, Any]
    row_id: str | None = None
    time: str | None = None
    entity: str | None = None
    explanation: Explanation | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values in the published format."""
        return {
            "index": self.index,
            "row_id": self.row_id,
            "time": self.time,
            "entity": self.entity,
            "score": self.score,
            "p_value": self.p_value,
            "confidence": self.confidence,
            "severity": self.severity.value,
            "values": self.values,
            "explanation": None if self.explanation is None else self.explanation.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class AnomalyEvent:
    """Anomalous rows of a series that follow one another closely."""

    start: str
    end: str
    peak: str
    severity: Severity
    n_rows: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain values in the published format."""
        return {
            "start": self.start,
            "end": self.end,
            "peak": self.peak,
            "severity": self.severity.value,
            "n_rows": self.n_rows,
        }
