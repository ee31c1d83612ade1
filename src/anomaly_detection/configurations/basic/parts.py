"""The parts that the operations work on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from anomaly_detection.configurations.basic.access import Access
from anomaly_detection.configurations.basic.datasets import Datasets
from anomaly_detection.configurations.basic.detections import Detections
from anomaly_detection.configurations.basic.feedback import Feedback
from anomaly_detection.configurations.basic.models import Models
from anomaly_detection.configurations.basic.overview import Overview
from anomaly_detection.configurations.basic.scoring import Scoring
from anomaly_detection.infrastructure.events import EventBroker, Subscription
from anomaly_detection.infrastructure.jobs.queue import DatabaseJobQueue
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import Job

if TYPE_CHECKING:
    from anomaly_detection.detection.ports import AlgorithmInfo


class Algorithms:
    """The catalogue; the same for every tenant."""

    def list(self, _scope: Scope, kind: str | None, family: str | None = None) -> Sequence[AlgorithmInfo]:
        """Return the algorithms for a kind of data, or all; those of other libraries when their family is named."""
        from anomaly_detection.detection.catalogue import list_algorithms

        return list_algorithms(kind=kind, family=family)

    def load(self, _scope: Scope, name: str | None, parameters: Mapping[str, Any]) -> None:
        """Import another library's algorithm, which takes seconds, before a transaction makes others wait."""
        from anomaly_detection.detection.catalogue import create_algorithm

        if name is not None and ":" in name:
            create_algorithm(name, parameters)


class Jobs:
    """What the outside may ask about jobs."""

    def __init__(self, queue: DatabaseJobQueue) -> None:
        self._queue = queue

    def list(self, scope: Scope, *, limit: int, after: str, status: str = "", kind: str = "") -> Sequence[Job]:
        """Return one page, newest first; an empty filter lets all pass."""
        return self._queue.list(scope, limit=limit, after=after, status=status, kind=kind)

    def get(self, scope: Scope, job_id: str) -> Job:
        """Return one job, or raise `NotFound`."""
        return self._queue.get(scope, job_id)

    def cancel(self, scope: Scope, job_id: str) -> Job:
        """Ask a job to stop, or raise `NotFound`; one that has ended stays as it is."""
        return self._queue.cancel(scope, job_id)


class Events:
    """What the outside may listen to."""

    def __init__(self, broker: EventBroker) -> None:
        self._broker = broker

    def subscribe(self, scope: Scope, session_id: str) -> Subscription:
        """Listen to the tenant's events until the session ends.

        Raises
        ------
        TooManyRequests
            ``api.too_many_streams``.
        """
        return self._broker.subscribe(scope.tenant_id, session_id, scope.principal_id)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the table of operations is made from."""

    algorithms: Algorithms
    datasets: Datasets
    detections: Detections
    models: Models
    scoring: Scoring
    jobs: Jobs
    events: Events
    feedback: Feedback
    overview: Overview
    access: Access
