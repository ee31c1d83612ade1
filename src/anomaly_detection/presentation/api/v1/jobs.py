"""Long work: how far it is, and how it ended."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from anomaly_detection.presentation.api.dependencies import After, Id, Limit, TheCaller, TheOperations
from anomaly_detection.presentation.api.v1.paging import page
from anomaly_detection.presentation.api.v1.schemas.jobs import Job, JobPage
from anomaly_detection.workflows.ports import JobStatus

router = APIRouter(prefix="/jobs", tags=["jobs"])


@router.get("")
def list_jobs(
    caller: TheCaller,
    operations: TheOperations,
    limit: Limit = 50,
    after: After = None,
    status: JobStatus | None = None,
    kind: Annotated[str, Query(max_length=64, description="detection or training.")] = "",
) -> JobPage:
    """List the tenant's jobs, newest first."""
    found = operations.list_jobs(caller, limit=limit + 1, after=after or "", status=status or "", kind=kind)
    items, cursor = page(found, limit)
    subjects = operations.job_subjects(caller, [job.id for job in items])
    return JobPage(items=[Job.of(job, subjects.get(job.id)) for job in items], next=cursor)


@router.get("/{job_id}")
def get_job(job_id: Id, caller: TheCaller, operations: TheOperations) -> Job:
    """Return one job."""
    job = operations.get_job(caller, job_id)
    return Job.of(job, operations.job_subjects(caller, [job.id]).get(job.id))


@router.post("/{job_id}/cancel", status_code=202)
def cancel_job(job_id: Id, caller: TheCaller, operations: TheOperations) -> Job:
    """Ask a job to stop. One that has ended stays as it is."""
    job = operations.cancel_job(caller, job_id)
    return Job.of(job, operations.job_subjects(caller, [job.id]).get(job.id))
