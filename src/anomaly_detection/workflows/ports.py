"""What the workflows ask of the machinery around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from anomaly_detection.shared.scope import Scope

if TYPE_CHECKING:
    from anomaly_detection.data_platform.dataset import Dataset
    from anomaly_detection.detection.detector import Detector
    from anomaly_detection.detection.results import DetectionResult

JobStatus = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Priority = Literal["high", "normal", "low"]
Outcome = dict[str, Any]
"""What a job leaves behind, JSON-compatible. It becomes visible together with the job's success, or not at all."""


@dataclass(frozen=True, slots=True)
class Job:
    """A durable piece of work: it survives the death of the process that does it."""

    id: str
    tenant_id: str
    principal_id: str
    kind: str
    payload: Mapping[str, Any]
    status: JobStatus
    priority: Priority
    attempts: int
    progress: float
    stage: str
    outcome: Outcome | None
    error: Mapping[str, str] | None
    """``code``, ``message`` and ``hint`` of the error that ended it."""
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None


class JobContext(Protocol):
    """What a running job's handler may say and must obey."""

    @property
    def attempt_id(self) -> str:
        """A UUIDv7 of this attempt, made when it began: what an earlier attempt left behind has a smaller one."""
        ...

    def progress(self, fraction: float, stage: str) -> None:
        """Record how far the work is.

        Raises
        ------
        Cancelled
            Somebody asked to stop, or another worker took the job over.
        """
        ...


JobHandler = Callable[[Scope, Mapping[str, Any], JobContext], Outcome]
"""Does a job's work and returns its outcome. It may be called again after a crash, so it must be idempotent."""


class JobQueue(Protocol):
    """Durable jobs. A job ends exactly once, whatever dies on the way."""

    def submit(
        self, scope: Scope, kind: str, payload: Mapping[str, Any], *, priority: Priority = "normal", job_id: str = ""
    ) -> Job:
        """Add a job. With a `job_id` that exists already, return that job."""
        ...

    def get(self, scope: Scope, job_id: str) -> Job:
        """Return one job of the scope's tenant, or raise `NotFound`."""
        ...

    def list(self, scope: Scope, *, limit: int = 50, after: str = "", kind: str = "") -> Sequence[Job]:
        """Return the tenant's jobs, newest first, those older than the id `after`."""
        ...

    def cancel(self, scope: Scope, job_id: str) -> Job:
        """Ask a job to stop. One that has ended stays as it is."""
        ...


class DatasetStore(Protocol):
    """Where uploaded data lie."""

    def open(self, scope: Scope, dataset_id: str) -> Dataset:
        """Read one data set of the scope's tenant, or raise `NotFound`."""
        ...


@dataclass(frozen=True, slots=True)
class StoredResult:
    """A result as it was stored: the document without the long arrays, and the name of the file that holds them."""

    document: Mapping[str, Any]
    arrays: str


class ResultStore(Protocol):
    """Where results lie."""

    def save(self, scope: Scope, detection_id: str, result: DetectionResult) -> StoredResult:
        """Write a result under a new name, all or nothing, and return where."""
        ...

    def load(self, scope: Scope, stored: StoredResult) -> DetectionResult:
        """Read back what `save` wrote."""
        ...


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model file as it was stored."""

    file: str
    sha256: str
    size_bytes: int


class ModelStore(Protocol):
    """Where trained models lie."""

    def save(self, scope: Scope, version_id: str, detector: Detector) -> StoredModel:
        """Write a fitted detector under a new name, all or nothing, and return where."""
        ...

    def open(self, scope: Scope, version_id: str) -> Detector:
        """Read the detector of one version of the scope's tenant, or raise `NotFound`."""
        ...


class EventPublisher(Protocol):
    """Where the workflows announce what happened."""

    def publish(self, scope: Scope, topic: str, payload: Mapping[str, Any]) -> None:
        """Announce one event to whoever listens for the scope's tenant."""
        ...


@dataclass(frozen=True, slots=True)
class DetectionRequest:
    """What to detect, in which data, and how."""

    dataset_id: str
    algorithm: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    columns: tuple[str, ...] | None = None
    time_column: str | None = None
    threshold: tuple[str, float] | None = None


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """What to learn from, and how."""

    dataset_id: str
    algorithm: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    columns: tuple[str, ...] | None = None
    time_column: str | None = None
    threshold: tuple[str, float] | None = None
