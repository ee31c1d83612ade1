"""How fast a column thins out beyond its outermost quantiles, so that scores grow on where no more rows are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from anomaly_detection.detection.algorithms.statistical.scale import in_units
from anomaly_detection.detection.ports import FloatArray, State

_SHARE = 0.02
"""The share of rows beyond the start of a tail: these do not shape it, so that so many anomalies do not hide in it."""
_FEWEST = 2
"""A tail starts below at least so many rows, so that no row shapes its own."""
_NEAR = 0.05
"""The tail's law is read off the rows between the median and the quantile beyond which this share lies."""
_HEAVIEST = 1.0


@dataclass(frozen=True, slots=True)
class Tails:
    """A generalised Pareto law on either side of every column; all arrays have shape (2, d): lower and upper tails.

    Beyond `start` a share ``exp(-nats)`` of the rows is left, and of these a share ``(1 + shape * excess / scale) **
    (-1 / shape)`` lies more than ``excess`` further out: an exponential law where the shape is 0.

    Notes
    -----
    A tail starts where 2 % of the rows are left. Shape and scale are read off three quantiles on its side
    (Pickands, 1975), those beyond which 50, 16 and 5 % of the rows lie: deep enough to be steady, and to be moved
    little by a few anomalies. The shape is kept between 0 and 1: the law has no end, so no value is called
    impossible. Where the three quantiles are equal, as in a column of mostly zeros, the law is exponential with the
    given spread as its scale. Cost of fitting O(d) after sorting.

    References
    ----------
    Pickands, J. (1975). Statistical Inference Using Extreme Order Statistics. Annals of Statistics 3(1).

    Examples
    --------
    >>> uniform = np.arange(1000.0)[:, np.newaxis]
    >>> tails = Tails.learn(uniform, spread=np.array([290.0]))
    >>> tails.start.ravel().tolist()
    [20.0, 979.0]
    >>> tails.excess(np.array([500.0, 1979.0]), 0).round(1).tolist()
    [0.0, 10.5]
    """

    start: FloatArray
    nats: FloatArray
    scale: FloatArray
    shape: FloatArray

    @classmethod
    def learn(cls, ordered: FloatArray, spread: FloatArray) -> Tails:
        """Read the tails off columns sorted upwards, shape (n, d), each with a spread to fall back on, shape (d,)."""
        upper, lower = _one_side(ordered, spread), _one_side(-ordered[::-1], spread)
        lower[0] *= -1.0
        start, nats, scale, shape = np.stack([lower, upper], axis=1)
        return cls(start, nats, scale, shape)

    def excess(self, values: FloatArray, column: int, *, with_start: bool = False) -> FloatArray:
        """Return for values of one column, shape (n,), how rare they are beyond the start of the nearer tail.

        Parameters
        ----------
        values : array of shape (n,)
            Values of the column.
        column : int
            Its position.
        with_start : bool, default False
            Whether to count from the whole column's rows, not from those in the tail.

        Returns
        -------
        array of shape (n,)
            The negative logarithm of the share that lies further out; 0 between the tails.
        """
        result = np.zeros(len(values))
        for side, sign in enumerate((-1.0, 1.0)):
            excess = sign * (values - self.start[side, column])
            far = np.flatnonzero(excess > 0.0)
            ratio = in_units(excess[far], self.scale[side, column])
            shape = self.shape[side, column]
            result[far] = np.log1p(shape * ratio) / shape if shape > 0.0 else ratio
            if with_start:
                result[far] += self.nats[side, column]
        return result

    def state(self) -> State:
        """Return the tails as one array."""
        return {"tails": np.stack([self.start, self.nats, self.scale, self.shape])}

    @classmethod
    def of_state(cls, state: Mapping[str, FloatArray]) -> Tails:
        """Make the tails from what `state` returned.

        Raises
        ------
        ValueError
            It is no such array.
        """
        array = state["tails"]
        if array.dtype != np.float64 or array.ndim != 3 or array.shape[:2] != (4, 2) or not np.isfinite(array).all():
            raise ValueError(f"an array of shape {array.shape} holds no tails")
        tails = cls(*array)
        if (tails.start[0] > tails.start[1]).any() or (tails.scale <= 0.0).any() or (tails.shape < 0.0).any():
            raise ValueError("tails that overlap, or without a scale, are none")
        return tails


def _one_side(ordered: FloatArray, spread: FloatArray) -> FloatArray:
    """Return start, nats, scale and shape of the upper tails, shape (4, d)."""
    n, width = ordered.shape
    few = min(max(_FEWEST, int(_SHARE * n)), (n - 1) // 2)
    near, many = max(few, int(_NEAR * n)), max(few, n // 2)
    middle = round((near * many) ** 0.5)
    start, at_near, at_middle, at_many = (ordered[n - 1 - rank] for rank in (few, near, middle, many))
    reach = start - at_many
    scale = np.where(reach > 1e-12 * spread, reach / max(np.log((many + 1) / (few + 1)), 1e-300), spread)
    shape = np.zeros(width)
    if many > middle > near:
        outer, inner = np.log((middle + 1) / (near + 1)), np.log((many + 1) / (middle + 1))
        steep, flat = (at_near - at_middle) / outer, (at_middle - at_many) / inner
        law = np.minimum(steep, flat) > 1e-12 * spread
        ratio = np.where(law, steep, 1.0) / np.where(law, flat, 1.0)
        shape = np.clip(np.log(ratio) / (0.5 * (outer + inner)), 0.0, _HEAVIEST)
        further = 0.5 * outer + np.log((near + 1) / (few + 1))
        scale = np.where(law, steep * np.exp(shape * further), scale)
    nats = np.full(width, -np.log((few + 1) / n))
    return np.stack([start, nats, np.maximum(scale, 1e-300), shape])
