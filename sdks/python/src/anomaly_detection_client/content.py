"""What is uploaded: a file, bytes or tables, as chunks that are made while they are sent."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeAlias, runtime_checkable

from anomaly_detection_client.errors import ApiError, InvalidInput
from anomaly_detection_client.optional import pyarrow

CHUNK_BYTES = 1 << 18
_BATCH_ROWS = 1 << 16


@runtime_checkable
class Table(Protocol):
    """Columns of values that Arrow can take: a frame of pandas or polars, a table or batch of pyarrow, ..."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the table as an Arrow stream."""


Source: TypeAlias = str | Path | bytes | BinaryIO | Table | Iterable[bytes] | Iterable[Table]
"""A path, an open file, bytes, a table, or an iterable of pieces: of bytes, or of tables with the same columns."""
Told: TypeAlias = Callable[[int, int | None], None]
"""Is called with the bytes sent, and with those that there are where that is known."""


class Content:
    """Bytes that are made while they are sent.

    Parameters
    ----------
    name : str
        File name to announce.
    size : int or None
        Bytes in all, where known.
    begin : callable
        Returns the chunks, from the first on.
    again : bool
        Whether `begin` may be called a second time.
    told : callable, optional
        Told of the progress.
    """

    def __init__(
        self,
        name: str,
        size: int | None,
        begin: Callable[[], Iterator[bytes]],
        *,
        again: bool,
        told: Told | None = None,
    ) -> None:
        self.name = name
        self.size = size
        self._begin = begin
        self._again = again
        self._told = told
        self._touched = False

    @property
    def sendable(self) -> bool:
        """Whether the content can be sent from its beginning: always at first, and then if it can be read anew."""
        return self._again or not self._touched

    def chunks(self) -> Iterator[bytes]:
        """Yield the content from its beginning.

        Raises
        ------
        ApiError
            ``client.not_sent``: it is shorter or longer than it was at first, which was announced.
        """
        self._touched = True
        sent = 0
        for chunk in self._begin():
            sent += len(chunk)
            if self.size is not None and sent > self.size:
                break
            yield chunk
        if self.size is not None and sent != self.size:
            raise ApiError(
                f"{self.name} had {self.size:,} bytes at first and has changed since.",
                code="client.not_sent",
                hint="A file that is uploaded must not change meanwhile.",
            )

    def tell(self, sent: int) -> None:
        """Tell how much has been sent."""
        if self._told is not None:
            self._told(sent, self.size)


def content_of(source: Source, *, filename: str | None = None, progress: Told | None = None) -> Content:
    """Return what a source holds, to be sent.

    Raises
    ------
    InvalidInput
        ``client.unknown_source``: it is nothing that can be sent.
    MissingExtra
        ``client.missing_extra``: a table needs pyarrow.
    OSError
        The file cannot be read.
    """
    if isinstance(source, str | Path):
        return _of_path(Path(source), filename, progress)
    if isinstance(source, bytes | bytearray | memoryview):
        held = bytes(source)
        return Content(filename or "data", len(held), lambda: _read(io.BytesIO(held)), again=True, told=progress)
    if isinstance(source, Table):
        again = not hasattr(source, "read_next_batch")
        return Content(filename or "data.arrows", None, lambda: _arrow([source]), again=again, told=progress)
    if hasattr(source, "read"):
        return _of_file(source, filename, progress)
    if isinstance(source, Iterable):
        return Content(filename or "data", None, lambda: _pieces(iter(source)), again=False, told=progress)
    raise InvalidInput(
        f"A {type(source).__name__} cannot be uploaded.",
        code="client.unknown_source",
        hint="Give a path, an open binary file, bytes, a table, or an iterable of bytes or tables.",
    )


def _of_path(path: Path, filename: str | None, progress: Told | None) -> Content:
    def begin() -> Iterator[bytes]:
        with path.open("rb") as file:
            yield from _read(file)

    return Content(filename or path.name, path.stat().st_size, begin, again=True, told=progress)


def _of_file(file: Any, filename: str | None, progress: Told | None) -> Content:
    if isinstance(file, io.TextIOBase):
        raise InvalidInput("The file gives text.", code="client.unknown_source", hint='Open it in mode "rb".')
    shown = filename or Path(str(getattr(file, "name", "data"))).name
    if not file.seekable():
        return Content(shown, None, lambda: _read(file), again=False, told=progress)
    start = file.tell()
    size = file.seek(0, io.SEEK_END) - start
    file.seek(start)

    def begin() -> Iterator[bytes]:
        file.seek(start)
        yield from _read(file)

    return Content(shown, size, begin, again=True, told=progress)


def _read(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def _pieces(pieces: Iterator[Any]) -> Iterator[bytes]:
    first = next(pieces, b"")
    everything = chain([first], pieces)
    return _arrow(everything) if isinstance(first, Table) else _checked(everything)


def _checked(pieces: Iterable[Any]) -> Iterator[bytes]:
    for piece in pieces:
        if not isinstance(piece, bytes | bytearray | memoryview):
            raise InvalidInput(
                f"The iterable gives {type(piece).__name__}.",
                code="client.unknown_source",
                hint="Its pieces are bytes, or tables with the same columns.",
            )
        yield bytes(piece)


def _arrow(tables: Iterable[Table]) -> Iterator[bytes]:
    """Yield tables with the same columns as one Arrow stream."""
    pa = pyarrow("to upload a table")
    sink = io.BytesIO()
    writer: Any = None
    schema: Any = None
    for table in tables:
        reader = pa.RecordBatchReader.from_stream(table)
        if writer is None:
            schema = reader.schema.remove_metadata()
            writer = pa.ipc.new_stream(sink, schema)
        for batch in reader:
            fitted = _fitted(batch, schema)
            for start in range(0, fitted.num_rows, _BATCH_ROWS):
                writer.write_batch(fitted.slice(start, _BATCH_ROWS))
                yield _taken(sink)
    if writer is not None:
        writer.close()
    yield _taken(sink)


def _fitted(batch: Any, schema: Any) -> Any:
    """Return a batch with the types of the first table: a column of whole numbers may hold a gap later on."""
    try:
        return batch.replace_schema_metadata(None).cast(schema)
    except (ValueError, TypeError) as error:
        raise InvalidInput(
            f"A later table does not fit the first one: {error}",
            code="client.tables_differ",
            hint="All tables of one upload have the same columns; give the first one types that hold all values.",
        ) from error


def _taken(sink: io.BytesIO) -> bytes:
    chunk = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return chunk
