"""Robust scales of residuals: of the values, of each phase of a season, and of a level that wanders."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_MAD_TO_SD = 1.4826
_MEAN_AD_TO_SD = 1.2533
_LEAST_SHARE_OF_MEAN = 0.3
_POOLED_VALUES = 20
"""A phase's median rests on at least so many residuals; phases beside it help where there are fewer cycles."""
_SHRINKAGE = 20.0
"""Weight of the scale of all phases, in residuals."""
_LEAST_SCALE = 1e-4
"""Smallest scale, in units of the spread of the values: below lies rounding."""


def column_units(values: FloatArray, observed: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Return each column's median and spread, both (d,); the spread is positive and not moved by a few extremes."""
    seen = values[observed] if observed.any() else values
    if len(seen) == 0:
        return np.zeros(values.shape[1]), np.ones(values.shape[1])
    low, center, high = np.quantile(seen, [0.1, 0.5, 0.9], axis=0)
    size = np.maximum(np.abs(center), 1e-9)
    unit = np.where(high - low > 1e-9 * size, (high - low) / 2.563, np.abs(seen - center).mean(axis=0))
    return center, np.where(unit > 1e-9 * size, unit, np.where(center != 0.0, size, 1.0))


def phase_scale(residual: FloatArray, observed: NDArray[np.bool_], period: int) -> FloatArray:
    """Return the robust standard deviation of residuals at each phase, shape (period, d), positive.

    A phase's own scale counts by the number of residuals behind it, against a weight of `_SHRINKAGE` of the scale of all
    phases: with few cycles the phases are alike, with many each has its own.
    """
    from anomaly_detection.detection.algorithms.timeseries.stl_kernel import phase_medians

    n, d = residual.shape
    size = np.abs(residual)
    result = np.full((period, d), _LEAST_SCALE)
    if not observed.any():
        return np.ones((period, d))
    cycles = max(n // period, 1)
    reach = min((_POOLED_VALUES // cycles) // 2, period // 12)
    weights = observed.astype(np.float64)
    for column in range(d):
        values = np.ascontiguousarray(size[:, column])
        overall = robust_scale(values[observed])
        if period > 1:
            medians, counts = np.empty(period), np.empty(period)
            phase_medians(values, weights, 0, period, reach, medians, counts)
            own = (_MAD_TO_SD * medians) ** 2
            result[:, column] = np.sqrt((counts * own + _SHRINKAGE * overall**2) / (counts + _SHRINKAGE))
        else:
            result[:, column] = overall
    return np.asarray(np.maximum(result, _LEAST_SCALE))


def level_drift(trend: FloatArray, lag: int) -> tuple[FloatArray, FloatArray]:
    """Return how the level wanders: its steady change a step, and the variance it gains a step beside that, both (d,).

    Medians of the changes over `lag` steps: one level shift is no drift.
    """
    lag = min(lag, len(trend) - 1)
    if lag < 1:
        return np.zeros(trend.shape[1]), np.zeros(trend.shape[1])
    change = trend[lag:] - trend[:-lag]
    steady = np.median(change, axis=0)
    spread = _MAD_TO_SD * np.median(np.abs(change - steady), axis=0)
    return np.asarray(steady / lag), np.asarray(spread**2 / lag)


def robust_scale(size: FloatArray) -> float:
    """Return the scale from the median, or from the mean where most residuals are nearly nothing."""
    return float(max(_MAD_TO_SD * np.median(size), _LEAST_SHARE_OF_MEAN * _MEAN_AD_TO_SD * size.mean()))
