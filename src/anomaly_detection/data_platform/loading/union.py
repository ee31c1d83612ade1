"""Tables of several files as one: their columns must agree, their types are brought together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from anomaly_detection.data_platform.columns import normalise
from anomaly_detection.data_platform.errors import UnreadableData

if TYPE_CHECKING:
    import pyarrow as pa


def union(tables: Sequence[tuple[str, pa.Table, Sequence[str]]]) -> tuple[pa.Table, list[str]]:
    """Put tables below each other.

    Parameters
    ----------
    tables : sequence of (name, table, warnings)
        In the order in which their rows are wanted. Columns may stand in any order.

    Returns
    -------
    tuple of (pyarrow.Table, list of str)
        Columns as in the first table. Whole numbers and others become numbers, times with and without a zone become UTC,
        columns without a value take any type, and all else becomes text, with a warning.

    Raises
    ------
    UnreadableData
        ``data.columns_differ``: a table lacks a column that the first one has, or has another one.
    """
    import pyarrow as pa

    first, head, _ = tables[0]
    columns = list(head.column_names)
    for name, table, _ in tables[1:]:
        _check_columns(first, columns, name, list(table.column_names))
    usual = [(name, *normalise(table.select(columns))) for name, table, _ in tables]
    # Names repeat from file to file in warnings that say the same of each.
    warnings = list(
        dict.fromkeys(
            note for (_, _, told), (_, _, left_out) in zip(tables, usual, strict=True) for note in (*told, *left_out)
        )
    )
    common = set(columns).intersection(*(table.column_names for _, table, _ in usual))
    kept = [column for column in usual[0][1].column_names if column in common]
    joined = []
    for column in kept:
        chunks, note = _together(column, [(name, table[column]) for name, table, _ in usual])
        joined.append(chunks)
        warnings += [note] if note else []
    return pa.table(joined, names=kept), warnings


def _check_columns(first: str, expected: list[str], name: str, seen: list[str]) -> None:
    missing = [column for column in expected if column not in set(seen)]
    extra = [column for column in seen if column not in set(expected)]
    if not missing and not extra:
        return
    lacks = f"lacks {_shown(missing)}" if missing else ""
    has = f"has {_shown(extra)}" if extra else ""
    raise UnreadableData(
        f"{name} {' and '.join(filter(None, [lacks, has]))}, unlike {first}.",
        code="data.columns_differ",
        hint="Files that are read together need the same columns. Leave this one out, or correct its header.",
        details={"file": name, "missing": missing[:100], "extra": extra[:100]},
    )


def _shown(columns: list[str]) -> str:
    names = ", ".join(repr(column) for column in columns[:5])
    return f"column{'s' if len(columns) > 1 else ''} {names}" + (" and others" if len(columns) > 5 else "")


def _together(column: str, pieces: Sequence[tuple[str, pa.ChunkedArray]]) -> tuple[pa.ChunkedArray, str | None]:
    import pyarrow as pa

    known = [(name, chunks) for name, chunks in pieces if chunks.null_count < len(chunks)]
    kinds = {chunks.type for _, chunks in known} or {pa.float64()}
    target, note = _target(kinds), None
    if target is None:
        target = pa.string()
        common = known[0][1].type
        odd, other = next((name, chunks.type) for name, chunks in known if chunks.type != common)
        note = f"Column {column!r} holds {_word(common)} in {known[0][0]} and {_word(other)} in {odd}: it was read as text."
    elif pa.types.is_timestamp(target) and len(kinds) > 1:
        note = f"Column {column!r} has times with a zone and without one: those without were taken as UTC."
    arrays = [chunk for _, chunks in pieces for chunk in _cast(chunks, target).chunks]
    return pa.chunked_array(arrays, type=target), note


def _target(kinds: set[Any]) -> Any:
    import pyarrow as pa

    if len(kinds) == 1:
        return next(iter(kinds))
    if all(pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in kinds):
        return pa.float64()
    return pa.timestamp("us", tz="UTC") if all(pa.types.is_timestamp(kind) for kind in kinds) else None


def _cast(chunks: pa.ChunkedArray, target: Any) -> pa.ChunkedArray:
    import pyarrow as pa

    if chunks.null_count == len(chunks):
        return pa.chunked_array([pa.nulls(len(chunks), target)])
    if pa.types.is_timestamp(chunks.type) and pa.types.is_timestamp(target):
        return chunks.cast(pa.int64()).cast(target)
    return chunks.cast(target, safe=False)


def _word(kind: Any) -> str:
    import pyarrow as pa

    if pa.types.is_timestamp(kind):
        return "times"
    if pa.types.is_boolean(kind):
        return "true and false"
    return "text" if pa.types.is_string(kind) else "numbers"
