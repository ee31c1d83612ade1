"""One short name for the content of a table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


def fingerprint(table: pa.Table) -> str:
    """Hash names, types and values of a table; equal content gives equal hashes, however it is chunked or sliced.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of numbers, booleans, timestamps or strings, as `columns.normalise` leaves them.

    Returns
    -------
    str
        ``blake2b:`` and 32 hexadecimal digits.

    Notes
    -----
    BLAKE2b with a digest of 16 bytes: the name tells data apart, it is no signature. Each column gives three streams, the
    lengths (strings only), the values and the positions of missing cells, so that chunk borders leave no trace.
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"v1;{table.num_rows};{table.num_columns};".encode())
    for name, column in zip(table.column_names, table.columns, strict=True):
        digest.update(f"{len(name)}:{name};{column.type};".encode())
        for part in _streams(column):
            digest.update(part)
    return f"blake2b:{digest.hexdigest()}"


def _streams(column: pa.ChunkedArray) -> Iterator[Any]:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(column.type):
        for chunk in column.chunks:
            yield pc.binary_length(pc.fill_null(chunk, "")).to_numpy(zero_copy_only=False).astype("<i8").data
        for chunk in column.chunks:
            yield _characters(pc.fill_null(chunk, ""))
    else:
        for chunk in column.chunks:
            yield _numbers(chunk).data
    start = 0
    yield b"missing"
    for chunk in column.chunks:
        if chunk.null_count:
            missing = np.flatnonzero(pc.is_null(chunk).to_numpy(zero_copy_only=False)) + start
            yield missing.astype("<i8").data
        start += len(chunk)


def _characters(chunk: pa.Array) -> Any:
    import numpy as np

    _, offsets, data = chunk.buffers()
    if data is None or not len(chunk):
        return b""
    bounds = np.frombuffer(offsets, dtype="<i4")
    return memoryview(data)[int(bounds[chunk.offset]) : int(bounds[chunk.offset + len(chunk)])]


def _numbers(chunk: pa.Array) -> Any:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_float64(chunk.type) and not chunk.null_count and len(chunk):
        # Not by `to_numpy`, which would import pandas.
        values = np.frombuffer(chunk.buffers()[1], np.float64, len(chunk), 8 * chunk.offset) + 0.0
    elif pa.types.is_boolean(chunk.type):
        values = pc.fill_null(chunk, False).to_numpy(zero_copy_only=False).astype(np.uint8)
    elif pa.types.is_timestamp(chunk.type):
        values = pc.fill_null(chunk.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    else:
        values = pc.fill_null(chunk, 0).to_numpy(zero_copy_only=False)
        if pa.types.is_floating(chunk.type):
            values = values + 0.0
    return np.ascontiguousarray(values)
