"""Where requests go, how patiently, and what becomes of those that are lost: what both transports say to httpx."""

from __future__ import annotations

from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from anomaly_detection_client.errors import ApiError, InvalidInput, Unavailable
from anomaly_detection_client.flow import Answer, Lost, Send
from anomaly_detection_client.version import __version__

_CONNECT_SECONDS = 10.0
_PATIENT_SECONDS = 600.0
# Shorter than the server keeps an idle connection, so that none is used that is just being closed.
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=15.0)
LOST = (httpx.RequestError, httpx.InvalidURL)
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Wire:
    """Where to, and how patiently.

    Parameters
    ----------
    url : str
        Address of the server.
    timeout : float
        Seconds to wait for an answer to begin or to go on.
    """

    def __init__(self, url: str, timeout: float) -> None:
        try:
            address = httpx.URL(url.rstrip("/"))
        except (httpx.InvalidURL, TypeError) as error:
            raise _no_address(url) from error
        if address.scheme not in {"http", "https"} or not address.host:
            raise _no_address(url)
        self.timeout = timeout
        self._base = address
        # For messages: an address may hold a password.
        self.shown = str(address.copy_with(username=None, password=None, query=None))

    def options(self) -> dict[str, Any]:
        """Return the options of an httpx client."""
        return {
            "base_url": f"{self._base}/api/v1/",
            "timeout": self._timeout(self.timeout),
            "headers": {"User-Agent": f"anomaly-detection-client/{__version__}"},
            # Cookies are for browsers; a program proves itself by its token alone.
            "cookies": CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        }

    def request(self, send: Send) -> dict[str, Any]:
        """Return a request as httpx builds it, without its body."""
        wanted: dict[str, Any] = {
            "method": send.method,
            "url": send.path,
            "params": send.params,
            "headers": send.headers,
        }
        if send.patient:
            wanted["timeout"] = self._timeout(max(self.timeout, _PATIENT_SECONDS))
        return wanted

    def lost(self, error: httpx.RequestError | httpx.InvalidURL) -> Lost:
        """Return what became of a request that was not answered.

        Raises
        ------
        ApiError
            ``client.not_sent``: it is no request that could ever be sent.
        """
        if isinstance(error, httpx.LocalProtocolError | httpx.InvalidURL):
            raise ApiError(
                f"The request could not be sent: {error}.",
                code="client.not_sent",
                hint="Look at its address and its headers.",
            ) from error
        unreachable = Unavailable(
            f"The server at {self.shown} does not answer ({type(error).__name__}).",
            code="client.unreachable",
            hint="Is it running? Start one with: anomaly-detection serve",
        )
        unreachable.__cause__ = error
        return Lost(unreachable, sent=not isinstance(error, _UNSENT))

    def size_of(self, response: httpx.Response) -> int | None:
        """Return the bytes of an answer, where it tells them."""
        length = response.headers.get("Content-Length", "")
        packed = response.headers.get("Content-Encoding", "identity") != "identity"
        return int(length) if length.isdecimal() and not packed else None

    def _timeout(self, seconds: float) -> httpx.Timeout:
        return httpx.Timeout(seconds, connect=min(self.timeout, _CONNECT_SECONDS))


def refused(response: httpx.Response) -> Answer:
    """Return an answer that is no success, after it was read."""
    return Answer(response.status_code, response.headers, response.content)


def _no_address(url: object) -> InvalidInput:
    shown = url.rpartition("@")[2] if isinstance(url, str) else type(url).__name__
    return InvalidInput(
        f"{shown!r} is no address of a server.",
        code="client.invalid_address",
        hint="Give one such as http://127.0.0.1:8000.",
    )
