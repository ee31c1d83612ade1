"""Numbers, times and thresholds as a person reads them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from anomaly_detection.detection.calibration.threshold import default_threshold
from anomaly_detection.detection.results.judged import Judged

SPELT = {"Infinity": "infinite", "-Infinity": "minus infinity"}


def number(value: float, digits: int = 4) -> str:
    """Write a number with four digits, or with thousands apart.

    Examples
    --------
    >>> number(28348.0), number(5115.5439), number(0.12345), number(float("inf")), number(float("nan"))
    ('28,348', '5,116', '0.1235', 'infinite', 'missing')
    """
    value = float(value)
    if math.isnan(value):
        return "missing"
    if math.isinf(value):
        return "infinite" if value > 0 else "minus infinity"
    size = abs(value)
    if value == 0 or (value.is_integer() and size < 1e15) or 1e3 <= size < 1e15:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def probability(value: float) -> str:
    """Write a small probability.

    Examples
    --------
    >>> probability(0.0312), probability(2.434e-12), probability(1.0)
    ('0.031', '2.4 × 10⁻¹²', '1')
    """
    if not 0 < value < 0.001:
        return f"{value:.2g}"
    digits, _, power = f"{value:.1e}".partition("e")
    return f"{digits} × 10{str(int(power)).translate(_RAISED)}"


def shown(value: Any, longest: int = 80) -> str:
    """Write any value of the data.

    Examples
    --------
    >>> shown(None), shown(True), shown(np.datetime64("2026-01-05T00:00:00", "us")), shown("red"), shown("x" * 100, 5)
    ('missing', 'yes', '2026-01-05 00:00', 'red', 'xxxxx…')
    """
    if value is None:
        return "missing"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, np.datetime64):
        return moment(value)
    if isinstance(value, int | float | np.number):
        return number(float(value))
    text = str(value)
    return text if len(text) <= longest else text[:longest] + "…"


def typical(value: Any) -> str:
    """Write a value that would have been normal: numbers arrive as numbers, infinite ones and times as text."""
    text = SPELT.get(value, value) if isinstance(value, str) else value
    if isinstance(text, str) and len(text) >= 20 and text[10] == "T" and text.endswith("Z"):
        return text[:16].replace("T", " ")
    return shown(text)


def moment(time: np.datetime64) -> str:
    """Write a time in UTC, without seconds where there are none."""
    if np.isnat(time):
        return "missing"
    text = str(time.astype("datetime64[us]")).replace("T", " ")
    return text.removesuffix(".000000").removesuffix(":00")


def clock(moments: Sequence[str | None]) -> Callable[[str | None], str]:
    """Return what writes ISO times of one table alike: without the hour or the seconds where all of them are zero.

    Examples
    --------
    >>> clock(["2026-01-05T10:00:00Z", None])("2026-01-05T10:00:00Z")
    '2026-01-05 10:00'
    """
    known = [time for time in moments if time]
    ending = next((end for end in ("T00:00:00Z", ":00Z") if all(time.endswith(end) for time in known)), "Z")

    def write(time: str | None) -> str:
        return "" if not time else time.removesuffix(ending).replace("T", " ")

    return write


def day(when: datetime) -> str:
    """Write when something was done."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def rows(count: int) -> str:
    """Write a number of rows."""
    return f"{count:,} {'row' if count == 1 else 'rows'}"


def many(count: int, one: str, more: str) -> str:
    """Write a count with its noun."""
    return f"{count:,} {one if count == 1 else more}"


def share(part: int, whole: int) -> str:
    """Write a share of rows in percent.

    Examples
    --------
    >>> share(142, 10320), share(1, 10**6), share(0, 10)
    ('1.4 %', '0.0001 %', '0 %')
    """
    percent = 100.0 * part / max(whole, 1)
    return f"{percent:.2g} %" if percent < 99.5 else f"{percent:.3g} %"


def is_default(result: Judged) -> bool:
    """Whether the threshold is the one that was settled on the training rows."""
    return result.threshold == default_threshold(result.calibrator)


def promise(result: Judged) -> str:
    """Say in plain words what the threshold promises."""
    kind, value, n = result.threshold.kind, result.threshold.value, result.n_rows
    if kind == "fdr":
        text = (
            f"Of the rows flagged, about {100 * value:g} % at most are expected to be normal ones, flagged by chance. "
            "Where nothing stands out, nothing is flagged."
        )
        return text + (
            " This rule was settled on the rows that the detector learnt from." if is_default(result) else ""
        )
    if kind == "p_value":
        return (
            f"A normal row is flagged with a probability of {value:g}: "
            f"about {number(value * n, 2)} false alarms in {rows(n)} like these."
        )
    if kind == "alert_rate":
        return f"About {many_number(value)} to expect in {rows(n)} like these."
    if kind == "contamination":
        return f"The highest {100 * value:g} % of the scores are flagged, whether they are unusual or not."
    return f"Every row that scores {number(value)} or more is flagged."


def many_number(value: float) -> str:
    """Write how many false alarms."""
    return f"{value:g} false alarm{'' if value == 1 else 's'}"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
