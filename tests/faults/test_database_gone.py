"""PostgreSQL stops for ten seconds in the middle of the work, and comes back: nothing is lost, and everybody is told."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import TEST_PREFIX
from tests.faults.installation import Installation, installation, table_csv, wait_until
from tests.fixtures_databases import Cluster, _binaries
from tests.presentation.api.running import code_of, detect, upload, wait_for

LONG = os.environ.get(f"{TEST_PREFIX}FULL") == "1"
GONE_SECONDS = 10

# As the guard of the other cluster, it lives as long as its standard input is open; it stops and starts the server when told to.
GUARD = """
set -e
"$1/initdb" -D "$2/data" -U postgres -A trust -N -E UTF8 --locale=C >"$2/log" 2>&1
start() { "$1/pg_ctl" -D "$2/data" -l "$2/log" -w -o "-k $2 -c listen_addresses=''" start >>"$2/log" 2>&1; }
start "$1" "$2"
echo ready
while read order mode; do
    case "$order" in
        stop) "$1/pg_ctl" -D "$2/data" -m "$mode" -w stop >>"$2/log" 2>&1 ;;
        start) start "$1" "$2" ;;
    esac
    echo done
done
"$1/pg_ctl" -D "$2/data" -m immediate -w stop >>"$2/log" 2>&1 || true
rm -rf "$2"
"""


class StoppableCluster(Cluster):
    """A PostgreSQL server of one test's own."""

    __slots__ = ("guard",)
    guard: subprocess.Popen[str]

    def order(self, text: str) -> None:
        assert self.guard.stdin is not None
        assert self.guard.stdout is not None
        self.guard.stdin.write(f"{text}\n")
        self.guard.stdin.flush()
        assert self.guard.stdout.readline() == "done\n", (self.folder / "log").read_text()


@pytest.fixture
def cluster() -> Iterator[StoppableCluster]:
    folder = Path(tempfile.mkdtemp(prefix="adp-pg-"))
    command = ["sh", "-c", GUARD, "sh", str(_binaries()), str(folder)]
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        command = ["runuser", "-u", "postgres", "--", *command]
    guard = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/", start_new_session=True, text=True
    )
    assert guard.stdin is not None
    assert guard.stdout is not None
    made = StoppableCluster(folder)
    object.__setattr__(made, "guard", guard)
    try:
        assert guard.stdout.readline() == "ready\n", (folder / "log").read_text()
        made.execute("CREATE DATABASE platform")
        yield made
    finally:
        guard.stdin.close()
        guard.stdout.close()
        guard.wait(60)


def check_while_it_is_gone(home: Installation, client: httpx.Client) -> int:
    """Ask again and again; return how many requests were answered, each as it should be."""
    assert home.server is not None
    asked = 0
    deadline = time.monotonic() + GONE_SECONDS
    while time.monotonic() < deadline:
        for path in ("/datasets", "/detections", "/jobs", "/models"):
            answer = client.get(path)
            assert code_of(answer, 503) == "platform.database_unreachable"
            assert answer.headers["retry-after"]
            asked += 1
        refused = client.post("/datasets", params={"filename": "a.csv"}, content=b"x,y\n1,2\n")
        assert code_of(refused, 503) == "platform.database_unreachable"
        assert httpx.get(f"{home.server.url}/health/liveness").status_code == 200
        ready = httpx.get(f"{home.server.url}/health/readiness")
        assert ready.status_code == 503
        assert ready.json()["checks"]["database"] != "ok"
        assert "anomaly_detection_http_requests_total" in httpx.get(f"{home.server.url}/metrics").text
        time.sleep(0.2)
    return asked


@pytest.mark.postgresql
@pytest.mark.slow
@pytest.mark.parametrize("mode", ["fast", "immediate"] if LONG else ["immediate"])
def test_a_database_that_is_gone_for_ten_seconds(tmp_path: Path, cluster: StoppableCluster, mode: str) -> None:
    with installation(tmp_path, cluster.url("platform")) as home:
        server = home.start_server()
        client = home.client()
        small = upload(client, b"x,y\n" + b"1,2\n3,4\n5,7\n" * 50, "small.csv")
        dataset_id = upload(client, table_csv(20_000), "table.csv")["id"]
        home.keep_diary()
        body = {
            "dataset_id": dataset_id,
            "algorithm": "isolation_forest",
            "parameters": {"n_estimators": 1000},
        }
        detection_id = client.post("/detections", json=body).json()["id"]
        path = f"/detections/{detection_id}"
        wait_until(lambda: client.get(path).json()["progress"]["stage"] not in {"", "reading"})
        cluster.order(f"stop {mode}")
        try:
            asked = check_while_it_is_gone(home, client)
        finally:
            cluster.order("start")
        assert asked > 0
        wait_until(lambda: httpx.get(f"{server.url}/health/readiness").status_code == 200)
        ended = wait_for(client, detection_id)
        assert ended["status"] == "succeeded", ended["error"]
        assert detect(client, small["id"], algorithm="knn")["status"] == "succeeded"
        assert [dataset["id"] for dataset in home.everything("/datasets")] == [dataset_id, small["id"]]
        home.check()
        assert server.stop(signal.SIGINT) == 130
        assert "Traceback" not in server.output
