"""Keeps a number of worker processes running beside the server, and ends them with it, however it ends."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

_logger = logging.getLogger(__name__)

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0
STEADY_SECONDS = 30.0
"""A process that lived for so long was well: the next one is started without a long delay again."""

END_SECONDS = 15.0
_LOOK_SECONDS = 0.2


class Supervisor:
    """Starts processes, starts them again when they die, and ends them.

    Parameters
    ----------
    command : sequence of str
        The program and its arguments. It has to end when its standard input ends: that happens to it even if this process is
        killed, so that no process is left behind.
    count : int
        How many.
    environment : mapping, optional
        Their environment; this process's by default.

    Notes
    -----
    A process that dies is started again after half a second, one that dies again soon after twice as long, up to half a minute.
    Each has a session of its own, so that Ctrl-C in a terminal reaches the server alone, which then ends them in order.
    """

    def __init__(self, command: Sequence[str], count: int, *, environment: Mapping[str, str] | None = None) -> None:
        self._command = list(command)
        self._environment = None if environment is None else dict(environment)
        self._stopping = threading.Event()
        self._children = [_Child() for _ in range(count)]
        self._thread = threading.Thread(target=self._supervise, name="workers", daemon=True)

    @property
    def processes(self) -> list[int]:
        """The numbers of the processes that run."""
        return [child.process.pid for child in self._children if child.process and child.process.poll() is None]

    def __enter__(self) -> Self:
        """Start the processes."""
        for child in self._children:
            self._start(child)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the processes end in order, and kill those that do not within 15 seconds."""
        self._stopping.set()
        self._thread.join()
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            if process.stdin is not None:
                process.stdin.close()
        deadline = time.monotonic() + END_SECONDS
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _logger.warning("a worker process does not end and is killed", extra={"worker_process": process.pid})
                process.kill()
                process.wait()

    def _supervise(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            for child in self._children:
                if child.process is None:
                    if time.monotonic() >= child.due:
                        self._start(child)
                elif child.process.poll() is not None:
                    self._bury(child, child.process)

    def _start(self, child: _Child) -> None:
        child.began = time.monotonic()
        try:
            child.process = subprocess.Popen(  # noqa: S603 - our own program
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                env=self._environment,
                start_new_session=True,
            )
        except OSError as error:
            child.postpone()
            _logger.warning(
                "a worker process cannot be started",
                extra={"error": error.strerror or str(error), "again_in_seconds": child.delay},
            )
        else:
            _logger.info("worker process started", extra={"worker_process": child.process.pid})

    def _bury(self, child: _Child, process: subprocess.Popen[bytes]) -> None:
        if process.stdin is not None:
            process.stdin.close()
        child.postpone()
        _logger.warning(
            "a worker process ended and is started again",
            extra={"worker_process": process.pid, "exit_code": process.returncode, "again_in_seconds": child.delay},
        )


class _Child:
    """One place for a process: the one that runs, or when the next is due."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.began = 0.0
        self.delay = 0.0
        self.due = 0.0

    def postpone(self) -> None:
        now = time.monotonic()
        steady = now - self.began >= STEADY_SECONDS
        self.delay = FIRST_DELAY_SECONDS if steady or not self.delay else min(self.delay * 2, LONGEST_DELAY_SECONDS)
        self.process, self.due = None, now + self.delay
