"""What a detection found: as a document, as charts, as a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import JSONResponse, StreamingResponse

from anomaly_detection.presentation.api.dependencies import Id, TheCaller, TheOperations
from anomaly_detection.presentation.api.v1.schemas.results import (
    Distribution,
    FeatureShare,
    Importance,
    Scatter,
    SeriesView,
)

if TYPE_CHECKING:
    from anomaly_detection.detection.results import DetectionResult

router = APIRouter(prefix="/detections", tags=["detections"])

ARROW = "application/vnd.apache.arrow.stream"
SHOWN_ANOMALIES = 100
SHOWN_EVENTS = 1000
ExportFormat = Literal["csv", "jsonl", "parquet", "arrow"]
_MEDIA_TYPES: dict[ExportFormat, str] = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "arrow": ARROW,
}
_BATCH_ROWS = 1 << 16


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
    """Return the result without its long arrays, with the first 100 anomalies and the 1000 worst events; or all rows as Arrow."""
    result = operations.get_result(caller, detection_id)
    if ARROW in request.headers.get("Accept", ""):
        # Scores do not compress: the header keeps the compressing layer from trying.
        return StreamingResponse(_arrow(result), media_type=ARROW, headers={"Content-Encoding": "identity"})
    return JSONResponse(_document(result))


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


@router.get("/{detection_id}/distribution", response_model=Distribution)
def get_distribution(
    detection_id: Id,
    caller: TheCaller,
    operations: TheOperations,
    bins: Annotated[int, Query(ge=2, le=500)] = 60,
    scale: Annotated[
        Literal["linear", "log"], Query(description="log: bins that are finer where most scores lie.")
    ] = "linear",
) -> Response:
    """Return the histogram of the scores, and what each possible cutoff would mean; with labels also what it is worth."""
    from anomaly_detection.presentation.api.table_view import distribution_view

    return JSONResponse(
        distribution_view(operations.get_result(caller, detection_id), bins, logarithmic=scale == "log")
    )


@router.get("/{detection_id}/scatter", response_model=Scatter)
def get_scatter(
    detection_id: Id,
    caller: TheCaller,
    operations: TheOperations,
    x: Annotated[str | None, Query(description="A column of numbers; by default the first that was judged.")] = None,
    y: Annotated[str | None, Query(description="Another one.")] = None,
    points: Annotated[int, Query(ge=10, le=50_000, description="About how many normal rows.")] = 2000,
) -> Response:
    """Return two columns against each other, with every flagged row (of more than 50 000, the highest scores)."""
    from anomaly_detection.presentation.api.table_view import scatter_view

    return JSONResponse(scatter_view(operations.get_result(caller, detection_id), x, y, points))


@router.get("/{detection_id}/importance")
def get_importance(detection_id: Id, caller: TheCaller, operations: TheOperations) -> Importance:
    """Return which features make the anomalies: the mean absolute contributions to the 200 highest scores, as shares."""
    from anomaly_detection.detection.results.likeness import importance

    shares, count = importance(operations.get_result(caller, detection_id))
    items = [FeatureShare(feature=name, share=share) for name, share in shares.items()]
    return Importance(items=items, n_anomalies=count)


@router.get(
    "/{detection_id}/export",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "A file, as it is made.",
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in _MEDIA_TYPES.values()},
        }
    },
)
def export_result(
    detection_id: Id,
    caller: TheCaller,
    operations: TheOperations,
    form: Annotated[ExportFormat, Query(alias="format", description="Parquet and Arrow keep the types.")] = "csv",
    rows: Annotated[Literal["all", "anomalies"], Query(description="Anomalies are ranked and say why.")] = "all",
) -> StreamingResponse:
    """Download every row, or the anomalies, with what was found and what people said.

    In CSV, texts that a spreadsheet would take for formulas get a `'` in front.
    """
    from anomaly_detection.presentation.api.downloads import download
    from anomaly_detection.presentation.api.export import export

    result = operations.get_result(caller, detection_id)
    name = operations.get_detection(caller, detection_id).record.name
    parts = export(result, operations.verdicts(caller, detection_id), form, anomalies=rows == "anomalies")
    filename = f"{name} {rows}.{form}" if rows == "anomalies" else f"{name}.{form}"
    return download(parts, filename, _MEDIA_TYPES[form], compresses=form in {"csv", "jsonl"})


def _document(result: DetectionResult) -> dict[str, Any]:
    from anomaly_detection.detection.domain.severity import Severity

    document = result.to_dict(arrays=False, limit=SHOWN_ANOMALIES)
    for name in ("explanations", "column_names"):
        document.pop(name, None)
    document["calibration"].pop("state", None)
    events = document["events"]
    worst = sorted(range(len(events)), key=lambda place: -Severity(events[place]["severity"]).rank)[:SHOWN_EVENTS]
    return {**document, "events": [events[place] for place in sorted(worst)], "n_events": len(events)}


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
