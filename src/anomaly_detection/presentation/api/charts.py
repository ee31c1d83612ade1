"""Arrays made small enough to draw, without hiding what matters: extremes, gaps and every anomaly stay."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

CURVE_POINTS = 400
MOST_FLAGGED = 50_000
"""A scatter plot holds no more flagged rows than these, the highest scores first."""


def thin(columns: Sequence[FloatArray], keep: NDArray[np.bool_], points: int) -> IntArray:
    """Choose the rows to draw: of each bucket the least and greatest value of each column, and all rows of `keep`.

    Parameters
    ----------
    columns : sequence of arrays of shape (n,)
        What is drawn; NaN is a gap.
    keep : array of shape (n,)
        Rows that must be there (the anomalies).
    points : int
        About how many rows are wanted, without those that must be there.

    Returns
    -------
    array of int
        Positions, ascending. All of them where there are no more than `points`.

    Notes
    -----
    O(n) for each column. A gap is kept by its first row, and where there are more gaps than buckets by one per bucket.
    """
    n = len(keep)
    if n <= points or not columns:
        return np.arange(n)
    n_buckets = max(1, points // (3 * len(columns)))
    size = -(-n // n_buckets)
    chosen = np.zeros(n, dtype=bool)
    chosen[[0, n - 1]] = True
    for column in columns:
        missing = np.isnan(column)
        for filled in (np.where(missing, np.inf, column), np.where(missing, np.inf, -column)):
            chosen[_first_least(filled, size)] = True
        if missing.any():
            starts = missing & ~np.concatenate(([False], missing[:-1]))
            chosen[_first_least(np.where(starts, 0.0, 1.0), size)] |= _any(starts, size)
    return np.flatnonzero(chosen | keep)


def _first_least(values: FloatArray, size: int) -> IntArray:
    """Return the position of the least value of each bucket of `size` rows."""
    n = len(values)
    whole = n // size * size
    best = values[:whole].reshape(-1, size).argmin(axis=1) + np.arange(0, whole, size)
    return best if whole == n else np.append(best, whole + values[whole:].argmin())


def _any(marks: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    return np.logical_or.reduceat(marks, np.arange(0, len(marks), size))


def histogram(scores: FloatArray, bins: int) -> tuple[list[float], list[int]]:
    """Return the edges (bins + 1) and the counts of the scores."""
    counts, edges = np.histogram(scores, bins=bins)
    return edges.tolist(), counts.tolist()


def cutoff_curve(scores: FloatArray, p_values: FloatArray | None) -> tuple[list[float], list[int], list[float | None]]:
    """Return possible cutoffs, from the highest score down, with what each would mean.

    Returns
    -------
    score, n_anomalies, p_value : lists of equal length, at most 400
        How many rows score at least this high, and the p-value there. Dense at the top, where the handle is used.
    """
    n = len(scores)
    if n == 0:
        return [], [], []
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    ranks = np.unique(np.round(np.geomspace(1, n, CURVE_POINTS)).astype(np.int64)) - 1
    values, first = np.unique(-ranked[ranks], return_index=True)
    counts = np.searchsorted(-ranked, values, side="right")
    positions = ranks[first]
    if p_values is None:
        return (-values).tolist(), counts.tolist(), [None] * len(values)
    return (-values).tolist(), counts.tolist(), p_values[order][positions].tolist()


def accuracy(
    scores: FloatArray, labels: NDArray[np.bool_], cutoffs: Sequence[float], counts: Sequence[int]
) -> tuple[list[float], list[float]]:
    """Return what each cutoff would be worth against known anomalies.

    Parameters
    ----------
    scores : array of shape (n,)
        Higher is more anomalous.
    labels : array of shape (n,)
        True for known anomalies; at least one.
    cutoffs, counts : sequences of equal length
        As `cutoff_curve` returns them.

    Returns
    -------
    precision, recall : lists of that length
        The share of known anomalies among the flagged rows, and the share of them that is flagged.

    Examples
    --------
    >>> accuracy(np.array([1.0, 5.0, 4.0]), np.array([False, True, False]), [5.0, 4.0, 1.0], [1, 2, 3])
    ([1.0, 0.5, 0.3333333333333333], [1.0, 1.0, 1.0])
    """
    known = np.sort(scores[labels])
    found = len(known) - np.searchsorted(known, np.asarray(cutoffs), side="left")
    return (found / np.asarray(counts)).tolist(), (found / len(known)).tolist()


def scattered(flagged: IntArray, scores: FloatArray, n_rows: int, points: int) -> IntArray:
    """Choose the rows of a scatter plot: every flagged one, and about `points` others spread evenly over the data.

    Returns
    -------
    array of int
        Positions, ascending. Of more than 50 000 flagged rows, those with the highest scores.
    """
    if len(flagged) > MOST_FLAGGED:
        flagged = flagged[np.argsort(-scores[flagged], kind="stable")[:MOST_FLAGGED]]
    others = np.arange(0, n_rows, max(1, -(-n_rows // points)))
    return np.union1d(flagged, others)


def plain(values: FloatArray) -> list[float | None]:
    """Return floats as JSON has them: what is not finite becomes null."""
    finite = np.isfinite(values)
    if finite.all():
        return values.tolist()  # type: ignore[no-any-return]
    return [value if good else None for value, good in zip(values.tolist(), finite.tolist(), strict=True)]
