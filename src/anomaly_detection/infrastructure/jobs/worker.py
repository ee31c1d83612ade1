"""The worker: threads that do jobs, and one that keeps their leases and takes over what dead workers left."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from anomaly_detection.infrastructure.jobs.context import RunningJob
from anomaly_detection.infrastructure.jobs.instance import instance_id
from anomaly_detection.infrastructure.jobs.leases import Claim, Leases
from anomaly_detection.infrastructure.jobs.queue import DatabaseJobQueue
from anomaly_detection.infrastructure.persistence.rows import PRIORITIES
from anomaly_detection.shared.errors import Cancelled, PlatformError, Unavailable
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import Job, JobHandler, Priority

_logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
"""How often an idle worker looks for jobs of other processes; those of its own process wake it at once."""

CANCEL_SECONDS = 1.0
"""How often a worker asks whether its jobs were cancelled by another process; by its own it is told at once."""

AGE_EVERY = 10
"""One of so many claims goes by age alone: what is of low priority gets its turn."""


class Worker:
    """Does the jobs of a queue.

    Parameters
    ----------
    queue : DatabaseJobQueue
        Where the jobs are.
    handlers : mapping
        The function that does each kind of job; other kinds are left alone. A handler may be called again after a crash.
    concurrency : int, default 1
        Jobs at a time. The numeric kernels use all cores for one job already.
    poll_seconds : float, default 1
        How often an idle worker asks the database.
    priorities : sequence of {"high", "normal", "low"}, default all
        The queues that it serves.

    Notes
    -----
    Of a worker's claims, each tenth takes the oldest job of its queues whatever its priority, so that a stream of urgent jobs
    slows the others down and never stops them.
    """

    def __init__(
        self,
        queue: DatabaseJobQueue,
        handlers: Mapping[str, JobHandler],
        *,
        concurrency: int = 1,
        poll_seconds: float = POLL_SECONDS,
        priorities: Sequence[Priority] = PRIORITIES,
    ) -> None:
        self.id = instance_id()
        self._queue = queue
        self._leases: Leases = queue.leases
        self._handlers = dict(handlers)
        self._poll = poll_seconds
        self._priorities = tuple(priorities)
        self._claims = itertools.count(1)
        self._beat = queue.lease_seconds / 6
        self._stopping = threading.Event()
        self._wake = threading.Condition()
        self._generation = 0
        self._lock = threading.Lock()
        self._running: dict[str, RunningJob] = {}
        self._unlisten: list[Callable[[], None]] = []
        self._threads = [
            threading.Thread(target=self._work, name=f"jobs-{number}", daemon=True) for number in range(concurrency)
        ]
        self._keeper = threading.Thread(target=self._keep, name="jobs-leases", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether every thread of it lives: what a readiness check asks."""
        return all(thread.is_alive() for thread in (*self._threads, self._keeper))

    def start(self) -> None:
        """Take over what dead workers of this machine left, and begin."""
        self._unlisten = [self._queue.listen(self._heard), self._queue.listen_for_cancels(self._heard_cancel)]
        self._leases.recover()
        for thread in (*self._threads, self._keeper):
            thread.start()

    def stop(self, *, timeout: float = 5.0) -> None:
        """Begin nothing more, let running jobs end at their next step, and hand them back for the next worker.

        Parameters
        ----------
        timeout : float, default 5
            Seconds to wait for the handlers. One that is still busy then loses its lease, so what it does later counts for
            nothing.
        """
        self._stopping.set()
        self._notify()
        for running in self._snapshot():
            running.interrupt()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for running in self._snapshot():
            try:
                self._leases.hand_back(running.claim)
            except Unavailable as error:
                # The next worker takes the job over when the lease has run out, or at its start on this machine.
                _logger.warning("cannot hand a job back", extra={**_facts(running.claim), "code": error.code})
        self._keeper.join(timeout)
        for unlisten in self._unlisten:
            unlisten()

    def _heard(self, job: Job) -> None:
        if job.status == "queued":
            self._notify()

    def _heard_cancel(self, job: Job) -> None:
        for running in self._snapshot():
            if running.job_id == job.id:
                self._cancel(running)

    def _cancel(self, running: RunningJob) -> None:
        """End a job at once; its handler, which may be in the middle of a long step, is told at its next one."""
        running.cancel()
        try:
            self._leases.end_cancelled(running.claim)
        except Unavailable as error:
            # The handler's own end does it.
            _logger.warning("cannot end a cancelled job yet", extra={**_facts(running.claim), "code": error.code})

    def _notify(self) -> None:
        with self._wake:
            self._generation += 1
            self._wake.notify_all()

    def _snapshot(self) -> list[RunningJob]:
        with self._lock:
            return list(self._running.values())

    def _work(self) -> None:
        while not self._stopping.is_set():
            seen = self._generation
            claim = self._claim()
            if claim is not None:
                self._do(claim)
                continue
            with self._wake:
                if self._generation == seen:
                    self._wake.wait(self._poll)

    def _claim(self) -> Claim | None:
        try:
            return self._leases.claim(
                self.id,
                list(self._handlers),
                priorities=self._priorities,
                oldest_first=next(self._claims) % AGE_EVERY == 0,
            )
        except Unavailable as error:
            _logger.warning("cannot claim a job now", extra={"code": error.code})
        except Exception:
            _logger.exception("cannot claim a job; trying again")
        self._stopping.wait(self._poll)
        return None

    def _keep(self) -> None:
        due = time.monotonic() + self._beat
        while not self._stopping.wait(min(self._beat, CANCEL_SECONDS)):
            try:
                self._look_for_cancels()
                if time.monotonic() >= due:
                    due = time.monotonic() + self._beat
                    for running in self._snapshot():
                        if running.reason is None:
                            running.renew()
                    if self._leases.recover():
                        self._notify()
            except Unavailable as error:
                _logger.warning("cannot renew leases now", extra={"code": error.code})
            except Exception:
                _logger.exception("cannot renew leases; trying again")

    def _look_for_cancels(self) -> None:
        going = {running.claim.token: running for running in self._snapshot() if running.reason is None}
        if going:
            for token in self._leases.asked_to_stop([running.claim for running in going.values()]):
                self._cancel(going[token])

    def _do(self, claim: Claim) -> None:
        running = RunningJob(self._leases, claim)
        with self._lock:
            self._running[claim.token] = running
        if self._stopping.is_set():
            running.interrupt()
        try:
            self._settle(claim, self._attempt(claim, running))
        finally:
            with self._lock:
                del self._running[claim.token]

    def _attempt(self, claim: Claim, running: RunningJob) -> Callable[[], bool]:
        """Call the handler; return the move that ends or returns the job."""
        job, leases = claim.job, self._leases
        try:
            scope = Scope(job.tenant_id, job.principal_id, claim.request_id)
            outcome = self._handlers[job.kind](scope, job.payload, running)
            return lambda: leases.succeed(claim, outcome)
        except Cancelled:
            if running.reason == "interrupted":
                return lambda: leases.hand_back(claim)
            # After a lost lease this changes nothing, as it must.
            return lambda: leases.end_cancelled(claim)
        except Unavailable as error:
            if job.attempts < claim.max_attempts:
                return lambda: leases.hand_back(claim, delay_seconds=2.0**job.attempts, counts=True)
            return self._failure(claim, error.code, error.message, error.hint)
        except PlatformError as error:
            return self._failure(claim, error.code, error.message, error.hint)
        except MemoryError:
            return self._failure(
                claim,
                "jobs.out_of_memory",
                "The machine has too little memory for this job.",
                "Use fewer rows or columns, or a machine with more memory.",
            )
        except BaseException:
            # Also what is no `Exception`, such as a panic of compiled code: the thread has to outlive every job.
            _logger.exception("job failed", extra=_facts(claim))
            return self._internal(claim)

    def _failure(self, claim: Claim, code: str, message: str, hint: str) -> Callable[[], bool]:
        return lambda: self._leases.fail(claim, code=code, message=message, hint=hint)

    def _internal(self, claim: Claim) -> Callable[[], bool]:
        reference = claim.request_id or claim.job.id
        return self._failure(
            claim,
            "platform.internal",
            f"Something went wrong on our side; the log has it under {reference}.",
            "Try again; if it happens again, report it with that reference.",
        )

    def _settle(self, claim: Claim, end: Callable[[], bool]) -> None:
        """Make the end of a job durable, for as long as its lease may last while the database does not answer."""
        deadline = time.monotonic() + self._queue.lease_seconds
        while True:
            try:
                kept = end()
            except Unavailable as error:
                _logger.warning("cannot end a job yet", extra={**_facts(claim), "code": error.code})
                if time.monotonic() > deadline:
                    return
                time.sleep(min(0.5, self._poll))
            except Exception:
                _logger.exception("job's end cannot be stored", extra=_facts(claim))
                if time.monotonic() > deadline:
                    return
                # Most likely an outcome that is no JSON: the second try stores an error instead.
                end, deadline = self._internal(claim), time.monotonic()
            else:
                _logger.info("job ended" if kept else "job had ended or was taken over", extra=_facts(claim))
                return


def _facts(claim: Claim) -> dict[str, str | int]:
    return {
        "job_id": claim.job.id,
        "kind": claim.job.kind,
        "attempt": claim.job.attempts,
        "request_id": claim.request_id,
    }
