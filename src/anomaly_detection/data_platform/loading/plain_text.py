"""Delimited text whose rows have no quotation marks, in which every line feed ends a row: pieces of it are parsed at the same time."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from anomaly_detection.data_platform.errors import UnreadableData
from anomaly_detection.data_platform.gathering import Gathering
from anomaly_detection.data_platform.loading.source import FileSource
from anomaly_detection.data_platform.loading.text import TextStream

if TYPE_CHECKING:
    import pyarrow as pa

_FIRST_BYTES = 2 * 1024**2
"""The columns are typed by so much text."""
_PIECE_BYTES = 1024**2
_LEAST_BYTES = 4 * _FIRST_BYTES
"""Of a smaller file, starting threads takes longer than what they save."""
_SPARE = 1.05
_THREADS = 4


class NotPlain(Exception):
    """The text has to be read in another way, whatever is in it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How text is parsed and typed: pyarrow's options, without those that say what is read at once.

    Attributes
    ----------
    names : tuple of str
        Of the columns.
    header_lines : int
        Lines before the first row.
    options : mapping of str to any
        ``parse_options`` and ``convert_options`` of ``pyarrow.csv``.
    """

    names: tuple[str, ...]
    header_lines: int
    options: Mapping[str, Any]

    def table(self, text: bytes) -> pa.Table:
        """Parse whole lines, in this thread."""
        import pyarrow as pa
        from pyarrow import csv

        how = csv.ReadOptions(
            column_names=list(self.names),
            skip_rows=self.header_lines,
            block_size=max(len(text), 1),
            use_threads=False,
        )
        return csv.read_csv(pa.BufferReader(text), read_options=how, **self.options)

    def following(self, schema: pa.Schema) -> Reading:
        """Return how the rest of the text is read, once its beginning said what the columns are."""
        from pyarrow import csv

        first = self.options["convert_options"]
        typed = csv.ConvertOptions(
            null_values=first.null_values,
            strings_can_be_null=first.strings_can_be_null,
            decimal_point=first.decimal_point,
            column_types=schema,
        )
        return replace(self, header_lines=0, options={**self.options, "convert_options": typed})


def read_plain(source: FileSource, reading: Reading) -> pa.Table:
    """Read a file that is long and plain enough.

    Raises
    ------
    NotPlain
        The file is short or packed, has a quotation mark in a row, or something is wrong with it: whoever reads it otherwise says what.

    Notes
    -----
    Memory holds the columns and a piece of text for each thread.
    """
    import pyarrow as pa

    size = source.plain_size()
    if size is None or size < _LEAST_BYTES:
        raise NotPlain
    try:
        with TextStream(source) as stream:
            return _gathered(_pieces(stream, reading.header_lines), reading, size)
    except (pa.ArrowInvalid, UnreadableData) as error:
        raise NotPlain from error


def _gathered(pieces: Iterator[bytes], reading: Reading, size: int) -> pa.Table:
    import pyarrow as pa

    text = next(pieces)
    first = reading.table(text)
    gathering = Gathering(first.schema, int(_SPARE * first.num_rows * size / len(text)) + 1)
    for batch in first.to_batches():
        gathering.add(batch)
    following = reading.following(first.schema)
    threads = min(_THREADS, os.cpu_count() or 1)
    del first, text
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[pa.Table]] = deque()
        try:
            for piece in pieces:
                waiting.append(pool.submit(following.table, piece))
                if len(waiting) > threads:
                    _take(waiting.popleft(), gathering)
            while waiting:
                _take(waiting.popleft(), gathering)
        finally:
            for future in waiting:
                future.cancel()
    # What the threads parsed into would otherwise stay with the process.
    pa.default_memory_pool().release_unused()
    return gathering.table()


def _take(parsed: Future[pa.Table], gathering: Gathering) -> None:
    for batch in parsed.result().to_batches():
        gathering.add(batch)


def _pieces(stream: TextStream, header_lines: int) -> Iterator[bytes]:
    """Yield the text in pieces that end where a line ends; names of columns may be in quotation marks."""
    size, rest, quotes = _FIRST_BYTES, b"", -1
    while block := stream.read(size):
        if quotes < 0:
            rows = block.split(b"\n", header_lines)[header_lines:]
            quotes = stream.quotes - (rows[0].count(b'"') if rows else 0)
        cut = block.rfind(b"\n") + 1
        # Without a line feed in it, this is the end of the file, or one line that is longer than a piece.
        if stream.quotes != quotes or not (cut or len(block) < size):
            raise NotPlain
        if cut:
            yield rest + block[:cut]
        rest, size = (block[cut:] if cut else rest + block), _PIECE_BYTES
    if rest:
        yield rest
