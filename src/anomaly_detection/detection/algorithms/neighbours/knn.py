"""Distance to the nearest neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.algorithms.neighbours.search import NeighbourSearch
from anomaly_detection.detection.algorithms.standardisation import Standardisation
from anomaly_detection.detection.algorithms.thinning import thin
from anomaly_detection.detection.ports import FloatArray, Parameter, State

REFERENCE = (
    "Ramaswamy, S., Rastogi, R. and Shim, K. (2000). Efficient Algorithms for Mining Outliers from Large Data Sets. "
    "SIGMOD; Angiulli, F. and Pizzuti, C. (2002). Fast Outlier Detection in High Dimensional Spaces. PKDD."
)

PARAMETERS = (
    Parameter("n_neighbors", "integer", 20, "How many nearest rows to compare with.", minimum=1, maximum=10_000),
    Parameter(
        "method",
        "string",
        "mean",
        "Which distance is the score: the mean over the neighbours, their median, or that of the farthest (largest).",
        choices=("mean", "median", "largest"),
    ),
    Parameter(
        "max_reference_rows",
        "integer",
        5_000,
        "Training rows kept to compare with; more are thinned out at random, so that cost stays linear in the rows.",
        minimum=10,
        maximum=1_000_000,
    ),
    Parameter("seed", "integer", 0, "Seed of the random thinning.", minimum=0, maximum=2**32 - 1),
)

_ROWS_AT_ONCE = 65_536
"""Neighbours of so many rows are held at the same time."""


class KNearestNeighbours:
    """Mean distance of a row to its nearest neighbours among the training rows.

    Columns are standardised first, but for those of zeros and ones, whose two values are one apart. Finds rows that lie
    apart from all others; a dense group of more than ``n_neighbors`` anomalies looks normal to it, and so does an anomaly near a dense group in a table of uneven density.

    Parameters
    ----------
    n_neighbors : int, default 20
        How many neighbours; at most the number of training rows is used.
    method : {"mean", "median", "largest"}, default "mean"
        Which of the distances is the score.
    max_reference_rows : int, default 5000
        Rows kept for comparison. Distances to a random sample rank outliers nearly as well as those to all rows
        (Sugiyama and Borgwardt, 2013) at a cost that is linear in the number of rows.
    seed : int, default 0
        Seed of the thinning.

    Notes
    -----
    Cost with m reference rows: O(n log m) by a k-d tree up to 6 features, else O(n m d) by a compiled scan in constant
    memory. `fit_score` leaves each training row out of its own neighbours.

    References
    ----------
    Ramaswamy, S., Rastogi, R. and Shim, K. (2000). Efficient Algorithms for Mining Outliers from Large Data Sets. SIGMOD.
    Angiulli, F. and Pizzuti, C. (2002). Fast Outlier Detection in High Dimensional Spaces. PKDD.
    Sugiyama, M. and Borgwardt, K. (2013). Rapid Distance-Based Outlier Detection via Sampling. NeurIPS.

    Examples
    --------
    >>> X = np.vstack([np.zeros((50, 2)), np.eye(2), [[9.0, 9.0]]])
    >>> int(KNearestNeighbours(n_neighbors=5).fit_score(X).argmax())
    52
    """

    attribution = "share of each feature in the distance to the neighbours"

    def __init__(
        self, *, n_neighbors: int = 20, method: str = "mean", max_reference_rows: int = 5_000, seed: int = 0
    ) -> None:
        self.n_neighbors = n_neighbors
        self.method = method
        self.max_reference_rows = max_reference_rows
        self.seed = seed

    def fit(self, X: FloatArray) -> Self:
        """Keep the standardised rows of X, shape (n, d), to compare with."""
        self._learn(X)
        return self

    def score(self, X: FloatArray) -> FloatArray:
        """Return the distance of each row to its neighbours, shape (n,), at least 0."""
        scores = np.empty(len(X))
        for part in _parts(len(X)):
            distances, _ = self._search.nearest(self._standardisation.apply(X[part]), self._count())
            scores[part] = self._combine(distances)
        return scores

    def fit_score(self, X: FloatArray) -> FloatArray:
        """Learn from X and return its rows' distances to the other rows, shape (n,)."""
        kept = self._learn(X)
        if len(self.reference_) < 2:
            return self.score(X)
        own = np.full(len(X), -1)
        own[kept] = np.arange(len(kept))
        count = min(self.n_neighbors, len(self.reference_) - 1)
        scores = np.empty(len(X))
        for part in _parts(len(X)):
            distances, _ = self._search.nearest_others(self._standardisation.apply(X[part]), own[part], count)
            scores[part] = self._combine(distances)
        return scores

    def contributions(self, X: FloatArray) -> FloatArray:
        """Return each feature's part of the score, shape (n, d); the parts add up to it."""
        rows = self._standardisation.apply(X)
        distances, neighbours = self._search.nearest(rows, self._count())
        counted = self._counted(distances.shape[1])
        parts = np.empty_like(rows)
        for row in range(len(rows)):
            squares = (rows[row] - self.reference_[neighbours[row, counted]]) ** 2
            parts[row] = (squares / np.maximum(distances[row, counted], 1e-300)[:, np.newaxis]).mean(axis=0)
        return parts

    def expected(self, X: FloatArray) -> FloatArray:
        """Return the mean of each row's neighbours, shape (n, d)."""
        _, neighbours = self._search.nearest(self._standardisation.apply(X), self._count())
        means = np.stack([self.reference_[found].mean(axis=0) for found in neighbours])
        return np.asarray(means * self.scale_ + self.center_)

    @property
    def calibration_power(self) -> float:
        """The power of the distances to which those of normal rows fall off at least exponentially: d / 4, at most 1.

        A distance grows like the density to the power -1 / d. In few columns that is a heavy tail: of rows of a normal law,
        the distances in one column exceed s about as often as 1 / s. Columns of one or two values do not count.
        """
        spread = sum(np.unique(column).size > 2 for column in self.reference_.T)
        return min(1.0, max(spread, 1) / 4)

    def state(self) -> State:
        """Return the rows kept and their standardisation."""
        return {"center": self.center_, "scale": self.scale_, "reference": self.reference_}

    def restore(self, state: State) -> None:
        """Take over the rows kept and their standardisation.

        Raises
        ------
        ValueError
            The arrays do not belong together.
        """
        self.center_, self.scale_, self.reference_ = state["center"], state["scale"], state["reference"]
        shapes = {self.center_.shape, self.scale_.shape, self.reference_.shape[1:]}
        finite = all(array.dtype == np.float64 and np.isfinite(array).all() for array in state.values())
        if len(shapes) != 1 or self.center_.ndim != 1 or not len(self.reference_) or not finite:
            raise ValueError(f"arrays of shapes {sorted(shapes)} are no state of knn")
        self._prepare()

    def _learn(self, X: FloatArray) -> NDArray[np.int64]:
        standardisation = Standardisation.learn(X)
        self.center_, self.scale_ = standardisation.center, standardisation.scale
        kept = thin(len(X), self.max_reference_rows, self.seed)
        self.reference_ = standardisation.apply(X[kept])
        self._prepare()
        return kept

    def _prepare(self) -> None:
        self._standardisation = Standardisation(self.center_, self.scale_)
        self._search = NeighbourSearch(self.reference_)

    def _count(self) -> int:
        return min(self.n_neighbors, len(self.reference_))

    def _counted(self, count: int) -> slice:
        """Return which of the sorted neighbours the score is the mean of."""
        middle = slice((count - 1) // 2, count // 2 + 1)
        return {"largest": slice(count - 1, count), "median": middle}.get(self.method, slice(0, count))

    def _combine(self, distances: FloatArray) -> FloatArray:
        return np.asarray(distances[:, self._counted(distances.shape[1])].mean(axis=1))


def _parts(count: int) -> Iterator[slice]:
    return (slice(start, start + _ROWS_AT_ONCE) for start in range(0, count, _ROWS_AT_ONCE))
