"""``kill -9`` at random moments of upload, training and detection: each job ends once, and nothing half-written is seen.

The moments follow from the seed and from how fast the machine is. The long count (``make test-full``) is a hundred kills.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import TEST_PREFIX
from tests.faults.installation import Installation, WorkerProcess, installation, table_csv
from tests.fixtures_databases import BOTH
from tests.presentation.api.running import upload

pytestmark = pytest.mark.slow

LONG = os.environ.get(f"{TEST_PREFIX}FULL") == "1"
SLOW = {"algorithm": "isolation_forest", "parameters": {"n_estimators": 400}}
"""About a second of work for the table below."""
ROWS = 20_000
BLOCKS = 40
"""An upload comes in so many blocks, with a pause after each, so that most kills come in its middle."""


class Round:
    """What is done while the kill comes; the client may lose its answer at any moment."""

    def __init__(self, home: Installation, dataset_id: str, number: int) -> None:
        self.home = home
        self.dataset_id = dataset_id
        self.number = number

    def upload(self) -> None:
        pause = threading.Event()

        def blocks() -> Iterator[bytes]:
            for block in range(BLOCKS):
                yield b"a,b\n" * (block == 0) + b"1,2\n3,4\n" * 2_000
                pause.wait(0.02)

        self._send("POST", f"/datasets?filename=round-{self.number}.csv", content=blocks())

    def detection(self) -> None:
        self._send("POST", "/detections", json={"dataset_id": self.dataset_id, **SLOW})

    def training(self) -> None:
        # Every third name comes again: a further version of a model.
        name = f"model {self.number - self.number % 3}"
        self._send("POST", "/models", json={"name": name, "dataset_id": self.dataset_id, **SLOW})

    def _send(self, method: str, path: str, **content: object) -> None:
        client = self.home.client()
        try:
            answer = client.request(method, path, **content)  # type: ignore[arg-type]
        except httpx.TransportError:
            """The server died before it answered: what was asked for has happened, or it has not."""
        else:
            assert answer.status_code in {201, 202}, answer.text

    def run(self, action: str, seconds: float, kill: Callable[[], None]) -> None:
        acting = threading.Thread(target=getattr(self, action))
        acting.start()
        threading.Event().wait(seconds)
        kill()
        acting.join(60)
        assert not acting.is_alive()


def prepared(home: Installation) -> str:
    home.start_server()
    dataset_id = str(upload(home.client(), table_csv(ROWS), "table.csv")["id"])
    home.keep_diary()
    return dataset_id


def report(kind: str, home: Installation, actions: Counter[str]) -> None:
    jobs = home.everything("/jobs")
    again = sum(job["attempts"] > 1 for job in jobs)
    print(
        f"\n{kind}: {actions.total()} kills {dict(actions)}; {len(jobs)} jobs "
        f"{dict(Counter(job['status'] for job in jobs))}, {again} begun again; "
        f"{len(home.everything('/datasets')) - 1} of the uploads kept"
    )


@pytest.mark.parametrize("database_url", BOTH if LONG else BOTH[:1], indirect=True)
@pytest.mark.parametrize("seed", [1])
def test_killed_servers(tmp_path: Path, database_url: str, seed: int) -> None:
    random_moments, actions = random.Random(seed), Counter[str]()
    with installation(tmp_path, database_url) as home:
        dataset_id = prepared(home)
        for number in range(25 if LONG else 3):
            # The first three do each once; after that chance decides.
            action = ("upload", "training", "detection")[number] if number < 3 else random_moments.choice(_ACTIONS)
            actions[action] += 1
            Round(home, dataset_id, number).run(action, random_moments.uniform(0.0, 1.5), home.kill_server)
            home.start_server()
            jobs = home.wait_for_jobs()
            assert {job["status"] for job in jobs} <= {"succeeded"}
            assert {job["attempts"] for job in jobs} <= {1, 2}
            home.check()
        report("server", home, actions)


@pytest.mark.parametrize("database_url", BOTH if LONG else BOTH[1:], indirect=True)
@pytest.mark.parametrize("seed", [2])
def test_killed_workers(tmp_path: Path, database_url: str, seed: int) -> None:
    random_moments, actions = random.Random(seed), Counter[str]()
    with installation(tmp_path, database_url, worker_threads="0") as home:
        dataset_id = prepared(home)
        worker = home.start_worker("--threads", "1")
        for number in range(25 if LONG else 2):
            action = ("training", "detection")[number % 2] if number < 2 else random_moments.choice(_ACTIONS[1:])
            actions[action] += 1
            Round(home, dataset_id, number).run(action, random_moments.uniform(0.1, 2.0), lambda: kill(worker))  # noqa: B023
            worker = home.start_worker("--threads", "1")
            jobs = home.wait_for_jobs()
            assert {job["status"] for job in jobs} <= {"succeeded"}
            assert {job["attempts"] for job in jobs} <= {1, 2}
            home.check()
        report("worker", home, actions)


_ACTIONS = ("upload", "training", "detection")


def kill(worker: WorkerProcess) -> None:
    assert worker.stop(signal.SIGKILL) == -signal.SIGKILL
