"""The compiled parts of the one-class support vector machine: kernel matrix, sequential minimal optimisation, distances.

Every loop gives a row the same value alone as among others, which a matrix product would not promise.
"""

from __future__ import annotations

import numba
import numpy as np

_LEAST_CURVATURE = 1e-12


@numba.njit(cache=True, nogil=True)
def gram(columns, gamma, first, stop, out):  # type: ignore[no-untyped-def]
    """Write rows first..stop of the RBF kernel matrix of the rows in `columns`, shape (d, m), into `out`, (m, m) float32."""
    width, m = columns.shape
    totals = np.empty(m)
    for row in range(first, stop):
        totals[:] = 0.0
        for feature in range(width):
            column = columns[feature]
            value = column[row]
            for other in range(m):
                difference = value - column[other]
                totals[other] += difference * difference
        for other in range(m):
            out[row, other] = np.exp(-gamma * totals[other])


@numba.njit(cache=True, nogil=True)
def solve(kernel, total, tolerance, max_steps):  # type: ignore[no-untyped-def]
    """Minimise alpha' K alpha / 2 over 0 <= alpha <= 1 that sum to `total`, by pairs of second-order working sets.

    Returns
    -------
    alpha, gradient : arrays of shape (m,)
        The solution and K alpha.
    gap : float
        Largest violation of the optimality conditions; above `tolerance` only where `max_steps` ran out.
    """
    m = kernel.shape[0]
    alpha = np.zeros(m)
    gradient = np.zeros(m)
    left = total
    for row in range(m):
        alpha[row] = min(left, 1.0)
        left -= alpha[row]
        if alpha[row] == 0.0:
            break
        for other in range(m):
            gradient[other] += alpha[row] * kernel[row, other]
    gap = np.inf
    for _ in range(max_steps):
        up = -1
        lowest = np.inf
        highest = -np.inf
        for row in range(m):
            if alpha[row] < 1.0 and gradient[row] < lowest:
                lowest = gradient[row]
                up = row
            if alpha[row] > 0.0 and gradient[row] > highest:
                highest = gradient[row]
        gap = highest - lowest
        if up < 0 or gap <= tolerance:
            break
        down = -1
        best = 0.0
        similarity = kernel[up]
        for row in range(m):
            slope = gradient[row] - lowest
            if alpha[row] > 0.0 and slope > 0.0:
                gain = slope * slope / max(2.0 - 2.0 * similarity[row], _LEAST_CURVATURE)
                if gain > best:
                    best = gain
                    down = row
        if down < 0:
            break
        curvature = max(2.0 - 2.0 * similarity[down], _LEAST_CURVATURE)
        step = min((gradient[down] - lowest) / curvature, 1.0 - alpha[up], alpha[down])
        # At a bound exactly, or rounding would leave a row for ever a hair from it.
        alpha[up] = 1.0 if step == 1.0 - alpha[up] else alpha[up] + step
        alpha[down] = 0.0 if step == alpha[down] else alpha[down] - step
        other_similarity = kernel[down]
        for row in range(m):
            gradient[row] += step * (similarity[row] - other_similarity[row])
    return alpha, gradient, gap


@numba.njit(cache=True, nogil=True)
def soft_distances(rows, columns, weights, gamma, out):  # type: ignore[no-untyped-def]
    """Write each row's kernel-weighted distance to the vectors in `columns`, shape (d, s), into `out`.

    With g the sum of `weights` times kernel values, weights adding up to 1, it is sqrt(-log(g) / gamma), computed without
    underflow far away and without cancellation near by.
    """
    width, count = columns.shape
    totals = np.empty(count)
    for row in range(rows.shape[0]):
        totals[:] = 0.0
        for feature in range(width):
            column = columns[feature]
            value = rows[row, feature]
            for vector in range(count):
                difference = value - column[vector]
                totals[vector] += difference * difference
        nearest = totals[0]
        for vector in range(1, count):
            nearest = min(nearest, totals[vector])
        share = 0.0
        for vector in range(count):
            share += weights[vector] * np.exp(-gamma * (totals[vector] - nearest))
        if share < 0.5:
            extra = -np.log(share)
        else:
            lost = 0.0
            for vector in range(count):
                lost += weights[vector] * np.expm1(-gamma * (totals[vector] - nearest))
            extra = -np.log1p(lost)
        out[row] = np.sqrt(max(nearest + extra / gamma, 0.0))
