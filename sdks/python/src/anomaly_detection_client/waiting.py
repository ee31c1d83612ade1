"""Waiting for what runs on the server, by asking again and again.

Asking needs no open stream, passes every proxy and outlives a restart of the server. The pauses grow from 50 ms to 1 s.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias, TypeVar

from anomaly_detection_client.core import Core
from anomaly_detection_client.errors import JobFailed, TooManyRequests, Unavailable
from anomaly_detection_client.flow import Flow, Pause
from anomaly_detection_client.request import Request
from anomaly_detection_client.values.work import Work

ProgressTold: TypeAlias = Callable[[float, str], None]
"""Is called with a fraction in [0, 1] and the name of the stage."""
W = TypeVar("W", bound=Work)

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0


def ended(
    core: Core,
    look: Request[W],
    *,
    what: str,
    failed: type[JobFailed],
    timeout: float,
    progress: ProgressTold | None,
) -> Flow[W]:
    """Ask until something has succeeded.

    Parameters
    ----------
    look : Request
        Asks for it.
    what : str
        Its name in messages, such as ``Detection 42``.
    failed : type
        What is raised where it ended otherwise.
    timeout : float
        Seconds to wait at most.
    progress : callable or None
        Told when the progress changes.
    """
    end, pause, seen = time.monotonic() + timeout, _FIRST_PAUSE, None
    while True:
        found = yield from _seen(core, look, until=end)
        state = ("", 0.0) if found.progress is None else (found.progress.stage, found.progress.fraction)
        if progress is not None and state != seen:
            progress(state[1], state[0])
        seen = state
        if found.ended:
            return _succeeded(found, what, failed)
        if time.monotonic() + pause > end:
            raise TimeoutError(f"{what} has not ended within {timeout:g} seconds; it goes on.")
        yield Pause(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _seen(core: Core, look: Request[W], *, until: float) -> Flow[W]:
    """Ask once; a server that restarts meanwhile is waited for."""
    while True:
        try:
            return (yield from core.exchange(look))
        except (Unavailable, TooManyRequests) as error:
            pause = max(error.retry_after or 0.0, _LONGEST_PAUSE)
            if time.monotonic() + pause > until:
                raise
        yield Pause(pause)


def _succeeded(found: W, what: str, failed: type[JobFailed]) -> W:
    if found.status == "succeeded":
        return found
    error = found.error
    raise failed(
        error.message if error is not None else f"{what} was {found.status}.",
        code=error.code if error is not None else f"{failed.room}.{found.status}",
        hint=error.hint if error is not None else "",
    )
