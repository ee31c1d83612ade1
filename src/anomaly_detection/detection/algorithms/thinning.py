"""A bounded random sample of the training rows, so that cost stays linear in their number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def thin(n_rows: int, limit: int, seed: int) -> NDArray[np.int64]:
    """Return the positions of at most `limit` rows out of `n_rows`, sorted, drawn without replacement.

    Examples
    --------
    >>> thin(3, 10, seed=0).tolist()
    [0, 1, 2]
    >>> len(thin(1_000, 10, seed=0))
    10
    """
    if n_rows <= limit:
        return np.arange(n_rows)
    return np.sort(np.random.default_rng(seed).choice(n_rows, limit, replace=False))
