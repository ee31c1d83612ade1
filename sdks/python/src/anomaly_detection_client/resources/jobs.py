"""Durable jobs."""

from __future__ import annotations

from collections.abc import Iterator

from anomaly_detection_client.models import Job
from anomaly_detection_client.transport import Transport


class Jobs:
    """The jobs of your tenant."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, job_id: str) -> Job:
        """Return one job."""
        return self._transport.read("GET", f"jobs/{job_id}", Job.of)

    def list(self, *, page_size: int = 50) -> Iterator[Job]:
        """Yield all jobs, newest first."""
        return self._transport.pages("jobs", Job.of, {"limit": page_size})
