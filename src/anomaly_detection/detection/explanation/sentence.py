"""An anomaly in one sentence."""

from __future__ import annotations

from typing import Any

from anomaly_detection.detection.domain.explanation import Contribution


def format_value(value: Any) -> str:
    """Write a value as a person would.

    Examples
    --------
    >>> format_value(39197.0), format_value(0.123456), format_value(None), format_value("red")
    ('39,197', '0.1235', 'missing', "'red'")
    """
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        if abs(value) >= 1e15 or (value != 0 and abs(value) < 1e-4):
            return f"{value:.4g}"
        return f"{value:,.0f}" if abs(value) >= 1000 or float(value).is_integer() else f"{value:.4g}"
    return repr(value)


def describe(contributions: tuple[Contribution, ...]) -> str:
    """Say which features made the row stand out, the largest first and at most three.

    Examples
    --------
    >>> describe((Contribution("amount", 9999, 4.0, 42), Contribution("country", "FR", 0.1, "FR")))
    'amount is 9,999, typical is 42.'
    """
    positive = [item for item in contributions if item.contribution > 0]
    if not positive:
        return "No single feature stands out; the combination is unusual."
    total = sum(item.contribution for item in positive)
    named: list[Contribution] = []
    for item in positive[:3]:
        if named and item.contribution < 0.15 * total:
            break
        named.append(item)
    parts = [f"{item.feature} is {_against(item)}" for item in named]
    return "; ".join(parts) + "."


def describe_step(contributions: tuple[Contribution, ...]) -> str:
    """Say how a value of a series differs from what was expected at its time.

    Examples
    --------
    >>> describe_step((Contribution("value", 39197, 9.0, 12300.0),))
    'value is 39,197 where 12,300 was expected.'
    """
    named = [item for item in contributions if item.contribution >= 0.5 * contributions[0].contribution][:3]
    parts = [
        f"{item.feature} is {format_value(item.value)} where {format_value(item.typical)} was expected"
        for item in named
    ]
    return "; ".join(parts) + "."


def _against(item: Contribution) -> str:
    value, typical = format_value(item.value), format_value(item.typical)
    if value == typical:
        return f"{value}, unusual beside the other values"
    return f"{value}, typical is {typical}"
