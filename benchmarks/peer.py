"""MLflow's scoring server with a scikit-learn model, in an environment of its own that is made once and kept."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from benchmarks.server import end

MLFLOW = "3.17.2"
CACHE = Path(__file__).parents[1] / ".cache" / "benchmarks"
INSTALL_SECONDS = 900
START_SECONDS = 120
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}
SAVE = """
import sys
import numpy as np
import mlflow.sklearn
from sklearn.ensemble import IsolationForest
rows, target, options = sys.argv[1:]
model = IsolationForest(**__import__("json").loads(options)).fit(np.load(rows))
mlflow.sklearn.save_model(model, target, pyfunc_predict_fn="predict", serialization_format="cloudpickle")
"""


class NotHere(Exception):
    """MLflow cannot be installed or started here; the message says why."""


def environment() -> Path:
    """Return the Python of an environment with MLflow and our scikit-learn, which is made where it is missing.

    Raises
    ------
    NotHere
        The packages cannot be had.
    """
    wanted = [f"mlflow=={MLFLOW}", f"scikit-learn=={version('scikit-learn')}"]
    place = CACHE / "-".join(item.replace("==", "-") for item in wanted)
    python = place / "bin" / "python"
    if (place / "complete").exists():
        return python
    uv = Path(sys.executable).with_name("uv")
    try:
        _run([sys.executable, "-m", "venv", "--clear", str(place)])
        _run([str(uv), "pip", "install", "--quiet", "--python", str(python), "--compile-bytecode", *wanted])
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise NotHere(f"MLflow {MLFLOW} cannot be installed here: {said.strip().splitlines()[-1][:200]}") from error
    (place / "complete").touch()
    return python


def save(python: Path, rows: Path, target: Path, options: str) -> None:
    """Train an isolation forest there and save it as MLflow does.

    Raises
    ------
    NotHere
        It fails.
    """
    try:
        _run([str(python), "-c", SAVE, str(rows), str(target), options])
    except subprocess.SubprocessError as error:
        said = getattr(error, "stderr", None) or str(error)
        raise NotHere(f"MLflow {MLFLOW} cannot save the model: {said.strip().splitlines()[-1][:200]}") from error


@contextmanager
def scoring_server(python: Path, model: Path, log: Path) -> Iterator[tuple[str, int]]:
    """Serve a saved model on this machine, by one worker; give its address and its process.

    Raises
    ------
    NotHere
        It does not start.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(python), "-m", "mlflow", "models", "serve", "-m", str(model), "--env-manager", "local"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    with log.open("w") as out:
        process = subprocess.Popen(
            command, env=_environment(python), stdout=out, stderr=out, text=True, start_new_session=True
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(process, url, log)
            yield url, process.pid
        finally:
            end(process)
            _end_group(process.pid)


def _wait(process: subprocess.Popen[str], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/ping", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    said = log.read_text("utf-8", errors="replace").strip().splitlines()
    raise NotHere(f"MLflow's server does not start: {(said or ['no word'])[-1][:200]}")


def _end_group(group: int) -> None:
    """End what the server has left behind: it starts its workers by a shell."""
    import signal

    try:
        os.killpg(group, signal.SIGTERM)
        time.sleep(0.5)
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def _environment(python: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH"}}
    return {**kept, **QUIET, "PATH": f"{python.parent}{os.pathsep}{kept.get('PATH', '')}"}


def _run(command: list[str]) -> None:
    subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        env=_environment(Path(command[0])),
    )
