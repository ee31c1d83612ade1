"""A result as one page of HTML that needs no network and no script."""

from __future__ import annotations

from anomaly_detection.detection.results.judged import Judged
from anomaly_detection.detection.results.report import sections
from anomaly_detection.detection.results.report.style import POLICY, STYLE
from anomaly_detection.detection.results.report.svg import text
from anomaly_detection.detection.results.wording import day, shown


def to_html(result: Judged, title: str | None) -> str:
    """Return the report; `DetectionResult.to_html` says more.

    Notes
    -----
    Everything that comes from outside is escaped, and the page's policy lets it load and run nothing. Its size does not grow
    with the data: charts are thinned to their pixels, and tables end after fifty rows.
    """
    name = result.dataset.get("name")
    heading = text(shown(title or (f"Anomalies in {name}" if name else "Anomalies"), 200))
    parts = [
        (
            f"<header><h1>{heading}</h1>"
            f'<p class="soft">{text(result.algorithm)} · {day(result.created_at)}</p>'
            f'<p class="lead">{text(sections.verdict(result))}</p></header>'
        ),
        sections.tiles(result),
        sections.notes(result),
        sections.charts(result),
        sections.events(result),
        sections.anomalies(result),
        sections.method(result),
        sections.facts(result),
        sections.again(result),
        (
            "<footer>Made by the Anomaly Detection Platform, version "
            f"{text(result.metadata.get('library_version', 'unknown'))}. This page loads nothing and runs no script.</footer>"
        ),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{heading}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(part for part in parts if part)
        + "\n</main>\n</body>\n</html>\n"
    )
