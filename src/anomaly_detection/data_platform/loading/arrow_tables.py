"""Arrow batches from files that are not trusted, decoded under a bound and put together as one table."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from anomaly_detection.data_platform.columns import flat
from anomaly_detection.data_platform.errors import UnreadableData
from anomaly_detection.data_platform.loading.source import FileSource
from anomaly_detection.data_platform.text_columns import understand_times
from anomaly_detection.shared.errors import PlatformError, TooLarge

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

_BYTES_PER_CELL = 8
_TEXT_BYTES = 1024**3
"""Text of one chunk, at most: its places are numbered up to 2 GiB."""


class Batches:
    """Batches of one file as they come, with what they take once they are decoded.

    Parameters
    ----------
    source : FileSource
        Its name is for messages, its `max_bytes` bounds all batches together.
    """

    def __init__(self, source: FileSource) -> None:
        self._source = source
        self._size = 0
        self._names: list[str] | None = None
        self._chunks: list[list[pa.Array]] = []

    def check_cells(self, rows: int, columns: int) -> None:
        """Refuse so many rows and columns before they are decoded: packed, they may take next to nothing.

        Raises
        ------
        TooLarge
            ``data.too_large``.
        """
        if rows * max(1, columns) * _BYTES_PER_CELL > self._source.max_bytes:
            raise TooLarge(
                f"{self._source.name} has {rows:,} rows of {columns:,} columns, more than {self._source.max_bytes:,} bytes.",
                code="data.too_large",
                hint="Give a smaller part of the data.",
                details={"limit_bytes": self._source.max_bytes},
            )

    def add(self, batch: pa.RecordBatch) -> None:
        """Append a batch; structs become columns with dotted names."""
        columns = list(flat(batch.schema.names, batch.columns))
        if self._names is None:
            self._names = [name for name, _ in columns]
            self._chunks = [[] for _ in columns]
        for chunks, (_, column) in zip(self._chunks, columns, strict=True):
            size = _decoded_bytes(column)
            self._grow(size)
            decoded = _decoded(column, size)
            for chunk in decoded:
                chunk.validate(full=True)
            chunks.extend(decoded)

    def table(self) -> tuple[pa.Table, list[str]]:
        """Return all batches, with text that is all times read as times, and warnings."""
        import pyarrow as pa

        columns, warnings = [], []
        for name, chunks in zip(self._names or [], self._chunks, strict=True):
            column, note = understand_times(pa.chunked_array(chunks), name, lambda row: f"row {row + 1:,}")
            columns.append(column)
            warnings += [note] if note else []
        return pa.table(columns, names=list(self._names or [])), warnings

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > self._source.max_bytes:
            raise TooLarge(
                f"{self._source.name} has more than {self._source.max_bytes:,} bytes once it is decoded.",
                code="data.too_large",
                hint="Give a smaller part of the data.",
                details={"limit_bytes": self._source.max_bytes},
            )


@contextmanager
def arrow_errors(name: str, *, what: str) -> Iterator[None]:
    """Translate what Arrow says about a file into errors of the platform."""
    import pyarrow as pa

    try:
        yield
    except PlatformError:
        raise
    except MemoryError as error:
        raise TooLarge(
            f"{name} needs more memory than there is.",
            code="data.too_large",
            hint="Give a smaller part of the data.",
        ) from error
    except (
        pa.ArrowException,
        OSError,
        ValueError,
        TypeError,
        KeyError,
        OverflowError,
        NotImplementedError,
        struct.error,
    ) as error:
        reason = " ".join(str(error).partition("\n")[0].split())[:200]
        if "ncrypt" in reason:
            raise UnreadableData(
                f"{name} is encrypted.", code="data.encrypted_file", hint="Write it without encryption."
            ) from error
        raise UnreadableData(
            f"{name} is damaged: it cannot be read as {what} ({reason}).",
            code="data.damaged_file",
            hint="Copy or download the file again, or write it again.",
        ) from error


def _decoded_bytes(column: pa.Array) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        if pa.types.is_string_view(kind.value_type):
            lengths = _viewed(column.dictionary)
            used = pa.array(lengths).take(column.indices)
            return max(pc.sum(used).as_py() or 0, int(lengths.sum())) + 4 * len(column)
        if pa.types.is_string(kind.value_type) or pa.types.is_large_string(kind.value_type):
            lengths = pc.binary_length(column.dictionary).take(column.indices)
            return (pc.sum(lengths).as_py() or 0) + 4 * len(column)
        return _BYTES_PER_CELL * len(column)
    if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
        return int(_viewed(column).sum()) + 4 * len(column)
    return max(int(column.nbytes), _BYTES_PER_CELL * len(column) if pa.types.is_null(kind) else 0)


def _viewed(column: pa.Array) -> NDArray[np.int64]:
    """Return how many bytes each view of a column shows, 0 where a value is missing; several may show the same ones."""
    import numpy as np

    column.validate(full=True)
    views = column.buffers()[1]
    if views is None:
        return np.zeros(len(column), dtype=np.int64)
    # Arrow does not count the bytes of views; each takes 16 bytes and begins with its length.
    lengths = np.frombuffer(views, dtype="<i4")[::4][column.offset : column.offset + len(column)]
    return np.where(column.is_valid().to_numpy(zero_copy_only=False), lengths, 0).astype(np.int64)


def _decoded(column: pa.Array, size: int) -> list[Any]:
    import pyarrow as pa

    if pa.types.is_dictionary(column.type) and pa.types.is_string_view(column.type.value_type):
        # Arrow cannot look views up in a dictionary.
        column = pa.DictionaryArray.from_arrays(column.indices, column.dictionary.cast(pa.large_string()))
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    wide = pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    if not wide and not (pa.types.is_dictionary(column.type) and pa.types.is_string(kind)):
        return [column.cast(kind)]
    if size < _TEXT_BYTES or len(column) < 2:
        return [column.cast(kind).cast(pa.string())]
    half = len(column) // 2
    halves = (column.slice(0, half), column.slice(half))
    return [chunk for part in halves for chunk in _decoded(part, _decoded_bytes(part))]
