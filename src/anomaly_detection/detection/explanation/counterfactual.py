"""The fewest changes that would have made a row normal."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_MOST_CHANGES = 5


def columns_to_change(
    score: Callable[[FloatArray], FloatArray],
    rows: FloatArray,
    typical: FloatArray,
    sources: NDArray[np.int64],
    ranking: NDArray[np.int64],
    cutoff: float,
) -> list[NDArray[np.int64] | None]:
    """Return for each row the input columns that, set to their typical values, bring its score below the cutoff.

    Parameters
    ----------
    score : callable
        Scores encoded rows.
    rows : array of shape (k, d)
        Encoded anomalies.
    typical : array of shape (d,)
        The encoded typical row.
    sources : array of shape (d,)
        The input column of each feature.
    ranking : array of shape (k, c)
        Each row's input columns, the largest contribution first; they are changed one after the other.
    cutoff : float
        Scores below are normal.

    Returns
    -------
    list of arrays or None
        None where five changes were not enough.
    """
    most = min(_MOST_CHANGES, ranking.shape[1])
    changed = rows.copy()
    result: list[NDArray[np.int64] | None] = [None] * len(rows)
    open_rows = np.arange(len(rows))
    for count in range(1, most + 1):
        column = ranking[open_rows, count - 1]
        mask = sources[np.newaxis, :] == column[:, np.newaxis]
        changed[open_rows] = np.where(mask, typical, changed[open_rows])
        normal = score(np.ascontiguousarray(changed[open_rows])) < cutoff
        for row in open_rows[normal]:
            result[row] = ranking[row, :count]
        open_rows = open_rows[~normal]
        if open_rows.size == 0:
            break
    return result
