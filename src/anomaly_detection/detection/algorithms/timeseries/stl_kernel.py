"""Compiled LOESS and STL: seasonal-trend decomposition by locally weighted regression.

Everything is linear in the length of the series for fixed window sizes; windows that grow with the period are evaluated at
every `jump`-th step only and joined by straight lines, as the authors of STL advise. Besides the fitted values each smoother
hands back how much a step's own value weighs in its own fit, which makes residuals comparable with those of unseen values.
"""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True, nogil=True, inline="always")
def _tricube(distance, reach):  # type: ignore[no-untyped-def]
    """Return the weight of a step at this distance, 1 near and 0 at the reach."""
    if distance <= 0.001 * reach:
        return 1.0
    ratio = distance / reach
    cube = 1.0 - ratio * ratio * ratio
    return cube * cube * cube


@numba.njit(cache=True, nogil=True)
def _fit_at(y, weights, n, q, degree, x, left, right):  # type: ignore[no-untyped-def]
    """Return (possible, fitted value at x, weight of the value at x itself) from y[left..right]."""
    reach = max(x - left, right - x)
    if q > n:
        reach += (q - n) // 2
    far = 0.999 * reach
    total, first, second, value, tilted, here = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(left, right + 1):
        away = j - x
        distance = abs(away)
        if distance > far:
            continue
        weight = weights[j] * _tricube(distance, reach)
        total += weight
        first += weight * away
        second += weight * away * away
        value += weight * y[j]
        tilted += weight * away * y[j]
        if distance == 0.0:
            here = weight
    if total <= 0.0:
        return False, 0.0, 0.0
    return _line_at(total, first, second, value, tilted, here, n, degree if reach > 0 else 0)


@numba.njit(cache=True, nogil=True)
def _fit_middle(y, weights, n, degree, x, half, table):  # type: ignore[no-untyped-def]
    """Do the same for a window that reaches `half` steps to both sides, with the tricube weights from a table."""
    total, first, second, value, tilted = 0.0, 0.0, 0.0, 0.0, 0.0
    for away in range(-half, half + 1):
        weight = weights[x + away] * table[abs(away)]
        total += weight
        first += weight * away
        second += weight * away * away
        value += weight * y[x + away]
        tilted += weight * away * y[x + away]
    if total <= 0.0:
        return False, 0.0, 0.0
    return _line_at(total, first, second, value, tilted, weights[x], n, degree)


@numba.njit(cache=True, nogil=True, inline="always")
def _line_at(total, first, second, value, tilted, here, n, degree):  # type: ignore[no-untyped-def]
    """Evaluate the weighted line, or the mean, at the origin of the moments; `here` is the weight at the origin."""
    mean = first / total
    spread = second / total - mean * mean
    slope = 0.0
    if degree > 0 and spread > 0.0 and np.sqrt(spread) > 0.001 * (n - 1):
        slope = -mean / spread
    return True, (value + slope * (tilted - mean * value)) / total, here * (1.0 - slope * mean) / total


@numba.njit(cache=True, nogil=True)
def _fit_inside(y, weights, n, q, degree, x, table):  # type: ignore[no-untyped-def]
    """Fit at step x of the series from its nearest q steps; where all of them weigh nothing, the value stays."""
    half = (q - 1) // 2
    if half <= x < n - half and q < n and q % 2 == 1:
        possible, value, own = _fit_middle(y, weights, n, degree, x, half, table)
    else:
        left = 0
        right = n - 1
        if q < n:
            left = min(max(x - half, 0), n - q)
            right = left + q - 1
        possible, value, own = _fit_at(y, weights, n, q, degree, float(x), left, right)
    if not possible:
        return y[x], 0.0
    return value, own


@numba.njit(cache=True, nogil=True)
def tricube_table(q):  # type: ignore[no-untyped-def]
    """Return the tricube weights at each whole distance within a window of q steps."""
    half = (q - 1) // 2
    table = np.zeros(half + 1)
    for distance in range(half + 1):
        if distance <= 0.999 * half:
            table[distance] = _tricube(distance, half)
    table[0] = 1.0
    return table


@numba.njit(cache=True, nogil=True)
def loess(y, weights, n, q, degree, jump, table, fitted, own):  # type: ignore[no-untyped-def]
    """Smooth y[:n] with windows of q steps into `fitted`, and write each step's own weight into `own`.

    Fits at every `jump`-th step and at the last one; steps between lie on straight lines. `table` comes from `tricube_table`.
    """
    if n < 2:
        fitted[0] = y[0]
        own[0] = 1.0
        return
    step = min(jump, n - 1)
    previous = 0
    fitted[0], own[0] = _fit_inside(y, weights, n, q, degree, 0, table)
    position = step
    while previous < n - 1:
        knot = min(position, n - 1)
        fitted[knot], own[knot] = _fit_inside(y, weights, n, q, degree, knot, table)
        width = knot - previous
        for j in range(previous + 1, knot):
            share = (j - previous) / width
            fitted[j] = fitted[previous] + share * (fitted[knot] - fitted[previous])
            own[j] = own[previous] + share * (own[knot] - own[previous])
        previous = knot
        position += step


@numba.njit(cache=True, nogil=True)
def _smooth_phases(y, weights, n, period, q, degree, jump, table, extended, own, buffers):  # type: ignore[no-untyped-def]
    """Smooth each phase of the season by itself, one period beyond both ends: `extended` has n + 2 period steps."""
    values, share, smooth, kept = buffers[0], buffers[1], buffers[2], buffers[3]
    for phase in range(period):
        count = (n - phase - 1) // period + 1
        for m in range(count):
            values[m] = y[phase + m * period]
            share[m] = weights[phase + m * period]
        loess(values, share, count, q, degree, jump, table, smooth, kept)
        for m in range(count):
            extended[phase + (m + 1) * period] = smooth[m]
            own[phase + m * period] = kept[m]
        right = min(q, count) - 1
        possible, value, _ = _fit_at(values, share, count, q, degree, -1.0, 0, right)
        extended[phase] = value if possible else smooth[0]
        left = max(0, count - q)
        possible, value, _ = _fit_at(values, share, count, q, degree, float(count), left, count - 1)
        extended[phase + (count + 1) * period] = value if possible else smooth[count - 1]


@numba.njit(cache=True, nogil=True)
def _moving_average(x, n, length, out):  # type: ignore[no-untyped-def]
    """Write the n - length + 1 means of `length` neighbours of x[:n]."""
    total = 0.0
    for i in range(length):
        total += x[i]
    out[0] = total / length
    for i in range(length, n):
        total += x[i] - x[i - length]
        out[i - length + 1] = total / length


@numba.njit(cache=True, nogil=True)
def _bisquare(residual, observed, n, weights):  # type: ignore[no-untyped-def]
    """Turn residuals into weights in [0, 1]; return the largest change of a weight."""
    size = np.empty(n)
    count = 0
    for i in range(n):
        if observed[i] > 0.0:
            size[count] = abs(residual[i])
            count += 1
    if count == 0:
        return 0.0
    reach = 6.0 * np.median(size[:count])
    near = 0.001 * reach
    far = 0.999 * reach
    change = 0.0
    for i in range(n):
        distance = abs(residual[i])
        if distance <= near:
            weight = observed[i]
        elif distance <= far:
            ratio = distance / reach
            weight = observed[i] * (1.0 - ratio * ratio) ** 2
        else:
            weight = 0.0
        change = max(change, abs(weight - weights[i]))
        weights[i] = weight
    return change


@numba.njit(cache=True, nogil=True)
def decompose(y, observed, period, windows, degrees, jumps, inner, outer, tolerance):  # type: ignore[no-untyped-def]
    """Decompose y by STL.

    Parameters
    ----------
    y : array of shape (n,), with n >= 2 * period
    observed : array of shape (n,)
        Weight of each value before any robust weighting; 0 keeps an interpolated value out of all fits but its own place.
    period : int, at least 2
    windows, degrees, jumps : tuples of 3 int
        Of the seasonal, trend and low-pass smoother: odd window, degree 0 or 1, distance of fitted steps.
    inner, outer : int
        Passes of the inner loop, and how often robust weights are made.
    tolerance : float
        The outer loop ends early when no robust weight changes by more.

    Returns
    -------
    trend, seasonal, weights, seasonal_own, trend_own : arrays of shape (n,)
    """
    n = y.shape[0]
    trend = np.zeros(n)
    seasonal = np.zeros(n)
    weights = observed.copy()
    seasonal_own = np.zeros(n)
    trend_own = np.zeros(n)
    residual = np.empty(n)
    detrended = np.empty(n)
    unweighted = np.ones(n)
    ignored = np.empty(n)
    low = np.empty(n)
    extended = np.empty(n + 2 * period)
    first = np.empty(n + period + 1)
    second = np.empty(n + 2)
    third = np.empty(n)
    buffers = np.empty((4, n // period + 1))
    tables = (tricube_table(windows[0]), tricube_table(windows[1]), tricube_table(windows[2]))
    for turn in range(outer + 1):
        for _ in range(inner):
            for i in range(n):
                detrended[i] = y[i] - trend[i]
            _smooth_phases(
                detrended,
                weights,
                n,
                period,
                windows[0],
                degrees[0],
                jumps[0],
                tables[0],
                extended,
                seasonal_own,
                buffers,
            )
            _moving_average(extended, n + 2 * period, period, first)
            _moving_average(first, n + period + 1, period, second)
            _moving_average(second, n + 2, 3, third)
            loess(third, unweighted, n, windows[2], degrees[2], jumps[2], tables[2], low, ignored)
            for i in range(n):
                seasonal[i] = extended[period + i] - low[i]
                detrended[i] = y[i] - seasonal[i]
            loess(detrended, weights, n, windows[1], degrees[1], jumps[1], tables[1], trend, trend_own)
        if turn < outer:
            for i in range(n):
                residual[i] = y[i] - trend[i] - seasonal[i]
            if _bisquare(residual, observed, n, weights) <= tolerance:
                break
    return trend, seasonal, weights, seasonal_own, trend_own


@numba.njit(cache=True, nogil=True)
def smooth(y, observed, window, degree, jump, outer, tolerance):  # type: ignore[no-untyped-def]
    """Return trend, robust weights and own weights of a series without a season: robust LOESS."""
    n = y.shape[0]
    trend = np.zeros(n)
    own = np.zeros(n)
    residual = np.empty(n)
    weights = observed.copy()
    table = tricube_table(window)
    for turn in range(outer + 1):
        loess(y, weights, n, window, degree, jump, table, trend, own)
        if turn < outer:
            for i in range(n):
                residual[i] = y[i] - trend[i]
            if _bisquare(residual, observed, n, weights) <= tolerance:
                break
    return trend, weights, own


@numba.njit(cache=True, nogil=True)
def phase_medians(size, observed, offset, period, reach, medians, counts):  # type: ignore[no-untyped-def]
    """Write the median of `size` over each phase and its `reach` neighbours on either side, and over how many values.

    `offset` is the phase of the first step. Unobserved steps do not count; a phase without any gets median 0 and count 0.
    """
    n = size.shape[0]
    width = min(2 * reach + 1, period)
    pool = np.empty(width * (n // period + 1))
    for phase in range(period):
        kept = 0
        for k in range(width):
            start = (phase - reach + k - offset) % period
            for i in range(start, n, period):
                if observed[i] > 0.0:
                    pool[kept] = size[i]
                    kept += 1
        counts[phase] = kept
        medians[phase] = np.median(pool[:kept]) if kept > 0 else 0.0
