"""Records (dictionaries of plain values, possibly nested) as typed columns, a batch at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from anomaly_detection.data_platform.errors import UnreadableData
from anomaly_detection.data_platform.text_columns import Place, understand
from anomaly_detection.shared.errors import InvalidInput, TooLarge

if TYPE_CHECKING:
    import pyarrow as pa

DEEPEST = 32
"""Objects inside of objects, at most."""
ONLY_COLUMN = "value"
"""Name of the column of a list of plain values."""
_CELLS = 10_000_000
_CELLS_PER_VALUE = 200
"""Columns times rows, at most, beyond `_CELLS`: more means that names of rows were used as keys."""
_FIRST_DAY = datetime(1970, 1, 1)  # noqa: DTZ001 - a time of day has no zone


class RecordColumns:
    """Columns that grow by batches of records.

    Parameters
    ----------
    name : str
        What messages call the source.
    max_bytes : int
        Largest size of the columns.
    """

    def __init__(self, name: str, max_bytes: int) -> None:
        self._name = name
        self._max_bytes = max_bytes
        self._lengths: list[int] = []
        self._chunks: dict[str, dict[int, pa.Array]] = {}
        self._size = 0

    def add(self, records: Sequence[Any]) -> None:
        """Append a batch of dictionaries, or of plain values.

        Raises
        ------
        UnreadableData
            ``data.too_deep``, ``data.duplicate_column``.
        TooLarge
            ``data.too_large``.
        """
        if not records:
            return
        batch = len(self._lengths)
        self._lengths.append(len(records))
        if not isinstance(records[0], Mapping):
            records = [{ONLY_COLUMN: record} for record in records]
        for name, values in self._expanded("", records, depth=0):
            chunks = self._chunks.setdefault(name, {})
            if batch in chunks:
                raise UnreadableData(
                    f"{self._name} has two columns called {name!r}: one by its name, one inside of an object.",
                    code="data.duplicate_column",
                    hint="Rename one of them.",
                )
            chunks[batch] = _array(values)
            self._grow(chunks[batch].nbytes)

    def table(self, place: Place) -> tuple[pa.Table, list[str]]:
        """Return all batches as one table, and warnings; text that is all numbers or times is read as such."""
        import pyarrow as pa

        names, columns, warnings = [], [], []
        if len(self._chunks) * sum(self._lengths) * 8 > max(self._max_bytes, _CELLS):
            raise self._too_large()
        for name, chunks in self._chunks.items():
            column, note = understand(self._column(chunks), name, place, numbers=True)
            names.append(name)
            columns.append(column)
            warnings += [note] if note else []
        return pa.table(columns, names=names), warnings

    def _expanded(
        self, prefix: str, records: Sequence[Mapping[str, Any] | None], depth: int
    ) -> Iterator[tuple[str, list[Any]]]:
        if depth > DEEPEST:
            raise UnreadableData(
                f"{self._name} has objects inside of objects deeper than {DEEPEST} levels.",
                code="data.too_deep",
                hint="Write the values that matter as plain columns.",
            )
        known = [record for record in records if record is not None]
        keys = dict.fromkeys(itertools.chain.from_iterable(known))
        if len(keys) * len(records) > max(_CELLS, _CELLS_PER_VALUE * sum(map(len, known))):
            raise TooLarge(
                f"{self._name} has {len(keys):,} different keys in {len(records):,} records: they look like names of rows, "
                "not of columns.",
                code="data.too_large",
                hint="Write them as values of one key.",
            )
        for key in keys:
            name = prefix + _clean(str(key))
            values = [None if record is None else record.get(key) for record in records]
            types = set(map(type, values)) - {type(None)}
            if types == {dict}:
                yield from self._expanded(f"{name}.", values, depth + 1)
            else:
                yield name, values

    def _column(self, chunks: Mapping[int, pa.Array]) -> pa.ChunkedArray:
        import pyarrow as pa

        kinds = {chunk.type for chunk in chunks.values() if not pa.types.is_null(chunk.type)}
        target = _common(kinds)
        parts = [
            _to_text(chunks[batch]) if batch in chunks and pa.types.is_string(target) else chunks.get(batch)
            for batch in range(len(self._lengths))
        ]
        arrays = [
            pa.nulls(length, target) if part is None or pa.types.is_nested(target) else part.cast(target, safe=False)
            for part, length in zip(parts, self._lengths, strict=True)
        ]
        return pa.chunked_array(arrays, type=target)

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > self._max_bytes:
            raise self._too_large()

    def _too_large(self) -> TooLarge:
        return TooLarge(
            f"{self._name} has columns of more than {self._max_bytes:,} bytes.",
            code="data.too_large",
            hint="Give a smaller part of the data.",
            details={"limit_bytes": self._max_bytes},
        )


def as_table(found: Any, name: str) -> tuple[pa.Table, list[str]]:
    """Return any usual table in Python as an Arrow table, and warnings.

    Parameters
    ----------
    found : Any
        Something with ``__arrow_c_stream__`` (pyarrow, polars, pandas), a list of dictionaries or of plain values, or a
        dictionary of columns.
    name : str
        What messages call it.

    Raises
    ------
    InvalidInput
        ``data.not_a_table``.
    """
    import pyarrow as pa

    try:
        if hasattr(found, "__arrow_c_stream__"):
            return pa.table(found), []
        if isinstance(found, Mapping):
            return pa.table({str(key): _array(list(values)) for key, values in found.items()}), []
        columns = RecordColumns(name, max_bytes=2**63 - 1)
        columns.add(list(found))
        return columns.table(lambda row: f"record {row + 1:,}")
    except (pa.ArrowException, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, InvalidInput):
            raise
        reason = str(error).partition("\n")[0][:200]
        raise InvalidInput(
            f"{name} gives no table but {type(found).__name__} ({reason}).",
            code="data.not_a_table",
            hint="Give an Arrow, pandas or polars table, a list of dictionaries, or a dictionary of columns of one length.",
        ) from error


def _clean(text: str) -> str:
    """Replace halves of characters, which JSON can write and UTF-8 cannot."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _array(values: list[Any]) -> pa.Array:
    """Return values as numbers, booleans, times or text; as text where they are mixed, as nulls of a list where nested."""
    import pyarrow as pa

    if any(hasattr(kind, "item") and hasattr(kind, "dtype") for kind in set(map(type, values))):
        values = [value.item() if hasattr(value, "dtype") and hasattr(value, "item") else value for value in values]
    kinds = {_kind(kind) for kind in set(map(type, values))} - {"missing"}
    if kinds <= {"integer", "number"} and kinds:
        return _numbers(values, whole=kinds == {"integer"})
    if len(kinds) == 1:
        kind = next(iter(kinds))
        if kind == "boolean":
            return pa.array(values, pa.bool_())
        if kind == "text":
            return _text(values)
        if kind == "time":
            return _times(values)
        if kind == "span":
            return pa.array([None if value is None else _seconds(value) for value in values], pa.float64())
    if not kinds:
        return pa.nulls(len(values))
    if "nested" in kinds or "binary" in kinds:
        other = pa.binary() if kinds == {"binary"} else pa.list_(pa.null())
        return pa.nulls(len(values), other)
    return _text([None if value is None else _written(value) for value in values])


def _kind(kind: type) -> str:
    if kind is type(None):
        return "missing"
    if issubclass(kind, bool):
        return "boolean"
    if issubclass(kind, int):
        return "integer"
    if issubclass(kind, float | Decimal):
        return "number"
    if issubclass(kind, str | UUID):
        return "text"
    if issubclass(kind, datetime | date):
        return "time"
    if issubclass(kind, timedelta | time):
        return "span"
    return "binary" if issubclass(kind, bytes | bytearray) else "nested"


def _numbers(values: list[Any], *, whole: bool) -> pa.Array:
    import pyarrow as pa

    if whole:
        try:
            return pa.array(values, pa.int64())
        except (OverflowError, pa.ArrowInvalid):
            pass
    return pa.array([None if value is None else _number(value) for value in values], pa.float64(), from_pandas=True)


def _number(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    except ValueError:
        # Only a signalling not-a-number of `decimal` comes here.
        return float("nan")


def _text(values: list[Any]) -> pa.Array:
    import pyarrow as pa

    texts = [value if value is None or isinstance(value, str) else str(value) for value in values]
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError:
        return pa.array([None if text is None else _clean(text) for text in texts], pa.string())


def _times(values: list[Any]) -> pa.Array:
    import pyarrow as pa

    moments = [
        value if value is None or isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001
        for value in values
    ]
    zoned = {moment.tzinfo is not None for moment in moments if moment is not None}
    if len(zoned) > 1:
        return _text([None if moment is None else moment.isoformat() for moment in moments])
    return pa.array(moments, pa.timestamp("us", tz="UTC" if zoned == {True} else None))


def _seconds(value: timedelta | time) -> float:
    if isinstance(value, time):
        value = datetime.combine(_FIRST_DAY, value.replace(tzinfo=None)) - _FIRST_DAY
    return value.total_seconds()


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


def _common(kinds: set[Any]) -> Any:
    import pyarrow as pa

    if not kinds:
        return pa.float64()
    if len(kinds) == 1:
        return next(iter(kinds))
    if all(pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in kinds):
        return pa.float64()
    if any(pa.types.is_nested(kind) or pa.types.is_binary(kind) for kind in kinds):
        return pa.list_(pa.null())
    return pa.string()


def _to_text(chunk: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_timestamp(chunk.type):
        return pc.strftime(chunk, format="%Y-%m-%dT%H:%M:%S")
    return chunk.cast(pa.string())
