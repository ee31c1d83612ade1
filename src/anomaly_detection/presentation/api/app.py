"""The application: routers, errors and the frontier around them."""

from __future__ import annotations

from importlib.metadata import version

from anyio import CapacityLimiter
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse

from anomaly_detection.configurations.basic.composition import Platform
from anomaly_detection.configurations.basic.datasets import READERS
from anomaly_detection.presentation.api import health, openapi, problems
from anomaly_detection.presentation.api.frontier import Frontier
from anomaly_detection.presentation.api.limits import RequestLimits
from anomaly_detection.presentation.api.reference import render
from anomaly_detection.presentation.api.v1 import (
    algorithms,
    anomalies,
    api_keys,
    datasets,
    detections,
    events,
    feedback,
    jobs,
    models,
    overview,
    results,
    roles,
    scoring,
    sessions,
    users,
)
from anomaly_detection.presentation.api.v1.schemas.common import Problem
from anomaly_detection.presentation.web import Dashboard

PREFIX = "/api/v1"
_DESCRIPTION = (
    "Upload data, detect anomalies as durable jobs, look at results, move the threshold without a refit. "
    "Errors are problem documents (RFC 9457) with a stable code; times are UTC; lists page by cursor."
)
_UPLOADS = frozenset({f"{PREFIX}/datasets", f"{PREFIX}/models/import"})
_ROUTERS = (
    # Routes are tried in this order: the one that other programs call all day comes first.
    scoring.router,
    sessions.router,
    users.router,
    roles.router,
    api_keys.router,
    datasets.router,
    detections.router,
    results.router,
    anomalies.router,
    feedback.router,
    overview.router,
    models.router,
    jobs.router,
    algorithms.router,
    events.router,
)


def create_app(platform: Platform) -> FastAPI:
    """Return the application that serves a platform."""
    app = describe_app()
    app.state.platform = platform
    app.state.limits = RequestLimits(
        requests_per_minute=platform.settings.requests_per_minute,
        sign_ins_per_minute=platform.settings.sign_ins_per_minute,
    )
    app.state.readers = CapacityLimiter(READERS)
    app.state.large_bodies = CapacityLimiter(scoring.LARGE_AT_ONCE)
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=4)
    app.add_middleware(
        Frontier,
        metrics=platform.metrics,
        max_json_bytes=platform.settings.max_json_bytes,
        is_upload=_bounds_its_body,
    )
    app.router.default = Dashboard()
    return app


def _bounds_its_body(method: str, path: str) -> bool:
    """Tell which requests read their body themselves, with a limit of their own."""
    if method != "POST":
        return False
    return path in _UPLOADS or (path.startswith(f"{PREFIX}/models/") and path.endswith("/score"))


def describe_app() -> FastAPI:
    """Return the application without a platform: what the OpenAPI document is made from."""
    app = FastAPI(
        title="Anomaly Detection Platform",
        version=version("anomaly-detection"),
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
        responses={"default": {"model": Problem, "description": "A problem document."}},
    )
    problems.install(app)
    v1 = APIRouter(prefix=PREFIX)
    for router in _ROUTERS:
        v1.include_router(router)
    app.include_router(v1)
    app.include_router(health.router)
    openapi.install(app)

    @app.get("/api/docs", include_in_schema=False)
    def reference() -> HTMLResponse:
        return HTMLResponse(render(app.openapi()))

    return app


def _operation_id(route: APIRoute) -> str:
    return route.name
