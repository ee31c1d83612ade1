"""Rows that are like one row: other anomalies for the same reasons, and the normal rows that lie nearest."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.domain.explanation import Explanation
from anomaly_detection.detection.results.deviation import judged_columns, middle_and_scale, sampled_rows
from anomaly_detection.detection.results.judged import Judged

FloatArray = NDArray[np.float64]

_REASONS = 50
"""So many of the largest contributions of a row are compared."""


def similar_anomalies(result: Judged, index: int, explanation: Explanation, count: int = 5) -> list[tuple[int, float]]:
    """Return anomalies that were flagged for the most alike reasons, with their distances, the nearest first.

    Parameters
    ----------
    result : DetectionResult
        What was found.
    index : int
        The row.
    explanation : Explanation
        Of the row.
    count : int, default 5
        At most so many.

    Returns
    -------
    list of (row, distance)
        Distances from 0 (the same contributions) to 1; a value above the typical one is opposite to one below it.

    Notes
    -----
    Among those that have a kept explanation, which are the 1000 highest scores; of each the 50 largest contributions.
    """
    flagged = set(result.ranking.tolist()) - {index}
    others = {row: kept for row, kept in result.explanations.items() if row in flagged}
    own = _signed(explanation)
    if not others or not own:
        return []
    products, norms = np.empty(len(others)), np.empty(len(others))
    for place, kept in enumerate(others.values()):
        theirs = _signed(kept)
        products[place] = sum(value * theirs[name] for name, value in own.items() if name in theirs)
        norms[place] = np.sqrt(sum(value * value for value in theirs.values()))
    norm = float(np.sqrt(sum(value * value for value in own.values())))
    apart = np.sqrt(np.maximum(norm**2 + norms**2 - 2.0 * products, 0.0))
    total = norm + norms
    distances = np.divide(apart, total, out=np.zeros_like(apart), where=total > 0.0)
    rows = np.fromiter(others, dtype=np.int64)
    nearest = np.argsort(distances, kind="stable")[:count]
    return [(int(rows[place]), float(distances[place])) for place in nearest]


def nearest_normal_rows(result: Judged, index: int, count: int = 5) -> list[int]:
    """Return the normal rows whose values are most like those of one row, the nearest first.

    Parameters
    ----------
    result : DetectionResult
        What was found.
    index : int
        The row.
    count : int, default 5
        At most so many.

    Notes
    -----
    By the sum of squares over the judged columns, in robust standard deviations and at most 10 for each column; texts that
    differ count 1. Looks at about 100 000 rows spread evenly over the data, at fewer where there are many columns.
    """
    columns = judged_columns(result)
    rows = sampled_rows(result.n_rows, len(columns))
    rows = rows[(result.predictions[rows] == 0) & (rows != index)]
    if not columns or not rows.size:
        return []
    distances = np.zeros(len(rows))
    for column in columns.values():
        sample, value = column[rows], column[index]
        if column.dtype == object:
            distances += np.fromiter((item != value for item in sample), dtype=bool, count=len(sample))
        else:
            distances += _squares(sample, float(value))
    wanted = min(count, len(rows))
    picked = np.argpartition(distances, wanted - 1)[:wanted]
    return [int(row) for row in rows[picked[np.argsort(distances[picked], kind="stable")]]]


def importance(result: Judged, rows: int = 200) -> tuple[Mapping[str, float], int]:
    """Return each feature's share of the anomalies' contributions, the largest first, and how many anomalies that rests on.

    Parameters
    ----------
    rows : int, default 200
        The anomalies looked at, the highest scores first.

    Returns
    -------
    shares : mapping of str to float
        Of the mean absolute contributions; they add up to 1. Empty where nothing explains an anomaly.
    n_anomalies : int
        How many had an explanation.
    """
    explained = result.explanations_of(result.ranking[:rows])
    sums: dict[str, float] = {}
    for kept in explained.values():
        for item in kept.contributions:
            sums[item.feature] = sums.get(item.feature, 0.0) + abs(item.contribution)
    total = sum(sums.values())
    ordered = sorted(sums.items(), key=lambda pair: -pair[1])
    return {name: value / total for name, value in ordered} if total > 0.0 else {}, len(explained)


def _signed(explanation: Explanation) -> dict[str, float]:
    signed = {}
    for item in explanation.contributions[:_REASONS]:
        numbers = isinstance(item.value, int | float) and isinstance(item.typical, int | float)
        below = numbers and item.value < item.typical
        signed[item.feature] = -item.contribution if below else item.contribution
    return signed


def _squares(values: FloatArray, value: float) -> FloatArray:
    _, scale = middle_and_scale(values)
    apart = np.abs(values - value) / scale
    # A missing value beside a known one is as far as can be, beside another missing one it is the same.
    apart[~np.isfinite(apart)] = 0.0 if not np.isfinite(value) else 10.0
    if not np.isfinite(value):
        apart[np.isfinite(values)] = 10.0
    squares: FloatArray = np.minimum(apart, 10.0) ** 2
    return squares
