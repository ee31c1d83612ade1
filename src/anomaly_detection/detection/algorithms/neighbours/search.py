"""Exact search for the nearest of a bounded set of reference rows, in the way that is faster for their width."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.ports import FloatArray

_TREE_DIMENSIONS = 6
"""Above, a k-d tree visits most leaves, and a plain scan is faster (measured with 20 000 reference rows)."""
_ROWS_AT_ONCE = 256


class NeighbourSearch:
    """Finds the nearest reference rows by Euclidean distance.

    Parameters
    ----------
    reference : array of shape (m, d)
        The rows to search among, m at least 1; on a common scale.

    Notes
    -----
    With up to 6 features by a k-d tree, O(log m) a row, else by a compiled scan, O(m d) a row in constant memory. Tree and
    blocks are made when first needed. A row has the same neighbours alone as among others.

    Examples
    --------
    >>> distances, found = NeighbourSearch(np.array([[0.0], [1.0], [5.0]])).nearest(np.array([[0.75]]), 2)
    >>> distances.tolist(), found.tolist()
    ([[0.25, 0.75]], [[1, 0]])
    """

    def __init__(self, reference: FloatArray) -> None:
        self.reference = reference
        self._tree: Any = None
        self._blocks: FloatArray | None = None

    def nearest(self, rows: FloatArray, count: int) -> tuple[FloatArray, NDArray[np.int64]]:
        """Return distances and positions of the nearest reference rows, each (n, count), nearest first.

        Parameters
        ----------
        rows : array of shape (n, d)
        count : int
            From 1 to the number of reference rows.
        """
        search = self._by_tree if rows.shape[1] <= _TREE_DIMENSIONS else self._by_scan
        return search(rows, count)

    def nearest_others(
        self, rows: FloatArray, own: NDArray[np.int64], count: int
    ) -> tuple[FloatArray, NDArray[np.int64]]:
        """Return the same without each row's own place among the reference rows.

        Parameters
        ----------
        rows : array of shape (n, d)
        own : array of shape (n,)
            Each row's position among the reference rows; -1 where it is not among them.
        count : int
            At most one less than the number of reference rows.
        """
        distances, found = self.nearest(rows, count + 1)
        # The row itself goes; where it is not there, or hides behind duplicates, the last one does.
        itself = found == own[:, np.newaxis]
        drop = np.where(itself.any(axis=1), itself.argmax(axis=1), count)
        rest = np.arange(count + 1) != drop[:, np.newaxis]
        return distances[rest].reshape(len(rows), count), found[rest].reshape(len(rows), count)

    def _by_tree(self, rows: FloatArray, count: int) -> tuple[FloatArray, NDArray[np.int64]]:
        if self._tree is None:
            from scipy.spatial import cKDTree

            self._tree = cKDTree(self.reference)
        distances, found = self._tree.query(rows, k=np.arange(1, count + 1), workers=-1 if len(rows) > 256 else 1)
        return distances, found

    def _by_scan(self, rows: FloatArray, count: int) -> tuple[FloatArray, NDArray[np.int64]]:
        from anomaly_detection.detection.algorithms.neighbours.scan import in_blocks, nearest_rows

        blocks = in_blocks(self.reference) if self._blocks is None else self._blocks
        self._blocks = blocks
        distances = np.empty((len(rows), count))
        found = np.empty((len(rows), count), dtype=np.int64)

        def block(start: int) -> None:
            stop = start + _ROWS_AT_ONCE
            nearest_rows(rows[start:stop], blocks, distances[start:stop], found[start:stop])

        _each(block, range(0, len(rows), _ROWS_AT_ONCE))
        return distances, found


def _each(work: Callable[[int], None], starts: range) -> None:
    if len(starts) == 1:
        work(0)
        return
    with ThreadPoolExecutor() as pool:
        list(pool.map(work, starts))
