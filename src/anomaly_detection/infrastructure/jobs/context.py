"""A job in a worker's hands: what its handler says, and why it has to stop."""

from __future__ import annotations

import logging
import threading
import time
from typing import Literal

from anomaly_detection.infrastructure.jobs.leases import Claim, Leases
from anomaly_detection.shared.errors import Cancelled, Unavailable

_logger = logging.getLogger(__name__)

PROGRESS_SECONDS = 0.25
"""A handler may speak as often as it likes; a new stage is kept at once, a fraction at most this often."""

Reason = Literal["cancelled", "interrupted", "lost"]

_MESSAGES: dict[Reason, tuple[str, str]] = {
    "cancelled": ("jobs.cancelled", "Somebody asked to stop this job."),
    "interrupted": ("jobs.interrupted", "The worker ends; the job goes back into the queue."),
    "lost": ("jobs.lease_lost", "Another worker has taken this job over."),
}


class RunningJob:
    """Fills the port `workflows.ports.JobContext`. The handler's thread and the lease keeper's share it."""

    def __init__(self, leases: Leases, claim: Claim) -> None:
        self.claim = claim
        self.job_id = claim.job.id
        self.attempt_id = claim.token
        self._leases = leases
        self._lock = threading.Lock()
        self._reason: Reason | None = None
        self._stage = claim.job.stage
        self._written = float("-inf")

    @property
    def reason(self) -> Reason | None:
        """Why the handler has to stop, or None."""
        return self._reason

    def progress(self, fraction: float, stage: str) -> None:
        """Record how far the work is.

        Raises
        ------
        Cancelled
            Somebody asked to stop, the worker ends, or another worker took the job over.
        """
        now = time.monotonic()
        if self._reason is None and (stage != self._stage or now - self._written >= PROGRESS_SECONDS):
            self._stage, self._written = stage, now
            try:
                self._note(self._leases.progress(self.claim, min(max(float(fraction), 0.0), 1.0), stage))
            except Unavailable as error:
                # Progress is a courtesy; the work goes on while the lease lasts.
                _logger.warning("cannot record progress", extra={"job_id": self.job_id, "code": error.code})
        if self._reason is not None:
            code, message = _MESSAGES[self._reason]
            raise Cancelled(message, code=code)

    def renew(self) -> None:
        """Prolong the lease, and learn whether the handler has to stop."""
        self._note(self._leases.renew(self.claim))

    def cancel(self) -> None:
        """Let the handler stop at its next step because somebody asked for it."""
        self._stop("cancelled")

    def interrupt(self) -> None:
        """Let the handler stop at its next step because the worker ends."""
        self._stop("interrupted")

    def _note(self, answer: bool | None) -> None:
        if answer is None:
            self._stop("lost")
        elif not answer:
            self._stop("cancelled")

    def _stop(self, reason: Reason) -> None:
        with self._lock:
            # The first reason stays, except that nothing can be handed back once the lease is lost.
            if self._reason is None or (reason == "lost" and self._reason == "interrupted"):
                self._reason = reason
