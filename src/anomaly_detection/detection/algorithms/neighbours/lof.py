"""The local outlier factor: how much sparser a row's neighbourhood is than those of its neighbours."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.algorithms.neighbours.search import NeighbourSearch
from anomaly_detection.detection.algorithms.standardisation import LARGEST, Standardisation
from anomaly_detection.detection.algorithms.thinning import thin
from anomaly_detection.detection.ports import FloatArray, Parameter, State

REFERENCE = (
    "Breunig, M. M., Kriegel, H.-P., Ng, R. T. and Sander, J. (2000). LOF: Identifying Density-Based Local Outliers. "
    "SIGMOD, 93-104."
)

PARAMETERS = (
    Parameter("n_neighbors", "integer", 20, "How many nearest rows make a neighbourhood.", minimum=1, maximum=10_000),
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

_DECIMALS = 9
"""Rows that agree to a billionth of a standard deviation are copies of one another: what is left is rounding."""
_LEAST_REACH = 1e-9
_ROWS_AT_ONCE = 65_536


class LocalOutlierFactor:
    """Ratio of the density around a row's neighbours to the density around the row itself; about 1 for ordinary rows.

    Columns are standardised first, but for those of zeros and ones, whose two values are one apart. Finds rows that lie apart
    from the group beside them, also in tables whose groups differ in density. A group of more than ``n_neighbors`` anomalies
    looks normal to it, and rows between groups or in ragged borders of a group score high although they are many.

    Parameters
    ----------
    n_neighbors : int, default 20
        Rows of a neighbourhood. Should be more than the rows of a group of anomalies, and fewer than those of a normal group;
        10 to 20 is the authors' advice.
    max_reference_rows : int, default 5000
        Rows kept for comparison. Thinning keeps the ratios of densities, but small groups become smaller still.
    seed : int, default 0
        Seed of the thinning.

    Notes
    -----
    *Copies.* A row with more than ``n_neighbors`` copies has an infinite density, and any row beside it an infinite factor. The
    paper takes for this case the distance to the k-th *distinct* row. Here the k-distance stays the ordinary one, 0 among
    copies, but the mean of the reachability distances is taken over all copies of the k nearest distinct rows (and those of
    the row itself), each copy counted. So it is never 0 unless all rows are equal; without copies it is the factor of the
    paper; and where a value repeats it says how much rarer a row is than its neighbours: with 99 zeros and a single 1, the 1
    gets 99. Rows that agree to a billionth of a standard deviation count as copies.

    *Out of sample.* `score` is the factor that a new row would have, the densities of the training rows unchanged. `fit_score`
    leaves each training row out of its own neighbourhood; as in the paper it stays in those of others.

    *Cost* with m reference rows: O((n + m) log m) up to 6 features, else O((n + m) m d), by `NeighbourSearch`.

    References
    ----------
    Breunig, M. M., Kriegel, H.-P., Ng, R. T. and Sander, J. (2000). LOF: Identifying Density-Based Local Outliers. SIGMOD.

    Examples
    --------
    >>> dense, loose = np.arange(30) * 0.01, 10.0 + np.arange(30)
    >>> X = np.concatenate([dense, [1.0], loose])[:, np.newaxis]
    >>> int(LocalOutlierFactor(n_neighbors=5).fit_score(X).argmax())
    30
    """

    attribution = "share of each feature in the distance to the neighbours, of the outlier factor"

    def __init__(self, *, n_neighbors: int = 20, max_reference_rows: int = 5_000, seed: int = 0) -> None:
        self.n_neighbors = n_neighbors
        self.max_reference_rows = max_reference_rows
        self.seed = seed

    def fit(self, X: FloatArray) -> Self:
        """Learn the densities around the rows of X, shape (n, d)."""
        self._learn(X)
        return self

    def score(self, X: FloatArray) -> FloatArray:
        """Return the outlier factor of each row as a new one, shape (n,), above 0."""
        scores = np.empty(len(X))
        for start in range(0, len(X), _ROWS_AT_ONCE):
            part = slice(start, start + _ROWS_AT_ONCE)
            rows = self._standardisation.apply(X[part])
            scores[part] = self._factor(*self._search.nearest(rows, self._count()))
        return scores

    def fit_score(self, X: FloatArray) -> FloatArray:
        """Learn from X and return the outlier factor of each row among the others, shape (n,), above 0."""
        kept, place = self._learn(X)
        own_factor = self.reach_ * self._mean_density_
        thinned = len(kept) < len(X)
        scores = self.score(X) if thinned else np.empty(len(X))
        scores[kept] = own_factor[place]
        return scores

    def contributions(self, X: FloatArray) -> FloatArray:
        """Return each feature's part of the score, shape (n, d), at least 0.

        The score is divided as the distances to the neighbours are; the parts add up to it, but for a row that lies on all its
        neighbours, which has no parts.
        """
        rows = self._standardisation.apply(X)
        distances, found = self._search.nearest(rows, self._count())
        scores = self._factor(distances, found)
        parts = np.zeros_like(rows)
        for row, score in enumerate(scores):
            squares = (rows[row] - self.reference_[found[row]]) ** 2
            weight = self.copies_[found[row]] / np.maximum(distances[row], 1e-300)
            share = (weight[:, np.newaxis] * squares).sum(axis=0)
            parts[row] = score * share / max(float(share.sum()), 1e-300)
        return parts

    def expected(self, X: FloatArray) -> FloatArray:
        """Return the mean of each row's neighbours, shape (n, d)."""
        _, found = self._search.nearest(self._standardisation.apply(X), self._count())
        means = [np.average(self.reference_[near], axis=0, weights=self.copies_[near]) for near in found]
        return np.asarray(np.stack(means) * self._standardisation.scale + self._standardisation.center)

    def state(self) -> State:
        """Return the distinct rows kept, their copies and densities, and the standardisation."""
        return {
            "center": self._standardisation.center,
            "scale": self._standardisation.scale,
            "reference": self.reference_,
            "copies": self.copies_,
            "k_distance": self.k_distance_,
            "reach": self.reach_,
        }

    def restore(self, state: State) -> None:
        """Take over what `state` returned.

        Raises
        ------
        ValueError
            The arrays do not belong together.
        """
        center, scale, reference = state["center"], state["scale"], state["reference"]
        of_rows = [state[name] for name in ("copies", "k_distance", "reach")]
        finite = all(array.dtype == np.float64 and np.isfinite(array).all() for array in state.values())
        fit_together = reference.ndim == 2 and center.shape == scale.shape == reference.shape[1:]
        fit_together = fit_together and all(array.shape == reference.shape[:1] for array in of_rows)
        sound = finite and fit_together and len(reference) > 0 and np.abs(reference).max() <= LARGEST
        sound = sound and state["copies"].min() >= 1.0
        if not sound or min(scale.min(), state["reach"].min()) <= 0.0:
            raise ValueError(f"arrays of shapes {center.shape}, {reference.shape} are no state of lof")
        self.reference_ = reference
        self.copies_, self.k_distance_, self.reach_ = of_rows
        self._standardisation = Standardisation(center, scale)
        self._search = NeighbourSearch(reference)

    def _count(self) -> int:
        return min(self.n_neighbors, len(self.reference_))

    def _learn(self, X: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return which rows were kept, and each one's place among the distinct rows."""
        self._standardisation = Standardisation.learn(X)
        kept = thin(len(X), self.max_reference_rows, self.seed)
        rows = self._standardisation.apply(X[kept])
        _, first, place, copies = np.unique(
            np.round(rows, _DECIMALS) + 0.0, axis=0, return_index=True, return_inverse=True, return_counts=True
        )
        self.reference_ = rows[first]
        self.copies_ = copies.astype(np.float64)
        self._search = NeighbourSearch(self.reference_)
        self._learn_densities()
        return kept, place.reshape(-1)

    def _learn_densities(self) -> None:
        count = min(self.n_neighbors, len(self.reference_) - 1)
        others = self.copies_ - 1.0
        if count == 0:
            self.k_distance_, self.reach_ = np.zeros(1), np.full(1, _LEAST_REACH)
            self._mean_density_ = 1.0 / self.reach_
            return
        distances, found = self._search.nearest_others(self.reference_, np.arange(len(self.reference_)), count)
        copies = self.copies_[found]
        reached = others[:, np.newaxis] + np.cumsum(copies, axis=1) >= self.n_neighbors
        last = np.where(reached.any(axis=1), reached.argmax(axis=1), count - 1)
        farthest = np.take_along_axis(distances, last[:, np.newaxis], axis=1)[:, 0]
        self.k_distance_ = np.where(others >= self.n_neighbors, 0.0, farthest)
        total = others + copies.sum(axis=1)
        reach = (copies * np.maximum(distances, self.k_distance_[found])).sum(axis=1) + others * self.k_distance_
        self.reach_ = np.maximum(reach / total, _LEAST_REACH)
        density = (copies / self.reach_[found]).sum(axis=1) + others / self.reach_
        self._mean_density_ = density / total

    def _factor(self, distances: FloatArray, found: NDArray[np.int64]) -> FloatArray:
        """Return the outlier factors of rows with these neighbours, shape (n,)."""
        copies = self.copies_[found]
        total = copies.sum(axis=1)
        reach = (copies * np.maximum(distances, self.k_distance_[found])).sum(axis=1) / total
        density = (copies / self.reach_[found]).sum(axis=1) / total
        return np.asarray(np.maximum(reach, _LEAST_REACH) * density)
