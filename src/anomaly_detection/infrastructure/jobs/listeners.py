"""Who wants to hear of every change of a job, and which changes were told already."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from anomaly_detection.workflows.ports import Job

_logger = logging.getLogger(__name__)

Listener = Callable[[Job], None]
"""Called after a change is kept, in the thread that made or found it: be quick. `Job.tenant_id` says whose it is."""


class Listeners:
    """A list of listeners that threads share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: tuple[Listener, ...] = ()
        self._told: dict[str, datetime] | None = None

    def add(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` from now on; the function returned ends that."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def remove() -> None:
            with self._lock:
                self._listeners = tuple(known for known in self._listeners if known is not listener)

        return remove

    def tell(self, job: Job, changed_at: datetime | None = None) -> None:
        """Tell everybody of a job's change; one that fails does not keep the others from hearing.

        Parameters
        ----------
        job : Job
            As it is after the change.
        changed_at : datetime, optional
            When its row says that it changed; remembered, once `remember` was called.
        """
        if changed_at is not None:
            with self._lock:
                if self._told is not None:
                    self._told[job.id] = changed_at
        for listener in self._listeners:
            try:
                listener(job)
            except Exception:
                _logger.exception("job listener failed", extra={"job_id": job.id, "status": job.status})

    def remember(self) -> None:
        """Remember from now on what was told, for somebody who also looks for the changes of other processes."""
        with self._lock:
            self._told = {} if self._told is None else self._told

    def has_told(self, job_id: str, changed_at: datetime) -> bool:
        """Whether this change of a job, or a later one, was told."""
        with self._lock:
            known = None if self._told is None else self._told.get(job_id)
        return known is not None and known >= changed_at

    def forget(self, before: datetime) -> None:
        """Forget what was told of changes before a time, so that memory does not grow with the jobs."""
        with self._lock:
            if self._told is not None:
                self._told = {job_id: moment for job_id, moment in self._told.items() if moment >= before}
