"""A file as a checked stream of UTF-8 bytes: bounded, unpacked, and refused where it is no text."""

from __future__ import annotations

import codecs
import gzip
import io
import stat
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from anomaly_detection.data_platform.errors import UnreadableData
from anomaly_detection.data_platform.loading.bundled import BUNDLED
from anomaly_detection.shared.errors import NotFound, TooLarge, nearest

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

DEFAULT_MAX_BYTES = 8 * 1024**3
_GZIP = b"\x1f\x8b"
_BOMB_BYTES = 64 * 1024**2
_BOMB_RATIO = 500
"""Text that packs better than so many to one, beyond `_BOMB_BYTES`, is made to fill memory. Logs reach about fifty."""
_BLOCK = 1024**2
_SIGNATURES = {
    b"PK\x03\x04": ("a zip archive or an Excel workbook", "Unpack it, or save the sheet as CSV."),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "Save the sheet as CSV."),
    b"PAR1": ("a Parquet file", "Write it as CSV first, or give the table to a detector in Python."),
    b"ARROW1": ("an Arrow file", "Write it as CSV first, or give the table to a detector in Python."),
    b"\x89PNG": ("a PNG image", "Give a text file of rows and columns."),
    b"\xff\xd8\xff": ("a JPEG image", "Give a text file of rows and columns."),
    b"%PDF": ("a PDF document", "Give a text file of rows and columns."),
    b"SQLite format 3": ("an SQLite database", "Export the table as CSV."),
    b"BZh": ("packed by bzip2", "Unpack it first: bunzip2 FILE"),
    b"\xfd7zXZ": ("packed by xz", "Unpack it first: unxz FILE"),
    b"\x28\xb5\x2f\xfd": ("packed by zstd", "Unpack it first: unzstd FILE"),
}
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def find_file(source: str | Path) -> Path:
    """Return the path if there is a regular file.

    Raises
    ------
    NotFound
        ``data.file_not_found``, with the nearest file or bundled name.
    UnreadableData
        ``data.not_a_file``.
    """
    path = Path(source).expanduser()
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise _not_found(source, path) from None
    except (OSError, ValueError) as error:
        raise _not_readable(path, error) from error
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "no regular file"
        raise UnreadableData(
            f"{path} is {what}.", code="data.not_a_file", hint="Give the path of one CSV file, saved on disk."
        )
    return path


def _not_found(source: str | Path, path: Path) -> NotFound:
    try:
        near = [item.name for item in path.parent.iterdir() if item.is_file()] if path.parent.is_dir() else []
    except OSError:
        near = []
    file = nearest(path.name, near) or next((name for name in near if name.lower() == path.name.lower()), None)
    bundled = nearest(str(source), BUNDLED)
    if bundled is not None and not path.suffix:
        hint = f"Did you mean the bundled data set {bundled!r}?"
    elif file is not None:
        hint = f"Did you mean {str(path.parent / file)!r}?"
    else:
        hint = f"Give the path of a CSV file, or a bundled data set: {', '.join(BUNDLED)}."
    return NotFound(
        f"There is no file {str(source)!r}.", code="data.file_not_found", hint=hint, details={"source": str(source)}
    )


def _not_readable(path: Path, error: OSError | ValueError) -> UnreadableData:
    reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    return UnreadableData(
        f"{path} cannot be read: {reason}.", code="data.file_not_readable", hint="Check the file and its permissions."
    )


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file that can be opened again and again, and how to read it."""

    path: Path
    encoding: str = "utf-8"
    max_bytes: int = DEFAULT_MAX_BYTES

    def open(self) -> CheckedStream:
        """Open the file from its beginning.

        Raises
        ------
        UnreadableData
            It cannot be opened, or is not text at its first sight.
        """
        return CheckedStream(self)


class CheckedStream(io.RawIOBase):
    """The bytes of a file in UTF-8 without a byte order mark; reading raises as soon as something is wrong.

    Attributes
    ----------
    quotes : int
        Quotation marks seen so far.
    ends_in_newline : bool
        Whether what was read so far ends a line.
    """

    def __init__(self, source: FileSource) -> None:
        super().__init__()
        self._source = source
        self._decoder = _decoder(source.encoding)
        self._plain = codecs.lookup(source.encoding).name in {"utf-8", "ascii"}
        try:
            self._raw: IO[bytes] = source.path.open("rb")
        except OSError as error:
            raise _not_readable(source.path, error) from error
        start = self._raw.read(2)
        self._raw.seek(0)
        self._packed = start == _GZIP
        self._file: IO[bytes] | gzip.GzipFile = gzip.GzipFile(fileobj=self._raw) if self._packed else self._raw
        self._consumed = 0
        self._pending = memoryview(b"")
        self._finished = False
        self.quotes = 0
        self.ends_in_newline = False

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the whole buffer with the next bytes; less only at the end of the file."""
        target = memoryview(buffer).cast("B")
        filled = 0
        while filled < len(target):
            if not len(self._pending):
                if self._finished:
                    break
                self._pending = memoryview(self._next())
                continue
            count = min(len(target) - filled, len(self._pending))
            target[filled : filled + count] = self._pending[:count]
            self._pending = self._pending[count:]
            filled += count
        return filled

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            self._file.close()
            self._raw.close()
        super().close()

    def _next(self) -> bytes:
        raw = self._read()
        first = self._consumed == 0
        self._finished = not raw
        if first:
            raw = self._begin(raw)
        try:
            text = self._decoder.decode(raw, final=self._finished)
        except UnicodeDecodeError as error:
            # The decoder keeps the bytes of an unfinished character back and puts them in front of the next block.
            raise self._wrong_encoding(self._consumed - (len(error.object) - len(raw)) + error.start) from error
        self._consumed += len(raw)
        block = raw if self._plain else text.encode("utf-8")
        if first and not self._plain:
            block = block.removeprefix(codecs.BOM_UTF8)
        if b"\0" in block:
            raise UnreadableData(
                f"{self._source.path.name} is no text: it holds zero bytes.",
                code="data.not_text",
                hint="Give a text file of rows and columns. Text in UTF-16 is read with encoding='utf-16'.",
            )
        if block:
            self.quotes += block.count(b'"')
            self.ends_in_newline = block.endswith((b"\n", b"\r"))
        return block

    def _read(self) -> bytes:
        name = self._source.path.name
        try:
            raw = self._file.read(_BLOCK)
        except EOFError as error:
            raise UnreadableData(
                f"{name} ends too early: the packed file is truncated.",
                code="data.truncated_file",
                hint="Copy or download the file again.",
            ) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise UnreadableData(
                f"{name} is damaged: it cannot be unpacked ({error}).",
                code="data.damaged_file",
                hint="Copy or download the file again.",
            ) from error
        except OSError as error:
            raise _not_readable(self._source.path, error) from error
        size, limit = self._consumed + len(raw), self._source.max_bytes
        bomb = self._packed and size > _BOMB_BYTES and size > _BOMB_RATIO * self._raw.tell()
        if size > limit or bomb:
            unpacked = " once it is unpacked" if self._packed else ""
            reason = (
                "packs so well that it was made to fill memory" if bomb else f"has more than {limit:,} bytes{unpacked}"
            )
            raise TooLarge(
                f"{name} {reason}.",
                code="data.too_large",
                hint="Give a smaller part of the data, or unpack it yourself."
                if bomb
                else "Give a smaller part of it.",
                details={"limit_bytes": limit},
            )
        return raw

    def _begin(self, raw: bytes) -> bytes:
        """Look at the first bytes: what the file is, and whether a byte order mark stands there."""
        name = self._source.path.name
        if not raw.strip() and len(raw) < _BLOCK:
            what = "has no content" if raw else "is empty"
            raise UnreadableData(f"{name} {what}.", code="data.empty_file", hint="Give a file with a header and rows.")
        for signature, (what, hint) in _SIGNATURES.items():
            if raw.startswith(signature):
                raise UnreadableData(f"{name} is no text but {what}.", code="data.not_text", hint=hint)
        if self._plain and raw.startswith(_UTF16):
            raise UnreadableData(
                f"{name} is written in UTF-16, not in {self._source.encoding}, as its first two bytes say.",
                code="data.wrong_encoding",
                hint=f"Convert it: iconv -f UTF-16 -t UTF-8 {name}; or read it with encoding='utf-16'.",
                details={"position": 0},
            )
        if self._plain and raw.startswith(codecs.BOM_UTF8):
            self._consumed = len(codecs.BOM_UTF8)
            return raw[len(codecs.BOM_UTF8) :]
        return raw

    def _wrong_encoding(self, position: int) -> UnreadableData:
        name, encoding = self._source.path.name, self._source.encoding
        hint = (
            f"Convert it: iconv -f WINDOWS-1252 -t UTF-8 {name}; or read it with encoding='windows-1252' "
            "(or whatever it is written in)."
        )
        return UnreadableData(
            f"{name} is not written in {encoding}: the byte at position {position:,} fits no character.",
            code="data.wrong_encoding",
            hint=hint,
            details={"position": position, "encoding": encoding},
        )


def _decoder(encoding: str) -> codecs.IncrementalDecoder:
    try:
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        # Python also calls base64 and the like encodings; they give no text, and fail here.
        "".join([decoder.decode(b"")])
        return codecs.getincrementaldecoder(encoding)("strict")
    except (LookupError, TypeError, ValueError) as error:
        raise UnreadableData(
            f"There is no encoding {encoding!r}.",
            code="data.unknown_encoding",
            hint="Name one such as utf-8, windows-1252, latin-1 or utf-16.",
        ) from error
