"""Text as a checked stream of UTF-8: decoded as it comes, and refused where it is no text."""

from __future__ import annotations

import codecs
import io
from typing import TYPE_CHECKING

from anomaly_detection.data_platform.errors import UnreadableData
from anomaly_detection.data_platform.loading.source import FileSource

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BLOCK = 1024**2
UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROL = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b")) + b"\x7f"
_CONTROL_SHARE = 0.02
"""Text in another encoding has no control characters; of random bytes they are one in nine."""


class TextStream(io.RawIOBase):
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
        self._decoder = text_decoder(source.encoding)
        self._plain = codecs.lookup(source.encoding).name in {"utf-8", "ascii"}
        self._content = source.open_bytes()
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
            self._content.close()
        super().close()

    def _next(self) -> bytes:
        raw = self._content.next_bytes(_BLOCK)
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
                f"{self._source.name} is no text: it holds zero bytes.",
                code="data.not_text",
                hint="Give a text file of rows and columns. Text in UTF-16 is read with encoding='utf-16'.",
            )
        if block:
            self.quotes += block.count(b'"')
            self.ends_in_newline = block.endswith((b"\n", b"\r"))
        return block

    def _begin(self, raw: bytes) -> bytes:
        """Look at the first bytes: whether there are any, and whether a byte order mark stands there."""
        name = self._source.name
        if not raw.strip() and len(raw) < _BLOCK:
            what = "has no content" if raw else "is empty"
            raise UnreadableData(f"{name} {what}.", code="data.empty_file", hint="Give a file with a header and rows.")
        if self._plain and raw.startswith(UTF16_MARKS):
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
        name, encoding = self._source.name, self._source.encoding
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


def is_binary(head: bytes) -> bool:
    """Tell whether bytes that are not UTF-8 are no text in another encoding either.

    Examples
    --------
    >>> is_binary("größe;länge".encode("windows-1252")), is_binary(bytes(range(256)))
    (False, True)
    """
    return len(head) - len(head.translate(None, _CONTROL)) > _CONTROL_SHARE * len(head)


def text_decoder(encoding: str) -> codecs.IncrementalDecoder:
    """Return a decoder that refuses what is not in the encoding.

    Raises
    ------
    UnreadableData
        ``data.unknown_encoding``.
    """
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
