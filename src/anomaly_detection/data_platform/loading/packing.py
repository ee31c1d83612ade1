"""Packed files unpacked as they are read: never all at once, never without a bound."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO

from anomaly_detection.data_platform.errors import UnreadableData
from anomaly_detection.shared.errors import TooLarge

BOMB_BYTES = 64 * 1024**2
BOMB_RATIO = 500
"""Data that pack better than so many to one, beyond `BOMB_BYTES`, are made to fill memory. Logs reach about fifty."""
_XZ_MEMORY = 256 * 1024**2
"""The strongest usual setting of xz needs 65 MiB; a file may ask for 4 GiB."""
_READ = 256 * 1024
_SMALLEST_ZIP = 30
_NOTES = ("__MACOSX/", ".DS_Store", "Thumbs.db")
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90")


def packing_of(head: bytes) -> str | None:
    """Return gzip, bzip2, xz, zstd or zip where the first bytes say that a file is packed that way.

    Examples
    --------
    >>> packing_of(gzip.compress(b"a,b")), packing_of(b"BZh,an,ordinary,header")
    ('gzip', None)
    """
    if head.startswith(b"\x1f\x8b\x08"):
        return "gzip"
    if head.startswith(b"BZh") and head[4:10] in _BZIP2_BLOCKS:
        return "bzip2"
    if head.startswith(b"\xfd7zXZ\0"):
        return "xz"
    if head.startswith(b"\x28\xb5\x2f\xfd") or (head[1:4] == b"\x2a\x4d\x18" and head[:1] and 0x50 <= head[0] <= 0x5F):
        return "zstd"
    return "zip" if head.startswith((b"PK\x03\x04", b"PK\x05\x06")) else None


class Unpacked(io.RawIOBase):
    """The content of a file, unpacked where it is packed; reading raises what is wrong with it, by name.

    Attributes
    ----------
    size : int
        Bytes read so far.
    """

    def __init__(self, name: str, file: BinaryIO, packing: str | None, max_bytes: int) -> None:
        super().__init__()
        self._name = name
        self._file = file
        self._packing = packing
        self._max_bytes = max_bytes
        self._content: Any = file if packing is None else self._guarded(lambda: _OPEN[packing](name, file))
        self.size = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with the next bytes, or a part of it."""
        target = memoryview(buffer).cast("B")
        block = self.next_bytes(len(target))
        target[: len(block)] = block
        return len(block)

    def next_bytes(self, count: int) -> bytes:
        """Return up to `count` of the next bytes, and none only at the end.

        Raises
        ------
        UnreadableData
            ``data.truncated_file``, ``data.damaged_file``, ``data.file_not_readable``.
        TooLarge
            ``data.too_large``.
        """
        block: bytes = self._guarded(lambda: self._content.read(count)) or b""
        self.size += len(block)
        bomb = self._packing is not None and self.size > BOMB_BYTES and self.size > BOMB_RATIO * self._file.tell()
        if bomb or self.size > self._max_bytes:
            raise self._too_large(bomb=bomb)
        return block

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            if self._packing is not None:
                self._content.close()
            self._file.close()
        super().close()

    def _guarded(self, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except EOFError as error:
            raise self._truncated() from error
        except (gzip.BadGzipFile, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError) as error:
            raise self._damaged(error) from error
        except OSError as error:
            if error.errno is not None:
                raise not_readable(self._name, error) from error
            # bz2 and Arrow's codecs raise OSError without a number for what is in the file.
            raise (self._truncated() if "Truncated" in str(error) else self._damaged(error)) from error

    def _truncated(self) -> UnreadableData:
        return UnreadableData(
            f"{self._name} ends too early: the packed file is truncated.",
            code="data.truncated_file",
            hint="Copy or download the file again.",
        )

    def _damaged(self, error: Exception) -> UnreadableData:
        return UnreadableData(
            f"{self._name} is damaged: it cannot be unpacked ({str(error)[:200]}).",
            code="data.damaged_file",
            hint="Copy or download the file again.",
        )

    def _too_large(self, *, bomb: bool) -> TooLarge:
        unpacked = "" if self._packing is None else " once it is unpacked"
        reason = (
            "packs so well that it was made to fill memory"
            if bomb
            else f"has more than {self._max_bytes:,} bytes{unpacked}"
        )
        return TooLarge(
            f"{self._name} {reason}.",
            code="data.too_large",
            hint="Give a smaller part of the data" + (", or unpack it yourself." if bomb else "."),
            details={"limit_bytes": self._max_bytes},
        )


def not_readable(name: object, error: OSError | ValueError) -> UnreadableData:
    """Return the error that says why the system does not give a file."""
    reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    return UnreadableData(
        f"{name} cannot be read: {reason}.", code="data.file_not_readable", hint="Check the file and its permissions."
    )


class _Streams:
    """One packed stream after the other, as bzip2 and xz write them; each read is bounded."""

    def __init__(self, file: BinaryIO, new: Callable[[], Any]) -> None:
        self._file = file
        self._new = new
        self._decompressor: Any = new()

    def read(self, count: int) -> bytes:
        while True:
            packed = b""
            if self._decompressor.eof:
                # Between streams stand nothing or, in xz, zero bytes.
                packed = self._decompressor.unused_data.lstrip(b"\0") or self._file.read(_READ).lstrip(b"\0")
                if not packed:
                    return b""
                self._decompressor = self._new()
            elif self._decompressor.needs_input:
                packed = self._file.read(_READ)
                if not packed:
                    raise EOFError
            block: bytes = self._decompressor.decompress(packed, count)
            if block:
                return block

    def close(self) -> None:
        """Hold nothing."""


def _open_zstd(_name: str, file: BinaryIO) -> Any:
    import pyarrow as pa

    return pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd")


def _open_zip(name: str, file: BinaryIO) -> Any:
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile as error:
        if file.seek(0, io.SEEK_END) < _SMALLEST_ZIP:
            raise UnreadableData(
                f"{name} is no text, and too short for a zip archive.",
                code="data.not_text",
                hint="Give a file of rows and columns.",
            ) from error
        raise EOFError from error
    members = [item for item in archive.infolist() if not item.is_dir() and not _is_note(item.filename)]
    if any(item.filename in {"[Content_Types].xml", "mimetype"} for item in members):
        raise UnreadableData(
            f"{name} is no text but an Excel workbook or another office document.",
            code="data.not_text",
            hint="Save the sheet as CSV.",
        )
    if len(members) != 1:
        raise _several(name, [item.filename for item in members])
    member = members[0]
    if member.flag_bits & 1:
        raise UnreadableData(
            f"{name} is a zip archive with a password.", code="data.encrypted_file", hint="Unpack it first."
        )
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2}:
        raise UnreadableData(
            f"{name} is a zip archive that is packed in an unusual way (method {member.compress_type}).",
            code="data.damaged_file",
            hint="Unpack it first.",
        )
    return archive.open(member)


def _is_note(filename: str) -> bool:
    return filename.startswith(_NOTES[0]) or filename.rpartition("/")[2] in _NOTES[1:]


def _several(name: str, files: list[str]) -> UnreadableData:
    if not files:
        return UnreadableData(f"{name} is a zip archive without a file.", code="data.empty_file", hint="Pack one file.")
    shown = ", ".join(repr(file) for file in files[:10]) + (" and others" if len(files) > 10 else "")
    return UnreadableData(
        f"{name} is a zip archive of {len(files):,} files: {shown}.",
        code="data.several_files",
        hint=f"Unpack it and name one, such as {files[0]!r}, or all of them by a pattern such as 'folder/*.csv'.",
        details={"files": files[:100]},
    )


_OPEN: dict[str, Callable[[str, BinaryIO], Any]] = {
    "gzip": lambda _, file: gzip.GzipFile(fileobj=file),
    "bzip2": lambda _, file: _Streams(file, bz2.BZ2Decompressor),
    "xz": lambda _, file: _Streams(file, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)),
    "zstd": _open_zstd,
    "zip": _open_zip,
}
