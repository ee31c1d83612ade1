"""Carries the steps of flows out, with blocking calls."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any, TypeVar

import httpx

from anomaly_detection_client.content import Content
from anomaly_detection_client.core import Core
from anomaly_detection_client.errors import ApiError
from anomaly_detection_client.flow import Alone, Answer, Flow, Lost, Pause, Send, Step
from anomaly_detection_client.request import Page, Request
from anomaly_detection_client.wire import LIMITS, LOST, Wire, refused

T = TypeVar("T")


class Transport:
    """Blocks until a step is done. May be used by several threads at once.

    Parameters
    ----------
    core : Core
        What all calls share.
    wire : Wire
        Where to, and how patiently.
    transport : httpx.BaseTransport, optional
        For a proxy or certificates of your own.
    """

    def __init__(self, core: Core, wire: Wire, transport: httpx.BaseTransport | None = None) -> None:
        self.core = core
        self.wire = wire
        self._http = httpx.Client(transport=transport or httpx.HTTPTransport(limits=LIMITS), **wire.options())
        self._lock = threading.Lock()

    def run(self, flow: Flow[T]) -> T:
        """Carry a flow out; return what it returns."""
        result: Any = None
        with contextlib.closing(flow):
            while True:
                try:
                    step = flow.send(result)
                except StopIteration as end:
                    value: T = end.value
                    return value
                result = self._do(step)

    def perform(self, request: Request[T]) -> T:
        """Return the value of one request."""
        return self.run(self.core.exchange(request))

    def pages(self, first: Request[Page[T]]) -> Iterator[T]:
        """Yield the items of a list, fetching page after page as they are read."""
        request: Request[Page[T]] | None = first
        while request is not None:
            page = self.perform(request)
            yield from page.items
            request = page.following(request)

    def lines(self, request: Request[Answer]) -> Iterator[str]:
        """Yield the lines of an answer as they come."""
        answer = self.perform(request)
        with contextlib.closing(answer.stream):
            try:
                yield from answer.stream.iter_lines()
            except LOST as error:
                raise self.wire.lost(error).error from error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _do(self, step: Step) -> Any:
        if isinstance(step, Pause):
            return time.sleep(step.seconds)
        if isinstance(step, Alone):
            with self._lock:
                try:
                    return self.run(step.flow)
                except ApiError as error:
                    return error
        return self._send(step)

    def _send(self, send: Send) -> Answer | Lost:
        try:
            body = self._chunks(send.body) if isinstance(send.body, Content) else send.body
            response = self._http.send(self._http.build_request(**self.wire.request(send), content=body), stream=True)
            try:
                return self._read(send, response)
            finally:
                if not send.held_open:
                    response.close()
        except LOST as error:
            return self.wire.lost(error)

    def _read(self, send: Send, response: httpx.Response) -> Answer:
        if not response.is_success:
            response.read()
            return refused(response)
        if send.held_open:
            return Answer(response.status_code, response.headers, b"", response)
        if send.sink is None:
            return Answer(response.status_code, response.headers, response.read())
        send.sink.begin(self.wire.size_of(response))
        for chunk in response.iter_bytes():
            send.sink.write(chunk)
            send.sink.tell()
        return Answer(response.status_code, response.headers, b"")

    def _chunks(self, content: Content) -> Iterator[bytes]:
        sent = 0
        for chunk in content.chunks():
            yield chunk
            sent += len(chunk)
            content.tell(sent)
