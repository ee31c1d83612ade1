"""The parts of the page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from anomaly_detection.detection.domain.anomaly import AnomalyEvent
from anomaly_detection.detection.domain.explanation import Explanation
from anomaly_detection.detection.results.drawing import (
    SEVERITIES,
    column_shares,
    line_of,
    series_columns,
    table_columns,
)
from anomaly_detection.detection.results.judged import Judged
from anomaly_detection.detection.results.report.charts import (
    close_ups,
    column_chart,
    key,
    mark,
    score_chart,
    series_chart,
    share_bar,
)
from anomaly_detection.detection.results.report.svg import text
from anomaly_detection.detection.results.wording import (
    clock,
    day,
    is_default,
    many,
    moment,
    number,
    probability,
    promise,
    rows,
    share,
    shown,
    typical,
)

TOP = 50
_UNFLAGGED = 10
_EVENTS = 30
_LEADING = 4
_MOST_VALUES = 30
_LONGEST = 300
_TIME = re.compile(r"'?(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(?:\.\d+)?Z'?")


def verdict(result: Judged) -> str:
    """Return what was found, in two sentences."""
    highest = float(result.scores.max())
    if not result.n_anomalies:
        return (
            f"Nothing was flagged: none of the {rows(result.n_rows)} reaches the threshold. The highest score is "
            f"{number(highest)}, the threshold {number(result.threshold.score_cutoff)}."
        )
    found = (
        f"{many(result.n_anomalies, 'row', 'rows')} of {result.n_rows:,} ({share(result.n_anomalies, result.n_rows)})"
    )
    events = f", in {many(len(result.events), 'event', 'events')}" if result.events else ""
    strongest = result.top(1)[0]
    place = f"at {clock([strongest.time])(strongest.time)} UTC" if strongest.time else f"row {strongest.index:,}"
    why = f": {reason(strongest.explanation)}" if strongest.explanation else "."
    verb = "stands" if result.n_anomalies == 1 else "stand"
    return f"{found} {verb} out{events}. The strongest is {place}{why}"


def reason(explanation: Explanation | None) -> str:
    """Return the sentence of an explanation, with infinite values in words."""
    if explanation is None:
        return ""
    sentence = explanation.sentence
    if any(
        item.value in ("Infinity", "-Infinity") for item in explanation.contributions if isinstance(item.value, str)
    ):
        sentence = sentence.replace("'-Infinity'", "minus infinity").replace("'Infinity'", "infinite")
    return shown(_TIME.sub(r"\1 \2", sentence), _LONGEST)


def tiles(result: Judged) -> str:
    """Return the numbers at a glance."""
    counts = result.summary()["severities"]
    items = [("rows judged", f"{result.n_rows:,}", "")]
    items.append(("anomalies", f"{result.n_anomalies:,}", share(result.n_anomalies, result.n_rows)))
    if result.events:
        items.append(("events", f"{len(result.events):,}", "anomalies close in time"))
    cells = [
        f"<div><dt>{name}</dt><dd>{value}{f'<small>{small}</small>' if small else ''}</dd></div>"
        for name, value, small in items
    ]
    cells += [
        f'<div><dt class="mark">{mark(name)}{name}</dt><dd>{counts[name]:,}</dd></div>' for name in SEVERITIES[::-1]
    ]
    return f'<dl class="tiles">{"".join(cells)}</dl>'


def notes(result: Judged) -> str:
    """Return what the detector had to say about the data."""
    found = [str(item) for item in result.metadata.get("warnings", [])]
    if not found:
        return ""
    items = "".join(f"<li>{text(shown(item, 500))}</li>" for item in found[:20])
    return _section("Notes on the data", f"<ul>{items}</ul>", "notes")


def charts(result: Judged) -> str:
    """Return the pictures."""
    return _series_charts(result) if result.kind == "series" and series_columns(result, 3) else _table_charts(result)


def _series_charts(result: Judged) -> str:
    names = series_columns(result, 3)
    parts = [key(result)] if result.n_anomalies else []
    for name in names:
        line = line_of(result, name)
        axis = "time in UTC" if line.timed else "row"
        label = (
            f"{name} over {axis}, {rows(result.n_rows)}, with {many(result.n_anomalies, 'anomaly', 'anomalies')} marked"
        )
        band = ", the band that was expected," if line.low is not None else ""
        caption = f"<b>{text(shown(name))}</b> over {axis}{band} and the anomalies by severity"
        parts.append(_figure(caption, series_chart(result, line, label)))
    near = [_figure(title, picture) for title, picture in close_ups(result, names[0])]
    if near:
        parts.append(
            f"<h3>The strongest, close up</h3><p class=soft>The line is {text(shown(names[0]))}, the shaded band what was "
            f'expected; times are UTC.</p><div class="pair">{"".join(near)}</div>'
        )
    return _section("The series", "".join(parts))


def _table_charts(result: Judged) -> str:
    parts = [_figure("<b>Rows by score</b>, on a logarithmic scale; higher is more anomalous", score_chart(result))]
    names = table_columns(result)
    if names:
        caption = " and ".join(f"<b>{text(shown(name))}</b>" for name in [*names, "score"][:2])
        why = "the columns that contribute most" if len(names) == 2 else "the column and its score"
        parts.append(_figure(f"{caption} (across and up): {why}", key(result) + column_chart(result, names)))
    shares = column_shares(result)
    if len(shares) > 1:
        parts.append(_shares(shares, flagged=bool(result.n_anomalies)))
    return _section("The scores", "".join(parts))


def _shares(shares: Mapping[str, float], *, flagged: bool) -> str:
    ordered = sorted(shares.items(), key=lambda item: -item[1])[:8]
    body = [
        [("column", "", text(shown(name))), ("share", "n", f"{100 * part:.0f} %"), ("", "", share_bar(part))]
        for name, part in ordered
    ]
    what = "anomalies" if flagged else "highest scores"
    return _table(
        f"What the strongest {what} stand out by: each column's share of the score", ["column", "share", ""], body
    )


def events(result: Judged) -> str:
    """Return the events of a series, the severest of many, in the order of time."""
    if not result.events:
        return ""
    severest = sorted(result.events, key=lambda item: (-item.severity.rank, -item.n_rows))[:_EVENTS]
    some = len(severest) < len(result.events)
    caption = (
        f"The {_EVENTS} severest of {len(result.events):,} events"
        if some
        else "Anomalies that follow one another closely"
    )
    write = clock([time for event in severest for time in (event.start, event.end, event.peak)])
    body = [_event_cells(event, write) for event in sorted(severest, key=lambda item: item.start)]
    heads = ["from (UTC)", "to (UTC)", "peak (UTC)", "anomalies", "severity"]
    return _section("Events", _table(caption, heads, body))


def _event_cells(event: AnomalyEvent, write: Any) -> list[tuple[str, str, str]]:
    times = [
        (name, "t", text(write(time)))
        for name, time in (("from (UTC)", event.start), ("to (UTC)", event.end), ("peak (UTC)", event.peak))
    ]
    return [*times, ("anomalies", "n", f"{event.n_rows:,}"), ("severity", "", _severity(event.severity.value))]


def anomalies(result: Judged) -> str:
    """Return the strongest anomalies, or where there are none the highest scores."""
    flagged = bool(result.n_anomalies)
    picked = result.ranking[:TOP] if flagged else np.argsort(-result.scores, kind="stable")[:_UNFLAGGED]
    body = _anomaly_rows(result, picked)
    heads = [name for name, _, _ in body[0]]
    if not flagged:
        return _section(
            "The highest scores", _table("None of these is flagged; they are only the highest", heads, body)
        )
    if len(picked) < result.n_anomalies:
        caption = f"The {len(picked)} highest scores of {result.n_anomalies:,} anomalies; result.to_csv() writes all"
    else:
        caption = "All anomalies, the highest score first"
    return _section(
        "The strongest anomalies" if len(picked) < result.n_anomalies else "The anomalies", _table(caption, heads, body)
    )


def _anomaly_rows(result: Judged, picked: Any) -> list[list[tuple[str, str, str]]]:
    known = result.explanations_of(picked)
    names = SEVERITIES
    ranks = dict(zip(result.ranking[:TOP].tolist(), result.severity_ranks[:TOP].tolist(), strict=True))
    times = [result.rows.time_at(int(row)) for row in picked]
    write = clock(times)
    body = []
    for row, time in zip(picked.tolist(), times, strict=True):
        cells = [("row", "n", f"{row:,}")]
        for head, values in (("name", result.rows.row_id), ("entity", result.rows.entity)):
            if values is not None:
                cells.append((head, "", text(shown(values[row]))))
        if result.rows.time is not None:
            cells.append(("time (UTC)", "t", text(write(time)) or "missing"))
        if row in ranks:
            cells.append(("severity", "", _severity(names[ranks[row]])))
        cells.append(("score", "n", number(result.scores[row])))
        cells.append(("p-value", "n", probability(float(result.p_values[row]))))
        if ranks:
            cells.append(("confidence", "n", _percent(float(result.confidence_scores[row]))))
        if known:
            cells.append(("why", "why", text(reason(known.get(row)))))
            cells.append(("normal would be", "v", _normal(result, row, known.get(row))))
        cells.append(("values", "v", _values(result, row, known.get(row))))
        body.append(cells)
    return body


def _percent(value: float) -> str:
    return "> 99 %" if value > 0.99 else f"{100 * value:.0f} %"


def _normal(result: Judged, row: int, explanation: Explanation | None) -> str:
    if explanation is None:
        return ""
    if explanation.counterfactual is None:
        return '<span class="soft">no change of up to five columns</span>'
    parts = []
    for name, value in list(explanation.counterfactual.items())[:_LEADING]:
        band = _band_at(result, name, row)
        parts.append(f"{text(shown(name))} {text(typical(value))}{band}")
    return "<br>".join(parts)


def _band_at(result: Judged, name: str, row: int) -> str:
    if name not in result.rows.expected or name not in result.rows.scale:
        return ""
    expected, reach = (
        result.rows.expected[name][row],
        max(result.threshold.score_cutoff, 0.0) * result.rows.scale[name][row],
    )
    return f' <span class="soft">({number(expected - reach)} to {number(expected + reach)})</span>'


def _values(result: Judged, row: int, explanation: Explanation | None) -> str:
    columns = result.rows.values
    leading = (
        [] if explanation is None else [item.feature for item in explanation.contributions if item.feature in columns]
    )
    ordered = [*leading, *(name for name in columns if name not in leading)]
    if len(ordered) <= _LEADING:
        return "<br>".join(_pair(name, columns[name][row]) for name in ordered)
    first = "<br>".join(_pair(name, columns[name][row]) for name in ordered[:2])
    rest = "".join(
        f"<dt>{text(shown(name, 60))}</dt><dd>{text(shown(columns[name][row]))}</dd>"
        for name in ordered[2:_MOST_VALUES]
    )
    more = len(ordered) - 2
    return f'{first}<details><summary>{more} more</summary><dl class="list values">{rest}</dl></details>'


def _pair(name: str, value: Any) -> str:
    short = len(shown(name, 60)) + len(shown(value)) < 30
    kind = ' class="pair-of"' if short else ""
    return f'<span{kind}><span class="soft">{text(shown(name, 60))}</span> {text(shown(value))}</span>'


def _severity(name: str) -> str:
    return f'<span class="mark">{mark(name)}{name}</span>'


def method(result: Judged) -> str:
    """Return how rows were judged, in plain words."""
    calibrator = result.calibrator
    lines = [
        (
            f"<b>Threshold</b> ({text(result.threshold.kind)} {result.threshold.value:g}, a score of "
            f"{number(result.threshold.score_cutoff)}): {text(promise(result))}"
        ),
        (
            f"<b>p-value</b>: the probability that a normal row scores at least as high. It comes from {calibrator.n:,} scores of "
            "training rows that did not shape their own score (conformal calibration"
            f"{' with a fitted tail' if calibrator.tail is not None else ''}, state {text(calibrator.reference)})."
        ),
        (
            "<b>Severity</b>: low lies near the threshold; medium, high and critical are each at least ten times rarer among normal "
            "rows than the step before."
        ),
        (
            "<b>Confidence</b>: the probability that the row would get the same verdict from a detector that learnt from other data "
            "of the same kind."
        ),
        "<b>Score</b>: the algorithm’s own measure; higher is more anomalous.",
    ]
    return _section("How rows were judged", f'<ul class="plain">{"".join(f"<li>{line}</li>" for line in lines)}</ul>')


def facts(result: Judged) -> str:
    """Return what was judged, by what, and when."""
    data, roles, meta = result.dataset, result.dataset.get("roles", {}), result.metadata
    features = [str(name) for name in roles.get("features", [])]
    items: list[tuple[str, Any]] = [
        ("Data", data.get("name") or "without a name"),
        (
            "Size",
            f"{rows(result.n_rows)}, {many(int(data.get('n_columns', len(result.rows.values))), 'column', 'columns')}",
        ),
        ("Judged by", _listed(features)),
        ("Time", _period(result)),
        ("Fingerprint", data.get("fingerprint")),
        ("Algorithm", result.algorithm),
        ("Parameters", ", ".join(f"{name} = {value!r}" for name, value in result.parameters.items()) or "the defaults"),
        ("Seed", meta.get("seed")),
        ("Time taken", _seconds(meta)),
        ("Model", result.model_id),
        ("Result", result.id),
        ("Made", day(result.created_at)),
        ("Version", meta.get("library_version")),
    ]
    body = "".join(
        f"<dt>{name}</dt><dd>{text(shown(value, _LONGEST))}</dd>" for name, value in items if value is not None
    )
    return _section("What was judged", f'<dl class="list">{body}</dl>')


def _listed(names: Sequence[str]) -> str | None:
    if not names:
        return None
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(shown(name, 60) for name in names[:20]) + more


def _period(result: Judged) -> str | None:
    times = result.rows.time
    known = None if times is None else times[~np.isnat(times)]
    if known is None or not known.size:
        return None
    return f"{moment(known.min())} to {moment(known.max())} UTC"


def _seconds(meta: Mapping[str, Any]) -> str | None:
    spent = [meta.get(name) for name in ("fit_seconds", "score_seconds")]
    known = [float(item) for item in spent if isinstance(item, int | float)]
    return f"{sum(known):.2g} s" if known else None


def again(result: Judged) -> str:
    """Return the lines of Python that repeat the result."""
    name = str(result.dataset.get("name") or "your_data.csv")
    learnt_before = result.metadata.get("fit_seconds") == 0.0
    given = "".join(f", {key_}={value!r}" for key_, value in result.parameters.items())
    seed = result.metadata.get("seed") or 0
    given += f", seed={seed}" if seed else ""
    given += _chosen_columns(result)
    lines = [
        f"from anomaly_detection import {'load_dataset, load_detector' if learnt_before else 'create_detector, load_dataset'}",
        "",
        f"data = load_dataset({json.dumps(name, ensure_ascii=False)})  # or the path of the file",
    ]
    if learnt_before:
        lines.append('detector = load_detector("model.adm")  # the detector had learnt before, from other rows')
    else:
        lines.append(f"detector = create_detector({json.dumps(result.algorithm)}{given})")
    rule = "" if is_default(result) else f".with_threshold({result.threshold.kind!r}, {result.threshold.value!r})"
    lines += [f"result = detector.detect(data){rule}", f"assert result.n_anomalies == {result.n_anomalies}"]
    return _section("Repeat it", f"<pre><code>{_code(lines)}</code></pre>")


def _chosen_columns(result: Judged) -> str:
    roles = result.dataset.get("roles", {})
    features = list(roles.get("features", []))
    others = [name for role, name in roles.items() if role != "features" and name]
    others += [name for name in result.rows.names.values() if name not in others]
    chosen = len(features) + len(others) < int(result.dataset.get("n_columns", 0))
    return f", columns={features!r}" if chosen and 0 < len(features) <= 20 else ""


def _code(lines: Iterable[str]) -> str:
    return "\n".join(text(line) for line in lines)


def _section(heading: str, content: str, kind: str = "") -> str:
    name = heading.lower().replace(" ", "-").replace(",", "")
    extra = f' class="{kind}"' if kind else ""
    return f'<section aria-labelledby="{name}"{extra}><h2 id="{name}">{heading}</h2>{content}</section>'


def _figure(caption: str, picture: str) -> str:
    return f'<figure><figcaption class="mark-line">{caption}</figcaption>{picture}</figure>'


def _table(caption: str, heads: Sequence[str], body: Sequence[Sequence[tuple[str, str, str]]]) -> str:
    kinds = [kind for _, kind, _ in body[0]]
    top = "".join(
        f'<th scope="col"{" class=n" if kind == "n" else ""}>{head or "<span aria-hidden=true></span>"}</th>'
        for head, kind in zip(heads, kinds, strict=True)
    )
    lines = "".join(
        "<tr>"
        + "".join(
            f'<td data-label="{head}"{f" class={kind}" if kind else ""}><div>{content}</div></td>'
            for head, kind, content in cells
        )
        + "</tr>"
        for cells in body
    )
    return (
        f'<div class="scroll"><table><caption>{text(caption)}</caption><thead><tr>{top}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )
