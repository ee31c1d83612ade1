"""A result as a file or a string: CSV, JSON lines, JSON, Parquet."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import numpy as np

from anomaly_detection.detection.results.csv_text import csv_parts, without_formulas
from anomaly_detection.detection.results.document import to_document
from anomaly_detection.detection.results.judged import Judged
from anomaly_detection.detection.results.tables import plain_severity
from anomaly_detection.shared.whole_file import checked_target, whole_file

if TYPE_CHECKING:
    import pyarrow as pa

Write = Callable[[BinaryIO], None]


class Stretches(Protocol):
    """A table that is read in stretches: a `Table`, or one that is made like it."""

    @property
    def schema(self) -> pa.Schema: ...  # noqa: D102
    @property
    def units(self) -> Mapping[str, Any]: ...  # noqa: D102
    def batches(self) -> Iterator[pa.RecordBatch]: ...  # noqa: D102


def write_csv(table: Stretches, file: BinaryIO) -> None:
    """Write every row as CSV, in batches.

    Notes
    -----
    As RFC 4180 has it, but with line feeds for line ends: text is in double quotes, a quote within is doubled, missing values
    are empty, and so an empty text (``""``) differs from a missing one. Times are ISO 8601 in UTC.
    """
    # Python writes: a signal that comes while Arrow itself waits for a pipe's reader would be lost.
    _write(as_csv(table), file)


def write_jsonl(table: Stretches, file: BinaryIO) -> None:
    """Write every row as one JSON object in a line of its own, in batches.

    Notes
    -----
    Missing values are null; infinite ones, which JSON does not have, the words ``"Infinity"`` and ``"-Infinity"``.
    """
    _write(as_jsonl(table), file)


def write_parquet(table: Stretches, file: BinaryIO) -> None:
    """Write every row as Parquet with its types, in batches; ``severity`` is an ordered dictionary."""
    _write(as_parquet(table), file)


def as_csv(table: Stretches, *, guarded: bool = False) -> Iterator[Any]:
    """Yield what `write_csv` writes, in parts of bounded size.

    Parameters
    ----------
    guarded : bool, default False
        Whether texts that a spreadsheet would take for formulas are made plain (`without_formulas`).
    """
    import pyarrow as pa

    guard = without_formulas if guarded else _same
    empty = guard(_readable(pa.RecordBatch.from_pylist([], table.schema), table.units))
    batches = (guard(_readable(batch, table.units)) for batch in table.batches())
    yield from csv_parts(batches, empty.schema)


def as_jsonl(table: Stretches) -> Iterator[Any]:
    """Yield what `write_jsonl` writes, in parts of bounded size."""
    import pyarrow as pa
    import pyarrow.compute as pc

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
        yield lines.buffers()[2][bounds[start] : bounds[end]]


def as_parquet(table: Stretches) -> Iterator[bytes]:
    """Yield what `write_parquet` writes, in parts of bounded size."""
    from pyarrow import parquet

    kept = _Kept()
    with parquet.ParquetWriter(kept, table.schema, compression="zstd") as writer:
        for batch in table.batches():
            writer.write_batch(batch)
            yield kept.taken()
    yield kept.taken()


def as_arrow(table: Stretches) -> Iterator[bytes]:
    """Yield every row as an Arrow stream with its types, in parts of bounded size."""
    import pyarrow as pa

    kept = _Kept()
    with pa.ipc.new_stream(kept, table.schema) as writer:
        for batch in table.batches():
            writer.write_batch(batch)
            yield kept.taken()
    yield kept.taken()


def write_json(result: Judged, file: BinaryIO, *, indent: int | None = None) -> None:
    """Write the published format, as one line unless it is indented."""
    text = json.dumps(to_document(result, arrays=True, limit=None), indent=indent, allow_nan=False)
    file.write(text.encode() + b"\n")


def _write(parts: Iterable[Any], file: BinaryIO) -> None:
    for part in parts:
        file.write(part)


def _same(batch: Any) -> Any:
    return batch


def to_text(write: Write) -> str:
    """Return what would be written as text."""
    kept = io.BytesIO()
    write(kept)
    return kept.getvalue().decode()


def to_file(write: Write, path: Any, *, force: bool) -> Path:
    """Write a file, all of it or nothing, and return where it is; errors are those of `whole_file`."""
    target = checked_target(path, force=force)
    with whole_file(target, force=force) as file:
        write(file)
    return target


class _Kept(io.RawIOBase):
    """Keeps what Arrow writes until Python takes it: a pipe cannot say where it is, and Arrow would lose a signal."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, part: Any) -> int:
        self._parts.append(bytes(part))
        self._written += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        return self._written

    def taken(self) -> bytes:
        # In one piece: a signal that comes between small pieces may stay unnoticed while the next one waits.
        whole = b"".join(self._parts)
        self._parts = []
        return whole


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
