"""Requests at given moments over a few kept connections, with as little work of our own as can be, and their latencies.

The moments are fixed before the first request: a slow answer delays no later request, and each latency counts from the moment
at which its request was due. So a server that stalls is seen to stall by everybody who would have come meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np

SPIN_SECONDS = 0.0015
"""Timers wake up to a millisecond late: the last moments are waited for without one."""


@dataclass
class Outcome:
    """What became of the requests: latencies in ms, and how often something else than 200 came."""

    latencies_ms: list[float] = field(default_factory=list)
    errors: int = 0
    seconds: float = 0.0

    def percentile(self, share: float) -> float:
        return float(np.percentile(self.latencies_ms, share)) if self.latencies_ms else float("nan")

    def __str__(self) -> str:
        return f"{len(self.latencies_ms)} requests, slowest {max(self.latencies_ms, default=0):.0f} ms, {self.errors} errors"


def request_bytes(url: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """Return a request as it goes over the wire; a POST where there is a body."""
    lines = [
        f"{'POST' if body else 'GET'} {path} HTTP/1.1",
        f"Host: {urlsplit(url).netloc}",
        f"Content-Length: {len(body)}",
    ]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Connections:
    """Connections to one server, each kept for the next request."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = str(parts.hostname), int(parts.port or 80)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def send(self, request: bytes) -> tuple[int, bytes]:
        """Send one request; return the status and the body of its answer."""
        reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection(self._host, self._port)
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        if "transfer-encoding: chunked" in head:
            body = b""
            while size := int(await reader.readline(), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readline()
        else:
            length = head.partition("content-length:")[2].partition("\r\n")[0]
            body = await reader.readexactly(int(length or 0))
        self._idle.append((reader, writer))
        return int(head.split(" ", 2)[1]), body

    async def close(self) -> None:
        for _, writer in self._idle:
            writer.close()
            await writer.wait_closed()


def arrivals(per_second: float, seconds: float, seed: int = 0) -> list[float]:
    """Return the moments of a Poisson process: callers who know nothing of each other."""
    rng = np.random.default_rng(seed)
    gaps = rng.exponential(1 / per_second, int(per_second * seconds * 1.5) + 10)
    moments = np.cumsum(gaps)
    return [float(moment) for moment in moments[moments < seconds]]


def at_moments(url: str, requests: Sequence[bytes], moments: Sequence[float], *, limit_seconds: float) -> Outcome:
    """Send requests, in turn, at moments in seconds from now; give up what is unanswered after the limit."""
    return asyncio.run(_at_moments(url, requests, moments, limit_seconds))


async def _at_moments(url: str, requests: Sequence[bytes], moments: Sequence[float], limit_seconds: float) -> Outcome:
    connections, outcome, tasks = Connections(url), Outcome(), []
    start = time.perf_counter() + 0.05

    async def one(request: bytes, due: float) -> None:
        try:
            status, _ = await connections.send(request)
        except (OSError, asyncio.IncompleteReadError):
            status = 0
        if status == 200:
            outcome.latencies_ms.append(1e3 * (time.perf_counter() - due))
        else:
            outcome.errors += 1

    for number, moment in enumerate(moments):
        due = start + moment
        await asyncio.sleep(max(due - time.perf_counter() - SPIN_SECONDS, 0))
        while time.perf_counter() < due:
            await asyncio.sleep(0)
        tasks.append(asyncio.create_task(one(requests[number % len(requests)], due)))
    if tasks:
        _, unanswered = await asyncio.wait(tasks, timeout=limit_seconds)
        for task in unanswered:
            task.cancel()
        outcome.errors += len(unanswered)
        await asyncio.gather(*tasks, return_exceptions=True)
    outcome.seconds = time.perf_counter() - start
    await connections.close()
    return outcome


def one_after_the_other(url: str, request: bytes, times: int) -> Outcome:
    """Send the same request again and again, each after the answer to the one before."""
    return asyncio.run(_one_after_the_other(url, request, times))


async def _one_after_the_other(url: str, request: bytes, times: int) -> Outcome:
    connections, outcome = Connections(url), Outcome()
    for _ in range(times):
        started = time.perf_counter()
        status, body = await asyncio.wait_for(connections.send(request), 120)
        if status != 200:
            raise RuntimeError(f"a measured request was answered {status}: {body[:500].decode(errors='replace')}")
        outcome.latencies_ms.append(1e3 * (time.perf_counter() - started))
    await connections.close()
    return outcome
