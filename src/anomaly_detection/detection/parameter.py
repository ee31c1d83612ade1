"""An algorithm's parameters as users give them, checked and turned into plain values of their types."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from numbers import Real
from typing import Any

from anomaly_detection.detection.errors import InvalidParameter
from anomaly_detection.detection.ports import Parameter
from anomaly_detection.shared.errors import did_you_mean

_ITEMS: dict[str, Any] = {"number": (int, float), "string": str}


def check_parameters(name: str, known: tuple[Parameter, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given parameters as the constructor takes them, or say what is wrong with one.

    Parameters
    ----------
    name : str
        The algorithm, for messages.
    known : tuple of Parameter
        What it takes.
    given : mapping
        Parameters by name. An array may also come as text: as JSON, or its items with commas between.

    Raises
    ------
    InvalidParameter
        A parameter is unknown, of the wrong type or out of its range.

    Examples
    --------
    >>> check_parameters("x", (Parameter("names", "array", [], "Names."),), {"names": "a, b"})
    {'names': ['a', 'b']}
    """
    by_name = {item.name: item for item in known}
    unknown = [key for key in given if key not in by_name]
    if unknown:
        raise InvalidParameter(
            f"{name} has no parameter {unknown[0]!r}.",
            code="detection.unknown_parameter",
            hint=did_you_mean(unknown[0], by_name) if by_name else f"{name} takes no parameters.",
            details={"parameter": unknown[0], "known": sorted(by_name)},
        )
    return {key: _checked(name, by_name[key], value) for key, value in given.items()}


def _checked(name: str, parameter: Parameter, value: Any) -> Any:
    if value is None and parameter.automatic:
        return None
    typed = _typed(parameter, value)
    size = len(typed) if isinstance(typed, list) else typed
    low, high = parameter.minimum, parameter.maximum
    in_range = typed is not None and (
        isinstance(size, bool | str) or ((low is None or size >= low) and (high is None or size <= high))
    )
    if not in_range or (parameter.choices is not None and typed not in parameter.choices):
        raise InvalidParameter(
            f"{name}: {parameter.name} is {value!r}; it must be {_allowed(parameter)}.",
            code="detection.invalid_parameter",
            hint=parameter.description,
            details={"parameter": parameter.name},
        )
    return typed


def _typed(parameter: Parameter, value: Any) -> Any:
    """Return the value in the parameter's type, None when it has another."""
    flag = isinstance(value, bool) or getattr(getattr(value, "dtype", None), "kind", "") == "b"
    if parameter.kind == "boolean":
        return bool(value) if flag else None
    if parameter.kind == "string":
        return str(value) if isinstance(value, str) else None
    if parameter.kind == "array":
        return _array(value, parameter.items or {})
    if flag or not isinstance(value, Real | Decimal):
        return None
    number = _number(value)
    if parameter.kind == "integer":
        return int(number) if number is not None and number.is_integer() else None
    return number


def _number(value: Real | Decimal) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _array(value: Any, items: Mapping[str, Any]) -> list[Any] | None:
    """Return a list of plain JSON values, None where it is none or an item has another type than `items` says."""
    kind = items.get("type")
    if isinstance(value, str):
        value = _list_from_text(value, _item if kind == "number" else str)
    elif hasattr(value, "tolist"):
        value = value.tolist()
    if not isinstance(value, list | tuple):
        return None
    try:
        plain: list[Any] = json.loads(json.dumps(list(value), default=_plain, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return None
    expected = _ITEMS.get(str(kind), object)
    if any(isinstance(item, bool) or not isinstance(item, expected) for item in plain) and kind in _ITEMS:
        return None
    return [float(item) for item in plain] if kind == "number" else plain


def _plain(value: Any) -> Any:
    """Return numpy's scalars and mappings as JSON has them."""
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(type(value).__name__)


def _list_from_text(text: str, read: Callable[[str], Any]) -> Any:
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return None
    return [read(part.strip()) for part in text.split(",") if part.strip()]


def _item(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


def _allowed(parameter: Parameter) -> str:
    if parameter.choices is not None:
        text = "one of " + ", ".join(map(repr, parameter.choices))
    elif parameter.kind == "array":
        item = (parameter.items or {}).get("type", "value")
        text = f"a list of {item}s" + _bounds(parameter, "with {low:g} to {high:g} items", "with at least {low:g}", "")
    elif parameter.kind in ("boolean", "string"):
        text = {"boolean": "true or false", "string": "a text"}[parameter.kind]
    else:
        text = "a whole number" if parameter.kind == "integer" else "a number"
        text += _bounds(parameter, "from {low:g} to {high:g}", "of at least {low:g}", "of at most {high:g}")
    return text + (" (or none: chosen from the data)" if parameter.automatic else "")


def _bounds(parameter: Parameter, both: str, least: str, most: str) -> str:
    low, high = parameter.minimum, parameter.maximum
    form = most if low is None else least if high is None else both
    return "" if low is None and high is None else " " + form.format(low=low, high=high)
