"""Files and bundled data sets become a `Dataset`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anomaly_detection.data_platform.dataset import Dataset
from anomaly_detection.data_platform.loading.bundled import BUNDLED, bundled_path
from anomaly_detection.data_platform.loading.source import DEFAULT_MAX_BYTES, FileSource, find_file
from anomaly_detection.shared.lazy import resolve

if TYPE_CHECKING:
    import pyarrow as pa

READERS: dict[str, str] = {
    ".csv": "anomaly_detection.data_platform.loading.delimited:read_delimited",
    ".tsv": "anomaly_detection.data_platform.loading.delimited:read_delimited",
    ".txt": "anomaly_detection.data_platform.loading.delimited:read_delimited",
}
"""Ending of a file's name (without ``.gz``) to the function that reads it; other endings are read as ``.csv``."""

Reader = Callable[[FileSource], "tuple[pa.Table, list[str]]"]


def load_dataset(
    source: str | Path,
    *,
    name: str | None = None,
    time: str | None = None,
    columns: Sequence[str] | None = None,
    label: str | None = None,
    encoding: str = "utf-8",
    max_bytes: int = DEFAULT_MAX_BYTES,
) -> Dataset:
    """Read a file, or a data set that comes with the library.

    Parameters
    ----------
    source : str or Path
        A path to a delimited text file (``.csv``, ``.tsv``, ``.txt``, each also with ``.gz``), or the name of a bundled data
        set: ``nyc_taxi``.
    name : str, optional
        What the data are called; the file's name without its ending by default.
    time, label : str, optional
        The columns with the time and with the known anomalies; recognised by content and name otherwise.
    columns : sequence of str, optional
        The columns that detectors look at; by default all but time, label, names of rows and free text.
    encoding : str, default "utf-8"
        How the characters are written.
    max_bytes : int, default 8 GiB
        Largest size of the text, once it is unpacked.

    Returns
    -------
    Dataset
        Typed columns with their roles; ``warnings`` says what was guessed or left out.

    Raises
    ------
    NotFound
        ``data.file_not_found``: neither a file nor a bundled data set; the hint names the nearest.
    UnreadableData
        ``data.empty_file``, ``data.no_rows``, ``data.not_text``, ``data.wrong_encoding``, ``data.ragged_row``,
        ``data.truncated_file``, ``data.damaged_file``, ``data.not_a_file``, ``data.file_not_readable``.
    TooLarge
        ``data.too_large``: more text than `max_bytes`.
    UnknownColumn
        ``data.unknown_column``, ``data.not_a_time``, ``data.not_a_label``.

    Notes
    -----
    The text is streamed through checks into typed columns, in one pass. While it runs, memory holds the columns and up to twice
    the text, which waits there for its column's type to be sure.

    Examples
    --------
    >>> data = load_dataset("nyc_taxi")
    >>> len(data), data.kind, data.roles.time, data.roles.features
    (10320, 'series', 'timestamp', ('value',))
    """
    if isinstance(source, str) and source in BUNDLED:
        path, title = bundled_path(source), source
    else:
        path = find_file(source)
        title = path.name.removesuffix(".gz").rpartition(".")[0] or path.name
    ending = Path(path.name.lower().removesuffix(".gz")).suffix
    read: Reader = resolve(READERS.get(ending, READERS[".csv"]))
    table, warnings = read(FileSource(path, encoding=encoding, max_bytes=max_bytes))
    extra: dict[str, Any] = {"time": time, "columns": columns, "label": label}
    return Dataset.from_arrow(table, name=name or title, warnings=warnings, **extra)
