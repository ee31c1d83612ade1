"""Empirical cumulative distributions: how small a share of rows lies as far out as each value."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.algorithms.statistical.scale import in_blocks, root_mean_square, usable_scale
from anomaly_detection.detection.algorithms.statistical.tails import Tails
from anomaly_detection.detection.ports import FloatArray, Parameter, State

REFERENCE = (
    "Li, Z., Zhao, Y., Hu, X., Botta, N., Ionescu, C. and Chen, G. (2022). ECOD: Unsupervised Outlier Detection Using "
    "Empirical Cumulative Distribution Functions. IEEE Transactions on Knowledge and Data Engineering 35(12)."
)

PARAMETERS: tuple[Parameter, ...] = ()

_ALL_KEPT = 4_096
"""Up to so many rows, every value is kept; of more, ranks in steps of `_STEP` of the rows that lie beyond."""
_STEP = 1.01


@dataclass(frozen=True, slots=True)
class EmpiricalDistribution:
    """The values of one column at some ranks, and how many of n rows lie at most and at least there."""

    n: int
    values: FloatArray
    at_most: NDArray[np.int64]
    at_least: NDArray[np.int64]

    @classmethod
    def learn(cls, ordered: FloatArray) -> EmpiricalDistribution:
        """Count a column sorted upwards, shape (n,)."""
        values = np.unique(ordered[_ranks(len(ordered))])
        at_most = np.searchsorted(ordered, values, side="right")
        at_least = len(ordered) - np.searchsorted(ordered, values, side="left")
        return cls(len(ordered), values, at_most, at_least)

    def places(self, values: FloatArray) -> NDArray[np.int64]:
        """Return ``2 i + 1`` for the i-th value kept, ``2 i`` for what lies before it, shape (n,)."""
        after = np.searchsorted(self.values, values, side="right")
        return np.asarray(2 * after - (self.values[np.maximum(after - 1, 0)] == values))

    def nats(self, own: int) -> FloatArray:
        """Return the rarity at each of the places: ``-log`` of twice the share in the smaller tail, at least 0.

        Every value counts itself beside the n rows; one of these rows (`own` is 1) was counted already.
        """
        below = np.concatenate([[0], self.at_most])
        above = np.concatenate([self.at_least, [0]])
        at_most, at_least = np.empty((2, 2 * len(self.values) + 1))
        at_most[1::2], at_least[1::2] = self.at_most, self.at_least
        # Between two values kept lie rows that were not: a value there is taken to lie in the middle of them.
        between = np.maximum(self.n - below - above, 0)
        at_most[::2], at_least[::2] = below + between / 2.0, above + between / 2.0
        fewer = np.minimum(at_most, at_least) + 1.0 - own
        return np.asarray(np.maximum(-np.log(2.0 * np.maximum(fewer, 0.5) / (self.n + 1.0 - own)), 0.0))


class EmpiricalTails:
    """Sum over the columns of how small a share of the training rows lies as far out as the row's value, in nats.

    Takes columns to be independent and anomalies to lie in their tails: it has no parameter and needs no scaling, for
    ranks stay what they are however a column is stretched. Values in a gap between groups, and anomalies that show
    only in the combination of columns, are not found; correlated columns count several times.

    Notes
    -----
    A value's rarity is ``-log(min(1, 2 p))`` with p the smaller of the shares of rows that lie at most and at least
    there, the value itself among them: 0 at the median. Under independence the sum follows a gamma law of shape d
    (Fisher's combination of p-values). `fit_score` leaves each row out of the rows that it is compared with.

    Cost O(n log n) per column to fit (a sort), O(log n) a value to score. Of more than 4,096 rows only quantiles are
    kept (at most a few thousand a column, denser towards the ends), by which a rarity is off by less than 0.01 nats.

    Departures from the paper: each column takes its own smaller tail, as in the authors' code in PyOD, where the paper
    takes for a whole row the largest of three sums over the columns, of left tails, of right tails, and of the tails
    that each column's skewness points to. New rows count themselves beside the n training rows, so that no share is
    0. As a share of n rows cannot fall below 1 / n, beyond the outermost 2 % on either side a generalised Pareto law,
    read off the rows between the median and the outermost 5 %, counts where it makes a value rarer than the rows seen
    do: scores grow on beyond the last row, and a few anomalies side by side do not hide one another.

    References
    ----------
    Li, Z. et al. (2022). ECOD: Unsupervised Outlier Detection Using Empirical Cumulative Distribution Functions. IEEE TKDE.
    Fisher, R. (1932). Statistical Methods for Research Workers. Oliver and Boyd.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(500, 2))
    >>> X[7] = [9.0, 0.0]
    >>> int(EmpiricalTails().fit_score(X).argmax())
    7
    """

    attribution = "rarity of each feature's tail, in nats"

    def fit(self, X: FloatArray) -> Self:
        """Learn distributions and tails of the columns of X, shape (n, d)."""
        ordered = np.sort(X.T, axis=1)
        center = ordered[:, len(X) // 2]
        spread = root_mean_square(X, center)
        columns = [EmpiricalDistribution.learn(column) for column in ordered]
        self._take(columns, Tails.learn(ordered.T, usable_scale(X, center, spread, spread)))
        return self

    def score(self, X: FloatArray) -> FloatArray:
        """Return the summed rarity of each row, shape (n,), at least 0."""
        return in_blocks(partial(self._sum, self._nats), X)

    def fit_score(self, X: FloatArray) -> FloatArray:
        """Learn from X and return its rows' scores, each compared with the other rows, shape (n,)."""
        self.fit(X)
        return in_blocks(partial(self._sum, [column.nats(own=1) for column in self.columns_]), X)

    def contributions(self, X: FloatArray) -> FloatArray:
        """Return the rarity of each value in nats, shape (n, d); the parts add up to the score."""
        return np.stack([self._rarity(self._nats, X, column) for column in range(X.shape[1])], axis=1)

    def expected(self, X: FloatArray) -> FloatArray:
        """Return the medians in the place of X's rows, shape (n, d)."""
        medians = [item.values[np.searchsorted(item.at_most, item.n / 2.0)] for item in self.columns_]
        return np.tile(np.array(medians), (len(X), 1))

    def state(self) -> State:
        """Return the values kept, column after column, their counts, and tails."""
        return {
            "n": np.array(self.columns_[0].n),
            "length": np.array([len(item.values) for item in self.columns_]),
            "values": np.concatenate([item.values for item in self.columns_]),
            "at_most": np.concatenate([item.at_most for item in self.columns_]),
            "at_least": np.concatenate([item.at_least for item in self.columns_]),
            **self.tails_.state(),
        }

    def restore(self, state: State) -> None:
        """Take over distributions and tails.

        Raises
        ------
        ValueError
            The arrays do not belong together.
        """
        n, length, tails = int(state["n"]), state["length"], Tails.of_state(state)
        vectors = [state[name] for name in ("values", "at_most", "at_least")]
        shapes = [array.shape for array in vectors]
        if length.shape != tails.start.shape[1:] or length.min() < 1 or shapes != [(int(length.sum()),)] * 3:
            raise ValueError(f"arrays of shapes {shapes} in {length.shape} columns are no state of ecod")
        parts = [np.split(array, np.cumsum(length)[:-1]) for array in vectors]
        columns = [EmpiricalDistribution(n, *part) for part in zip(*parts, strict=True)]
        if vectors[0].dtype != np.float64 or not all(_is_sound(column) for column in columns):
            raise ValueError("values that do not rise, or counts that do not match their number, are no state of ecod")
        self._take(columns, tails)

    def _take(self, columns: list[EmpiricalDistribution], tails: Tails) -> None:
        self.columns_, self.tails_ = columns, tails
        self._nats = [column.nats(own=0) for column in columns]

    def _sum(self, nats: list[FloatArray], X: FloatArray) -> FloatArray:
        # Column after column, so that a row adds up in the same order alone and among others.
        total = np.zeros(len(X))
        for column in range(X.shape[1]):
            total += self._rarity(nats, X, column)
        return total

    def _rarity(self, nats: list[FloatArray], X: FloatArray, column: int) -> FloatArray:
        values = np.ascontiguousarray(X[:, column])
        seen = nats[column][self.columns_[column].places(values)]
        beyond = self.tails_.excess(values, column, with_start=True) - np.log(2.0)
        return np.asarray(np.maximum(seen, beyond))


def _ranks(n: int) -> NDArray[np.int64]:
    """Return the ranks to keep of n values: all, or in steps that grow with the distance to the nearer end."""
    if n <= _ALL_KEPT:
        return np.arange(n)
    steps = int(np.ceil(np.log(n) / np.log(_STEP)))
    beyond = np.unique(np.minimum(_STEP ** np.arange(steps), n // 2).astype(np.int64)) - 1
    return np.unique(np.concatenate([beyond, n - 1 - beyond]))


def _is_sound(column: EmpiricalDistribution) -> bool:
    values, at_most, at_least = column.values, column.at_most, column.at_least
    counts = at_most.dtype == np.int64 and at_least.dtype == np.int64 and column.n >= 1
    counts = counts and at_most.min() >= 1 and at_least.min() >= 1 and max(at_most.max(), at_least.max()) <= column.n
    rising = (np.diff(values) > 0.0).all() and (np.diff(at_most) > 0).all() and (np.diff(at_least) < 0).all()
    return bool(np.isfinite(values).all() and counts and rising)
