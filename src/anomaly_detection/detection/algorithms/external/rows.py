"""How rows are handed to another library, so that each scores the same whatever stands beside it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from anomaly_detection.detection.algorithms.external.wrapped import RowOrder
from anomaly_detection.detection.ports import FloatArray

BLOCK = 256

Score = Callable[[FloatArray], FloatArray]


def scored(score: Score, X: FloatArray, order: RowOrder) -> FloatArray:
    """Return the score of each row, shape (n,).

    Parameters
    ----------
    score : callable
        Scores a matrix.
    X : array of shape (n, d)
        Rows.
    order : {"together", "blocks", "alone"}
        ``together``: the whole matrix at once. ``blocks``: in blocks of 256 rows, the last one filled up, since a matrix
        product rounds otherwise for another number of rows. ``alone``: one row at a time, since the library looks at the
        other rows handed in.

    Examples
    --------
    >>> scored(lambda X: X[:, 0] - X[:, 0].mean(), np.array([[1.0], [3.0]]), "alone").tolist()
    [0.0, 0.0]
    """
    if order == "together":
        return score(X)
    if order == "alone":
        return np.concatenate([score(X[row : row + 1]) for row in range(len(X))])
    return np.concatenate([_block(score, X[start : start + BLOCK]) for start in range(0, len(X), BLOCK)])


def _block(score: Score, rows: FloatArray) -> FloatArray:
    missing = BLOCK - len(rows)
    whole = np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)]) if missing else rows
    return score(whole)[: len(rows)]
