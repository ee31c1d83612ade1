"""Results as files: all of one, or nothing of it."""

from __future__ import annotations

import errno
import io
import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from anomaly_detection.presentation.cli.failure import WrongOption
from anomaly_detection.presentation.cli.report import as_text
from anomaly_detection.shared.errors import Conflict, Unavailable

if TYPE_CHECKING:
    import pyarrow as pa

    from anomaly_detection.data_platform.dataset import Dataset
    from anomaly_detection.detection.results import DetectionResult

MACHINE_FORMATS = ("json", "jsonl", "csv", "parquet")
_ENDINGS = {"ndjson": "jsonl", "pq": "parquet"}
_BATCH_ROWS = 10_000


def format_of(path: Path) -> str:
    """Return the format that a file's ending names.

    Raises
    ------
    WrongOption
        It names none.
    """
    ending = path.suffix.lower().removeprefix(".")
    ending = _ENDINGS.get(ending, ending)
    if ending not in MACHINE_FORMATS:
        raise WrongOption(
            f"The ending of {path.name!r} names no format.",
            f"Call the file .{', .'.join(MACHINE_FORMATS)}, or add --format.",
        )
    return ending


def check_target(path: Path, *, force: bool) -> None:
    """Refuse a file that cannot be written, before the work is done.

    Raises
    ------
    Conflict
        ``platform.file_exists``.
    Unavailable
        ``platform.folder_not_writable``.
    """
    if path.exists() and not path.is_file():
        raise WrongOption(
            f"{path} is no regular file.", "Name a file; without --output, rows go to the standard output."
        )
    if path.exists() and not force:
        raise Conflict(f"{path} exists already.", code="platform.file_exists", hint="Add --force to replace it.")
    if not path.parent.is_dir():
        raise WrongOption(f"There is no folder {path.parent}.", "Make it first, or name another one.")
    if not os.access(path.parent, os.W_OK):
        raise _not_writable(path.parent)


def _not_writable(folder: Path, reason: str = "") -> Unavailable:
    return Unavailable(
        f"Nothing may be written to the folder {folder}{reason}.",
        code="platform.folder_not_writable",
        hint="Name another folder, or change its permissions.",
    )


@contextmanager
def whole_file(path: Path, *, force: bool) -> Iterator[BinaryIO]:
    """Open a file that appears under its name when all of it is written, and otherwise never.

    Raises
    ------
    Conflict
        ``platform.file_exists``: somebody else made it meanwhile.
    Unavailable
        ``platform.folder_not_writable``.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        try:
            opened = temporary.open("xb")
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise
            raise _not_writable(path.parent, f" ({error.strerror})") from error
        with opened as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if force:
            temporary.replace(path)
        else:
            _take_name(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _take_name(temporary: Path, path: Path) -> None:
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise Conflict(
            f"{path} exists already.", code="platform.file_exists", hint="Add --force to replace it."
        ) from None
    except OSError:
        # Some file systems have no hard links.
        temporary.replace(path)


def write(form: str, data: Dataset, result: DetectionResult, path: Path | None, *, force: bool = False) -> None:
    """Write a result to a file, or to the standard output.

    Parameters
    ----------
    form : {"json", "jsonl", "csv", "parquet", "table"}
        ``json`` is the result's document, ``table`` what a terminal shows; the others hold one line for each row of the
        data.
    path : Path or None
        None is the standard output.
    """
    if path is None:
        if form == "parquet" and sys.stdout.isatty():
            raise WrongOption(
                "Parquet is no text for a terminal.", "Name a file with --output, or send it into a pipe."
            )
        _write(form, data, result, cast("BinaryIO", sys.stdout.buffer))
        sys.stdout.flush()
    else:
        with whole_file(path, force=force) as file:
            _write(form, data, result, file)


def _write(form: str, data: Dataset, result: DetectionResult, file: BinaryIO) -> None:
    if form == "json":
        file.write(result.to_json().encode() + b"\n")
        return
    if form == "table":
        file.write(as_text(result).encode())
        return
    table = rows_of(data, result)
    if form == "parquet":
        from pyarrow import parquet

        # Parquet's writer seeks back to nothing, but asks where it is: a pipe cannot say.
        buffer = io.BytesIO()
        parquet.write_table(table, buffer, compression="zstd")
        file.write(buffer.getbuffer())
        return
    if form == "jsonl":
        for batch in table.to_batches(_BATCH_ROWS):
            lines = [json.dumps(_plain(row), allow_nan=False, ensure_ascii=False) for row in batch.to_pylist()]
            file.write(("\n".join(lines) + "\n").encode())
        return
    from pyarrow import csv

    # Each batch is written by Python: a signal that comes while Arrow itself waits for the reader would be lost.
    for number, batch in enumerate(_readable(table).to_batches(_BATCH_ROWS)):
        buffer = io.BytesIO()
        csv.write_csv(batch, buffer, csv.WriteOptions(include_header=number == 0))
        file.write(buffer.getbuffer())


def rows_of(data: Dataset, result: DetectionResult) -> pa.Table:
    """Return each row of the data with what was found about it.

    Columns: ``index``, those of the data, ``expected_...`` for a series, ``score``, ``p_value``, ``prediction``,
    ``confidence``, ``severity``. A column of the data that has one of these names gets ``data_`` in front.
    """
    import numpy as np
    import pyarrow as pa

    from anomaly_detection.detection.domain.severity import Severity

    severities: Any = np.full(result.n_rows, None, dtype=object)
    names = np.array([item.value for item in Severity], dtype=object)
    severities[result.ranking] = names[result.severity_ranks]
    found: dict[str, Any] = {
        **{f"expected_{name}": values for name, values in result.rows.expected.items()},
        "score": result.scores,
        "p_value": result.p_values,
        "prediction": result.predictions,
        "confidence": result.confidence_scores,
        "severity": pa.array(severities, type=pa.string()),
    }
    columns: dict[str, Any] = {"index": np.arange(result.n_rows)}
    for name in data.column_names:
        shown = name
        while shown in found or shown in columns:
            shown = f"data_{shown}"
        columns[shown] = data.table[name]
    return pa.table({**columns, **found})


def _readable(table: pa.Table) -> pa.Table:
    """Write times as ISO 8601 with a Z."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for position, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
        if pa.types.is_timestamp(column.type):
            micro = column.cast(pa.int64())
            whole = pc.equal(pc.multiply(pc.divide(micro, 1_000_000), 1_000_000), micro)
            exact = column.cast(pa.timestamp("s"), safe=False) if pc.all(whole).as_py() is not False else column
            text = pc.strftime(exact, format="%Y-%m-%dT%H:%M:%SZ")
            table = table.set_column(position, name, text)
    return table


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    from anomaly_detection.data_platform.description import plain

    return {name: plain(value) for name, value in row.items()}
