"""A result as a notebook shows it: a line, and the strongest anomalies."""

from __future__ import annotations

from anomaly_detection.detection.results.judged import Judged
from anomaly_detection.detection.results.report.sections import reason, verdict
from anomaly_detection.detection.results.report.svg import text
from anomaly_detection.detection.results.wording import number, probability

_ROWS = 5


def to_notebook(result: Judged) -> str:
    """Return the verdict and a small table of the strongest anomalies, escaped."""
    shown = result.top(_ROWS)
    head = f"<p><b>{text(result.algorithm)}</b>: {text(verdict(result))}</p>"
    if not shown:
        return f"<div>{head}</div>"
    timed, explained = result.rows.time is not None, any(item.explanation for item in shown)
    names = ["row", *["time (UTC)"] * timed, "severity", "score", "p-value", *["why"] * explained]
    lines = []
    for item in shown:
        cells = [f"{item.index:,}", *[item.time or ""] * timed, item.severity.value, number(item.score)]
        cells += [probability(item.p_value or 0.0), *[reason(item.explanation)] * explained]
        lines.append("".join(f'<td style="text-align:left">{text(cell)}</td>' for cell in cells))
    more = result.n_anomalies - len(shown)
    return (
        f"<div>{head}<table><thead><tr>{''.join(f'<th>{name}</th>' for name in names)}</tr></thead><tbody>"
        f"{''.join(f'<tr>{line}</tr>' for line in lines)}</tbody></table>"
        f"{f'<p>and {more:,} more</p>' if more else ''}</div>"
    )
