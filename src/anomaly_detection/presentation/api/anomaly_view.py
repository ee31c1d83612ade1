"""Judged rows as lists and the page of one anomaly need them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.presentation.api.series_view import window
from anomaly_detection.shared.errors import NotFound

if TYPE_CHECKING:
    from anomaly_detection.detection.domain.explanation import Explanation
    from anomaly_detection.detection.results import DetectionResult

SEVERITIES = ("low", "medium", "high", "critical")
SHOWN_COLUMNS = 200
"""Of wider data a row is shown by so many values, those that add most to its score, and by as many contributions."""


def matching(
    result: DetectionResult, min_severity: str | None, verdict: str | None, verdicts: Mapping[int, str | None]
) -> NDArray[np.int64]:
    """Return the places in the ranking, from 0, of the anomalies that pass the filters.

    Parameters
    ----------
    min_severity : {"low", "medium", "high", "critical"} or None
        The least severity.
    verdict : {"none", "true", "false"} or None
        What people said; ``none`` is nothing yet.
    verdicts : mapping of int to str or None
        By row, what holds.
    """
    passes = np.ones(result.n_anomalies, dtype=bool)
    if min_severity is not None:
        passes &= result.severity_ranks >= SEVERITIES.index(min_severity)
    if verdict is not None:
        wanted = [row for row, said in verdicts.items() if (said is not None if verdict == "none" else said == verdict)]
        found = np.isin(result.ranking, np.array(wanted, dtype=np.int64))
        passes &= ~found if verdict == "none" else found
    return np.flatnonzero(passes)


def ranked_rows(result: DetectionResult, places: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Return the anomalies at some places of the ranking, each with its rank from 1; no other row is looked at."""
    rows = result.ranking[places]
    explained = result.explanations_of(rows)
    return [
        {"rank": place + 1, **judged_row(result, row, place, explained.get(row))}
        for place, row in zip(places.tolist(), rows.tolist(), strict=True)
    ]


def judged_row(result: DetectionResult, row: int, place: int | None, explanation: Explanation | None) -> dict[str, Any]:
    """Return one row as the published format has anomalies; `place` in the ranking is None for one that is not flagged."""
    rows = result.rows
    said = None if explanation is None else explanation.to_dict()
    if said is not None:
        said["contributions"] = said["contributions"][:SHOWN_COLUMNS]
    return {
        "index": row,
        "row_id": _text(rows.row_id, row),
        "time": rows.time_at(row),
        "entity": _text(rows.entity, row),
        "score": float(result.scores[row]),
        "p_value": float(result.p_values[row]),
        "confidence": float(result.confidence_scores[row]),
        "severity": None if place is None else SEVERITIES[int(result.severity_ranks[place])],
        "values": _values(result, row, explanation),
        "explanation": said,
    }


def story(result: DetectionResult, row: int) -> dict[str, Any]:
    """Return one row with all that helps to judge it, but what people said.

    Raises
    ------
    NotFound
        ``detection.row_not_found``.
    """
    from anomaly_detection.detection.results.deviation import explain_by_deviation
    from anomaly_detection.detection.results.likeness import nearest_normal_rows, similar_anomalies

    if not 0 <= row < result.n_rows:
        raise NotFound(
            f"There is no row {row}; the data have the rows 0 to {result.n_rows - 1}.",
            code="detection.row_not_found",
            hint="Take the index of an anomaly.",
        )
    known = result.explanations_of(np.array([row])).get(row)
    explanation = explain_by_deviation(result, row) if known is None else known
    place = places_of(result, [row]).get(row)
    similar = similar_anomalies(result, row, explanation)
    similar_places = places_of(result, [other for other, _ in similar])
    return {
        "anomaly": judged_row(result, row, place, explanation),
        "rank": None if place is None else place + 1,
        "n_anomalies": result.n_anomalies,
        "previous": None if not place else int(result.ranking[place - 1]),
        "next": _next(result, place),
        "similar": [
            {
                "index": other,
                "rank": similar_places[other] + 1,
                "score": float(result.scores[other]),
                "severity": SEVERITIES[int(result.severity_ranks[similar_places[other]])],
                "time": result.rows.time_at(other),
                "distance": distance,
            }
            for other, distance in similar
        ],
        "neighbours": [
            {
                "index": other,
                "values": _values(result, other, explanation),
                "score": float(result.scores[other]),
                "time": result.rows.time_at(other),
            }
            for other in nearest_normal_rows(result, row)
        ],
        "window": window(result, row),
    }


def places_of(result: DetectionResult, rows: Collection[int]) -> dict[int, int]:
    """Return by row the place in the ranking, from 0, of those that are flagged."""
    places = np.flatnonzero(np.isin(result.ranking, np.array([*rows], dtype=np.int64)))
    return dict(zip(result.ranking[places].tolist(), places.tolist(), strict=True))


def _values(result: DetectionResult, row: int, explanation: Explanation | None) -> dict[str, Any]:
    from anomaly_detection.detection.results.rows import plain

    columns = result.rows.values
    if len(columns) <= SHOWN_COLUMNS:
        return result.rows.row(row)
    reasons = () if explanation is None else explanation.contributions[:SHOWN_COLUMNS]
    names = dict.fromkeys([*(item.feature for item in reasons if item.feature in columns), *columns])
    return {name: plain(columns[name][row]) for name in [*names][:SHOWN_COLUMNS]}


def _next(result: DetectionResult, place: int | None) -> int | None:
    if place is None or place + 1 >= result.n_anomalies:
        return None
    return int(result.ranking[place + 1])


def _text(names: NDArray[Any] | None, row: int) -> str | None:
    return None if names is None or names[row] is None else str(names[row])
