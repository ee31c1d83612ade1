"""A result drawn with matplotlib."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.errors import InvalidParameter
from anomaly_detection.detection.results.drawing import (
    SEVERITIES,
    Line,
    checked_columns,
    finite,
    line_of,
    one_per_cell,
    score_bins,
    series_columns,
    table_columns,
    thin,
)
from anomaly_detection.detection.results.judged import Judged
from anomaly_detection.detection.results.wording import number
from anomaly_detection.shared.optional import require

# Dark to light tells severity apart without colour, and each has a shape of its own.
COLOURS = {"low": "#c99a2e", "medium": "#d5700f", "high": "#c42f1f", "critical": "#7a0c3d"}
_SHAPES = {"low": "o", "medium": "s", "high": "D", "critical": "^"}
_SIZES = {"low": 16, "medium": 22, "high": 28, "critical": 42}
_VALUE, _EXPECTED, _NORMAL = "#33415c", "#5c7fe6", "#8593ad"
_DENSE = "#7f8ba3"
_BUCKETS = 1_500
_PANELS = 4
_EVENTS = 200
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
"""Days since 1970, as matplotlib counts them by default."""
_LONGEST_NAME = 60


def plot(result: Judged, ax: Any, column: str | Sequence[str] | None) -> Any:
    """Draw a result; `DetectionResult.plot` says what the parameters mean."""
    require("matplotlib", extra="plot")
    names = None if column is None else checked_columns(result, column)
    if result.kind == "series" and (names or series_columns(result, 1)):
        return _plot_series(result, ax, names)
    return _plot_table(result, ax, names)


def _plot_series(result: Judged, ax: Any, names: list[str] | None) -> Any:
    names = names or series_columns(result, 1 if ax is not None else _PANELS)
    if ax is not None:
        _draw_series(result, ax, _one(names))
        return ax
    panels = _panels(len(names), 1, (10.0, 1.2 + 2.8 * len(names)), sharex=True)
    for panel, name in zip(panels, names, strict=True):
        _draw_series(result, panel, name, legend=panel is panels[0])
        panel.label_outer()
    panels[0].figure.suptitle(_title(result))
    return panels[0] if len(panels) == 1 else panels


def _plot_table(result: Judged, ax: Any, names: list[str] | None) -> Any:
    if names is not None and len(names) > 2:
        raise InvalidParameter(
            f"column names {len(names)} columns; a table is drawn by one or two.",
            code="detection.invalid_parameter",
            hint="Name one or two columns.",
            details={"parameter": "column"},
        )
    if ax is not None:
        if names is None:
            _draw_scores(result, ax)
        else:
            _draw_columns(result, ax, names)
        return ax
    names = names or table_columns(result)
    panels = _panels(1, 2 if names else 1, (11.0, 4.2))
    _draw_scores(result, panels[0])
    if names:
        _draw_columns(result, panels[1], names)
    panels[0].figure.suptitle(_title(result))
    return panels if len(panels) > 1 else panels[0]


def _panels(n_rows: int, n_columns: int, size: tuple[float, float], *, sharex: bool = False) -> NDArray[Any]:
    pyplot = require("matplotlib.pyplot", extra="plot")
    _, panels = pyplot.subplots(n_rows, n_columns, figsize=size, layout="constrained", sharex=sharex, squeeze=False)
    flat: NDArray[Any] = panels.ravel()
    return flat


def _draw_series(result: Judged, ax: Any, name: str, *, legend: bool = True) -> None:
    line = line_of(result, name)
    x = np.round(line.x * 1e6).astype("datetime64[us]") if line.timed else line.x
    kept = thin(line.x, [line.values, line.expected, line.low, line.high], _BUCKETS)
    if line.low is not None and line.high is not None:
        ax.fill_between(x[kept], line.low[kept], line.high[kept], color=_EXPECTED, alpha=0.18, lw=0, label="expected")
    elif line.expected is not None:
        ax.plot(x[kept], line.expected[kept], color=_EXPECTED, lw=0.9, label="expected")
    dense = line.x.size > _BUCKETS
    ax.plot(
        x[kept], line.values[kept], color=_DENSE if dense else _VALUE, lw=0.6 if dense else 1.0, label=_literal(name)
    )
    _shade_events(result, ax)
    _mark(result, ax, x[line.marked], line.values[line.marked], line.ranks)
    _limit(ax, line)
    ax.set_ylabel(_literal(name))
    ax.set_xlabel("time (UTC)" if line.timed else "row")
    if line.timed and x.size:
        _keep_to_calendar(ax.get_xlim, ax.set_xlim)
        dates = require("matplotlib.dates", extra="plot")
        locator = dates.AutoDateLocator()
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
    _tidy(ax, legend=legend)


def _shade_events(result: Judged, ax: Any) -> None:
    longest = sorted(result.events, key=lambda event: -event.severity.rank)[:_EVENTS]
    for event in longest:
        start, end = (np.datetime64(time.removesuffix("Z"), "us") for time in (event.start, event.end))
        ax.axvspan(start, end, color=COLOURS[event.severity.value], alpha=0.12, lw=0)


def _mark(result: Judged, ax: Any, x: Any, y: Any, ranks: NDArray[np.int64]) -> None:
    counts = np.bincount(result.severity_ranks, minlength=len(SEVERITIES))
    for rank, severity in enumerate(SEVERITIES):
        here = (ranks == rank) & ~(np.isnat(y) if y.dtype.kind == "M" else ~np.isfinite(y))
        if here.any():
            ax.scatter(
                x[here],
                y[here],
                s=_SIZES[severity],
                c=COLOURS[severity],
                marker=_SHAPES[severity],
                edgecolors="white",
                linewidths=0.5,
                zorder=3 + rank,
                label=f"{severity} ({counts[rank]:,})",
            )


def _limit(ax: Any, line: Line) -> None:
    """Let the values set the height: a band that is much wider goes out of the picture."""
    drawn = [part[np.isfinite(part)] for part in (line.values, line.expected) if part is not None]
    both = np.concatenate(drawn)
    if both.size and both.min() < both.max():
        room = 0.08 * (both.max() - both.min())
        ax.set_ylim(both.min() - room, both.max() + room)


def _draw_scores(result: Judged, ax: Any) -> None:
    cutoff = result.threshold.score_cutoff
    counts, edges = score_bins(result.scores, cutoff, 50)
    flagged = edges[:-1] >= cutoff
    for choice, colour, label in ((~flagged, _NORMAL, "normal"), (flagged, COLOURS["high"], "anomalies")):
        if counts[choice].any():
            ax.bar(
                edges[:-1][choice], counts[choice], np.diff(edges)[choice], align="edge", color=colour, label=label,
                edgecolor="white", linewidth=0.3,
            )  # fmt: skip
    ax.set_yscale("log")
    ax.set_ylim(bottom=0.7)
    ax.axvline(cutoff, color="black", lw=1, ls="--", label=f"threshold {number(cutoff)}")
    ax.set_xlabel("score (higher is more anomalous)")
    ax.set_ylabel("rows (log scale)")
    _tidy(ax)


def _draw_columns(result: Judged, ax: Any, names: list[str]) -> None:
    x = finite(result.rows.values[names[0]])
    y = finite(result.rows.values[names[1]]) if len(names) == 2 else result.scores
    shown_x = _as_drawn(result, names[0], x)
    shown_y = _as_drawn(result, names[1], y) if len(names) == 2 else y
    ranks = np.full(result.n_rows, -1)
    ranks[result.ranking] = result.severity_ranks
    normal = np.flatnonzero(ranks < 0)
    kept = normal[one_per_cell(x[normal], y[normal], (300, 200))]
    ax.scatter(shown_x[kept], shown_y[kept], s=7, c=_NORMAL, alpha=0.5, linewidths=0, label="normal")
    marked = np.flatnonzero((ranks >= 0) & np.isfinite(x) & np.isfinite(y))
    for rank in range(len(SEVERITIES)):
        here = marked[ranks[marked] == rank]
        here = here[one_per_cell(x[here], y[here], (300, 200))]
        _mark(result, ax, shown_x[here], shown_y[here], ranks[here])
    timed = [result.rows.values[name].dtype.kind == "M" for name in names]
    if timed[0]:
        _keep_to_calendar(ax.get_xlim, ax.set_xlim)
    if timed[-1] and len(names) == 2:
        _keep_to_calendar(ax.get_ylim, ax.set_ylim)
    ax.set_xlabel(_literal(names[0]))
    ax.set_ylabel(_literal(names[1]) if len(names) == 2 else "score")
    if len(names) == 1:
        ax.axhline(result.threshold.score_cutoff, color="black", lw=1, ls="--")
    _tidy(ax)


def _keep_to_calendar(get: Callable[[], tuple[float, float]], limit: Callable[[float, float], Any]) -> None:
    """Take the margins off an axis that would reach beyond the years 1 to 9999, where no date can be written."""
    low, high = get()
    if low < _FIRST_DAY or high > _LAST_DAY:
        limit(max(low, _FIRST_DAY), min(high, _LAST_DAY))


def _as_drawn(result: Judged, name: str, numbers: NDArray[Any]) -> NDArray[Any]:
    values = result.rows.values[name]
    return values if values.dtype.kind == "M" else numbers


def _tidy(ax: Any, *, legend: bool = True) -> None:
    ax.grid(visible=True, color="#dfe3ea", lw=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    if legend and ax.get_legend_handles_labels()[0]:
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=6, fontsize="small", frameon=False, handlelength=1.2)


def _title(result: Judged) -> str:
    name = result.dataset.get("name")
    found = f"{result.n_anomalies:,} {'anomaly' if result.n_anomalies == 1 else 'anomalies'} in {result.n_rows:,} rows"
    return f"{_literal(str(name))}: {found} ({result.algorithm})" if name else f"{found} ({result.algorithm})"


def _literal(text: str) -> str:
    """Keep matplotlib from reading a name as mathematics, a legend from hiding it, and a long one from filling the picture."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    short = printable if len(printable) <= _LONGEST_NAME else f"{printable[:_LONGEST_NAME]}…"
    plain = short.replace("$", r"\$")
    return f" {plain}" if plain.startswith("_") else plain


def _one(names: list[str]) -> str:
    if len(names) > 1:
        raise InvalidParameter(
            f"column names {len(names)} columns; with ax there is room for one.",
            code="detection.invalid_parameter",
            hint="Name one column, or leave ax out to get a panel for each.",
            details={"parameter": "column"},
        )
    return names[0]
