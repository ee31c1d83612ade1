"""Every error as a problem document (RFC 9457); the one table from error families to HTTP status."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from anomaly_detection.infrastructure.logging import current_request_id
from anomaly_detection.shared.errors import (
    Cancelled,
    Conflict,
    InvalidInput,
    MissingExtra,
    NotAllowed,
    NotFound,
    NotSignedIn,
    PlatformError,
    TooLarge,
    TooManyRequests,
    Unavailable,
)

MEDIA_TYPE = "application/problem+json"

_LOGGER = logging.getLogger(__name__)

_STATUS_OF_FAMILY: tuple[tuple[type[PlatformError], int], ...] = (
    (NotSignedIn, 401),
    (NotAllowed, 403),
    (NotFound, 404),
    (Conflict, 409),
    (Cancelled, 409),
    (TooLarge, 413),
    (InvalidInput, 422),
    (TooManyRequests, 429),
    (MissingExtra, 501),
    (Unavailable, 503),
)
# Where the same error means something else over HTTP: an unknown name inside a body is no missing address.
_STATUS_OF_CODE = {
    "api.bad_request": 400,
    "api.malformed_json": 400,
    "detection.unknown_algorithm": 422,
    "platform.disk_full": 507,
    "api.body_too_slow": 408,
}

_HEADERS = {401: {"WWW-Authenticate": "Bearer"}, 408: {"Connection": "close"}, 503: {"Retry-After": "5"}}

_ROUTING = {
    400: ("api.bad_request", "The request cannot be understood."),
    404: ("api.not_found", "There is nothing at this address."),
    405: ("api.method_not_allowed", "This address does not take this method."),
}


def status_of(error: PlatformError) -> int:
    """Return the HTTP status of a platform error."""
    if error.code in _STATUS_OF_CODE:
        return _STATUS_OF_CODE[error.code]
    return next((status for family, status in _STATUS_OF_FAMILY if isinstance(error, family)), 500)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    hint: str = "",
    errors: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem document as an answer."""
    document = {
        "type": f"urn:anomaly-detection:error:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "hint": hint,
        "request_id": current_request_id(),
        "errors": list(errors),
    }
    # Messages repeat what was sent: characters that UTF-8 cannot carry are escaped, and never an error of their own.
    body = json.dumps(document, default=str).encode()
    return Response(body, status, dict(headers or {}), MEDIA_TYPE)


def platform_problem(error: PlatformError) -> Response:
    """Return the answer to an error that was raised on purpose."""
    status = status_of(error)
    headers = dict(_HEADERS.get(status, {}))
    if "retry_after_seconds" in error.details:
        headers["Retry-After"] = str(math.ceil(error.details["retry_after_seconds"]))
    if status >= 500:
        _LOGGER.warning("the platform cannot serve a request", extra={"code": error.code, "error": error.message})
    errors = [{"field": str(error.details.get("parameter", "")), **error.details}] if error.details else []
    return problem(status, error.code, error.message, hint=error.hint, errors=errors, headers=headers)


def unexpected_problem() -> Response:
    """Return the answer to an error that nobody foresaw: the log has the details, the answer has none."""
    return problem(
        500,
        "platform.internal",
        "Something went wrong on our side.",
        hint="Try again; if it stays, report it with the request id, under which the server's log says more.",
    )


def install(app: FastAPI) -> None:
    """Answer all errors of an application with problem documents."""

    async def on_platform_error(_request: Request, error: Exception) -> Response:
        assert isinstance(error, PlatformError)
        return platform_problem(error)

    async def on_validation_error(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return _validation_problem(error)

    async def on_http_error(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code, detail = _ROUTING.get(error.status_code, ("api.refused", "The request was refused."))
        return problem(error.status_code, code, detail, headers=error.headers)

    app.add_exception_handler(PlatformError, on_platform_error)
    app.add_exception_handler(RequestValidationError, on_validation_error)
    app.add_exception_handler(HTTPException, on_http_error)


def _validation_problem(error: RequestValidationError) -> Response:
    errors = [
        {"field": ".".join(str(part) for part in item["loc"]), "message": item["msg"], "type": item["type"]}
        for item in error.errors()
    ]
    if any(item["type"] == "json_invalid" for item in errors):
        return problem(400, "api.malformed_json", "The body is no JSON document.", errors=errors)
    first = errors[0]
    return problem(
        422, "api.invalid_request", f"{first['field']}: {first['message']}.", hint="See errors[].", errors=errors
    )
