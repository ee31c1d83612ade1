"""Models on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from anomaly_detection.infrastructure.persistence.model_rows import ModelRecord, VersionRecord
from anomaly_detection.presentation.api.v1.schemas.common import Answer, Request
from anomaly_detection.presentation.api.v1.schemas.detections import Summary, Threshold, ThresholdChoice
from anomaly_detection.presentation.api.v1.schemas.jobs import Failure, Progress
from anomaly_detection.workflows.ports import JobStatus, Priority

Stage = Literal["none", "staging", "production", "archived"]


class NewModel(Request):
    """What to learn from, and how; a name that exists gets a further version."""

    name: str = Field(min_length=1, max_length=200)
    dataset_id: str = Field(max_length=64)
    algorithm: str | None = Field(default=None, max_length=200, description="null: stl for a series, knn for a table.")
    parameters: dict[str, Any] = Field(default_factory=dict)
    columns: list[str] | None = Field(default=None, description="The features; null: those that were recognised.")
    time_column: str | None = None
    threshold: ThresholdChoice | None = None
    priority: Priority = "normal"


class StageChoice(Request):
    """Where a version goes; the one that was in production before it is archived."""

    stage: Literal["staging", "production", "none"]


class DatasetName(Answer):
    """The data that were learnt from; the data set itself may be gone."""

    id: str
    name: str


class Person(Answer):
    """Who did it; the name is null where that user is gone."""

    id: str
    username: str | None = None


class ModelVersion(Answer):
    """One version of a model, from the order of its training, or its import, on."""

    id: str
    model_id: str
    model_name: str
    version: int
    stage: Stage
    status: JobStatus
    progress: Progress
    error: Failure | None = None
    source: Literal["trained", "imported"]
    dataset: DatasetName | None = None
    algorithm: str
    parameters: dict[str, Any]
    columns: list[str] | None = None
    time_column: str | None = None
    threshold: ThresholdChoice | None = None
    kind: Literal["table", "series"] | None = None
    feature_names: list[str] | None = None
    summary: Summary | None = Field(default=None, description="How the training rows were judged.")
    fingerprint: str | None = Field(default=None, description="Of the data that were learnt from.")
    size_bytes: int | None = None
    sha256: str | None = None
    created_at: datetime
    created_by: Person
    started_at: datetime | None = None
    finished_at: datetime | None = None
    job_id: str | None = None

    @classmethod
    def of(cls, record: VersionRecord) -> ModelVersion:
        """Return a version as it is sent."""
        job, facts = record.job, record.facts
        dataset = None if record.dataset_id is None else {"id": record.dataset_id, "name": record.dataset_name or ""}
        return cls.model_validate(
            {
                "id": record.id,
                "model_id": record.model_id,
                "model_name": record.model_name,
                "version": record.version,
                "stage": record.stage,
                "status": record.status,
                "progress": {"fraction": 1.0, "stage": ""}
                if job is None
                else {"fraction": job.progress, "stage": job.stage},
                "error": None if job is None or job.error is None else dict(job.error),
                "source": record.source,
                "dataset": dataset,
                "algorithm": record.algorithm,
                "parameters": dict(record.parameters),
                "columns": record.columns,
                "time_column": record.time_column,
                "threshold": record.threshold,
                "kind": facts.get("kind"),
                "feature_names": facts.get("feature_names"),
                "summary": facts.get("summary"),
                "fingerprint": facts.get("fingerprint"),
                "size_bytes": facts.get("size_bytes"),
                "sha256": facts.get("sha256"),
                "created_at": record.created_at,
                "created_by": {"id": record.principal_id, "username": record.username},
                "started_at": None if job is None else job.started_at,
                "finished_at": record.created_at if job is None else job.finished_at,
                "job_id": None if job is None else job.id,
            }
        )


class ModelVersionPage(Answer):
    """Versions, newest first."""

    items: list[ModelVersion]
    next: str | None = None


class Model(Answer):
    """A model: a name, and the versions behind it."""

    id: str
    name: str
    created_at: datetime
    archived_at: datetime | None = None
    n_versions: int
    latest: ModelVersion | None = None
    production: ModelVersion | None = None

    @classmethod
    def of(cls, record: ModelRecord) -> Model:
        """Return a model as it is sent."""
        return cls(
            id=record.id,
            name=record.name,
            created_at=record.created_at,
            archived_at=record.archived_at,
            n_versions=record.n_versions,
            latest=None if record.latest is None else ModelVersion.of(record.latest),
            production=None if record.production is None else ModelVersion.of(record.production),
        )


class ModelPage(Answer):
    """Models, newest first."""

    items: list[Model]
    next: str | None = None


class RowsToScore(Request):
    """Rows as objects in `rows`, or as lists in `data` beside their names in `columns`."""

    rows: list[dict[str, Any]] | None = Field(default=None, max_length=10_000)
    columns: list[str] | None = None
    data: list[list[Any]] | None = Field(default=None, max_length=10_000)


class Scores(Answer):
    """How rows were judged, in their order."""

    model_id: str
    version: int
    algorithm: str
    n_rows: int
    n_anomalies: int
    threshold: Threshold
    scores: list[float] = Field(description="Higher is more anomalous.")
    p_values: list[float] | None = None
    predictions: list[int] = Field(description="1 for anomalies, 0 for normal rows.")
    confidence_scores: list[float] | None = None
    severities: list[Literal["low", "medium", "high", "critical"] | None]
    explanations: list[dict[str, Any] | None] | None = Field(
        default=None, description="Only with `explain`; null where normal, and beyond the 1,000 highest scores."
    )
