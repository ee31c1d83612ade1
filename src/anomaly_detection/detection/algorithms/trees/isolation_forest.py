"""Isolation forest: anomalies are few and different, so random splits set them apart early."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.algorithms.trees.beyond import (
    Beyond,
    Extremes,
    beyond,
    beyond_the_others,
    nowhere,
    shortened,
)
from anomaly_detection.detection.algorithms.trees.forest import SCALE, Forest
from anomaly_detection.detection.algorithms.trees.ranked import RankedForest
from anomaly_detection.detection.errors import InvalidData, InvalidModelFile, NotFitted
from anomaly_detection.detection.ports import FloatArray, Parameter, State

REFERENCE = (
    "Liu, F. T., Ting, K. M. and Zhou, Z.-H. (2008). Isolation Forest. ICDM; Liu, F. T., Ting, K. M. and Zhou, Z.-H. "
    "(2012). Isolation-Based Anomaly Detection. ACM Transactions on Knowledge Discovery from Data 6(1)."
)

PARAMETERS = (
    Parameter(
        "n_estimators", "integer", 100, "How many trees; more are steadier and slower.", minimum=1, maximum=10_000
    ),
    Parameter(
        "max_samples",
        "integer",
        256,
        "Rows that each tree is grown on. Few keep anomalies from hiding one another; of a small table about two thirds "
        "are taken.",
        minimum=2,
        maximum=16_384,
    ),
    Parameter("seed", "integer", 0, "Seed of the samples and splits.", minimum=0, maximum=2**32 - 1),
)

_KERNEL = "anomaly_detection.detection.algorithms.trees.isolation_forest_kernel"
_MOST_FEATURES = 1 << 20
_SAMPLE_SHARE = 0.632
"""The share of a small table that a tree sees: as a bootstrap sample would, it leaves every row out of a third of the trees."""
_RANKED_ROWS = 2_048
"""From here on, the blocks pay for their preparation."""
_CHUNK = 16_384
_COLD_PATHS = 500_000
"""Paths that numpy may descend before the compiled loops are loaded; it takes about as long as loading them."""
_ATTRIBUTION_ROWS = 1_024
_FEWEST_FOR_A_RANGE = 2
"""Of two rows each lies outside of the other's range, and neither is the odd one."""


class IsolationForest:
    """How early random splits set a row apart from a sample of the training rows.

    Finds rows that are extreme in some features or alone in sparse regions, at a cost that is linear in the rows, without
    distances or scaling. Splits are parallel to the axes: rows that are unusual only in the combination of correlated
    features are found late, and so are small dense groups of anomalies inside the range of the normal rows.

    Parameters
    ----------
    n_estimators : int, default 100
        Trees. The paper finds that path lengths settle well before 100.
    max_samples : int, default 256
        Rows that each tree is grown on, without replacement; 256 as in the paper. At most 63.2 % of the training rows are
        taken (at least 2), so that every row is out of sample for some trees.
    seed : int, default 0
        Seed of samples and splits.
    n_threads : int, optional
        Threads for many rows; by default the cores that this process may use. The scores do not depend on it.

    Notes
    -----
    The score is 2**(-mean path length / c) as in the paper: between 0 and 1, near 1 for rows that are isolated at once,
    about 0.5 for rows like the others. Cost: growing O(trees * samples * log samples); scoring O(n * trees * log samples).

    Departures from the paper: a split is drawn among the features that vary in the node, so that constant columns are
    never split on; the sample of a small table is smaller than the table; `fit_score` scores each training row by the
    trees that did not see it (a row that all trees saw, by all trees). Trees cannot tell a value far beyond the training rows
    from the largest of them; such a row is scored by the path length to be expected had it been in the sample, so that scores
    go on growing with the distance. Within the range of the training rows scores are those of the paper.

    The first half million paths (5 000 rows) in a fresh process are descended by numpy, so that one row needs no compiled
    code; the compiled loops give bit-equal scores. For many rows thresholds are replaced by their ranks and a tree decides
    a block of rows at once without branches, an idea related to Lucchese et al. (2015).

    References
    ----------
    Liu, F. T., Ting, K. M. and Zhou, Z.-H. (2008). Isolation Forest. ICDM.
    Liu, F. T., Ting, K. M. and Zhou, Z.-H. (2012). Isolation-Based Anomaly Detection. ACM TKDD 6(1).
    Lucchese, C. et al. (2015). QuickScorer: a Fast Algorithm to Rank Documents with Additive Ensembles of Regression Trees.
    SIGIR.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(500, 3))
    >>> X[7] = 6.0
    >>> forest = IsolationForest(seed=1).fit(X)
    >>> int(forest.score(X).argmax())
    7
    """

    any_layout = True
    """Rows may lie in memory in any order."""

    attribution = "change of the expected path length at each split, in units of the score"

    def __init__(
        self, *, n_estimators: int = 100, max_samples: int = 256, seed: int = 0, n_threads: int | None = None
    ) -> None:
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.seed = seed
        self.n_threads = n_threads
        self._forest: Forest | None = None
        self._ranked: RankedForest | None = None
        self._is_ranked = False
        self._cold_paths = 0

    def fit(self, X: FloatArray) -> Self:
        """Grow the trees on samples of X, shape (n, d)."""
        self._grow(X)
        return self

    def score(self, X: FloatArray) -> FloatArray:
        """Return the scores of the rows of X, shape (n,), in (0, 1]; higher is more anomalous.

        Raises
        ------
        NotFitted
            There are no trees yet.
        InvalidData
            X has another number of features than the training rows.
        """
        sums, trees = self._sums(X), self._fitted().threshold.shape[0]
        return self._reaching_out(self._scores(sums, trees), sums, trees, self._beyond(X))

    def fit_score(self, X: FloatArray) -> FloatArray:
        """Grow the trees and return each row's score from the trees that did not sample it, shape (n,)."""
        sampled = self._grow(X)
        forest = self._fitted()
        trees = np.arange(len(sampled))[:, np.newaxis]
        sums = self._sums(X)
        scores = self._scores(sums, len(sampled))
        rows, place = np.unique(sampled, return_inverse=True)
        inside = np.zeros(len(rows), dtype=np.int64)
        np.add.at(inside, place.ravel(), forest.path_lengths(X, sampled, trees).ravel())
        left = len(sampled) - np.bincount(place.ravel(), minlength=len(rows))
        out = left > 0
        sums[rows[out]] -= inside[out]
        counted = np.full(len(X), len(sampled))
        counted[rows[out]] = left[out]
        scores[rows[out]] = self._scores(sums[rows[out]], left[out])
        return self._reaching_out(scores, sums, counted, self._apart)

    def contributions(self, X: FloatArray) -> FloatArray:
        """Return each feature's part of the score, shape (n, d), in units of the score.

        Along a row's path through a tree every split changes the path length to be expected (the mean over the training
        samples in the node); the change is credited to the feature that was split on, as Saabas (2014) does for the
        prediction of a forest. The changes of all trees are turned into score units by one factor per row, so that a row's
        contributions add up to its score less `baseline`, the score of a row of expected path length. What the score grows
        by beyond the range of the training rows goes to the features that lie there. Positive parts make the row more anomalous. Cost as of scoring by numpy: milliseconds for hundreds of rows.
        """
        self._check(X)
        forest = self._fitted()
        result = np.empty(X.shape)
        trees = len(forest.threshold)
        for first in range(0, len(X), _ATTRIBUTION_ROWS):
            changes = forest.path_changes(X[first : first + _ATTRIBUTION_ROWS]) / trees
            moved = changes.sum(axis=1)
            # (score - baseline) / moved, which tends to the derivative where a row's path is as long as expected.
            exponent = -math.log(2.0) / forest.normalizer * moved
            safe = np.where(exponent == 0.0, 1.0, exponent)
            slope = np.where(exponent == 0.0, 1.0, np.expm1(safe) / safe)
            factor = -self.baseline * math.log(2.0) / forest.normalizer * slope
            result[first : first + _ATTRIBUTION_ROWS] = changes * factor[:, np.newaxis]
        outside = self._beyond(X)
        if len(outside.rows):
            raised = self.score(X[outside.rows]) - self.baseline - result[outside.rows].sum(axis=1)
            shares = outside.parts / outside.parts.sum(axis=1, keepdims=True)
            result[outside.rows] += raised[:, np.newaxis] * shares
        return result

    @property
    def baseline(self) -> float:
        """The score of a row whose path has the expected length: what contributions are counted from."""
        forest = self._fitted()
        return float(np.exp2(-forest.expected_lengths()[:, 0].mean() / forest.normalizer))

    def state(self) -> State:
        """Return the trees as arrays."""
        forest = self._fitted()
        return {
            "feature": forest.feature,
            "threshold": forest.threshold,
            "size": forest.size,
            "n_features": np.array(forest.n_features),
            "low": self._low,
            "high": self._high,
        }

    def restore(self, state: State) -> None:
        """Take over trees that `state` returned.

        Raises
        ------
        InvalidModelFile
            The arrays do not fit together.
        """
        forest = Forest(
            np.ascontiguousarray(state["feature"], dtype=np.int32),
            np.ascontiguousarray(state["threshold"], dtype=np.float64),
            np.ascontiguousarray(state["size"], dtype=np.int32),
            int(state["n_features"]),
        )
        # Forests that were saved before rows beyond the range were told apart know no range.
        # A forged number of features must not become an array of that length.
        unbounded = np.full(min(forest.n_features, _MOST_FEATURES), np.inf)
        low, high = (
            np.ascontiguousarray(state.get(name, end), np.float64)
            for name, end in (("low", -unbounded), ("high", unbounded))
        )
        fits = low.shape == high.shape == (forest.n_features,)
        if not fits or not bool((low <= high).all()):
            raise InvalidModelFile(
                "The range of an isolation forest does not fit its features.",
                code="detection.invalid_model_file",
                hint="The model was changed or cut off; save it again.",
            )
        self._take(forest, low, high)

    def _grow(self, X: FloatArray) -> NDArray[np.int64]:
        from anomaly_detection.detection.algorithms.trees import isolation_forest_kernel as kernel

        n, d = X.shape
        samples = min(n, self.max_samples, max(2, math.ceil(_SAMPLE_SHARE * n)))
        height = max(1, math.ceil(math.log2(samples)))
        inner = 2**height - 1
        sampled = np.empty((self.n_estimators, samples), dtype=np.int64)
        feature = np.empty((self.n_estimators, inner), dtype=np.int32)
        threshold = np.empty((self.n_estimators, inner))
        size = np.empty((self.n_estimators, 2 * inner + 1), dtype=np.int32)
        kernel.grow(X, self.seed, sampled, feature, threshold, size)
        values, rows = np.empty((4, d)), np.empty((2, d), dtype=np.int64)
        kernel.find_extremes(X, values, rows)
        self._apart = beyond_the_others(X, Extremes(*values, *rows)) if n > _FEWEST_FOR_A_RANGE else nowhere(d)
        self._take(Forest(feature, threshold, size, d), values[0], values[1])
        return sampled

    def _take(self, forest: Forest, low: FloatArray, high: FloatArray) -> None:
        self._forest, self._low, self._high = forest, low, high
        self._ranked = None
        self._is_ranked = False

    def _fitted(self) -> Forest:
        if self._forest is None:
            raise NotFitted(
                "This isolation forest has no trees yet.",
                code="detection.not_fitted",
                hint="Call fit or restore first.",
            )
        return self._forest

    def _check(self, X: FloatArray) -> None:
        expected = self._fitted().n_features
        if X.ndim != 2 or X.shape[1] != expected:
            raise InvalidData(
                f"The rows have shape {X.shape}; the trees were grown on {expected} features.",
                code="detection.wrong_features",
                hint=f"Give an array of shape (n, {expected}).",
            )

    def _scores(self, sums: NDArray[np.int64], trees: int | NDArray[np.int64]) -> FloatArray:
        # Always numpy's exp2, also for one row: another implementation might differ in the last bit.
        scores: FloatArray = np.exp2(sums / (trees * (-SCALE * self._fitted().normalizer)))
        return scores

    def _beyond(self, X: FloatArray) -> Beyond:
        self._check(X)
        if _KERNEL not in sys.modules:
            return beyond(X, self._low, self._high)
        from anomaly_detection.detection.algorithms.trees import isolation_forest_kernel as kernel

        outside = np.empty(len(X), dtype=np.bool_)

        def mark(first: int) -> None:
            part = slice(first, first + _CHUNK)
            kernel.mark_beyond(X[part], self._low, self._high, outside[part])

        if len(X) <= _CHUNK:
            kernel.mark_beyond(X, self._low, self._high, outside)
        else:
            self._each(mark, range(0, len(X), _CHUNK))
        if not outside.any():
            return nowhere(X.shape[1])
        rows = np.flatnonzero(outside)
        return Beyond(rows, beyond(X[rows], self._low, self._high).parts)

    def _reaching_out(
        self, scores: FloatArray, sums: NDArray[np.int64], trees: int | NDArray[np.int64], outside: Beyond
    ) -> FloatArray:
        """Raise the scores of rows outside of the training rows' range to what being in the sample would give them."""
        rows = outside.rows
        if len(rows):
            counted = trees if isinstance(trees, int) else trees[rows]
            lengths = shortened(sums[rows] / (counted * float(SCALE)), outside.chance)
            scores[rows] = np.exp2(-lengths / self._fitted().normalizer)
        return scores

    def _sums(self, X: FloatArray) -> NDArray[np.int64]:
        """Return each row's summed path length over all trees, in units of 1 / SCALE."""
        self._check(X)
        forest = self._fitted()
        trees = len(forest.threshold)
        self._cold_paths += len(X) * trees
        if _KERNEL not in sys.modules and self._cold_paths <= _COLD_PATHS:
            sums: NDArray[np.int64] = forest.path_lengths(X, np.arange(len(X))[:, np.newaxis], np.arange(trees)).sum(1)
            return sums
        from anomaly_detection.detection.algorithms.trees import isolation_forest_kernel as kernel

        sums = np.empty(len(X), dtype=np.int64)
        if len(X) < _RANKED_ROWS:
            kernel.sum_direct(X, forest.feature, forest.threshold, forest.leaf, forest.height, sums)
            return sums
        ranked = self._prepared(forest)
        block = max(256, min(2048, 1 << (32_768 // X.shape[1]).bit_length() >> 1))

        def descend(first: int) -> None:
            part, target = X[first : first + _CHUNK], sums[first : first + _CHUNK]
            if ranked is None:
                kernel.sum_direct(part, forest.feature, forest.threshold, forest.leaf, forest.height, target)
            else:
                arguments = (part, *ranked.arguments(), forest.leaf, block, target)
                kernel.sum_ranked(*arguments)

        self._each(descend, range(0, len(X), _CHUNK))
        return sums

    def _prepared(self, forest: Forest) -> RankedForest | None:
        if not self._is_ranked:
            self._ranked = RankedForest.of(forest)
            self._is_ranked = True
        return self._ranked

    def _each(self, descend: Callable[[int], None], starts: range) -> None:
        threads = min(len(starts), self.n_threads or available_cores())
        if threads <= 1:
            for first in starts:
                descend(first)
            return
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(descend, starts))


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
