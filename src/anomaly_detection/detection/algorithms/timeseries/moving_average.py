"""Centred moving averages with straight ends, and how much a value weighs in its own."""

from __future__ import annotations

import numpy as np

from anomaly_detection.detection.ports import FloatArray


def half_window(period: int) -> int:
    """Return how many steps a centred average over a period reaches to either side."""
    return period // 2


def centred_average(y: FloatArray, period: int) -> FloatArray:
    """Return the mean over one period around each step, straight lines at both ends, shape (n, d).

    Parameters
    ----------
    y : array of shape (n, d)
        n at least the period, and one more where that is even.
    period : int
        An even one takes half of the first and half of the last of ``period + 1`` steps.

    Notes
    -----
    Before the first and after the last full window the least-squares line through the nearest `period` means goes on. O(n d).

    Examples
    --------
    >>> centred_average(np.arange(8.0)[:, np.newaxis] ** 2, 4)[2:-2, 0].tolist()
    [5.5, 10.5, 17.5, 26.5]
    """
    n, half = len(y), half_window(period)
    total = np.vstack([np.zeros((1, y.shape[1])), np.cumsum(y, axis=0)])
    if period % 2:
        middle = (total[period:] - total[:-period]) / period
    else:
        once = total[period:] - total[:-period]
        middle = (once[1:] + once[:-1]) / (2.0 * period)
    count = min(period, len(middle))
    result = np.empty_like(y)
    result[half : n - half] = middle
    ahead = np.arange(half, 0, -1, dtype=np.float64)
    result[:half] = _continued(middle[:count][::-1], ahead)
    result[n - half :] = _continued(middle[len(middle) - count :], ahead[::-1])
    return result


def own_weights(n: int, period: int) -> FloatArray:
    """Return each value's weight in its own moving average, shape (n,), straight ends included. O(n)."""
    half = half_window(period)
    weights = np.full(n, 1.0 / period)
    count = min(period, n - 2 * half)
    ahead = np.arange(1, half + 1)
    # Places of the means behind the line, from the last one, 0, backwards; mean -k holds the value while k + ahead <= half.
    place = -np.arange(count, dtype=np.float64)
    middle = place.mean()
    spread = float(((place - middle) ** 2).sum())
    ones, tilts = np.cumsum(np.ones(count)), np.cumsum(place - middle)
    slope = (ahead - middle) / spread if spread > 0.0 else np.zeros(half)

    def held(last: FloatArray) -> FloatArray:
        """Return the weight of the means from the last one to -last in the line's value."""
        stop = np.minimum(last.astype(np.int64), count - 1)
        inside = stop >= 0
        return np.where(inside, ones[stop] / count + slope * tilts[stop], 0.0)

    reach = (half - ahead).astype(np.float64)
    if period % 2:
        end = held(reach) / period
    else:
        end = 0.5 * (held(reach) + held(reach - 1.0)) / period
    weights[n - half :] = end
    weights[:half] = end[::-1]
    return weights


def _continued(means: FloatArray, ahead: FloatArray) -> FloatArray:
    """Return the least-squares line through the means, so many steps after the last one."""
    place = np.arange(len(means)) - (len(means) - 1.0)
    middle = place.mean()
    spread = float(((place - middle) ** 2).sum())
    level = means.mean(axis=0)
    slope = (place - middle) @ (means - level) / spread if spread > 0.0 else np.zeros_like(level)
    return np.asarray(level + (ahead[:, np.newaxis] - middle) * slope)
