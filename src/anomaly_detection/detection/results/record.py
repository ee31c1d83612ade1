"""What a result keeps of the data it judged."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.domain.moments import FIRST_SECOND, LAST_SECOND
from anomaly_detection.detection.results.rows import Rows

FloatArray = NDArray[np.float64]


class TypedColumn(Protocol):
    """One typed column, as the encoding made it."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def values(self) -> NDArray[Any]: ...  # noqa: D102
    @property
    def levels(self) -> tuple[str, ...] | None: ...  # noqa: D102


class TypedColumns(Protocol):
    """Typed columns, as the encoding made them."""

    @property
    def items(self) -> Sequence[TypedColumn]: ...  # noqa: D102
    @property
    def n_rows(self) -> int: ...  # noqa: D102
    @property
    def roles(self) -> Mapping[str, Any]: ...  # noqa: D102
    @property
    def name(self) -> str | None: ...  # noqa: D102
    @property
    def fingerprint(self) -> str | None: ...  # noqa: D102


@cache
def library_version() -> str:
    """Return the version of this distribution."""
    try:
        return version("anomaly-detection")
    except PackageNotFoundError:
        return "unknown"


def dataset_record(columns: TypedColumns, features: Sequence[str]) -> dict[str, Any]:
    """Return what identifies the data: name, fingerprint, size and roles."""
    roles = {role: columns.roles.get(role) for role in ("time", "label", "entity")}
    return {
        "name": columns.name,
        "fingerprint": columns.fingerprint or _fingerprint(columns),
        "n_rows": columns.n_rows,
        "n_columns": len(columns.items),
        "roles": {**roles, "features": list(features)},
    }


def _fingerprint(columns: TypedColumns) -> str:
    digest = hashlib.sha256()
    for column in columns.items:
        digest.update(f"{column.name}\0{column.kind}\0{column.levels}\0".encode())
        digest.update(np.ascontiguousarray(column.values).data)
    return digest.hexdigest()


def make_rows(
    columns: TypedColumns,
    time: str | None,
    features: Sequence[str],
    expected: FloatArray | None,
    scale: FloatArray | None,
) -> Rows:
    """Return the rows as a result keeps them: all columns but the time, which stands apart."""
    by_name = {column.name: column for column in columns.items}
    moments = by_name.get(time) if time else None

    def named(role: str) -> NDArray[Any] | None:
        column = by_name.get(str(columns.roles.get(role)))
        return None if column is None else as_objects(column)

    def by_feature(matrix: FloatArray | None) -> dict[str, FloatArray]:
        return {} if matrix is None else {name: matrix[:, position] for position, name in enumerate(features)}

    return Rows(
        values={name: _as_values(column) for name, column in by_name.items() if column is not moments},
        time=None if moments is None else _moments(moments),
        row_id=named("row_id"),
        entity=named("entity"),
        expected=by_feature(expected),
        scale=by_feature(scale),
        names={
            role: name
            for role, name in (("time", time), *((role, columns.roles.get(role)) for role in ("row_id", "entity")))
            if name is not None and name in by_name
        },
    )


def _moments(column: TypedColumn) -> NDArray[np.datetime64]:
    seconds = column.values
    known = (seconds >= FIRST_SECOND) & (seconds < LAST_SECOND)
    micro = np.where(known, np.round(np.where(known, seconds, 0.0) * 1e6), 0.0).astype(np.int64)
    moments = micro.astype("datetime64[us]")
    moments[~known] = np.datetime64("NaT")
    return moments


def _as_values(column: TypedColumn) -> NDArray[Any]:
    if column.kind == "number":
        return column.values
    return _moments(column) if column.kind == "datetime" else as_objects(column)


def as_objects(column: TypedColumn) -> NDArray[Any]:
    """Return a column as an object array of plain values, None where missing."""
    if column.kind == "category":
        levels = np.array([*(column.levels or ()), None], dtype=object)
        return np.asarray(levels[column.values])
    if column.kind == "boolean":
        choices = np.array([False, True, None], dtype=object)
        missing = np.isnan(column.values)
        return np.asarray(choices[np.where(missing, 2, np.where(missing, 0, column.values)).astype(np.int64)])
    values = column.values.astype(object)
    numbers = column.values
    whole = np.isfinite(numbers) & (numbers == np.floor(numbers)) & (np.abs(numbers) < 2**53)
    values[whole] = numbers[whole].astype(np.int64)
    values[np.isnan(numbers)] = None
    return values
