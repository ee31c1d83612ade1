"""Which detections a tenant has asked for; how far each is, is its job's to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.rows import (
    BRIEF_JOB_COLUMNS,
    brief_job_of,
    newest_first,
)
from anomaly_detection.infrastructure.persistence.tables import datasets, detections, jobs
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import NotFound
from anomaly_detection.shared.identity import new_id
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import Job

_DATASET_COLUMNS = (datasets.c.name.label("dataset_name"), datasets.c.kind.label("dataset_kind"))


@dataclass(frozen=True, slots=True)
class NewDetection:
    """A detection as it was asked for. `threshold` is ``{"kind", "value"}`` or None for the default one."""

    dataset_id: str
    job_id: str
    name: str
    algorithm: str
    parameters: Mapping[str, Any]
    columns: Sequence[str] | None = None
    time_column: str | None = None
    threshold: Mapping[str, Any] | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class DetectionRecord:
    """A detection with its data set's name and its job.

    `chosen_threshold` and `chosen_summary` are what a user chose after the end, without a refit; they replace the
    threshold and summary of the job's outcome.
    """

    id: str
    name: str
    dataset_id: str
    dataset_name: str
    dataset_kind: str
    algorithm: str
    parameters: Mapping[str, Any]
    columns: Sequence[str] | None
    time_column: str | None
    threshold: Mapping[str, Any] | None
    chosen_threshold: Mapping[str, Any] | None
    chosen_summary: Mapping[str, Any] | None
    created_at: datetime
    job: Job


class DetectionRepository:
    """Keeps the detections."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, scope: Scope, detection: NewDetection) -> DetectionRecord:
        """Keep a new detection; its job has to be there (submit it in the same ``with database.write():``).

        Raises
        ------
        NotFound
            The data set or the job is not this tenant's.
        """
        detection_id = detection.id or new_id()
        with self._database.write() as connection:
            _require(connection, scope, datasets, detection.dataset_id, "data set", "data.dataset_not_found")
            _require(connection, scope, jobs, detection.job_id, "job", "jobs.not_found")
            connection.execute(
                sa.insert(detections).values(
                    id=detection_id,
                    tenant_id=scope.tenant_id,
                    principal_id=scope.principal_id,
                    dataset_id=detection.dataset_id,
                    job_id=detection.job_id,
                    name=detection.name,
                    algorithm=detection.algorithm,
                    parameters=dict(detection.parameters),
                    columns=None if detection.columns is None else list(detection.columns),
                    time_column=detection.time_column,
                    threshold=None if detection.threshold is None else dict(detection.threshold),
                    created_at=utc_now(),
                )
            )
            return self.get(scope, detection_id)

    def get(self, scope: Scope, detection_id: str) -> DetectionRecord:
        """Return one detection of the scope's tenant; of its job's outcome only the ``summary``.

        Raises
        ------
        NotFound
            ``detection.not_found``: there is none, or another tenant has it.
        """
        query = _select().where(detections.c.tenant_id == scope.tenant_id, detections.c.id == detection_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound(
                f"There is no detection {detection_id!r}.",
                code="detection.not_found",
                hint="List the detections to see their ids.",
            )
        return _record_of(row)

    def of_job(self, scope: Scope, job_id: str) -> DetectionRecord:
        """Return the detection that a job works for, or raise `NotFound`."""
        query = _select().where(detections.c.tenant_id == scope.tenant_id, jobs.c.id == job_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound(f"There is no detection of the job {job_id!r}.", code="detection.not_found")
        return _record_of(row)

    def list(
        self, scope: Scope, *, limit: int = 50, after: str = "", dataset_id: str = ""
    ) -> Sequence[DetectionRecord]:
        """Return the tenant's detections, newest first, those older than the id `after`."""
        query = newest_first(_select(), detections, scope, limit=limit, after=after)
        if dataset_id:
            query = query.where(detections.c.dataset_id == dataset_id)
        with self._database.read() as connection:
            return [_record_of(row) for row in connection.execute(query)]

    def choose_threshold(
        self, scope: Scope, detection_id: str, threshold: Mapping[str, Any], summary: Mapping[str, Any]
    ) -> DetectionRecord:
        """Keep the threshold that a user chose after the end, and the summary that follows from it."""
        with self._database.write() as connection:
            connection.execute(
                sa.update(detections)
                .where(detections.c.tenant_id == scope.tenant_id, detections.c.id == detection_id)
                .values(chosen_threshold=dict(threshold), chosen_summary=dict(summary))
            )
            return self.get(scope, detection_id)


def _select() -> sa.Select[Any]:
    return (
        sa.select(detections, *_DATASET_COLUMNS, *(column for column in BRIEF_JOB_COLUMNS if column.key != "job_id"))
        .join_from(detections, jobs, detections.c.job_id == jobs.c.id)
        .join(datasets, detections.c.dataset_id == datasets.c.id)
    )


def _require(connection: sa.Connection, scope: Scope, table: sa.Table, row_id: str, what: str, code: str) -> None:
    query = sa.select(table.c.id).where(table.c.tenant_id == scope.tenant_id, table.c.id == row_id)
    if connection.execute(query).one_or_none() is None:
        raise NotFound(f"There is no {what} {row_id!r}.", code=code)


def _record_of(row: Any) -> DetectionRecord:
    names = (name for name in DetectionRecord.__slots__ if name != "job")
    return DetectionRecord(**{name: getattr(row, name) for name in names}, job=brief_job_of(row))
