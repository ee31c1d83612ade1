"""Tukey's fences: distance beyond the quartiles in units of the interquartile range."""

from __future__ import annotations

from typing import Self

import numpy as np

from anomaly_detection.detection.algorithms.statistical.scale import (
    check_vectors,
    combine_deviations,
    in_blocks,
    in_units,
    root_mean_square,
    usable_scale,
)
from anomaly_detection.detection.ports import FloatArray, Parameter, State

REFERENCE = "Tukey, J. (1977). Exploratory Data Analysis. Addison-Wesley."

PARAMETERS = (
    Parameter(
        "combine",
        "string",
        "max",
        "How the columns' distances become one score: the largest one or their mean.",
        choices=("max", "mean"),
    ),
)

_IQR_TO_SD = 1.349


class InterquartileRange:
    """Distance of each value beyond the nearer quartile of its column, in interquartile ranges.

    Up to a quarter of the training rows may be anomalous without moving quartiles far. Columns are judged one by one,
    so an anomaly that shows only in the combination of columns is not found; and both sides by the same width, so
    that in a skewed column the long tail stands out.

    Parameters
    ----------
    combine : {"max", "mean"}, default "max"
        How the columns' distances become one score. ``max`` finds a row that is odd in any single column.

    Notes
    -----
    By ``max``, a score of 1.5 is Tukey's inner fence in at least one column, and 3 the outer one:
    ``create_detector("iqr", threshold=("score", 1.5))`` flags what a box plot draws as points. Between the quartiles
    the distance is negative, -0.5 half way, so that scores go on ranking inside the fences, where Tukey's rule tells
    no rows apart.

    Cost O(n d) to fit (a selection per column) and to score. Where half of the values are equal, so that there is no
    range, 1.349 times the root mean square distance from the middle takes its place; a column of zeros and ones is
    divided by at least 1, a constant one by a millionth of its size, so that any other value stands out with a finite
    score. A single row moves quartiles by no more than one rank, so `fit_score` does not leave rows out. Quartiles
    are interpolated linearly (type 7 of Hyndman and Fan); Tukey's own hinges differ from them by less than one rank.

    References
    ----------
    Tukey, J. (1977). Exploratory Data Analysis. Addison-Wesley.
    Hyndman, R. and Fan, Y. (1996). Sample Quantiles in Statistical Packages. The American Statistician 50(4).

    Examples
    --------
    >>> X = np.array([[1.0], [2.0], [3.0], [4.0], [100.0]])
    >>> InterquartileRange().fit_score(X).tolist()
    [0.5, 0.0, -0.5, 0.0, 48.0]
    """

    attribution = "distance of each feature beyond its nearer quartile, in interquartile ranges"

    def __init__(self, *, combine: str = "max") -> None:
        self.combine = combine

    def fit(self, X: FloatArray) -> Self:
        """Learn each column's quartiles from X of shape (n, d)."""
        columns = np.ascontiguousarray(X.T)
        self.lower_, self.upper_ = np.quantile(columns, [0.25, 0.75], axis=1)
        center = self.lower_ + 0.5 * (self.upper_ - self.lower_)
        spread = _IQR_TO_SD * root_mean_square(X, center)
        self.scale_ = usable_scale(X, center, self.upper_ - self.lower_, spread)
        return self

    def score(self, X: FloatArray) -> FloatArray:
        """Return the combined distance of each row, shape (n,), at least -0.5."""
        return in_blocks(lambda rows: combine_deviations(self.contributions(rows), self.combine), X)

    def fit_score(self, X: FloatArray) -> FloatArray:
        """Learn from X and return its rows' scores, shape (n,)."""
        return self.fit(X).score(X)

    def contributions(self, X: FloatArray) -> FloatArray:
        """Return each value's distance beyond the nearer quartile, shape (n, d); the score combines them."""
        return in_units(np.maximum(self.lower_ - X, X - self.upper_), self.scale_)

    def expected(self, X: FloatArray) -> FloatArray:
        """Return the nearest value between the quartiles for each value of X, shape (n, d)."""
        return np.clip(X, self.lower_, self.upper_)

    def state(self) -> State:
        """Return quartiles and scales."""
        return {"lower": self.lower_, "upper": self.upper_, "scale": self.scale_}

    def restore(self, state: State) -> None:
        """Take over quartiles and scales.

        Raises
        ------
        ValueError
            The arrays do not belong together.
        """
        self.lower_, self.upper_, self.scale_ = state["lower"], state["upper"], state["scale"]
        check_vectors("iqr", {"lower": self.lower_, "upper": self.upper_, "scale": self.scale_}, positive="scale")
        if (self.lower_ > self.upper_).any():
            raise ValueError("lower quartiles above the upper ones are no state of iqr")
