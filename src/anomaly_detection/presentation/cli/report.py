"""A result as a person reads it in a terminal."""

from __future__ import annotations

import io
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from anomaly_detection.data_platform.parts import Part
    from anomaly_detection.detection.domain.anomaly import Anomaly, AnomalyEvent
    from anomaly_detection.detection.results import DetectionResult

_STYLES = {"critical": "bold white on red", "high": "bold red", "medium": "yellow", "low": "cyan"}
_EVENTS = 10
_NOT_FLAGGED = 5
"""So many of the highest scores are shown where nothing is flagged: a person wants to look at something."""
_COLUMNS = 4
_WIDTH = 120


def console() -> Console:
    """Return the console of the standard output; where that is no terminal, lines are as long as 120 characters."""
    from rich.console import Console

    plain = Console(highlight=False)
    return (
        plain if plain.is_terminal else Console(highlight=False, width=shutil.get_terminal_size((_WIDTH, 24)).columns)
    )


def show(
    result: DetectionResult,
    *,
    again: str | None,
    top: int,
    saved: bool,
    notes: Sequence[str] = (),
    parts: Sequence[Part] = (),
) -> None:
    """Print the anomalies, the events that they form, a line of summary and what to do next.

    Parameters
    ----------
    again : str, optional
        The command that was run, such as ``detect machines.csv``; without it, nothing is proposed.
    notes : sequence of str
        What is said after the summary.
    parts : sequence of Part
        The files that the rows came from; where there are several, the table names them.
    """
    out = console()
    _print(out, result, top, parts)
    for note in notes:
        say(out, note)
    if again is not None:
        out.print(_next_steps(result, again, saved=saved), soft_wrap=True, style="dim", markup=False)


def say(out: Console, text: str | Text) -> None:
    """Print a sentence: broken between words on a terminal, and in one line for a program."""
    out.print(text, soft_wrap=not out.is_terminal, markup=False)


def as_text(result: DetectionResult) -> str:
    """Return all anomalies, the events and the summary as plain text."""
    from rich.console import Console

    kept = io.StringIO()
    _print(Console(file=kept, width=_WIDTH, highlight=False), result, max(result.n_anomalies, _NOT_FLAGGED))
    return kept.getvalue()


def _print(out: Console, result: DetectionResult, top: int, parts: Sequence[Part] = ()) -> None:
    if result.n_anomalies and top:
        out.print(anomalies_table(result, top, parts=parts))
    elif top:
        out.print(highest_table(result, min(top, _NOT_FLAGGED), parts=parts))
    if result.events:
        out.print(_events(result.events))
    say(out, summary(result))


def _table(title: str, columns: Sequence[tuple[str, str]]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for name, justify in columns:
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    return table


def anomalies_table(result: DetectionResult, top: int, start: int = 0, parts: Sequence[Part] = ()) -> Table:
    """Return the table of the anomalies with the ranks from `start` on; of several files, with each row's place in its own."""
    shown = result.top(top, start=start)
    title = "Anomalies" if len(shown) == result.n_anomalies else f"The {len(shown)} highest scores"
    if start:
        title = f"The scores from rank {start + 1} to {start + len(shown)} of {result.n_anomalies}"
    return _rows_table(title, result, shown, parts, flagged=True)


def highest_table(result: DetectionResult, count: int = _NOT_FLAGGED, parts: Sequence[Part] = ()) -> Table:
    """Return the table of the rows with the highest scores where none is flagged."""
    import numpy as np

    count = min(count, result.n_rows)
    lowest = float(np.partition(result.scores, -count)[-count])
    shown = result.with_threshold("score", lowest).top(count)
    return _rows_table("Not flagged; the highest scores", result, shown, parts, flagged=False)


def _rows_table(
    title: str, result: DetectionResult, shown: Sequence[Anomaly], parts: Sequence[Part], *, flagged: bool
) -> Table:
    several = len(parts) > 1
    times, names = any(item.time for item in shown), any(item.row_id for item in shown)
    features = list(result.dataset.get("roles", {}).get("features", []))
    single = features[0] if len(features) == 1 and features[0] in result.rows.expected else None
    explained = single is None and any(item.explanation for item in shown)
    values = [] if single or explained else features[:_COLUMNS]
    heads = [("row", "right")] + [("file and row in it", "left")] * several
    heads += [("time", "left")] * times + [("name", "left")] * names
    heads += [(single, "right"), ("expected", "right")] if single else [(name, "right") for name in values]
    heads += [("score", "right"), ("p-value", "right")] + [("severity", "left")] * flagged
    heads += [("why", "left")] * explained
    table = _table(title, heads)
    clock = _clock([item.time for item in shown])
    for item in shown:
        cells: list[Any] = [str(item.index)]
        cells += [_place(parts, item.index)] * several
        cells += [clock(item.time)] * times + [item.row_id or ""] * names
        if single:
            expected = float(result.rows.expected[single][item.index])
            cells += [number(item.values.get(single)), number(expected)]
        cells += [number(item.values.get(name)) for name in values]
        cells += [number(item.score), f"{item.p_value:.2g}"] + [_severity(item.severity.value)] * flagged
        cells += [_why(item)] * explained
        table.add_row(*[_literal(cell) for cell in cells])
    return table


def _place(parts: Sequence[Part], row: int) -> str:
    """Return the file that a row came from, and its number there, from 0."""
    from anomaly_detection.data_platform.parts import locate

    if not parts:
        return ""
    part, inside = locate(parts, row)
    return f"{Path(part.name).name}:{inside}"


def _events(events: Sequence[AnomalyEvent]) -> Table:
    severest = sorted(events, key=lambda item: (-item.severity.rank, -item.n_rows))[:_EVENTS]
    title = "Events" if len(events) <= _EVENTS else f"Events: the {_EVENTS} severest of {len(events)}"
    table = _table(title, [("from", "left"), ("to", "left"), ("peak", "left"), ("rows", "right"), ("severity", "left")])
    clock = _clock([moment for item in severest for moment in (item.start, item.end, item.peak)])
    for item in sorted(severest, key=lambda event: event.start):
        moments = [clock(item.start), clock(item.end), clock(item.peak)]
        table.add_row(*moments, str(item.n_rows), _severity(item.severity.value))
    return table


def _severity(word: str) -> Any:
    from rich.text import Text

    return Text(word, style=_STYLES[word])


def _literal(cell: Any) -> Any:
    from rich.text import Text

    return Text("".join(c if c.isprintable() else "�" for c in cell)) if isinstance(cell, str) else cell


def _clock(moments: Sequence[str | None]) -> Callable[[str | None], str]:
    """Return what writes times of one table: without seconds, or without the hour, where all of them lie on it."""
    known = [moment for moment in moments if moment is not None]
    ending = next((end for end in ("T00:00:00Z", ":00Z") if all(moment.endswith(end) for moment in known)), "Z")
    return lambda moment: "" if moment is None else moment.removesuffix(ending).replace("T", " ")


def _why(item: Anomaly) -> str:
    return "" if item.explanation is None else item.explanation.sentence


def number(value: Any) -> str:
    """Write a value as a table shows it: numbers with four digits, or with thousands apart.

    Examples
    --------
    >>> number(28348), number(5115.5439), number(0.12345), number(None)
    ('28,348', '5,115.5', '0.1235', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or abs(value) >= 1e15 or value == 0:
        return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
    return f"{value:,.1f}" if abs(value) >= 1000 else f"{value:.4g}"


def summary(result: DetectionResult) -> str:
    """Say in one line how many rows and anomalies there are, and what the threshold promises."""
    from anomaly_detection.detection.results.wording import share

    cutoff = number(result.threshold.score_cutoff)
    rows = f"{result.n_rows:,} {'row' if result.n_rows == 1 else 'rows'}"
    found = result.n_anomalies
    if found == 0:
        highest = float(result.scores.max())
        start = f"No anomaly found in {rows}: the highest score is {number(highest)}, below {cutoff}."
    else:
        start = f"{found:,} {'anomaly' if found == 1 else 'anomalies'} in {rows} ({share(found, result.n_rows)}), by {result.algorithm}."
    return f"{start} {_promise(result)}"


def _promise(result: DetectionResult) -> str:
    kind, value, n = result.threshold.kind, result.threshold.value, result.n_rows
    head = f"Threshold {kind} {value:g} (a score of {number(result.threshold.score_cutoff)}): "
    promises = {
        "fdr": f"at most {100 * value:g} % of what is flagged should be normal rows.",
        "p_value": f"a normal row is flagged with a probability of {value:g}, about {number(value * n)} of as many rows.",
        "contamination": f"the highest {100 * value:g} % of the scores are flagged, whatever they are.",
        "alert_rate": f"about {value:g} false alarms in as many rows.",
        "score": "rows that score as much or more are flagged.",
    }
    return head + promises.get(kind, "")


def _next_steps(result: DetectionResult, command: str, *, saved: bool) -> str:
    program = program_name()
    again = f"{program} {command}"
    steps = [] if saved else [f"Every row with its score:  {again} --output scores.csv"]
    if result.n_anomalies:
        steps.append(f"Fewer or more alarms:      {again} --alert-rate 3")
    else:
        steps.append(f"The highest 1 % anyway:    {again} --contamination 0.01")
    steps.append(f"In the browser:            {program} serve")
    return "\n".join(steps)


def program_name() -> str:
    """Return what a shell knows this program by: its name, or its path where the environment is not activated."""
    name = "anomaly-detection"
    typed = Path(sys.argv[0])
    return shlex.quote(str(typed)) if typed.name == name and shutil.which(name) is None else name
