"""The folder of everything kept, and the lock that lets one server use it at a time."""

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from anomaly_detection.infrastructure.persistence.files import disk_errors
from anomaly_detection.shared.errors import Conflict, Unavailable


class DataFolder:
    """Where things lie below the setting ``data_dir``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.keys = root / "keys"
        self.datasets = root / "datasets"
        self.results = root / "results"
        self.models = root / "models"

    def create(self) -> None:
        """Make the folder, for its owner alone.

        Raises
        ------
        Unavailable
            ``platform.data_dir_not_writable``.
        """
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (self.keys, self.datasets, self.results, self.models):
                folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise Unavailable(
                f"The data folder {self.root} cannot be made: {error.strerror}.",
                code="platform.data_dir_not_writable",
                hint="Name another one by --data-dir or ANOMALY_DETECTION_DATA_DIR.",
            ) from error

    def check(self) -> None:
        """Write a few bytes and remove them again.

        Raises
        ------
        Unavailable
            ``platform.disk_full`` or ``platform.disk_not_writable``.
        """
        with disk_errors(self.root):
            descriptor, name = tempfile.mkstemp(prefix=".check-", dir=self.root)
            try:
                os.write(descriptor, bytes(4096))
            finally:
                os.close(descriptor)
                Path(name).unlink()


class FolderLock:
    """Held by the one server of a data folder; the system lets it go when the process dies. Workers and tools do without."""

    def __init__(self, root: Path) -> None:
        self._path = root / "server.lock"
        self._descriptor = -1

    def __enter__(self) -> Self:
        """Take the lock.

        Raises
        ------
        Conflict
            ``platform.data_dir_in_use``: another server holds it.
        """
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(self._descriptor, 32).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise Conflict(
                f"Another server{f' (process {holder})' if holder else ''} uses the data folder {self._path.parent}.",
                code="platform.data_dir_in_use",
                hint="Stop it, or name another folder by --data-dir.",
            ) from error
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, str(os.getpid()).encode())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the lock go."""
        os.close(self._descriptor)
