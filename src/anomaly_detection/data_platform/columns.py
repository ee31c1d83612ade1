"""Arrow columns of any type as the few types that the platform works with: numbers, booleans, UTC times and strings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

CATEGORY_LEVELS = (20, 1000)
"""Text with at most so many distinct values is a category: always up to the first, never above the second."""
CATEGORY_LENGTH = 64
"""Text that is longer on average is no category."""
_CALENDAR = (-62_135_596_800_000_000, 253_402_300_799_999_999)


def normalise(table: pa.Table) -> tuple[pa.Table, list[str]]:
    """Bring every column to int64, float64, bool, timestamp[us] or string.

    Structs become columns with dotted names; names that stand twice are numbered.

    Returns
    -------
    tuple of (pyarrow.Table, list of str)
        The same rows, and a warning for each column that was left out because no such type can hold it.
    """
    import pyarrow as pa

    names, columns, warnings = [], [], []
    for name, column in flat(table.column_names, table.columns):
        usual = _usual(column)
        if usual is None:
            warnings.append(f"Column {name!r} was left out: {word_for(column.type)} cannot be used.")
        else:
            names.append(name)
            columns.append(usual)
    numbered = _numbered(names)
    if numbered != names:
        doubled = dict.fromkeys(old for old, new in zip(names, numbered, strict=True) if old != new)
        shown = ", ".join(repr(name) for name in [*doubled][:5])
        warnings.append(f"Column names that stand twice were numbered: {shown}.")
    return pa.table(columns, names=numbered), warnings


def flat(names: Sequence[str], columns: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """Yield columns with their names; a struct's fields instead of the struct, as ``outer.inner``.

    Examples
    --------
    >>> import pyarrow as pa
    >>> [name for name, _ in flat(["a", "b"], [pa.array([1]), pa.array([{"c": 1, "d": {"e": 2}}])])]
    ['a', 'b.c', 'b.d.e']
    """
    import pyarrow as pa

    for name, column in zip(names, columns, strict=True):
        kind = column.type
        if pa.types.is_struct(kind):
            inner = [f"{name}.{kind.field(number).name}" for number in range(kind.num_fields)]
            yield from flat(inner, column.flatten())
        else:
            yield str(name), column


def is_usable(kind: Any) -> bool:
    """Tell whether columns of an Arrow type can be brought to one of the usual types."""
    import pyarrow as pa

    return _usual(pa.chunked_array([], type=kind)) is not None


def word_for(kind: Any) -> str:
    """Return what a column of an Arrow type holds, in words.

    Examples
    --------
    >>> import pyarrow as pa
    >>> word_for(pa.list_(pa.int8())), word_for(pa.binary())
    ('a column of lists', 'a column of binary data')
    """
    import pyarrow as pa

    types = pa.types
    if types.is_map(kind):
        return "a column of maps"
    if types.is_nested(kind):
        return "a column of lists"
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return "a column of binary data"
    return f"a column of type {kind}"


def _numbered(names: Sequence[str]) -> list[str]:
    given, taken, found = set(names), set[str](), []
    for original in names:
        name, number = original, 2
        while name in taken or (name != original and name in given):
            name, number = f"{original}_{number}", number + 1
        taken.add(name)
        found.append(name)
    return found


def _usual(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    import pyarrow as pa

    types, kind = pa.types, column.type
    if isinstance(kind, pa.BaseExtensionType):
        return _usual(pa.chunked_array([chunk.storage for chunk in column.chunks], type=kind.storage_type))
    if types.is_dictionary(kind):
        return _usual(column.cast(kind.value_type))
    if types.is_string(kind) or types.is_boolean(kind) or types.is_int64(kind):
        return column
    if types.is_null(kind):
        return column.cast(pa.float64())
    if types.is_integer(kind):
        return column.cast(pa.float64() if types.is_uint64(kind) else pa.int64(), safe=False)
    if types.is_floating(kind) or types.is_decimal(kind):
        return _without_nan(column.cast(pa.float64()))
    if types.is_timestamp(kind) or types.is_date(kind):
        zone = "UTC" if getattr(kind, "tz", None) else None
        return _within_calendar(column.cast(pa.timestamp("us", tz=zone), safe=False))
    if types.is_time(kind) or types.is_duration(kind):
        micro = column.cast(pa.time64("us") if types.is_time(kind) else pa.duration("us"), safe=False)
        return _scaled(micro.cast(pa.int64()), 1e-6)
    if types.is_large_string(kind) or types.is_string_view(kind):
        return column.cast(pa.string())
    return None


def _within_calendar(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Make times outside of the years 1 to 9999 missing: neither Python nor ISO 8601 has a name for them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    micro = column.cast(pa.int64())
    bounds = pc.min_max(micro).as_py()
    low, high = _CALENDAR
    if bounds["min"] is None or (bounds["min"] >= low and bounds["max"] <= high):
        return column
    known = pc.and_(pc.greater_equal(micro, low), pc.less_equal(micro, high))
    return pc.if_else(known, column, pa.scalar(None, column.type))


def _without_nan(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    nan = pc.is_nan(column)
    return pc.if_else(nan, pa.scalar(None, pa.float64()), column) if pc.any(nan).as_py() else column


def _scaled(column: pa.ChunkedArray, factor: float) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.multiply(column.cast(pa.float64(), safe=False), factor)


def type_of(column: Any) -> str:
    """Return the published type of a column: number, boolean, datetime, category or text.

    Notes
    -----
    Strings are counted: those with few distinct, short values are categories.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_timestamp(kind):
        return "datetime"
    if not pa.types.is_string(kind):
        return "number"
    known = len(column) - column.null_count
    distinct = pc.count_distinct(column).as_py()
    always, never = CATEGORY_LEVELS
    if distinct > max(always, min(never, known // 2)):
        return "text"
    length = pc.mean(pc.utf8_length(column)).as_py() or 0.0
    return "category" if length <= CATEGORY_LENGTH else "text"
