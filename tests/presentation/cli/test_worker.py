"""``worker`` as a process: it joins, ends by a signal or with its parent, and says what is wrong."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-m", "anomaly_detection.presentation.cli", "worker"]


def started(folder: Path, *options: str) -> subprocess.Popen[str]:
    """Start a worker and wait until it says that it works."""
    process = subprocess.Popen(
        [*PROGRAM, "--data-dir", str(folder), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Ctrl-C"):
            return process
    raise AssertionError("the worker ended")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_works_until_a_signal(tmp_path: Path, number: signal.Signals, code: int) -> None:
    with started(tmp_path) as process:
        process.send_signal(number)
        assert process.wait(60) == code


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    with started(tmp_path, "--with-input") as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(60) == 0


@pytest.mark.parametrize("queues", ["urgent", "", "high,urgent"])
def test_a_queue_that_there_is_not(tmp_path: Path, queues: str) -> None:
    command = [*PROGRAM, "--data-dir", str(tmp_path), "--queues", queues]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "platform.wrong_option" in done.stderr
    assert "high, normal, low" in done.stderr
