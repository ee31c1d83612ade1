"""The one door for tables of every make.

numpy arrays, pandas, polars and Arrow tables, data sets, lists of dicts and dicts of lists all become `Columns`. pyarrow is
imported only for the inputs that need it, so that scoring one numpy row stays cheap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from anomaly_detection.detection.encoding.arrow import column_from_arrow, column_from_objects, columns_from_arrow
from anomaly_detection.detection.encoding.columns import Column, Columns, Unreadable, attempt, column_name, no_rows
from anomaly_detection.detection.encoding.frames import column_from_series, columns_from_frame, columns_from_series
from anomaly_detection.detection.encoding.vectors import column_from_vector, columns_from_array
from anomaly_detection.detection.errors import InvalidData
from anomaly_detection.shared.optional import require

_INPUTS = "a numpy array, a pandas, polars or Arrow table, a data set, a list of dicts or a dict of lists"


def read_columns(data: Any, *, time: str | None = None) -> Columns:
    """Turn any table into typed columns.

    Parameters
    ----------
    data : array, table, list of dicts or dict of lists
        One row per observation. A one-dimensional array is one column.
    time : str, optional
        The column that tells the time; where it comes as text, it is read as ISO 8601.

    Raises
    ------
    InvalidData
        It is no table, has no column, two of one name, or one whose values cannot be judged.
    """
    columns = _read(data)
    if not columns.names and columns.unreadable:
        raise next(iter(columns.unreadable.values()))
    if not columns.names:
        raise InvalidData("The table has no column.", code="detection.no_columns", hint="Give at least one column.")
    twice = next((name for place, name in enumerate(columns.names) if columns.places[name] != place), None)
    twice = next((name for name in columns.unreadable if name in columns.places), twice)
    if twice is not None:
        raise InvalidData(
            f"Two columns have the name {twice!r}.",
            code="detection.duplicate_column",
            hint="Give each column a name of its own.",
            details={"column": twice},
        )
    return columns if time is None else columns.with_times(time)


def _read(data: Any) -> Columns:
    if isinstance(data, np.ndarray):
        return columns_from_array(data)
    if isinstance(data, Mapping):
        return _from_mapping(data)
    if isinstance(data, type | str | bytes | bytearray):
        raise _not_a_table(data)
    if hasattr(data, "iloc") and hasattr(data, "dtypes"):
        return columns_from_frame(data) if hasattr(data, "columns") else columns_from_series(data)
    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        return columns_from_arrow(data)
    if hasattr(data, "__array__"):
        return columns_from_array(np.asarray(data))
    if isinstance(data, Sequence):
        return _from_sequence(data)
    raise _not_a_table(data)


def _not_a_table(data: Any) -> InvalidData:
    hint = f"Give {_INPUTS}; a file is read by load_dataset(path)."
    if hasattr(data, "__next__"):
        hint = "Give list(...) of it."
    elif hasattr(data, "collect"):
        hint = "Give what its collect() returns."
    name = data.__name__ if isinstance(data, type) else type(data).__name__
    kind = "the class" if isinstance(data, type) else "an object of type"
    return InvalidData(f"Cannot read a table from {kind} {name}.", code="detection.not_a_table", hint=hint)


def _from_mapping(data: Mapping[Any, Any]) -> Columns:
    names = {column_name(label): label for label in data}
    single = [label for label in data if _is_single(data[label])]
    for label in data:
        if isinstance(data[label], Mapping | set | frozenset) or hasattr(data[label], "__next__"):
            raise _no_list(label, data[label])
    if single and len(single) == len(data):
        return _from_sequence([data])
    if single:
        raise _no_list(single[0], data[single[0]])
    if len(names) < len(data):
        raise InvalidData(
            f"Two columns have the same name as text: {', '.join(names)}.",
            code="detection.duplicate_column",
            hint="Give each column a name of its own.",
        )
    items = [attempt(name, partial(_from_values, name, data[label])) for name, label in names.items()]
    lengths = {item.name: item.values.shape[0] for item in items if isinstance(item, Column)}
    if len(set(lengths.values())) > 1:
        raise InvalidData(
            f"Columns differ in length: {lengths}.",
            code="detection.ragged_table",
            hint="Give every column one value per row.",
        )
    return Columns.of(items, next(iter(lengths.values()), 0), named=True)


def _is_single(value: Any) -> bool:
    """Whether a dict's value is one value rather than a column of them."""
    if value is None or isinstance(value, str | bytes | bytearray):
        return True
    return getattr(value, "ndim", 1) == 0 or not hasattr(value, "__len__")


def _no_list(label: Any, value: Any) -> InvalidData:
    text = repr(value)
    return InvalidData(
        f"Column {column_name(label)!r} is {text if len(text) <= 60 else text[:60] + '...'}, not a list of values.",
        code="detection.not_a_column",
        hint="Give every column as a list, or a list of dicts, one for each row.",
    )


def _from_values(name: str, values: Any) -> Column:
    if isinstance(values, np.ndarray):
        return column_from_vector(name, values)
    if hasattr(values, "iloc") and hasattr(values, "dtype"):
        return column_from_series(name, values)
    if hasattr(values, "__arrow_c_stream__"):
        pyarrow = require("pyarrow", extra="core")
        return column_from_arrow(name, pyarrow.chunked_array(values))
    if hasattr(values, "__arrow_c_array__"):
        return column_from_arrow(name, values)
    if hasattr(values, "__array__"):
        return column_from_vector(name, np.asarray(values))
    return column_from_objects(name, list(values))


def _from_sequence(rows: Sequence[Any]) -> Columns:
    if len(rows) == 0:
        raise no_rows()
    dicts = [isinstance(row, Mapping) for row in rows]
    if any(dicts):
        if not all(dicts):
            place = dicts.index(False)
            raise _uneven(f"Row {place} is {type(rows[place]).__name__}, others are dicts.")
        plain = _plain_numbers(rows)
        if plain is not None:
            return plain
        labels = list(dict.fromkeys(label for row in rows for label in row))
        items = [_from_dicts(rows, label) for label in labels]
        return Columns.of(items, len(rows), named=True)
    try:
        array = np.asarray(rows)
        # Beside text, numpy would turn numbers into text too.
        return columns_from_array(np.asarray(rows, dtype=object) if array.dtype.kind in "US" else array)
    except ValueError as error:
        if isinstance(error, InvalidData):
            raise
        raise _uneven("The rows differ in length.") from None


def _plain_numbers(rows: Sequence[Mapping[Any, Any]]) -> Columns | None:
    """Return rows of numbers at once, as most rows that a server judges are; None where anything else is among them."""
    labels = tuple(rows[0])
    kinds = {type(value) for row in rows for value in row.values()}
    if not kinds <= {float, int} or not labels or any(tuple(row) != labels for row in rows):
        return None
    try:
        matrix = np.array([tuple(row.values()) for row in rows], dtype=np.float64)
    except OverflowError:
        return None
    return Columns(tuple(column_name(label) for label in labels), len(rows), named=True, matrix=matrix)


def _from_dicts(rows: Sequence[Mapping[Any, Any]], label: Any) -> Column | Unreadable:
    name = column_name(label)
    return attempt(name, lambda: column_from_objects(name, [row.get(label) for row in rows]))


def _uneven(message: str) -> InvalidData:
    return InvalidData(message, code="detection.ragged_table", hint=f"Give {_INPUTS}.")
