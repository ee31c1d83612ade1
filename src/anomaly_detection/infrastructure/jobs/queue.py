"""The queue as the rest of the platform sees it: fills the port `workflows.ports.JobQueue`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from anomaly_detection.infrastructure.jobs.leases import LEASE_SECONDS, Leases
from anomaly_detection.infrastructure.jobs.listeners import Listener, Listeners
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.rows import (
    BRIEF_JOB_COLUMNS,
    JOB_COLUMNS,
    PRIORITIES,
    brief_job_of,
    job_of,
    newest_first,
)
from anomaly_detection.infrastructure.persistence.tables import jobs
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import Conflict, NotFound
from anomaly_detection.shared.identity import new_id
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import Job, Priority

MAX_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many jobs wait in a queue, and how long the oldest of them has waited."""

    jobs: int
    oldest_seconds: float


class DatabaseJobQueue:
    """Durable jobs in the platform's own database.

    Parameters
    ----------
    database : Database
        Where the table ``jobs`` is. A submit inside ``with database.write():`` is kept together with the caller's rows.
    max_attempts : int, default 3
        How often a job may be begun before it is given up.
    lease_seconds : float, default 30
        How long a worker may be silent before another one takes its job over.
    clock : callable, optional
        Returns the present moment.
    """

    def __init__(
        self,
        database: Database,
        *,
        max_attempts: int = MAX_ATTEMPTS,
        lease_seconds: float = LEASE_SECONDS,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._max_attempts = max_attempts
        self._clock = clock
        self.listeners = Listeners()
        self._cancels = Listeners()
        self.lease_seconds = lease_seconds
        self.leases = Leases(database, self.listeners, lease_seconds=lease_seconds, clock=clock)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` after each change of a job; the function returned ends that.

        It hears what this process changes, at once, and what others change where a `Watcher` looks for it.
        """
        return self.listeners.add(listener)

    def listen_for_cancels(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` when this process asks a running job to stop; the function returned ends that."""
        return self._cancels.add(listener)

    def submit(
        self, scope: Scope, kind: str, payload: Mapping[str, Any], *, priority: Priority = "normal", job_id: str = ""
    ) -> Job:
        """Add a job. With a `job_id` that exists already, return that job.

        Raises
        ------
        Conflict
            ``jobs.id_taken``: another tenant has a job of that id.
        """
        row_id = job_id or new_id()
        with self._database.write() as connection:
            new = self._database.insert_new(
                jobs,
                id=row_id,
                tenant_id=scope.tenant_id,
                principal_id=scope.principal_id,
                request_id=scope.request_id[:64],
                kind=kind,
                payload=dict(payload),
                status="queued",
                rank=PRIORITIES.index(priority),
                attempts=0,
                max_attempts=self._max_attempts,
                progress=0.0,
                stage="",
                cancel_requested=False,
                created_at=self._clock(),
                changed_at=self._database.clock(),
            )
            row = connection.execute(new.returning(*JOB_COLUMNS, jobs.c.changed_at)).one_or_none()
            if row is None:
                return self._existing(scope, row_id)
            job, changed_at = job_of(row), row.changed_at
            self._database.after_commit(lambda: self.listeners.tell(job, changed_at))
        return job

    def get(self, scope: Scope, job_id: str) -> Job:
        """Return one job of the scope's tenant.

        Raises
        ------
        NotFound
            ``jobs.not_found``: there is none, or another tenant has it.
        """
        query = sa.select(*JOB_COLUMNS).where(jobs.c.tenant_id == scope.tenant_id, jobs.c.id == job_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound(
                f"There is no job {job_id!r}.", code="jobs.not_found", hint="List the jobs to see their ids."
            )
        return job_of(row)

    def list(
        self, scope: Scope, *, limit: int = 50, after: str = "", kind: str = "", status: str = ""
    ) -> Sequence[Job]:
        """Return the tenant's jobs, newest first, those older than the id `after`; of outcomes only the ``summary``."""
        query = newest_first(sa.select(*BRIEF_JOB_COLUMNS), jobs, scope, limit=limit, after=after)
        if kind:
            query = query.where(jobs.c.kind == kind)
        if status:
            query = query.where(jobs.c.status == status)
        with self._database.read() as connection:
            return [brief_job_of(row) for row in connection.execute(query)]

    def cancel(self, scope: Scope, job_id: str) -> Job:
        """Ask a job to stop: a waiting one ends at once, a running one at its next step, an ended one stays as it is."""
        mine = sa.and_(jobs.c.tenant_id == scope.tenant_id, jobs.c.id == job_id)
        with self._database.write() as connection:
            changed = connection.execute(
                sa.update(jobs)
                .where(mine, jobs.c.status == "queued")
                .values(
                    status="cancelled",
                    cancel_requested=True,
                    finished_at=self._clock(),
                    changed_at=self._database.clock(),
                )
                .returning(jobs.c.changed_at)
            ).one_or_none()
            if changed is None:
                connection.execute(
                    sa.update(jobs).where(mine, jobs.c.status == "running").values(cancel_requested=True)
                )
            job = self.get(scope, job_id)
            if changed is not None:
                self._database.after_commit(lambda: self.listeners.tell(job, changed.changed_at))
            elif job.status == "running":
                self._database.after_commit(lambda: self._cancels.tell(job))
        return job

    def counts(self) -> dict[str, int]:
        """Return how many jobs of all tenants are in each state, for the operator's metrics."""
        query = sa.select(jobs.c.status, sa.func.count()).group_by(jobs.c.status)
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def waiting(self) -> dict[Priority, Waiting]:
        """Return what waits in each queue, of all tenants, for the operator's metrics."""
        query = (
            sa.select(jobs.c.rank, sa.func.count(), sa.func.min(jobs.c.created_at, type_=jobs.c.created_at.type))
            .where(jobs.c.status == "queued")
            .group_by(jobs.c.rank)
        )
        with self._database.read() as connection:
            found = {row[0]: row for row in connection.execute(query)}
        now = self._clock()
        return {
            priority: Waiting(found[rank][1], max(0.0, (now - found[rank][2]).total_seconds()))
            if rank in found
            else Waiting(0, 0.0)
            for rank, priority in enumerate(PRIORITIES)
        }

    def _existing(self, scope: Scope, job_id: str) -> Job:
        try:
            return self.get(scope, job_id)
        except NotFound as error:
            raise Conflict(
                f"The job id {job_id!r} is taken.", code="jobs.id_taken", hint="Leave the id out to get a new one."
            ) from error
