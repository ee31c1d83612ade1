"""Arrow tables, and lists of Python values, which Arrow types, as typed columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.encoding.columns import (
    Column,
    Columns,
    as_float,
    attempt,
    category,
    column_name,
    epoch_second,
    is_missing,
    level_text,
    seconds_of,
    wrong_type,
)
from anomaly_detection.detection.errors import InvalidData
from anomaly_detection.shared.optional import require

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_TEMPORAL = (date, time, timedelta, np.datetime64, np.timedelta64)
_ROLES = ("time", "label", "entity", "row_id", "features")


def columns_from_arrow(data: Any) -> Columns:
    """Read whatever offers itself as an Arrow stream or array: Arrow, polars, data sets.

    Raises
    ------
    InvalidData
        It is no table, or a column holds what no detector takes.
    """
    pyarrow = require("pyarrow", extra="core")
    if isinstance(data, pyarrow.ChunkedArray | pyarrow.Array) and not pyarrow.types.is_struct(data.type):
        return Columns.of([column_from_arrow("value", data)], len(data), named=False)
    if hasattr(data, "to_frame") and hasattr(data, "to_list"):
        column = _column_of(pyarrow, data.name or "value", data)
        return Columns.of([column], len(data), named=bool(data.name))
    try:
        table = _table(pyarrow, data)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError, pyarrow.ArrowNotImplementedError) as error:
        if hasattr(data, "get_columns"):
            items = [
                attempt(column_name(item.name), partial(_column_of, pyarrow, item.name, item))
                for item in data.get_columns()
            ]
            return Columns.of(items, len(data), named=True)
        raise InvalidData(
            f"Cannot read a table from {type(data).__name__}: {error}.",
            code="detection.not_a_table",
            hint="Give a table whose columns have Arrow types.",
        ) from error
    name, fingerprint = getattr(data, "name", None), getattr(data, "fingerprint", None)
    return replace(
        _columns_of(table, data),
        name=name if isinstance(name, str) else None,
        fingerprint=fingerprint if isinstance(fingerprint, str) else None,
        kept=getattr(data, "owned", None) is True,
    )


def _columns_of(table: Any, data: Any) -> Columns:
    roles = _roles_of(data)
    block = getattr(data, "block", None)
    if isinstance(block, np.ndarray) and block.shape == (table.num_rows, table.num_columns):
        names = tuple(column_name(name) for name in table.column_names)
        return Columns(names, table.num_rows, named=True, matrix=block, roles=roles)
    items = [
        attempt(column_name(name), partial(column_from_arrow, column_name(name), chunks))
        for name, chunks in zip(table.column_names, table.columns, strict=True)
    ]
    return Columns.of(items, table.num_rows, named=True, roles=roles)


def _table(pyarrow: Any, data: Any) -> Any:
    if isinstance(data, pyarrow.ChunkedArray):
        return pyarrow.Table.from_struct_array(data)
    # A data set holds its table; pyarrow.table would import pandas to see whether it is given a frame.
    held = getattr(data, "table", data)
    if isinstance(held, pyarrow.Table):
        return held
    return pyarrow.table(pyarrow.RecordBatch.from_struct_array(data) if isinstance(data, pyarrow.Array) else data)


def _column_of(pyarrow: Any, name: str, series: Any) -> Column:
    """Read a polars series, also where its type has no counterpart in Arrow."""
    try:
        return column_from_arrow(column_name(name), pyarrow.chunked_array(series))
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError, pyarrow.ArrowNotImplementedError):
        return column_from_objects(column_name(name), series.to_list())


def _roles_of(data: Any) -> dict[str, Any]:
    roles = getattr(data, "roles", None)
    if roles is None:
        return {}
    if isinstance(roles, Mapping):
        return {key: roles.get(key) for key in _ROLES if roles.get(key) is not None}
    return {key: getattr(roles, key) for key in _ROLES if getattr(roles, key, None) is not None}


def column_from_arrow(name: str, chunks: Any) -> Column:
    """Read one Arrow array, in chunks or not.

    Raises
    ------
    InvalidData
        Its values are nested, or bytes that are no text.
    """
    pyarrow = require("pyarrow", extra="core")
    compute = require("pyarrow.compute", extra="core")
    types = pyarrow.types
    if types.is_run_end_encoded(chunks.type):
        chunks = pyarrow.chunked_array(
            [compute.run_end_decode(part) for part in getattr(chunks, "chunks", [chunks])],
            type=chunks.type.value_type,
        )
    kind = chunks.type
    if types.is_null(kind):
        return Column(name, "number", np.full(len(chunks), np.nan))
    if types.is_boolean(kind):
        return Column(name, "boolean", _to_float(chunks.cast(pyarrow.int8())))
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return Column(name, "number", _to_float(chunks))
    if types.is_timestamp(kind) or types.is_date64(kind) or types.is_duration(kind) or types.is_time(kind):
        ticks = chunks.cast(pyarrow.int32() if types.is_time32(kind) else pyarrow.int64()).cast(pyarrow.int64())
        known = np.asarray(compute.fill_null(ticks, 0), dtype=np.int64)
        seconds = seconds_of(known, _PER_SECOND[getattr(kind, "unit", "ms")], np.asarray(compute.is_null(ticks)))
        return Column(name, "number" if types.is_duration(kind) or types.is_time(kind) else "datetime", seconds)
    if types.is_date32(kind):
        return Column(name, "datetime", _to_float(chunks.cast(pyarrow.int32())) * 86_400.0)
    if isinstance(kind, pyarrow.BaseExtensionType):
        return column_from_objects(name, [None if item is None else str(item) for item in chunks.to_pylist()])
    return _categories(pyarrow, compute, name, chunks)


def _categories(pyarrow: Any, compute: Any, name: str, chunks: Any) -> Column:
    kind = chunks.type
    # Bytes of a fixed size are no text, even where they happen to be valid: Polars hands objects on as their addresses.
    if pyarrow.types.is_fixed_size_binary(kind):
        raise wrong_type(name, f"values of type {kind}")
    try:
        encoded = chunks
        if not pyarrow.types.is_dictionary(kind):
            encoded = compute.dictionary_encode(chunks.cast(pyarrow.large_string()))
        if isinstance(encoded, pyarrow.ChunkedArray):
            encoded = encoded.unify_dictionaries().combine_chunks()
        if isinstance(encoded, pyarrow.ChunkedArray):
            encoded = encoded.chunk(0)
        values = encoded.dictionary.to_pylist()
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError, UnicodeDecodeError):
        raise wrong_type(name, f"values of type {kind}") from None
    codes = compute.fill_null(encoded.indices.cast(pyarrow.int64()), -1).to_numpy(zero_copy_only=False)
    return category(name, codes, values)


def _to_float(chunks: Any) -> NDArray[np.float64]:
    """Return float64 values with NaN for nulls."""
    pyarrow = require("pyarrow", extra="core")
    array = chunks.cast(pyarrow.float64(), safe=False)
    if isinstance(array, pyarrow.ChunkedArray) and array.num_chunks == 1:
        # Several chunks are always copied, one is not where no cell is missing.
        array = array.chunk(0)
    values = array.to_numpy(zero_copy_only=False) if isinstance(array, pyarrow.Array) else array.to_numpy()
    return np.asarray(values, dtype=np.float64)


def column_from_objects(name: str, values: Sequence[Any]) -> Column:
    """Type a list of Python values: by Arrow where they agree, else as times, numbers or text.

    Raises
    ------
    InvalidData
        A value is nested or complex.
    """
    pyarrow = require("pyarrow", extra="core")
    try:
        array = pyarrow.array(values, from_pandas=True)
    except (
        pyarrow.ArrowInvalid,
        pyarrow.ArrowTypeError,
        pyarrow.ArrowNotImplementedError,
        OverflowError,
        ValueError,
        TypeError,
    ):
        return _from_mixed(name, list(values))
    return _from_mixed(name, list(values)) if _misread(pyarrow, array.type, values) else column_from_arrow(name, array)


def _misread(pyarrow: Any, kind: Any, values: Sequence[Any]) -> bool:
    """Whether Arrow took values for what they are not: numbers among dates for days, times for their dates.

    Decimals it rounds otherwise than Python does.
    """
    if pyarrow.types.is_date32(kind):
        return any(
            isinstance(value, datetime) or not (isinstance(value, date) or is_missing(value)) for value in values
        )
    if pyarrow.types.is_temporal(kind):
        return not all(isinstance(value, _TEMPORAL) or is_missing(value) for value in values)
    return bool(pyarrow.types.is_decimal(kind))


def _from_mixed(name: str, values: list[Any]) -> Column:
    present = [None if is_missing(value) else value for value in values]
    for value in present:
        if isinstance(value, complex | np.complexfloating):
            raise wrong_type(name, "complex numbers")
        if isinstance(value, Mapping | list | tuple | set | frozenset | np.ndarray):
            raise wrong_type(name, f"values of type {type(value).__name__}")
    if all(value is None or isinstance(value, date | np.datetime64) for value in present):
        return Column(name, "datetime", np.array([epoch_second(value) for value in present], dtype=np.float64))
    try:
        numbers = [_number(value) for value in present]
    except (TypeError, ValueError):
        codes: dict[str, int] = {}
        coded = [-1 if value is None else codes.setdefault(level_text(value), len(codes)) for value in present]
        return category(name, np.array(coded, dtype=np.int64), list(codes))
    return Column(name, "number", np.array(numbers, dtype=np.float64))


def _number(value: Any) -> float:
    if value is None:
        return float("nan")
    if not isinstance(value, Number | str | np.bool_):
        raise TypeError
    return as_float(value)
