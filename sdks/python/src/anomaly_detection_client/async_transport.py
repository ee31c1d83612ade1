"""Carries the steps of flows out by awaiting them; for asyncio."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, TypeVar

import httpx

from anomaly_detection_client.content import Content
from anomaly_detection_client.core import Core
from anomaly_detection_client.errors import ApiError
from anomaly_detection_client.flow import Alone, Answer, Flow, Lost, Pause, Send, Step
from anomaly_detection_client.request import Page, Request
from anomaly_detection_client.wire import LIMITS, LOST, Wire, refused

T = TypeVar("T")


class AsyncTransport:
    """Awaits each step. May be used by several tasks of one event loop at once; files are read and written in threads.

    Parameters
    ----------
    core : Core
        What all calls share.
    wire : Wire
        Where to, and how patiently.
    transport : httpx.AsyncBaseTransport, optional
        For a proxy or certificates of your own.
    """

    def __init__(self, core: Core, wire: Wire, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.core = core
        self.wire = wire
        self._http = httpx.AsyncClient(transport=transport or httpx.AsyncHTTPTransport(limits=LIMITS), **wire.options())
        self._lock = asyncio.Lock()

    async def run(self, flow: Flow[T]) -> T:
        """Carry a flow out; return what it returns."""
        result: Any = None
        with contextlib.closing(flow):
            while True:
                try:
                    step = flow.send(result)
                except StopIteration as end:
                    value: T = end.value
                    return value
                result = await self._do(step)

    async def perform(self, request: Request[T]) -> T:
        """Return the value of one request."""
        return await self.run(self.core.exchange(request))

    async def pages(self, first: Request[Page[T]]) -> AsyncIterator[T]:
        """Yield the items of a list, fetching page after page as they are read."""
        request: Request[Page[T]] | None = first
        while request is not None:
            page = await self.perform(request)
            for item in page.items:
                yield item
            request = page.following(request)

    async def lines(self, request: Request[Answer]) -> AsyncIterator[str]:
        """Yield the lines of an answer as they come."""
        answer = await self.perform(request)
        async with contextlib.aclosing(answer.stream):
            try:
                async for line in answer.stream.aiter_lines():
                    yield line
            except LOST as error:
                raise self.wire.lost(error).error from error

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _do(self, step: Step) -> Any:
        if isinstance(step, Pause):
            return await asyncio.sleep(step.seconds)
        if isinstance(step, Alone):
            async with self._lock:
                try:
                    return await self.run(step.flow)
                except ApiError as error:
                    return error
        return await self._send(step)

    async def _send(self, send: Send) -> Answer | Lost:
        try:
            body = self._chunks(send.body) if isinstance(send.body, Content) else send.body
            request = self._http.build_request(**self.wire.request(send), content=body)
            response = await self._http.send(request, stream=True)
            try:
                return await self._read(send, response)
            finally:
                if not send.held_open:
                    await response.aclose()
        except LOST as error:
            return self.wire.lost(error)

    async def _read(self, send: Send, response: httpx.Response) -> Answer:
        if not response.is_success:
            await response.aread()
            return refused(response)
        if send.held_open:
            return Answer(response.status_code, response.headers, b"", response)
        if send.sink is None:
            return Answer(response.status_code, response.headers, await response.aread())
        send.sink.begin(self.wire.size_of(response))
        async for chunk in response.aiter_bytes():
            await asyncio.to_thread(send.sink.write, chunk)
            send.sink.tell()
        return Answer(response.status_code, response.headers, b"")

    async def _chunks(self, content: Content) -> AsyncIterator[bytes]:
        sent, chunks = 0, content.chunks()
        while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
            yield chunk
            sent += len(chunk)
            content.tell(sent)
