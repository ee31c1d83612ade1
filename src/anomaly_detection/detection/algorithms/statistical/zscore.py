"""The z-score: distance from the mean in standard deviations."""

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

REFERENCE = (
    "Grubbs, F. (1969). Procedures for Detecting Outlying Observations in Samples. Technometrics 11(1); "
    "Belsley, D., Kuh, E. and Welsch, R. (1980). Regression Diagnostics. Wiley."
)

PARAMETERS = (
    Parameter(
        "combine",
        "string",
        "max",
        "How the columns' z-scores become one score: the largest one, their mean, or their root mean square.",
        choices=("max", "mean", "rms"),
    ),
)

_OWN_SHARE = 1.0 - 1e-6
"""A row that holds more of a column's sum of squares: what it leaves is worked out anew, not by a difference."""


class ZScore:
    """Distance of each value from its column's mean, in standard deviations.

    Takes columns to be about normally distributed and training rows to be mostly clean: anomalies draw mean and
    standard deviation towards themselves, so that several alike hide one another (`modified_zscore` bears up to
    half). Columns are judged one by one, so an anomaly that shows only in the combination of columns is not found.

    Parameters
    ----------
    combine : {"max", "mean", "rms"}, default "max"
        How the columns' z-scores become one score. ``max`` finds a row that is odd in any single column.

    Notes
    -----
    Cost O(n d) to fit and to score. The standard deviation divides by n. `fit_score` judges each training row by mean
    and standard deviation of all others (an externally studentised deviation), in closed form: among n rows that it
    is one of, no row's plain z-score exceeds ``sqrt(n - 1)``, however far out it is, for its own value widens the
    standard deviation. A column of zeros and ones is divided by at least 1, a constant one by a millionth of its
    size, so that any other value stands out with a finite score.

    References
    ----------
    Grubbs, F. (1969). Procedures for Detecting Outlying Observations in Samples. Technometrics 11(1).
    Belsley, D., Kuh, E. and Welsch, R. (1980). Regression Diagnostics. Wiley.

    Examples
    --------
    >>> X = np.array([[1.0], [2.0], [3.0], [2.0], [100.0]])
    >>> ZScore().fit(X).score(X).round(2).tolist()
    [0.53, 0.5, 0.47, 0.5, 2.0]
    >>> ZScore().fit_score(X).round(2).tolist()
    [0.61, 0.58, 0.55, 0.58, 138.59]
    """

    attribution = "z-score of each feature"

    def __init__(self, *, combine: str = "max") -> None:
        self.combine = combine

    def fit(self, X: FloatArray) -> Self:
        """Learn each column's mean and standard deviation from X of shape (n, d)."""
        self._learn(X)
        return self

    def score(self, X: FloatArray) -> FloatArray:
        """Return the combined z-score of each row, shape (n,), at least 0."""
        return in_blocks(lambda rows: combine_deviations(self.contributions(rows), self.combine), X)

    def fit_score(self, X: FloatArray) -> FloatArray:
        """Learn from X and return its rows' scores by mean and standard deviation of the other rows, shape (n,)."""
        spread = self._learn(X)
        n = len(X)
        if n < 3:
            return self.score(X)
        deviation = np.empty_like(X)
        for column in range(X.shape[1]):
            distance = (X[:, column] - self.center_[column]) * (n / (n - 1))
            scale = self.scale_[column]
            # Another scale than the spread is that of a flag or a constant column, which no row moves.
            moves = scale == spread[column]
            deviation[:, column] = (
                _left_out(X[:, column], distance, scale) if moves else in_units(np.abs(distance), scale)
            )
        return combine_deviations(deviation, self.combine)

    def contributions(self, X: FloatArray) -> FloatArray:
        """Return the absolute z-score of each value, shape (n, d); the score combines them."""
        return in_units(np.abs(X - self.center_), self.scale_)

    def expected(self, X: FloatArray) -> FloatArray:
        """Return the means in the place of X's rows, shape (n, d)."""
        return np.tile(self.center_, (len(X), 1))

    def state(self) -> State:
        """Return means and standard deviations."""
        return {"center": self.center_, "scale": self.scale_}

    def restore(self, state: State) -> None:
        """Take over means and standard deviations.

        Raises
        ------
        ValueError
            The arrays do not belong together.
        """
        self.center_, self.scale_ = state["center"], state["scale"]
        check_vectors("zscore", {"center": self.center_, "scale": self.scale_}, positive="scale")

    def _learn(self, X: FloatArray) -> FloatArray:
        """Set center and scale; returns the plain standard deviations, shape (d,)."""
        self.center_ = np.array([_mean(X[:, column]) for column in range(X.shape[1])])
        spread = root_mean_square(X, self.center_)
        self.scale_ = usable_scale(X, self.center_, spread, spread)
        return spread


def _mean(values: FloatArray) -> float:
    # Divided before summing, so that the mean of huge values stays finite; then corrected by the mean that is left.
    size = max(float(values.max()), -float(values.min()), 1e-300)
    mean = float((values / size).mean()) * size
    return mean + float(((values - mean) / size).mean()) * size


def _left_out(values: FloatArray, distance: FloatArray, spread: float) -> FloatArray:
    """Return the z-score of each value by the others, shape (n,), from the distances to their means."""
    n = len(values)
    # The share of the sum of squares that goes when the row goes.
    own = (distance / spread) ** 2 * ((n - 1) / n**2)
    left = np.sqrt(np.maximum(1.0 - own, 0.0) * (n / (n - 1))) * spread
    deviation = in_units(np.abs(distance), np.maximum(left, 1e-300))
    for row in np.flatnonzero(own > _OWN_SHARE):
        others = ZScore().fit(np.delete(values, row)[:, np.newaxis])
        deviation[row] = others.score(values[row : row + 1, np.newaxis])[0]
    return deviation
