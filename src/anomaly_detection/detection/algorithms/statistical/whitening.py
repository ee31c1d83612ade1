"""Distances from a location in the units of a covariance, shared by the algorithms that differ in how they find the two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from anomaly_detection.detection.ports import FloatArray

_BLOCK_VALUES = 32_768
_LEAST_LEFT = 1e-8


@dataclass(frozen=True, slots=True)
class Whitening:
    """A location and what turns differences from it into ones of unit covariance.

    Attributes
    ----------
    location : array of shape (d,)
    matrix : array of shape (d, d)
        Symmetric; its square is the inverse of the covariance.
    """

    location: FloatArray
    matrix: FloatArray

    def distances(self, rows: FloatArray) -> FloatArray:
        """Return the Mahalanobis distance of each row, shape (n,)."""
        found = np.empty(len(rows))
        for part in self._blocks(rows):
            _, white = self._whitened(rows[part])
            found[part] = np.sqrt((white**2).sum(axis=1))
        return found

    def parts(self, rows: FloatArray) -> FloatArray:
        """Return each feature's part of the distance, shape (n, d).

        With u the row's difference from the location and P the inverse covariance, feature j has the part
        ``u_j (P u)_j / distance``. The parts of a row add up to its distance; a negative one says that the value makes the
        others less odd.
        """
        found = np.empty(rows.shape)
        for part in self._blocks(rows):
            difference, white = self._whitened(rows[part])
            distance = np.sqrt((white**2).sum(axis=1))[:, np.newaxis]
            squared = difference * _times(white, self.matrix)
            found[part] = np.divide(squared, distance, out=np.zeros_like(squared), where=distance > 0.0)
        return found

    def covariance(self) -> FloatArray:
        """Return the covariance, shape (d, d)."""
        root = np.linalg.inv(self.matrix)
        return np.asarray(root @ root)

    def _whitened(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        difference = rows - self.location
        return difference, _times(difference, self.matrix)

    @staticmethod
    def _blocks(rows: FloatArray) -> Iterator[slice]:
        step = max(1, _BLOCK_VALUES // rows.shape[1])
        return (slice(start, start + step) for start in range(0, len(rows), step))


def without_own_influence(distances: FloatArray, n: int, factor: float) -> FloatArray:
    """Return the distances of rows from the mean and covariance of the others, given those from all n.

    Parameters
    ----------
    distances : array of shape (m,)
        Of rows that the n rows hold, from the location and covariance of all n.
    n : int
        At least 2.
    factor : float
        What the rows' own covariance was multiplied by, the ridge that was added aside.

    Notes
    -----
    With S the scatter of n rows and u a row's difference, leaving it out makes ``S - n / (n - 1) u u'`` of S; the inverse
    follows by the formula of Sherman and Morrison.
    """
    own = factor * distances**2 / n
    left = np.maximum(1.0 - own * n / (n - 1.0), _LEAST_LEFT)
    return np.asarray(np.sqrt(n**2 / (n - 1.0) / factor * own / left))


def _times(rows: FloatArray, matrix: FloatArray) -> FloatArray:
    """Multiply feature by feature: a library's matrix product may round a row otherwise alone than among others."""
    product = np.zeros_like(rows)
    for feature, weights in enumerate(matrix):
        product += rows[:, feature, np.newaxis] * weights
    return product
