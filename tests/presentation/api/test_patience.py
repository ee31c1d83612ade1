"""Connections on which no whole request comes: closed after a while, without harm to those that merely take their time."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from anomaly_detection.presentation.api.patience import HEAD_BYTES, PatientProtocol
from tests.presentation.api.running import Running, serving, upload


@pytest.fixture
def hurried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """Return a server that gives a head one second."""
    monkeypatch.setattr(PatientProtocol, "head_seconds", 1.0)
    with serving(tmp_path) as running:
        running.add_user("somebody")
        yield running


def connect(running: Running) -> socket.socket:
    address = urlsplit(running.url)
    return socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=30)


def rest(connection: socket.socket) -> bytes:
    """Return what comes until the other side closes."""
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def test_a_connection_that_says_nothing_is_closed(hurried: Running) -> None:
    with connect(hurried) as connection:
        assert rest(connection) == b""


def test_a_head_that_never_ends_is_refused(hurried: Running) -> None:
    with connect(hurried) as connection:
        connection.sendall(b"GET /health/liveness HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert rest(connection).startswith(b"HTTP/1.1 408 ")


def test_a_second_head_that_never_ends_is_refused_too(hurried: Running) -> None:
    with connect(hurried) as connection:
        connection.sendall(b"GET /health/liveness HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"GET /health/liveness HTTP/1.1\r\n")
        assert b"HTTP/1.1 408 " in rest(connection)


def test_a_head_without_bound_is_refused(hurried: Running) -> None:
    with connect(hurried) as connection:
        connection.sendall(b"GET /health/liveness HTTP/1.1\r\nHost: x\r\nX-Large: ")
        try:
            for _ in range(2 * HEAD_BYTES // 1024):
                connection.sendall(b"x" * 1024)
            answer = rest(connection)
        except ConnectionError:
            # It was closed while more was sent.
            answer = b""
        assert answer == b"" or b" 4" in answer[:16]
    assert httpx.get(f"{hurried.url}/health/liveness").status_code == 200


def test_a_body_or_an_answer_may_take_longer(hurried: Running) -> None:
    client = hurried.client("somebody")

    def blocks() -> Iterator[bytes]:
        yield b"x,y\n"
        deadline = time.monotonic() + 2.5
        while time.monotonic() < deadline:
            time.sleep(0.1)
            yield b"1,2\n3,4\n"

    answer = client.post("/datasets", params={"filename": "slow.csv"}, content=blocks())
    assert answer.status_code == 201, answer.text
    with client.stream("GET", "/events") as stream:
        lines = stream.iter_lines()
        assert next(lines) == ": connected"
        time.sleep(2)
        upload(client, b"x,y\n1,2\n", "another.csv")
        assert client.get("/datasets").status_code == 200
    # A kept connection is used again after longer than a head may take.
    time.sleep(1.5)
    assert client.get("/datasets").status_code == 200
