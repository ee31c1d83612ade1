"""The rows that were judged, as they came, beside their scores."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Rows:
    """Columns by name, and what names a row.

    Attributes
    ----------
    values : mapping of str to array of shape (n,)
        The columns as they came: numbers as float64, times as datetime64[us], everything else as objects.
    time : array of shape (n,), datetime64[us], or None
        When each row happened, UTC.
    row_id, entity : array of shape (n,), object, or None
        The name of each row, and whom it is about.
    expected, scale : mapping of str to array of shape (n,)
        For series: the value that would have been normal, and one robust standard deviation of the values around it.
    names : mapping of str to str
        What the column was called that became ``time``, ``row_id`` or ``entity``.
    """

    values: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    time: NDArray[np.datetime64] | None = None
    row_id: NDArray[Any] | None = None
    entity: NDArray[Any] | None = None
    expected: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    scale: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def row(self, index: int) -> dict[str, Any]:
        """Return one row as plain values."""
        return {name: plain(column[index]) for name, column in self.values.items()}

    def time_at(self, index: int) -> str | None:
        """Return when a row happened as ISO 8601, or None."""
        return None if self.time is None else iso_time(self.time[index])

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return all arrays under flat names."""
        names = {"time": self.time, "row_id": self.row_id, "entity": self.entity}
        arrays: dict[str, NDArray[Any]] = {name: array for name, array in names.items() if array is not None}
        for prefix, group in (("value", self.values), ("expected", self.expected), ("scale", self.scale)):
            arrays.update({f"{prefix}:{name}": array for name, array in group.items()})
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], names: Mapping[str, str] | None = None) -> Rows:
        """Make the rows from what `to_arrays` returned, and `names`."""

        def group(prefix: str) -> dict[str, NDArray[Any]]:
            start = f"{prefix}:"
            return {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}

        return cls(
            group("value"),
            arrays.get("time"),
            arrays.get("row_id"),
            arrays.get("entity"),
            group("expected"),
            group("scale"),
            dict(names or {}),
        )


def iso_time(moment: np.datetime64) -> str | None:
    """Write a moment as ISO 8601 in UTC.

    Examples
    --------
    >>> iso_time(np.datetime64("2014-11-02T01:30:00", "us"))
    '2014-11-02T01:30:00Z'
    """
    if np.isnat(moment):
        return None
    return str(moment.astype("datetime64[us]")).removesuffix(".000000") + "Z"


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: missing as None, infinities in words, times as ISO 8601."""
    if value is None:
        return None
    if isinstance(value, np.datetime64):
        return iso_time(value)
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if math.isnan(value):
            return None
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return value if isinstance(value, bool | int | str) else str(value)
