"""What an Avro schema may be, so that a few bytes cannot stand for endless records."""

from __future__ import annotations

import json
from typing import Any

from anomaly_detection.data_platform.errors import UnreadableData

_DEEPEST = 32
_MOST_COLUMNS = 100_000


def check_schema(text: bytes, name: str) -> int:
    """Return how many plain values one record holds.

    Parameters
    ----------
    text : bytes
        The schema, in JSON.
    name : str
        What messages call the file.

    Raises
    ------
    UnreadableData
        ``data.unusable_schema``: it is no schema, a type holds itself (a decoder would follow it without end), types are
        nested too deeply, or a list holds values that take no bytes.
    """
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _unusable(name, "it is no valid JSON") from error
    return max(1, _Walk(name).leaves(schema, "", 0))


class _Walk:
    """One walk over a schema; named types are looked at once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._known: dict[str, tuple[int, bool] | None] = {}

    def leaves(self, schema: Any, space: str, level: int) -> int:
        """Return how many plain values a type holds."""
        return self._visit(schema, space, level)[0]

    def _visit(self, schema: Any, space: str, level: int) -> tuple[int, bool]:
        """Return how many plain values a type holds, and whether they take no bytes at all."""
        if level > _DEEPEST:
            raise _unusable(self._name, f"its types are nested deeper than {_DEEPEST} levels")
        if isinstance(schema, list):
            return sum(self._visit(item, space, level + 1)[0] for item in schema), False
        if isinstance(schema, str):
            return self._named(schema, space)
        if not isinstance(schema, dict):
            raise _unusable(self._name, "a type is neither a name nor an object")
        kind = schema.get("type")
        if not isinstance(kind, str):
            return self._visit(kind, space, level + 1)
        if kind in {"array", "map"}:
            leaves, empty = self._visit(schema.get("items" if kind == "array" else "values"), space, level + 1)
            if empty and kind == "array":
                raise _unusable(self._name, "a list holds values that take no bytes")
            return leaves, False
        if kind in {"record", "error", "fixed", "enum"}:
            return self._define(schema, kind, space, level)
        return self._named(kind, space)

    def _define(self, schema: dict[str, Any], kind: str, space: str, level: int) -> tuple[int, bool]:
        title = str(schema.get("name", ""))
        space = str(schema.get("namespace", "")) or title.rpartition(".")[0] or space
        full = title if "." in title or not space else f"{space}.{title}"
        self._known[full] = None
        if kind in {"record", "error"}:
            found = self._fields(schema.get("fields"), space, level)
        else:
            found = 1, kind == "fixed" and not schema.get("size")
        self._known[full] = found
        return found

    def _fields(self, fields: Any, space: str, level: int) -> tuple[int, bool]:
        if not isinstance(fields, list) or not all(isinstance(field, dict) for field in fields):
            raise _unusable(self._name, "a record has no list of fields")
        inner = [self._visit(field.get("type"), space, level + 1) for field in fields]
        leaves = sum(count for count, _ in inner)
        if leaves > _MOST_COLUMNS:
            raise _unusable(self._name, f"it has more than {_MOST_COLUMNS:,} columns")
        return leaves, all(empty for _, empty in inner)

    def _named(self, kind: str, space: str) -> tuple[int, bool]:
        for full in (f"{space}.{kind}", kind):
            if full in self._known:
                found = self._known[full]
                if found is None:
                    raise _unusable(self._name, f"the type {kind!r} holds itself")
                return found
        return 1, kind == "null"


def _unusable(name: str, reason: str) -> UnreadableData:
    return UnreadableData(
        f"The schema of {name} cannot be used: {reason}.",
        code="data.unusable_schema",
        hint="Write the values that matter as plain columns.",
    )
