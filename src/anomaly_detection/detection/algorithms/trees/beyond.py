"""Rows beyond the range that trees have seen, judged as if they had been among the rows that the trees were grown on.

A tree never splits where it saw nothing, so a value far out ends in the same leaf as the largest one seen. Had the row been in
the sample, a split on that feature would part it from all others at once with a chance that grows with its distance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.ports import FloatArray

_LARGEST = np.finfo(np.float64).max
_HARDLY = 1e-12
"""Chances below change no digit of a path length."""


@dataclass(frozen=True, slots=True)
class Extremes:
    """The two lowest and the two highest values of each feature, and the rows that hold the outermost, each of shape (d,)."""

    low: FloatArray
    high: FloatArray
    second_low: FloatArray
    second_high: FloatArray
    lowest: NDArray[np.int64]
    highest: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Beyond:
    """Rows outside of the range, and their chances of being parted at once.

    Attributes
    ----------
    rows : array of shape (k,)
        Their indices.
    parts : array of shape (k, d)
        What each feature adds to the chance.
    """

    rows: NDArray[np.int64]
    parts: FloatArray

    @property
    def chance(self) -> FloatArray:
        """The chance that one split parts the row from all others, shape (k,), in (0, 1]."""
        return np.asarray(np.minimum(self.parts.sum(axis=1), 1.0))


def nowhere(d: int) -> Beyond:
    """Return that no row lies outside."""
    return Beyond(np.empty(0, dtype=np.int64), np.empty((0, d)))


def beyond(X: FloatArray, low: FloatArray, high: FloatArray) -> Beyond:
    """Return the rows of X, shape (n, d), that lie outside of the range."""
    if not ((low > X) | (high < X)).any():
        return nowhere(len(low))
    rows = np.flatnonzero(((low > X) | (high < X)).any(axis=1))
    return Beyond(rows, _parts(X[rows], low, high))


def beyond_the_others(X: FloatArray, extremes: Extremes) -> Beyond:
    """Return the training rows that lie outside of the range of all other training rows."""
    apart = np.concatenate(
        [extremes.lowest[extremes.low < extremes.second_low], extremes.highest[extremes.high > extremes.second_high]]
    )
    rows = np.unique(apart)
    low = np.where(extremes.lowest == rows[:, np.newaxis], extremes.second_low, extremes.low)
    high = np.where(extremes.highest == rows[:, np.newaxis], extremes.second_high, extremes.high)
    return Beyond(rows, _parts(X[rows], low, high))


def shortened(lengths: FloatArray, chance: FloatArray) -> FloatArray:
    """Return path lengths as they would be if every split parted the row with this chance.

    The expected number of splits up to the first success, of at most `lengths`: ``(1 - (1 - p)**length) / p``. It is the
    length itself for a chance of 0 and 1 for a chance of 1. Deeper nodes span less, so the true length is shorter still.
    """
    certain, hardly = chance >= 1.0, chance < _HARDLY
    safe = np.where(certain | hardly, 0.5, chance)
    between = -np.expm1(lengths * np.log1p(-safe)) / safe
    return np.where(hardly, lengths, np.where(certain, np.minimum(lengths, 1.0), between))


def _parts(X: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    # The difference of two huge values may overflow; the largest number does as well there.
    with np.errstate(over="ignore"):
        excess = np.minimum(np.maximum(np.maximum(low - X, X - high), 0.0), _LARGEST)
        span = np.minimum(high - low, _LARGEST)
        out = excess > 0.0
        share = np.where(out, 1.0 / (1.0 + span / np.where(out, excess, 1.0)), 0.0)
    # A split is drawn among the features that vary, the row included.
    varying = np.maximum(((span > 0.0) | out).sum(axis=-1, keepdims=True), 1)
    return np.asarray(share / varying)
