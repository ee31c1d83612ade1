"""Ctrl-C and SIGTERM: the work ends by an exception, so that what is half written is removed."""

from __future__ import annotations

import signal
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_received: list[int] = []


class Interrupted(KeyboardInterrupt):
    """Somebody asked the program to stop.

    A class of its own: Python ends a process by the signal itself, whatever exit code was chosen, once a bare
    ``KeyboardInterrupt`` has left code that was given to ``exec``, as happens while modules are imported.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def listen() -> None:
    """Let both signals raise `Interrupted` from now on. One that the caller had the program ignore stays ignored."""
    for number in _SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)


def check() -> None:
    """Raise `Interrupted` if a signal came whose exception was lost: compiled code swallows those in its callbacks."""
    if _received:
        raise Interrupted(_received[-1])


def cause_of(error: BaseException) -> BaseException:
    """Return the interruption behind an error, if there was one: a module cut off while it loads raises `ImportError`."""
    return Interrupted(_received[-1]) if _received else error


def _interrupt(number: int, _frame: FrameType | None) -> None:
    _received.append(number)
    raise Interrupted(number)
