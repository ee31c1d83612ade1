"""Is the process alive, can it work, and what did it count: for those who run the platform."""

from __future__ import annotations

from fastapi import APIRouter, Response
from starlette.responses import JSONResponse

from anomaly_detection.infrastructure.monitoring import METRICS_CONTENT_TYPE
from anomaly_detection.presentation.api.dependencies import ThePlatform

router = APIRouter(tags=["operation"])


@router.get("/health/liveness")
async def liveness() -> dict[str, str]:
    """Answer at all: the process lives."""
    return {"status": "ok"}


@router.get("/health/readiness", responses={503: {"description": "One of the checks failed."}})
def readiness(platform: ThePlatform) -> Response:
    """Tell whether work can be done: the database answers, somebody does the jobs, the data folder can be written to."""
    checks = platform.checks()
    ready = all(state == "ok" for state in checks.values())
    content = {"status": "ok" if ready else "unavailable", "checks": checks}
    return JSONResponse(content, 200 if ready else 503)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(platform: ThePlatform) -> Response:
    """Return the platform's counters in Prometheus' text format."""
    return Response(platform.metrics.render(), media_type=METRICS_CONTENT_TYPE)
