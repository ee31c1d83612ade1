"""Things kept in memory for whoever asks next: bounded by bytes, and each made once however many ask."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

Key = tuple[str, ...]
V = TypeVar("V")


class BoundedCache(Generic[V]):
    """What was asked for last.

    Parameters
    ----------
    limit_bytes : int
        What they may take together. One that is larger than this is made anew for each who asks.
    size_of : callable
        Returns about how many bytes one takes.
    """

    def __init__(self, limit_bytes: int, size_of: Callable[[V], int]) -> None:
        self._limit = limit_bytes
        self._size_of = size_of
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, tuple[V, int]] = OrderedDict()
        self._size = 0
        self._making: dict[Key, tuple[threading.Lock, int]] = {}

    @property
    def size_bytes(self) -> int:
        """About what the kept ones take."""
        return self._size

    def get(self, key: Key, make: Callable[[], V]) -> V:
        """Return the one of this key; whoever asks while it is being made waits for it."""
        kept = self.find(key)
        if kept is not None:
            return kept
        with self._turn(key):
            kept = self.find(key)
            if kept is not None:
                return kept
            made = make()
            self._keep(key, made)
            return made

    def find(self, key: Key) -> V | None:
        """Return the one of this key if it is kept; never waits for one that is being made."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def drop(self, key: Key) -> None:
        """Forget the one of this key."""
        with self._lock:
            _, freed = self._kept.pop(key, (None, 0))
            self._size -= freed

    def _keep(self, key: Key, value: V) -> None:
        size = self._size_of(value)
        with self._lock:
            self._kept[key] = (value, size)
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
