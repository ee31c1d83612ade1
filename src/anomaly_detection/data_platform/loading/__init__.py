"""Files, streams and bundled data sets become a `Dataset`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from anomaly_detection.data_platform.dataset import Dataset
from anomaly_detection.data_platform.errors import UnreadableData
from anomaly_detection.data_platform.loading.bundled import BUNDLED
from anomaly_detection.data_platform.loading.formats import format_of, names, register_format, stem
from anomaly_detection.data_platform.loading.places import STDIN, find_files, opened, standard_input
from anomaly_detection.data_platform.loading.source import DEFAULT_MAX_BYTES, FileSource
from anomaly_detection.data_platform.parts import Part
from anomaly_detection.shared.errors import PlatformError

if TYPE_CHECKING:
    import pyarrow as pa

_DECODING = frozenset({"avro", "delimited", "json_document", "json_lines", "parquet"})
"""Readers that make columns anew, whatever becomes of the file."""

__all__ = ["BUNDLED", "DEFAULT_MAX_BYTES", "load_dataset", "names", "register_format"]


def load_dataset(
    source: str | Path | Sequence[str | Path] | BinaryIO,
    *,
    format: str | None = None,  # noqa: A002 - as pandas, polars and pyarrow call it
    name: str | None = None,
    time: str | None = None,
    columns: Sequence[str] | None = None,
    label: str | None = None,
    encoding: str = "utf-8",
    max_bytes: int = DEFAULT_MAX_BYTES,
) -> Dataset:
    r"""Read a file, several files, a stream, or a data set that comes with the library.

    Parameters
    ----------
    source : str, Path, sequence of them, or binary file
        A path; a pattern such as ``"logs/2026-*.csv"`` or a list of paths and patterns, which become one data set in the
        natural order of their names; ``"-"`` for the standard input; a file opened in binary mode; or the name of a bundled
        data set: ``nyc_taxi``.
    format : str, optional
        ``csv``, ``tsv``, ``json``, ``jsonl``, ``parquet``, ``arrow``, ``avro``, or one that `register_format` added. By
        default the content tells, then the name's ending. A file may be packed by gzip, bzip2, xz or zstd, or be the only
        one in a zip archive.
    name : str, optional
        What the data are called; the (first) file's name without its ending by default.
    time, label : str, optional
        The columns with the time and with the known anomalies; recognised by content and name otherwise.
    columns : sequence of str, optional
        The columns that detectors look at; by default all but time, label, names of rows and free text.
    encoding : str, default "utf-8"
        How the characters of text are written.
    max_bytes : int, default 8 GiB
        Largest size of all files together, once they are unpacked and decoded.

    Returns
    -------
    Dataset
        Typed columns with their roles; ``warnings`` says what was guessed or left out, ``parts`` which rows came from
        which file.

    Raises
    ------
    NotFound
        ``data.file_not_found``, ``data.no_match``: no such file; the hint names the nearest.
    UnreadableData
        ``data.empty_file``, ``data.no_rows``, ``data.no_columns``, ``data.not_text``, ``data.wrong_encoding``, ``data.unknown_encoding``,
        ``data.ragged_row``, ``data.unreadable_row``, ``data.truncated_file``, ``data.damaged_file``,
        ``data.encrypted_file``, ``data.nested_archive``, ``data.several_files``, ``data.invalid_json``,
        ``data.duplicate_key``, ``data.duplicate_column``, ``data.too_deep``, ``data.unclear_json``,
        ``data.unusable_schema``, ``data.columns_differ``, ``data.file_changed``, ``data.not_a_file``,
        ``data.not_binary``, ``data.file_not_readable``.
    TooLarge
        ``data.too_large``: more data than `max_bytes`, or packed so well that they were made to fill memory.
    UnknownColumn
        ``data.unknown_column``, ``data.unusable_column``, ``data.not_a_time``, ``data.not_a_label``.
    InvalidInput
        ``data.unknown_format``, ``data.unknown_source``.
    MissingExtra
        ``platform.missing_extra``: Avro needs the extra ``avro``.

    Notes
    -----
    Text, JSON lines, arrays of JSON objects, Avro and Parquet are read block by block: while it runs, memory holds the columns
    and one block. CSV whose column types change after the first block is read again with the whole text in memory; so is
    JSON of other shapes. Nested objects (structs, records) become columns with dotted names; lists, maps and binary columns
    are left out. Numbers in `decimal` and lengths of time become numbers (seconds).

    Examples
    --------
    >>> data = load_dataset("nyc_taxi")
    >>> len(data), data.kind, data.roles.time, data.roles.features
    (10320, 'series', 'timestamp', ('value',))
    >>> import io
    >>> load_dataset(io.BytesIO(b'{"load": 1.5}\n{"load": null}\n'), name="two").head()
    [{'load': 1.5}, {'load': None}]
    """
    places = _places(source)
    read, left = [], max_bytes
    for place in places:
        part = _read(place, format=format, encoding=encoding, max_bytes=left)
        left = max(0, left - part.size)
        read.append(part)
    table, warnings = _joined(read)
    extra: dict[str, Any] = {"time": time, "columns": columns, "label": label}
    title = source if isinstance(source, str) and source in BUNDLED else read[0].title
    dataset = Dataset.from_arrow(table, name=name or title, warnings=warnings, **extra)
    if not dataset.column_names:
        raise UnreadableData(
            f"{read[0].path} has no column that can be used: {dataset.warnings[0]}",
            code="data.no_columns",
            hint="Write the values that matter as columns of numbers, times or text.",
        )
    parts = tuple(Part(part.path, part.table.num_rows) for part in read)
    return replace(dataset, parts=parts, owned=all(part.owned for part in read))


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read from one place."""

    path: str
    title: str
    table: pa.Table
    warnings: list[str]
    size: int
    owned: bool
    """Whether the reader made the memory of the columns: an Arrow file may be mapped, and a reader of others may keep it."""


def _places(source: Any) -> list[Path] | list[BinaryIO]:
    if isinstance(source, str) and source == STDIN:
        return [standard_input()]
    if hasattr(source, "read"):
        return [source]
    return find_files(source)


def _read(place: Path | BinaryIO, *, format: str | None, encoding: str, max_bytes: int) -> _Read:  # noqa: A002
    with opened(place, max_bytes) as (filename, file):
        source = FileSource(filename, file, encoding=encoding, max_bytes=max_bytes)
        found, notes = format_of(source, format)
        try:
            table, warnings = found.reader(source)
        except UnreadableData as error:
            if source.is_changed:
                raise source.changed() from error
            raise
        if table.num_rows == 0:
            raise _no_rows(filename)
        grown = source.check_unchanged()
        path = str(place) if isinstance(place, Path) else filename
        size = max(source.unpacked_bytes, int(table.nbytes))
        owned = found.reader.__module__.rpartition(".")[2] in _DECODING
        return _Read(path, stem(filename), table, [*notes, *warnings, *([grown] if grown else [])], size, owned)


def _no_rows(name: str) -> PlatformError:
    return UnreadableData(f"{name} has no rows.", code="data.no_rows", hint="Give a file with rows.")


def _joined(read: Sequence[_Read]) -> tuple[pa.Table, list[str]]:
    if len(read) == 1:
        return read[0].table, read[0].warnings
    from anomaly_detection.data_platform.loading.union import union

    return union([(part.path, part.table, part.warnings) for part in read])
