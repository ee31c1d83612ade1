"""Long arrays as one Arrow IPC file: any Arrow reader opens it, and nothing in it is ever unpickled."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anomaly_detection.infrastructure.persistence.files import disk_errors, sync_folder

if TYPE_CHECKING:
    import pyarrow as pa

_HELD = b"anomaly_detection.held_as"
_CHUNK_ROWS = 1 << 16


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Write arrays of one length: all of it or nothing, durable before it is visible.

    Parameters
    ----------
    path : Path
        The file to make; its folder is made too.
    arrays : mapping of str to array of shape (n,)
        Numbers, booleans, times, or objects: texts, None, and whatever else a user's column held.

    Raises
    ------
    Unavailable
        ``platform.disk_full`` or ``platform.disk_not_writable``; nothing half-written stays.

    Notes
    -----
    Nothing is compressed: scores do not compress, and the file can be mapped into memory.
    """
    import pyarrow as pa

    columns = [_column(array) for array in arrays.values()]
    schema = pa.schema(
        [
            pa.field(name, column.type, metadata={_HELD: held})
            for name, (column, held) in zip(arrays, columns, strict=True)
        ]
    )
    table = pa.table([column for column, _ in columns], schema=schema)
    temporary = path.with_name(f".{path.name}.partial")
    with disk_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as file:
                with pa.ipc.new_file(file, table.schema) as writer:
                    writer.write_table(table, max_chunksize=_CHUNK_ROWS)
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(path)
            sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def read_arrays(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Read back what `write_arrays` wrote, with the same types."""
    import pyarrow as pa

    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all()
        return {field.name: _array(table.column(field.name), field.metadata[_HELD]) for field in table.schema}


def _column(array: np.ndarray[Any, Any]) -> tuple[pa.Array, bytes]:
    import pyarrow as pa

    if array.dtype != object:
        return pa.array(array), b"numpy"
    values = array.tolist()
    try:
        return pa.array(values), b"objects"
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        # A column may mix numbers and texts; Arrow's have one type.
        return pa.array([json.dumps(value, default=str) for value in values], pa.large_string()), b"json"


def _array(column: pa.ChunkedArray, held: bytes) -> np.ndarray[Any, Any]:
    if held == b"numpy":
        return np.array(column.to_numpy())
    values = column.to_pylist()
    array = np.empty(len(values), dtype=object)
    array[:] = values if held == b"objects" else [json.loads(value) for value in values]
    return array
