"""How a text file separates its fields, found by looking at its first lines."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from anomaly_detection.data_platform.errors import UnreadableData
from anomaly_detection.data_platform.loading.source import FileSource
from anomaly_detection.data_platform.loading.text import TextStream
from anomaly_detection.data_platform.text_columns import MISSING, NUMBER
from anomaly_detection.data_platform.times import LOOKS_LIKE_TIME

DELIMITERS = ",;\t|"
_NUMBER = re.compile(NUMBER)
_DECIMAL_COMMA = re.compile(r"^\s*[+-]?\d+,\d+([eE][+-]?\d+)?\s*$")
_TIME = re.compile(LOOKS_LIKE_TIME)
_TABBED = re.compile(r"\.(tsv|tab)(\.\w+)?$")
_SAMPLE_BYTES = 1024**2
_SAMPLE_ROWS = 100


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the first lines tell.

    Attributes
    ----------
    delimiter : str
        The character between two fields.
    decimal : str
        The character before the decimals.
    names : tuple of str
        Column names, each once.
    header_lines : int
        Lines before the first row.
    warnings : tuple of str
        What was guessed.
    """

    delimiter: str
    decimal: str
    names: tuple[str, ...]
    header_lines: int
    warnings: tuple[str, ...]


def sniff(source: FileSource) -> Dialect:
    """Find the delimiter, the decimal character and the header of a file.

    Raises
    ------
    UnreadableData
        The file is empty, or no text.
    """
    with TextStream(source) as stream:
        sample = io.BufferedReader(stream, _SAMPLE_BYTES).read(_SAMPLE_BYTES)
    complete = len(sample) < _SAMPLE_BYTES
    text = sample.decode("utf-8", errors="ignore")
    preferred = "\t" if _TABBED.search(source.name.lower()) else ","
    delimiter = _delimiter(text, complete, preferred)
    records, lines = _records(text, delimiter, complete)
    if not records:
        raise UnreadableData(
            f"{source.name} has no content.", code="data.empty_file", hint="Give a file with a header and rows."
        )
    decimal = "," if delimiter != "," and _decimal_commas(records[1:] or records) else "."
    header = _has_header(records, decimal)
    names, warnings = _names(records[0] if header else [""] * len(records[0]), header=header)
    return Dialect(delimiter, decimal, names, lines if header else 0, tuple(warnings))


def _records(text: str, delimiter: str, complete: bool) -> tuple[list[list[str]], int]:
    """Return the first records that are not blank, and the number of lines up to the end of the first one."""
    records: list[list[str]] = []
    first_line = 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for record in reader:
            if not record:
                continue
            if not records:
                first_line = reader.line_num
            records.append(record)
            if len(records) > _SAMPLE_ROWS:
                break
        else:
            if not complete and len(records) > 1:
                records.pop()
    except csv.Error:
        pass
    return records[:_SAMPLE_ROWS], first_line


def _delimiter(text: str, complete: bool, preferred: str) -> str:
    best, best_score = preferred, (0.0, 0.0, 0, False)
    fallback, most = preferred, 1
    for candidate in DELIMITERS:
        records, _ = _records(text, candidate, complete)
        if not records:
            continue
        widths = Counter(len(record) for record in records)
        width, count = widths.most_common(1)[0]
        if len(records[0]) > most:
            fallback, most = candidate, len(records[0])
        if width < 2 or len(records[0]) != width:
            continue
        fields = [field for record in records[1:] for field in record]
        typed = sum(_typed(field, "." if candidate == "," else ",") for field in fields) / max(len(fields), 1)
        score = (round(count / len(records), 1), round(typed, 1), width, candidate == preferred)
        if score > best_score:
            best, best_score = candidate, score
    return best if best_score[0] > 0 else fallback


def _typed(field: str, decimal: str) -> bool:
    return (
        field.strip() in MISSING
        or bool(_NUMBER.match(field))
        or bool(_TIME.match(field))
        or (decimal == "," and bool(_DECIMAL_COMMA.match(field)))
    )


def _decimal_commas(records: Sequence[Sequence[str]]) -> bool:
    fields = [field for record in records for field in record]
    commas = sum(bool(_DECIMAL_COMMA.match(field)) for field in fields)
    points = sum("." in field and bool(_NUMBER.match(field)) for field in fields)
    return commas > 0 and points == 0


def _has_header(records: Sequence[Sequence[str]], decimal: str) -> bool:
    """Say whether the first record names the columns: no number in it, but for years and counted columns."""
    first = [field.strip() for field in records[0] if field.strip()]
    values = [field for field in first if _typed(field, decimal) and field not in MISSING]
    if not values:
        return True
    if all(field.isascii() and field.isdigit() for field in values) and len(set(values)) == len(values):
        counted = [int(field) for field in values]
        if len(values) == len(first) > 1 and counted in (
            list(range(len(counted))),
            list(range(1, len(counted) + 1)),
        ):
            return len(records) > 1 and list(records[1]) != list(records[0])
        return len(values) < len(first) and all(1900 <= number <= 2100 for number in counted)
    return False


def _names(fields: Sequence[str], *, header: bool) -> tuple[tuple[str, ...], list[str]]:
    warnings = [] if header else ["No header was found: the columns are called column_1, column_2 and so on."]
    names: list[str] = []
    doubled, unnamed = [], []
    given = {field.strip() for field in fields}
    taken: set[str] = set()
    numbers: dict[str, int] = {}
    for position, field in enumerate(fields, start=1):
        name = field.strip()
        if not name:
            name = f"column_{position}"
            unnamed.append(name)
        if name in taken:
            number = numbers.get(name, 2)
            while f"{name}_{number}" in taken or f"{name}_{number}" in given:
                number += 1
            numbers[name] = number + 1
            doubled.append(name)
            name = f"{name}_{number}"
        taken.add(name)
        names.append(name)
    if doubled:
        shown = ", ".join(repr(name) for name in dict.fromkeys(doubled[:5]))
        warnings.append(f"Column names that stand twice were numbered: {shown}.")
    if header and unnamed:
        warnings.append(f"Columns without a name are called {', '.join(unnamed[:5])}.")
    return tuple(names), warnings
