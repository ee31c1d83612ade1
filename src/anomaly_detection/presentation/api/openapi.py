"""The OpenAPI document: how errors look, who must sign in, what may be sent, which the framework does not say by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from anomaly_detection.presentation.api.dependencies import COOKIE, CSRF_HEADER
from anomaly_detection.presentation.api.examples import BODIES
from anomaly_detection.presentation.api.idempotency import KEY_HEADER, REPLAYED_HEADER
from anomaly_detection.presentation.api.problems import MEDIA_TYPE

OPEN_OPERATIONS = frozenset(
    {"sign_in", "refresh_session", "look_at_one_time_token", "liveness", "readiness", "metrics"}
)
"""What can be asked without signing in."""

_TAGS = {
    "sessions": "Signing in and out: cookies for browsers, bearer tokens for programs.",
    "users": "Users, roles and API keys of a tenant.",
    "datasets": "Uploaded data.",
    "detections": "Anomalies in a data set, found by a durable job.",
    "feedback": "What people say about anomalies.",
    "overview": "The state of everything at a glance.",
    "models": "Trained detectors: versions, stages, scoring of new rows.",
    "jobs": "Long work.",
    "algorithms": "What detections and models can be made by.",
    "events": "Changes as they happen.",
    "operation": "For those who run the platform.",
}

_PARAMETERS = {
    "token": "The token of a one-time link.",
    "upload_dataset.name": "What the data set is called; by default like the file.",
    "import_model.name": "What the model is called; one that exists gets a further version.",
    "list_algorithms.kind": "Those for this kind of data alone.",
    "list_datasets.kind": "Data sets of this kind alone.",
    "list_jobs.kind": "Jobs of this kind alone.",
    "status": "Those in this state alone.",
    "algorithm": "Those by this algorithm alone.",
    "dataset_id": "Those of this data set alone.",
    "detection_id": "Those of this detection alone.",
    "model_id": "Those by this model alone.",
    "rows": "How many rows.",
    "bins": "How many bars the histogram has.",
}
"""What parameters mean that do not say it themselves, by name or by operation and name."""

_REFUSALS = {
    400: "The body is no JSON document.",
    401: "Nobody is signed in, or the proof does not hold.",
    403: "The role, or the kind of proof, does not allow this.",
    404: "There is no such thing for this caller.",
    408: "The body stopped coming.",
    409: "The state of the thing, or another request, does not allow this now.",
    413: "The body is larger than allowed.",
    422: "A value cannot be used.",
    429: "Too many requests; Retry-After says when to come back.",
    503: "Something that is needed, such as the database, cannot be used now.",
    507: "The disk is full.",
}

_CONFLICTS = frozenset(
    {
        "change_user",
        "delete_user",
        "delete_dataset",
        "start_detection",
        "delete_detection",
        "choose_threshold",
        "get_result",
        "list_anomalies",
        "get_anomaly",
        "get_series",
        "get_distribution",
        "get_scatter",
        "get_importance",
        "export_result",
        "give_feedback",
        "promote_model_version",
        "archive_model_version",
        "delete_model_version",
        "delete_model",
        "download_model",
        "score_rows",
    }
)
"""What the state of things may refuse; besides these everything that takes an idempotency key."""


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
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    for operation in operations:
        _complete(operation)
    used = {tag for operation in operations for tag in operation.get("tags", [])}
    document["tags"] = [{"name": name, "description": text} for name, text in _TAGS.items() if name in used]
    return document


def _complete(operation: dict[str, Any]) -> None:
    if operation["operationId"] not in OPEN_OPERATIONS:
        operation["security"] = [{"bearer": []}, {"cookie": []}]
    # The server's own transport sends it; nobody chooses it.
    parameters = [item for item in operation.get("parameters", []) if item["name"] != "content-length"]
    if parameters:
        operation["parameters"] = parameters
    for parameter in parameters:
        name = parameter["name"]
        if parameter["in"] == "path":
            words = name.removesuffix("_id").replace("_", " ").replace("api", "API")
            parameter.setdefault("description", f"The id of the {words}.")
        elif "description" not in parameter:
            said = _PARAMETERS.get(f"{operation['operationId']}.{name}", _PARAMETERS.get(name, ""))
            parameter["description"] = said
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        bodies = BODIES.get(operation["operationId"], {})
        if kind == "application/json" and bodies:
            content["examples"] = {name: {"value": value} for name, value in bodies.items()}
    responses = operation["responses"]
    if any(parameter["name"] == KEY_HEADER for parameter in parameters):
        made = next(answer for status, answer in responses.items() if status.startswith("2"))
        made["headers"] = {
            **made.get("headers", {}),
            REPLAYED_HEADER: {
                "description": "`true` where an earlier request with the same key made it.",
                "schema": {"type": "string", "enum": ["true"]},
            },
        }
    responses.pop("422", None)
    for status in _refusals(operation):
        responses.setdefault(str(status), _problem(_REFUSALS[status]))
    responses["default"] = _problem("Any other problem.")


def _refusals(operation: dict[str, Any]) -> list[int]:
    """Return the statuses with which an operation may refuse a request."""
    name, parameters = operation["operationId"], operation.get("parameters", [])
    kinds = operation.get("requestBody", {}).get("content", {})
    places = {parameter["in"] for parameter in parameters}
    secured, keyed = name not in OPEN_OPERATIONS, any(parameter["name"] == KEY_HEADER for parameter in parameters)
    refers = "path" in places or name in {"start_detection", "train_model", "give_feedback"}
    reasons = {
        400: "application/json" in kinds,
        401: secured or operation.get("tags") == ["sessions"],
        403: secured or name == "refresh_session",
        404: refers,
        408: bool(kinds),
        409: keyed or name in _CONFLICTS,
        413: bool(kinds),
        422: bool(kinds or parameters),
        429: secured or operation.get("tags") == ["sessions"],
        503: operation.get("tags") != ["operation"],
        507: "application/octet-stream" in kinds,
    }
    return [status for status, holds in reasons.items() if holds]


def _problem(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
