"""Results kept in memory for whoever looks at them next: bounded by bytes, and each loaded once however many ask."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from anomaly_detection.detection.results import DetectionResult

Key = tuple[str, ...]

LIMIT_BYTES = 256 * 1024**2

_OBJECT_BYTES = 64
"""About what one text or whole number of an object array takes beside its pointer."""


class ResultCache:
    """The results that were looked at last.

    Parameters
    ----------
    limit_bytes : int, default 256 MiB
        What they may take together. A result larger than this is made anew for each who asks.
    """

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit = limit_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, tuple[DetectionResult, int]] = OrderedDict()
        self._size = 0
        self._making: dict[Key, tuple[threading.Lock, int]] = {}

    @property
    def size_bytes(self) -> int:
        """About what the kept results take."""
        return self._size

    def get(self, key: Key, make: Callable[[], DetectionResult]) -> DetectionResult:
        """Return the result of this key; whoever asks while it is being made waits for it."""
        kept = self._find(key)
        if kept is not None:
            return kept
        with self._turn(key):
            kept = self._find(key)
            if kept is not None:
                return kept
            made = make()
            self._keep(key, made)
            return made

    def _find(self, key: Key) -> DetectionResult | None:
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def _keep(self, key: Key, result: DetectionResult) -> None:
        size = size_of(result)
        with self._lock:
            self._kept[key] = (result, size)
            self._size += size
            while self._size > self._limit:
                _, (_, freed) = self._kept.popitem(last=False)
                self._size -= freed

    @contextmanager
    def _turn(self, key: Key) -> Iterator[None]:
        with self._lock:
            lock, waiting = self._making.get(key, (threading.Lock(), 0))
            self._making[key] = (lock, waiting + 1)
        try:
            with lock:
                yield
        finally:
            with self._lock:
                lock, waiting = self._making.pop(key)
                if waiting > 1:
                    self._making[key] = (lock, waiting - 1)


def size_of(result: DetectionResult) -> int:
    """Return about how many bytes a result holds, with what it computes when somebody first looks at it."""
    rows = result.rows
    arrays = [*rows.values.values(), *rows.expected.values(), *rows.scale.values()]
    arrays += [array for array in (rows.time, rows.row_id, rows.entity) if array is not None]
    held = sum(array.nbytes + (array.size * _OBJECT_BYTES if array.dtype == np.object_ else 0) for array in arrays)
    # Scores, p-values, confidence: 8 bytes a row each; predictions 1; the ranking and its severities up to 16.
    return held + result.n_rows * 41
