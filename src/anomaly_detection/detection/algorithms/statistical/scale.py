"""What a column's values are divided by, when no robust or plain scale of it will do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from anomaly_detection.detection.algorithms.indicator import least_scale
from anomaly_detection.detection.ports import FloatArray

LARGEST = 1e140
"""No deviation is larger, so that its square is finite."""
_VALUES_AT_ONCE = 65_536


def in_units(distance: FloatArray, scale: FloatArray) -> FloatArray:
    """Return distances divided by a scale above zero, at most `LARGEST`.

    Examples
    --------
    >>> in_units(np.array([6.0, 1e100]), np.array([2.0, 1e-300])).tolist()
    [3.0, 1e+140]
    """
    with np.errstate(over="ignore"):
        ratio = distance / scale
    return np.asarray(np.minimum(ratio, LARGEST, out=ratio))


def root_mean_square(X: FloatArray, center: FloatArray) -> FloatArray:
    """Return each column's root mean square distance from a center, shape (d,), finite for values up to 1e300.

    Examples
    --------
    >>> root_mean_square(np.array([[3e300], [-3e300]]), np.array([0.0])).tolist()
    [3e+300]
    """
    result = np.empty(X.shape[1])
    # Column after column: the work on one fits into the cache.
    for column, middle in enumerate(center):
        deviation = np.abs(X[:, column] - middle)
        largest = max(float(deviation.max()), 1e-300)
        deviation /= largest
        deviation *= deviation
        result[column] = np.sqrt(deviation.mean()) * largest
    return result


def usable_scale(X: FloatArray, center: FloatArray, scale: FloatArray, spread: FloatArray) -> FloatArray:
    """Return the scale where there is one, else the next best thing, shape (d,), always above zero.

    Parameters
    ----------
    X : array of shape (n, d)
        Training rows.
    center : array of shape (d,)
        Their centers.
    scale : array of shape (d,)
        The scale wanted.
    spread : array of shape (d,)
        What stands in where the scale is zero, as where more than half of the values are equal: the root mean square
        distance, in the same units.

    Returns
    -------
    array of shape (d,)
        At least 1 for a column of zeros and ones; a millionth of its size for a constant column, so that any other
        value stands out with a finite score.

    Examples
    --------
    >>> X = np.array([[0.0, 7.0, 1.0], [0.0, 7.0, 2.0], [1.0, 7.0, 3.0]])
    >>> usable_scale(X, np.array([0.0, 7.0, 2.0]), np.array([0.0, 0.0, 0.8]), np.array([0.6, 0.0, 0.8])).tolist()
    [1.0, 7e-06, 0.8]
    """
    size = np.maximum(np.abs(center), 1.0)
    least = least_scale(X)
    constant = (spread <= 1e-12 * np.maximum(np.abs(center), 1e-280)) & (least == 0.0)
    found = np.maximum(np.where(scale > 1e-12 * spread, scale, spread), least)
    return np.where(constant, 1e-6 * size, np.maximum(found, 1e-300))


def in_blocks(score: Callable[[FloatArray], FloatArray], X: FloatArray) -> FloatArray:
    """Return the scores of rows, shape (n,), worked out for so many rows at a time that they stay in the cache.

    Examples
    --------
    >>> in_blocks(lambda rows: rows.sum(axis=1), np.ones((100_000, 2))).sum()
    np.float64(200000.0)
    """
    rows = max(256, _VALUES_AT_ONCE // X.shape[1])
    if len(X) <= rows:
        return score(X)
    return np.concatenate([score(X[start : start + rows]) for start in range(0, len(X), rows)])


def combine_deviations(deviation: FloatArray, how: str) -> FloatArray:
    """Return one score a row, shape (n,): the largest of its deviations, their mean or their root mean square.

    Examples
    --------
    >>> [float(combine_deviations(np.array([[3.0, 4.0]]), how)[0].round(2)) for how in ("max", "mean", "rms")]
    [4.0, 3.5, 3.54]
    """
    if how == "mean":
        return np.asarray(deviation.mean(axis=1))
    if how == "rms":
        return np.asarray(np.sqrt((deviation**2).mean(axis=1)))
    return np.asarray(deviation.max(axis=1))


def check_vectors(name: str, vectors: dict[str, FloatArray], positive: str) -> None:
    """Refuse vectors of a state that do not belong together: of unequal shapes, not finite, or a scale of zero.

    Raises
    ------
    ValueError
        They do not belong together.
    """
    shapes = [array.shape for array in vectors.values()]
    finite = all(array.dtype == np.float64 and np.isfinite(array).all() for array in vectors.values())
    one = len(set(shapes)) == 1 and len(shapes[0]) == 1 and shapes[0][0] > 0
    if not one or not finite or vectors[positive].min() <= 0.0:
        raise ValueError(f"arrays {', '.join(vectors)} of shapes {shapes} are no state of {name}")
