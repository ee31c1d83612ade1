"""The minimum covariance determinant: location and covariance of the half of the rows that lie closest together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.ports import FloatArray

Rows = NDArray[np.int64]

_STARTS, _START_COST = 500, 1e8
_RANDOM_STARTS_UP_TO = 200
"""With more features random starts cost more than they find; the one around the median remains."""
_GROUPS, _GROUP_ROWS, _GROUP_ROWS_PER_FEATURE = 5, 300, 10
_KEPT, _KEPT_FEATURES = 10, 320
_EARLY_STEPS, _MOST_STEPS = 2, 50
_LEAST_EIGENVALUE = 1e-10
"""Smallest variance of a direction as a share of the largest; smaller ones are rounding."""


@dataclass(frozen=True, slots=True)
class Ridge:
    """What is added to a covariance so that it can be inverted.

    Attributes
    ----------
    least_variance : array of shape (d,)
        What each column's variance is filled up to.
    shrinkage, target : float
        The covariance becomes ``(1 - shrinkage) * covariance + shrinkage * target * identity``.
    """

    least_variance: FloatArray
    shrinkage: float = 0.0
    target: float = 1.0

    def added_to(self, covariance: FloatArray) -> FloatArray:
        """Return the covariance with the ridge, shape (d, d)."""
        filled = covariance + np.diag(np.maximum(self.least_variance - np.diag(covariance), 0.0))
        return np.asarray((1.0 - self.shrinkage) * filled + self.shrinkage * self.target * np.eye(len(covariance)))


@dataclass(frozen=True, slots=True)
class Ellipsoid:
    """Location and covariance of some rows, ready to measure distances.

    Attributes
    ----------
    location : array of shape (d,)
    covariance : array of shape (d, d)
        With its ridge.
    whitening : array of shape (d, d)
        Symmetric; its square is the inverse of the covariance.
    log_determinant : float
    """

    location: FloatArray
    covariance: FloatArray
    whitening: FloatArray
    log_determinant: float

    @classmethod
    def of(cls, X: FloatArray, ridge: Ridge, factor: float = 1.0) -> Ellipsoid:
        """Return the ellipsoid of rows of shape (m, d), its covariance times a factor."""
        location = X.mean(axis=0)
        centred = X - location
        covariance = factor * ridge.added_to(centred.T @ centred / len(X))
        values, vectors = np.linalg.eigh(covariance)
        values = np.maximum(values, max(_LEAST_EIGENVALUE * float(values[-1]), 1e-300))
        whitening = (vectors / np.sqrt(values)) @ vectors.T
        return cls(location, covariance, whitening, float(np.log(values).sum()))

    def squared_distances(self, X: FloatArray) -> FloatArray:
        """Return squared Mahalanobis distances, shape (n,)."""
        white = (X - self.location) @ self.whitening
        return np.asarray(np.einsum("ij,ij->i", white, white))


def closest_half(X: FloatArray, count: int, ridge: Ridge, seed: int) -> Rows:
    """Return the rows whose covariance has the smallest determinant found, sorted, shape (count,).

    Parameters
    ----------
    X : array of shape (n, d)
    count : int
        How many rows, from about half of them to all.
    ridge : Ridge
        Keeps covariances invertible.
    seed : int
        Of the random starts.

    Notes
    -----
    FastMCD: up to 500 starts from d + 1 random rows, and one from the rows nearest to the median, take two concentration
    steps each; the ten best go on. With more than 600 rows (20 d where that is more) the starts take place in up to five random
    groups, the best of all groups go on in the groups' union and then in all rows. Above 15 features the number of starts
    falls, down to ten, and above 32 that of the best; above 200 there is no start but the one from the median. Cost:
    O(d^3 + m d^2) a step on m rows.

    References
    ----------
    Rousseeuw, P. J. and Van Driessen, K. (1999). A Fast Algorithm for the Minimum Covariance Determinant Estimator.
    Technometrics 41(3), 212-223.
    """
    n, d = X.shape
    rng = np.random.default_rng(seed)
    group_rows = max(_GROUP_ROWS, _GROUP_ROWS_PER_FEATURE * d)
    groups = min(_GROUPS, n // group_rows)
    if groups < 2:
        candidates = _candidates(X, count, ridge, rng, _count_starts(d))
    else:
        union = rng.choice(n, groups * group_rows, replace=False)
        share = count / n
        candidates = []
        for rows in union.reshape(groups, group_rows):
            found = _candidates(X[rows], round(share * group_rows), ridge, rng, _count_starts(d) // groups)
            candidates += found
        candidates = _improved(X[union], candidates, round(share * len(union)), ridge)
        candidates = _improved(X, candidates, count, ridge)
    best: tuple[float, Rows] | None = None
    for ellipsoid in candidates:
        determinant, rows = _converged(X, ellipsoid, count, ridge)
        if best is None or determinant < best[0]:
            best = determinant, rows
        if groups >= 2:
            break
    assert best is not None
    return np.sort(best[1])


def start_around_median(X: FloatArray, count: int) -> Rows:
    """Return the rows nearest to the columns' medians, shape (count,)."""
    distance = ((X - np.median(X, axis=0)) ** 2).sum(axis=1)
    return _lowest(distance, count)


def shrinkage_of(covariance: FloatArray, count: int) -> float:
    """Return how far to shrink the covariance of `count` Gaussian rows towards a multiple of the identity, from 0 to 1.

    References
    ----------
    Chen, Y., Wiesel, A., Eldar, Y. C. and Hero, A. O. (2010). Shrinkage Algorithms for MMSE Covariance Estimation. IEEE
    Transactions on Signal Processing 58(10), 5016-5029.

    Examples
    --------
    >>> shrinkage_of(np.eye(3), 10)
    1.0
    """
    d = len(covariance)
    trace, squared = float(np.trace(covariance)), float((covariance**2).sum())
    spread = (count + 1.0 - 2.0 / d) * (squared - trace**2 / d)
    wanted = (1.0 - 2.0 / d) * squared + trace**2
    return 1.0 if spread <= wanted else max(wanted / spread, 0.0)


def _count_starts(d: int) -> int:
    if d > _RANDOM_STARTS_UP_TO:
        return 0
    return int(min(_STARTS, max(_KEPT, _START_COST // (20 * d**3 + 600 * d**2))))


def _candidates(X: FloatArray, count: int, ridge: Ridge, rng: np.random.Generator, starts: int) -> list[Ellipsoid]:
    """Return the ellipsoids that came out best of two concentration steps."""
    n, d = X.shape
    found = [Ellipsoid.of(X[start_around_median(X, count)], ridge)]
    found += [Ellipsoid.of(X[rng.choice(n, min(d + 1, n), replace=False)], ridge) for _ in range(starts)]
    return _improved(X, found, count, ridge)


def _improved(X: FloatArray, ellipsoids: list[Ellipsoid], count: int, ridge: Ridge) -> list[Ellipsoid]:
    """Take two concentration steps from each and return the best few, the best first."""
    for _ in range(_EARLY_STEPS):
        ellipsoids = [Ellipsoid.of(X[_lowest(item.squared_distances(X), count)], ridge) for item in ellipsoids]
    kept = min(_KEPT, max(2, _KEPT_FEATURES // X.shape[1]))
    return sorted(ellipsoids, key=lambda item: item.log_determinant)[:kept]


def _converged(X: FloatArray, ellipsoid: Ellipsoid, count: int, ridge: Ridge) -> tuple[float, Rows]:
    """Take concentration steps until the determinant falls no further."""
    rows = _lowest(ellipsoid.squared_distances(X), count)
    before = np.inf
    for _ in range(_MOST_STEPS):
        ellipsoid = Ellipsoid.of(X[rows], ridge)
        if ellipsoid.log_determinant >= before - 1e-9:
            break
        before = ellipsoid.log_determinant
        rows = _lowest(ellipsoid.squared_distances(X), count)
    return ellipsoid.log_determinant, rows


def _lowest(distances: FloatArray, count: int) -> Rows:
    # Sorted rather than partitioned where rows tie, so that the same rows are taken on every machine.
    return np.argsort(distances, kind="stable")[:count]
