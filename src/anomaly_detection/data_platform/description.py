"""Columns described in plain JSON values."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from anomaly_detection.data_platform.columns import type_of
from anomaly_detection.data_platform.roles import Roles

if TYPE_CHECKING:
    import pyarrow as pa

EXAMPLES = 3
_SCANNED = 1000
_LONGEST_EXAMPLE = 80


def describe(table: pa.Table, roles: Roles) -> list[dict[str, Any]]:
    """Describe each column: name, type, role, n_missing, n_distinct, minimum, maximum, examples.

    Minimum and maximum are those of the finite values, and None for categories and text.
    """
    # There may be tens of thousands of features: they are not searched one by one for each of them.
    features, others = frozenset(roles.features), replace(roles, features=())
    return [
        _column(name, table[name], "feature" if name in features else others.of(name)) for name in table.column_names
    ]


def _column(name: str, column: pa.ChunkedArray, role: str) -> dict[str, Any]:
    import pyarrow.compute as pc

    kind = type_of(column)
    low, high = _bounds(column) if kind in {"number", "datetime"} else (None, None)
    examples: list[Any] = []
    for value in column.slice(0, _SCANNED).drop_null().to_pylist():
        shown = plain(value)
        if isinstance(shown, str) and len(shown) > _LONGEST_EXAMPLE:
            shown = shown[: _LONGEST_EXAMPLE - 1] + "…"
        if shown not in examples:
            examples.append(shown)
        if len(examples) == EXAMPLES:
            break
    return {
        "name": name,
        "type": kind,
        "role": role,
        "n_missing": column.null_count,
        "n_distinct": pc.count_distinct(column).as_py(),
        "minimum": low,
        "maximum": high,
        "examples": examples,
    }


def _bounds(column: pa.ChunkedArray) -> tuple[Any, Any]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_floating(column.type):
        column = column.filter(pc.is_finite(column))
    bounds = pc.min_max(column).as_py()
    return plain(bounds["min"]), plain(bounds["max"])


def plain_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Return rows as dictionaries of plain JSON values."""
    return [{name: plain(value) for name, value in row.items()} for row in table.to_pylist()]


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: times as ISO 8601 in UTC, infinities in words, not-a-number as None.

    Examples
    --------
    >>> plain(datetime(2014, 7, 1)), plain(float("inf")), plain(3)
    ('2014-07-01T00:00:00Z', 'Infinity', 3)
    """
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, float):
        if math.isnan(value):
            return None
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
    return value
