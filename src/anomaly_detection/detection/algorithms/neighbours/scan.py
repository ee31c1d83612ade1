"""A compiled scan for the nearest rows: exact, constant in memory, the same for a row alone as among others."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

BLOCK = 256
"""Reference rows that are compared at once: their sums of squares stay in the processor's first cache."""


def in_blocks(reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return reference rows of shape (m, d) as blocks of columns, shape (b, d, BLOCK); infinitely far rows fill the last."""
    count, width = reference.shape
    padded = np.full((-(-count // BLOCK) * BLOCK, width), np.inf)
    padded[:count] = reference
    return np.ascontiguousarray(padded.reshape(-1, BLOCK, width).transpose(0, 2, 1))


@numba.njit(cache=True, nogil=True, fastmath=False, error_model="numpy")
def nearest_rows(rows, blocks, distances, found):  # type: ignore[no-untyped-def]
    """Write each row's nearest reference rows, nearest first, into `distances` and `found`, both (n, k).

    `blocks` comes from `in_blocks`; of rows equally near the first ones are taken.
    """
    count = distances.shape[1]
    totals = np.empty(BLOCK)
    for row in range(rows.shape[0]):
        kept = 0
        limit = np.inf
        for number in range(blocks.shape[0]):
            block = blocks[number]
            totals[:] = 0.0
            for feature in range(block.shape[0]):
                value = rows[row, feature]
                column = block[feature]
                for place in range(BLOCK):
                    difference = value - column[place]
                    totals[place] += difference * difference
            near = 0
            for place in range(BLOCK):
                near += totals[place] < limit
            if near == 0:
                continue
            for place in range(BLOCK):
                total = totals[place]
                if total < limit:
                    slot = kept if kept < count else count - 1
                    while slot > 0 and distances[row, slot - 1] > total:
                        distances[row, slot] = distances[row, slot - 1]
                        found[row, slot] = found[row, slot - 1]
                        slot -= 1
                    distances[row, slot] = total
                    found[row, slot] = number * BLOCK + place
                    if kept < count:
                        kept += 1
                    if kept == count:
                        limit = distances[row, count - 1]
        for slot in range(count):
            distances[row, slot] = np.sqrt(distances[row, slot])
