"""Which ended jobs are kept."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from anomaly_detection.infrastructure.jobs.queue import DatabaseJobQueue
from anomaly_detection.infrastructure.jobs.retention import prune_jobs
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.tables import model_versions, models
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.identity import new_id
from anomaly_detection.shared.scope import Scope


def add_model_of(database: Database, scope: Scope, job_id: str) -> None:
    mine = {"tenant_id": scope.tenant_id, "principal_id": "p", "created_at": utc_now()}
    model_id = new_id()
    with database.write() as connection:
        connection.execute(sa.insert(models).values(id=model_id, name="ours", last_version=1, **mine))
        connection.execute(
            sa.insert(model_versions).values(
                id=new_id(),
                model_id=model_id,
                version=1,
                stage="none",
                source="trained",
                job_id=job_id,
                algorithm="knn",
                parameters={},
                **mine,
            )
        )


def test_an_ended_job_stays_while_it_is_young_or_referred_to(
    database: Database, queue: DatabaseJobQueue, scope: Scope, stranger: Scope
) -> None:
    waiting, used, orphan, foreign = (queue.submit(owner, "work", {}) for owner in (scope, scope, scope, stranger))
    for job, owner in ((used, scope), (orphan, scope), (foreign, stranger)):
        queue.cancel(owner, job.id)
    add_model_of(database, scope, used.id)
    assert prune_jobs(database) == 0
    assert prune_jobs(database, older_than=timedelta(seconds=-1)) == 2
    assert {job.id for job in queue.list(scope)} == {waiting.id, used.id}
    assert queue.list(stranger) == []
