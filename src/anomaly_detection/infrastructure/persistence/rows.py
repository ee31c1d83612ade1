"""How rows become the values of the rooms above, in one place."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from anomaly_detection.infrastructure.persistence.tables import jobs
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import Job, Outcome, Priority

PRIORITIES: tuple[Priority, ...] = ("high", "normal", "low")
"""By rank: a smaller rank is claimed first."""

JOB_COLUMNS: tuple[sa.ColumnElement[Any], ...] = tuple(
    jobs.c[name].label(f"job_{name}")
    for name in (
        "id",
        "tenant_id",
        "principal_id",
        "kind",
        "payload",
        "status",
        "rank",
        "attempts",
        "progress",
        "stage",
        "outcome",
        "error",
        "created_at",
        "started_at",
        "finished_at",
    )
)
"""What `job_of` reads; labelled, so that a join may carry them beside other columns."""


BRIEF_JOB_COLUMNS: tuple[sa.ColumnElement[Any], ...] = (
    *(column for column in JOB_COLUMNS if column.key != "job_outcome"),
    jobs.c.summary.label("job_summary"),
)
"""The same for lists: an outcome may be megabytes long, so a list carries nothing of it but its ``summary``."""


def brief_job_of(row: Any) -> Job:
    """Return the job that a row with `BRIEF_JOB_COLUMNS` holds; its outcome is ``{"summary": ...}`` or None."""
    return _job(row, None if row.job_summary is None else {"summary": row.job_summary})


def job_of(row: Any) -> Job:
    """Return the job that a row with `JOB_COLUMNS` holds."""
    return _job(row, row.job_outcome)


def _job(row: Any, outcome: Outcome | None) -> Job:
    return Job(
        id=row.job_id,
        tenant_id=row.job_tenant_id,
        principal_id=row.job_principal_id,
        kind=row.job_kind,
        payload=row.job_payload,
        status=row.job_status,
        priority=PRIORITIES[row.job_rank],
        attempts=row.job_attempts,
        progress=row.job_progress,
        stage=row.job_stage,
        outcome=outcome,
        error=row.job_error,
        created_at=row.job_created_at,
        started_at=row.job_started_at,
        finished_at=row.job_finished_at,
    )


def newest_first(query: sa.Select[Any], table: sa.Table, scope: Scope, *, limit: int, after: str) -> sa.Select[Any]:
    """Return one page of the tenant's rows: UUIDv7 sorts by time, so the last id of a page is its cursor."""
    page = query.where(table.c.tenant_id == scope.tenant_id)
    if after:
        page = page.where(table.c.id < after)
    return page.order_by(table.c.id.desc()).limit(limit)


def name_contains(column: sa.ColumnElement[Any], text: str) -> sa.ColumnElement[bool]:
    """Return the condition that a name holds a text, in any case; wildcards in the text mean themselves."""
    in_any_case = sa.func.lower(column).contains(text.lower(), autoescape=True)
    # A PostgreSQL database of the locale C has capitals in ASCII only: there a name is found at least as it is written.
    return sa.or_(in_any_case, column.contains(text, autoescape=True))
