"""What the server refuses, one class for each way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any


class ApiError(Exception):
    """An answer of the server that is no success.

    Attributes
    ----------
    status : int
        HTTP status; 0 when no answer came.
    code : str
        Stable identifier, such as ``data.empty_file``; those that begin with ``client.`` are this package's own.
    message, hint : str
        What happened, and what to do.
    request_id : str
        Names the request in the server's log.
    errors : tuple of mapping
        Further facts, such as the fields that were refused.
    retry_after : float or None
        Seconds after which the server asks to be tried again.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        code: str = "",
        hint: str = "",
        request_id: str = "",
        errors: tuple[Mapping[str, Any], ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.hint = hint
        self.request_id = request_id
        self.errors = errors
        self.retry_after = retry_after

    def __str__(self) -> str:
        tail = f" (code {self.code}, request {self.request_id})" if self.request_id else ""
        return f"{self.message} {self.hint}".strip() + tail

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r}, status={self.status}, code={self.code!r})"


class InvalidInput(ApiError, ValueError):
    """The data or a value cannot be used (400, 422)."""


class NotSignedIn(ApiError):
    """Nobody is signed in, or the proof is wrong or too old (401)."""


class NotAllowed(ApiError, PermissionError):
    """Signed in, but without the right (403)."""


class NotFound(ApiError, LookupError):
    """No such thing for this caller (404)."""


class Conflict(ApiError):
    """The state does not allow the call (409)."""


class TooLarge(ApiError, ValueError):
    """More data than the server takes (413)."""


class TooManyRequests(ApiError):
    """Slow down (429); `retry_after` says for how long."""


class ServerError(ApiError):
    """A failure of the server's own (500)."""


class MissingExtra(ApiError, ImportError):
    """Something optional is not installed: on the server (501), or beside this package."""


class Unavailable(ApiError, ConnectionError):
    """The server, or a service that it needs, cannot be reached (502, 503, 504, 507, or no answer)."""


class JobFailed(ApiError):
    """What was waited for ended without a result; `code` and `hint` are those of the failure."""

    room = "jobs"


class DetectionFailed(JobFailed):
    """The detection ended without a result."""

    room = "detection"


class TrainingFailed(JobFailed):
    """The training ended without a model."""

    room = "models"


_BY_STATUS: dict[int, type[ApiError]] = {
    400: InvalidInput,
    401: NotSignedIn,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    422: InvalidInput,
    429: TooManyRequests,
    501: MissingExtra,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
    507: Unavailable,
}


def error_of(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """Return the error that an answer stands for; `headers` finds a name in any case."""
    problem = _problem(headers, body)
    kind = _BY_STATUS.get(status, ServerError if status >= 500 else ApiError)
    errors = problem.get("errors")
    return kind(
        str(problem.get("detail") or problem.get("title") or f"The server answered {status}."),
        status=status,
        code=str(problem.get("code", "")),
        hint=str(problem.get("hint") or _redirection(status, headers)),
        request_id=str(problem.get("request_id") or headers.get("X-Request-ID", "")),
        errors=tuple(item for item in errors if isinstance(item, dict)) if isinstance(errors, list) else (),
        retry_after=_retry_after(headers),
    )


def _redirection(status: int, headers: Mapping[str, str]) -> str:
    place = headers.get("Location", "")
    return f"It sends to {place}: give the client the final address." if 300 <= status < 400 and place else ""


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the header Retry-After asks for, which may also name a date."""
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal() and len(value) < 10:
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max((aware - datetime.now(UTC)).total_seconds(), 0.0)


def _problem(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    if "json" not in headers.get("Content-Type", ""):
        return {}
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
