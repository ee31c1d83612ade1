"""Columns of zeros and ones: flags, missing-value marks and categories spread over columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def least_scale(X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each column the least standard deviation to divide it by, shape (d,): 1 for indicators, 0 for others.

    Divided by its own standard deviation, the rarer value of an indicator would stand ``1 / sqrt(share)`` deviations out: a
    single missing value among thousands of rows would count for more than anything else in its row. So the two values of
    an indicator are one apart, as in Gower's distance.

    References
    ----------
    Gower, J. (1971). A General Coefficient of Similarity and Some of Its Properties. Biometrics.

    Examples
    --------
    >>> least_scale(np.array([[0.0, 5.0], [1.0, 7.0], [0.0, 6.0]])).tolist()
    [1.0, 0.0]
    """
    indicator = (X.min(axis=0) == 0.0) & (X.max(axis=0) == 1.0)
    for column in np.flatnonzero(indicator):
        values = X[:, column]
        indicator[column] = bool(((values == 0.0) | (values == 1.0)).all())
    return np.where(indicator, 1.0, 0.0)
