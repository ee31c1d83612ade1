"""The files of uploaded data sets: streamed to disk, bounded, and there completely or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from anomaly_detection.infrastructure.persistence.files import disk_errors, folder, sync_folder
from anomaly_detection.shared.errors import NotFound, TooLarge
from anomaly_detection.shared.scope import Scope

NOT_FOUND = "data.dataset_not_found"
SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".arrow", ".feather", ".gz"})
"""Endings that are kept, because readers choose by them. Nothing else of a user's file name reaches the disk."""

_UNFINISHED = ".unfinished"
"""Marks the folder of a file whose record is not kept yet, or is about to go."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that has arrived completely."""

    path: Path
    size_bytes: int
    sha256: str


class Upload:
    """A file that is arriving. As a context manager it removes what was not finished.

    Made by `DatasetFiles.begin`; call `write` for each chunk and `finish` once.
    """

    def __init__(self, target: Path, incoming: Path, name: str, limit_bytes: int) -> None:
        self._target = target
        self._incoming = incoming
        self._name = name
        self._limit = limit_bytes
        self._size = 0
        self._hash = hashlib.sha256()
        with disk_errors(target.parent):
            incoming.mkdir(parents=True)
            (incoming / _UNFINISHED).touch()
            self._file: BinaryIO = (incoming / name).open("xb")

    def write(self, chunk: bytes) -> None:
        """Append a chunk.

        Raises
        ------
        TooLarge
            ``data.too_large``: more than the limit has come.
        Unavailable
            ``platform.disk_full``.
        """
        self._size += len(chunk)
        if self._size > self._limit:
            raise TooLarge(
                f"The file is larger than the limit of {self._limit:,} bytes.",
                code="data.too_large",
                hint="Upload a smaller part, or ask the administrator to raise max_upload_bytes.",
                details={"limit_bytes": self._limit},
            )
        self._hash.update(chunk)
        with disk_errors(self._target.parent):
            self._file.write(chunk)

    @property
    def sha256(self) -> str:
        """The fingerprint of what has come so far."""
        return self._hash.hexdigest()

    def finish(self) -> StoredFile:
        """Make the file durable and visible under its data set's id."""
        with disk_errors(self._target.parent):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._incoming.rename(self._target)
            sync_folder(self._target.parent)
        return StoredFile(self._target / self._name, self._size, self._hash.hexdigest())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A full disk is reported by the write that met it; closing flushes the same bytes once more.
        with contextlib.suppress(OSError):
            self._file.close()
        shutil.rmtree(self._incoming, ignore_errors=True)


class DatasetFiles:
    """Keeps each data set in a folder of its own, ``<root>/<tenant>/<dataset>/``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def begin(self, scope: Scope, dataset_id: str, *, filename: str, limit_bytes: int) -> Upload:
        """Begin to receive a file; `filename` gives nothing but its ending."""
        target = folder(self._root, scope.tenant_id, dataset_id, code=NOT_FOUND)
        suffixes = [part for part in Path(filename.lower()).suffixes[-2:] if part in SUFFIXES]
        return Upload(target, target.with_name(f".incoming-{dataset_id}"), "data" + "".join(suffixes), limit_bytes)

    def receive(
        self, scope: Scope, dataset_id: str, chunks: Iterable[bytes], *, filename: str, limit_bytes: int
    ) -> StoredFile:
        """Receive a whole file from an iterator; nothing of it stays where that fails."""
        with self.begin(scope, dataset_id, filename=filename, limit_bytes=limit_bytes) as upload:
            for chunk in chunks:
                upload.write(chunk)
            return upload.finish()

    def path(self, scope: Scope, dataset_id: str) -> Path:
        """Return the file of one data set.

        Raises
        ------
        NotFound
            ``data.dataset_not_found``: the tenant has no such file.
        """
        place = folder(self._root, scope.tenant_id, dataset_id, code=NOT_FOUND)
        found = sorted(place.glob("data*"))
        if not found:
            raise NotFound(f"There is no file of the data set {dataset_id!r}.", code=NOT_FOUND)
        return found[0]

    def settle(self, scope: Scope, dataset_id: str) -> None:
        """Say that a data set's record is kept: from now on its folder is never taken for one that a crash left."""
        (self._place(scope, dataset_id) / _UNFINISHED).unlink(missing_ok=True)

    def unsettle(self, scope: Scope, dataset_id: str) -> None:
        """Say that a data set's record is about to go: if the process dies between record and file, `sweep` finds the file."""
        place = self._place(scope, dataset_id)
        with disk_errors(place):
            if place.is_dir():
                (place / _UNFINISHED).touch()

    def remove(self, scope: Scope, dataset_id: str) -> None:
        """Remove a data set's file, for instance one that turned out to be unreadable."""
        shutil.rmtree(self._place(scope, dataset_id), ignore_errors=True)

    def _place(self, scope: Scope, dataset_id: str) -> Path:
        return folder(self._root, scope.tenant_id, dataset_id, code=NOT_FOUND)

    def sweep(self, is_kept: Callable[[Scope, str], bool], *, older_than_seconds: float = 86_400.0) -> int:
        """Remove what uploads left behind whose process died; return how many.

        Only what is marked as unfinished is ever removed, and of that only what has no record. A folder that merely has no
        record is left alone: the database may be another one, or an older copy.

        Parameters
        ----------
        is_kept : callable
            Tells whether a tenant has a record of a data set.
        older_than_seconds : float, default one day
            Younger ones may still be arriving, where another process uses the folder.
        """
        limit = time.time() - older_than_seconds
        stale = [place for place in self._root.glob("*/.incoming-*") if place.stat().st_mtime < limit]
        for mark in self._root.glob(f"*/*/{_UNFINISHED}"):
            place = mark.parent
            if place in stale or place.name.startswith(".") or place.stat().st_mtime >= limit:
                continue
            scope = Scope(place.parent.name, "")
            if is_kept(scope, place.name):
                self.settle(scope, place.name)
            else:
                stale.append(place)
        for place in stale:
            shutil.rmtree(place, ignore_errors=True)
        return len(stale)
