"""Detections, and what was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from anomaly_detection_client.decoding import Decoded
from anomaly_detection_client.values.accounts import Person
from anomaly_detection_client.values.work import Failure, Progress, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold(Decoded):
    """Where the line is drawn.

    Attributes
    ----------
    kind : {"fdr", "p_value", "score", "contamination", "alert_rate"}
        Unit of `value`.
    score_cutoff : float or None
        The score that it meant for the data; only in answers.
    """

    kind: str
    value: float
    score_cutoff: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Severities(Decoded):
    """How many anomalies there are of each severity."""

    low: int = 0
    medium: int = 0
    high: int = 0
    critical: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary(Decoded):
    """What came out; `default_threshold` is the one before anybody moved it."""

    n_rows: int
    n_anomalies: int
    threshold: Threshold
    default_threshold: Threshold | None = None
    severities: Severities = field(default_factory=Severities)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetReference(Decoded):
    """The data that something was made from."""

    id: str
    name: str
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReference(Decoded):
    """The version of a stored model that judged the data."""

    id: str
    version_id: str
    name: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection(Work):
    """A detection, from its order to its end.

    Attributes
    ----------
    status : {"queued", "running", "succeeded", "failed", "cancelled"}
    summary : Summary or None
        Once it succeeded.
    error : Failure or None
        Once it failed.
    model : ModelReference or None
        The stored model that judged the data; None where one was fitted to them.
    """

    id: str
    name: str
    dataset: DatasetReference
    algorithm: str
    status: str
    progress: Progress
    job_id: str
    created_at: datetime
    parameters: dict[str, Any] = field(default_factory=dict)
    columns: list[str] | None = None
    time_column: str | None = None
    priority: str = "normal"
    model: ModelReference | None = None
    error: Failure | None = None
    summary: Summary | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback(Decoded):
    """What somebody said of one row.

    Attributes
    ----------
    index : int
        Of the row in the data, from 0.
    verdict : {"true", "false"} or None
        A true anomaly, a false alarm, or only a note.
    """

    id: str
    detection_id: str
    index: int
    verdict: str | None
    created_at: datetime
    note: str = ""
    user: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution(Decoded):
    """What one feature adds to a row's score, and what its value usually is."""

    feature: str
    value: Any
    contribution: float
    typical: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation(Decoded):
    """Why a row was judged as it was, the largest contribution first; `sentence` says it in words."""

    method: str
    contributions: list[Contribution]
    sentence: str
    counterfactual: dict[str, Any] | None = None
    neighbours: list[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly(Decoded):
    """A row that is unlikely to be normal, with its rank from 1 (None: a row below the threshold)."""

    index: int
    score: float
    rank: int | None = None
    p_value: float | None = None
    confidence: float | None = None
    severity: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    row_id: str | None = None
    time: str | None = None
    entity: str | None = None
    explanation: Explanation | None = None
    feedback: Feedback | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarAnomaly(Decoded):
    """Another anomaly that is explained alike; the smaller the distance, the more alike."""

    index: int
    score: float
    distance: float
    rank: int | None = None
    severity: str | None = None
    time: str | None = None
    verdict: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalNeighbour(Decoded):
    """A normal row that lies near."""

    index: int
    score: float
    values: dict[str, Any]
    time: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesView(Decoded):
    """A series made small enough to draw: each bucket's least and greatest value, and every anomaly."""

    time: list[str]
    value: dict[str, list[float | None]]
    expected: dict[str, list[float | None]]
    lower: dict[str, list[float | None]]
    upper: dict[str, list[float | None]]
    score: list[float | None]
    prediction: list[int]
    index: list[int | None]
    n_total: int = 0
    score_cutoff: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyDetail(Decoded):
    """One row with everything around it.

    Attributes
    ----------
    previous, next : int or None
        Index of the anomaly before and after it by rank.
    window : SeriesView or None
        The rows around it, where the data are a series.
    """

    anomaly: Anomaly
    n_anomalies: int
    rank: int | None = None
    feedback: Feedback | None = None
    history: list[Feedback] = field(default_factory=list)
    previous: int | None = None
    next: int | None = None
    similar: list[SimilarAnomaly] = field(default_factory=list)
    neighbours: list[NormalNeighbour] = field(default_factory=list)
    window: SeriesView | None = None
