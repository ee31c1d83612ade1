"""What a process has to do with jobs, by its role: do them, say that it lives, hear of what other processes do."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence

from anomaly_detection.configurations.settings import Settings
from anomaly_detection.infrastructure.jobs.heartbeat import Heartbeat, living_workers
from anomaly_detection.infrastructure.jobs.instance import instance_id
from anomaly_detection.infrastructure.jobs.queue import DatabaseJobQueue
from anomaly_detection.infrastructure.jobs.retention import prune_jobs
from anomaly_detection.infrastructure.jobs.watcher import Watcher
from anomaly_detection.infrastructure.jobs.worker import Worker
from anomaly_detection.infrastructure.monitoring import Metrics
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.processes import Process, ProcessRepository
from anomaly_detection.infrastructure.persistence.rows import PRIORITIES
from anomaly_detection.shared.errors import PlatformError
from anomaly_detection.workflows.ports import JobHandler, Priority

_LOGGER = logging.getLogger(__name__)

TIDY_SECONDS = 3600.0
_OTHERS_POLL_SECONDS = 0.25
"""A worker process is woken by nobody, so it asks more often than a server's own threads, which a submit wakes."""


class JobService:
    """Runs jobs in this process, or sees that others do.

    Parameters
    ----------
    database : Database
        The platform's database.
    queue : DatabaseJobQueue
        Its jobs.
    handlers : mapping
        What does each kind of job.
    settings : Settings
        ``worker_threads`` and ``worker_processes`` say who does the jobs.
    is_server : bool
        Whether this process is the server: it watches for what workers do, and tidies up.
    queues : sequence of {"high", "normal", "low"}, default all
        What a worker process does.
    """

    def __init__(
        self,
        database: Database,
        queue: DatabaseJobQueue,
        handlers: Mapping[str, JobHandler],
        settings: Settings,
        *,
        is_server: bool,
        queues: Sequence[Priority] = PRIORITIES,
    ) -> None:
        self._database = database
        self._queue = queue
        self._processes = ProcessRepository(database)
        threads = settings.worker_threads
        if not is_server:
            threads = max(1, threads)
        elif settings.worker_processes:
            threads = 0
        self.worker = Worker(
            queue,
            handlers,
            concurrency=threads,
            priorities=queues,
            **({} if is_server else {"poll_seconds": _OTHERS_POLL_SECONDS}),
        )
        self._works = threads > 0
        process = Process(
            id=self.worker.id if self._works else instance_id(),
            role="server" if is_server else "worker",
            queues=tuple(queues) if self._works else (),
            concurrency=threads,
        )
        self._heartbeat = Heartbeat(self._processes, process, beat_seconds=queue.lease_seconds / 6)
        self._watcher = Watcher(database, queue) if is_server else None
        self._stopping = threading.Event()
        self._tidying = threading.Thread(target=self._tidy, name="tidy", daemon=True) if is_server else None

    def start(self) -> None:
        """Join the installation and begin.

        Raises
        ------
        Unavailable
            The database does not answer.
        """
        self._heartbeat.start()
        if self._watcher is not None:
            self._watcher.start()
        if self._tidying is not None:
            self._tidying.start()
        if self._works:
            self.worker.start()

    def stop(self) -> None:
        """End in good order: running jobs go back to the queue."""
        self._stopping.set()
        if self._works:
            self.worker.stop()
        if self._tidying is not None:
            self._tidying.join()
        if self._watcher is not None:
            self._watcher.stop()
        self._heartbeat.stop()

    @property
    def works(self) -> bool:
        """Whether this process does jobs itself."""
        return self._works

    def state(self) -> str:
        """Return ``ok`` where somebody does the jobs, else what is wrong."""
        if self._works:
            return "ok" if self.worker.alive else "A worker thread has ended."
        try:
            workers = self._living()
        except PlatformError as error:
            return error.message
        return "ok" if workers else "No worker process gives a sign of life; jobs wait."

    def show(self, metrics: Metrics) -> None:
        """Add what an operator wants to see of the queues to the metrics."""
        metrics.add_gauge(
            "anomaly_detection_jobs_waiting",
            "Jobs that wait, by queue.",
            "queue",
            lambda: {name: waiting.jobs for name, waiting in self._queue.waiting().items()},
        )
        metrics.add_gauge(
            "anomaly_detection_jobs_oldest_waiting_seconds",
            "How long the oldest waiting job has waited, by queue.",
            "queue",
            lambda: {name: waiting.oldest_seconds for name, waiting in self._queue.waiting().items()},
        )
        metrics.add_gauge(
            "anomaly_detection_workers",
            "Processes that do jobs and give signs of life, by queue.",
            "queue",
            lambda: {name: sum(name in process.queues for process in self._living()) for name in PRIORITIES},
        )

    def _living(self) -> Sequence[Process]:
        return living_workers(self._processes, silent_seconds=self._queue.lease_seconds)

    def _tidy(self) -> None:
        while True:
            try:
                removed = prune_jobs(self._database)
            except PlatformError as error:
                _LOGGER.warning("cannot remove old jobs now", extra={"code": error.code})
            else:
                if removed:
                    _LOGGER.info("old jobs removed", extra={"jobs": removed})
            if self._stopping.wait(TIDY_SECONDS):
                return
