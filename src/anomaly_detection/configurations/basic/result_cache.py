"""Results kept in memory for whoever looks at them next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from anomaly_detection.configurations.basic.bounded_cache import BoundedCache

if TYPE_CHECKING:
    from anomaly_detection.detection.results import DetectionResult

LIMIT_BYTES = 256 * 1024**2

_OBJECT_BYTES = 64
"""About what one text or whole number of an object array takes beside its pointer."""


class ResultCache(BoundedCache["DetectionResult"]):
    """The results that were looked at last.

    Parameters
    ----------
    limit_bytes : int, default 256 MiB
        What they may take together. A result larger than this is made anew for each who asks.
    """

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        super().__init__(limit_bytes, size_of)


def size_of(result: DetectionResult) -> int:
    """Return about how many bytes a result holds, with what it computes when somebody first looks at it."""
    rows = result.rows
    arrays = [*rows.values.values(), *rows.expected.values(), *rows.scale.values()]
    arrays += [array for array in (rows.time, rows.row_id, rows.entity) if array is not None]
    held = sum(array.nbytes + (array.size * _OBJECT_BYTES if array.dtype == np.object_ else 0) for array in arrays)
    # Scores, p-values, confidence: 8 bytes a row each; predictions 1; the ranking and its severities up to 16.
    return held + result.n_rows * 41
