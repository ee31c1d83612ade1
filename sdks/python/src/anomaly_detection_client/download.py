"""Files that are received: whole under their name, or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self


class FileSink:
    """Takes the bytes of a file and puts it in its place at the end.

    Until then they lie beside it under another name, so that nobody sees half a file, and what was there stays if the
    download fails.

    Parameters
    ----------
    path : Path
        Where the file shall be. One that is there is replaced.
    told : callable, optional
        Is called with the bytes received, and with those to come where that is known.
    """

    def __init__(self, path: Path, told: Callable[[int, int | None], None] | None = None) -> None:
        self.path = path
        self._part = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.part")
        self._file: IO[bytes] | None = None
        self._told = told
        self._received = 0
        self._size: int | None = None

    def __enter__(self) -> Self:
        """Return the sink itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave nothing behind of a file that did not come whole."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._part.unlink(missing_ok=True)

    def begin(self, size: int | None) -> None:
        """Begin, also anew: what came before is forgotten.

        Raises
        ------
        OSError
            The folder is missing or may not be written to.
        """
        if self._file is None:
            self._file = self._part.open("xb")
        self._file.seek(0)
        self._file.truncate()
        self._received, self._size = 0, size

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        assert self._file is not None
        self._file.write(chunk)
        self._received += len(chunk)

    def tell(self) -> None:
        """Tell how much has come."""
        if self._told is not None:
            self._told(self._received, self._size)

    def finish(self) -> Path:
        """Put the file in its place; return where it is."""
        assert self._file is not None
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        self._part.replace(self.path)
        return self.path
