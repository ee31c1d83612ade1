"""A forest prepared for whole blocks of rows: thresholds as ranks, trees as straight programs without branches."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.algorithms.trees.forest import Forest
from anomaly_detection.detection.ports import FloatArray

_MAX_HEIGHT = 8
"""Leaf numbers are one byte."""
_MAX_CUTS = 65_535
"""Ranks are two bytes."""
_CODES = 255
"""Thresholds of one feature that one byte can rank."""
_MAX_TABLE = 1 << 24


@dataclass(frozen=True, slots=True)
class RankedForest:
    """The arguments of the compiled `sum_ranked`.

    Attributes
    ----------
    cuts, cut_start, steps
        Sorted distinct thresholds of each feature, padded with infinity to 2**k - 1 for a search without branches, and the
        first step of that search.
    table, table_start
        For each group of trees: rank of a value among all thresholds of a feature -> rank among the group's, less 128.
    groups
        First tree of each group.
    op_start, ops
        First operation of each tree; the operations in post-order: feature, largest code that goes left, slot of the result,
        and for the left and the right child its leaf number and mask (0 under a leaf, 255 where the child's slot counts).
    """

    cuts: FloatArray
    cut_start: NDArray[np.int64]
    steps: NDArray[np.int64]
    table: NDArray[np.int8]
    table_start: NDArray[np.int64]
    groups: NDArray[np.int64]
    op_start: NDArray[np.int64]
    ops: NDArray[np.int32]

    @classmethod
    def of(cls, forest: Forest) -> Self | None:
        """Return the prepared forest, None when it is too tall or has too many thresholds for this way."""
        splits = np.isfinite(forest.threshold)
        if forest.height > _MAX_HEIGHT:
            return None
        cuts, rank = _ranks(forest, splits)
        groups = _groups(forest, splits)
        lengths = np.array([len(values) for values in cuts])
        table_start = np.concatenate([[0], np.cumsum(lengths + 1)])
        if lengths.max() > _MAX_CUTS or (len(groups) - 1) * int(table_start[-1]) > _MAX_TABLE:
            return None
        padded = [np.append(values, np.full(_padded(len(values)) - len(values), np.inf)) for values in cuts]
        table, limit = _codes(forest, splits, rank, groups, table_start)
        op_start, ops = _operations(forest, splits, limit)
        return cls(
            cuts=np.concatenate(padded),
            cut_start=np.concatenate([[0], np.cumsum([len(values) for values in padded])]),
            steps=np.array([(len(values) + 1) // 2 for values in padded]),
            table=table,
            table_start=table_start,
            groups=groups,
            op_start=op_start,
            ops=ops,
        )

    def arguments(self) -> tuple[NDArray[Any], ...]:
        """Return the arrays in the order of the compiled function."""
        return (
            self.cuts,
            self.cut_start,
            self.steps,
            self.table,
            self.table_start,
            self.groups,
            self.op_start,
            self.ops,
        )


def _padded(count: int) -> int:
    return int(2 ** int(count).bit_length() - 1)


def _ranks(forest: Forest, splits: NDArray[np.bool_]) -> tuple[list[FloatArray], NDArray[np.int64]]:
    """Return each feature's sorted thresholds, and for each node how many of them a value that goes right has passed."""
    columns = forest.feature[splits]
    thresholds = forest.threshold[splits]
    order = np.lexsort((thresholds, columns))
    bounds = np.searchsorted(columns[order], np.arange(forest.n_features + 1))
    passed = np.zeros(len(columns), dtype=np.int64)
    cuts = []
    for begin, end in pairwise(bounds):
        mine = order[begin:end]
        values, place = np.unique(thresholds[mine], return_inverse=True)
        passed[mine] = place + 1
        cuts.append(values)
    rank = np.zeros(splits.shape, dtype=np.int64)
    rank[splits] = passed
    return cuts, rank


def _groups(forest: Forest, splits: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the bounds of runs of trees in which no feature has more thresholds than a byte can rank."""
    groups = [0]
    used = np.zeros(forest.n_features, dtype=np.int64)
    for tree, split in enumerate(splits):
        own = np.bincount(forest.feature[tree][split], minlength=forest.n_features)
        if (used + own).max() > _CODES:
            groups.append(tree)
            used[:] = 0
        used += own
    return np.array([*groups, len(splits)])


def _codes(
    forest: Forest,
    splits: NDArray[np.bool_],
    rank: NDArray[np.int64],
    groups: NDArray[np.int64],
    table_start: NDArray[np.int64],
) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    """Return the table of one-byte codes, and for each node the largest code that goes left."""
    group_of = np.repeat(np.arange(len(groups) - 1), np.diff(groups))
    tree = np.nonzero(splits)[0]
    place = table_start[forest.feature[splits]] + rank[splits]
    passed = np.zeros((len(groups) - 1, int(table_start[-1])), dtype=np.int64)
    passed[group_of[tree], place] = 1
    passed = passed.cumsum(axis=1)
    passed -= np.repeat(passed[:, table_start[:-1]], np.diff(table_start), axis=1)
    limit = np.zeros(splits.shape, dtype=np.int64)
    limit[splits] = passed[group_of[tree], place] - 1 - 128
    return (passed - 128).astype(np.int8), limit


def _operations(
    forest: Forest, splits: NDArray[np.bool_], limit: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    inner = splits.shape[1]
    post_order = np.array(_post_order(0, inner))
    tree, place = np.nonzero(splits[:, post_order])
    node = post_order[place]
    level = np.floor(np.log2(node + 1)).astype(np.int64)
    # Two slots a level, the left child's and the right child's: a subtree is done before its sibling is begun.
    slot = 2 * level + ((node % 2 == 0) & (node > 0))
    ends = []
    for child in (2 * node + 1, 2 * node + 2):
        is_split = (child < inner) & splits[tree, np.minimum(child, inner - 1)]
        leaf = ((child + 1) << (forest.height - level - 1)) - (inner + 1)
        ends += [np.where(is_split, 0, leaf), np.where(is_split, 255, 0)]
    ops = np.stack([forest.feature[tree, node], limit[tree, node], slot, *ends], axis=1)
    starts = np.concatenate([[0], np.cumsum(splits.sum(axis=1))])
    return starts, np.ascontiguousarray(ops.astype(np.int32))


def _post_order(node: int, inner: int) -> list[int]:
    if node >= inner:
        return []
    return [*_post_order(2 * node + 1, inner), *_post_order(2 * node + 2, inner), node]
