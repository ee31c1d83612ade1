"""Where exactly a delimited text is broken: a slow second reading, done only when the fast one failed."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator

from anomaly_detection.data_platform.errors import UnreadableData
from anomaly_detection.data_platform.loading.dialect import Dialect
from anomaly_detection.data_platform.loading.source import FileSource
from anomaly_detection.data_platform.loading.text import TextStream

_SENTINEL = "\x1eend of file"


def find_fault(source: FileSource, dialect: Dialect) -> UnreadableData | None:
    """Return what is wrong with the first bad row, or None if each row has the fields that the header names."""
    expected = len(dialect.names)
    name = source.name
    with TextStream(source) as stream:
        reader = csv.reader(_lines(stream), delimiter=dialect.delimiter)
        start, ragged = 1, None
        try:
            for record in reader:
                swallowed = record[-1:] and record[-1].endswith(_SENTINEL) and record != [_SENTINEL]
                if swallowed:
                    return _open_quote(name, start)
                if ragged is not None:
                    break
                if record and record != [_SENTINEL] and len(record) != expected:
                    ragged = (start, reader.line_num, len(record))
                start = reader.line_num + 1
        except csv.Error as error:
            return UnreadableData(
                f"{name} cannot be read in line {reader.line_num:,}: {error}.",
                code="data.unreadable_row",
                hint="Correct the line, or leave it out.",
                details={"line": reader.line_num},
            )
        at_end = ragged is not None and record == [_SENTINEL] and not stream.ends_in_newline
    if ragged is None:
        return None
    line, last, seen = ragged
    if at_end and seen < expected:
        return UnreadableData(
            f"{name} breaks off in line {line:,}: it has {seen} of {expected} fields and no line end.",
            code="data.truncated_file",
            hint="Copy or download the file again.",
            details={"line": line, "expected": expected, "seen": seen},
        )
    until = f" (it ends in line {last:,}; a quotation mark may be missing)" if last > line else ""
    return UnreadableData(
        f"{name}, line {line:,}: {seen} {'field' if seen == 1 else 'fields'}, expected {expected}{until}.",
        code="data.ragged_row",
        hint=f"Fields are separated by {dialect.delimiter!r}. Correct the line, or put fields that hold one in quotes.",
        details={"line": line, "expected": expected, "seen": seen},
    )


def _open_quote(name: str, line: int) -> UnreadableData:
    return UnreadableData(
        f"{name} ends inside of a quoted field that begins in line {line:,}.",
        code="data.truncated_file",
        hint="Copy or download the file again, or close the quotation mark.",
        details={"line": line},
    )


def line_of_row(source: FileSource, dialect: Dialect, row: int) -> int:
    """Return the line of the file in which a row begins."""
    with TextStream(source) as stream:
        reader = csv.reader(_lines(stream), delimiter=dialect.delimiter)
        start, skipped = 1, 1 if dialect.header_lines else 0
        for record in reader:
            if record:
                if skipped == 0 and row == 0:
                    return start
                row -= 1 if skipped == 0 else 0
                skipped = 0
            start = reader.line_num + 1
    return start


def _lines(stream: io.RawIOBase) -> Iterator[str]:
    return itertools.chain(io.TextIOWrapper(io.BufferedReader(stream), encoding="utf-8", newline=""), [_SENTINEL])
