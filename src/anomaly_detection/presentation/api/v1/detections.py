"""Detections: ordered, watched, looked at, judged again by another threshold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import JSONResponse, StreamingResponse

from anomaly_detection.presentation.api.dependencies import After, Id, Limit, TheCaller, TheOperations
from anomaly_detection.presentation.api.idempotency import TheIdempotency
from anomaly_detection.presentation.api.v1.paging import page
from anomaly_detection.presentation.api.v1.schemas.detections import (
    AnomalyPage,
    Curve,
    Detection,
    DetectionPage,
    Distribution,
    NewDetection,
    SeriesView,
    ThresholdChoice,
)
from anomaly_detection.shared.errors import InvalidInput
from anomaly_detection.workflows.ports import DetectionRequest

if TYPE_CHECKING:
    from anomaly_detection.detection.results import DetectionResult

router = APIRouter(prefix="/detections", tags=["detections"])

ARROW = "application/vnd.apache.arrow.stream"
SHOWN_ANOMALIES = 100
_BATCH_ROWS = 1 << 16


@router.post("", status_code=202)
def start_detection(
    body: NewDetection,
    request: Request,
    response: Response,
    caller: TheCaller,
    operations: TheOperations,
    keyed: TheIdempotency,
) -> Detection:
    """Order a detection. It runs as a durable job; follow it here or by the events."""
    order = DetectionRequest(
        dataset_id=body.dataset_id,
        algorithm=body.algorithm,
        parameters=body.parameters,
        columns=None if body.columns is None else tuple(body.columns),
        time_column=body.time_column,
        threshold=None if body.threshold is None else (body.threshold.kind, body.threshold.value),
    )
    detection = keyed.make(
        body,
        lambda: Detection.of(*operations.start_detection(caller, order, name=body.name)),
        lambda detection_id: Detection.of(*operations.get_detection(caller, detection_id)),
    )
    response.headers["Location"] = f"{request.url.path}/{detection.id}"
    return detection


@router.get("")
def list_detections(
    caller: TheCaller,
    operations: TheOperations,
    limit: Limit = 50,
    after: After = None,
    dataset_id: Annotated[str | None, Query(max_length=64)] = None,
) -> DetectionPage:
    """List the tenant's detections, newest first."""
    found = operations.list_detections(caller, limit=limit + 1, after=after or "", dataset_id=dataset_id or "")
    items, cursor = page(found, limit)
    return DetectionPage(items=[Detection.of(item.record, item.summary) for item in items], next=cursor)


@router.get("/{detection_id}")
def get_detection(detection_id: Id, caller: TheCaller, operations: TheOperations) -> Detection:
    """Return one detection."""
    return Detection.of(*operations.get_detection(caller, detection_id))


@router.post("/{detection_id}/cancel", status_code=202)
def cancel_detection(detection_id: Id, caller: TheCaller, operations: TheOperations) -> Detection:
    """Ask a detection to stop. One that has ended stays as it is."""
    return Detection.of(*operations.cancel_detection(caller, detection_id))


@router.get(
    "/{detection_id}/result",
    response_model=None,
    responses={
        200: {
            "description": "The result's document, or by `Accept` every row as Arrow.",
            "content": {
                "application/json": {"schema": {"type": "object"}},
                ARROW: {"schema": {"type": "string", "format": "binary"}},
            },
        }
    },
)
def get_result(detection_id: Id, request: Request, caller: TheCaller, operations: TheOperations) -> Response:
    """Return the result without its long arrays and with the first 100 anomalies; or every row as an Arrow stream."""
    result = operations.get_result(caller, detection_id)
    if ARROW in request.headers.get("Accept", ""):
        # Scores do not compress: the header keeps the compressing layer from trying.
        return StreamingResponse(_arrow(result), media_type=ARROW, headers={"Content-Encoding": "identity"})
    document = result.to_dict(arrays=False, limit=SHOWN_ANOMALIES)
    document.pop("explanations", None)
    document["calibration"].pop("state", None)
    return JSONResponse(document)


@router.get("/{detection_id}/anomalies", response_model=AnomalyPage)
def list_anomalies(
    detection_id: Id, caller: TheCaller, operations: TheOperations, limit: Limit = 50, after: After = None
) -> Response:
    """List the anomalies, most severe first."""
    start = _rank(after)
    result = operations.get_result(caller, detection_id)
    items = [
        {"rank": start + position + 1, **anomaly.to_dict()}
        for position, anomaly in enumerate(result.top(limit, start=start))
    ]
    end = start + len(items)
    cursor = str(end) if end < result.n_anomalies else None
    return JSONResponse({"items": items, "next": cursor, "total": result.n_anomalies})


@router.get("/{detection_id}/series", response_model=SeriesView)
def get_series(
    detection_id: Id,
    caller: TheCaller,
    operations: TheOperations,
    points: Annotated[int, Query(ge=10, le=50_000, description="About how many rows; anomalies come on top.")] = 4000,
    start: Annotated[datetime | None, Query(description="First moment; UTC where it names no zone.")] = None,
    end: Annotated[datetime | None, Query(description="Last moment.")] = None,
) -> Response:
    """Return the series as a chart needs it. A gap in time is a point without values and without an index."""
    from anomaly_detection.presentation.api.series_view import series_view

    result = operations.get_result(caller, detection_id)
    return JSONResponse(series_view(result, points=points, start=start, end=end))


@router.get("/{detection_id}/distribution")
def get_distribution(
    detection_id: Id, caller: TheCaller, operations: TheOperations, bins: Annotated[int, Query(ge=2, le=500)] = 60
) -> Distribution:
    """Return the histogram of the scores, and what each possible cutoff would mean."""
    from anomaly_detection.presentation.api.charts import cutoff_curve, histogram

    result = operations.get_result(caller, detection_id)
    edges, counts = histogram(result.scores, bins)
    score, n_anomalies, p_value = cutoff_curve(result.scores, result.p_values)
    return Distribution(
        edges=edges,
        counts=counts,
        score_cutoff=result.threshold.to_dict()["score_cutoff"],
        curve=Curve(score=score, n_anomalies=n_anomalies, p_value=p_value),
    )


@router.put("/{detection_id}/threshold")
def choose_threshold(
    detection_id: Id, body: ThresholdChoice, caller: TheCaller, operations: TheOperations
) -> Detection:
    """Draw the line elsewhere. Nothing is fitted again; result and anomalies follow."""
    return Detection.of(*operations.choose_threshold(caller, detection_id, body.kind, body.value))


def _rank(after: str | None) -> int:
    if after is None:
        return 0
    if not after.isdecimal() or len(after) > 12:
        raise InvalidInput(
            f"{after!r} is no cursor of this list.", code="api.invalid_cursor", hint="Take `next` of the page before."
        )
    return int(after)


def _arrow(result: DetectionResult) -> Iterator[bytes]:
    import io

    import numpy as np
    import pyarrow as pa

    columns: dict[str, object] = {"index": np.arange(result.n_rows)}
    if result.rows.time is not None:
        columns["time"] = pa.array(result.rows.time).cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
    columns |= {
        "score": result.scores,
        "p_value": result.p_values,
        "prediction": result.predictions,
        "confidence": result.confidence_scores,
    }
    table = pa.table(columns)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        for batch in table.to_batches(max_chunksize=_BATCH_ROWS):
            writer.write_batch(batch)
            yield sink.getvalue()
            sink.seek(0)
            sink.truncate()
    yield sink.getvalue()
