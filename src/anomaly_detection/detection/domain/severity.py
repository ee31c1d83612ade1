"""How much an anomaly matters, in four steps."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Severity(StrEnum):
    """Four steps, each at least ten times rarer among normal rows than the one before."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Position on the scale: 0 for low to 3 for critical."""
        return list(Severity).index(self)


def severity_ranks(p_values: NDArray[np.float64], cutoff: float) -> NDArray[np.int64]:
    """Rank anomalies by how many powers of ten their p-value lies below the cutoff.

    Parameters
    ----------
    p_values : array of shape (n,)
        p-values of anomalies, in (0, 1].
    cutoff : float
        The largest p-value that counts as an anomaly.

    Returns
    -------
    array of shape (n,)
        0 (low: less than a tenth of the cutoff away) to 3 (critical: 1000 times rarer than the cutoff, or more).

    Examples
    --------
    >>> severity_ranks(np.array([0.01, 0.0009, 1e-9]), 0.01).tolist()
    [0, 1, 3]
    """
    decades = np.log10(max(cutoff, 1e-300)) - np.log10(np.maximum(p_values, 1e-300))
    ranks: NDArray[np.int64] = np.clip(np.floor(decades + 1e-9), 0, 3).astype(np.int64)
    return ranks
