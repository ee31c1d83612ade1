"""Batches of columns as lines of CSV, made by several threads."""

from __future__ import annotations

import io
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

_PIECE_ROWS = 8_192
_THREADS = 4


def csv_parts(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[Any]:
    r"""Yield the bytes of a CSV file, header first, in parts.

    Parameters
    ----------
    batches : iterable of pyarrow.RecordBatch
        Columns of numbers, booleans and text.
    schema : pyarrow.Schema
        Of each batch.

    Notes
    -----
    Byte for byte what ``pyarrow.csv.write_csv`` writes, which uses one thread. Memory holds a few pieces of 8 192 rows for each
    thread.

    Examples
    --------
    >>> import pyarrow as pa
    >>> batch = pa.record_batch({"score": [0.5, None], "severity": ["low", None]})
    >>> b"".join(map(bytes, csv_parts([batch], batch.schema))).decode().split("\n")
    ['"score","severity"', '0.5,"low"', ',', '']
    """
    import pyarrow as pa

    yield _lines(pa.RecordBatch.from_pylist([], schema), header=True)
    pieces = (batch.slice(start, _PIECE_ROWS) for batch in batches for start in range(0, batch.num_rows, _PIECE_ROWS))
    threads = min(_THREADS, os.cpu_count() or 1)
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Any]] = deque()
        try:
            for piece in pieces:
                waiting.append(pool.submit(_lines, piece, header=False))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _lines(batch: pa.RecordBatch, *, header: bool) -> Any:
    from pyarrow import csv

    kept = io.BytesIO()
    csv.write_csv(batch, kept, csv.WriteOptions(include_header=header))
    return kept.getbuffer()
