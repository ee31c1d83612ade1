"""``serve`` as a real process, on a free port and a folder of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

PROGRAM = [sys.executable, "-m", "anomaly_detection.presentation.cli", "serve"]
WITHOUT = (
    "import sys; sys.modules['uvicorn'] = None; "
    "from anomaly_detection.presentation.cli.application import run; sys.exit(run(sys.argv[1:]))"
)


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[tuple[str, list[str], subprocess.Popen[str]]]:
    """Start the server; yield its address, the lines it printed and the process."""
    command = [*PROGRAM, "--port", "0", "--data-dir", str(folder), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            lines: list[str] = []
            for line in process.stdout:
                lines.append(line.strip())
                if line.startswith("Ctrl-C"):
                    break
            found = re.search(r"http://\S+", lines[0])
            assert found, lines
            yield found[0], lines, process
        finally:
            process.kill()


def test_it_runs_until_ctrl_c(tmp_path: Path) -> None:
    with serving(tmp_path) as (address, lines, process):
        with urllib.request.urlopen(f"{address}/health/liveness", timeout=10) as answer:
            assert answer.status == 200
        assert any("/sign-in?one_time=" in line for line in lines)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130


def test_an_administrator_who_forgot_the_password(tmp_path: Path) -> None:
    def token(lines: list[str]) -> str:
        return next(match[1] for line in lines if (match := re.search(r"one_time=(\S+)", line)))

    with serving(tmp_path) as (address, lines, process):
        body = {"one_time_token": token(lines), "new_password": "a long first password"}
        assert httpx.post(f"{address}/api/v1/sessions", json=body).status_code == 201
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143
    with serving(tmp_path, "--reset-admin") as (address, lines, process):
        assert process.stdout is not None
        lines.append(process.stdout.readline())
        body = {"one_time_token": token(lines), "new_password": "a long second password"}
        assert httpx.post(f"{address}/api/v1/sessions", json=body).status_code == 201
        body = {"username": "admin", "password": "a long second password"}
        assert httpx.post(f"{address}/api/v1/sessions", json=body).status_code == 201


def run(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *options], capture_output=True, text=True, timeout=60, env={**os.environ, **environment}
    )


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("--port", str(taken.getsockname()[1]), "--data-dir", str(tmp_path))
    assert done.returncode == 5
    assert "platform.port_taken" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_setting_that_cannot_be_used(tmp_path: Path) -> None:
    done = run("--data-dir", str(tmp_path), ANOMALY_DETECTION_PORT="many")
    assert done.returncode == 2
    assert "'port'" in done.stderr
    done = run("--data-dir", str(tmp_path), "--config", str(tmp_path / "none.toml"))
    assert done.returncode == 2


def test_a_folder_that_another_server_uses(tmp_path: Path) -> None:
    with serving(tmp_path):
        done = run("--port", "0", "--data-dir", str(tmp_path))
    assert done.returncode == 5
    assert "platform.data_dir_in_use" in done.stderr


def test_a_database_that_does_not_answer(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"postgresql://nobody:secret@127.0.0.1:{port}/none"
    done = run("--port", "0", "--data-dir", str(tmp_path), "--database-url", address)
    assert done.returncode == 5, done.stderr
    assert "secret" not in done.stderr


def test_a_missing_extra_is_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, "serve", "--data-dir", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "pip install 'anomaly-detection[server]'" in done.stderr
    assert "Traceback" not in done.stderr
