"""What an event of each topic carries: the present state of the thing that changed, read with the listener's own rights."""

from __future__ import annotations

import json
from collections.abc import Callable

from pydantic import BaseModel

from anomaly_detection.configurations.basic.operations import Caller, Operations
from anomaly_detection.presentation.api.v1.schemas.anomalies import Feedback
from anomaly_detection.presentation.api.v1.schemas.datasets import DatasetSummary
from anomaly_detection.presentation.api.v1.schemas.detections import Detection
from anomaly_detection.presentation.api.v1.schemas.models import ModelVersion
from anomaly_detection.shared.errors import NotFound

LARGEST = 16_384
"""Characters of one event's data. Beyond that, what the user wrote without bounds is left out of it."""


def describe(operations: Operations, caller: Caller, topic: str, thing_id: str) -> str:
    """Return an event as it is sent, or nothing for a thing that is gone."""
    try:
        answer = TOPICS[topic](operations, caller, thing_id)
    except NotFound:
        return ""
    return f"event: {topic}\ndata: {_bounded(answer)}\n\n"


def _bounded(answer: BaseModel) -> str:
    text = answer.model_dump_json()
    if len(text) <= LARGEST:
        return text
    document = json.loads(text)
    empty: dict[str, object] = {"parameters": {}, "columns": None, "note": "", "feature_names": None}
    return json.dumps({name: empty.get(name, value) for name, value in document.items()}, ensure_ascii=False)


def _detection(operations: Operations, caller: Caller, detection_id: str) -> BaseModel:
    return Detection.of(*operations.get_detection(caller, detection_id))


def _model(operations: Operations, caller: Caller, version_id: str) -> BaseModel:
    return ModelVersion.of(operations.find_model_version(caller, version_id))


def _dataset(operations: Operations, caller: Caller, dataset_id: str) -> BaseModel:
    return DatasetSummary.of(operations.get_dataset(caller, dataset_id))


def _feedback(operations: Operations, caller: Caller, feedback_id: str) -> BaseModel:
    return Feedback.of(operations.get_present_feedback(caller, feedback_id))


TOPICS: dict[str, Callable[[Operations, Caller, str], BaseModel]] = {
    "detection": _detection,
    "model": _model,
    "dataset": _dataset,
    "feedback": _feedback,
}
