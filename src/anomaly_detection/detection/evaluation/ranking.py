"""How well scores rank anomalies above normal rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def auroc(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> float:
    """Return the probability that an anomaly scores higher than a normal row, ties counting half.

    Parameters
    ----------
    labels : array of shape (n,)
        1 for anomalies, 0 for normal rows; both must occur.
    scores : array of shape (n,)
        Higher is more anomalous.

    Raises
    ------
    ValueError
        Only one class occurs.

    Examples
    --------
    >>> auroc(np.array([0, 0, 1]), np.array([0.1, 0.4, 0.35]))
    0.5
    """
    positive = int(np.count_nonzero(labels))
    negative = labels.size - positive
    if positive == 0 or negative == 0:
        raise ValueError("AUROC needs anomalies and normal rows; only one class occurs.")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    mean_ranks = np.cumsum(counts) - (counts - 1) / 2
    return float((mean_ranks[inverse][labels == 1].sum() - positive * (positive + 1) / 2) / (positive * negative))


def average_precision(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> float:
    """Return the mean precision at the rank of each anomaly; tied scores count as one step.

    Examples
    --------
    >>> round(average_precision(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])), 4)
    0.8333
    """
    order = np.argsort(-scores, kind="stable")
    hits = labels[order].astype(np.float64)
    last_of_tie = np.append(np.diff(scores[order]) != 0, True)
    found = np.cumsum(hits)[last_of_tie]
    flagged = (np.flatnonzero(last_of_tie) + 1).astype(np.float64)
    recall_steps = np.diff(np.concatenate([[0.0], found])) / max(found[-1], 1.0)
    return float((recall_steps * found / flagged).sum())
