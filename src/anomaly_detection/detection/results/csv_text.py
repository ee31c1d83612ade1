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

_FORMULA = r"^[=+\-@\t\r]"
"""How texts begin that a spreadsheet takes for a formula."""
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
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


def without_formulas(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch in which no text and no name of a column is a formula for a spreadsheet: these get a ``'`` in front.

    Notes
    -----
    Those that begin with ``=``, ``+``, ``-``, ``@``, a tabulator or a carriage return and are no number.

    References
    ----------
    OWASP, "CSV Injection".

    Examples
    --------
    >>> import pyarrow as pa
    >>> guarded = without_formulas(pa.record_batch({"=a": ["=1+1", "-5", "plain", None, "-x"]}))
    >>> guarded.to_pydict()
    {"'=a": ["'=1+1", '-5', 'plain', None, "'-x"]}
    """
    import pyarrow as pa

    columns = [_guarded(column) if pa.types.is_string(column.type) else column for column in batch.columns]
    names = _guarded(pa.array(batch.schema.names, pa.string())).to_pylist()
    return pa.RecordBatch.from_arrays(columns, names=names)


def _guarded(texts: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    suspect = pc.match_substring_regex(texts, _FORMULA)
    if not pc.any(suspect).as_py():
        return texts
    formula = pc.and_not(suspect, pc.match_substring_regex(texts, _NUMBER))
    return pc.if_else(formula, pc.binary_join_element_wise(pa.scalar("'"), texts, ""), texts)


def _lines(batch: pa.RecordBatch, *, header: bool) -> Any:
    from pyarrow import csv

    kept = io.BytesIO()
    csv.write_csv(batch, kept, csv.WriteOptions(include_header=header))
    return kept.getbuffer()
