"""Requests as values: what is asked, and what the answer is read as."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote
from uuid import uuid4

from anomaly_detection_client.content import Content
from anomaly_detection_client.download import FileSink
from anomaly_detection_client.errors import InvalidInput
from anomaly_detection_client.flow import Answer

T = TypeVar("T")

_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})
NO_LIMIT = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Generic[T]):
    """One request.

    Attributes
    ----------
    path : str
        Below ``/api/v1/``.
    parse : callable
        Makes the value from an answer that is a success.
    body : bytes or Content or None
        What is sent along.
    sink : FileSink or None
        Where the answer's body is written to.
    held_open : bool
        The answer's body is read as it comes.
    repeatable_for : float
        Seconds in which sending twice does no more than sending once; 0 where it always would.
    signed : bool
        Whether the caller's proof goes along.
    patient : bool
        Whether the answer may take long.
    """

    method: str
    path: str
    parse: Callable[[Answer], T]
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Content | None = None
    sink: FileSink | None = None
    held_open: bool = False
    repeatable_for: float = 0.0
    signed: bool = True
    patient: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list, and where the next one begins."""

    items: list[T]
    next: str | None

    def following(self, request: Request[Page[T]]) -> Request[Page[T]] | None:
        """Return the request for the next page, after the one for this one; None after the last."""
        return None if self.next is None else replace(request, params={**request.params, "after": self.next})


def request_for(
    method: str,
    path: str,
    make: Callable[[Any], T],
    *,
    params: Mapping[str, Any] | None = None,
    body: Any = None,
    repeatable: bool | None = None,
    **more: Any,
) -> Request[T]:
    """Describe a request whose answer is JSON.

    Parameters
    ----------
    make : callable
        Makes the value from the JSON.
    params : mapping, optional
        Of the address; those that are None are left out.
    body : optional
        Sent as JSON.
    repeatable : bool, optional
        By default whether the method is; true for a POST that changes nothing or arrives at the same state again.
    """
    headers = {} if body is None else {"Content-Type": "application/json"}
    again = method in _REPEATABLE if repeatable is None else repeatable
    return Request(
        method=method,
        path=path,
        parse=lambda answer: make(json.loads(answer.body)),
        params=given(params or {}),
        headers={**headers, **more.pop("headers", {})},
        body=more.pop("content", None) if body is None else encoded(body),
        repeatable_for=NO_LIMIT if again else 0.0,
        **more,
    )


def creation(path: str, make: Callable[[Any], T], *, idempotency_key: str | None = None, **more: Any) -> Request[T]:
    """Describe a request that makes something, once, however often it has to be sent.

    Parameters
    ----------
    idempotency_key : str, optional
        By default a new one for each call.
    **more
        As for `request_for`.
    """
    headers = {**more.pop("headers", {}), "Idempotency-Key": idempotency_key or uuid4().hex}
    return request_for("POST", path, make, repeatable=True, headers=headers, **more)


def pages_of(path: str, make: Callable[[Any], T], **params: Any) -> Request[Page[T]]:
    """Describe the request for the first page of a list."""
    return request_for(
        "GET", path, lambda body: Page([make(item) for item in body["items"]], body["next"]), params=params
    )


def done(method: str, path: str, **more: Any) -> Request[None]:
    """Describe a request that is answered with nothing."""
    return replace(request_for(method, path, _nothing, **more), parse=_nothing)


def _nothing(_answer: object) -> None:
    return None


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is not None; moments as text."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
        if value is not None
    }


def part(value: object) -> str:
    """Return a value as one part of a path, whatever characters it has."""
    text = quote(str(value), safe="")
    if text.strip(".") == "":
        raise InvalidInput(
            f"{value!r} is no identifier.", code="client.no_identifier", hint="Give the `id` of the thing."
        )
    return text


def encoded(body: Any) -> bytes:
    """Return a value as JSON.

    Raises
    ------
    InvalidInput
        ``client.not_json``: it holds something that JSON cannot say.
    """
    try:
        return json.dumps(body, default=_plain, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(
            f"The values cannot be sent as JSON: {error}.",
            code="client.not_json",
            hint="Give numbers, text, moments, lists and dictionaries; None for what is missing.",
        ) from error


def _plain(value: Any) -> Any:
    """Return what JSON has for a moment or for numpy's numbers."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is none of JSON's types")
