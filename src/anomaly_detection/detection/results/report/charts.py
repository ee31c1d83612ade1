"""The report's charts, each drawn twice: for a wide page and for a narrow one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.domain.anomaly import AnomalyEvent
from anomaly_detection.detection.domain.severity import Severity
from anomaly_detection.detection.results.drawing import (
    SEVERITIES,
    Line,
    finite,
    line_of,
    one_per_cell,
    score_bins,
    thin,
)
from anomaly_detection.detection.results.judged import Judged
from anomaly_detection.detection.results.report.svg import Scale, area_of, nice_ticks, path_of, text, time_ticks
from anomaly_detection.detection.results.wording import many, number, rows

FloatArray = NDArray[np.float64]

_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 14.0, 12.0, 30.0
_DENSE_ROWS = 1_500
_FEW_MARKS = 1_200
_CONTEXT_STEPS = 60
_EVENTS = 150
_SHAPES = ("h0", "h0", "m0-4.6l4.6 4.6-4.6 4.6-4.6-4.6z", "m0-5.4l5.6 9.8h-11.2z")


def mark(severity: str) -> str:
    """Return the sign of a severity, as the charts draw it."""
    rank = SEVERITIES.index(severity)
    return f'<svg viewBox="-6 -6 12 12" aria-hidden="true"><path class="m{rank}" d="M0 0{_SHAPES[rank]}"/></svg>'


def key(result: Judged) -> str:
    """Return the legend: each severity with its sign and its count."""
    counts = result.summary()["severities"]
    items = [f"<li>{mark(name)}{name} ({counts[name]:,})</li>" for name in reversed(SEVERITIES)]
    return f'<ul class="key" aria-label="Severity">{"".join(items)}</ul>'


def series_chart(result: Judged, line: Line, label: str) -> str:
    """Return the whole series with its band, its events and its anomalies."""
    events = [event for event in result.events if event.start]
    return _both(lambda width, height: _series(line, events, width, height), (300, 260), label)


def close_ups(result: Judged, column: str, most: int = 4) -> Iterator[tuple[str, str]]:
    """Yield the title and the picture of the strongest anomalies, near enough to see what happened."""
    line = line_of(result, column)
    if line.x.size <= 4 * _CONTEXT_STEPS:
        return
    steps = np.diff(line.x)
    step = float(np.median(steps[steps > 0])) if np.any(steps > 0) else 1.0
    seen: list[tuple[float, float]] = []
    for index in result.ranking[: 50 * most]:
        where, start, end = _surroundings(result, int(index))
        if not np.isfinite(where) or any(low <= where <= high for low, high in seen):
            continue
        reach = max(_CONTEXT_STEPS * step, end - start)
        seen.append((start - reach, end + reach))
        part = line.between(*seen[-1])
        rank = int(part.ranks.max(initial=0))
        title = _span(start, end, timed=line.timed)
        label = f"{column} around {title}: {many(part.marked.size, 'anomaly', 'anomalies')} among {rows(part.x.size)}"
        yield (
            f'<span class="mark">{_mark_of(rank)}</span>{text(title)}',
            _picture(_series(part, list(result.events), 480, 210), 480, 210, label),
        )
        if len(seen) == most:
            return


def score_chart(result: Judged) -> str:
    """Return how the scores are distributed, and where the threshold lies."""
    cutoff, highest = result.threshold.score_cutoff, float(result.scores.max())
    label = (
        f"Distribution of the scores of {rows(result.n_rows)}: from {number(result.scores.min())} to {number(highest)}, "
        f"the threshold at {number(cutoff)}, {many(result.n_anomalies, 'row', 'rows')} at or above it"
    )
    return _both(lambda width, height: _scores(result, width, height), (280, 250), label)


def column_chart(result: Judged, names: list[str]) -> str:
    """Return the rows in the two columns that show the anomalies best, or in one against the score."""
    label = f"{rows(result.n_rows)} by {' and '.join([*names, 'score'][:2])}; anomalies are marked by severity"
    return _both(lambda width, height: _columns(result, names, width, height), (340, 300), label)


def share_bar(share: float) -> str:
    """Return a bar as long as a share in [0, 1]."""
    return (
        '<svg class="share" viewBox="0 0 200 10" preserveAspectRatio="none" height="10" aria-hidden="true">'
        f'<rect class="bar" width="{200 * share:.1f}" height="10" rx="2"/></svg>'
    )


def _both(draw: Callable[[int, int], str], heights: tuple[int, int], label: str) -> str:
    sizes = (("wide", 1000, heights[0]), ("narrow", 420, heights[1]))
    return "".join(_picture(draw(width, height), width, height, label, kind) for kind, width, height in sizes)


def _picture(content: str, width: int, height: int, label: str, kind: str = "") -> str:
    name = f' class="{kind}"' if kind else ""
    return f'<svg{name} viewBox="0 0 {width} {height}" role="img" aria-label="{text(label)}">{content}</svg>'


def _series(line: Line, events: list[AnomalyEvent], width: int, height: int) -> str:
    drawn = [part[np.isfinite(part)] for part in (line.values, line.expected) if part is not None]
    x = Scale.over(line.x, _LEFT, width - _RIGHT)
    y = Scale.over(np.concatenate(drawn), height - _BOTTOM, _TOP, room=0.06)
    parts = [_axes(x, y, width, height, timed=line.timed)]
    parts += [_event(event, x, height) for event in _visible(events, line)]
    if line.low is not None and line.high is not None:
        kept = thin(line.x, [line.low, line.high], width // 3)
        parts.append(f'<path class="band" d="{area_of(x(line.x[kept]), y(line.low[kept]), y(line.high[kept]))}"/>')
    dense = line.x.size > _DENSE_ROWS
    if line.expected is not None and not dense:
        parts.append(f'<path class="expected" d="{path_of(x(line.x), y(line.expected))}"/>')
    kept = thin(line.x, [line.values], width)
    style = "dense" if dense else "value"
    parts.append(f'<path class="{style}" d="{path_of(x(line.x[kept]), y(line.values[kept]))}"/>')
    parts.append(_marks(x(line.x[line.marked]), y(line.values[line.marked]), line.ranks))
    return "".join(parts)


def _visible(events: list[AnomalyEvent], line: Line) -> list[AnomalyEvent]:
    """Return the events to shade, the severest of many."""
    if not line.timed or not line.x.size:
        return []
    first, last = (_iso(float(line.x[place])) for place in (0, -1))
    inside = [event for event in events if event.end >= first and event.start <= last]
    return sorted(inside, key=lambda event: -event.severity.rank)[:_EVENTS]


def _event(event: AnomalyEvent, x: Scale, height: int) -> str:
    start, end = _seconds(event.start), _seconds(event.end)
    left, right = x.at(start), x.at(end)
    width = max(right - left, 2.0)
    return (
        f'<rect class="event e{event.severity.rank}" x="{left - 0.5:.1f}" y="{_TOP}" width="{width + 1:.1f}" '
        f'height="{height - _TOP - _BOTTOM:g}"/>'
    )


def _scores(result: Judged, width: int, height: int) -> str:
    cutoff = result.threshold.score_cutoff
    counts, edges = score_bins(result.scores, cutoff, 80 if width > 600 else 40)
    x = Scale.over(np.append(edges, min(cutoff, 2 * edges[-1] - edges[0])), _LEFT, width - _RIGHT)
    top = np.log10(max(float(counts.max()), 10.0))
    y = Scale(-0.15, top * 1.05, height - _BOTTOM, _TOP)
    ticks = [(float(power), f"{10**power:,}") for power in range(int(top) + 1)]
    parts = [_axes(x, y, width, height, y_ticks=ticks)]
    lefts, rights = x(edges[:-1]), x(edges[1:])
    for left, right, count, edge in zip(lefts, rights, counts.tolist(), edges[:-1].tolist(), strict=True):
        if count:
            height_of = y.at(float(np.log10(count)))
            style = "e2" if edge >= cutoff else "bar"
            parts.append(
                f'<rect class="{style}" x="{left:.1f}" y="{height_of:.1f}" width="{max(right - left - 0.7, 0.7):.1f}" '
                f'height="{height - _BOTTOM - height_of:.1f}"/>'
            )
    if x.low <= cutoff <= x.high:
        place = x.at(cutoff)
        turned = place > width * 0.7
        parts.append(f'<path class="cut" d="M{place:.1f} {_TOP}V{height - _BOTTOM:g}"/>')
        parts.append(
            f'<text class="strong" x="{place + (-6 if turned else 6):.1f}" y="{_TOP + 12}" '
            f'text-anchor="{"end" if turned else "start"}">threshold {number(cutoff)}</text>'
        )
    return "".join(parts)


def _columns(result: Judged, names: list[str], width: int, height: int) -> str:
    across = finite(result.rows.values[names[0]])
    up = finite(result.rows.values[names[1]]) if len(names) == 2 else result.scores
    good = np.flatnonzero(np.isfinite(across) & np.isfinite(up))
    x = Scale.over(across[good], _LEFT, width - _RIGHT, room=0.03)
    y = Scale.over(up[good], height - _BOTTOM, _TOP, room=0.05)
    ranks = np.full(result.n_rows, -1)
    ranks[result.ranking] = result.severity_ranks
    normal = good[ranks[good] < 0]
    kept = normal[one_per_cell(across[normal], up[normal], (width // 6, height // 6))]
    dots = "".join(
        f"M{left:g} {top:g}h0"
        for left, top in zip(np.round(x(across[kept]), 1).tolist(), np.round(y(up[kept]), 1).tolist(), strict=True)
    )
    marked = good[ranks[good] >= 0]
    timed = result.rows.values[names[0]].dtype.kind == "M"
    up_timed = len(names) == 2 and result.rows.values[names[1]].dtype.kind == "M"
    most = max(2, height // 60)
    y_ticks = time_ticks(y.low, y.high, most) if up_timed else None
    return (
        f"{_axes(x, y, width, height, timed=timed, y_ticks=y_ticks)}"
        f'<path class="cloud" d="{dots}"/>{_marks(x(across[marked]), y(up[marked]), ranks[marked])}'
    )


def _axes(
    x: Scale,
    y: Scale,
    width: int,
    height: int,
    *,
    timed: bool = False,
    y_ticks: list[tuple[float, str]] | None = None,
) -> str:
    across = max(2, width // (105 if timed else 95))
    x_ticks = (
        time_ticks(x.low, x.high, across)
        if timed
        else [(tick, number(tick)) for tick in nice_ticks(x.low, x.high, across)]
    )
    if y_ticks is None:
        y_ticks = [(tick, number(tick)) for tick in nice_ticks(y.low, y.high, max(3, height // 55))]
    base = height - _BOTTOM
    lines, words = [], []
    for value, label in y_ticks:
        place = y.at(value)
        lines.append(f"M{_LEFT:g} {place:.1f}H{width - _RIGHT:g}")
        words.append(f'<text x="{_LEFT - 8:g}" y="{place + 4:.1f}" text-anchor="end">{text(label[:9])}</text>')
    for value, label in x_ticks:
        place = x.at(value)
        lines.append(f"M{place:.1f} {_TOP:g}V{base:g}")
        anchor = "start" if place < _LEFT + 20 else "end" if place > width - _RIGHT - 24 else "middle"
        words.append(f'<text x="{place:.1f}" y="{base + 18:g}" text-anchor="{anchor}">{text(label)}</text>')
    return (
        f'<path class="grid" d="{"".join(lines)}"/><path class="axis" d="M{_LEFT:g} {base:g}H{width - _RIGHT:g}"/>'
        f"{''.join(words)}"
    )


def _marks(x: FloatArray, y: FloatArray, ranks: NDArray[np.int64]) -> str:
    parts = []
    for rank, shape in enumerate(_SHAPES):
        here = np.flatnonzero((ranks == rank) & np.isfinite(y))
        cell = 3.0 if here.size <= _FEW_MARKS else 6.0
        places = np.round(x[here] / cell) * 100_000 + np.round(y[here] / cell)
        here = here[np.unique(places, return_index=True)[1]]
        if here.size:
            points = zip(np.round(x[here], 1).tolist(), np.round(y[here], 1).tolist(), strict=True)
            parts.append(f'<path class="m{rank}" d="{"".join(f"M{left:g} {top:g}{shape}" for left, top in points)}"/>')
    return "".join(parts)


def _surroundings(result: Judged, index: int) -> tuple[float, float, float]:
    """Return where a row lies on the axis, and from where to where the event goes that it belongs to."""
    time = result.rows.time_at(index)
    if result.rows.time is None:
        return float(index), float(index), float(index)
    if time is None:
        return float("nan"), 0.0, 0.0
    where = _seconds(time)
    for event in result.events:
        if event.start <= time <= event.end:
            return where, _seconds(event.start), _seconds(event.end)
    return where, where, where


def _seconds(time: str) -> float:
    return float(np.datetime64(time.removesuffix("Z"), "us").astype(np.int64) / 1e6)


def _iso(seconds: float) -> str:
    """Return a time as events write it, so that the two compare as text."""
    return str(np.datetime64(round(seconds * 1e6), "us")).removesuffix(".000000") + "Z"


def _span(start: float, end: float, *, timed: bool) -> str:
    if not timed:
        return f"row {start:,.0f}"
    first, last = (str(np.datetime64(int(item), "s")).replace("T", " ").removesuffix(":00") for item in (start, end))
    if first == last:
        return first
    return f"{first} to {last.removeprefix(first[:11]) if first[:10] == last[:10] else last}"


def _mark_of(rank: int) -> str:
    return mark(list(Severity)[rank].value)
