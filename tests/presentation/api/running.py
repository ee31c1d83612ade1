"""A real server in a thread of the test process, and what tests do with it again and again."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from anomaly_detection.configurations.basic.composition import Platform
from anomaly_detection.configurations.settings import Settings
from anomaly_detection.presentation.api.server import RunningServer, bind

PASSWORD = "four words that stay"
TAXI = Path(__file__).parents[3] / "src/anomaly_detection/data_platform/bundled/nyc_taxi.csv.gz"


def taxi_csv() -> bytes:
    return gzip.decompress(TAXI.read_bytes())


class Running:
    """A running server with its platform."""

    def __init__(self, platform: Platform, server: RunningServer) -> None:
        self.platform = platform
        self.server = server
        self.url = server.url
        self._clients: list[httpx.Client] = []
        self._known: dict[str, httpx.Client] = {}

    def add_user(self, username: str, role: str = "analyst", tenant: str = "default") -> None:
        accounts = self.platform.accounts
        accounts.create_user(accounts.create_tenant(tenant), username, role, PASSWORD)

    def anonymous(self) -> httpx.Client:
        """Return a client that is closed with the server."""
        client = httpx.Client(base_url=f"{self.url}/api/v1", timeout=60)
        self._clients.append(client)
        return client

    def known(self, username: str) -> httpx.Client:
        """Return a client that is signed in already where there is one; for tests that do not sign out."""
        if username not in self._known:
            self._known[username] = self.client(username)
        return self._known[username]

    def close(self) -> None:
        for client in self._clients:
            client.close()

    def client(self, username: str) -> httpx.Client:
        """Return a client that is signed in by bearer token."""
        client = self.anonymous()
        answer = client.post("/sessions", json={"username": username, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return client


@contextmanager
def serving(data_dir: Path, **settings: Any) -> Iterator[Running]:
    chosen = Settings(data_dir=data_dir, **{"port": 0, "sign_ins_per_minute": 100_000, **settings})
    with bind(chosen.host, chosen.port) as listener, Platform(chosen) as platform:
        server = RunningServer(platform, listener)
        started = threading.Event()
        server.on_start = started.set
        thread = threading.Thread(target=server.serve, name="server")
        thread.start()
        try:
            assert started.wait(20)
            running = Running(platform, server)
            yield running
            running.close()
        finally:
            server.stop()
            thread.join(20)
            assert not thread.is_alive()


def upload(client: httpx.Client, content: bytes, filename: str = "data.csv", **parameters: str) -> dict[str, Any]:
    answer = client.post("/datasets", params={"filename": filename, **parameters}, content=content)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def detect(client: httpx.Client, dataset_id: str, **body: Any) -> dict[str, Any]:
    """Start a detection and wait for its end."""
    answer = client.post("/detections", json={"dataset_id": dataset_id, **body})
    assert answer.status_code == 202, answer.text
    return wait_for(client, answer.json()["id"])


def wait_for(client: httpx.Client, detection_id: str, seconds: float = 120) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        detection = client.get(f"/detections/{detection_id}").json()
        if detection["status"] not in {"queued", "running"}:
            return dict(detection)
        time.sleep(0.05)
    raise AssertionError(f"the detection did not end: {detection}")


def code_of(answer: httpx.Response, status: int) -> str:
    """Check that an answer is a complete problem document; return its code."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "detail", "code", "hint", "request_id", "errors"}
    assert problem["status"] == status
    assert problem["request_id"] == answer.headers["x-request-id"]
    return str(problem["code"])
