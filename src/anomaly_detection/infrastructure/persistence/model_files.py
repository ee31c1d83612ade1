"""The model files: each attempt of a training, and each import, under a name of its own, whole or not at all.

A file that neither a job's outcome nor an import's record names is never read.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self

from anomaly_detection.infrastructure.persistence.files import disk_error, disk_errors, folder, sync_folder
from anomaly_detection.shared.errors import NotFound, TooLarge, Unavailable
from anomaly_detection.shared.identity import made_at, new_id
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import StoredModel

if TYPE_CHECKING:
    from anomaly_detection.detection.detector import Detector

NOT_FOUND = "models.file_not_found"
SUFFIX = ".adm"

_UNFINISHED = ".unfinished"
"""Marks the folder of an import that has no record yet, and of a version whose record is about to go."""
_BLOCK_BYTES = 1 << 20


class ModelFiles:
    """Keeps each version in a folder of its own, ``<root>/<tenant>/<version>/``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def save(self, scope: Scope, version_id: str, detector: Detector) -> StoredModel:
        """Write a fitted detector under a new name, all or nothing, and return where.

        Raises
        ------
        Unavailable
            ``platform.disk_full`` or ``platform.disk_not_writable``; nothing half-written stays.
        """
        place = self._place(scope, version_id)
        with disk_errors(place):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            path = detector.save(place / f"{new_id()}{SUFFIX}")
        except Unavailable as error:
            # The library names the place, which is the log's to know and not that of whoever ordered the training.
            reason = error.__cause__ and error.__cause__.__cause__
            raise (disk_error(reason, place) if isinstance(reason, OSError) else error) from error
        with disk_errors(place):
            # The file's own folder is durable; the one that names the version may be new.
            sync_folder(place.parent)
            return StoredModel(path.name, _digest(path), path.stat().st_size)

    def receive(self, scope: Scope, version_id: str, *, limit_bytes: int) -> ModelUpload:
        """Begin to receive a file that was trained elsewhere."""
        return ModelUpload(self._place(scope, version_id), limit_bytes)

    def path(self, scope: Scope, version_id: str, stored: StoredModel) -> Path:
        """Return where a model file lies.

        Raises
        ------
        NotFound
            ``models.file_not_found``: the tenant has no such file.
        """
        place = self._place(scope, version_id)
        path = folder(place, stored.file.removesuffix(SUFFIX), code=NOT_FOUND).with_suffix(SUFFIX)
        if not path.is_file():
            raise NotFound(f"There is no model file of the version {version_id!r}.", code=NOT_FOUND)
        return path

    def prune(self, scope: Scope, version_id: str, *, attempt_id: str) -> int:
        """Remove what earlier attempts left behind; return how many files that were.

        Parameters
        ----------
        attempt_id : str
            The present attempt's id, and with it the time when it began. A worker that was paused right after its claim, for so
            long that another one has done the job meanwhile, would else remove the other's model.
        """
        began = made_at(attempt_id)
        stale = [path for path in self._place(scope, version_id).glob("*") if path.stat().st_mtime < began]
        for path in stale:
            path.unlink(missing_ok=True)
        return len(stale)

    def remove(self, scope: Scope, version_id: str) -> None:
        """Remove everything of a version."""
        shutil.rmtree(self._place(scope, version_id), ignore_errors=True)

    def unsettle(self, scope: Scope, version_id: str) -> None:
        """Say that a version's record is about to go: if the process dies between record and file, `sweep` finds the file."""
        place = self._place(scope, version_id)
        with disk_errors(place):
            if place.is_dir():
                (place / _UNFINISHED).touch()

    def settle(self, scope: Scope, version_id: str) -> None:
        """Say that a version's record is kept: its folder is never taken for one that a crash left."""
        (self._place(scope, version_id) / _UNFINISHED).unlink(missing_ok=True)

    def sweep(self, is_kept: Callable[[Scope, str], bool], *, older_than_seconds: float = 86_400.0) -> int:
        """Remove what a crash left of imports without a record and of versions that were being removed; return how many.

        Only what is marked as unfinished is ever removed, and of that only what has no record: the database may be another
        one, or an older copy.

        Parameters
        ----------
        is_kept : callable
            Tells whether a tenant has a record of a version.
        older_than_seconds : float, default one day
            Younger ones may still be arriving.
        """
        limit = time.time() - older_than_seconds
        removed = 0
        for mark in self._root.glob(f"*/*/{_UNFINISHED}"):
            scope, version_id = Scope(mark.parents[1].name, ""), mark.parent.name
            with contextlib.suppress(FileNotFoundError):
                if mark.stat().st_mtime >= limit:
                    continue
            if is_kept(scope, version_id):
                self.settle(scope, version_id)
            else:
                shutil.rmtree(mark.parent, ignore_errors=True)
                removed += 1
        return removed

    def _place(self, scope: Scope, version_id: str) -> Path:
        return folder(self._root, scope.tenant_id, version_id, code=NOT_FOUND)


class ModelUpload:
    """A model file that is arriving. As a context manager it removes what did not become a version.

    Made by `ModelFiles.receive`; call `write` for each block, `finish` once, and `keep` when its record is there.
    """

    def __init__(self, place: Path, limit_bytes: int) -> None:
        self._place = place
        self._limit = limit_bytes
        self._size = 0
        self._hash = hashlib.sha256()
        self._kept = False
        self._path = place / f"{new_id()}{SUFFIX}"
        with disk_errors(place):
            place.mkdir(mode=0o700, parents=True)
            (place / _UNFINISHED).touch()
            self._file: BinaryIO = self._path.open("xb")

    def write(self, block: bytes) -> None:
        """Append some bytes.

        Raises
        ------
        TooLarge
            ``models.too_large``: more than the limit has come.
        Unavailable
            ``platform.disk_full``.
        """
        self._size += len(block)
        if self._size > self._limit:
            raise too_large(self._limit)
        self._hash.update(block)
        with disk_errors(self._place):
            self._file.write(block)

    @property
    def sha256(self) -> str:
        """The fingerprint of what has come so far."""
        return self._hash.hexdigest()

    def finish(self) -> tuple[Path, StoredModel]:
        """Make the file durable; return where it lies and what is known of it."""
        with disk_errors(self._place):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            sync_folder(self._place)
            sync_folder(self._place.parent)
        return self._path, StoredModel(self._path.name, self._hash.hexdigest(), self._size)

    def keep(self) -> None:
        """Leave the file: its record is kept."""
        self._kept = True
        # Where this fails the next start does it, because the record is there.
        with contextlib.suppress(OSError):
            (self._place / _UNFINISHED).unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A full disk is reported by the write that met it; closing flushes the same bytes once more.
        with contextlib.suppress(OSError):
            self._file.close()
        if not self._kept:
            shutil.rmtree(self._place, ignore_errors=True)


def too_large(limit_bytes: int) -> TooLarge:
    """Return the error for a model file above the limit."""
    return TooLarge(
        f"The model file is larger than the limit of {limit_bytes:,} bytes.",
        code="models.too_large",
        hint="Train a smaller model, or ask the administrator to raise max_model_bytes.",
        details={"limit_bytes": limit_bytes},
    )


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
