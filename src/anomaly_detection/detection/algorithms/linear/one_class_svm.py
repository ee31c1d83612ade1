"""The one-class support vector machine with a Gaussian kernel."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.algorithms.standardisation import Standardisation
from anomaly_detection.detection.algorithms.thinning import thin
from anomaly_detection.detection.ports import FloatArray, Parameter, State

REFERENCE = (
    "Schölkopf, B., Platt, J. C., Shawe-Taylor, J., Smola, A. J. and Williamson, R. C. (2001). Estimating the Support of a "
    "High-Dimensional Distribution. Neural Computation 13(7), 1443-1471."
)

PARAMETERS = (
    Parameter(
        "nu",
        "number",
        0.5,
        "Share of the training rows that may lie outside the learnt region, and least share that supports it.",
        minimum=0.001,
        maximum=1.0,
    ),
    Parameter(
        "gamma",
        "number",
        None,
        "Inverse squared width of the kernel, on standardised columns. Automatic: one over their summed variance.",
        minimum=1e-9,
        maximum=1e9,
        automatic=True,
    ),
    Parameter(
        "max_reference_rows",
        "integer",
        4_000,
        "Training rows that the machine is solved on; more are thinned out at random. Cost grows with their square.",
        minimum=10,
        maximum=20_000,
    ),
    Parameter("seed", "integer", 0, "Seed of the random thinning and of the folds.", minimum=0, maximum=2**32 - 1),
)

_FOLDS = 5
_TOLERANCE = 1e-4
"""Largest violation of the optimality conditions, in kernel values; a tenth of what is customary."""
_STEPS_PER_ROW = 250
_ROWS_AT_ONCE = 256


class OneClassSVM:
    """Kernel-weighted distance of a row to the support vectors, the training rows at the border of the normal region.

    Columns are standardised first, but for those of zeros and ones, whose two values are one apart. Finds rows outside a
    region of any shape. It sees one width of kernel everywhere, so it is weak where groups differ much in density, and in
    tables of many irrelevant columns.

    Parameters
    ----------
    nu : float, default 0.5
        At most this share of the training rows lies outside of the region, at least this share are support vectors (as
        shares of the rows that the machine is solved on). 0.5, as in scikit-learn, lets half of the rows vote, which a few
        anomalies among them move little; smaller is faster to score and trusts the training rows more.
    gamma : float, optional
        The kernel is ``exp(-gamma * squared distance)``. Default: one over the summed variance of the standardised columns,
        which is ``1 / d`` where none is constant or an indicator, the same as "scale" in scikit-learn.
    max_reference_rows : int, default 4000
        Rows that the machine is solved on; its kernel matrix takes 4 bytes for each pair of them.
    seed : int, default 0
        Seed of the thinning and of the folds.

    Attributes
    ----------
    rho_ : float
        Offset of the border: `decision` is the weighted kernel sum less this.
    border_ : float
        The score of a row on the border, where `decision` is 0. The platform does not use it as a threshold.

    Notes
    -----
    *Score.* The decision value ``sum(alpha_i k(x_i, x)) - rho`` tends to ``-rho`` far away: beyond a few widths of the kernel
    all rows score alike, and no p-value could tell them apart. The score is therefore ``sqrt(-log(g) / gamma)`` with ``g`` the
    kernel sum divided by the sum of the alphas: the distance at which one support vector alone would have the same kernel
    value. It falls strictly as the decision value rises, so the ranking is the same, it is 0 on the vectors' common place,
    and far away it grows like the distance to the nearest support vector, in standard deviations, without end.

    *Solution.* The exact dual, by sequential minimal optimisation with second-order working sets (Fan, Chen and Lin, 2005),
    without shrinking, on a kernel matrix in single precision (as LIBSVM keeps it).

    *Out of sample.* Every row outside the region is a support vector and is near itself, so training rows score too low. In
    `fit_score` the rows that the machine was solved on are scored by five machines that were each solved without a fifth
    of them; all other rows are out of sample anyway.

    *Contributions.* The squared differences to the support vectors, weighted by their share in the kernel sum, divide the
    score among the features. A vector that equals the row is left out of that, as it tells nothing.

    *Cost.* With m reference rows and s support vectors (about nu m): O(m^2 d) for the kernel matrix, about O(m^2) for the solution,
    five times for the folds; O(s d) to score a row. Linear in the rows.

    References
    ----------
    Schölkopf, B., Platt, J. C., Shawe-Taylor, J., Smola, A. J. and Williamson, R. C. (2001). Estimating the Support of a
    High-Dimensional Distribution. Neural Computation 13(7), 1443-1471.
    Fan, R.-E., Chen, P.-H. and Lin, C.-J. (2005). Working Set Selection Using Second Order Information for Training Support
    Vector Machines. Journal of Machine Learning Research 6, 1889-1918.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(300, 2))
    >>> machine = OneClassSVM(nu=0.1).fit(X)
    >>> near, far, farther = machine.score(np.array([[0.0, 0.0], [6.0, 6.0], [600.0, 600.0]]))
    >>> bool(near < machine.border_ < far < farther)
    True
    """

    attribution = "share of each feature in the distance to the support vectors"

    def __init__(
        self, *, nu: float = 0.5, gamma: float | None = None, max_reference_rows: int = 4_000, seed: int = 0
    ) -> None:
        self.nu = nu
        self.gamma = gamma
        self.max_reference_rows = max_reference_rows
        self.seed = seed

    def fit(self, X: FloatArray) -> Self:
        """Solve the machine on rows of X, shape (n, d)."""
        self._learn(X)
        return self

    def score(self, X: FloatArray) -> FloatArray:
        """Return each row's kernel-weighted distance to the support vectors, shape (n,), at least 0."""
        return _soft_distances(self.standardisation_.apply(X), self.vectors_, self.alphas_, self.gamma_)

    def fit_score(self, X: FloatArray) -> FloatArray:
        """Learn from X and return its rows' scores from machines that were solved without them, shape (n,)."""
        kept, kernel = self._learn(X)
        scores = self.score(X)
        if len(kept) < 2:
            return scores
        rows = self.standardisation_.apply(X[kept])
        order = np.random.default_rng(self.seed).permutation(len(kept))
        for fold in range(min(_FOLDS, len(kept))):
            left_out = np.sort(order[fold::_FOLDS])
            rest = np.setdiff1d(order, left_out)
            alphas, _ = self._solve(kernel[np.ix_(rest, rest)])
            support = alphas > 0.0
            scores[kept[left_out]] = _soft_distances(rows[left_out], rows[rest[support]], alphas[support], self.gamma_)
        return scores

    def decision(self, X: FloatArray) -> FloatArray:
        """Return the decision value of the paper, shape (n,): positive inside the region, higher is more normal."""
        kernel_sum = np.exp(-self.gamma_ * self.score(X) ** 2) * self.alphas_.sum()
        return np.asarray(kernel_sum - self.rho_)

    @property
    def border_(self) -> float:
        """The score of a row on the border of the region."""
        share = min(self.rho_ / float(self.alphas_.sum()), 1.0)
        return float(np.sqrt(-np.log(max(share, 1e-300)) / self.gamma_))

    def contributions(self, X: FloatArray) -> FloatArray:
        """Return each feature's part of the score, shape (n, d), at least 0; the parts of a row add up to its score."""
        rows = self.standardisation_.apply(X)
        parts = np.zeros_like(rows)
        for row, score in enumerate(self.score(X)):
            squares = (rows[row] - self.vectors_) ** 2
            distance = squares.sum(axis=1)
            apart = distance > 0.0
            if apart.any():
                nearness = distance[apart] - distance[apart].min()
                weight = self.alphas_[apart] * np.exp(-np.minimum(self.gamma_ * nearness, 700.0))
                share = (weight / weight.sum()) @ squares[apart]
                parts[row] = score * (share / share.sum())
        return parts

    def state(self) -> State:
        """Return support vectors, their coefficients and the offset."""
        return {
            "center": self.standardisation_.center,
            "scale": self.standardisation_.scale,
            "vectors": self.vectors_,
            "alphas": self.alphas_,
            "gamma": np.array(self.gamma_),
            "rho": np.array(self.rho_),
        }

    def restore(self, state: State) -> None:
        """Take over support vectors, their coefficients and the offset.

        Raises
        ------
        ValueError
            The arrays do not belong together.
        """
        center, scale, vectors, alphas = (state[name] for name in ("center", "scale", "vectors", "alphas"))
        finite = all(array.dtype == np.float64 and np.isfinite(array).all() for array in state.values())
        fit_together = center.ndim == 1 and center.shape == scale.shape == vectors.shape[1:]
        fit_together = fit_together and vectors.ndim == 2 and alphas.shape == vectors.shape[:1] and alphas.size > 0
        scalars = state["gamma"].shape == state["rho"].shape == ()
        if not (finite and fit_together and scalars) or min(scale.min(), alphas.min(), state["gamma"]) <= 0.0:
            raise ValueError(f"arrays of shapes {center.shape}, {vectors.shape} are no state of one_class_svm")
        self.standardisation_ = Standardisation(center, scale)
        self.vectors_, self.alphas_ = vectors, alphas
        self.gamma_, self.rho_ = float(state["gamma"]), float(state["rho"])

    def _learn(self, X: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        self.standardisation_ = Standardisation.learn(X)
        kept = thin(len(X), self.max_reference_rows, self.seed)
        rows = self.standardisation_.apply(X[kept])
        variance = float(rows.var(axis=0).sum())
        self.gamma_ = self.gamma or (1.0 / variance if variance > 0.0 else 1.0)
        kernel = _gram(rows, self.gamma_)
        alphas, self.rho_ = self._solve(kernel)
        support = alphas > 0.0
        self.vectors_, self.alphas_ = rows[support], alphas[support]
        return kept, kernel

    def _solve(self, kernel: NDArray[np.float32]) -> tuple[FloatArray, float]:
        """Return the coefficients, shape (m,), and the offset."""
        from anomaly_detection.detection.algorithms.linear.one_class_svm_kernel import solve

        m = len(kernel)
        alphas, gradient, _ = solve(kernel, self.nu * m, _TOLERANCE, max(10_000, _STEPS_PER_ROW * m))
        free = (alphas > 0.0) & (alphas < 1.0)
        if free.any():
            return alphas, float(gradient[free].mean())
        lower = gradient[alphas == 1.0].max(initial=-np.inf)
        upper = gradient[alphas == 0.0].min(initial=np.inf)
        ends = [end for end in (lower, upper) if np.isfinite(end)]
        return alphas, float(np.mean(ends))


def _gram(rows: FloatArray, gamma: float) -> NDArray[np.float32]:
    from anomaly_detection.detection.algorithms.linear.one_class_svm_kernel import gram

    columns = np.ascontiguousarray(rows.T)
    kernel = np.empty((len(rows), len(rows)), dtype=np.float32)
    _each(lambda start: gram(columns, gamma, start, min(start + _ROWS_AT_ONCE, len(rows)), kernel), len(rows))
    return kernel


def _soft_distances(rows: FloatArray, vectors: FloatArray, alphas: FloatArray, gamma: float) -> FloatArray:
    from anomaly_detection.detection.algorithms.linear.one_class_svm_kernel import soft_distances

    columns = np.ascontiguousarray(vectors.T)
    weights = alphas / alphas.sum()
    scores = np.empty(len(rows))

    def block(start: int) -> None:
        stop = start + _ROWS_AT_ONCE
        soft_distances(rows[start:stop], columns, weights, gamma, scores[start:stop])

    _each(block, len(rows))
    return scores


def _each(work: Callable[[int], None], n_rows: int) -> None:
    starts = range(0, n_rows, _ROWS_AT_ONCE)
    if len(starts) == 1:
        work(0)
        return
    with ThreadPoolExecutor() as pool:
        list(pool.map(work, starts))
