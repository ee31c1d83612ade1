"""The first page: what there is, what runs, and where anomalies lie, without opening a single result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anomaly_detection.configurations.basic.detections import CurrentDetection, current
from anomaly_detection.infrastructure.persistence.detections import DetectionRepository
from anomaly_detection.infrastructure.persistence.feedback import FeedbackRepository
from anomaly_detection.infrastructure.persistence.overview import OverviewRepository, Subject
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import Job

LANES = 20
RUNNING = 20


@dataclass(frozen=True, slots=True)
class Lane:
    """The newest finished detection of one data set.

    Attributes
    ----------
    detection : CurrentDetection
        Its summary holds the strip of time.
    n_reviewed : int
        How many of its anomalies have a verdict.
    """

    detection: CurrentDetection
    n_reviewed: int

    @property
    def n_unreviewed(self) -> int:
        """How many of its anomalies nobody has judged."""
        return max(int(_summary(self.detection)["n_anomalies"]) - self.n_reviewed, 0)


@dataclass(frozen=True, slots=True)
class Glance:
    """All of the first page: ``counts``, the jobs that run or wait with their ``subjects``, and the ``lanes``."""

    counts: Mapping[str, int]
    running: Sequence[Job]
    subjects: Mapping[str, Subject]
    lanes: Sequence[Lane]


class Overview:
    """What the outside may ask about everything at once."""

    def __init__(
        self, records: OverviewRepository, detections: DetectionRepository, feedback: FeedbackRepository
    ) -> None:
        self._records = records
        self._detections = detections
        self._feedback = feedback

    def look(self, scope: Scope) -> Glance:
        """Return the first page.

        Notes
        -----
        Six queries, none of which grows with the rows of a data set; the strips of time were kept with the summaries.
        """
        newest = [current(record) for record in self._detections.newest_of_each_dataset(scope, limit=LANES)]
        cutoffs = {item.id: _summary(item)["threshold"]["score_cutoff"] for item in newest}
        reviewed = self._feedback.reviewed(scope, cutoffs)
        lanes = [Lane(item, reviewed.get(item.id, 0)) for item in newest]
        running = self._records.unfinished_jobs(scope, limit=RUNNING)
        counts = {**self._records.counts(scope), "unreviewed": sum(lane.n_unreviewed for lane in lanes)}
        return Glance(counts, running, self.subjects(scope, [job.id for job in running]), lanes)

    def subjects(self, scope: Scope, job_ids: Sequence[str]) -> Mapping[str, Subject]:
        """Return by job what each of them is about."""
        return self._records.subjects(scope, job_ids) if job_ids else {}


def _summary(detection: CurrentDetection) -> Mapping[str, Any]:
    assert detection.summary is not None
    return detection.summary
