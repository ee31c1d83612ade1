"""The program in a real pseudo-terminal: what it shows is waited for, and answers are typed."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

PROGRAM = [sys.executable, "-m", "anomaly_detection.presentation.cli"]
_ANSI = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
_PATIENCE_SECONDS = 90


class Terminal:
    """A terminal of 120 columns in which the program runs, in a folder of its own."""

    def __init__(self, folder: Path, arguments: Sequence[str] = ()) -> None:
        self._outer, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 120, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "NO_COLOR": "1"}
        for name in ("COLUMNS", "LINES", "FORCE_COLOR"):
            environment.pop(name, None)
        self.process = subprocess.Popen(
            [*PROGRAM, *arguments],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            cwd=folder,
            env=environment,
            # A terminal of its own, so that what is typed can interrupt it.
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no threads here
        )
        os.close(inner)
        self.shown = ""
        self._seen = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self._outer)

    def expect(self, text: str) -> str:
        """Wait until `text` is shown after what was expected before; return what came up to it."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while text not in self.shown[self._seen :]:
            assert time.monotonic() < deadline, f"{text!r} did not come:\n{self.shown[self._seen :]}"
            assert self._read() or self.process.poll() is None, f"{text!r} did not come:\n{self.shown[self._seen :]}"
        end = self.shown.index(text, self._seen) + len(text)
        part, self._seen = self.shown[self._seen : end], end
        return part

    def type(self, text: str) -> None:
        """Type text as it is; ``answer`` adds Enter."""
        os.write(self._outer, text.encode())

    def answer(self, question: str, text: str = "") -> str:
        """Wait for a question and answer it; return what came up to the question."""
        part = self.expect(question) + self.expect(": ")
        self.type(f"{text}\n")
        return part

    def end(self) -> int:
        """Wait for the program's end and return its exit code."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.shown
            self._read()
        while self._read():
            pass
        return int(self.process.returncode)

    def _read(self) -> bool:
        if not select.select([self._outer], [], [], 0.1)[0]:
            return False
        try:
            content = os.read(self._outer, 65536)
        except OSError:  # EIO: the other side has gone
            return False
        self.shown += _ANSI.sub("", content.decode(errors="replace")).replace("\r\n", "\n")
        return bool(content)
