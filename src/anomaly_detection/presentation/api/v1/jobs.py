"""Long work: how far it is, and how it ended."""

from __future__ import annotations

from fastapi import APIRouter

from anomaly_detection.presentation.api.dependencies import After, Id, Limit, TheCaller, TheOperations
from anomaly_detection.presentation.api.v1.paging import page
from anomaly_detection.presentation.api.v1.schemas.jobs import Job, JobPage

router = APIRouter(prefix="/jobs", tags=["jobs"])


@router.get("")
def list_jobs(caller: TheCaller, operations: TheOperations, limit: Limit = 50, after: After = None) -> JobPage:
    """List the tenant's jobs, newest first."""
    items, cursor = page(operations.list_jobs(caller, limit=limit + 1, after=after or ""), limit)
    return JobPage(items=[Job.of(job) for job in items], next=cursor)


@router.get("/{job_id}")
def get_job(job_id: Id, caller: TheCaller, operations: TheOperations) -> Job:
    """Return one job."""
    return Job.of(operations.get_job(caller, job_id))
