"""Durable jobs."""

from __future__ import annotations

from anomaly_detection_client.core import Core
from anomaly_detection_client.errors import JobFailed
from anomaly_detection_client.flow import Flow
from anomaly_detection_client.operations import Listing, M, Operation, Procedure, Resource
from anomaly_detection_client.request import Page, Request, pages_of, part, request_for
from anomaly_detection_client.values.work import Job
from anomaly_detection_client.waiting import ProgressTold, ended


def get(job_id: str) -> Request[Job]:
    """Return one job."""
    return request_for("GET", f"jobs/{part(job_id)}", Job.of)


def list_jobs(*, status: str | None = None, kind: str | None = None, page_size: int = 50) -> Request[Page[Job]]:
    """Yield jobs, newest first.

    Parameters
    ----------
    status : {"queued", "running", "succeeded", "failed", "cancelled"}, optional
        Only those.
    kind : {"detection", "training"}, optional
        Only those.
    """
    return pages_of("jobs", Job.of, limit=page_size, status=status, kind=kind)


def cancel(job_id: str) -> Request[Job]:
    """Ask a job to stop; one that has ended stays as it is."""
    return request_for("POST", f"jobs/{part(job_id)}/cancel", Job.of, repeatable=True)


def wait(core: Core, job_id: str, *, timeout: float = 600.0, progress: ProgressTold | None = None) -> Flow[Job]:
    """Wait until a job has succeeded, by asking: first after 50 ms, later each second.

    Raises
    ------
    JobFailed
        It failed or was cancelled; ``code`` and ``hint`` are those of the failure.
    TimeoutError
        It has not ended in time; it goes on on the server.
    """
    look = get(job_id)
    return (yield from ended(core, look, what=f"Job {job_id}", failed=JobFailed, timeout=timeout, progress=progress))


class Jobs(Resource[M]):
    """The jobs of your tenant."""

    get = Operation(get)
    list = Listing(list_jobs)
    cancel = Operation(cancel)
    wait = Procedure(wait)
