"""pandas frames as typed columns, without Arrow where the types are numpy's own."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from anomaly_detection.detection.encoding.arrow import column_from_arrow, column_from_objects
from anomaly_detection.detection.encoding.columns import Column, Columns, attempt, category, column_name
from anomaly_detection.detection.encoding.vectors import column_from_vector
from anomaly_detection.shared.optional import require


def columns_from_frame(frame: Any) -> Columns:
    """Read a pandas frame: an index of times is the rows' time, any other one that is not a mere count names them."""
    names = tuple(column_name(label) for label in frame.columns)
    time, row_id = _index_columns(frame.index, set(names))
    plain = all(isinstance(dtype, np.dtype) and dtype.kind in "fiu" for dtype in frame.dtypes)
    if plain and time is None and row_id is None and names:
        with np.errstate(over="ignore"):
            matrix = frame.to_numpy(dtype=np.float64)
        return Columns(names, len(frame), named=True, matrix=matrix)
    items = [attempt(name, partial(column_from_series, name, frame.iloc[:, place])) for place, name in enumerate(names)]
    roles: dict[str, Any] = {}
    for role, column in (("time", time), ("row_id", row_id)):
        if column is not None and any(isinstance(item, Column) for item in items):
            items.append(column)
            roles[role] = column.name
    return Columns.of(items, len(frame), named=True, roles=roles)


def columns_from_series(series: Any) -> Columns:
    """Read a pandas series as a frame of one column."""
    named = series.name is not None
    columns = columns_from_frame(series.to_frame(series.name if named else "value"))
    return columns if named else replace(columns, named=False)


def column_from_series(name: str, series: Any) -> Column:
    """Read one pandas series.

    Raises
    ------
    InvalidData
        Its values are nested or complex.
    """
    dtype = series.dtype
    if isinstance(dtype, np.dtype):
        return column_from_vector(name, series.to_numpy())
    kind = type(dtype).__name__
    if kind == "CategoricalDtype":
        return category(name, series.cat.codes.to_numpy(), list(series.cat.categories))
    if kind == "PeriodDtype":
        return column_from_vector(name, series.dt.to_timestamp().to_numpy())
    if kind == "DatetimeTZDtype":
        return column_from_vector(name, series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy())
    if kind == "SparseDtype":
        return column_from_vector(name, np.asarray(series))
    if kind == "IntervalDtype":
        return column_from_objects(name, series.astype(str).where(series.notna(), None).tolist())
    pyarrow = require("pyarrow", extra="core")
    try:
        return column_from_arrow(name, pyarrow.array(series, from_pandas=True))
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError, pyarrow.ArrowNotImplementedError):
        return column_from_objects(name, series.tolist())


def _index_columns(index: Any, taken: set[str]) -> tuple[Column | None, Column | None]:
    """Return what the index says of each row: its time, and its name."""
    kind = type(index).__name__
    if kind == "RangeIndex":
        return None, None
    if kind == "MultiIndex":
        levels = [index.levels[place] for place in range(index.nlevels)]
        times = [place for place, level in enumerate(levels) if type(level).__name__ == "DatetimeIndex"]
        time = _index_columns(index.get_level_values(times[0]), taken)[0] if len(times) == 1 else None
        joined = column_from_objects(_free("index", taken), [column_name(label) for label in index])
        return time, joined
    if kind in ("DatetimeIndex", "PeriodIndex"):
        return column_from_series(_free("time" if index.name is None else index.name, taken), index.to_series()), None
    return None, column_from_series(_free("index" if index.name is None else index.name, taken), index.to_series())


def _free(label: Any, taken: set[str]) -> str:
    name = column_name(label)
    while name in taken:
        name += "_"
    taken.add(name)
    return name
