"""What holds for every request: ids, headers, limits, and a problem document for everything that goes wrong."""

from __future__ import annotations

import io
import json
import logging
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from anomaly_detection.infrastructure.logging import configure_logging
from anomaly_detection.presentation.api import bodies
from anomaly_detection.shared.errors import InvalidInput
from tests.fixtures_databases import SQLITE
from tests.presentation.api.running import PASSWORD, Running, code_of, serving

DATABASES = SQLITE


def test_an_unknown_address_and_method(anonymous: httpx.Client) -> None:
    assert code_of(anonymous.get("/nothing"), 404) == "api.not_found"
    assert code_of(anonymous.post("/nothing", json={}), 404) == "api.not_found"
    assert code_of(anonymous.patch("/sessions", json={}), 405) == "api.method_not_allowed"
    assert code_of(anonymous.get("/datasets%00"), 422) == "api.invalid_request"


@pytest.mark.parametrize(
    ("given", "kept"),
    [("abc-123_x.Y", True), ("a" * 64, True), ("a" * 65, False), ("a b", False), ("<x>", False), ("", False)],
)
def test_request_ids(anonymous: httpx.Client, given: str, kept: bool) -> None:
    answer = anonymous.get("/sessions/current", headers={"X-Request-ID": given})
    assert (answer.headers["x-request-id"] == given) is kept
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/", "/api/v1/sessions/current", "/health/liveness", "/api/v1/nothing"])
def test_security_headers(running: Running, path: str) -> None:
    headers = httpx.get(running.url + path).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers
    assert path == "/" or headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "api.malformed_json"),
        (b"", 422, "api.invalid_request"),
        (b"[]", 422, "api.invalid_request"),
        (b'{"username": "a"}', 422, "api.invalid_request"),
        (b'{"username": "a", "password": "b", "more": 1}', 422, "api.invalid_request"),
        (b'{"username": NaN, "password": "b"}', 400, "api.malformed_json"),
        (b"[" * 100_000, 400, "api.malformed_json"),
        (b'{"username": "\\ud800", "password": "b"}', 400, "api.malformed_json"),
        (b'{"username": "a\\u0000", "password": "b"}', 400, "api.malformed_json"),
        (b'{"username": "\xff", "password": "b"}', 400, "api.bad_request"),
        (b'"' + b"x" * 1_100_000 + b'"', 413, "api.body_too_large"),
    ],
    ids=range(11),
)
def test_bodies_that_are_refused(anonymous: httpx.Client, body: bytes, status: int, code: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = anonymous.post("/sessions", content=body, headers=headers)
    assert code_of(answer, status) == code


def test_a_body_without_announced_length_is_bounded_too(anonymous: httpx.Client) -> None:
    def endless() -> Any:
        for _ in range(40):
            yield b" " * 65536

    answer = anonymous.post("/sessions", content=endless(), headers={"Content-Type": "application/json"})
    assert code_of(answer, 413) == "api.body_too_large"


def test_a_password_is_never_repeated(anonymous: httpx.Client) -> None:
    answer = anonymous.post("/sessions", json={"username": "a" * 300, "password": "a-secret-of-mine"})
    code_of(answer, 422)
    assert "a-secret-of-mine" not in answer.text


@pytest.mark.parametrize("text", ["[[1, 2], {}]", '"[[[[["', '{"a": "NaN", "b": "\\u00e4"}', "[" * 32 + "]" * 32])
def test_good_json_passes(text: str) -> None:
    json.loads(text)
    bodies.check_json(text.encode())


@pytest.mark.parametrize("text", ["[NaN]", "[-Infinity]", "[" * 33 + "]" * 33, '["\\udfff"]', '{"\\u0000": 1}'])
def test_bad_json_does_not(text: str) -> None:
    json.loads(text)
    with pytest.raises(InvalidInput):
        bodies.check_json(text.encode())


def test_an_unexpected_error_tells_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with serving(tmp_path) as running:
        running.add_user("somebody")
        client = running.client("somebody")
        with running.platform.database.write() as connection:
            connection.exec_driver_sql("DROP TABLE detections")
        answer = client.get("/detections")
        assert code_of(answer, 500) == "platform.internal"
        assert "no such table" not in answer.text
        assert "detections" not in answer.json()["detail"]


def test_a_database_that_is_gone_is_unavailable(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        ready = httpx.get(f"{running.url}/health/readiness")
        assert ready.json() == {"status": "ok", "checks": {"database": "ok", "worker": "ok", "data_folder": "ok"}}
        running.platform.worker.stop()
        broken = httpx.get(f"{running.url}/health/readiness")
        assert broken.status_code == 503
        assert broken.json()["checks"]["worker"] != "ok"
        assert httpx.get(f"{running.url}/health/liveness").status_code == 200


def test_metrics(running: Running, anonymous: httpx.Client) -> None:
    code_of(anonymous.get("/jobs/019a0000-0000-7000-8000-000000000000"), 401)
    text = httpx.get(f"{running.url}/metrics").text
    assert 'route="/api/v1/jobs/{job_id}",status="401"' in text
    assert "019a0000" not in text
    assert "anomaly_detection_http_request_seconds_bucket" in text


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Write the log as the server does, with everything that debug shows; the test's own client is left out."""
    root = logging.getLogger()
    before = list(root.handlers), root.level
    stream = io.StringIO()
    configure_logging("debug", "json", stream)
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).propagate = False
    yield stream
    root.handlers[:], _ = before
    root.setLevel(before[1])
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).propagate = True


def test_secrets_stay_out_of_the_log(running: Running, anonymous: httpx.Client, log: io.StringIO) -> None:
    secret = "a-token-that-must-not-be-logged"
    anonymous.get("/sessions/one-time", params={"token": secret}, headers={"X-Request-ID": "mine-1"})
    anonymous.post("/sessions", json={"one_time_token": secret, "new_password": secret})
    token = anonymous.post("/sessions", json={"username": "the-viewer", "password": PASSWORD}).json()["access_token"]
    anonymous.get("/sessions/current", headers={"Authorization": f"Bearer {token}"})
    text = log.getvalue()
    lines = [json.loads(line) for line in text.splitlines()]
    asked = next(line for line in lines if line.get("path") == "/api/v1/sessions/one-time")
    assert asked["request_id"] == "mine-1"
    assert asked["status"] == 401
    assert not [part for part in (secret, PASSWORD, token) if part in text]


def raw(running: Running, request: bytes, read: Callable[[socket.socket], bytes] | None = None) -> bytes:
    parts = urlsplit(running.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as connection:
        connection.sendall(request)
        return read(connection) if read else connection.recv(65536)


def test_nonsense_on_the_wire(running: Running) -> None:
    assert b"400" in raw(running, b"NONSENSE\r\n\r\n")
    answer = raw(running, b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"root:" not in answer
    assert httpx.get(f"{running.url}/health/liveness").status_code == 200
