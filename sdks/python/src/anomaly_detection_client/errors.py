"""What the server refuses, one class for each way."""

from __future__ import annotations

from typing import Any

import httpx


class ApiError(Exception):
    """An answer of the server that is no success.

    Attributes
    ----------
    status : int
        HTTP status; 0 when no answer came.
    code : str
        Stable identifier, such as ``data.empty_file``.
    message, hint : str
        What happened, and what to do.
    request_id : str
        Names the request in the server's log.
    """

    def __init__(self, message: str, *, status: int = 0, code: str = "", hint: str = "", request_id: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.hint = hint
        self.request_id = request_id

    def __str__(self) -> str:
        tail = f" (code {self.code}, request {self.request_id})" if self.request_id else ""
        return f"{self.message} {self.hint}".strip() + tail


class InvalidInput(ApiError):
    """The data or a value cannot be used (400, 422)."""


class NotSignedIn(ApiError):
    """Nobody is signed in, or the proof is wrong or too old (401)."""


class NotAllowed(ApiError):
    """Signed in, but without the right (403)."""


class NotFound(ApiError):
    """No such thing for this caller (404)."""


class Conflict(ApiError):
    """The state does not allow the call (409)."""


class TooLarge(ApiError):
    """More data than the server takes (413)."""


class TooManyRequests(ApiError):
    """Slow down (429)."""


class ServerError(ApiError):
    """A failure of the server's own (500)."""


class Unavailable(ApiError):
    """The server, or a service that it needs, cannot be reached (503, or no answer)."""


class DetectionFailed(ApiError):
    """The detection ended without a result."""


_BY_STATUS: dict[int, type[ApiError]] = {
    400: InvalidInput,
    401: NotSignedIn,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    422: InvalidInput,
    429: TooManyRequests,
    503: Unavailable,
    507: Unavailable,
}


def error_from(response: httpx.Response) -> ApiError:
    """Return the error that an answer stands for."""
    problem = _problem(response)
    kind = _BY_STATUS.get(response.status_code, ServerError if response.status_code >= 500 else ApiError)
    return kind(
        str(problem.get("detail") or problem.get("title") or f"The server answered {response.status_code}."),
        status=response.status_code,
        code=str(problem.get("code", "")),
        hint=str(problem.get("hint") or _redirection(response)),
        request_id=str(problem.get("request_id") or response.headers.get("X-Request-ID", "")),
    )


def _redirection(response: httpx.Response) -> str:
    place = response.headers.get("Location", "")
    return f"It sends to {place}: give the client the final address." if response.is_redirect and place else ""


def _problem(response: httpx.Response) -> dict[str, Any]:
    if "json" not in response.headers.get("Content-Type", ""):
        return {}
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
