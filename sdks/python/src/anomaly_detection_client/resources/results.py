"""Results of detections: as a document, as columns, made small enough to draw, or as a file."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from anomaly_detection_client.content import Told
from anomaly_detection_client.core import Core
from anomaly_detection_client.download import FileSink
from anomaly_detection_client.flow import Answer, Flow
from anomaly_detection_client.request import NO_LIMIT, Request, given, part, request_for
from anomaly_detection_client.values.charts import Distribution, Importance, Scatter
from anomaly_detection_client.values.detections import SeriesView

ARROW = "application/vnd.apache.arrow.stream"


def result(detection_id: str) -> Request[dict[str, Any]]:
    """Return the result's document, without the long arrays and with its first 100 anomalies."""
    return request_for("GET", f"detections/{part(detection_id)}/result", dict)


def scores(detection_id: str) -> Request[bytes]:
    """Return the scores of all rows as an Arrow stream (``pyarrow.ipc.open_stream`` reads it)."""
    return file_at(f"detections/{part(detection_id)}/result", headers={"Accept": ARROW})


def series(
    detection_id: str, *, points: int | None = None, start: datetime | None = None, end: datetime | None = None
) -> Request[SeriesView]:
    """Return the series as a chart needs it, with every anomaly.

    Parameters
    ----------
    points : int, optional
        About how many rows; 4000 by default.
    start, end : datetime, optional
        The part that is shown.
    """
    params = {"points": points, "start": start, "end": end}
    return request_for("GET", f"detections/{part(detection_id)}/series", SeriesView.of, params=params)


def distribution(detection_id: str, *, bins: int | None = None, scale: str | None = None) -> Request[Distribution]:
    """Return the histogram of the scores, and what each possible cutoff would mean.

    Parameters
    ----------
    bins : int, optional
        How many bars the histogram has; 60 by default.
    scale : {"linear", "log"}, optional
        ``log`` has finer bars where most scores lie; linear by default.
    """
    params = {"bins": bins, "scale": scale}
    return request_for("GET", f"detections/{part(detection_id)}/distribution", Distribution.of, params=params)


def scatter(
    detection_id: str, x: str | None = None, y: str | None = None, *, points: int | None = None
) -> Request[Scatter]:
    """Return rows as points of two columns, by default the first two; every anomaly is among them.

    Raises
    ------
    InvalidInput
        ``data.unknown_column``.
    """
    params = {"x": x, "y": y, "points": points}
    return request_for("GET", f"detections/{part(detection_id)}/scatter", Scatter.of, params=params)


def importance(detection_id: str) -> Request[Importance]:
    """Return how much of the anomalies each feature explains."""
    return request_for("GET", f"detections/{part(detection_id)}/importance", Importance.of, patient=True)


def export(
    core: Core,
    detection_id: str,
    path: str | Path,
    *,
    format: str | None = None,  # noqa: A002 - what the API calls it
    rows: str = "all",
    progress: Told | None = None,
) -> Flow[Path]:
    """Write every row, or the anomalies, to a file; it is there whole or not at all. Return where it is.

    Parameters
    ----------
    path : str or Path
        A file, which is replaced where it exists.
    format : {"csv", "jsonl", "parquet", "arrow"}, optional
        By default what the file's name ends with, else csv.
    rows : {"all", "anomalies"}, default "all"
        Which rows.
    progress : callable, optional
        Is called with the bytes received, and with those in all where they are known.
    """
    place = Path(path)
    ending = place.suffix.removeprefix(".")
    wanted = format or (ending if ending in {"csv", "jsonl", "parquet", "arrow"} else "csv")
    request = file_at(f"detections/{part(detection_id)}/export", params={"format": wanted, "rows": rows})
    return (yield from saved(core, request, place, progress))


def saved(core: Core, request: Request[bytes], path: Path, progress: Told | None) -> Flow[Path]:
    """Write the answer to a request to a file."""
    with FileSink(path, progress) as sink:
        yield from core.exchange(replace(request, sink=sink))
        return sink.finish()


def file_at(path: str, **more: Any) -> Request[bytes]:
    """Describe a request that is answered with a file."""
    return Request(
        method="GET",
        path=path,
        parse=_body,
        params=given(more.pop("params", {})),
        repeatable_for=NO_LIMIT,
        patient=True,
        **more,
    )


def _body(answer: Answer) -> bytes:
    return answer.body
