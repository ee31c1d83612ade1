"""Arrow IPC files (Feather) and streams, measured before they are unpacked."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from anomaly_detection.data_platform.errors import UnreadableData
from anomaly_detection.data_platform.loading.arrow_tables import Batches, arrow_errors
from anomaly_detection.data_platform.loading.source import FileSource
from anomaly_detection.shared.errors import TooLarge

if TYPE_CHECKING:
    import pyarrow as pa

_MAGIC = b"ARROW1"
_STREAM_STARTS_AT = 8
_CONTINUES = b"\xff\xff\xff\xff"
"""What a message of a stream begins with."""
_FOOTER_ENDS = 4 + len(_MAGIC)
_BLOCK_BYTES = 24
_CUT_OFF = ("Expected to be able to read", "Unexpected end of stream", "Tried reading", "Expected to read")


def read_arrow(source: FileSource) -> tuple[pa.Table, list[str]]:
    """Read an Arrow IPC file or stream, which is also Feather's second version.

    Returns
    -------
    tuple of (pyarrow.Table, list of str)
        Its columns, structs as columns with dotted names, and warnings.

    Raises
    ------
    UnreadableData
        ``data.truncated_file``, ``data.damaged_file``, ``data.no_rows``.
    TooLarge
        ``data.too_large``: it unpacks to more than `max_bytes`.

    Notes
    -----
    A file holds a stream between its magic words, and that stream is what is read: sizes are checked on the same bytes that
    are decoded. Where it holds none, as those that Polars writes, the messages are read that its footer points to. Each batch
    is validated in full, for a file may point outside of itself.
    """
    with source.open_seekable() as file, arrow_errors(source.name, what="Arrow"):
        start = _stream_start(source.name, file)
        import pyarrow as pa

        batches = Batches(source)
        try:
            file.seek(start)
            if start and file.read(len(_CONTINUES)) != _CONTINUES:
                _check_sizes(source, _pointed_to(file), batches)
                opened = pa.ipc.open_file(pa.PythonFile(file, mode="r"))
                found = (opened.get_batch(number) for number in range(opened.num_record_batches))
            else:
                file.seek(start)
                _check_sizes(source, _streamed(file), batches)
                file.seek(start)
                found = pa.ipc.open_stream(pa.PythonFile(file, mode="r"))
            for batch in found:
                batch.validate(full=True)
                batches.add(batch)
        except EOFError as error:
            raise _truncated(source.name) from error
        except (pa.ArrowInvalid, OSError) as error:
            if any(words in str(error) for words in _CUT_OFF):
                raise _truncated(source.name) from error
            raise
        return batches.table()


def _stream_start(name: str, file: BinaryIO) -> int:
    head = file.read(len(_MAGIC))
    if head.startswith(b"FEA1"):
        raise UnreadableData(
            f"{name} is a Feather file of the first version.",
            code="data.damaged_file",
            hint="Write it again as Feather 2 (Arrow IPC) or Parquet.",
        )
    if head != _MAGIC:
        return 0
    file.seek(max(0, file.seek(0, io.SEEK_END) - len(_MAGIC)))
    if file.tell() < _STREAM_STARTS_AT or file.read(len(_MAGIC)) != _MAGIC:
        raise _truncated(name)
    return _STREAM_STARTS_AT


def _truncated(name: str) -> UnreadableData:
    return UnreadableData(
        f"{name} ends too early: the Arrow file is truncated.",
        code="data.truncated_file",
        hint="Copy or download the file again.",
    )


def _check_sizes(source: FileSource, messages: Iterator[Any], batches: Batches) -> None:
    """Refuse messages whose batches say that they unpack to more than is allowed."""
    size, rows = 0, 0
    for message in messages:
        if message.type not in {"record batch", "dictionary"}:
            continue
        length, unpacked = _sizes(message)
        size += unpacked
        rows += length if message.type == "record batch" else 0
        batches.check_cells(rows, 1)
        if size > source.max_bytes:
            raise TooLarge(
                f"{source.name} has more than {source.max_bytes:,} bytes once it is unpacked.",
                code="data.too_large",
                hint="Give a smaller part of the data.",
                details={"limit_bytes": source.max_bytes},
            )


def _streamed(file: BinaryIO) -> Iterator[Any]:
    import pyarrow as pa

    messages = pa.ipc.MessageReader.open_stream(pa.PythonFile(file, mode="r"))
    while True:
        try:
            message = messages.read_next_message()
        except StopIteration:
            return
        yield message


def _pointed_to(file: BinaryIO) -> Iterator[Any]:
    """Yield the messages that the footer lists, dictionaries first (Arrow's format: File.fbs)."""
    import pyarrow as pa

    end = file.seek(0, io.SEEK_END) - _FOOTER_ENDS
    file.seek(end)
    length = struct.unpack("<i", file.read(4))[0]
    if not 0 < length <= end - _STREAM_STARTS_AT:
        raise pa.ArrowInvalid("the footer lies outside of the file")
    file.seek(end - length)
    footer = memoryview(file.read(length))
    root = struct.unpack_from("<I", footer, 0)[0]
    opened = pa.PythonFile(file, mode="r")
    for listed in (_field(footer, root, 2), _field(footer, root, 3)):
        blocks = _follow(footer, listed) if listed else 0
        for number in range(struct.unpack_from("<I", footer, blocks)[0] if blocks else 0):
            opened.seek(struct.unpack_from("<q", footer, blocks + 4 + _BLOCK_BYTES * number)[0])
            yield pa.ipc.read_message(opened)


def _sizes(message: Any) -> tuple[int, int]:
    """Return the rows of a batch, and its bytes once its buffers are unpacked (Arrow's format: Message.fbs)."""
    data = memoryview(message.metadata)
    batch = _field(data, struct.unpack_from("<I", data, 0)[0], 2)
    if message.type == "dictionary":
        batch = _field(data, _follow(data, batch), 1)
    table = _follow(data, batch)
    at = _field(data, table, 0)
    rows = struct.unpack_from("<q", data, at)[0] if at else 0
    body = message.body
    if not _field(data, table, 3):
        return rows, len(body or b"")
    vector = _follow(data, _field(data, table, 2))
    count = struct.unpack_from("<I", data, vector)[0]
    view, size = memoryview(body), 0
    for number in range(count):
        offset, length = struct.unpack_from("<qq", data, vector + 4 + 16 * number)
        if length >= 8:
            unpacked = struct.unpack_from("<q", view, offset)[0]
            size += length if unpacked < 0 else unpacked
    return rows, size


def _field(data: memoryview, table: int, number: int) -> int:
    """Return where a field of a flatbuffer's table lies, or 0."""
    vtable = table - struct.unpack_from("<i", data, table)[0]
    if 4 + 2 * number >= struct.unpack_from("<H", data, vtable)[0]:
        return 0
    offset: int = struct.unpack_from("<H", data, vtable + 4 + 2 * number)[0]
    return table + offset if offset else 0


def _follow(data: memoryview, at: int) -> int:
    return at + int(struct.unpack_from("<I", data, at)[0])
