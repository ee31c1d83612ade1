"""The real server as a process of its own: `anomaly-detection serve`."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.presentation.api.running import PASSWORD

PROGRAM = Path(sys.executable).with_name("anomaly-detection")
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+(?:/sign-in\?one_time=[\w-]+)?")


class ServerProcess:
    """A server, its output, and a client for it."""

    def __init__(self, data_dir: Path, port: int = 0, *arguments: str, file_limit: int = 0, **settings: str) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {
            "ANOMALY_DETECTION_DATA_DIR": str(data_dir),
            "ANOMALY_DETECTION_PORT": str(port),
            "COLUMNS": "400",
            **{f"ANOMALY_DETECTION_{name.upper()}": value for name, value in settings.items()},
        }
        limit = (file_limit, file_limit)
        self.process = subprocess.Popen(
            [PROGRAM, "serve", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit)) if file_limit else None,  # noqa: PLW1509
        )
        self.lines: list[str] = []
        self._started = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.url = ""
        self.one_time = ""

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            for address in _ADDRESS.findall(line):
                parts = urlsplit(address)
                self.url = f"{parts.scheme}://{parts.netloc}"
                self.one_time = parse_qs(parts.query).get("one_time", [self.one_time])[0]
            if "Ctrl-C" in line:
                self._started.set()
        self._started.set()
        self.process.stdout.close()

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def wait_until_started(self, seconds: float = 60) -> ServerProcess:
        """Wait for its address; whether it can work is asked by `wait_until_ready`."""
        assert self._started.wait(seconds), self.output
        assert self.process.poll() is None, self.output
        return self

    def wait_until_ready(self, seconds: float = 60) -> ServerProcess:
        self.wait_until_started(seconds)
        assert httpx.get(f"{self.url}/health/readiness").status_code == 200
        return self

    def sign_in(self) -> dict[str, str]:
        """Return the headers of the administrator's session; the first time by the link that was printed."""
        body: Mapping[str, str] = {"username": "admin", "password": PASSWORD}
        if self.one_time:
            body = {"one_time_token": self.one_time, "new_password": PASSWORD}
        answer = httpx.post(f"{self.url}/api/v1/sessions", json=body)
        assert answer.status_code == 201, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=f"{self.url}/api/v1", headers=self.sign_in(), timeout=120)

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 30) -> int:
        """Send a signal and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(seconds)
        self._reader.join(seconds)
        return code


@contextmanager
def server(
    data_dir: Path, *arguments: str, port: int = 0, file_limit: int = 0, **settings: str
) -> Iterator[ServerProcess]:
    started = ServerProcess(data_dir, port, *arguments, file_limit=file_limit, **settings)
    try:
        yield started
    finally:
        started.stop(signal.SIGKILL)
