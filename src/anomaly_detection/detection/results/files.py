"""A result as a file or a string: CSV, JSON lines, JSON, Parquet."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from anomaly_detection.detection.results.judged import Judged
from anomaly_detection.detection.results.tables import Table, plain_severity
from anomaly_detection.shared.whole_file import checked_target, whole_file

Write = Callable[[Judged, BinaryIO], None]


def write_csv(result: Judged, file: BinaryIO) -> None:
    """Write every row as CSV, in batches.

    Notes
    -----
    As RFC 4180 has it, but with line feeds for line ends: text is in double quotes, a quote within is doubled, missing values
    are empty, and so an empty text (``""``) differs from a missing one. Times are ISO 8601 in UTC.
    """
    from pyarrow import csv

    table = Table(result)
    first = _readable(table.take(slice(0, 0)), table.units)
    with csv.CSVWriter(file, first.schema) as writer:
        for batch in table.batches():
            writer.write_batch(_readable(batch, table.units))


def write_jsonl(result: Judged, file: BinaryIO) -> None:
    """Write every row as one JSON object in a line of its own, in batches.

    Notes
    -----
    Missing values are null; infinite ones, which JSON does not have, the words ``"Infinity"`` and ``"-Infinity"``.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    table = Table(result)
    heads = [f", {json.dumps(name, ensure_ascii=False)}: " for name in table.schema.names]
    heads[0] = "{" + heads[0].removeprefix(", ")
    for batch in table.batches():
        columns = [_json_values(column) for column in _readable(batch, table.units).columns]
        parts = [
            part
            for head, column in zip(heads, columns, strict=True)
            for part in (pa.scalar(head, pa.large_string()), column)
        ]
        lines = pc.binary_join_element_wise(
            *parts, pa.scalar("}\n", pa.large_string()), pa.scalar("", pa.large_string())
        )
        # One after the other, the lines of an array are its data already.
        start, end = lines.offset, lines.offset + len(lines)
        bounds = memoryview(lines.buffers()[1]).cast("q")
        file.write(lines.buffers()[2][bounds[start] : bounds[end]])


def write_parquet(result: Judged, file: BinaryIO) -> None:
    """Write every row as Parquet with its types, in batches; ``severity`` is an ordered dictionary."""
    from pyarrow import parquet

    table = Table(result)
    with parquet.ParquetWriter(file, table.schema, compression="zstd") as writer:
        for batch in table.batches():
            writer.write_batch(batch)


def to_text(write: Write, result: Judged) -> str:
    """Return what would be written as text."""
    kept = io.BytesIO()
    write(result, kept)
    return kept.getvalue().decode()


def to_file(write: Write, result: Judged, path: Any, *, force: bool) -> Path:
    """Write a file, all of it or nothing, and return where it is; errors are those of `whole_file`."""
    target = checked_target(path, force=force)
    with whole_file(target, force=force) as file:
        write(result, file)
    return target


def _readable(batch: Any, units: Mapping[str, Any]) -> Any:
    """Return a batch with times as ISO 8601, with fractions of a second where the column has any, and severities as text."""
    import pyarrow as pa

    batch = plain_severity(batch)
    for name, unit in units.items():
        place = batch.schema.get_field_index(name)
        moments = batch.column(place).to_numpy(zero_copy_only=False).astype("datetime64[us]")
        texts = np.datetime_as_string(moments, unit=unit, timezone="UTC").astype(object)
        texts[np.isnat(moments)] = None
        batch = batch.set_column(place, name, pa.array(texts, pa.string()))
    return batch


def _json_values(column: Any) -> Any:
    """Return the values of one column as JSON, an array of text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(column.type):
        encoded = pc.dictionary_encode(column)
        words = [json.dumps(word, ensure_ascii=False) for word in encoded.dictionary.to_pylist()]
        texts = pa.array(words, pa.string()).take(encoded.indices)
    else:
        texts = column.cast(pa.string())
        if pa.types.is_floating(column.type):
            infinite = pc.is_inf(column)
            texts = pc.if_else(infinite, pc.if_else(pc.less(column, 0.0), '"-Infinity"', '"Infinity"'), texts)
    return texts.fill_null("null").cast(pa.large_string())
