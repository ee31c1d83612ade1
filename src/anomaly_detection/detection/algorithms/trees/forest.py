"""The trees of an isolation forest as flat arrays, and what follows from them. Needs numpy alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.errors import InvalidModelFile
from anomaly_detection.detection.ports import FloatArray

SCALE = 1 << 20
"""Path lengths are kept as whole multiples of 1 / SCALE: sums are then exact in any order."""

IntArray = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Forest:
    """Complete binary trees in heap order: the children of node i are 2 i + 1 (below the threshold) and 2 i + 2.

    Attributes
    ----------
    feature, threshold : arrays of shape (trees, 2**height - 1)
        The split of each inner node. An infinite threshold is no split.
    size : array of shape (trees, 2**(height + 1) - 1)
        Training samples in each node.
    n_features : int
        Features of the rows that it judges.
    height : int
        Splits on the longest path.
    normalizer : float
        Mean path length among so many samples as a tree was grown on, at least 1.
    leaf : array of shape (trees, 2**height)
        Path length, in units of 1 / SCALE, of the rows that come to each place on the lowest level.

    Raises
    ------
    InvalidModelFile
        The arrays do not fit together: compiled code does not look at bounds.
    """

    feature: NDArray[np.int32]
    threshold: FloatArray
    size: NDArray[np.int32]
    n_features: int
    height: int = field(init=False)
    normalizer: float = field(init=False)
    leaf: NDArray[np.int32] = field(init=False)

    def __post_init__(self) -> None:
        self._check()
        inner = self.threshold.shape[1]
        object.__setattr__(self, "height", int(inner + 1).bit_length() - 1)
        object.__setattr__(self, "normalizer", max(float(average_path_length(self.size[:1, 0])[0]), 1.0))
        length = self.node_lengths()
        for level in range(self.height):
            nodes = np.arange(2**level - 1, 2 ** (level + 1) - 1)
            stops = np.isinf(self.threshold[:, nodes])
            for child in (2 * nodes + 1, 2 * nodes + 2):
                length[:, child] = np.where(stops, length[:, nodes], length[:, child])
        object.__setattr__(self, "leaf", np.ascontiguousarray((length[:, inner:] * SCALE).astype(np.int32)))

    def node_lengths(self) -> FloatArray:
        """Return the path length of a row that would end in each node: its depth and what its samples would still add.

        In whole multiples of 1 / SCALE, like the sums that scores are made of.
        """
        depth = np.floor(np.log2(np.arange(1, self.size.shape[1] + 1)))
        return np.rint((depth + average_path_length(self.size)) * SCALE) / SCALE

    def expected_lengths(self) -> FloatArray:
        """Return the mean path length of the training samples in each node, shape of `size`."""
        expected = self.node_lengths()
        for level in reversed(range(self.height)):
            nodes = np.arange(2**level - 1, 2 ** (level + 1) - 1)
            left, right = 2 * nodes + 1, 2 * nodes + 2
            weighted = self.size[:, left] * expected[:, left] + self.size[:, right] * expected[:, right]
            split = np.isfinite(self.threshold[:, nodes])
            expected[:, nodes] = np.where(split, weighted / np.maximum(self.size[:, nodes], 1), expected[:, nodes])
        return expected

    def path_lengths(self, X: FloatArray, rows: IntArray, trees: IntArray) -> NDArray[np.int64]:
        """Return the path length, in units of 1 / SCALE, of rows in trees (indices that broadcast together)."""
        inner = self.threshold.shape[1]
        node = np.zeros(np.broadcast_shapes(rows.shape, trees.shape), dtype=np.int64)
        for _ in range(self.height):
            node = 2 * node + 1 + (X[rows, self.feature[trees, node]] >= self.threshold[trees, node])
        lengths: NDArray[np.int64] = self.leaf[trees, node - inner].astype(np.int64)
        return lengths

    def path_changes(self, X: FloatArray) -> FloatArray:
        """Return each feature's summed change of the expected path length along the paths, shape (n, d)."""
        n = len(X)
        expected = self.expected_lengths()
        rows = np.arange(n)[:, np.newaxis]
        trees = np.arange(len(self.threshold))
        node = np.zeros((n, len(trees)), dtype=np.int64)
        changes = np.zeros(n * self.n_features)
        for _ in range(self.height):
            column = self.feature[trees, node]
            threshold = self.threshold[trees, node]
            child = 2 * node + 1 + (X[rows, column] >= threshold)
            moved = np.where(np.isfinite(threshold), expected[trees, child] - expected[trees, node], 0.0)
            slot = rows * self.n_features + column
            changes += np.bincount(slot.ravel(), weights=moved.ravel(), minlength=len(changes))
            node = child
        return changes.reshape(n, self.n_features)

    def _check(self) -> None:
        trees, inner = self.threshold.shape if self.threshold.ndim == 2 else (0, 0)
        consistent = (
            trees >= 1
            and (inner & (inner + 1)) == 0
            and inner >= 1
            and self.feature.shape == (trees, inner)
            and self.size.shape == (trees, 2 * inner + 1)
            and self.n_features >= 1
            and int(self.feature.min()) >= 0
            and int(self.feature.max()) < self.n_features
            and int(self.size.min()) >= 0
            and not np.isnan(self.threshold).any()
        )
        if not consistent:
            raise InvalidModelFile(
                f"The arrays of an isolation forest of {trees} trees do not fit together.",
                code="detection.invalid_model_file",
                hint="The model was changed or cut off; save it again.",
            )


def average_path_length(samples: IntArray) -> FloatArray:
    """Return the mean length of an unsuccessful search in a binary search tree of so many samples (equation 1 of the paper)."""
    m = np.asarray(samples, dtype=np.float64)
    above = np.maximum(m, 3.0)
    length = 2.0 * (np.log(above - 1.0) + np.euler_gamma) - 2.0 * (above - 1.0) / above
    return np.where(m > 2, length, np.where(m == 2, 1.0, 0.0))
