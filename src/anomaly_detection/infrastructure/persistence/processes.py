"""Which processes belong to the installation, by their signs of life."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.tables import processes
from anomaly_detection.workflows.ports import Priority

ProcessRole = Literal["server", "worker"]

SILENT_SECONDS = 30.0
"""A process that was silent for so long counts as dead."""


@dataclass(frozen=True, slots=True)
class Process:
    """A server or a worker.

    Attributes
    ----------
    id : str
        The name under which its worker takes jobs.
    queues : tuple of {"high", "normal", "low"}
        What it does; none for a server that leaves its jobs to others.
    concurrency : int
        How many jobs at a time.
    """

    id: str
    role: ProcessRole
    queues: tuple[Priority, ...]
    concurrency: int
    host: str = ""
    started_at: datetime | None = None
    heartbeat_at: datetime | None = None


class ProcessRepository:
    """Keeps the processes' signs of life. They belong to no tenant: the operator alone sees them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beat(self, process: Process) -> None:
        """Say that a process lives; the first time it is added."""
        now = self._database.clock()
        with self._database.write() as connection:
            known = connection.execute(
                sa.update(processes).where(processes.c.id == process.id).values(heartbeat_at=now)
            ).rowcount
            if not known:
                connection.execute(
                    sa.insert(processes).values(
                        id=process.id,
                        role=process.role,
                        host=socket.gethostname()[:255],
                        queues=list(process.queues),
                        concurrency=process.concurrency,
                        started_at=now,
                        heartbeat_at=now,
                    )
                )

    def remove(self, process_id: str) -> None:
        """Say that a process ended."""
        with self._database.write() as connection:
            connection.execute(sa.delete(processes).where(processes.c.id == process_id))

    def alive(self, *, silent_seconds: float = SILENT_SECONDS) -> Sequence[Process]:
        """Return the processes that were heard of lately, the oldest first."""
        limit = self._database.now() - timedelta(seconds=silent_seconds)
        query = sa.select(processes).where(processes.c.heartbeat_at >= limit).order_by(processes.c.started_at)
        with self._database.read() as connection:
            return [_process_of(row) for row in connection.execute(query)]

    def known(self) -> Sequence[str]:
        """Return the names of all processes, also of those that fell silent."""
        with self._database.read() as connection:
            return connection.execute(sa.select(processes.c.id)).scalars().all()

    def prune(self, *, older_than_seconds: float) -> None:
        """Forget the processes that have been silent for so long."""
        limit = self._database.now() - timedelta(seconds=older_than_seconds)
        with self._database.write() as connection:
            connection.execute(sa.delete(processes).where(processes.c.heartbeat_at < limit))


def _process_of(row: Any) -> Process:
    return Process(
        id=row.id,
        role=row.role,
        queues=tuple(row.queues),
        concurrency=row.concurrency,
        host=row.host,
        started_at=row.started_at,
        heartbeat_at=row.heartbeat_at,
    )
