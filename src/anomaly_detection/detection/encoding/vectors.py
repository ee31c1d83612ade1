"""numpy arrays as typed columns."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.encoding.arrow import column_from_objects
from anomaly_detection.detection.encoding.columns import Column, Columns, attempt, seconds_of, wrong_type
from anomaly_detection.detection.errors import InvalidData

_PER_SECOND = {"ms": 10**3, "us": 10**6, "ns": 10**9}


def columns_from_array(array: NDArray[Any]) -> Columns:
    """Read an array of shape (n_rows, n_columns) or (n_rows,), or a structured one of shape (n_rows,).

    Raises
    ------
    InvalidData
        It has another shape, or values that are no numbers, flags, times or text.
    """
    if array.dtype.names and array.ndim == 1:
        items = [attempt(name, partial(column_from_vector, name, array[name])) for name in array.dtype.names]
        return Columns.of(items, len(array), named=True)
    if array.ndim == 1:
        array = array[:, np.newaxis]
    if array.ndim != 2 or array.dtype.names:
        kind = "A structured array" if array.dtype.names else "An array"
        raise InvalidData(
            f"{kind} of shape {array.shape} is no table.",
            code="detection.not_a_table",
            hint="Give an array of shape (n_rows, n_columns) or (n_rows,); a structured one must have shape (n_rows,).",
        )
    names = _names(array.shape[1])
    if array.dtype.kind in "fiu" and array.shape[1] and not isinstance(array, np.ma.MaskedArray):
        return Columns(names, array.shape[0], named=False, matrix=_as_float(array))
    items = [attempt(name, partial(column_from_vector, name, array[:, place])) for place, name in enumerate(names)]
    return Columns.of(items, array.shape[0], named=False)


@cache
def _names(width: int) -> tuple[str, ...]:
    return ("value",) if width == 1 else tuple(f"feature_{place}" for place in range(width))


def column_from_vector(name: str, vector: NDArray[Any]) -> Column:
    """Read an array of shape (n_rows,); masked values are missing.

    Raises
    ------
    InvalidData
        It has another shape, or values that are no numbers, flags, times or text.
    """
    if vector.ndim != 1:
        raise wrong_type(name, f"an array of shape {vector.shape}")
    if isinstance(vector, np.ma.MaskedArray):
        return _masked(name, vector)
    kind = vector.dtype.kind
    if kind in "fiu":
        return Column(name, "number", _as_float(vector))
    if kind == "b":
        return Column(name, "boolean", vector.astype(np.float64))
    if kind in "Mm":
        return Column(name, "datetime" if kind == "M" else "number", _seconds(vector))
    if kind == "c":
        raise wrong_type(name, "complex numbers")
    return column_from_objects(name, vector.tolist())


def _masked(name: str, vector: NDArray[Any]) -> Column:
    mask = np.ma.getmaskarray(vector)
    plain = np.asarray(vector.data)
    if plain.dtype.kind not in "fiubMm":
        return column_from_objects(
            name, [None if hidden else item for item, hidden in zip(plain.tolist(), mask, strict=True)]
        )
    column = column_from_vector(name, plain)
    return Column(name, column.kind, np.where(mask, np.nan, column.values))


def _as_float(array: NDArray[Any]) -> NDArray[np.float64]:
    if array.dtype == np.float64:
        return np.asarray(array, dtype=np.float64)
    # A long double beyond the range of doubles is infinite to us.
    with np.errstate(over="ignore"):
        return np.asarray(array.astype(np.float64))


def _seconds(ticks: NDArray[Any]) -> NDArray[np.float64]:
    """Return times or durations in seconds, as exact as a double can be."""
    unit = np.datetime_data(ticks.dtype)[0]
    kind = "datetime64" if ticks.dtype.kind == "M" else "timedelta64"
    if unit in ("Y", "M") and kind == "timedelta64":
        days = ticks.astype("timedelta64[M]").astype(np.int64) * (365.2425 / 12)
        return np.where(np.isnat(ticks), np.nan, days * 86_400.0)
    target = unit if unit in _PER_SECOND else "us" if unit in ("ps", "fs", "as") else "s"
    try:
        whole = ticks.astype(f"{kind}[{target}]").astype(np.int64)
    except OverflowError:
        return np.full(ticks.shape, np.nan)
    return seconds_of(whole, _PER_SECOND.get(target, 1), np.isnat(ticks))
