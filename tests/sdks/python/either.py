"""The two clients, used in the same way by the same test."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from typing import Any

import anomaly_detection_client as sdk


class Either:
    """Makes clients of one kind and gets the values of their calls.

    Parameters
    ----------
    awaiting : bool
        Whether calls are awaited.
    """

    def __init__(self, *, awaiting: bool) -> None:
        self.runner = asyncio.Runner() if awaiting else None
        self._clients: list[Any] = []

    def client(self, url: str, **options: Any) -> Any:
        client = (sdk.Client if self.runner is None else sdk.AsyncClient)(url, **options)
        self._clients.append(client)
        return client

    def get(self, result: Any, most: int | None = None) -> Any:
        """Return the value of a call; the items of one that yields them, or the first few."""
        if self.runner is None:
            return list(islice(result, most)) if isinstance(result, Iterator) else result
        if isinstance(result, AsyncIterator):
            return self.runner.run(_collected(result, most))
        return self.runner.run(result) if inspect.iscoroutine(result) else result

    def at_once(self, calls: list[Callable[[], Any]]) -> list[Any]:
        """Make calls at the same time, in threads or in tasks; return their values, or the errors that they raised."""
        if self.runner is None:
            return _in_threads(calls)

        async def gathered() -> list[Any]:
            return list(await asyncio.gather(*(call() for call in calls), return_exceptions=True))

        return self.runner.run(gathered())

    def close(self) -> None:
        for client in self._clients:
            self.get(client.close())
        if self.runner is not None:
            self.runner.close()


async def _collected(items: AsyncIterator[Any], most: int | None) -> list[Any]:
    found: list[Any] = []
    async for item in items:
        found.append(item)
        if most is not None and len(found) >= most:
            await items.aclose()  # type: ignore[attr-defined]
            break
    return found


def _in_threads(calls: list[Callable[[], Any]]) -> list[Any]:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(call) for call in calls]
        return [future.exception() or future.result() for future in futures]
