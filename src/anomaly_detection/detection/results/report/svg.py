"""The little of SVG that the charts need: scales, ticks, paths, escaping."""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_STEPS = (
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1_800,
    3_600,
    7_200,
    10_800,
    21_600,
    43_200,
    86_400,
    172_800,
    604_800,
)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1_200, 2_400)
_MONTH_SECONDS = 2_629_800.0
_FIRST_MOMENT, _LAST_MOMENT = (datetime(year, 1, 1, tzinfo=UTC).timestamp() for year in (1, 9999))
_LAST_MOMENT += 364 * 86_400.0


def text(value: Any) -> str:
    """Return text for HTML: escaped, and without characters that are not printed or turn the direction of writing."""
    plain = "".join(c if c.isprintable() else " " if c in "\t\n\r" else "\ufffd" for c in str(value))
    return html.escape(plain, quote=True)


@dataclass(frozen=True, slots=True)
class Scale:
    """Numbers to pixels, evenly."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def over(cls, values: FloatArray, start: float, end: float, *, room: float = 0.0) -> Scale:
        """Make the scale that shows all of some finite values, with a share of room at both ends."""
        low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
        if not low < high:
            reach = abs(low) * 0.1 or 1.0
            low, high = low - reach, high + reach
        reach = room * (high / 2 - low / 2) * 2
        return cls(max(low - reach, -1e308), min(high + reach, 1e308), start, end)

    def __call__(self, values: FloatArray) -> FloatArray:
        """Return pixels, held inside of the picture."""
        share = (values / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return self.start + np.clip(share, 0.0, 1.0) * (self.end - self.start)

    def at(self, value: float) -> float:
        """Return one pixel."""
        return float(self(np.array([value]))[0])


def nice_ticks(low: float, high: float, most: int) -> list[float]:
    """Return round numbers between two numbers, at most so many.

    Examples
    --------
    >>> nice_ticks(0.0, 39_197.0, 5)
    [0.0, 10000.0, 20000.0, 30000.0]
    """
    span = high / most - low / most
    if not 0 < span < np.inf:
        return [low]
    power = 10.0 ** np.floor(np.log10(span))
    step = next((factor * power for factor in (1.0, 2.0, 2.5, 5.0) if factor * power >= span), 10.0 * power)
    first = np.ceil(low / step)
    return [float(f"{tick * step:.12g}") + 0.0 for tick in np.arange(first, high / step * (1 + 1e-12) + 1e-12)][
        : most + 1
    ]


def time_ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Return round times between two times in seconds since 1970 UTC, with their labels.

    Examples
    --------
    >>> [label for _, label in time_ticks(1_404_172_800.0, 1_422_747_000.0, 8)]
    ['Jul 2014', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec', 'Jan 2015']
    >>> [label for _, label in time_ticks(1_420_070_400.0, 1_420_113_600.0, 4)]
    ['1 Jan 2015', '03:00', '06:00', '09:00', '12:00']
    """
    # A year such as 9999 stands for "never"; room beside it would lie outside of the calendar.
    low, high = (float(np.clip(end, _FIRST_MOMENT, _LAST_MOMENT)) for end in (low, high))
    wanted = (high - low) / most
    step = next((float(item) for item in _STEPS if item >= wanted), None)
    if not low < high:
        moments = [low]
    elif step is None:
        moments = _months(low, high, next((item for item in _MONTHS if item * _MONTH_SECONDS >= wanted), _MONTHS[-1]))
    elif step == 604_800:
        # Weeks begin on Mondays; 5 January 1970 was the first.
        moments = [
            float(item)
            for item in np.arange(np.ceil((low - 345_600) / step), (high - 345_600) / step + 1e-9) * step + 345_600
        ]
    else:
        moments = [float(item) for item in np.arange(np.ceil(low / step), high / step + 1e-9) * step]
    return _labelled(moments, step)


def _months(low: float, high: float, step: int) -> list[float]:
    first, last = datetime.fromtimestamp(low, UTC), datetime.fromtimestamp(high, UTC)
    start = -(-(first.year * 12 + first.month - 1) // step) * step
    found = []
    for month in range(start, last.year * 12 + last.month, step):
        if 12 <= month < 9_999 * 12:
            moment = datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC).timestamp()
            if low <= moment <= high:
                found.append(moment)
    return found


def _labelled(moments: list[float], step: float | None) -> list[tuple[float, str]]:
    labels = []
    before = None
    for moment in moments:
        when = datetime.fromtimestamp(moment, UTC)
        day, month = f"{when.day} {when:%b}", f"{when:%b}"
        new_year = before is None or before.year != when.year
        new_day = before is None or before.date() != when.date()
        year = f" {when.year}" if new_year else ""
        if step is None:
            label = str(when.year) if when.month == 1 and len(moments) > 2 and _yearly(moments) else f"{month}{year}"
        elif step >= 86_400 or new_day:
            label = f"{day}{year}"
        else:
            label = f"{when:%H:%M}" if step >= 60 else f"{when:%H:%M:%S}"
        labels.append((moment, label))
        before = when
    return labels


def _yearly(moments: list[float]) -> bool:
    return moments[1] - moments[0] > 360 * 86_400


def path_of(x: FloatArray, y: FloatArray) -> str:
    """Return a path through points in pixels; NaN lifts the pen."""
    parts = []
    pen = "M"
    for left, top in zip(np.round(x, 1).tolist(), np.round(y, 1).tolist(), strict=True):
        if top != top or left != left:  # noqa: PLR0124
            pen = "M"
            continue
        parts.append(f"{pen}{left:g} {top:g}")
        pen = "L"
    return "".join(parts)


def area_of(x: FloatArray, low: FloatArray, high: FloatArray) -> str:
    """Return the path around a band; a gap in either end leaves a gap in the band."""
    good = np.isfinite(low) & np.isfinite(high)
    edges = np.flatnonzero(np.diff(good.astype(np.int8), prepend=0, append=0))
    parts = []
    for start, end in edges.reshape(-1, 2):
        there = path_of(x[start:end], high[start:end])
        back = path_of(x[start:end][::-1], low[start:end][::-1])
        parts.append(f"{there}L{back[1:]}Z")
    return "".join(parts)
