"""Models and versions as they are read from the database, each version with its training job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from anomaly_detection.infrastructure.persistence.rows import JOB_COLUMNS, job_of
from anomaly_detection.infrastructure.persistence.tables import jobs, model_versions, models
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import Job, JobStatus, StoredModel

# Accounts are another room's; of them only the names are shown here.
_users = sa.table("users", sa.column("id"), sa.column("tenant_id"), sa.column("username"))


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """One version of a model; `job` trains it, or is None where it was imported.

    `username` says who made it; None where that user is gone.
    """

    id: str
    model_id: str
    model_name: str
    version: int
    stage: str
    source: str
    principal_id: str
    username: str | None
    dataset_id: str | None
    dataset_name: str | None
    algorithm: str
    parameters: Mapping[str, Any]
    columns: Sequence[str] | None
    time_column: str | None
    threshold: Mapping[str, Any] | None
    imported: Mapping[str, Any] | None
    created_at: datetime
    job: Job | None

    @property
    def status(self) -> JobStatus:
        """How far it is; what was imported is there."""
        return "succeeded" if self.job is None else self.job.status

    @property
    def facts(self) -> Mapping[str, Any]:
        """What is known of the model file; empty while there is none."""
        said = self.imported if self.job is None else self.job.outcome
        return said or {}

    @property
    def stored(self) -> StoredModel | None:
        """Where the model file lies; None while there is none."""
        facts = self.facts
        return StoredModel(facts["file"], facts["sha256"], facts["size_bytes"]) if facts else None


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A model with the versions that matter most."""

    id: str
    name: str
    created_at: datetime
    archived_at: datetime | None
    n_versions: int
    latest: VersionRecord | None
    production: VersionRecord | None


def select_versions(scope: Scope) -> sa.Select[Any]:
    """Return the query for the versions of the scope's tenant, of all its models."""
    # The outcome of a training is short, unlike that of a detection: all of it is read.
    columns = (column for column in JOB_COLUMNS if column.key != "job_id")
    return (
        sa.select(model_versions, models.c.name.label("model_name"), _users.c.username, *columns)
        .join_from(model_versions, models, model_versions.c.model_id == models.c.id)
        .join(jobs, model_versions.c.job_id == jobs.c.id, isouter=True)
        .join(
            _users,
            sa.and_(_users.c.id == model_versions.c.principal_id, _users.c.tenant_id == model_versions.c.tenant_id),
            isouter=True,
        )
        .where(model_versions.c.tenant_id == scope.tenant_id)
    )


def version_of(row: Any) -> VersionRecord:
    """Return the version that a row of `select_versions` holds."""
    names = (name for name in VersionRecord.__slots__ if name != "job")
    job = None if row.job_id is None else job_of(row)
    return VersionRecord(**{name: getattr(row, name) for name in names}, job=job)


def is_usable() -> sa.ColumnElement[bool]:
    """Return the condition that a version can judge rows."""
    return sa.or_(model_versions.c.source == "imported", jobs.c.status == "succeeded")


def is_finished(version: VersionRecord) -> bool:
    """Tell whether a version can judge rows."""
    return version.status == "succeeded"


def is_training(version: VersionRecord) -> bool:
    """Tell whether a version's training is not over."""
    return version.status in {"queued", "running"}
