"""Ways to make one score of several standardised ones."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.ports import FloatArray

Method = Literal["average", "weighted", "max", "vote"]
METHODS: tuple[Method, ...] = ("average", "weighted", "max", "vote")
WEIGHTED: tuple[Method, ...] = ("weighted", "vote")
"""Methods in which members may have different weights."""


def combine(surprise: FloatArray, flags: NDArray[np.bool_], weights: FloatArray, method: str) -> FloatArray:
    """Return one score for each row, shape (n,), higher is more anomalous.

    Parameters
    ----------
    surprise : array of shape (n, m)
        Each member's score of each row on the common scale, at least 0.
    flags : array of shape (n, m)
        Whether the member's own calibrated verdict is "anomaly".
    weights : array of shape (m,)
        The members' weights, above 0; counted by ``weighted`` and ``vote``.
    method : {"average", "weighted", "max", "vote"}
        ``average`` and ``weighted``: the (weighted) mean. ``max``: the largest, so that one member is enough. ``vote``: the weighted share of
        members that flag the row, and among rows with equal shares the mean surprise.

    Notes
    -----
    Rows with equal votes would be tied, and ties can neither be ranked nor calibrated. The tie-break is ``a / (1 + a)`` of
    the weighted mean surprise ``a``, times the share of the lightest vote: it grows without end and never outweighs a vote.

    References
    ----------
    Aggarwal, C. and Sathe, S. (2017). Outlier Ensembles: An Introduction. Springer.

    Examples
    --------
    >>> surprise, flags = np.array([[1.0, 3.0], [0.5, 0.5]]), np.array([[False, True], [False, False]])
    >>> combine(surprise, flags, np.ones(2), "average").tolist()
    [2.0, 0.5]
    >>> combine(surprise, flags, np.ones(2), "vote").round(2).tolist()
    [0.83, 0.17]
    """
    if method == "max":
        return np.asarray(surprise.max(axis=1))
    shares = weights / weights.sum() if method in WEIGHTED else np.full(weights.size, 1.0 / weights.size)
    # Added up member by member: a matrix product would round a row otherwise alone than among others.
    mean = _added(surprise, shares)
    if method != "vote":
        return mean
    return np.asarray(_added(flags.astype(np.float64), shares) + shares.min() * mean / (1.0 + mean))


def _added(columns: FloatArray, shares: FloatArray) -> FloatArray:
    total = np.zeros(len(columns))
    for place, share in enumerate(shares):
        total += share * columns[:, place]
    return total
