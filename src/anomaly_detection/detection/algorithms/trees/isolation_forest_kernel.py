"""Compiled loops of the isolation forest: growing, and two ways of descending that give the same numbers.

All of them release the interpreter lock, so that threads can share the rows; none starts threads itself. Path lengths are
whole numbers (a fixed point), so sums do not depend on the order of the trees or on how rows are put into blocks.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numba import types

_ONE = np.uintp(1)
_STEP = np.uint64(0x9E3779B97F4A7C15)
_UNIT = 1.0 / 9007199254740992.0


def _given(kind: Any, dimensions: int) -> Any:
    """Return the type of an array that is only read: arrays that may be written to convert to it.

    Declared types keep one compiled function where read-only rows (from Arrow, from a file) would ask for a second.
    """
    return types.Array(kind, dimensions, "C", readonly=True, aligned=False)


_ROWS = types.Array(types.float64, 2, "A", readonly=True, aligned=False)
"""Also columns that stand side by side: nothing needs to be copied for them."""
_SUMS = types.int64[::1]


@numba.njit(cache=True, nogil=True, inline="always")
def _mixed(z):  # type: ignore[no-untyped-def]
    """Return the output function of SplitMix64 (Steele, Lea and Flood, 2014): one counter, no state to share."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@numba.njit(cache=True, nogil=True, inline="always")
def _below(random, bound):  # type: ignore[no-untyped-def]
    return np.int64(((random >> np.uint64(32)) * np.uint64(bound)) >> np.uint64(32))


@numba.njit(cache=True, nogil=True)
def _draw_rows(state, n, seen, rows):  # type: ignore[no-untyped-def]
    """Fill `rows` with distinct row numbers by Floyd's method; `seen` is a hash set with linear probing."""
    mask = len(seen) - 1
    seen[:] = -1
    for i in range(len(rows)):
        last = n - len(rows) + i
        state += _STEP
        drawn = _below(_mixed(state), last + 1)
        slot = np.int64(_mixed(np.uint64(drawn))) & mask
        while seen[slot] not in (-1, drawn):
            slot = (slot + 1) & mask
        if seen[slot] == drawn:
            drawn = last
            slot = np.int64(_mixed(np.uint64(drawn))) & mask
            while seen[slot] != -1:
                slot = (slot + 1) & mask
        seen[slot] = drawn
        rows[i] = drawn
    return state


@numba.njit(cache=True, nogil=True)
def _draw_column(state, X, order, columns):  # type: ignore[no-untyped-def]
    """Return a feature, uniform among those that vary in these rows, and its range; an empty range when none varies.

    Features are drawn without replacement until one varies, so constant ones cost a look and are never split on.
    """
    remaining = len(columns)
    column = 0
    low = 0.0
    high = 0.0
    while remaining > 0 and not low < high:
        state += _STEP
        pick = _below(_mixed(state), remaining)
        column = columns[pick]
        remaining -= 1
        columns[pick] = columns[remaining]
        columns[remaining] = column
        low = X[order[0], column]
        high = low
        for row in order:
            value = X[row, column]
            low = min(low, value)
            high = max(high, value)
    return state, column, low, high


@numba.njit(cache=True, nogil=True)
def _partition(X, order, column, cut):  # type: ignore[no-untyped-def]
    """Put the rows below the cut first and return their number."""
    left = 0
    right = len(order) - 1
    while left <= right:
        row = order[left]
        if X[row, column] < cut:
            left += 1
        else:
            order[left] = order[right]
            order[right] = row
            right -= 1
    return left


@numba.njit(cache=True, nogil=True)
def _select(out, values, limit, left, right, left_leaf, left_mask, right_leaf, right_mask):  # type: ignore[no-untyped-def]
    """Write into the node's slot the leaf that each row of the block reaches below it.

    A child that is a leaf is a number under a mask of zeros, so one loop without branches serves all kinds of nodes; with
    conditional loads instead the compiler would not vectorise it.
    """
    for i in range(np.uintp(out.shape[0])):
        below = (left[np.uintp(i)] & left_mask) | left_leaf
        above = (right[np.uintp(i)] & right_mask) | right_leaf
        goes_right = np.uint8(-np.int8(values[np.uintp(i)] > limit))
        out[np.uintp(i)] = (above & goes_right) | (below & ~goes_right)


@numba.njit(
    types.void(
        _ROWS, types.int64, types.int64[:, ::1], types.int32[:, ::1], types.float64[:, ::1], types.int32[:, ::1]
    ),
    cache=True,
    nogil=True,
)
def grow(X, seed, rows, feature, threshold, size):  # type: ignore[no-untyped-def]
    """Grow every tree on its own sample, in heap order.

    Writes the sampled rows (trees, samples), and per tree the split feature and threshold of the inner nodes and the number
    of samples in all nodes. Where a node is not split the threshold is infinite: every row then goes left, to one leaf.
    """
    columns = np.arange(X.shape[1])
    start = np.zeros(size.shape[1], np.int64)
    capacity = 1
    while capacity < 2 * rows.shape[1]:
        capacity *= 2
    seen = np.empty(capacity, np.int64)
    for tree in range(rows.shape[0]):
        state = _mixed(np.uint64(seed) + _STEP * np.uint64(tree + 1))
        state = _draw_rows(state, X.shape[0], seen, rows[tree])
        order = rows[tree].copy()
        feature[tree, :] = 0
        threshold[tree, :] = np.inf
        size[tree, :] = 0
        size[tree, 0] = len(order)
        start[0] = 0
        columns[:] = np.arange(len(columns))
        for node in range(feature.shape[1]):
            begin = start[node]
            end = begin + size[tree, node]
            if end - begin < 2:
                continue
            state, column, low, high = _draw_column(state, X, order[begin:end], columns)
            if not low < high:
                continue
            state += _STEP
            part = np.float64(_mixed(state) >> np.uint64(11)) * _UNIT
            # Not low + part * (high - low): the difference of two large values may overflow.
            cut = low * (1.0 - part) + high * part
            if not low < cut <= high:
                cut = high
            middle = begin + _partition(X, order[begin:end], column, cut)
            feature[tree, node] = column
            threshold[tree, node] = cut
            size[tree, 2 * node + 1] = middle - begin
            start[2 * node + 1] = begin
            size[tree, 2 * node + 2] = end - middle
            start[2 * node + 2] = middle


@numba.njit(
    types.void(_ROWS, types.float64[:, ::1], types.int64[:, ::1]),
    cache=True,
    nogil=True,
)
def find_extremes(X, values, rows):  # type: ignore[no-untyped-def]
    """Write each feature's lowest, highest, second lowest and second highest value, and the rows of the first two."""
    values[0, :] = np.inf
    values[1, :] = -np.inf
    values[2, :] = np.inf
    values[3, :] = -np.inf
    rows[:] = 0
    for row in range(X.shape[0]):
        for f in range(X.shape[1]):
            value = X[row, f]
            if value < values[0, f]:
                values[2, f] = values[0, f]
                values[0, f] = value
                rows[0, f] = row
            elif value < values[2, f]:
                values[2, f] = value
            if value > values[1, f]:
                values[3, f] = values[1, f]
                values[1, f] = value
                rows[1, f] = row
            elif value > values[3, f]:
                values[3, f] = value


@numba.njit(
    types.void(_ROWS, _given(types.float64, 1), _given(types.float64, 1), types.boolean[::1]), cache=True, nogil=True
)
def mark_beyond(X, low, high, outside):  # type: ignore[no-untyped-def]
    """Mark the rows with a value outside of its feature's range."""
    for row in range(X.shape[0]):
        found = False
        for f in range(X.shape[1]):
            found |= (X[row, f] < low[f]) | (X[row, f] > high[f])
        outside[row] = found


@numba.njit(
    types.void(_ROWS, _given(types.int32, 2), _ROWS, _given(types.int32, 2), types.int64, _SUMS), cache=True, nogil=True
)
def sum_direct(X, feature, threshold, leaf, height, sums):  # type: ignore[no-untyped-def]
    """Write each row's sum of path lengths by descending one tree after the other; best for few rows and tall trees."""
    inner = np.uintp(feature.shape[1])
    for row in range(X.shape[0]):
        total = np.int64(0)
        for tree in range(feature.shape[0]):
            node = np.uintp(0)
            for _ in range(height):
                goes_right = X[row, np.uintp(feature[tree, node])] >= threshold[tree, node]
                node = node + node + _ONE + np.uintp(goes_right)
            total += np.int64(leaf[tree, node - inner])
        sums[row] = total


@numba.njit(
    types.void(
        _ROWS,
        _given(types.float64, 1),
        _given(types.int64, 1),
        _given(types.int64, 1),
        _given(types.int8, 2),
        _given(types.int64, 1),
        _given(types.int64, 1),
        _given(types.int64, 1),
        _given(types.int32, 2),
        _given(types.int32, 2),
        types.int64,
        _SUMS,
    ),
    cache=True,
    nogil=True,
)
def sum_ranked(X, cuts, cut_start, steps, table, table_start, groups, op_start, ops, leaf, block, sums):  # type: ignore[no-untyped-def]
    """Write each row's sum of path lengths, deciding all nodes of a tree for a block of rows at once.

    Values become ranks among the forest's thresholds (exact: a rank decides as its value does), and ranks one byte within a
    group of trees. A node is then one comparison and one selection between the leaf numbers of its children, for 32 rows an
    instruction, without a load that depends on another. See `ranked.RankedForest` for the arguments.
    """
    d = X.shape[1]
    values = np.zeros(block)
    position = np.zeros(block, np.uint32)
    rank = np.zeros((d, block), np.uint16)
    code = np.zeros((d, block), np.int8)
    found = np.zeros((20, block), np.uint8)
    total = np.empty(block, np.int64)
    for first in range(0, X.shape[0], block):
        count = min(block, X.shape[0] - first)
        for f in range(d):
            cut = cuts[cut_start[f] : cut_start[f + 1]]
            for row in range(count):
                values[row] = X[first + row, f]
            position[:] = 0
            step = np.uintp(steps[f])
            while step > 0:
                for i in range(np.uintp(block)):
                    p = np.uintp(position[np.uintp(i)])
                    passed = cut[p + step - _ONE] <= values[np.uintp(i)]
                    position[np.uintp(i)] = np.uint32(p + step * np.uintp(passed))
                step >>= _ONE
            target = rank[f]
            for i in range(np.uintp(block)):
                target[np.uintp(i)] = np.uint16(position[np.uintp(i)])
        total[:] = 0
        for group in range(groups.shape[0] - 1):
            for f in range(d):
                entries = table[group, table_start[f] : table_start[f + 1]]
                source = rank[f]
                coded = code[f]
                for i in range(np.uintp(block)):
                    coded[np.uintp(i)] = entries[np.uintp(source[np.uintp(i)])]
            for tree in range(groups[group], groups[group + 1]):
                found[0, :] = 0
                for op in range(op_start[tree], op_start[tree + 1]):
                    slot = ops[op, 2]
                    children = (slot | 1) + 1
                    _select(
                        found[slot],
                        code[ops[op, 0]],
                        np.int8(ops[op, 1]),
                        found[children],
                        found[children + 1],
                        np.uint8(ops[op, 3]),
                        np.uint8(ops[op, 4]),
                        np.uint8(ops[op, 5]),
                        np.uint8(ops[op, 6]),
                    )
                lengths = leaf[tree]
                reached = found[0]
                for i in range(np.uintp(block)):
                    total[np.uintp(i)] += np.int64(lengths[np.uintp(reached[np.uintp(i)])])
        for row in range(count):
            sums[first + row] = total[row]
