"""The part that each column plays, recognised by its type, its content and its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from anomaly_detection.data_platform.columns import type_of
from anomaly_detection.data_platform.errors import UnknownColumn
from anomaly_detection.data_platform.roles import Kind, Roles, require_column
from anomaly_detection.data_platform.times import AMBIGUOUS, parse_times

if TYPE_CHECKING:
    import pyarrow as pa

TIME_NAMES = {
    "time",
    "timestamp",
    "date",
    "datetime",
    "ts",
    "epoch",
    "unix_time",
    "unixtime",
    "event_time",
    "created_at",
}
LABEL_NAMES = {"label", "is_anomaly", "anomaly", "target", "class"}
ROW_ID_NAMES = {"id", "uuid", "guid", "index", "row", "row_id", "__index_level_0__"}
_EPOCH_SECONDS = (631_152_000, 4_102_444_800)
"""1990 to 2100: numbers outside are no time of a measurement."""
_REGULAR_SHARE = 0.6
_REGULAR_TOLERANCE = 0.1
_UNIQUE_SHARE = 0.95


def recognise(
    table: pa.Table, *, time: str | None = None, columns: Sequence[str] | None = None, label: str | None = None
) -> tuple[pa.Table, Roles, list[str]]:
    """Find the roles of a table's columns; what is named stays as named.

    Returns
    -------
    tuple of (pyarrow.Table, Roles, list of str)
        The table with its time as timestamps, the roles, and warnings.

    Raises
    ------
    UnknownColumn
        ``data.unknown_column``, ``data.not_a_time`` or ``data.not_a_label``.
    """
    for name in [time, label, *(columns or ())]:
        if name is not None:
            require_column(table, name)
    warnings = [] if time is None else _counted(table[time], time)
    time = time or _find_time(table)
    if time is not None:
        table = as_time(table, time)
    if label is not None:
        if not _is_label(table[label]):
            raise UnknownColumn(
                f"Column {label!r} is no label: it must hold only 0 and 1, or true and false.",
                code="data.not_a_label",
                hint="Name another column, or leave the label out.",
            )
    else:
        label = _find_label(table, taken={time, *(columns or ())})
        if label is not None:
            warnings.append(
                f"Column {label!r} was taken as the label of known anomalies and is not used for detection."
            )
    row_id = _find_row_id(table, taken={time, label, *(columns or ())})
    taken = {time, label, row_id}
    types = {name: type_of(table[name]) for name in table.column_names if name not in taken}
    if columns is not None:
        features = tuple(name for name in columns if name not in {time, label})
    else:
        empty = [name for name in types if table[name].null_count == table.num_rows]
        texts = [name for name in types if types[name] == "text"]
        features = tuple(name for name in types if name not in empty and name not in texts)
        warnings += _left_out(empty, "holds no value", "hold no value")
        warnings += _left_out(texts, "holds free text", "hold free text")
    roles = Roles(time=time, label=label, row_id=row_id, features=features)
    if time is not None:
        warnings += _time_warnings(table[time], time)
    return table, roles, warnings


def _left_out(names: Sequence[str], one: str, many: str) -> list[str]:
    if not names:
        return []
    shown = ", ".join(repr(name) for name in names[:5]) + (" and others" if len(names) > 5 else "")
    return [
        f"Column {shown} {one} and is not used." if len(names) == 1 else f"Columns {shown} {many} and are not used."
    ]


def _find_time(table: pa.Table) -> str | None:
    import pyarrow as pa

    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_timestamp(column.type) and column.null_count < len(column):
            return str(name)
    for name, column in zip(table.column_names, table.columns, strict=True):
        lowered = name.lower()
        if (lowered in TIME_NAMES or lowered.endswith(("_time", "_ts", "timestamp", "_at"))) and _epoch_unit(column):
            return str(name)
    return None


def _epoch_unit(column: pa.ChunkedArray) -> int | None:
    """Return how many units a second has when the numbers are plausible times since 1970, else None."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        return None
    bounds = pc.min_max(column).as_py()
    low, high = bounds["min"], bounds["max"]
    if low is None:
        return None
    first, last = _EPOCH_SECONDS
    return next((unit for unit in (1, 10**3, 10**6, 10**9) if first * unit <= low and high <= last * unit), None)


def as_time(table: pa.Table, name: str) -> pa.Table:
    """Return the table with one column as timestamps.

    Raises
    ------
    UnknownColumn
        ``data.not_a_time``: it holds neither times nor numbers that count from a moment.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    column = table[name]
    if pa.types.is_timestamp(column.type):
        return table
    moments: Any = None
    if pa.types.is_string(column.type):
        parsed = parse_times(column)
        if isinstance(parsed, str) and parsed == AMBIGUOUS:
            raise UnknownColumn(
                f"Column {name!r} holds dates such as {_first(column)!r}, whose day and month cannot be told apart.",
                code="data.not_a_time",
                hint="Write the dates as YYYY-MM-DD.",
            )
        moments = parsed
    elif not pa.types.is_boolean(column.type) and column.null_count < len(column):
        unit = _epoch_unit(column) or 1
        highest = pc.max(pc.abs(column.cast(pa.float64(), safe=False))).as_py()
        if highest / unit < 2.5e11:
            if pa.types.is_integer(column.type):
                micro = pc.multiply(column, 10**6 // unit) if unit <= 10**6 else pc.divide(column, unit // 10**6)
            else:
                micro = pc.round(pc.multiply(column, 1e6 / unit)).cast(pa.int64())
            moments = micro.cast(pa.timestamp("us"))
    if moments is None:
        raise UnknownColumn(
            f"Column {name!r} cannot be read as time; its first value is {_first(column)!r}.",
            code="data.not_a_time",
            hint="Times are written as YYYY-MM-DD HH:MM:SS, or as seconds since 1970. Name another column with --time.",
        )
    return table.set_column(table.column_names.index(name), name, moments)


def _first(column: pa.ChunkedArray) -> Any:
    known = column.drop_null()
    return known[0].as_py() if len(known) else None


def _counted(column: pa.ChunkedArray, name: str) -> list[str]:
    """Return a note where numbers are taken for times: they might count anything."""
    import pyarrow as pa

    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        return []
    units = {10**3: "milliseconds", 10**6: "microseconds", 10**9: "nanoseconds"}
    unit = units.get(_epoch_unit(column) or 1, "seconds")
    return [f"The time column {name!r} holds numbers: they were read as {unit} since 1970-01-01 UTC."]


def _time_warnings(column: pa.ChunkedArray, name: str) -> list[str]:
    import numpy as np

    warnings = []
    if column.null_count:
        plural = "row has" if column.null_count == 1 else "rows have"
        warnings.append(f"{column.null_count} {plural} no time in column {name!r}.")
    moments = _micro(column)
    if moments.size > 1 and bool(np.any(moments[1:] < moments[:-1])):
        warnings.append(f"The rows are not in the order of {name!r}.")
    return warnings


def _micro(column: pa.ChunkedArray) -> Any:
    import pyarrow as pa

    return column.drop_null().cast(pa.int64()).to_numpy()


def _find_label(table: pa.Table, *, taken: set[str | None]) -> str | None:
    for name, column in zip(table.column_names, table.columns, strict=True):
        if name.lower() in LABEL_NAMES and name not in taken and _is_label(column):
            return str(name)
    return None


def _is_label(column: pa.ChunkedArray) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.null_count == len(column) or pa.types.is_string(column.type) or pa.types.is_timestamp(column.type):
        return False
    return pa.types.is_boolean(column.type) or set(pc.unique(column.drop_null()).to_pylist()) <= {0, 1}


def _find_row_id(table: pa.Table, *, taken: set[str | None]) -> str | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    for position, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
        lowered = name.lower()
        named = lowered in ROW_ID_NAMES or lowered.endswith(("_id", "_uuid")) or name.endswith(("Id", "ID"))
        numbered = position == 0 and lowered in {"column_1", "unnamed: 0"}
        typed = pa.types.is_integer(column.type) or (named and pa.types.is_string(column.type))
        if name in taken or not typed or column.null_count or len(column) < 2 or not (named or numbered):
            continue
        if pc.count_distinct(column).as_py() == len(column):
            if numbered and not _counts_up(column):
                continue
            return str(name)
    return None


def _counts_up(column: pa.ChunkedArray) -> bool:
    import numpy as np

    return bool(np.all(np.diff(column.to_numpy()) == 1))


def kind_of(table: pa.Table, roles: Roles) -> Kind:
    """Tell a series from a table.

    A series has a time in every row that is nearly unique and mostly regular (six in ten steps within a tenth of the
    median step), at least one feature of numbers, and no feature of another type than numbers and booleans.
    """
    import numpy as np

    if roles.time is None or not roles.features or table.num_rows < 3 or table[roles.time].null_count:
        return "table"
    types = {type_of(table[name]) for name in roles.features}
    if "number" not in types or not types <= {"number", "boolean"}:
        return "table"
    steps = np.diff(np.sort(_micro(table[roles.time])))
    forward = steps[steps > 0]
    if forward.size < _UNIQUE_SHARE * steps.size:
        return "table"
    median = float(np.median(forward))
    regular = float(np.mean(np.abs(forward - median) <= _REGULAR_TOLERANCE * median))
    return "series" if regular >= _REGULAR_SHARE else "table"
