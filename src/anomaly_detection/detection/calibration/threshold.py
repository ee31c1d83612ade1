"""Where normal ends: one threshold in several units, changed without a refit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.calibration.calibrator import FALSE_DISCOVERY_RATE, Calibrator, benjamini_hochberg
from anomaly_detection.detection.errors import InvalidParameter
from anomaly_detection.shared.errors import did_you_mean

FloatArray = NDArray[np.float64]
ThresholdKind = Literal["p_value", "fdr", "score", "contamination", "alert_rate", "evt"]

MEANINGS = {
    "fdr": "expected share of normal rows among those flagged",
    "p_value": "probability that a normal row is flagged",
    "score": "lowest score that is flagged",
    "contamination": "share of the rows that is flagged",
    "alert_rate": "expected false alarms in as many rows as were judged",
}
"""What the value of each kind of threshold says."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A rule for flagging rows, as asked for and as a score.

    Attributes
    ----------
    kind : str
        Unit of `value`; `MEANINGS` says what each one means.
    value : float
        As the user gave it.
    score_cutoff : float
        Rows that score at least this are flagged.
    """

    kind: str
    value: float
    score_cutoff: float

    def flags(self, scores: FloatArray) -> NDArray[np.int8]:
        """Return 1 for each row at or beyond the cutoff and 0 for the others, shape (n,)."""
        return (scores >= self.score_cutoff).astype(np.int8)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values in the published format."""
        return {"kind": self.kind, "value": self.value, "score_cutoff": self.score_cutoff}


def check_threshold(kind: str, value: float) -> None:
    """Check that a threshold makes sense.

    Raises
    ------
    InvalidParameter
        The kind is unknown, or the value is outside of its range.
    """
    if str(kind) not in MEANINGS:
        raise InvalidParameter(
            f"There is no threshold of kind {kind!r}.",
            code="detection.unknown_threshold",
            hint=did_you_mean(str(kind), MEANINGS),
        )
    ranges: dict[str, tuple[float, float, str]] = {
        "fdr": (0.0, 1.0, "above 0 and below 1"),
        "p_value": (0.0, 1.0, "above 0 and below 1"),
        "contamination": (0.0, 0.5, "above 0 and at most 0.5"),
        "alert_rate": (0.0, np.inf, "above 0"),
        "score": (-np.inf, np.inf, "a finite number"),
    }
    low, high, allowed = ranges[kind]
    if not _is_number(value) or not (low < value < high or (kind == "contamination" and value == high)):
        raise InvalidParameter(
            f"The threshold {kind} is {value!r}; it must be {allowed}.",
            code="detection.invalid_threshold",
            hint=f"{kind}: {MEANINGS[kind]}.",
        )


def _is_number(value: Any) -> bool:
    if type(value) is bool or not isinstance(value, Real):
        return False
    try:
        return bool(np.isfinite(float(value)))
    except OverflowError:
        return False


def read_threshold(rule: Any) -> tuple[str, float]:
    """Return a threshold given as (kind, value) in plain types.

    Raises
    ------
    InvalidParameter
        It is no such pair, the kind is unknown, or the value is outside of its range.

    Examples
    --------
    >>> read_threshold(["p_value", np.float32(0.5)])
    ('p_value', 0.5)
    """
    if not isinstance(rule, tuple | list) or len(rule) != 2:
        raise InvalidParameter(
            f"The threshold is {rule!r}; it must be a pair of kind and value.",
            code="detection.invalid_threshold",
            hint=f"Give for example threshold=('p_value', 0.001); kinds are {', '.join(MEANINGS)}.",
        )
    check_threshold(rule[0], rule[1])
    return str(rule[0]), float(rule[1])


def make_threshold(kind: str, value: float, scores: FloatArray, calibrator: Calibrator) -> Threshold:
    """Work out the score cutoff of a threshold for the scores at hand.

    Parameters
    ----------
    kind : {"fdr", "p_value", "score", "contamination", "alert_rate"}
        Unit of `value`.
    value : float
        See `MEANINGS`.
    scores : array of shape (n,)
        The scores that are to be judged.
    calibrator : Calibrator
        What normal rows score.

    Raises
    ------
    InvalidParameter
        The kind is unknown, or the value is outside of its range.
    """
    check_threshold(kind, value)
    return Threshold(kind, float(value), float(_CUTOFFS[kind](float(value), scores, calibrator)))


def default_threshold(calibrator: Calibrator) -> Threshold:
    """Return the threshold settled on the training rows: it stays the same for one new row as for many."""
    return Threshold("fdr", FALSE_DISCOVERY_RATE, calibrator.score_at(calibrator.p_cutoff))


def _by_p_value(value: float, scores: FloatArray, calibrator: Calibrator) -> float:
    del scores
    return calibrator.score_at(value)


def _by_fdr(value: float, scores: FloatArray, calibrator: Calibrator) -> float:
    # A lower score has a greater p-value, and those above `value` change nothing: of a million rows few need theirs.
    high = scores[scores >= calibrator.score_at(2.0 * value)] if value < 0.5 else scores
    cutoff = benjamini_hochberg(calibrator.p_values(high), value, scores.size)
    return calibrator.score_at(cutoff if cutoff > 0.0 else value / scores.size)


def _by_score(value: float, scores: FloatArray, calibrator: Calibrator) -> float:
    del scores, calibrator
    return value


def _by_contamination(value: float, scores: FloatArray, calibrator: Calibrator) -> float:
    """Flag the highest `value` share of rows, and as many fewer as ties at the cutoff would add."""
    del calibrator
    allowed = int(value * scores.size + 1e-9)
    ordered = np.sort(scores)[::-1]
    if allowed == 0:
        return float(np.nextafter(ordered[0], np.inf))
    cutoff = ordered[allowed - 1]
    if allowed < ordered.size and ordered[allowed] == cutoff:
        return float(np.nextafter(cutoff, np.inf))
    return float(cutoff)


def _by_alert_rate(value: float, scores: FloatArray, calibrator: Calibrator) -> float:
    return calibrator.score_at(min(value / scores.size, 1.0))


_CUTOFFS: dict[str, Callable[[float, FloatArray, Calibrator], float]] = {
    "p_value": _by_p_value,
    "fdr": _by_fdr,
    "score": _by_score,
    "contamination": _by_contamination,
    "alert_rate": _by_alert_rate,
}
