"""What happens, as it happens."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, overload

from anomaly_detection_client.async_transport import AsyncTransport
from anomaly_detection_client.decoding import answers_only
from anomaly_detection_client.flow import Answer
from anomaly_detection_client.operations import Awaiting, Blocking, M, Resource
from anomaly_detection_client.request import NO_LIMIT, Request
from anomaly_detection_client.values.datasets import DatasetSummary
from anomaly_detection_client.values.detections import Detection, Feedback
from anomaly_detection_client.values.models import ModelVersion

_KINDS: dict[str, Any] = {
    "detection": Detection,
    "model": ModelVersion,
    "dataset": DatasetSummary,
    "feedback": Feedback,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that changed.

    Attributes
    ----------
    kind : {"detection", "model", "dataset", "feedback"}
        What changed.
    value : Detection, ModelVersion, DatasetSummary or Feedback
        How it is now; the JSON itself where a later server sends something else.
    """

    kind: str
    value: Any


class EventReader:
    """Makes events from the lines of a stream."""

    def __init__(self) -> None:
        self._kind = ""
        self._data: list[str] = []

    def read(self, line: str) -> Event | None:
        """Take the next line; return the event that it ends, if it ends one."""
        if line.startswith("event:"):
            self._kind = line.removeprefix("event:").strip()
        elif line.startswith("data:"):
            self._data.append(line.removeprefix("data:").removeprefix(" "))
        elif line == "" and self._data:
            return self._taken()
        return None

    def _taken(self) -> Event:
        kind, text = self._kind, "\n".join(self._data)
        self._kind, self._data = "", []
        known = _KINDS.get(kind)
        with answers_only(f"The event {kind!r}"):
            body = json.loads(text)
            return Event(kind=kind, value=body if known is None else known.of(body))


def stream() -> Request[Answer]:
    """Describe the request whose answer goes on as long as the session."""
    return Request(
        method="GET",
        path="events",
        parse=lambda answer: answer,
        headers={"Accept": "text/event-stream"},
        held_open=True,
        repeatable_for=NO_LIMIT,
    )


class Events(Resource[M]):
    """Changes of what the tenant has."""

    @overload
    def listen(self: Events[Blocking]) -> Iterator[Event]: ...
    @overload
    def listen(self: Events[Awaiting]) -> AsyncIterator[Event]: ...
    def listen(self: Events[Any]) -> Iterator[Event] | AsyncIterator[Event]:
        """Yield events as they come, until the server ends the stream: with the session, or when it stops.

        What happens while nobody listens is not repeated: read what you need after the first event stream has begun, and
        again after each further one.

        Raises
        ------
        Unavailable
            The connection broke.
        TooManyRequests
            ``api.too_many_streams``.
        """
        transport = self.transport
        if isinstance(transport, AsyncTransport):
            return _awaited(transport.lines(stream()))
        return _read(transport.lines(stream()))


def _read(lines: Iterator[str]) -> Iterator[Event]:
    reader = EventReader()
    for line in lines:
        if (event := reader.read(line)) is not None:
            yield event


async def _awaited(lines: AsyncIterator[str]) -> AsyncIterator[Event]:
    reader = EventReader()
    async for line in lines:
        if (event := reader.read(line)) is not None:
            yield event
