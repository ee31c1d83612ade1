"""Which ended jobs are kept: as long as something was made by them, and else for a while."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.tables import jobs, metadata
from anomaly_detection.shared.clock import utc_now

KEPT_DAYS = 30
"""An ended job that nothing refers to is kept so long: its detection or model was deleted."""


def prune_jobs(database: Database, *, older_than: timedelta = timedelta(days=KEPT_DAYS)) -> int:
    """Delete the jobs of all tenants that ended long ago and that no row of any table refers to; return how many.

    Notes
    -----
    Which tables refer to jobs is read from their foreign keys, so that a table that is added later keeps its jobs too.
    """
    used = [
        sa.exists().where(key.parent == jobs.c.id)
        for table in metadata.sorted_tables
        for key in table.foreign_keys
        if key.column is jobs.c.id
    ]
    ended = sa.delete(jobs).where(jobs.c.finished_at < utc_now() - older_than, *(~reference for reference in used))
    with database.write() as connection:
        return connection.execute(ended).rowcount
