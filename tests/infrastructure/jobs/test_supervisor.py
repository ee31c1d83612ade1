"""The supervisor with real processes: started, started again, and ended with their parent however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from anomaly_detection.infrastructure.jobs.instance import instance_id, is_dead
from anomaly_detection.infrastructure.jobs.supervisor import Supervisor

# It says which process it is, and ends with its standard input.
CHILD = """
import os, pathlib, sys
from anomaly_detection.infrastructure.jobs.instance import instance_id
pathlib.Path(sys.argv[1], str(os.getpid())).write_text(instance_id())
sys.stdin.read()
pathlib.Path(sys.argv[1], f"ended-{os.getpid()}").touch()
"""
PARENT = """
import sys, time
from anomaly_detection.infrastructure.jobs.supervisor import Supervisor
with Supervisor([sys.executable, "-c", *sys.argv[1:]], 2):
    time.sleep(600)
"""


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def instances(folder: Path) -> list[str]:
    return [path.read_text() for path in sorted(folder.iterdir()) if path.name.isdigit()]


def test_processes_run_until_the_end_and_are_let_end(tmp_path: Path) -> None:
    with Supervisor([sys.executable, "-c", CHILD, str(tmp_path)], 2) as supervisor:
        wait_for(lambda: len(instances(tmp_path)) == 2)
        assert len(supervisor.processes) == 2
        assert not [name for name in instances(tmp_path) if is_dead(name)]
    assert supervisor.processes == []
    assert all(is_dead(name) for name in instances(tmp_path))
    assert len(list(tmp_path.glob("ended-*"))) == 2


def test_a_process_that_dies_is_started_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Supervisor([sys.executable, "-c", CHILD, str(tmp_path)], 1) as supervisor:
        wait_for(lambda: len(instances(tmp_path)) == 1)
        os.kill(supervisor.processes[0], signal.SIGKILL)
        wait_for(lambda: len(instances(tmp_path)) == 2)
    assert "a worker process ended and is started again" in caplog.text


def test_one_that_dies_again_and_again_is_started_more_and_more_rarely(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dying = f"open({str(tmp_path / 'starts')!r}, 'a').write('x'); raise SystemExit(3)"
    with Supervisor([sys.executable, "-S", "-c", dying], 1):
        wait_for(lambda: len([record for record in caplog.records if hasattr(record, "exit_code")]) == 3)
    said = [vars(record) for record in caplog.records if hasattr(record, "exit_code")]
    assert [(record["exit_code"], record["again_in_seconds"]) for record in said] == [(3, 0.5), (3, 1.0), (3, 2.0)]


def test_a_program_that_is_not_there_is_said_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Supervisor([str(tmp_path / "none")], 1) as supervisor:
        assert supervisor.processes == []
    assert "a worker process cannot be started" in caplog.text


def test_no_process_outlives_a_parent_that_was_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, CHILD, str(tmp_path)], start_new_session=True)
    try:
        wait_for(lambda: len(instances(tmp_path)) == 2)
    finally:
        parent.kill()
        parent.wait()
    wait_for(lambda: all(is_dead(name) for name in instances(tmp_path)))
    assert len(list(tmp_path.glob("ended-*"))) == 2
    assert not is_dead(instance_id())
