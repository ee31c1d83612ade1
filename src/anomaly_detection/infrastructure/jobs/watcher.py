"""Finds the jobs that other processes changed, so that listeners of this process hear of them too.

It works alike on both databases, because it asks: PostgreSQL could call (``LISTEN``), SQLite could not.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime, timedelta

import sqlalchemy as sa

from anomaly_detection.infrastructure.jobs.queue import DatabaseJobQueue
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.rows import BRIEF_JOB_COLUMNS, brief_job_of
from anomaly_detection.infrastructure.persistence.tables import jobs
from anomaly_detection.shared.errors import Unavailable

_logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
"""How late a listener may hear of what another process does."""

OVERLAP = timedelta(seconds=5)
"""A change is stamped before it is kept: so long a transaction may take and is seen all the same."""

_AT_ONCE = 500


class Watcher:
    """Tells a queue's listeners of the changes that other processes make.

    Parameters
    ----------
    database : Database
        Where the table ``jobs`` is.
    queue : DatabaseJobQueue
        Whose listeners are told. Of outcomes they get the ``summary`` only.
    poll_seconds : float, default 0.5
        How often it looks.

    Notes
    -----
    A look is one query for the ids of the rows that changed within the last seconds, by an index, and one for those rows of
    them that nobody was told of. What this process changes itself is told at once and not again.
    """

    def __init__(self, database: Database, queue: DatabaseJobQueue, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._database = database
        self._listeners = queue.listeners
        self._poll = poll_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="jobs-watcher", daemon=True)
        self._looked = 0.0

    @property
    def alive(self) -> bool:
        """Whether it looks."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Look for what changes from now on."""
        self._listeners.remember()
        self._looked = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        self._thread.join()

    def look(self) -> int:
        """Tell of the changes that nobody was told of; return how many.

        Raises
        ------
        Unavailable
            The database does not answer; the next look finds what this one did not.
        """
        began = time.monotonic()
        since = self._database.now() - timedelta(seconds=began - self._looked) - OVERLAP
        told = sum(self._tell(part) for part in self._unknown(since))
        self._listeners.forget(since)
        self._looked = began
        return told

    def _watch(self) -> None:
        while not self._stopping.wait(self._poll):
            try:
                self.look()
            except Unavailable as error:
                _logger.warning("cannot look for changed jobs now", extra={"code": error.code})
            except Exception:
                _logger.exception("cannot look for changed jobs; trying again")

    def _unknown(self, since: datetime) -> list[list[str]]:
        query = sa.select(jobs.c.id, jobs.c.changed_at).where(jobs.c.changed_at >= since).order_by(jobs.c.changed_at)
        with self._database.read() as connection:
            ids = [row.id for row in connection.execute(query) if not self._listeners.has_told(row.id, row.changed_at)]
        return [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]

    def _tell(self, ids: list[str]) -> int:
        query = sa.select(*BRIEF_JOB_COLUMNS, jobs.c.changed_at).where(jobs.c.id.in_(ids)).order_by(jobs.c.changed_at)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            if not self._listeners.has_told(row.job_id, row.changed_at):
                self._listeners.tell(brief_job_of(row), row.changed_at)
        return len(rows)
