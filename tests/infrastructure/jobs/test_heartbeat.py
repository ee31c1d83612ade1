"""Signs of life: who is heard, who fell silent, who ended."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

from anomaly_detection.infrastructure.jobs.heartbeat import Heartbeat, living_workers
from anomaly_detection.infrastructure.jobs.instance import instance_id
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.processes import Process, ProcessRepository

ELSEWHERE = "another-machine/1/1/x"


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_worker_is_heard_from_its_start_to_its_end(database: Database) -> None:
    processes = ProcessRepository(database)
    beat = Heartbeat(processes, Process(instance_id(), "worker", ("high", "low"), 3), beat_seconds=0.02)
    assert living_workers(processes) == []
    beat.start()
    (first,) = living_workers(processes)
    assert (first.role, first.queues, first.concurrency) == ("worker", ("high", "low"), 3)
    assert first.host
    assert first.heartbeat_at is not None
    wait_for(lambda: living_workers(processes)[0].heartbeat_at != first.heartbeat_at)
    assert living_workers(processes)[0].started_at == first.started_at
    assert beat.alive
    beat.stop()
    assert not beat.alive
    assert processes.known() == []


def test_who_is_silent_or_does_no_jobs_is_no_living_worker(database: Database) -> None:
    processes = ProcessRepository(database)
    processes.beat(Process(ELSEWHERE, "worker", ("normal",), 1))
    processes.beat(Process("another-machine/2/1/x", "server", (), 0))
    assert [process.id for process in living_workers(processes)] == [ELSEWHERE]
    assert living_workers(processes, silent_seconds=-1) == []
    processes.prune(older_than_seconds=60)
    assert len(processes.known()) == 2
    processes.prune(older_than_seconds=-1)
    assert processes.known() == []


def test_a_killed_process_is_not_waited_for(database: Database) -> None:
    script = "from anomaly_detection.infrastructure.jobs.instance import instance_id; print(instance_id())"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    processes = ProcessRepository(database)
    processes.beat(Process(ended, "worker", ("normal",), 1))
    assert living_workers(processes) == []
    beat = Heartbeat(processes, Process(instance_id(), "server", (), 0), beat_seconds=0.02)
    beat.start()
    wait_for(lambda: ended not in processes.known())
    beat.stop()
