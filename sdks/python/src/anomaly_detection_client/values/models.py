"""Stored models, and the scores that they give."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from anomaly_detection_client.decoding import Decoded
from anomaly_detection_client.values.accounts import Person
from anomaly_detection_client.values.detections import DatasetReference, Explanation, Summary, Threshold
from anomaly_detection_client.values.work import Failure, Progress, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion(Work):
    """One version of a model, from its order on.

    Attributes
    ----------
    stage : {"none", "staging", "production", "archived"}
    status : {"queued", "running", "succeeded", "failed", "cancelled"}
        Of its training; an imported one has succeeded.
    source : {"trained", "imported"}
    """

    id: str
    model_id: str
    model_name: str
    version: int
    stage: str
    status: str
    source: str
    algorithm: str
    created_at: datetime
    parameters: dict[str, Any] = field(default_factory=dict)
    progress: Progress | None = None
    error: Failure | None = None
    dataset: DatasetReference | None = None
    columns: list[str] | None = None
    time_column: str | None = None
    threshold: Threshold | None = None
    kind: str | None = None
    feature_names: list[str] | None = None
    summary: Summary | None = None
    fingerprint: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    created_by: Person | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    job_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Model(Decoded):
    """A model: a name, and the versions that it has had."""

    id: str
    name: str
    created_at: datetime
    n_versions: int
    archived_at: datetime | None = None
    latest: ModelVersion | None = None
    production: ModelVersion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores(Decoded):
    """What a model says of rows, in their order.

    Attributes
    ----------
    scores : list of float
        Higher is more anomalous.
    predictions : list of int
        1 is an anomaly by the model's threshold.
    severities, explanations : list or None
        None where the row is normal; explanations only where they were asked for.
    """

    model_id: str
    version: int
    algorithm: str
    n_rows: int
    n_anomalies: int
    threshold: Threshold
    scores: list[float]
    predictions: list[int]
    p_values: list[float] | None = None
    confidence_scores: list[float] | None = None
    severities: list[str | None] | None = None
    explanations: list[Explanation | None] | None = None
