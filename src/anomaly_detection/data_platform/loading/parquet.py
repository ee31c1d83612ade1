"""Parquet files, bounded by what their metadata say before anything is decoded."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from anomaly_detection.data_platform.columns import is_usable
from anomaly_detection.data_platform.errors import UnreadableData
from anomaly_detection.data_platform.loading.arrow_tables import Batches, arrow_errors
from anomaly_detection.data_platform.loading.source import FileSource
from anomaly_detection.shared.errors import TooLarge

if TYPE_CHECKING:
    import pyarrow as pa

_MAGIC = b"PAR1"
_ENCRYPTED = b"PARE"
_BATCH_ROWS = 65_536


def read_parquet(source: FileSource) -> tuple[pa.Table, list[str]]:
    """Read a Parquet file; lists, maps and binary columns are not decoded.

    Returns
    -------
    tuple of (pyarrow.Table, list of str)
        Its columns, structs as columns with dotted names, and warnings. Columns that cannot be used stay as empty ones.

    Raises
    ------
    UnreadableData
        ``data.truncated_file``, ``data.damaged_file``, ``data.encrypted_file``, ``data.no_rows``.
    TooLarge
        ``data.too_large``: rows times columns, or the decoded text, are more than `max_bytes`.

    Notes
    -----
    Text that is kept as a dictionary is measured before it is written out: a few bytes can stand for very many.
    """
    with source.open_seekable() as file, arrow_errors(source.name, what="Parquet"):
        _check_ends(source.name, file)
        import pyarrow as pa
        from pyarrow import parquet

        with parquet.ParquetFile(file) as found:
            schema, metadata = found.schema_arrow, found.metadata
            paths, texts = _paths(found)
        batches = Batches(source)
        batches.check_cells(metadata.num_rows, len(paths))
        _check_pages(source, metadata)
        if paths:
            with parquet.ParquetFile(file, read_dictionary=texts, coerce_int96_timestamp_unit="us") as found:
                for batch in found.iter_batches(_BATCH_ROWS, columns=paths):
                    batches.add(batch)
        table, warnings = batches.table()
        names, columns = list(table.column_names), list(table.columns)
        for name, kind in _unusable(schema):
            names.append(name)
            columns.append(pa.nulls(metadata.num_rows, kind))
        return pa.table(columns, names=names), warnings


def _check_ends(name: str, file: BinaryIO) -> None:
    head = file.read(4)
    file.seek(-min(4, file.seek(0, io.SEEK_END)), io.SEEK_END)
    tail = file.read(4)
    file.seek(0)
    if _ENCRYPTED in {head, tail}:
        raise UnreadableData(f"{name} is encrypted.", code="data.encrypted_file", hint="Write it without encryption.")
    if head == _MAGIC != tail:
        raise UnreadableData(
            f"{name} ends too early: the Parquet file is truncated.",
            code="data.truncated_file",
            hint="Copy or download the file again.",
        )
    if head != _MAGIC:
        raise UnreadableData(
            f"{name} is no Parquet file.", code="data.damaged_file", hint="Leave the format out to have it recognised."
        )


def _paths(found: Any) -> tuple[list[str], list[str]]:
    """Return the paths of the columns that can be used, and of those among them whose text may be kept as a dictionary."""
    paths, texts = [], []
    for number in range(len(found.schema)):
        column = found.schema.column(number)
        logical = str(column.logical_type.type)
        binary = column.physical_type in {"BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"}
        if column.max_repetition_level or (binary and logical not in {"STRING", "ENUM", "JSON", "DECIMAL", "FLOAT16"}):
            continue
        paths.append(column.path)
        if binary and logical in {"STRING", "ENUM", "JSON"}:
            texts.append(column.path)
    return paths, texts


def _check_pages(source: FileSource, metadata: Any) -> None:
    size = sum(max(0, metadata.row_group(number).total_byte_size) for number in range(metadata.num_row_groups))
    if size > source.max_bytes:
        raise TooLarge(
            f"{source.name} has {size:,} bytes once it is unpacked, more than {source.max_bytes:,}.",
            code="data.too_large",
            hint="Give a smaller part of the data.",
            details={"limit_bytes": source.max_bytes},
        )


def _unusable(schema: pa.Schema) -> Iterator[tuple[str, Any]]:
    import pyarrow as pa

    fields = [(field.name, field.type) for field in schema]
    while fields:
        name, kind = fields.pop(0)
        if pa.types.is_struct(kind):
            fields = [(f"{name}.{inner.name}", inner.type) for inner in kind] + fields
        elif not is_usable(kind):
            yield name, kind
