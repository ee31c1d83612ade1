"""Rows that somebody sends to have them judged: JSON, or an Arrow stream, with nothing believed before it is checked."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from anomaly_detection.presentation.api.arrow_frames import check_frames
from anomaly_detection.shared.errors import InvalidInput, TooLarge

if TYPE_CHECKING:
    import pyarrow as pa

ARROW = "application/vnd.apache.arrow.stream"
JSON_ROWS = 10_000
ARROW_ROWS = 1_000_000
JSON_BYTES = 32 * 1024**2
ARROW_BYTES = 256 * 1024**2

_SHAPE = 'Send {"rows": [{"column": value}]}, or {"columns": ["column"], "data": [[value]]}.'


def limit_of(media_type: str) -> int:
    """Return how many bytes a body of this type may have.

    Raises
    ------
    InvalidInput
        ``api.unsupported_media_type``.
    """
    kind = media_type.partition(";")[0].strip().lower()
    if kind in {"", "application/json"}:
        return JSON_BYTES
    if kind == ARROW:
        return ARROW_BYTES
    raise InvalidInput(
        f"Rows cannot be read from {kind[:100]!r}.",
        code="api.unsupported_media_type",
        hint=f"Send application/json or {ARROW}.",
    )


def read_rows(body: bytes, *, arrow: bool) -> Any:
    """Return the rows of a body in a form that a detector takes.

    Raises
    ------
    InvalidInput
        ``api.malformed_json``, ``api.malformed_arrow``, ``api.invalid_request``, ``detection.ragged_table``,
        ``detection.duplicate_column`` or ``models.too_many_rows``.
    """
    return _arrow_rows(body) if arrow else _json_rows(body)


def too_large(limit_bytes: int) -> TooLarge:
    """Return the error for a body above its limit."""
    return TooLarge(
        f"The body is larger than {limit_bytes:,} bytes.",
        code="api.body_too_large",
        hint="Send fewer rows at a time; an Arrow stream may be larger than JSON.",
        details={"limit_bytes": limit_bytes},
    )


def _json_rows(body: bytes) -> Any:
    try:
        content = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise InvalidInput(
            f"The body is no JSON document: {error}.", code="api.malformed_json", hint="Send JSON in UTF-8."
        ) from error
    if not isinstance(content, dict):
        raise _wrong_shape()
    if content.keys() == {"rows"} and isinstance(content["rows"], list):
        rows = content["rows"]
        _check_count(len(rows), JSON_ROWS)
        for row in rows:
            if type(row) is not dict:
                raise _wrong_shape()
        return rows
    if content.keys() == {"columns", "data"} and isinstance(content["columns"], list):
        return _columns(content["columns"], content["data"])
    raise _wrong_shape()


def _columns(names: list[Any], data: Any) -> list[dict[str, Any]]:
    if not isinstance(data, list) or not names or not all(isinstance(name, str) for name in names):
        raise _wrong_shape()
    _check_count(len(data), JSON_ROWS)
    for place, row in enumerate(data):
        if type(row) is not list:
            raise _wrong_shape()
        if len(row) != len(names):
            raise InvalidInput(
                f"Row {place} has {len(row)} values for {len(names)} columns.",
                code="detection.ragged_table",
                hint="Give every row one value for each column; null where it is missing.",
            )
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidInput(
            f"Two columns have the name {twice!r}.",
            code="detection.duplicate_column",
            hint="Give each column a name of its own.",
        )
    return [dict(zip(names, row, strict=True)) for row in data]


def _arrow_rows(body: bytes) -> pa.Table:
    import pyarrow as pa

    try:
        check_frames(body)
        with pa.ipc.open_stream(io.BytesIO(body)) as reader:
            _check_types(reader.schema)
            batches, count = [], 0
            for batch in reader:
                count += batch.num_rows
                _check_count(count, ARROW_ROWS)
                # Offsets and indices are somebody else's numbers: they must not lead out of the buffers.
                batch.validate(full=True)
                batches.append(batch)
            return pa.Table.from_batches(batches, reader.schema)
    except (pa.ArrowException, ValueError, OSError, EOFError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise malformed(f"The body is no Arrow stream: {error}.") from error


def _check_types(schema: pa.Schema) -> None:
    """Refuse types of which little can stand for much: they would grow beyond all bounds when they are read."""
    from pyarrow import types

    plain = (
        types.is_boolean,
        types.is_integer,
        types.is_floating,
        types.is_decimal,
        types.is_temporal,
        types.is_string,
        types.is_large_string,
        types.is_null,
    )
    for field in schema:
        kind = field.type
        if types.is_dictionary(kind) and (types.is_string(kind.value_type) or types.is_large_string(kind.value_type)):
            continue
        if not any(check(kind) for check in plain):
            raise InvalidInput(
                f"Column {field.name!r} has the type {kind}.",
                code="detection.column_type",
                hint="Give numbers, flags, times or text.",
                details={"column": field.name},
            )


def malformed(message: str) -> InvalidInput:
    """Return the error for bytes that are no Arrow stream, or none that is taken."""
    return InvalidInput(
        message, code="api.malformed_arrow", hint="Write it with pyarrow.ipc.new_stream, without compression."
    )


def _check_count(count: int, limit: int) -> None:
    if count > limit:
        raise InvalidInput(
            f"There are more than {limit:,} rows.",
            code="models.too_many_rows",
            hint=f"As JSON at most {JSON_ROWS:,} rows can be sent at a time, as an Arrow stream {ARROW_ROWS:,}.",
            details={"limit_rows": limit},
        )


def _wrong_shape() -> InvalidInput:
    return InvalidInput("The body holds no rows.", code="api.invalid_request", hint=_SHAPE)
