"""What every request passes first and every answer last: request id, limits, headers, metrics, the log line."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from anomaly_detection.infrastructure.logging import request_context
from anomaly_detection.infrastructure.monitoring import Metrics
from anomaly_detection.presentation.api.bodies import check_json, patient, too_large
from anomaly_detection.presentation.api.problems import platform_problem, unexpected_problem
from anomaly_detection.shared.errors import InvalidInput, PlatformError
from anomaly_detection.shared.identity import new_id

_LOGGER = logging.getLogger("anomaly_detection.requests")
_SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})

_SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

_HTTPS_ONLY = "max-age=31536000"
"""Whoever came by HTTPS once comes back by HTTPS only, for a year."""


class Frontier:
    """The outermost layer of the application.

    Parameters
    ----------
    app : ASGI application
        What answers.
    metrics : Metrics
        Where requests are counted.
    max_json_bytes : int
        Largest body that is read into memory.
    is_upload : callable
        Tells by method and path which requests stream their body and bound it themselves.
    """

    def __init__(
        self, app: ASGIApp, metrics: Metrics, max_json_bytes: int, is_upload: Callable[[str, str], bool]
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._max_json_bytes = max_json_bytes
        self._is_upload = is_upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _SANE_REQUEST_ID.fullmatch(given) else new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        with request_context(request_id):
            await self._serve(scope, receive, _Answer(scope, send, request_id))

    async def _serve(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        started = time.perf_counter()
        try:
            _check_address(scope)
            if scope["method"] in _UNSAFE:
                receive = patient(receive)
                if not self._is_upload(scope["method"], scope["path"]):
                    receive = await self._read_body(scope, receive)
            await self._app(scope, receive, answer)
        except ClientDisconnect:
            answer.status = answer.status or 499
        except PlatformError as error:
            if answer.status:
                # An answer is under way: cut it off, so that nobody takes it for whole.
                raise
            await platform_problem(error)(scope, receive, answer)
        except Exception:
            if answer.status:
                raise
            _LOGGER.exception("unexpected error", extra={"method": scope["method"], "path": scope["path"]})
            await unexpected_problem()(scope, receive, answer)
        finally:
            self._record(scope, answer, started)

    async def _read_body(self, scope: Scope, receive: Receive) -> Receive:
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdigit() or int(announced) > self._max_json_bytes:
            raise too_large(self._max_json_bytes)
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            part = message.get("body", b"")
            size += len(part)
            if size > self._max_json_bytes:
                raise too_large(self._max_json_bytes)
            parts.append(part)
            more = message.get("more_body", False)
        body = b"".join(parts)
        check_json(body)
        pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return pending.pop() if pending else await receive()

        return replay

    def _record(self, scope: Scope, answer: _Answer, started: float) -> None:
        template = _template(scope)
        seconds = (answer.first_byte or time.perf_counter()) - started
        method = scope["method"] if scope["method"] in {*_UNSAFE, "GET", "HEAD", "OPTIONS"} else "other"
        self._metrics.request_answered(template, method, answer.status, seconds)
        quiet = scope["path"].startswith(("/health", "/metrics", "/assets"))
        _LOGGER.log(
            logging.DEBUG if quiet else logging.INFO,
            "request",
            # The path without its query: queries may hold one-time tokens.
            extra={
                "method": method,
                "path": scope["path"],
                "status": answer.status,
                "duration_ms": round(seconds * 1000, 1),
            },
        )


class _Answer:
    """The way out: adds our headers to whatever answers, and remembers what was sent."""

    def __init__(self, scope: Scope, send: Send, request_id: str) -> None:
        self._scope = scope
        self._send = send
        self._request_id = request_id
        self.status = 0
        self.first_byte: float | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.first_byte = time.perf_counter()
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self._request_id
            for name, value in _SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            if self._scope["scheme"] == "https":
                headers.setdefault("Strict-Transport-Security", _HTTPS_ONLY)
            if self._scope["path"].startswith(("/api/", "/health", "/metrics")):
                headers.setdefault("Cache-Control", "no-store")
        await self._send(message)


def _template(scope: Scope) -> str:
    """Return the address with names in the place of ids, so that metrics do not grow with the data."""
    if scope.get("route") is None:
        return "unmatched"
    names = {str(value): f"{{{name}}}" for name, value in scope.get("path_params", {}).items()}
    return "/".join(names.get(part, part) for part in scope["path"].split("/"))


def _check_address(scope: Scope) -> None:
    hosts = sum(name == b"host" for name, _ in scope["headers"])
    if hosts > 1 or (hosts == 0 and scope["http_version"] == "1.1"):
        raise InvalidInput(
            f"The request has {hosts} headers Host; it needs one.", code="api.bad_request", hint="Name one host."
        )
    raw: bytes = scope.get("raw_path") or b""
    if b"%00" in raw or b"%00" in scope.get("query_string", b""):
        raise InvalidInput("The address holds the character U+0000.", code="api.invalid_request", hint="Leave it out.")
