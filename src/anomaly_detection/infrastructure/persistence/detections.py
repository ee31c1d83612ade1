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
    name_contains,
    newest_first,
)
from anomaly_detection.infrastructure.persistence.tables import datasets, detections, jobs, model_versions, models
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import Conflict, NotFound
from anomaly_detection.shared.identity import new_id
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import Job

_DATASET_COLUMNS = (datasets.c.name.label("dataset_name"), datasets.c.kind.label("dataset_kind"))
_MODEL_COLUMNS = (
    models.c.id.label("model_id"),
    models.c.name.label("model_name"),
    model_versions.c.version.label("model_version"),
)


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
    model_version_id: str | None = None


@dataclass(frozen=True, slots=True)
class ModelReference:
    """The version of a stored model that judged the data."""

    id: str
    version_id: str
    name: str
    version: int


@dataclass(frozen=True, slots=True)
class DetectionRecord:
    """A detection with its data set's name and its job.

    `chosen_threshold` and `chosen_summary` are what a user chose after the end, without a refit; they replace the
    threshold and summary of the job's outcome. `model` is None where the algorithm learnt from the data themselves, and where
    the model is gone.
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
    model: ModelReference | None
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
            # Held until the end of this transaction: who deletes the data set waits, and then finds it in use.
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
                    model_version_id=detection.model_version_id,
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
        self,
        scope: Scope,
        *,
        limit: int = 50,
        after: str = "",
        dataset_id: str = "",
        status: str = "",
        algorithm: str = "",
        model_id: str = "",
        q: str = "",
    ) -> Sequence[DetectionRecord]:
        """Return the tenant's detections, newest first, those older than the id `after`; an empty filter lets all pass.

        Parameters
        ----------
        q : str
            Part of the name, in any case.
        """
        query = newest_first(_select(), detections, scope, limit=limit, after=after)
        for wanted, condition in (
            (dataset_id, detections.c.dataset_id == dataset_id),
            (status, jobs.c.status == status),
            (algorithm, detections.c.algorithm == algorithm),
            (model_id, models.c.id == model_id),
            (q, name_contains(detections.c.name, q)),
        ):
            if wanted:
                query = query.where(condition)
        with self._database.read() as connection:
            return [_record_of(row) for row in connection.execute(query)]

    def newest_of_each_dataset(self, scope: Scope, *, limit: int) -> Sequence[DetectionRecord]:
        """Return of each data set the newest detection that succeeded, the newest first."""
        newest = (
            sa.select(sa.func.max(detections.c.id))
            .join_from(detections, jobs, detections.c.job_id == jobs.c.id)
            .where(detections.c.tenant_id == scope.tenant_id, jobs.c.status == "succeeded")
            .group_by(detections.c.dataset_id)
        )
        query = newest_first(_select(), detections, scope, limit=limit, after="").where(detections.c.id.in_(newest))
        with self._database.read() as connection:
            return [_record_of(row) for row in connection.execute(query)]

    def has(self, scope: Scope, detection_id: str) -> bool:
        """Tell whether the scope's tenant has this detection."""
        query = sa.select(detections.c.id).where(
            detections.c.tenant_id == scope.tenant_id, detections.c.id == detection_id
        )
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def statuses(self) -> Mapping[tuple[str, str], str]:
        """Return by tenant and id the status of every detection of all tenants, for the sweep of their files."""
        query = sa.select(detections.c.tenant_id, detections.c.id, jobs.c.status).join_from(
            detections, jobs, detections.c.job_id == jobs.c.id
        )
        with self._database.read() as connection:
            return {(row.tenant_id, row.id): row.status for row in connection.execute(query)}

    def rename(self, scope: Scope, detection_id: str, name: str) -> DetectionRecord:
        """Give a detection another name, or raise `NotFound`."""
        return self._change(scope, detection_id, name=name)

    def delete(self, scope: Scope, detection_id: str) -> None:
        """Remove a detection, its job and what was said about its rows.

        Raises
        ------
        NotFound
            ``detection.not_found``.
        Conflict
            ``detection.still_running``: it waits or runs.
        """
        with self._database.write() as connection:
            record = self.get(scope, detection_id)
            # Held, so that nobody begins the job meanwhile.
            status = connection.execute(
                sa.select(jobs.c.status)
                .where(jobs.c.tenant_id == scope.tenant_id, jobs.c.id == record.job.id)
                .with_for_update()
            ).scalar()
            if status in {"queued", "running"}:
                raise Conflict(
                    f"The detection cannot be deleted now: its status is {status!r}.",
                    code="detection.still_running",
                    hint="Cancel it first, and wait for its end.",
                    details={"status": status},
                )
            for table, row_id in ((detections, detection_id), (jobs, record.job.id)):
                connection.execute(sa.delete(table).where(table.c.tenant_id == scope.tenant_id, table.c.id == row_id))

    def choose_threshold(
        self, scope: Scope, detection_id: str, threshold: Mapping[str, Any], summary: Mapping[str, Any]
    ) -> DetectionRecord:
        """Keep the threshold that a user chose after the end, and the summary that follows from it."""
        return self._change(scope, detection_id, chosen_threshold=dict(threshold), chosen_summary=dict(summary))

    def _change(self, scope: Scope, detection_id: str, **values: Any) -> DetectionRecord:
        with self._database.write() as connection:
            connection.execute(
                sa.update(detections)
                .where(detections.c.tenant_id == scope.tenant_id, detections.c.id == detection_id)
                .values(**values)
            )
            return self.get(scope, detection_id)


def _select() -> sa.Select[Any]:
    joined = (
        detections.join(jobs, detections.c.job_id == jobs.c.id)
        .join(datasets, detections.c.dataset_id == datasets.c.id)
        .outerjoin(
            model_versions,
            sa.and_(
                model_versions.c.id == detections.c.model_version_id,
                model_versions.c.tenant_id == detections.c.tenant_id,
            ),
        )
        .outerjoin(models, models.c.id == model_versions.c.model_id)
    )
    job_columns = (column for column in BRIEF_JOB_COLUMNS if column.key != "job_id")
    return sa.select(detections, *_DATASET_COLUMNS, *_MODEL_COLUMNS, *job_columns).select_from(joined)


def _require(connection: sa.Connection, scope: Scope, table: sa.Table, row_id: str, what: str, code: str) -> None:
    query = (
        sa.select(table.c.id)
        .where(table.c.tenant_id == scope.tenant_id, table.c.id == row_id)
        .with_for_update(read=True, key_share=True)
    )
    if connection.execute(query).one_or_none() is None:
        raise NotFound(f"There is no {what} {row_id!r}.", code=code)


def _record_of(row: Any) -> DetectionRecord:
    names = (name for name in DetectionRecord.__slots__ if name not in {"job", "model"})
    model = None
    if row.model_id is not None:
        model = ModelReference(row.model_id, row.model_version_id, row.model_name, row.model_version)
    return DetectionRecord(**{name: getattr(row, name) for name in names}, model=model, job=brief_job_of(row))
