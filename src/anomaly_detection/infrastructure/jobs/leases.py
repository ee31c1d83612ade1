"""The moves of a job between its states, each one UPDATE that checks the state it leaves.

A claim gives a job a token. Whoever ends, renews or hands back a job names the token, so a worker that lost its lease (it was
paused, or thought dead) changes nothing any more: the job ends exactly once, and its outcome becomes visible in the same
UPDATE as its success.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from anomaly_detection.infrastructure.jobs.instance import is_dead
from anomaly_detection.infrastructure.jobs.listeners import Listeners
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.rows import JOB_COLUMNS, PRIORITIES, job_of
from anomaly_detection.infrastructure.persistence.tables import jobs
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.identity import new_id
from anomaly_detection.workflows.ports import Job, Outcome, Priority

LEASE_SECONDS = 30.0
"""How long a silent worker keeps its job. Machines' clocks may differ by less than this."""

_FREE: dict[str, Any] = {"lease_owner": None, "lease_token": None, "lease_until": None, "heartbeat_at": None}


@dataclass(frozen=True, slots=True)
class Claim:
    """A job in a worker's hands."""

    job: Job
    token: str
    request_id: str
    max_attempts: int


class Leases:
    """Gives jobs to workers and takes them back.

    Parameters
    ----------
    database : Database
        Where the jobs are.
    listeners : Listeners
        Who is told of each change.
    lease_seconds : float, default 30
        How long a claim holds without a sign of life.
    clock : callable, optional
        Returns the present moment.
    """

    def __init__(
        self,
        database: Database,
        listeners: Listeners,
        *,
        lease_seconds: float = LEASE_SECONDS,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._listeners = listeners
        self._lease = timedelta(seconds=lease_seconds)
        self._clock = clock

    def claim(
        self,
        owner: str,
        kinds: Sequence[str],
        *,
        priorities: Sequence[Priority] = PRIORITIES,
        oldest_first: bool = False,
    ) -> Claim | None:
        """Take the first job that waits, or None where none waits.

        Parameters
        ----------
        owner : str
            Who takes it: the name of a worker.
        kinds : sequence of str
            What the worker can do.
        priorities : sequence of {"high", "normal", "low"}, default all
            The queues that it serves.
        oldest_first : bool, default False
            Go by age alone, and not by priority before age.
        """
        now = self._clock()
        waiting = (
            sa.select(jobs.c.id)
            .where(
                jobs.c.status == "queued",
                jobs.c.kind.in_(kinds),
                sa.or_(jobs.c.not_before.is_(None), jobs.c.not_before <= now),
            )
            .order_by(*([] if oldest_first else [jobs.c.rank]), jobs.c.created_at, jobs.c.id)
            .limit(1)
        )
        if set(priorities) != set(PRIORITIES):
            waiting = waiting.where(jobs.c.rank.in_([PRIORITIES.index(priority) for priority in priorities]))
        if self._database.dialect == "sqlite" and not self._any(waiting):
            return None
        token = new_id()
        with self._database.write() as connection:
            job_id = connection.execute(waiting.with_for_update(skip_locked=True)).scalar()
            if job_id is None:
                return None
            row = connection.execute(
                sa.update(jobs)
                .where(jobs.c.id == job_id)
                .values(
                    status="running",
                    attempts=jobs.c.attempts + 1,
                    started_at=sa.func.coalesce(jobs.c.started_at, sa.bindparam("now", now, jobs.c.started_at.type)),
                    lease_owner=owner,
                    lease_token=token,
                    lease_until=now + self._lease,
                    heartbeat_at=now,
                    changed_at=self._database.clock(),
                )
                .returning(*JOB_COLUMNS, jobs.c.changed_at, jobs.c.request_id, jobs.c.max_attempts)
            ).one()
            return Claim(self._tell_later(row), token, row.request_id, row.max_attempts)

    def renew(self, claim: Claim) -> bool | None:
        """Prolong a lease. True: go on; False: somebody asked to stop; None: the lease is lost."""
        now = self._clock()
        with self._database.write() as connection:
            row = connection.execute(
                sa.update(jobs)
                .where(_held(claim))
                .values(lease_until=now + self._lease, heartbeat_at=now)
                .returning(jobs.c.cancel_requested)
            ).one_or_none()
        return None if row is None else not row.cancel_requested

    def progress(self, claim: Claim, fraction: float, stage: str) -> bool | None:
        """Keep how far a job is, and prolong its lease. Answers as `renew`."""
        now = self._clock()
        values = {"progress": fraction, "stage": stage, "lease_until": now + self._lease, "heartbeat_at": now}
        with self._database.write() as connection:
            row = connection.execute(
                sa.update(jobs)
                .where(_held(claim))
                .values(**values, changed_at=self._database.clock())
                .returning(*JOB_COLUMNS, jobs.c.changed_at, jobs.c.cancel_requested)
            ).one_or_none()
            if row is None:
                return None
            self._tell_later(row)
            return not row.cancel_requested

    def asked_to_stop(self, claims: Sequence[Claim]) -> set[str]:
        """Return the tokens of those claims whose jobs somebody asked to stop, in whatever process."""
        tokens = [claim.token for claim in claims]
        query = sa.select(jobs.c.lease_token).where(
            jobs.c.id.in_([claim.job.id for claim in claims]), jobs.c.lease_token.in_(tokens), jobs.c.cancel_requested
        )
        with self._database.read() as connection:
            return set(connection.execute(query).scalars())

    def succeed(self, claim: Claim, outcome: Outcome) -> bool:
        """End a job with its outcome; False where the lease was lost and nothing changed."""
        return self._end(claim, status="succeeded", outcome=outcome, summary=outcome.get("summary"), progress=1.0)

    def fail(self, claim: Claim, *, code: str, message: str, hint: str) -> bool:
        """End a job with an error; False where the lease was lost."""
        return self._end(claim, status="failed", error={"code": code, "message": message, "hint": hint})

    def end_cancelled(self, claim: Claim) -> bool:
        """End a job that somebody asked to stop; False where the lease was lost."""
        return self._end(claim, status="cancelled")

    def hand_back(self, claim: Claim, *, delay_seconds: float = 0.0, counts: bool = False) -> bool:
        """Put a job back into the queue, or end it where somebody asked to stop it; False where the lease was lost.

        Parameters
        ----------
        delay_seconds : float, default 0
            How long it is not to be claimed.
        counts : bool, default False
            Whether the attempt counts: it failed, and was not merely interrupted by the worker's end.
        """
        now = self._clock()
        return self._update(
            _held(claim),
            status=sa.case((jobs.c.cancel_requested, "cancelled"), else_="queued"),
            finished_at=sa.case((jobs.c.cancel_requested, sa.bindparam("now", now, jobs.c.finished_at.type))),
            attempts=jobs.c.attempts if counts else jobs.c.attempts - 1,
            not_before=now + timedelta(seconds=delay_seconds) if delay_seconds else None,
            **_FREE,
        )

    def recover(self) -> int:
        """Take back the jobs whose worker is dead or silent; return how many.

        They wait again, unless somebody asked to stop them or their attempts are used up.
        """
        now = self._clock()
        query = sa.select(
            jobs.c.id,
            jobs.c.lease_token,
            jobs.c.lease_owner,
            jobs.c.lease_until,
            jobs.c.attempts,
            jobs.c.max_attempts,
            jobs.c.cancel_requested,
        ).where(jobs.c.status == "running")
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return sum(self._take_back(row) for row in rows if row.lease_until < now or is_dead(row.lease_owner))

    def _any(self, query: sa.Select[Any]) -> bool:
        # An idle worker asks without taking SQLite's one write lock.
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def _take_back(self, row: Any) -> bool:
        # The heartbeat may have come meanwhile: only the lease that was seen is taken.
        seen = sa.and_(
            jobs.c.id == row.id, jobs.c.lease_token == row.lease_token, jobs.c.lease_until == row.lease_until
        )
        if row.cancel_requested:
            return self._update(seen, status="cancelled", finished_at=self._clock(), **_FREE)
        if row.attempts < row.max_attempts:
            return self._update(seen, status="queued", not_before=None, **_FREE)
        error = {
            "code": "jobs.gave_up",
            "message": f"The process that did this job died or fell silent {row.attempts} times.",
            "hint": "The data may need more memory than the machine has; see the server's log, then start it again.",
        }
        return self._update(seen, status="failed", error=error, finished_at=self._clock(), **_FREE)

    def _end(self, claim: Claim, **values: Any) -> bool:
        return self._update(_held(claim), finished_at=self._clock(), **values, **_FREE)

    def _update(self, condition: sa.ColumnElement[bool], **values: Any) -> bool:
        with self._database.write() as connection:
            row = connection.execute(
                sa.update(jobs)
                .where(condition, jobs.c.status == "running")
                .values(**values, changed_at=self._database.clock())
                .returning(*JOB_COLUMNS, jobs.c.changed_at)
            ).one_or_none()
            if row is None:
                return False
            self._tell_later(row)
            return True

    def _tell_later(self, row: Any) -> Job:
        job, changed_at = job_of(row), row.changed_at
        self._database.after_commit(lambda: self._listeners.tell(job, changed_at))
        return job


def _held(claim: Claim) -> sa.ColumnElement[bool]:
    return sa.and_(jobs.c.id == claim.job.id, jobs.c.lease_token == claim.token)
