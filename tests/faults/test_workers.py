"""Workers as processes: live events of what they do, cancelling across processes, pauses, and who may join."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from anomaly_detection.infrastructure.jobs.instance import is_dead
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.processes import ProcessRepository
from tests.faults.installation import Installation, WorkerProcess, installation, table_csv, wait_until
from tests.fixtures_databases import BOTH
from tests.infrastructure.jobs.test_crash import holds_a_lock
from tests.presentation.api.process import PROGRAM
from tests.presentation.api.running import upload, wait_for

LONG = {"algorithm": "isolation_forest", "parameters": {"n_estimators": 1000}}
"""Some seconds of work for tens of thousands of rows."""


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    with installation(tmp_path, database_url, worker_threads="0", job_lease_seconds="3") as home:
        yield home


def events(client: httpx.Client, heard: list[dict[str, Any]], connected: threading.Event) -> None:
    """Collect a server's events until one tells of an end."""
    with client.stream("GET", "/events") as stream:
        for line in stream.iter_lines():
            connected.set()
            if line.startswith("data: "):
                heard.append(json.loads(line.removeprefix("data: ")))
                if heard[-1].get("status") in {"succeeded", "failed", "cancelled"}:
                    return


def running_detection(client: httpx.Client, dataset_id: str) -> str:
    """Order a long detection and wait until a worker fits it."""
    detection_id = str(client.post("/detections", json={"dataset_id": dataset_id, **LONG}).json()["id"])
    path = f"/detections/{detection_id}"
    wait_until(lambda: client.get(path).json()["progress"]["stage"] not in {"", "reading"})
    return detection_id


def test_events_tell_what_a_worker_process_does(home: Installation) -> None:
    server = home.start_server()
    assert httpx.get(f"{server.url}/health/readiness").json()["checks"]["worker"] != "ok"
    worker = home.start_worker("--queues", "high", "--threads", "2")
    client = home.client()
    dataset_id = upload(client, table_csv(2000), "table.csv")["id"]
    assert httpx.get(f"{server.url}/health/readiness").json()["checks"]["worker"] == "ok"
    heard: list[dict[str, Any]] = []
    connected = threading.Event()
    listening = threading.Thread(target=events, args=(client, heard, connected))
    listening.start()
    assert connected.wait(30)
    waiting, done = (
        client.post("/detections", json={"dataset_id": dataset_id, "algorithm": "knn", "priority": priority}).json()
        for priority in ("normal", "high")
    )
    listening.join(120)
    assert not listening.is_alive()
    mine = [event["status"] for event in heard if event.get("id") == done["id"]]
    assert mine[0] == "queued"
    assert "running" in mine
    assert mine[-1] == "succeeded"
    assert client.get(f"/detections/{done['id']}/result").json()["n_rows"] == 2000
    # Nobody does the other queue, and the operator sees it.
    assert client.get(f"/detections/{waiting['id']}").json()["status"] == "queued"
    metrics = httpx.get(f"{server.url}/metrics").text
    assert 'anomaly_detection_jobs_waiting{queue="normal"} 1.0' in metrics
    assert 'anomaly_detection_workers{queue="high"} 1.0' in metrics
    assert 'anomaly_detection_workers{queue="normal"} 0.0' in metrics
    assert worker.stop(signal.SIGINT) == 130


@pytest.mark.parametrize("database_url", BOTH[1:], indirect=True)
def test_a_detection_that_a_worker_does_can_be_cancelled(home: Installation) -> None:
    home.start_server()
    home.start_worker()
    client = home.client()
    detection_id = running_detection(client, upload(client, table_csv(50_000), "table.csv")["id"])
    assert client.post(f"/detections/{detection_id}/cancel").status_code == 202
    asked = time.monotonic()
    assert wait_for(client, detection_id)["status"] == "cancelled"
    print(f"\ncancelled {time.monotonic() - asked:.2f} s after it was asked for")


@pytest.mark.parametrize("database_url", BOTH[:1], indirect=True)
def test_a_paused_worker_loses_its_job_and_cannot_end_it(home: Installation, database_url: str) -> None:
    home.start_server()
    home.keep_diary()
    paused = home.start_worker()
    client = home.client()
    detection_id = running_detection(client, upload(client, table_csv(20_000), "table.csv")["id"])
    database = Database(database_url)
    stop_between_transactions(paused, database)
    other = home.start_worker()
    ended = wait_for(client, detection_id)
    assert (ended["status"], ended["error"]) == ("succeeded", None)
    os.kill(paused.process.pid, signal.SIGCONT)
    wait_until(
        lambda: "job had ended or was taken over" in paused.log.read_text() or "job ended" in paused.log.read_text()
    )
    job = client.get(f"/jobs/{ended['job_id']}").json()
    assert (job["status"], job["attempts"]) == ("succeeded", 2)
    assert home.ends() == {ended["job_id"]: 1}
    assert client.get(f"/detections/{detection_id}/result").json()["n_rows"] == 20_000
    assert [worker.stop() for worker in (paused, other)] == [143, 143]
    with database.read() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM processes WHERE role = 'worker'")).scalar() == 0
    database.dispose()


def stop_between_transactions(worker: WorkerProcess, database: Database) -> None:
    """Stop a process where it holds no lock: with one, nobody could go on, on SQLite."""

    def stopped() -> bool:
        os.kill(worker.process.pid, signal.SIGSTOP)
        time.sleep(0.05)
        if not holds_a_lock(database):
            return True
        os.kill(worker.process.pid, signal.SIGCONT)
        return False

    wait_until(stopped)


def test_a_server_keeps_its_workers_running_and_takes_them_along(tmp_path: Path) -> None:
    with installation(tmp_path, worker_processes="2") as home:
        server = home.start_server()
        database = Database(f"sqlite:///{home.data_dir / 'platform.db'}")
        processes = ProcessRepository(database)

        def workers() -> list[str]:
            return [process.id for process in processes.alive() if process.queues and not is_dead(process.id)]

        wait_until(lambda: len(workers()) == 2)
        server.wait_until_ready()
        first = workers()
        os.kill(int(first[0].split("/")[1]), signal.SIGKILL)
        wait_until(lambda: len(workers()) == 2 and first[0] not in workers())
        client = home.client()
        dataset_id = upload(client, table_csv(500), "table.csv")["id"]
        answer = client.post("/detections", json={"dataset_id": dataset_id, "algorithm": "knn"})
        assert wait_for(client, answer.json()["id"])["status"] == "succeeded"
        known = workers()
        home.kill_server()
        wait_until(lambda: all(is_dead(name) for name in known))
        database.dispose()


@pytest.mark.parametrize("database_url", BOTH[1:], indirect=True)
def test_who_may_join(tmp_path: Path, database_url: str) -> None:
    with installation(tmp_path / "ours", database_url) as ours:
        server = ours.start_server()
        elsewhere = tmp_path / "elsewhere"
        for command in ("serve", "worker"):
            refused = refusal(command, elsewhere, database_url)
            assert "platform.other_data_folder" in refused, refused
            assert str(elsewhere) in refused
            assert "--data-dir" in refused
        assert httpx.get(f"{server.url}/health/readiness").status_code == 200
        assert sorted(path.name for path in elsewhere.iterdir() if path.is_file()) in ([], ["server.lock"])


def refusal(command: str, data_dir: Path, database_url: str) -> str:
    """Start a process that is refused, and return what it says."""
    arguments = ["--data-dir", str(data_dir), "--database-url", database_url]
    done = subprocess.run(
        [PROGRAM, command, *arguments, *(["--port", "0"] if command == "serve" else [])],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "COLUMNS": "400"},
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return re.sub(r"\s+", " ", done.stderr)
