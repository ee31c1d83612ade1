"""What a tenant has, counted, and what its jobs are about: a few small queries for the first page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.rows import BRIEF_JOB_COLUMNS, brief_job_of
from anomaly_detection.infrastructure.persistence.tables import datasets, detections, jobs, model_versions, models
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import Job


@dataclass(frozen=True, slots=True)
class Subject:
    """What a job is about: a detection, or a version of a model under the model's id."""

    id: str
    name: str


class OverviewRepository:
    """Counts and looks up across the tables of one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self, scope: Scope) -> Mapping[str, int]:
        """Return how many ``datasets``, ``detections`` and ``models`` there are, without archived models."""
        kept = {
            "datasets": (datasets, sa.true()),
            "detections": (detections, sa.true()),
            "models": (models, models.c.archived_at.is_(None)),
        }
        counts = [
            sa.select(sa.func.count())
            .select_from(table)
            .where(table.c.tenant_id == scope.tenant_id, condition)
            .scalar_subquery()
            .label(name)
            for name, (table, condition) in kept.items()
        ]
        with self._database.read() as connection:
            return dict(connection.execute(sa.select(*counts)).mappings().one())

    def unfinished_jobs(self, scope: Scope, *, limit: int) -> Sequence[Job]:
        """Return the jobs that run or wait, those that run first, then the oldest."""
        query = (
            sa.select(*BRIEF_JOB_COLUMNS)
            .where(jobs.c.tenant_id == scope.tenant_id, jobs.c.status.in_(("running", "queued")))
            .order_by(jobs.c.status.desc(), jobs.c.rank, jobs.c.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [brief_job_of(row) for row in connection.execute(query)]

    def subjects(self, scope: Scope, job_ids: Sequence[str]) -> Mapping[str, Subject]:
        """Return by job what each of them is about; a job whose detection or model is gone is left out."""
        of_detections = sa.select(
            detections.c.job_id, detections.c.id, detections.c.name, sa.null().label("version")
        ).where(detections.c.tenant_id == scope.tenant_id, detections.c.job_id.in_(job_ids))
        of_versions = (
            sa.select(model_versions.c.job_id, models.c.id, models.c.name, model_versions.c.version)
            .join_from(model_versions, models, model_versions.c.model_id == models.c.id)
            .where(model_versions.c.tenant_id == scope.tenant_id, model_versions.c.job_id.in_(job_ids))
        )
        with self._database.read() as connection:
            rows = [row for query in (of_detections, of_versions) for row in connection.execute(query)]
        return {
            row.job_id: Subject(row.id, row.name if row.version is None else f"{row.name}, version {row.version}")
            for row in rows
        }
