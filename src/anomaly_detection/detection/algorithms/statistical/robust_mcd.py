"""The robust Mahalanobis distance on columns whose long tails are drawn in: deterministic, and quick in many columns."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.algorithms.statistical.scale import (
    check_vectors,
    in_blocks,
    in_units,
    root_mean_square,
    usable_scale,
)
from anomaly_detection.detection.algorithms.statistical.whitening import Whitening, without_own_influence
from anomaly_detection.detection.algorithms.thinning import thin
from anomaly_detection.detection.ports import FloatArray, Parameter, State

REFERENCE = (
    "Rousseeuw, P. J. and Van Driessen, K. (1999). A Fast Algorithm for the Minimum Covariance Determinant Estimator. "
    "Technometrics 41(3), 212-223; Ledoit, O. and Wolf, M. (2004). A Well-Conditioned Estimator for Large-Dimensional "
    "Covariance Matrices. Journal of Multivariate Analysis 88(2), 365-411."
)

PARAMETERS = (
    Parameter(
        "support_fraction",
        "number",
        0.75,
        "Share of the rows that location and covariance rest on; the others may be anomalous.",
        minimum=0.5,
        maximum=1.0,
    ),
    Parameter(
        "max_reference_rows",
        "integer",
        50_000,
        "Training rows that the covariance is found in; more are thinned out at random.",
        minimum=50,
        maximum=1_000_000,
    ),
    Parameter("seed", "integer", 0, "Seed of the random thinning.", minimum=0, maximum=2**32 - 1),
)

_MAD_TO_SD, _IQR_TO_SD = 1.4826, 1.349
_FARTHEST_SQUARE = 25.0
"""A column counts for no more than five deviations where the first rows are chosen."""
_MOST_STEPS = 100
_LEAST_EIGENVALUE = 1e-10


class RobustCovariance:
    """Robust Mahalanobis distance of a row, on columns centred at the median and drawn in by the inverse hyperbolic sine.

    The transform is linear within about one deviation and logarithmic beyond, so that a long tail does not hide how the columns go
    together, and a value far out still counts for more than one less far out. Assumes that normal rows then form one cloud of
    roughly elliptic shape. Finds rows that break the way columns go together, even where each value alone is ordinary. Weak
    where normal rows form several groups.

    Parameters
    ----------
    support_fraction : float, default 0.75
        Share of rows that mean and covariance rest on; so many of the others may be anomalous.
    max_reference_rows : int, default 50000
        Rows that location and covariance are found in.
    seed : int, default 0
        Seed of the thinning. With fewer rows nothing is random.

    Notes
    -----
    *Method.* ``r = asinh((x - median) / s)`` with s the interquartile range divided by 1.349. From the rows nearest to the median,
    concentration steps as in FastMCD: the covariance of the rows kept, then the same number of rows nearest by it, until they stay.
    Unlike FastMCD there is one start, which is chosen to be robust, in the place of 500 random ones; and each covariance is shrunk as
    Ledoit and Wolf (2004) have it, so that also more columns than rows do no harm.

    *Out of sample.* `fit_score` takes each row out of the mean and covariance that it belongs to (Sherman-Morrison), with the
    shrinkage as it is; the set of rows kept stays.

    *Cost.* With m reference rows: some ten steps of O(d^3 + m d^2); O(d^2) to score a row.

    References
    ----------
    Rousseeuw, P. J. and Van Driessen, K. (1999). A Fast Algorithm for the Minimum Covariance Determinant Estimator.
    Technometrics 41(3), 212-223.
    Ledoit, O. and Wolf, M. (2004). A Well-Conditioned Estimator for Large-Dimensional Covariance Matrices. Journal of Multivariate
    Analysis 88(2), 365-411.
    Hubert, M., Rousseeuw, P. J. and Verdonck, T. (2012). A Deterministic Algorithm for Robust Location and Scatter. Journal of
    Computational and Graphical Statistics 21(3), 618-637.

    Examples
    --------
    >>> a = np.random.default_rng(0).normal(size=200)
    >>> X = np.column_stack([a, a + 0.1 * np.random.default_rng(1).normal(size=200)])
    >>> X[7] = 1.0, -1.0
    >>> int(RobustCovariance().fit_score(X).argmax())
    7
    """

    attribution = "share of each feature in the squared Mahalanobis distance, of the distance"

    def __init__(self, *, support_fraction: float = 0.75, max_reference_rows: int = 50_000, seed: int = 0) -> None:
        self.support_fraction = support_fraction
        self.max_reference_rows = max_reference_rows
        self.seed = seed

    def fit(self, X: FloatArray) -> Self:
        """Learn location and covariance of the bulk of X, shape (n, d)."""
        self._learn(X)
        return self

    def score(self, X: FloatArray) -> FloatArray:
        """Return the robust Mahalanobis distance of each row, shape (n,), at least 0."""
        whitening = self._whitening
        return in_blocks(lambda rows: whitening.distances(self._drawn_in(rows)), X)

    def fit_score(self, X: FloatArray) -> FloatArray:
        """Learn from X and return its rows' distances, shape (n,), each from the mean and covariance without the row."""
        inside, factor = self._learn(X)
        scores = self.score(X)
        if len(inside) > 1 and factor > 0.0:
            scores[inside] = without_own_influence(scores[inside], len(inside), factor)
        return scores

    def contributions(self, X: FloatArray) -> FloatArray:
        """Return each feature's part of the score, shape (n, d); the parts of a row add up to its score."""
        return self._whitening.parts(self._drawn_in(X))

    def expected(self, X: FloatArray) -> FloatArray:
        """Return the location in the place of each row, shape (n, d)."""
        return np.tile(np.sinh(self.middle_) * self.scale_ + self.center_, (len(X), 1))

    def state(self) -> State:
        """Return location, whitening matrix, and the columns' centers and units."""
        return {
            "center": self.center_,
            "scale": self.scale_,
            "middle": self.middle_,
            "whitening": self.whitening_,
        }

    def restore(self, state: State) -> None:
        """Take over what `state` returned.

        Raises
        ------
        ValueError
            The arrays do not belong together.
        """
        vectors = {name: state[name] for name in ("center", "scale", "middle")}
        check_vectors("robust_mcd", vectors, positive="scale")
        whitening = state["whitening"]
        if whitening.shape != 2 * state["center"].shape or not np.isfinite(whitening).all():
            raise ValueError(f"a whitening matrix of shape {whitening.shape} is no state of robust_mcd")
        self.center_, self.scale_, self.middle_ = vectors.values()
        self.whitening_ = whitening

    def _learn(self, X: FloatArray) -> tuple[NDArray[np.int64], float]:
        """Return the rows of X that mean and covariance rest on, and the factor of their own covariance in the shrunk one."""
        self.center_ = np.median(X, axis=0)
        low, high = np.quantile(X, [0.25, 0.75], axis=0)
        self.scale_ = usable_scale(X, self.center_, (high - low) / _IQR_TO_SD, root_mean_square(X, self.center_))
        kept = thin(len(X), self.max_reference_rows, self.seed)
        rows = self._drawn_in(X[kept])
        count = min(len(rows), max((len(rows) + 1) // 2, round(self.support_fraction * len(rows))))
        inside = _first_rows(rows, count)
        found, shrinkage = _whitening_of(rows[inside])
        for _ in range(_MOST_STEPS):
            nearest = np.sort(np.argsort(found.distances(rows), kind="stable")[:count])
            if np.array_equal(nearest, inside):
                break
            inside = nearest
            found, shrinkage = _whitening_of(rows[inside])
        self.middle_, self.whitening_ = found.location, found.matrix
        return kept[inside], 1.0 - shrinkage

    def _drawn_in(self, X: FloatArray) -> FloatArray:
        distance = np.abs(X - self.center_)
        return np.asarray(np.arcsinh(in_units(distance, self.scale_)) * np.sign(X - self.center_))

    @property
    def _whitening(self) -> Whitening:
        return Whitening(self.middle_, self.whitening_)


def ledoit_wolf(X: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Return mean, shrunk covariance and the shrinkage towards a multiple of the identity, in [0, 1], of rows of shape (n, d).

    References
    ----------
    Ledoit, O. and Wolf, M. (2004). A Well-Conditioned Estimator for Large-Dimensional Covariance Matrices. Journal of Multivariate
    Analysis 88(2), 365-411.

    Examples
    --------
    >>> mean, covariance, shrinkage = ledoit_wolf(np.array([[0.0], [2.0]]))
    >>> mean.tolist(), covariance.tolist(), shrinkage
    ([1.0], [[1.0]], 0.0)
    """
    n, d = X.shape
    location = X.mean(axis=0)
    centred = X - location
    covariance = centred.T @ centred / n
    level = float(np.trace(covariance)) / d
    target = level * np.eye(d)
    distance = float(((covariance - target) ** 2).sum()) / d
    squares = centred**2
    noise = float((squares.sum(axis=1) ** 2).sum() / n - (covariance**2).sum()) / (d * n)
    shrinkage = 0.0 if distance <= 0.0 else min(max(noise, 0.0), distance) / distance
    return location, np.asarray((1.0 - shrinkage) * covariance + shrinkage * target), shrinkage


def _first_rows(rows: FloatArray, count: int) -> NDArray[np.int64]:
    """Return the rows nearest to the columns' medians, in robust units, sorted."""
    center = np.median(rows, axis=0)
    deviation = _MAD_TO_SD * np.median(np.abs(rows - center), axis=0)
    scale = usable_scale(rows, center, deviation, root_mean_square(rows, center))
    squares = np.minimum(((rows - center) / scale) ** 2, _FARTHEST_SQUARE)
    return np.sort(np.argsort(squares.sum(axis=1), kind="stable")[:count])


def _whitening_of(rows: FloatArray) -> tuple[Whitening, float]:
    location, covariance, shrinkage = ledoit_wolf(rows)
    values, vectors = np.linalg.eigh(covariance)
    values = np.maximum(values, max(_LEAST_EIGENVALUE * float(values[-1]), 1e-300))
    return Whitening(location, np.asarray((vectors / np.sqrt(values)) @ vectors.T)), shrinkage
