"""Detections on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from anomaly_detection.infrastructure.persistence.detections import DetectionRecord
from anomaly_detection.presentation.api.v1.schemas.common import Answer, Name, Request
from anomaly_detection.presentation.api.v1.schemas.jobs import Failure, Progress
from anomaly_detection.workflows.ports import JobStatus, Priority

ThresholdKind = Literal["p_value", "fdr", "score", "contamination", "alert_rate"]


class ThresholdChoice(Request):
    """Where the line between normal and anomalous is drawn."""

    kind: ThresholdKind
    value: float


class NewDetection(Request):
    """What to detect, in which data, and how."""

    dataset_id: str = Field(max_length=64)
    algorithm: str | None = Field(default=None, max_length=200, description="null: stl for a series, knn for a table.")
    parameters: dict[str, Any] = Field(default_factory=dict)
    columns: list[str] | None = Field(default=None, description="The features; null: those that were recognised.")
    time_column: str | None = None
    threshold: ThresholdChoice | None = None
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] | None = None
    priority: Priority = "normal"
    model_id: str | None = Field(default=None, max_length=64, description="A stored model judges the data.")
    model_version: int | None = Field(default=None, ge=1, lt=2**31, description="null: the one in production.")

    @model_validator(mode="after")
    def _by_one_or_the_other(self) -> Self:
        """Refuse what a stored model has settled already."""
        settled = ("algorithm", "parameters", "columns", "time_column")
        said = [name for name in settled if getattr(self, name)] if self.model_id is not None else []
        if said:
            raise ValueError(f"the model has settled {', '.join(said)} already")
        if self.model_version is not None and self.model_id is None:
            raise ValueError("model_version needs model_id")
        return self


class DetectionChanges(Request):
    """What is to be different about a detection."""

    name: Name


class DatasetReference(Answer):
    """The data that were judged."""

    id: str
    name: str
    kind: Literal["series", "table"]


class ModelReference(Answer):
    """The version of a stored model that judged the data."""

    id: str
    version_id: str
    name: str
    version: int


class ThresholdRule(Answer):
    """Where a line is drawn."""

    kind: str
    value: float


class Threshold(ThresholdRule):
    """The line that was drawn, and the score that it means."""

    score_cutoff: float | None = None


class Severities(Answer):
    """How many anomalies there are of each severity."""

    low: int = 0
    medium: int = 0
    high: int = 0
    critical: int = 0


class Summary(Answer):
    """What came out."""

    n_rows: int
    n_anomalies: int
    threshold: Threshold
    default_threshold: ThresholdRule | None = Field(default=None, description="In force before anybody moved it.")
    severities: Severities


class Detection(Answer):
    """A detection, from its order to its end."""

    id: str
    name: str
    dataset: DatasetReference
    algorithm: str
    parameters: dict[str, Any]
    columns: list[str] | None = None
    time_column: str | None = None
    priority: Priority
    model: ModelReference | None = None
    status: JobStatus
    progress: Progress
    error: Failure | None = None
    summary: Summary | None = None
    job_id: str
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @classmethod
    def of(cls, record: DetectionRecord, summary: Any) -> Detection:
        """Return a detection as it is sent; `summary` is the present one, or None."""
        job = record.job
        first = (job.outcome or {}).get("summary", {}).get("threshold")
        return cls.model_validate(
            {
                "id": record.id,
                "name": record.name,
                "dataset": {"id": record.dataset_id, "name": record.dataset_name, "kind": record.dataset_kind},
                "algorithm": record.algorithm,
                "parameters": dict(record.parameters),
                "columns": record.columns,
                "time_column": record.time_column,
                "priority": job.priority,
                "model": record.model,
                "status": job.status,
                "progress": {"fraction": job.progress, "stage": job.stage},
                "error": None if job.error is None else dict(job.error),
                "summary": None if summary is None else {**summary, "default_threshold": first},
                "job_id": job.id,
                "created_at": record.created_at,
                "started_at": job.started_at,
                "finished_at": job.finished_at,
            }
        )


class DetectionPage(Answer):
    """Detections, newest first."""

    items: list[Detection]
    next: str | None = None
