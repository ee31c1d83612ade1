"""What each feature adds to a row's score: by the algorithm itself where it can tell, by occlusion where it cannot."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.ports import Algorithm, Attributing

FloatArray = NDArray[np.float64]

_BLOCK_VALUES = 4_000_000


def attribute(algorithm: Algorithm, rows: FloatArray, typical: FloatArray) -> tuple[str, FloatArray]:
    """Return the method's name and each feature's contribution to each row's score.

    Parameters
    ----------
    algorithm : Algorithm
        A fitted algorithm for tables.
    rows : array of shape (k, d)
        Encoded rows.
    typical : array of shape (d,)
        The encoded typical row; occlusion puts its values in the place of the row's.

    Returns
    -------
    method : str
        The algorithm's own attribution, or ``occlusion``.
    contributions : array of shape (k, d)
        In score units. By occlusion: the score lost when only this feature takes its typical value; such parts do not add
        up to the score where features act together.
    """
    if isinstance(algorithm, Attributing):
        return algorithm.attribution, algorithm.contributions(rows)
    return "occlusion", occlude(algorithm.score, rows, typical)


def occlude(score: Callable[[FloatArray], FloatArray], rows: FloatArray, typical: FloatArray) -> FloatArray:
    """Return the score that each row loses when one feature at a time becomes typical, shape (k, d).

    Examples
    --------
    >>> occlude(lambda X: X.sum(axis=1), np.array([[5.0, 1.0]]), np.array([1.0, 1.0])).tolist()
    [[4.0, 0.0]]
    """
    n_rows, width = rows.shape
    lost = np.empty((n_rows, width))
    own = score(rows)
    step = max(1, _BLOCK_VALUES // (width * width))
    for start in range(0, n_rows, step):
        block = rows[start : start + step]
        changed = np.repeat(block, width, axis=0)
        features = np.tile(np.arange(width), len(block))
        changed[np.arange(len(changed)), features] = typical[features]
        lost[start : start + step] = own[start : start + step, np.newaxis] - score(changed).reshape(-1, width)
    return lost


def sum_by_source(contributions: FloatArray, sources: NDArray[np.int64], count: int) -> FloatArray:
    """Add the features of each input column up, shape (k, count)."""
    total = np.zeros((len(contributions), count))
    for feature, source in enumerate(sources):
        total[:, source] += contributions[:, feature]
    return total
