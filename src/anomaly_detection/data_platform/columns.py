"""Arrow columns of any type as the few types that the platform works with: numbers, booleans, UTC times and strings."""

from __future__ import annotations

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

    Returns
    -------
    tuple of (pyarrow.Table, list of str)
        The same rows, and a warning for each column that was left out because no such type can hold it.
    """
    import pyarrow as pa

    names, columns, warnings = [], [], []
    for name, column in zip(table.column_names, table.columns, strict=True):
        usual = _usual(column)
        if usual is None:
            warnings.append(f"Column {name!r} was left out: values of type {column.type} cannot be used.")
        else:
            names.append(str(name))
            columns.append(usual)
    return pa.table(columns, names=names), warnings


def _usual(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    import pyarrow as pa

    types, kind = pa.types, column.type
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

    return pc.multiply(column.cast(pa.float64()), factor)


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
