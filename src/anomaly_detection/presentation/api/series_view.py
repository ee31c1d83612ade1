"""A judged series as a chart needs it: in the order of time, thinned, with its gaps as gaps."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.presentation.api.charts import plain, thin
from anomaly_detection.shared.errors import InvalidInput

if TYPE_CHECKING:
    from anomaly_detection.detection.results import DetectionResult

WINDOW_ROWS = 200
GAP_STEPS = 1.5
"""Rows further apart than this many usual steps have a gap between them."""


def series_view(
    result: DetectionResult, *, points: int, start: datetime | None, end: datetime | None
) -> dict[str, Any]:
    """Return the chart of a series, with about `points` rows and all anomalies between two moments.

    A gap in time is a point without values and without an index.

    Raises
    ------
    InvalidInput
        ``detection.not_a_series``.
    """
    times = result.rows.time
    if result.kind != "series" or times is None:
        raise InvalidInput(
            "This detection judged a table, and a table has no order in time.",
            code="detection.not_a_series",
            hint="Ask for its distribution or its anomalies.",
        )
    return _drawn(result, times, _in_order(times, start, end), points)


def window(result: DetectionResult, index: int, rows: int = WINDOW_ROWS) -> dict[str, Any] | None:
    """Return the chart of about so many rows around one, or None where the data are no series or the row has no time."""
    times = result.rows.time
    if result.kind != "series" or times is None or np.isnat(times[index]):
        return None
    order = _in_order(times, None, None)
    place = int(np.flatnonzero(order == index)[0])
    first = max(0, min(place - rows // 2, len(order) - rows))
    return _drawn(result, times, order[first : first + rows], rows)


def _drawn(
    result: DetectionResult, times: NDArray[np.datetime64], rows: NDArray[np.int64], points: int
) -> dict[str, Any]:
    columns = list(result.rows.expected) or [
        name for name, column in result.rows.values.items() if column.dtype == np.float64
    ]
    values = {name: np.asarray(result.rows.values[name], dtype=np.float64)[rows] for name in columns}
    flagged = result.predictions[rows] > 0
    kept = thin([*values.values(), result.scores[rows]], flagged, points)
    picked, is_gap, shown_times = _with_gaps(times[rows], kept)
    chosen = rows[picked]

    def drawn(column: NDArray[np.float64]) -> list[float | None]:
        return plain(np.where(is_gap, np.nan, column))

    bands = {name: band for name in columns if (band := result.band(name)) is not None}
    return {
        "time": [f"{text.removesuffix('.000000')}Z" for text in np.datetime_as_string(shown_times, unit="us").tolist()],
        "value": {name: drawn(column[picked]) for name, column in values.items()},
        "expected": {name: drawn(column[chosen]) for name, column in result.rows.expected.items()},
        "lower": {name: drawn(band[0][chosen]) for name, band in bands.items()},
        "upper": {name: drawn(band[1][chosen]) for name, band in bands.items()},
        "score": drawn(result.scores[chosen]),
        "prediction": np.where(is_gap, 0, result.predictions[chosen]).tolist(),
        "index": [None if gap else row for gap, row in zip(is_gap.tolist(), chosen.tolist(), strict=True)],
        "score_cutoff": plain(np.array([result.threshold.score_cutoff]))[0],
        "n_total": len(rows),
    }


def _in_order(times: NDArray[np.datetime64], start: datetime | None, end: datetime | None) -> NDArray[np.int64]:
    wanted = ~np.isnat(times)
    if start is not None:
        wanted &= times >= _moment(start)
    if end is not None:
        wanted &= times <= _moment(end)
    rows = np.flatnonzero(wanted)
    return rows[np.argsort(times[rows], kind="stable")]


def _moment(value: datetime) -> np.datetime64:
    # Not `astimezone`: the first and last moments that can be written lie outside of its years in UTC.
    offset = value.utcoffset() or timedelta(0)
    return np.datetime64(value.replace(tzinfo=None), "us") - np.timedelta64(offset)


def _with_gaps(
    times: NDArray[np.datetime64], kept: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.datetime64]]:
    """Put a point into each gap between two rows that are kept; return positions, which are gaps, and times."""
    steps = np.diff(times).astype(np.int64)
    positive = steps[steps > 0]
    if positive.size == 0:
        return kept, np.zeros(len(kept), dtype=bool), times[kept]
    step = float(np.median(positive))
    gaps_before = np.concatenate(([0], np.cumsum(steps > GAP_STEPS * step)))
    places = np.flatnonzero(np.diff(gaps_before[kept]) > 0) + 1
    picked = np.insert(kept, places, kept[places - 1])
    is_gap = np.insert(np.zeros(len(kept), dtype=bool), places, True)
    shown = times[picked] + np.where(is_gap, np.timedelta64(round(step), "us"), np.timedelta64(0, "us"))
    return picked, is_gap, shown
