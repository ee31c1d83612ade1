"""Columns in units of their standard deviation, for algorithms that measure distances across columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anomaly_detection.detection.algorithms.indicator import least_scale
from anomaly_detection.detection.ports import FloatArray

LARGEST = 1e120
"""Standardised values are cut here, so that a sum of squares stays finite."""


@dataclass(frozen=True, slots=True)
class Standardisation:
    """How rows are centred and scaled, as learnt from the training rows.

    Attributes
    ----------
    center, scale : array of shape (d,)
        The scale is positive. It is 1 for indicators, whose two values are one apart, and for a constant column its size,
        so that another value of it stands out with a finite distance.

    Examples
    --------
    >>> Standardisation.learn(np.array([[1.0], [3.0]])).apply(np.array([[4.0]])).tolist()
    [[2.0]]
    """

    center: FloatArray
    scale: FloatArray

    @classmethod
    def learn(cls, X: FloatArray) -> Standardisation:
        """Learn from rows of shape (n, d). Cost O(n d)."""
        # Divided before squaring, so that the variance of huge values stays finite.
        size = np.maximum(np.abs(X).max(axis=0), 1e-300)
        spread = (X / size).std(axis=0) * size
        center = (X / size).mean(axis=0) * size
        constant = spread <= 1e-12 * np.maximum(np.abs(center), 1e-280)
        scale = np.where(constant, np.maximum(np.abs(center), 1.0), np.maximum(spread, least_scale(X)))
        return cls(center, scale)

    def apply(self, X: FloatArray) -> FloatArray:
        """Return the standardised rows, C-ordered, shape (n, d)."""
        return np.ascontiguousarray(np.clip((X - self.center) / self.scale, -LARGEST, LARGEST))
