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


def histogram(scores: FloatArray, bins: int, *, logarithmic: bool = False) -> tuple[list[float], list[int]]:
    """Return the edges (bins + 1) and the counts of the scores.

    Parameters
    ----------
    scores : array of shape (n,)
        Finite values.
    bins : int
        How many.
    logarithmic : bool
        Make the bins finer towards the least score, where most scores lie, so that one far outlier does not squeeze the
        rest into a single bin.
    """
    edges = _logarithmic_edges(scores, bins) if logarithmic else _even_edges(scores, bins)
    counts, _ = np.histogram(scores, bins=edges)
    return edges.tolist(), counts.tolist()


def _even_edges(scores: FloatArray, bins: int) -> FloatArray:
    # Not np.histogram's own edges: those overflow for the largest numbers, and fail where too few lie between the ends.
    low, high = _ends(scores)
    shares = np.linspace(0.0, 1.0, bins + 1)
    edges = np.maximum.accumulate(low * (1.0 - shares) + high * shares)
    edges[0], edges[-1] = low, high
    return edges


def _ends(scores: FloatArray) -> tuple[float, float]:
    low, high = (float(scores.min()), float(scores.max())) if scores.size else (0.0, 1.0)
    if low < high:
        return low, high
    room = max(0.5, abs(low) * 1e-9)
    return low - room, high + room


def _logarithmic_edges(scores: FloatArray, bins: int) -> FloatArray:
    low, high = _ends(scores)
    if not scores.size or max(abs(low), abs(high)) > 1e300:
        return _even_edges(scores, bins)
    span = high - low
    # Where most scores are the least one, that of the others which is seldom passed.
    unit = next((above for share in (0.5, 0.9, 0.99) if (above := float(np.quantile(scores, share)) - low) > 0.0), span)
    edges = low + unit * np.expm1(np.linspace(0.0, np.log1p(span / unit), bins + 1))
    edges[-1] = high
    # Scores that differ by a few units in the last place have no room for so many edges.
    return edges if (np.diff(edges) > 0.0).all() else _even_edges(scores, bins)


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
    ranked = np.sort(scores)[::-1]
    ranks = np.unique(np.round(np.geomspace(1, n, CURVE_POINTS)).astype(np.int64)) - 1
    values, first = np.unique(-ranked[ranks], return_index=True)
    counts = n - np.searchsorted(ranked[::-1], -values, side="left")
    positions = ranks[first]
    if p_values is None:
        return (-values).tolist(), counts.tolist(), [None] * len(values)
    # p-values rise as scores fall, so that both have one order.
    return (-values).tolist(), counts.tolist(), np.sort(p_values)[positions].tolist()


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
