"""The modified z-score: distance from the median in units of the median absolute deviation."""

from __future__ import annotations

from typing import Self

import numpy as np

from anomaly_detection.detection.algorithms.indicator import least_scale
from anomaly_detection.detection.ports import FloatArray, Parameter, State

REFERENCE = "Iglewicz, B. and Hoaglin, D. (1993). How to Detect and Handle Outliers. ASQC Quality Press."

PARAMETERS = (
    Parameter(
        "combine",
        "string",
        "max",
        "How the columns' deviations become one score: the largest one, their mean, or their root mean square.",
        choices=("max", "mean", "rms"),
    ),
)

_MAD_TO_SD = 1.4826


class ModifiedZScore:
    """Distance of each value from its column's median, in robust standard deviations.

    Columns are judged one by one, so an anomaly that shows only in the combination of columns is not found. Up to half of the
    training rows may be anomalous without moving the median or the scale.

    Parameters
    ----------
    combine : {"max", "mean", "rms"}, default "max"
        How the columns' deviations become one score. ``max`` finds a row that is odd in any single column.

    Notes
    -----
    Cost O(n d) to fit (a selection per column) and to score. The scale is 1.4826 times the median absolute deviation; where
    more than half of the values are equal it is the root mean square distance from the median (the source takes the mean
    absolute deviation, by which a rarer value stands out further still), for a column of zeros and ones it is 1, and for a
    constant column a millionth of its size, so that any other value stands out with a finite score. A single row moves median and scale by no more than one
    rank, so `fit_score` does not leave rows out.

    References
    ----------
    Iglewicz, B. and Hoaglin, D. (1993). How to Detect and Handle Outliers. ASQC Quality Press.

    Examples
    --------
    >>> X = np.array([[1.0], [2.0], [3.0], [4.0], [100.0]])
    >>> ModifiedZScore().fit_score(X).round(2).tolist()
    [1.35, 0.67, 0.0, 0.67, 65.43]
    """

    attribution = "modified z-score of each feature"

    def __init__(self, *, combine: str = "max") -> None:
        self.combine = combine

    def fit(self, X: FloatArray) -> Self:
        """Learn each column's median and scale from X of shape (n, d)."""
        self.center_ = np.median(X, axis=0)
        deviation = np.abs(X - self.center_)
        scale = _MAD_TO_SD * np.median(deviation, axis=0)
        largest = np.maximum(deviation.max(axis=0), 1e-300)
        spread = np.sqrt(((deviation / largest) ** 2).mean(axis=0)) * largest
        scale = np.where(scale > 1e-12 * spread, scale, np.maximum(spread, least_scale(X)))
        smallest = 1e-6 * np.maximum(np.abs(self.center_), 1.0)
        self.scale_ = np.where(scale > 0.0, np.maximum(scale, 1e-300), smallest)
        return self

    def score(self, X: FloatArray) -> FloatArray:
        """Return the combined deviation of each row, shape (n,), at least 0."""
        deviation = self.deviations(X)
        if self.combine == "mean":
            return np.asarray(deviation.mean(axis=1))
        if self.combine == "rms":
            return np.asarray(np.sqrt((deviation**2).mean(axis=1)))
        return np.asarray(deviation.max(axis=1))

    def fit_score(self, X: FloatArray) -> FloatArray:
        """Learn from X and return its rows' scores, shape (n,)."""
        return self.fit(X).score(X)

    def contributions(self, X: FloatArray) -> FloatArray:
        """Return the deviation of each value, shape (n, d); the score combines them."""
        return self.deviations(X)

    def deviations(self, X: FloatArray) -> FloatArray:
        """Return the absolute modified z-scores, shape (n, d)."""
        # Beyond 1e140 a square would not be finite.
        return np.minimum(np.abs(X - self.center_) / self.scale_, 1e140)

    def state(self) -> State:
        """Return medians and scales."""
        return {"center": self.center_, "scale": self.scale_}

    def restore(self, state: State) -> None:
        """Take over medians and scales.

        Raises
        ------
        ValueError
            The arrays do not belong together.
        """
        self.center_, self.scale_ = state["center"], state["scale"]
        finite = all(array.dtype == np.float64 and np.isfinite(array).all() for array in state.values())
        if self.center_.ndim != 1 or self.center_.shape != self.scale_.shape or not finite or self.scale_.min() <= 0.0:
            raise ValueError(
                f"arrays of shapes {self.center_.shape}, {self.scale_.shape} are no state of modified_zscore"
            )
