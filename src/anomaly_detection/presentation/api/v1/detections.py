"""Detections: ordered, watched, judged again by another threshold, removed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from anomaly_detection.configurations.basic.detections import CurrentDetection
from anomaly_detection.configurations.basic.operations import Caller, Operations
from anomaly_detection.presentation.api.dependencies import After, Id, Limit, NamePart, TheCaller, TheOperations
from anomaly_detection.presentation.api.idempotency import TheIdempotency
from anomaly_detection.presentation.api.v1.paging import page
from anomaly_detection.presentation.api.v1.schemas.detections import (
    Detection,
    DetectionChanges,
    DetectionPage,
    NewDetection,
    ThresholdChoice,
)
from anomaly_detection.workflows.ports import DetectionRequest, JobStatus

router = APIRouter(prefix="/detections", tags=["detections"])


@router.post("", status_code=202)
def start_detection(
    body: NewDetection,
    request: Request,
    response: Response,
    caller: TheCaller,
    operations: TheOperations,
    keyed: TheIdempotency,
) -> Detection:
    """Order a detection, by an algorithm that learns from the data or by a stored model.

    It runs as a durable job; follow it here or by the events.
    """
    order = DetectionRequest(
        dataset_id=body.dataset_id,
        algorithm=body.algorithm,
        parameters=body.parameters,
        columns=None if body.columns is None else tuple(body.columns),
        time_column=body.time_column,
        threshold=None if body.threshold is None else (body.threshold.kind, body.threshold.value),
    )
    operations.load_algorithm_to_detect(caller, body.algorithm, body.parameters)
    detection = keyed.make(
        body,
        lambda: Detection.of(*_start(operations, caller, order, body)),
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
    dataset_id: Annotated[str, Query(max_length=64)] = "",
    status: JobStatus | None = None,
    algorithm: Annotated[str, Query(max_length=200)] = "",
    model_id: Annotated[str, Query(max_length=64)] = "",
    q: NamePart = "",
) -> DetectionPage:
    """List the tenant's detections, newest first."""
    found = operations.list_detections(
        caller,
        limit=limit + 1,
        after=after or "",
        dataset_id=dataset_id,
        status=status or "",
        algorithm=algorithm,
        model_id=model_id,
        q=q,
    )
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


@router.patch("/{detection_id}")
def change_detection(
    detection_id: Id, body: DetectionChanges, caller: TheCaller, operations: TheOperations
) -> Detection:
    """Give a detection another name."""
    return Detection.of(*operations.rename_detection(caller, detection_id, body.name))


@router.delete("/{detection_id}", status_code=204)
def delete_detection(detection_id: Id, caller: TheCaller, operations: TheOperations) -> None:
    """Remove a detection that has ended, with its result and what was said about its rows."""
    operations.delete_detection(caller, detection_id)


@router.put("/{detection_id}/threshold")
def choose_threshold(
    detection_id: Id, body: ThresholdChoice, caller: TheCaller, operations: TheOperations
) -> Detection:
    """Draw the line elsewhere. Nothing is fitted again; result and anomalies follow."""
    return Detection.of(*operations.choose_threshold(caller, detection_id, body.kind, body.value))


def _start(operations: Operations, caller: Caller, order: DetectionRequest, body: NewDetection) -> CurrentDetection:
    if body.model_id is None:
        return operations.start_detection(caller, order, name=body.name, priority=body.priority)
    return operations.start_model_detection(
        caller, order, body.model_id, body.model_version, name=body.name, priority=body.priority
    )
