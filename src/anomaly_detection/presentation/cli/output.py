"""Where results are written: formats by the ending of a name, files that may be written, and the standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from anomaly_detection.presentation.cli.failure import WrongOption
from anomaly_detection.presentation.cli.report import as_text
from anomaly_detection.shared.errors import Unavailable
from anomaly_detection.shared.whole_file import checked_target, whole_file

if TYPE_CHECKING:
    from anomaly_detection.data_platform.dataset import Dataset
    from anomaly_detection.data_platform.parts import Part
    from anomaly_detection.detection.results import DetectionResult
    from anomaly_detection.detection.results.tables import Table

MACHINE_FORMATS = ("json", "jsonl", "csv", "parquet")
_ENDINGS = {"ndjson": "jsonl", "pq": "parquet"}


def format_of(path: Path) -> str:
    """Return the format that a file's ending names.

    Raises
    ------
    WrongOption
        It names none, or the path is a folder.
    """
    if path.is_dir():
        raise WrongOption(f"{path} is a folder.", f"Name a file in it, such as {path / 'scores.csv'}.")
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
    WrongOption
        There is no such folder.
    Unavailable
        ``platform.folder_not_writable``; other errors are those of `whole_file`.
    """
    if not path.parent.is_dir():
        raise WrongOption(f"There is no folder {path.parent}.", "Make it first, or name another one.")
    checked_target(path, force=force)
    if not os.access(path.parent, os.W_OK):
        raise Unavailable(
            f"Nothing may be written to the folder {path.parent}.",
            code="platform.folder_not_writable",
            hint="Name another folder, or change its permissions.",
        )


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
    from anomaly_detection.detection.results import files

    if form == "table":
        file.write(as_text(result).encode())
    elif form == "json":
        files.write_json(result, file)
    else:
        writers = {"csv": files.write_csv, "jsonl": files.write_jsonl, "parquet": files.write_parquet}
        writers[form](rows_of(data, result), file)


def rows_of(data: Dataset, result: DetectionResult) -> Table:
    """Return each row of the data with what was found about it, in the columns of the result's own table.

    The data's columns are as they were read. Where they came from several files, ``file`` and ``file_row``, the row's number in
    its file from 0, stand at the end.
    """
    from anomaly_detection.detection.results.tables import Table

    return Table(result, data=data.table, appended=_places(data.parts) if len(data.parts) > 1 else None)


def _places(parts: Sequence[Part]) -> dict[str, Any]:
    import numpy as np
    import pyarrow as pa

    sizes = [part.n_rows for part in parts]
    codes = pa.array(np.repeat(np.arange(len(parts), dtype=np.int32), sizes))
    names = pa.DictionaryArray.from_arrays(codes, pa.array([part.name for part in parts], pa.string()))
    return {"file": names, "file_row": pa.array(np.concatenate([np.arange(size) for size in sizes]))}
