"""One opened file: read again and again from its beginning, unpacked, bounded, and watched for changes."""

from __future__ import annotations

import io
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

from anomaly_detection.data_platform.errors import UnreadableData
from anomaly_detection.data_platform.loading.packing import Unpacked, not_readable, packing_of
from anomaly_detection.shared.errors import TooLarge

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

DEFAULT_MAX_BYTES = 8 * 1024**3
HEAD_BYTES = 256 * 1024
_BLOCK = 1024**2


class View(io.RawIOBase):
    """A file that is read from a place of its own, whatever others read from the same handle.

    One handle stays open while a file is read: replacing or deleting the file meanwhile changes nothing.
    """

    def __init__(self, file: BinaryIO, start: int, lock: threading.Lock) -> None:
        super().__init__()
        self._file = file
        self._start = start
        self._lock = lock
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the place of the next byte."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        with self._lock:
            base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position}.get(whence)
            if base is None:
                base = self._file.seek(0, io.SEEK_END) - self._start
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer with the next bytes, or a part of it."""
        target = memoryview(buffer).cast("B")
        block = self.read(len(target))
        target[: len(block)] = block
        return len(block)

    def read(self, size: int | None = -1) -> bytes:
        """Return up to `size` of the next bytes; asking for more than there are takes no more memory."""
        with self._lock:
            left = self._file.seek(0, io.SEEK_END) - self._start - self._position
            self._file.seek(self._start + self._position)
            block = self._file.read(max(0, left if size is None or size < 0 else min(size, left)))
        self._position += len(block)
        return block


class FileSource:
    """An opened file and how to read it.

    Parameters
    ----------
    name : str
        What messages call it.
    file : binary file object
        Seekable; it is not closed here.
    encoding : str, default "utf-8"
        Of text.
    max_bytes : int
        Largest size, once it is unpacked.

    Attributes
    ----------
    packing : str or None
        How the file is packed.
    head : bytes
        The first unpacked bytes.
    """

    def __init__(
        self, name: str, file: BinaryIO, *, encoding: str = "utf-8", max_bytes: int = DEFAULT_MAX_BYTES
    ) -> None:
        self.name = name
        self.encoding = encoding
        self.max_bytes = max_bytes
        self._file = file
        self._lock = threading.Lock()
        self._start = file.tell()
        self._state = self._stat()
        self._streams: list[Unpacked] = []
        try:
            raw = self._view().read(HEAD_BYTES) or b""
        except OSError as error:
            raise not_readable(name, error) from error
        self.packing = packing_of(raw)
        self.head = raw if self.packing is None else self._unpacked_head()

    @property
    def unpacked_bytes(self) -> int:
        """The most that was read of the file in one go."""
        return max((stream.size for stream in self._streams), default=0)

    def plain_size(self) -> int | None:
        """Return the file's bytes; None where it is packed, and nobody knows how many there will be."""
        return self._view().seek(0, io.SEEK_END) if self.packing is None else None

    def open_bytes(self) -> Unpacked:
        """Open the unpacked bytes from the beginning."""
        stream = Unpacked(self.name, cast(BinaryIO, self._view()), self.packing, self.max_bytes)
        self._streams.append(stream)
        return stream

    @contextmanager
    def open_seekable(self) -> Iterator[BinaryIO]:
        """Open the unpacked bytes as a file with random access: a packed file is unpacked into a temporary one."""
        if self.packing is None:
            view = self._view()
            self._check_size(view.seek(0, io.SEEK_END))
            view.seek(0)
            yield cast(BinaryIO, view)
            return
        with tempfile.TemporaryFile() as target, self.open_bytes() as stream:
            while block := stream.next_bytes(_BLOCK):
                target.write(block)
            yield cast(BinaryIO, View(cast(BinaryIO, target), 0, threading.Lock()))

    def check_unchanged(self) -> str | None:
        """Return a warning where the file has grown since it was opened.

        Raises
        ------
        UnreadableData
            ``data.file_changed``: it was written over while it was read.
        """
        before, now = self._state, self._stat()
        if before == now or before is None or now is None:
            return None
        if now[0] > before[0]:
            return f"{self.name} grew while it was read: the rows at its end may be missing."
        raise self.changed()

    @property
    def is_changed(self) -> bool:
        """Whether the file is not the same any more as when it was opened."""
        return self._state != self._stat()

    def changed(self) -> UnreadableData:
        """Return the error that says that the file was written over."""
        return UnreadableData(
            f"{self.name} was changed while it was read.",
            code="data.file_changed",
            hint="Read it again once nobody writes to it, or read a copy.",
        )

    def _view(self) -> View:
        return View(self._file, self._start, self._lock)

    def _unpacked_head(self) -> bytes:
        blocks, size = [], 0
        with self.open_bytes() as stream:
            while size < HEAD_BYTES and (block := stream.next_bytes(HEAD_BYTES - size)):
                blocks.append(block)
                size += len(block)
        return b"".join(blocks)

    def _check_size(self, size: int) -> None:
        if size > self.max_bytes:
            raise TooLarge(
                f"{self.name} has more than {self.max_bytes:,} bytes.",
                code="data.too_large",
                hint="Give a smaller part of the data.",
                details={"limit_bytes": self.max_bytes},
            )

    def _stat(self) -> tuple[int, int] | None:
        try:
            found = os.fstat(self._file.fileno())
        except (OSError, AttributeError):
            return None
        return found.st_size, found.st_mtime_ns
