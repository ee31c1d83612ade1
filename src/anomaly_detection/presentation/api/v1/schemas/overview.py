"""The first page on the wire."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from anomaly_detection.configurations.basic.overview import Glance, Lane
from anomaly_detection.presentation.api.v1.schemas.anomalies import Severity
from anomaly_detection.presentation.api.v1.schemas.common import Answer
from anomaly_detection.presentation.api.v1.schemas.detections import DatasetReference
from anomaly_detection.presentation.api.v1.schemas.jobs import Job

_SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")


class Counts(Answer):
    """How much there is; `unreviewed` are the anomalies of the lanes that have no verdict."""

    datasets: int
    detections: int
    models: int
    unreviewed: int


class Bucket(Answer):
    """A stretch of time, its anomalies, and the worst of them."""

    start: datetime
    end: datetime
    n: int
    severity: Severity | None = None


class OverviewLane(Answer):
    """The newest finished detection of one data set; `buckets` of a series only."""

    detection_id: str
    name: str
    dataset: DatasetReference
    n_anomalies: int
    n_unreviewed: int
    worst_severity: Severity | None = None
    start: datetime | None = None
    end: datetime | None = None
    buckets: list[Bucket]

    @classmethod
    def of(cls, lane: Lane) -> OverviewLane:
        """Return a lane as it is sent."""
        record, summary = lane.detection
        assert summary is not None
        strip = summary.get("timeline") or {}
        found = [name for name in _SEVERITIES if summary["severities"][name]]
        kind: Literal["series", "table"] = "series" if record.dataset_kind == "series" else "table"
        return cls(
            detection_id=record.id,
            name=record.name,
            dataset=DatasetReference(id=record.dataset_id, name=record.dataset_name, kind=kind),
            n_anomalies=summary["n_anomalies"],
            n_unreviewed=lane.n_unreviewed,
            worst_severity=found[-1] if found else None,
            start=strip.get("start"),
            end=strip.get("end"),
            buckets=_buckets(strip) if strip else [],
        )


class Overview(Answer):
    """All of the first page."""

    counts: Counts
    running: list[Job]
    lanes: list[OverviewLane]

    @classmethod
    def of(cls, glance: Glance) -> Overview:
        """Return the first page as it is sent."""
        return cls(
            counts=Counts(**glance.counts),
            running=[Job.of(job, glance.subjects.get(job.id)) for job in glance.running],
            lanes=[OverviewLane.of(lane) for lane in glance.lanes],
        )


def _buckets(strip: dict[str, Any]) -> list[Bucket]:
    start, end = (datetime.fromisoformat(strip[name]) for name in ("start", "end"))
    count = len(strip["n"])
    # In whole microseconds: a sum of fractions could run past the last moment that can be written.
    span = (end - start) // timedelta(microseconds=1)
    edges = [start + timedelta(microseconds=span * place // count) for place in range(count + 1)]
    return [
        Bucket(start=first, end=last, n=n, severity=None if rank < 0 else _SEVERITIES[rank])
        for first, last, n, rank in zip(edges, edges[1:], strip["n"], strip["severity"], strict=False)
    ]
