"""What stands between our matrix and another library: extreme columns are rescaled, its scores are made finite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.ports import FloatArray, State

LARGEST = 1e15
"""Beyond, a float64 holds no more fractions, and a float32, which trees use, its squares no more."""
_SMALLEST_RANGE = 1e-100
_RELATIVE_RANGE = 1e-12


@dataclass(frozen=True, slots=True)
class Preparation:
    """Hands a library its columns as they are, but for those whose size it could not calculate with.

    Attributes
    ----------
    kept : array of int
        Columns that are handed on.
    center, scale : array of shape (len(kept),)
        0 and 1 where a column is handed on as it is.
    """

    kept: NDArray[np.int64]
    center: FloatArray
    scale: FloatArray

    @classmethod
    def learn(cls, X: FloatArray, *, varying: bool) -> Self:
        """Learn from training rows of shape (n, d); `varying` leaves columns out that never vary.

        Examples
        --------
        >>> X = np.array([[1.0, 1e90], [2.0, -1e90]])
        >>> Preparation.learn(X, varying=False).apply(X).tolist()
        [[1.0, 1.0], [2.0, -1.0]]
        """
        low, high = X.min(axis=0), X.max(axis=0)
        size = np.maximum(np.abs(low), np.abs(high))
        kept = np.flatnonzero(high > low) if varying and (high > low).any() else np.arange(X.shape[1])
        # Halves, since the difference of two values of 1e308 is not finite.
        center, half = low / 2 + high / 2, high / 2 - low / 2
        extreme = (size > LARGEST) | ((half > 0.0) & ((half < _SMALLEST_RANGE) | (half < _RELATIVE_RANGE * size)))
        scale = np.where(half > 0.0, np.maximum(half, 1e-300), np.maximum(size, 1.0))
        return cls(kept, np.where(extreme, center, 0.0)[kept], np.where(extreme, scale, 1.0)[kept])

    @property
    def rescales(self) -> bool:
        """Whether any column is handed on otherwise than it is."""
        return bool((self.scale != 1.0).any() or (self.center != 0.0).any())

    def apply(self, X: FloatArray) -> FloatArray:
        """Return the columns that the library sees, shape (n, len(kept)), within ±1e15."""
        with np.errstate(over="ignore"):
            scaled = (X[:, self.kept] - self.center) / self.scale
        return np.ascontiguousarray(np.clip(scaled, -LARGEST, LARGEST))

    def state(self) -> State:
        """Return what was learnt as arrays."""
        return {"kept": self.kept, "center": self.center, "scale": self.scale}

    @classmethod
    def restored(cls, state: Mapping[str, NDArray[Any]]) -> Self:
        """Make it from what `state` returned.

        Raises
        ------
        ValueError
            The arrays do not belong together.
        """
        kept, center, scale = state["kept"], state["center"], state["scale"]
        sound = kept.dtype == np.int64 and kept.ndim == 1 and kept.size > 0 and kept.min() >= 0
        sound = sound and center.shape == scale.shape == kept.shape and center.dtype == scale.dtype == np.float64
        if not sound or not np.isfinite(center).all() or not np.isfinite(scale).all() or scale.min() <= 0.0:
            raise ValueError("the arrays are no preparation of an external algorithm")
        return cls(kept, center, scale)


@dataclass(frozen=True, slots=True)
class Finite:
    """Stands in for scores that a library returns as infinite or as no number.

    Attributes
    ----------
    low, typical, high : float
        Least, median and greatest finite score of the training rows.

    Notes
    -----
    Infinity becomes a score above all of the training rows, by their whole range; minus infinity one below likewise. Where
    the library has no number at all, mostly for rows with many duplicates, the row counts as typical.
    """

    low: float
    typical: float
    high: float

    @classmethod
    def learn(cls, scores: FloatArray) -> Self:
        """Learn from the training rows' scores, at least one of them finite.

        Examples
        --------
        >>> Finite.learn(np.array([1.0, 3.0, np.nan])).apply(np.array([2.0, np.inf, np.nan])).tolist()
        [2.0, 5.0, 2.0]
        """
        finite = np.clip(scores[np.isfinite(scores)], -1e150, 1e150)
        return cls(float(finite.min()), float(np.median(finite)), float(finite.max()))

    def apply(self, scores: FloatArray) -> FloatArray:
        """Return the scores, all of them finite."""
        margin = (self.high - self.low) or 1.0
        bounded = np.clip(scores, -1e150, 1e150)
        filled = np.where(np.isposinf(scores), self.high + margin, bounded)
        filled = np.where(np.isneginf(scores), self.low - margin, filled)
        return np.asarray(np.where(np.isnan(scores), self.typical, filled))

    def state(self) -> State:
        """Return what was learnt as one array."""
        return {"finite": np.array([self.low, self.typical, self.high])}

    @classmethod
    def restored(cls, state: Mapping[str, NDArray[Any]]) -> Self:
        """Make it from what `state` returned.

        Raises
        ------
        ValueError
            It is no such array.
        """
        values = state["finite"]
        if values.shape != (3,) or values.dtype != np.float64 or not np.isfinite(values).all():
            raise ValueError("the array is no range of scores")
        return cls(*map(float, values))
