"""The robust Mahalanobis distance: how far a row lies from the bulk of the rows, given how the columns vary together."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.algorithms.indicator import least_scale
from anomaly_detection.detection.algorithms.standardisation import Standardisation
from anomaly_detection.detection.algorithms.statistical.minimum_covariance import (
    Ellipsoid,
    Ridge,
    closest_half,
    shrinkage_of,
    start_around_median,
)
from anomaly_detection.detection.algorithms.statistical.scale import in_blocks, root_mean_square, usable_scale
from anomaly_detection.detection.algorithms.statistical.whitening import Whitening, without_own_influence
from anomaly_detection.detection.algorithms.thinning import thin
from anomaly_detection.detection.ports import FloatArray, Parameter, State

REFERENCE = (
    "Rousseeuw, P. J. and Van Driessen, K. (1999). A Fast Algorithm for the Minimum Covariance Determinant Estimator. "
    "Technometrics 41(3), 212-223."
)

PARAMETERS = (
    Parameter(
        "support_fraction",
        "number",
        0.75,
        "Share of the rows that location and covariance rest on at first; the others may be anomalous.",
        minimum=0.5,
        maximum=1.0,
    ),
    Parameter(
        "max_reference_rows",
        "integer",
        20_000,
        "Training rows that the covariance is found in; more are thinned out at random.",
        minimum=50,
        maximum=1_000_000,
    ),
    Parameter("seed", "integer", 0, "Seed of the random thinning and of the starts.", minimum=0, maximum=2**32 - 1),
)

_MAD_TO_SD = 1.4826
_NORMAL_SHARE = 0.975
_ROWS_PER_FEATURE = 5
"""With fewer rows than this for each feature a covariance is too uncertain to be inverted as it is."""
_MOST_SHRINKAGE = 0.99
_LEAST_VARIANCE = 0.1
_FARTHEST = 1e6


class EllipticEnvelope:
    """Robust Mahalanobis distance of a row from the bulk of the training rows.

    Assumes that normal rows form one cloud of roughly elliptic shape. Finds rows that break the way columns go together, even
    where each value alone is ordinary. Up to a quarter of the training rows may be anomalous. Weak where normal rows form several
    groups, or a curved one.

    Parameters
    ----------
    support_fraction : float, default 0.75
        Share of rows for the minimum covariance determinant, at least ``(n + d + 1) / (2 n)``. A quarter of anomalies is borne
        by 0.75, which Hubert and Debruyne (2010) advise; 0.5 bears up to a half, is less exact, and takes the tighter
        one of two groups of normal rows for all of them.
    max_reference_rows : int, default 20000
        Rows that location and covariance are found in.
    seed : int, default 0
        Seed of the thinning and of the starts.

    Attributes
    ----------
    location_ : array of shape (d,)
        The robust mean, in the units of X.
    covariance_ : array of shape (d, d)
        The robust covariance, in the units of X.

    Notes
    -----
    *Method.* FastMCD on columns centred at the median and divided by 1.4826 times the median absolute deviation, scaled
    so that the median squared distance is that of a Gaussian, then reweighted: the final mean and covariance are those of all
    rows within the 97.5 % ellipsoid, with the factor that makes up for the rows cut off.

    *Columns that hardly vary.* All rows kept can agree in a column, such as a flag; their covariance is singular and the
    paper declares every other row an outlier. Here the variance of an indicator is filled up to 1, so that its two values are
    one apart as elsewhere, and that of another column more than half of whose values are equal to a tenth of the mean squared
    deviation of all its values, so that a common deviation counts for about three. In any other direction without variance (columns that are sums of others) the least is 1e-10 of the largest, so
    a row off the common plane gets a large but finite distance.

    *Few rows.* With fewer than five rows a feature in the half, covariances are shrunk towards a multiple of the identity, as in
    the regularised determinant of Boudt et al. (2020), by the oracle approximating intensity of Chen et al. (2010).

    *Out of sample.* `fit_score` takes each row out of the mean and covariance that it belongs to, exactly for a given
    set of rows within the envelope (Sherman-Morrison); the set itself stays.

    *Contributions.* With ``u`` the row's difference from the location and ``P`` the inverse covariance, feature j has the part
    ``u_j (P u)_j / distance``. The parts add up to the score. A negative one says that the value makes the others less odd.

    *Cost.* With m reference rows: about a thousand concentration steps on at most 1500 rows, O(d^3 + m d^2) for each of the
    last ones, O(d^2) to score a row.

    References
    ----------
    Rousseeuw, P. J. and Van Driessen, K. (1999). A Fast Algorithm for the Minimum Covariance Determinant Estimator.
    Technometrics 41(3), 212-223.
    Hubert, M. and Debruyne, M. (2010). Minimum Covariance Determinant. WIREs Computational Statistics 2, 36-43.
    Boudt, K., Rousseeuw, P. J., Vanduffel, S. and Verdonck, T. (2020). The Minimum Regularized Covariance Determinant
    Estimator. Statistics and Computing 30, 113-128.
    Chen, Y., Wiesel, A., Eldar, Y. C. and Hero, A. O. (2010). Shrinkage Algorithms for MMSE Covariance Estimation. IEEE
    Transactions on Signal Processing 58(10), 5016-5029.

    Examples
    --------
    >>> a = np.random.default_rng(0).normal(size=200)
    >>> X = np.column_stack([a, a + 0.1 * np.random.default_rng(1).normal(size=200)])
    >>> X[7] = 1.0, -1.0
    >>> int(EllipticEnvelope().fit_score(X).argmax())
    7
    """

    attribution = "share of each feature in the squared Mahalanobis distance, of the distance"

    def __init__(self, *, support_fraction: float = 0.75, max_reference_rows: int = 20_000, seed: int = 0) -> None:
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
        return in_blocks(lambda rows: whitening.distances(self._standardisation.apply(rows)), X)

    def fit_score(self, X: FloatArray) -> FloatArray:
        """Learn from X and return its rows' distances, shape (n,), each from the mean and covariance without the row."""
        inside, factor = self._learn(X)
        scores = self.score(X)
        n = len(inside)
        if n > 1:
            scores[inside] = without_own_influence(scores[inside], n, factor)
        return scores

    def contributions(self, X: FloatArray) -> FloatArray:
        """Return each feature's part of the score, shape (n, d); the parts of a row add up to its score."""
        return self._whitening.parts(self._standardisation.apply(X))

    def expected(self, X: FloatArray) -> FloatArray:
        """Return the location in the place of each row, shape (n, d)."""
        return np.tile(self.location_, (len(X), 1))

    @property
    def location_(self) -> FloatArray:
        """The robust mean, in the units of X."""
        return np.asarray(self.middle_ * self._standardisation.scale + self._standardisation.center)

    @property
    def covariance_(self) -> FloatArray:
        """The robust covariance, in the units of X."""
        scale = self._standardisation.scale
        return np.asarray(self._whitening.covariance() * np.outer(scale, scale))

    def state(self) -> State:
        """Return location, whitening matrix and the columns' units."""
        return {
            "center": self._standardisation.center,
            "scale": self._standardisation.scale,
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
        center, scale, middle, whitening = (state[name] for name in ("center", "scale", "middle", "whitening"))
        finite = all(array.dtype == np.float64 and np.isfinite(array).all() for array in state.values())
        fit_together = center.ndim == 1 and center.shape == scale.shape == middle.shape
        fit_together = fit_together and center.size > 0 and whitening.shape == 2 * center.shape
        if not (finite and fit_together) or scale.min() <= 0.0:
            raise ValueError(f"arrays of shapes {center.shape}, {whitening.shape} are no state of elliptic_envelope")
        self._standardisation = Standardisation(center, scale)
        self.middle_, self.whitening_ = middle, whitening

    def _learn(self, X: FloatArray) -> tuple[NDArray[np.int64], float]:
        """Return the rows of X that mean and covariance rest on, and the factor of their covariance."""
        self._standardisation, least_variance = _robust_units(X)
        kept = thin(len(X), self.max_reference_rows, self.seed)
        # Limited, or the covariance of a start with one huge value would lose all others to rounding.
        rows = np.clip(self._standardisation.apply(X[kept]), -_FARTHEST, _FARTHEST)
        n, d = rows.shape
        count = self._support(n, d)
        ridge = _ridge(rows, count, least_variance)
        raw = Ellipsoid.of(rows[closest_half(rows, count, ridge, self.seed)], ridge)
        inside, factor = _reweighted(raw.squared_distances(rows), count, d)
        found = Ellipsoid.of(rows[inside], ridge, factor)
        self.middle_, self.whitening_ = found.location, found.whitening
        return kept[inside], factor * (1.0 - ridge.shrinkage)

    def _support(self, n: int, d: int) -> int:
        least = (n + d + 1) // 2 if n > d + 1 else (n + 1) // 2
        return min(n, max(least, round(self.support_fraction * n)))

    @property
    def _whitening(self) -> Whitening:
        return Whitening(self.middle_, self.whitening_)


def _robust_units(X: FloatArray) -> tuple[Standardisation, FloatArray]:
    """Return the columns' medians and robust scales, and what their variances are filled up to in these units."""
    center = np.median(X, axis=0)
    deviation = _MAD_TO_SD * np.median(np.abs(X - center), axis=0)
    spread = root_mean_square(X, center)
    scale = usable_scale(X, center, deviation, spread)
    hardly_varies = np.where(deviation <= 1e-12 * spread, _LEAST_VARIANCE, 0.0)
    return Standardisation(center, scale), np.maximum(hardly_varies, least_scale(X))


def _ridge(rows: FloatArray, count: int, least_variance: FloatArray) -> Ridge:
    ridge = Ridge(least_variance)
    d = rows.shape[1]
    if count >= _ROWS_PER_FEATURE * d:
        return ridge
    middle = Ellipsoid.of(rows[start_around_median(rows, count)], ridge).covariance
    target = max(float(np.trace(middle)) / d, 1e-12)
    return Ridge(least_variance, min(max(shrinkage_of(middle, count), 1e-3), _MOST_SHRINKAGE), target)


def _reweighted(squared: FloatArray, count: int, d: int) -> tuple[NDArray[np.int64], float]:
    """Return the rows within the normal share of a Gaussian, and the factor that makes up for those cut off."""
    from scipy.special import gammainc, gammaincinv

    half = d / 2.0
    median, limit = 2.0 * gammaincinv(half, 0.5), 2.0 * gammaincinv(half, _NORMAL_SHARE)
    unit = max(float(np.median(squared)) / median, 1e-300)
    inside = np.flatnonzero(squared <= limit * unit)
    if len(inside) < count:
        inside = np.sort(np.argsort(squared, kind="stable")[:count])
    return inside, float(_NORMAL_SHARE / gammainc(half + 1.0, limit / 2.0))
