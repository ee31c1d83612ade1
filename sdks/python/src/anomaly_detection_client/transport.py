"""One request at a time, with the caller's proof and one kind of error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import httpx

from anomaly_detection_client.errors import ApiError, Unavailable, error_from

T = TypeVar("T")


class Transport:
    """Sends requests to the server's ``/api/v1``."""

    def __init__(self, url: str, *, token: str, timeout: float, retries: int) -> None:
        self.token = token
        self._http = httpx.Client(
            base_url=f"{url.rstrip('/')}/api/v1/",
            timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0)),
            transport=httpx.HTTPTransport(retries=retries),
        )

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        content: Iterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send one request and return its answer.

        Raises
        ------
        ApiError
            The answer is no success, or none came.
        """
        proof = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        given = {name: value for name, value in (params or {}).items() if value is not None}
        try:
            response = self._http.request(
                method, path, params=given, json=json, content=content, headers={**proof, **(headers or {})}
            )
        except httpx.LocalProtocolError as error:
            raise ApiError(
                f"The request could not be sent: {error}.",
                code="client.not_sent",
                hint="A file that is uploaded must not change meanwhile.",
            ) from error
        except httpx.RequestError as error:
            raise Unavailable(
                f"The server at {self._http.base_url.copy_with(path='/')} does not answer ({type(error).__name__}).",
                code="client.unreachable",
                hint="Is it running? Start one with: anomaly-detection serve",
            ) from error
        # The cookie is for browsers; a program proves itself by its token alone.
        self._http.cookies.clear()
        if response.is_success:
            return response
        raise error_from(response)

    def read(self, method: str, path: str, make: Callable[[Any], T], **request: Any) -> T:
        """Send one request (`send` says how) and make a value from the JSON of its answer.

        Raises
        ------
        ApiError
            As for `send`; ``client.unexpected_answer`` where a success is not what the platform answers.
        """
        response = self.send(method, path, **request)
        try:
            return make(response.json())
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ApiError(
                f"The answer to {method} {response.url.path} is not one of the Anomaly Detection Platform's.",
                status=response.status_code,
                code="client.unexpected_answer",
                hint="Does the address name the platform itself, and is the client as new as the server?",
                request_id=response.headers.get("X-Request-ID", ""),
            ) from error

    def pages(self, path: str, make: Callable[[Mapping[str, Any]], T], params: Mapping[str, Any]) -> Iterator[T]:
        """Yield the items of a list, fetching page after page as they are read."""
        after: str | None = None
        while True:
            items, after = self.read(
                "GET",
                path,
                lambda body: ([make(item) for item in body["items"]], body["next"]),
                params={**params, "after": after},
            )
            yield from items
            if after is None:
                return

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
