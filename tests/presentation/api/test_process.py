"""The server as people start it: first sign-in, Ctrl-C, a taken port, a second server, kill -9, a full disk."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from tests.presentation.api.process import server
from tests.presentation.api.running import PASSWORD, code_of, detect, taxi_csv, upload, wait_for


def test_the_first_start_ends_with_a_password(tmp_path: Path) -> None:
    with server(tmp_path / "new") as first:
        first.wait_until_ready()
        assert "administrator" in first.output
        with first.client() as client:
            assert client.get("/sessions/current").json()["user"]["username"] == "admin"
        assert first.one_time
        assert first.stop(signal.SIGINT) == 130
        assert "Traceback" not in first.output
    with server(tmp_path / "new") as second:
        second.wait_until_ready()
        assert second.one_time == ""
        with second.client() as client:
            assert client.get("/datasets").json() == {"items": [], "next": None}
        assert second.stop(signal.SIGTERM) in {0, 143}
    secret = [path for path in (tmp_path / "new").rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    assert not [path for path in secret if "platform.db" in path.name or "keys" in path.parts]


def test_ctrl_c_ends_open_event_streams(tmp_path: Path) -> None:
    with server(tmp_path) as running:
        running.wait_until_ready()
        with running.client() as client, client.stream("GET", "/events") as stream:
            lines = stream.iter_lines()
            assert next(lines) == ": connected"
            started = time.monotonic()
            running.process.send_signal(signal.SIGINT)
            assert [line for line in lines if line.startswith("data")] == []
        assert running.stop() == 130
        assert time.monotonic() - started < 15


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with server(tmp_path, port=port) as refused:
            assert refused.process.wait(60) == 5
            refused.stop()
            assert f"Port {port}" in refused.output
            assert "--port" in refused.output
            assert "Traceback" not in refused.output


def test_a_second_server_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with server(tmp_path) as first:
        first.wait_until_ready()
        with server(tmp_path) as second:
            assert second.process.wait(60) not in {0, None}
            second.stop()
            assert str(first.process.pid) in second.output
            assert "--data-dir" in second.output
            assert "Traceback" not in second.output
        assert httpx.get(f"{first.url}/health/readiness").status_code == 200


def big_csv(path: Path, rows: int = 300_000) -> bytes:
    generator = np.random.default_rng(5)
    table = pa.table({f"x{number}": generator.normal(size=rows).round(3) for number in range(10)})
    pyarrow.csv.write_csv(table, path)
    return path.read_bytes()


@pytest.mark.slow
def test_a_detection_survives_kill_9_and_ends_once(tmp_path: Path) -> None:
    data_dir, content = tmp_path / "data", big_csv(tmp_path / "big.csv")
    with server(data_dir) as first:
        first.wait_until_ready()
        with first.client() as client:
            dataset = upload(client, content, "big.csv")
            body = {"dataset_id": dataset["id"], "algorithm": "isolation_forest", "parameters": {"n_estimators": 1000}}
            detection = client.post("/detections", json=body).json()
            path = f"/detections/{detection['id']}"
            deadline = time.monotonic() + 60
            while (now := client.get(path).json())["progress"]["stage"] in {"", "reading"}:
                assert now["status"] in {"queued", "running"}, now
                assert time.monotonic() < deadline
                time.sleep(0.02)
        first.process.kill()
        assert first.stop() == -signal.SIGKILL
    assert now["status"] == "running"
    with server(data_dir) as second:
        second.wait_until_ready()
        with second.client() as client:
            ended = wait_for(client, detection["id"])
            assert ended["status"] == "succeeded", ended["error"]
            job = client.get(f"/jobs/{ended['job_id']}").json()
            assert job["attempts"] == 2
            assert [item["id"] for item in client.get("/jobs").json()["items"]] == [ended["job_id"]]
            assert [item["id"] for item in client.get("/detections").json()["items"]] == [detection["id"]]
            arrow = client.get(f"{path}/result", headers={"Accept": "application/vnd.apache.arrow.stream"})
            table = pa.ipc.open_stream(arrow.content).read_all()
            assert table.num_rows == 300_000
            assert np.isfinite(table["score"].to_numpy()).all()
            assert not list(data_dir.rglob("*.partial"))


def test_an_upload_that_was_killed_leaves_nothing(tmp_path: Path) -> None:
    with server(tmp_path) as first:
        first.wait_until_ready()
        headers = first.sign_in()
        host, port = first.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            head = f"POST /api/v1/datasets?filename=a.csv HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\nAuthorization: {headers['Authorization']}\r\n\r\n"
            connection.sendall(head.encode() + b"x,y\n" + b"1,2\n" * 500_000)
            deadline = time.monotonic() + 20
            while not list(tmp_path.glob("datasets/*/.incoming-*")):
                assert time.monotonic() < deadline
                time.sleep(0.01)
            first.process.kill()
        first.stop()
    with server(tmp_path) as second:
        second.wait_until_ready()
        assert list(tmp_path.glob("datasets/*/.incoming-*")) == []
        answer = httpx.post(f"{second.url}/api/v1/sessions", json={"username": "admin", "password": PASSWORD})
        listed = httpx.get(
            f"{second.url}/api/v1/datasets", headers={"Authorization": f"Bearer {answer.json()['access_token']}"}
        )
        assert listed.json()["items"] == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """Return a folder where little fits: a real small disk for root, else a limit on the size of a file."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True, check=False
        ).returncode
    )
    yield folder, 0 if mounted else 4 * 1024 * 1024
    if mounted:
        subprocess.run(["umount", folder], check=True)


def test_a_full_disk_is_an_answer_and_nothing_is_lost(small_disk: tuple[Path, int]) -> None:
    folder, file_limit = small_disk
    with server(folder, file_limit=file_limit) as running:
        running.wait_until_ready()
        with running.client() as client:
            kept = upload(client, b"x,y\n1,2\n3,4\n5,6\n", "small.csv")
            answer = client.post("/datasets", params={"filename": "big.csv"}, content=b"x,y\n" + b"1,2\n" * 2_000_000)
            assert code_of(answer, 507) == "platform.disk_full"
            assert [item["id"] for item in client.get("/datasets").json()["items"]] == [kept["id"]]
            assert client.get(f"/datasets/{kept['id']}/preview").status_code == 200
            assert upload(client, b"x,y\n1,2\n3,4\n5,7\n", "small.csv")["n_rows"] == 3
        assert not list(folder.glob("datasets/*/.incoming-*"))
        assert running.stop(signal.SIGINT) == 130


@pytest.mark.slow
def test_the_demo_is_there_once(tmp_path: Path) -> None:
    found: list[list[dict[str, Any]]] = []
    for _ in range(2):
        with server(tmp_path, "--demo") as running:
            running.wait_until_ready(120)
            with running.client() as client:
                assert len(client.get("/datasets").json()["items"]) == 1
                found.append(client.get("/detections").json()["items"])
            running.stop(signal.SIGINT)
    assert found[0] == found[1]
    assert [item["status"] for item in found[0]] == ["succeeded"]
    assert found[0][0]["summary"]["n_anomalies"] > 0


@pytest.mark.postgresql
def test_the_whole_path_on_postgresql(tmp_path: Path, empty_postgres_url: str) -> None:
    with server(tmp_path, database_url=empty_postgres_url) as running:
        running.wait_until_ready()
        assert not (tmp_path / "platform.db").exists()
        with running.client() as client:
            dataset = upload(client, taxi_csv(), "nyc_taxi.csv")
            detection = detect(client, dataset["id"])
            assert detection["status"] == "succeeded", detection["error"]
            path = f"/detections/{detection['id']}"
            moved = client.put(f"{path}/threshold", json={"kind": "contamination", "value": 0.01}).json()
            assert client.get(f"{path}/anomalies").json()["total"] == moved["summary"]["n_anomalies"]
            assert client.get("/detections").json()["items"] == [moved]
            assert code_of(client.post("/datasets", params={"filename": "e.csv"}, content=b""), 422)
            odd = client.post("/detections", json={"dataset_id": dataset["id"], "name": "a'b\"\u2028c"})
            assert odd.json()["name"] == "a'b\"\u2028c"
        assert running.stop(signal.SIGINT) == 130
