"""Results made small enough to draw."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from anomaly_detection_client.decoding import Decoded
from anomaly_detection_client.values.datasets import Histogram
from anomaly_detection_client.values.detections import DatasetReference
from anomaly_detection_client.values.work import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve(Decoded):
    """What each possible cutoff would mean; precision and recall where the data have a label column."""

    score: list[float]
    n_anomalies: list[int]
    p_value: list[float] | None = None
    precision: list[float | None] | None = None
    recall: list[float | None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution(Histogram):
    """The histogram of the scores, the present cutoff, and what others would mean."""

    curve: Curve
    score_cutoff: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis(Decoded):
    """The values of one column, in the order of the points."""

    name: str
    values: list[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter(Decoded):
    """Rows as points, every anomaly among them."""

    x: Axis
    y: Axis
    score: list[float]
    prediction: list[int]
    index: list[int]
    n_total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureShare(Decoded):
    """How much of the anomalies one feature explains; all shares add to 1."""

    feature: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance(Decoded):
    """What the anomalies are made of."""

    items: list[FeatureShare]
    n_anomalies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts(Decoded):
    """How much there is."""

    datasets: int
    detections: int
    models: int
    unreviewed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket(Decoded):
    """A stretch of time, how many anomalies it has, and the worst severity among them."""

    start: datetime
    end: datetime
    n: int
    severity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane(Decoded):
    """The newest finished detection of one data set; `buckets` where that is a series."""

    detection_id: str
    name: str
    dataset: DatasetReference
    n_anomalies: int
    n_unreviewed: int
    worst_severity: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    buckets: list[Bucket] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview(Decoded):
    """Where the tenant stands."""

    counts: Counts
    running: list[Job]
    lanes: list[Lane]
