"""Real processes that are killed or frozen in the middle of a job: it ends once all the same."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from anomaly_detection.infrastructure.jobs.instance import instance_id, is_dead
from anomaly_detection.infrastructure.jobs.queue import DatabaseJobQueue
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import Job

SCRIPT = Path(__file__).with_name("worker_process.py")
Start = Callable[[float], subprocess.Popen[str]]


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Iterator[Start]:
    processes: list[subprocess.Popen[str]] = []

    def begin(lease_seconds: float) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT), database_url, str(tmp_path), str(lease_seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def freeze(process: subprocess.Popen[str], database: Database) -> None:
    """Stop the process between two transactions: one that is stopped inside would keep its lock, and nobody could go on."""

    def stopped_outside_a_transaction() -> bool:
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.05)
        if not holds_a_lock(database):
            return True
        process.send_signal(signal.SIGCONT)
        time.sleep(0.02)
        return False

    wait_for(stopped_outside_a_transaction)


def holds_a_lock(database: Database) -> bool:
    if database.dialect == "postgresql":
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        with database.read() as connection:
            return bool(
                connection.exec_driver_sql(f"{others} AND starts_with(state, 'idle in transaction')").scalar_one()
            )
    with closing(sqlite3.connect(str(database.engine.url.database), timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        connection.execute("ROLLBACK")
        return False


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def wait_for_end(queue: DatabaseJobQueue, scope: Scope, job: Job) -> Job:
    wait_for(lambda: queue.get(scope, job.id).status not in {"queued", "running"})
    return queue.get(scope, job.id)


def test_a_job_survives_kill_9_and_ends_once(
    start: Start, queue: DatabaseJobQueue, scope: Scope, tmp_path: Path
) -> None:
    job = queue.submit(scope, "hang_at_first", {})
    # The lease would hold for ten minutes: the restarted worker knows by the process that its holder is dead.
    killed = start(600)
    wait_for(lambda: len(lines(tmp_path / "begun")) == 1)
    assert queue.get(scope, job.id).status == "running"
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert queue.get(scope, job.id).status == "running"

    restarted = start(600)
    ended = wait_for_end(queue, scope, job)
    assert (ended.status, ended.attempts, ended.outcome) == ("succeeded", 2, {"process": restarted.pid})
    assert lines(tmp_path / "begun") == [str(killed.pid), str(restarted.pid)]
    assert lines(tmp_path / "ended") == [str(restarted.pid)]


def test_a_frozen_worker_is_replaced_and_cannot_end_the_job_again(
    start: Start, queue: DatabaseJobQueue, database: Database, scope: Scope, tmp_path: Path
) -> None:
    job = queue.submit(scope, "hang_at_first", {})
    frozen = start(1.0)
    wait_for(lambda: len(lines(tmp_path / "begun")) == 1)
    freeze(frozen, database)
    other = start(1.0)
    ended = wait_for_end(queue, scope, job)
    assert ended.outcome == {"process": other.pid}

    (tmp_path / "go_on").touch()
    frozen.send_signal(signal.SIGCONT)
    wait_for(lambda: len(lines(tmp_path / "ended")) == 2)
    frozen.communicate(timeout=30)
    assert queue.get(scope, job.id) == ended


def test_a_worker_that_ends_in_order_hands_its_job_back(
    start: Start, queue: DatabaseJobQueue, scope: Scope, tmp_path: Path
) -> None:
    job = queue.submit(scope, "hang_at_first", {})
    ending = start(600)
    wait_for(lambda: len(lines(tmp_path / "begun")) == 1)
    ending.communicate(timeout=30)
    waiting = queue.get(scope, job.id)
    assert (waiting.status, waiting.attempts) == ("queued", 0)
    start(600)
    assert wait_for_end(queue, scope, job).attempts == 1


def test_two_processes_do_two_hundred_jobs_none_twice(
    start: Start, queue: DatabaseJobQueue, database: Database, scope: Scope, tmp_path: Path
) -> None:
    with database.write():
        jobs = [queue.submit(scope, "count", {"number": number}) for number in range(200)]
    processes = [start(30), start(30)]
    wait_for(lambda: queue.counts() == {"succeeded": 200})
    done = [queue.get(scope, job.id) for job in jobs]
    assert Counter(lines(tmp_path / "counted")) == {str(number): 1 for number in range(200)}
    assert {job.attempts for job in done} == {1}
    assert {(job.outcome or {})["process"] for job in done} <= {process.pid for process in processes}


def test_a_living_process_is_not_taken_for_dead() -> None:
    own = instance_id()
    place, process, started, unique = own.split("/")
    assert int(process) == os.getpid()
    assert not is_dead(own)
    # The same number, given to another process; another machine; nobody can tell.
    assert is_dead(f"{place}/{process}/{int(started) + 1}/{unique}")
    assert not is_dead(f"elsewhere/{process}/1/{unique}")
    assert not is_dead(f"{place}/{process}//{unique}")
    assert not is_dead("nonsense")
