"""The OpenAPI document: how errors look and who must sign in, which the framework does not say by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from anomaly_detection.presentation.api.dependencies import COOKIE, CSRF_HEADER
from anomaly_detection.presentation.api.problems import MEDIA_TYPE

OPEN_OPERATIONS = frozenset(
    {"sign_in", "refresh_session", "look_at_one_time_token", "liveness", "readiness", "metrics"}
)
"""What can be asked without signing in."""


def install(app: FastAPI) -> None:
    """Let the application describe itself completely."""
    framework: Callable[[], dict[str, Any]] = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(framework())
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "An access token of a session, or an API key (`adk_...`).",
        },
        "cookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": COOKIE,
            "description": f"For browsers. Unsafe methods need the header {CSRF_HEADER} as well.",
        },
    }
    problem = {"description": "A problem document.", "content": {MEDIA_TYPE: {"schema": _reference("Problem")}}}
    for methods in document["paths"].values():
        for operation in methods.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = problem
            if operation["operationId"] not in OPEN_OPERATIONS:
                operation["security"] = [{"bearer": []}, {"cookie": []}]
    return document


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
