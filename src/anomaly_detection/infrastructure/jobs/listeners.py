"""Who wants to hear of every change of a job, inside this process."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from anomaly_detection.workflows.ports import Job

_logger = logging.getLogger(__name__)

Listener = Callable[[Job], None]
"""Called after a change is kept, in the thread that made it: be quick. `Job.tenant_id` says whose it is."""


class Listeners:
    """A list of listeners that threads share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: tuple[Listener, ...] = ()

    def add(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` from now on; the function returned ends that."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def remove() -> None:
            with self._lock:
                self._listeners = tuple(known for known in self._listeners if known is not listener)

        return remove

    def tell(self, job: Job) -> None:
        """Tell everybody of a job's change; one that fails does not keep the others from hearing."""
        for listener in self._listeners:
            try:
                listener(job)
            except Exception:
                _logger.exception("job listener failed", extra={"job_id": job.id, "status": job.status})
