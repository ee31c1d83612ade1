"""JSON text as Python values: strict where a reader could be misled, and with the place of what is wrong."""

from __future__ import annotations

import json
from typing import Any

from anomaly_detection.data_platform.errors import UnreadableData


class _DuplicateKeyError(ValueError):
    """An object has the same key twice."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise _DuplicateKeyError(next(name for name in names if names.count(name) > 1))
    return found


DECODER = json.JSONDecoder(object_pairs_hook=_object)
"""Takes NaN and the infinities, which many programs write although JSON does not know them."""


def decode(text: str, name: str, *, first_line: int = 1, ends_early: bool = True) -> Any:
    """Return the one value that a text holds.

    Parameters
    ----------
    text : str
        JSON.
    name : str
        What messages call the source.
    first_line : int, default 1
        Number of the text's first line.
    ends_early : bool, default True
        Whether the source ends with the text, so that a value without an end was cut off.

    Raises
    ------
    UnreadableData
        ``data.invalid_json``, ``data.truncated_file``, ``data.duplicate_key``, ``data.too_deep``.
    """
    try:
        return DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise failure(error, name, text=text, first_line=first_line, ends_early=ends_early) from error


def failure(
    error: ValueError | RecursionError,
    name: str,
    *,
    text: str,
    first_line: int = 1,
    first_column: int = 1,
    ends_early: bool = True,
) -> UnreadableData:
    """Return the error for what the decoder said about a text that begins at the given place."""
    if isinstance(error, RecursionError):
        return UnreadableData(
            f"{name} has values inside of values, deeper than can be read (from line {first_line:,}).",
            code="data.too_deep",
            hint="Write the values that matter as plain columns.",
            details={"line": first_line},
        )
    if isinstance(error, _DuplicateKeyError):
        return UnreadableData(
            f"{name} has an object with the key {str(error)[:80]!r} twice (from line {first_line:,}).",
            code="data.duplicate_key",
            hint="Give each key of an object once.",
            details={"line": first_line, "key": str(error)[:80]},
        )
    if not isinstance(error, json.JSONDecodeError):
        return UnreadableData(
            f"{name} has a number with too many digits (from line {first_line:,}).",
            code="data.invalid_json",
            hint="Write it as text, or with an exponent.",
            details={"line": first_line},
        )
    line = first_line + error.lineno - 1
    column = error.colno + (first_column - 1 if error.lineno == 1 else 0)
    place = {"line": line, "column": column}
    unterminated = error.msg.startswith("Unterminated string")
    if ends_early and (error.pos >= len(text.rstrip()) or unterminated):
        return UnreadableData(
            f"{name} ends too early, inside of a JSON value: line {line:,}, column {column:,}.",
            code="data.truncated_file",
            hint="Copy or download the file again.",
            details=place,
        )
    reason = error.msg[:1].lower() + error.msg[1:]
    return UnreadableData(
        f"{name} is no valid JSON in line {line:,}, column {column:,}: {reason}.",
        code="data.invalid_json",
        hint="Correct it there. If the file is delimited text, read it with format='csv'.",
        details=place,
    )


def describe_value(value: Any) -> str:
    """Return what a JSON value is, in words.

    Examples
    --------
    >>> describe_value([1, 2]), describe_value(None)
    ('a list', 'null')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return "text" if isinstance(value, str) else "a number"
