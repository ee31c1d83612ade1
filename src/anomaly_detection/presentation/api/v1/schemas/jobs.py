"""Jobs on the wire."""

from __future__ import annotations

from datetime import datetime

from anomaly_detection.infrastructure.persistence.overview import Subject
from anomaly_detection.presentation.api.v1.schemas.common import Answer
from anomaly_detection.workflows.ports import Job as JobValue
from anomaly_detection.workflows.ports import JobStatus, Priority


class Progress(Answer):
    """How far a job is."""

    fraction: float
    stage: str


class Failure(Answer):
    """The error that ended a job."""

    code: str
    message: str
    hint: str = ""


class JobSubject(Answer):
    """What a job is about: a detection, or a model by its id and the name of the version."""

    id: str
    name: str


class Job(Answer):
    """A durable piece of work."""

    id: str
    kind: str
    subject: JobSubject | None = None
    status: JobStatus
    priority: Priority
    progress: Progress
    attempts: int
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: Failure | None = None

    @classmethod
    def of(cls, job: JobValue, subject: Subject | None = None) -> Job:
        """Return a job as it is sent."""
        return cls(
            id=job.id,
            kind=job.kind,
            subject=None if subject is None else JobSubject(id=subject.id, name=subject.name),
            status=job.status,
            priority=job.priority,
            progress=Progress(fraction=job.progress, stage=job.stage),
            attempts=job.attempts,
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            error=None if job.error is None else Failure.model_validate(dict(job.error)),
        )


class JobPage(Answer):
    """Jobs, newest first."""

    items: list[Job]
    next: str | None = None
