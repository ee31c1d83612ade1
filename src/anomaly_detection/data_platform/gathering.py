"""Batches of columns as one table: numbers stand side by side in one piece of memory, so that nobody needs to copy them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


class Gathering:
    """Puts batches together as they come.

    Columns of float64 go, as long as no cell is missing, into one block of memory. What comes after a missing cell, or
    after more rows than were expected, stays as it came.

    Parameters
    ----------
    schema : pyarrow.Schema
        Of every batch.
    rows : int
        How many are expected. Memory that no row comes to is never touched.

    Notes
    -----
    One copy of each number. Where all columns end up in the block, `block_of` finds it.

    Examples
    --------
    >>> import pyarrow as pa
    >>> batch = pa.record_batch({"load": [1.0, 2.0], "host": ["a", "b"]})
    >>> gathering = Gathering(batch.schema, rows=3)
    >>> gathering.add(batch)
    >>> gathering.add(batch)
    >>> gathering.table()["load"].to_pylist()
    [1.0, 2.0, 1.0, 2.0]
    """

    def __init__(self, schema: pa.Schema, rows: int) -> None:
        import numpy as np
        import pyarrow as pa

        self._schema = schema
        numbers = [place for place, field in enumerate(schema) if pa.types.is_float64(field.type)]
        self._line = {place: line for line, place in enumerate(numbers)}
        self._block = np.empty((len(numbers), rows))
        self._filled = [0] * len(schema)
        self._rest: list[list[Any]] = [[] for _ in schema]

    def add(self, batch: pa.RecordBatch) -> None:
        """Add rows at the end."""
        for place, array in enumerate(batch.columns):
            line, first = self._line.get(place), self._filled[place]
            last = first + len(array)
            if line is None or self._rest[place] or array.null_count or last > self._block.shape[1]:
                self._rest[place].append(array)
            else:
                self._block[line, first:last] = _numbers(array)
                self._filled[place] = last

    def table(self) -> pa.Table:
        """Return all rows."""
        import pyarrow as pa

        whole = pa.py_buffer(self._block)
        width = 8 * self._block.shape[1]
        columns = []
        for place, field in enumerate(self._schema):
            chunks, filled = self._rest[place], self._filled[place]
            if filled:
                values = whole.slice(self._line[place] * width, 8 * filled)
                chunks = [pa.Array.from_buffers(pa.float64(), filled, [None, values]), *chunks]
            columns.append(pa.chunked_array(chunks, type=field.type))
        return pa.table(columns, schema=self._schema)


def _numbers(array: Any) -> Any:
    """Return the values of a float64 array without missing cells; its own `to_numpy` would import pandas."""
    import numpy as np

    values = array.buffers()[1]
    return np.frombuffer(values, np.float64, len(array), 8 * array.offset) if len(array) else np.empty(0)


def block_of(table: pa.Table) -> Any:
    """Return all columns as one array of shape (n_rows, n_columns), without a copy; None where they are no such block.

    The array cannot be written to.

    Examples
    --------
    >>> import pyarrow as pa
    >>> batch = pa.record_batch({"load": [1.0, 2.0], "flow": [3.0, 4.0]})
    >>> gathering = Gathering(batch.schema, rows=5)
    >>> gathering.add(batch)
    >>> block_of(gathering.table()).tolist(), block_of(pa.table(batch))
    ([[1.0, 3.0], [2.0, 4.0]], None)
    """
    import numpy as np
    import pyarrow as pa

    chunks = [column.chunk(0) for column in table.columns if column.num_chunks == 1]
    if len(chunks) < table.num_columns or not all(
        pa.types.is_float64(chunk.type) and chunk.null_count == 0 and chunk.offset == 0 for chunk in chunks
    ):
        return None
    parts = [chunk.buffers()[1] for chunk in chunks]
    whole = parts[0].parent if parts else None
    if whole is None or any(part.parent is None or part.parent.address != whole.address for part in parts):
        return None
    starts = [part.address - whole.address for part in parts]
    step = starts[1] - starts[0] if len(starts) > 1 else 8 * table.num_rows
    if step <= 0 or starts != list(range(starts[0], starts[0] + step * len(starts), step)):
        return None
    # The array holds the whole buffer, of which the columns are slices: it lives as long as the array does.
    block = np.ndarray((table.num_rows, len(parts)), np.float64, whole, starts[0], (8, step))
    block.flags.writeable = False
    return block
