"""Histogram-based outlier score: how few rows share each value's bin."""

from __future__ import annotations

import math
from functools import partial
from typing import Self

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.algorithms.statistical.scale import in_blocks, in_units, root_mean_square, usable_scale
from anomaly_detection.detection.algorithms.statistical.tails import Tails
from anomaly_detection.detection.ports import FloatArray, Parameter, State

REFERENCE = (
    "Goldstein, M. and Dengel, A. (2012). Histogram-based Outlier Score (HBOS): A Fast Unsupervised Anomaly Detection "
    "Algorithm. KI-2012 Poster and Demo Track."
)

PARAMETERS = (
    Parameter(
        "n_bins",
        "integer",
        None,
        "Bins of each column's histogram; none takes twice the cube root of the number of rows, at most 100.",
        minimum=2,
        maximum=10_000,
        automatic=True,
    ),
)

_MOST_BINS = 100


class HistogramOutlierScore:
    """Sum over the columns of how much rarer a row's bin is than the fullest one, in nats.

    Takes columns to be independent: it needs no scaling, and finds values in gaps between groups as well as far out
    ones, but not anomalies that show only in the combination of columns; correlated columns count several times. With
    few rows counts are rough, and where many normal rows lie in sparse bins, as in columns that are spread evenly but
    for one value that most rows share, they pass for rare.

    Parameters
    ----------
    n_bins : int, optional
        Bins of equal width in each column. By default twice the cube root of the number of rows (Rice's rule) and at
        most 100: more rows fill finer bins.

    Notes
    -----
    The score of a row is the sum over its columns of ``log((1 + fullest) / (1 + count))``: 0 for a row in the fullest
    bins. Cost O(n log n) per column to fit (a sort), O(n d) to score. `fit_score` takes each training row out of its
    bins first.

    Departures from the paper: bins do not span a column's whole range, which one far value would stretch until all
    others share a bin, but its central 96 % (all of it where these are one value); beyond, the score grows on from
    that of the outermost bin by a generalised Pareto tail, so that values further out than any seen still differ.
    Counts are smoothed by one, and logarithms are natural, so that contributions of several columns add up to nats.
    Of a column of zeros and ones, each value has a bin; a constant column gives nothing until it changes.

    References
    ----------
    Goldstein, M. and Dengel, A. (2012). Histogram-based Outlier Score (HBOS): A Fast Unsupervised Anomaly Detection
    Algorithm. KI-2012 Poster and Demo Track.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(500, 2))
    >>> X[7] = [9.0, 0.0]
    >>> detector = HistogramOutlierScore().fit(X)
    >>> int(detector.score(X).argmax())
    7
    """

    attribution = "rarity of each feature's bin, in nats"

    def __init__(self, *, n_bins: int | None = None) -> None:
        self.n_bins = n_bins

    def fit(self, X: FloatArray) -> Self:
        """Learn histograms and tails of the columns of X, shape (n, d)."""
        n, width = X.shape
        ordered = np.sort(X.T, axis=1).T
        center = ordered[n // 2]
        spread = root_mean_square(X, center)
        spread = usable_scale(X, center, spread, spread)
        self.tails_ = Tails.learn(ordered, spread)
        one = self.tails_.start[0] == self.tails_.start[1]
        self.low_ = np.where(one, ordered[0], self.tails_.start[0])
        high = np.where(one, ordered[-1], self.tails_.start[1])
        self.high_ = np.where(high > self.low_, high, self.low_ + spread)
        bins = self.n_bins or min(_MOST_BINS, max(2, math.ceil(2.0 * n ** (1.0 / 3.0))))
        self.counts_ = np.zeros((width, bins), dtype=np.int64)
        for column in range(width):
            self.counts_[column] = np.bincount(self._bins(X, column), minlength=bins + 2)[1:-1]
        return self

    def score(self, X: FloatArray) -> FloatArray:
        """Return the summed rarity of each row, shape (n,), at least 0."""
        return in_blocks(partial(self._sum, self._nats(own=0)), X)

    def fit_score(self, X: FloatArray) -> FloatArray:
        """Learn from X and return its rows' scores, each taken out of its bins first, shape (n,)."""
        self.fit(X)
        return in_blocks(partial(self._sum, self._nats(own=1)), X)

    def contributions(self, X: FloatArray) -> FloatArray:
        """Return the rarity of each value's bin in nats, shape (n, d); the parts add up to the score."""
        nats = self._nats(own=0)
        return np.stack([self._rarity(nats, X, column) for column in range(X.shape[1])], axis=1)

    def expected(self, X: FloatArray) -> FloatArray:
        """Return the middles of the fullest bins in the place of X's rows, shape (n, d)."""
        share = (self.counts_.argmax(axis=1) + 0.5) / self.counts_.shape[1]
        middle = self.low_ + share * (self.high_ - self.low_)
        return np.tile(middle, (len(X), 1))

    def state(self) -> State:
        """Return counts, ranges of the bins, and tails."""
        return {"counts": self.counts_, "low": self.low_, "high": self.high_, **self.tails_.state()}

    def restore(self, state: State) -> None:
        """Take over histograms and tails.

        Raises
        ------
        ValueError
            The arrays do not belong together.
        """
        self.counts_, self.low_, self.high_ = state["counts"], state["low"], state["high"]
        self.tails_ = Tails.of_state(state)
        shapes = [self.low_.shape, self.high_.shape, self.counts_.shape[:1], self.tails_.start.shape[1:]]
        finite = all(array.dtype == np.float64 and np.isfinite(array).all() for array in (self.low_, self.high_))
        counted = self.counts_.ndim == 2 and self.counts_.size > 0 and self.counts_.dtype == np.int64
        if (
            len(set(shapes)) != 1
            or not finite
            or not counted
            or self.counts_.min() < 0
            or (self.high_ < self.low_).any()
        ):
            raise ValueError(f"arrays of shapes {self.counts_.shape}, {shapes} are no state of hbos")

    def _sum(self, nats: FloatArray, X: FloatArray) -> FloatArray:
        # Column after column, so that a row adds up in the same order alone and among others.
        total = np.zeros(len(X))
        for column in range(X.shape[1]):
            total += self._rarity(nats, X, column)
        return total

    def _rarity(self, nats: FloatArray, X: FloatArray, column: int) -> FloatArray:
        return np.asarray(nats[column, self._bins(X, column)] + self.tails_.excess(X[:, column], column))

    def _nats(self, own: int) -> FloatArray:
        """Return the rarity of each bin, with or without the row itself, shape (d, bins + 2).

        The first and the last are those of values beyond the bins, to which tails add: as rare as their neighbours.
        """
        fullest = self.counts_.max(axis=1, keepdims=True) + 1.0
        inside = np.maximum(np.log(fullest / np.maximum(self.counts_ + 1.0 - own, 1.0)), 0.0)
        edges = np.log(fullest / (self.counts_[:, [0, -1]] + 1.0))
        return np.hstack([edges[:, :1], inside, edges[:, 1:]])

    def _bins(self, X: FloatArray, column: int) -> NDArray[np.int64]:
        """Return the place of each value of a column in the histogram, counted from 1; 0 and bins + 1 lie beyond."""
        values, low, high = X[:, column], self.low_[column], self.high_[column]
        bins = self.counts_.shape[1]
        width = max((high - low) / bins, 1e-300)
        share = np.maximum(in_units(values - low, width), 0.0)
        place: NDArray[np.int64] = np.minimum(share, bins - 1.0).astype(np.int64) + 1
        place[values < low] = 0
        place[values > high] = bins + 1
        return place
