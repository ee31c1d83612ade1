"""A JSON file that is one value: a list of objects, an object of columns, or an object with one such table inside."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from anomaly_detection.data_platform.errors import UnreadableData
from anomaly_detection.data_platform.loading.json_lines import LONGEST
from anomaly_detection.data_platform.loading.json_values import DECODER, decode, describe_value, failure
from anomaly_detection.data_platform.loading.source import FileSource
from anomaly_detection.data_platform.loading.text import TextStream
from anomaly_detection.data_platform.records import RecordColumns
from anomaly_detection.shared.errors import TooLarge

if TYPE_CHECKING:
    import pyarrow as pa

WHOLE_BYTES = 256 * 1024**2
"""Text of JSON that must be in memory at once: as Python values it takes about ten times as much."""
_BLOCK = 4 * 1024**2
_BATCH_ROWS = 50_000
_LEVELS = 3
_SPACE = re.compile(r"[ \t\r\n]+")


def read_json(source: FileSource) -> tuple[pa.Table, list[str]]:
    """Read one JSON value as a table.

    Read are a list of objects (one for each row), a list of plain values (one column), an object of lists of one length
    (columns), an object of objects with numbered keys (columns, as pandas writes them), and an object that has exactly one of
    these inside, such as ``{"status": "ok", "data": [...]}``.

    Returns
    -------
    tuple of (pyarrow.Table, list of str)
        Typed columns, and warnings.

    Raises
    ------
    UnreadableData
        ``data.invalid_json``, ``data.truncated_file``, ``data.duplicate_key``, ``data.too_deep``, ``data.unclear_json``.
    TooLarge
        ``data.too_large``: an object of more than 256 MiB. Lists have no such limit: they are read piece by piece.
    """
    columns = RecordColumns(source.name, source.max_bytes)
    with TextStream(source) as stream:
        text = io.TextIOWrapper(io.BufferedReader(stream, _BLOCK), encoding="utf-8", newline="")
        elements = _Elements(source.name, text)
        if elements.opens_list:
            _add_list(source.name, elements, columns)
            return columns.table(_record)
        value = decode(elements.rest(WHOLE_BYTES), source.name)
    path, records = _table_in(value, source.name)
    for start in range(0, len(records), _BATCH_ROWS):
        columns.add(records[start : start + _BATCH_ROWS])
    table, warnings = columns.table(_record)
    return table, [f"The rows were taken from {path!r}.", *warnings] if path else warnings


def _record(row: int) -> str:
    return f"record {row + 1:,}"


def _add_list(name: str, elements: _Elements, columns: RecordColumns) -> None:
    batch: list[Any] = []
    begun, kind = elements.consumed, None
    for count, value in enumerate(elements, start=1):
        is_object = isinstance(value, dict)
        kind = is_object if kind is None else kind
        if is_object != kind or isinstance(value, list):
            raise UnreadableData(
                f"{name}: element {count:,} of the list is {describe_value(value)}, "
                f"expected {'an object' if kind else 'a plain value'}.",
                code="data.unclear_json",
                hint='Write each row as an object with names, such as {"load": 1.5, "host": "a"}.',
                details={"element": count},
            )
        batch.append(value)
        if len(batch) >= _BATCH_ROWS or elements.consumed - begun > _BLOCK:
            columns.add(batch)
            batch, begun = [], elements.consumed
    columns.add(batch)


class _Elements:
    """The elements of a list, decoded one by one from a text that is read block by block.

    Attributes
    ----------
    consumed : int
        Characters that were decoded.
    """

    def __init__(self, name: str, text: io.TextIOWrapper) -> None:
        self._name = name
        self._text = text
        self._buffer = ""
        self._at = 0
        self._line, self._column = 1, 1
        self._dropped = 0
        self._ended = False
        self._skip_space()
        self.opens_list = self._buffer.startswith("[", self._at)

    @property
    def consumed(self) -> int:
        """Characters that were decoded."""
        return self._dropped + self._at

    def rest(self, limit: int) -> str:
        """Return the whole text from its beginning, which is still there."""
        text = self._buffer + self._text.read(limit + 1)
        if len(text) > limit:
            raise TooLarge(
                f"{self._name} is one JSON object of more than {limit:,} characters.",
                code="data.too_large",
                hint="Write it as JSON lines, one object in each line, or as a list of objects.",
                details={"limit_bytes": limit},
            )
        return text

    def __iter__(self) -> Iterator[Any]:
        self._at += 1
        self._skip_space()
        if self._next() == "]":
            self._finish()
            return
        while True:
            yield self._value()
            self._skip_space()
            mark = self._next()
            if mark == "]":
                self._finish()
                return
            if mark != ",":
                raise self._failure("Expecting ',' delimiter")
            self._at += 1
            self._skip_space()

    def _next(self) -> str:
        return self._buffer[self._at : self._at + 1]

    def _finish(self) -> None:
        self._at += 1
        self._skip_space()
        if self._next():
            raise self._failure("Extra data")

    def _value(self) -> Any:
        while True:
            try:
                value, end = DECODER.raw_decode(self._buffer, self._at)
            except (ValueError, RecursionError) as error:
                # What is cut off at the end of a block looks broken until more is read.
                cut_off = isinstance(error, json.JSONDecodeError) and len(self._buffer) - self._at < LONGEST
                if not cut_off or self._ended:
                    raise self._error(error) from error
                self._read()
                continue
            if end == len(self._buffer) and not self._ended:
                self._read()
                continue
            self._at = end
            return value

    def _failure(self, reason: str) -> UnreadableData:
        return self._error(json.JSONDecodeError(reason, self._buffer, self._at))

    def _error(self, error: ValueError | RecursionError) -> UnreadableData:
        line = self._line
        if not isinstance(error, json.JSONDecodeError):
            line += self._buffer.count("\n", 0, self._at)
        return failure(error, self._name, text=self._buffer, first_line=line, first_column=self._column)

    def _skip_space(self) -> None:
        while True:
            found = _SPACE.match(self._buffer, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._buffer) or not self._read():
                return

    def _read(self) -> bool:
        """Read more text behind what is not decoded yet; return whether there was any."""
        more = self._text.read(max(_BLOCK, len(self._buffer) - self._at))
        lines = self._buffer.count("\n", 0, self._at)
        if lines:
            self._line += lines
            self._column = self._at - self._buffer.rfind("\n", 0, self._at)
        else:
            self._column += self._at
        self._dropped += self._at
        self._buffer = self._buffer[self._at :] + more
        self._at = 0
        self._ended = not more
        return bool(more)


def _table_in(value: Any, name: str) -> tuple[str, list[Any]]:
    """Return where the only table inside of an object is, and its records."""
    found = list(_tables(value, "", 0))
    if len(found) == 1:
        return found[0]
    if found:
        paths = ", ".join(repr(path) for path, _ in found[:5])
        reason, hint = f"it has {len(found)} tables: {paths}", "Write the one that you mean into a file of its own."
    elif isinstance(value, dict) and value and all(isinstance(item, list) for item in value.values()):
        lengths = ", ".join(f"{key!r} has {len(item):,}" for key, item in list(value.items())[:5])
        reason, hint = (
            f"its columns are not lists of plain values of one length: {lengths}",
            "Give each the same length.",
        )
    else:
        what = "an object without a list of rows" if isinstance(value, dict) else describe_value(value)
        reason = f"it is {what}"
        hint = "Write a list of objects, one for each row, or an object of lists, one for each column."
    raise UnreadableData(f"{name} holds no table that is clear: {reason}.", code="data.unclear_json", hint=hint)


def _tables(value: Any, path: str, level: int) -> Iterator[tuple[str, list[Any]]]:
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        yield path, value
    if not isinstance(value, dict) or not value:
        return
    columns = _columns(value)
    if columns is not None:
        names = list(columns)
        yield path, [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    elif level < _LEVELS:
        for key, inner in value.items():
            yield from _tables(inner, f"{path}.{key}" if path else key, level + 1)


def _columns(value: dict[str, Any]) -> dict[str, list[Any]] | None:
    items = list(value.values())
    if all(isinstance(item, dict) and item and item.keys() == items[0].keys() for item in items):
        # What pandas writes: each column an object of row numbers.
        numbered = all(key.isdigit() for key in items[0])
        return {key: list(item.values()) for key, item in value.items()} if numbered else None
    if not all(isinstance(item, list) and len(item) == len(items[0]) for item in items) or not items[0]:
        return None
    plain = not any(isinstance(cell, list | dict) for item in items for cell in item)
    return value if plain else None
