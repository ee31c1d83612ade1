"""The server: a fresh process until it is ready, signing in, and the taxi series from its upload to its result."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anomaly_detection_client as sdk
from benchmarks.measure import Figure, repeat, seconds

STARTS = 5
SIGN_INS = 15
READY_SECONDS = 120
TAXI = Path(__file__).parents[1] / "src/anomaly_detection/data_platform/bundled/nyc_taxi.csv.gz"
PASSWORD = "four words that stay"


class Client:
    """Just enough of HTTP to measure with.

    Attributes
    ----------
    url : str
        Address of the server.
    pid : int
        Its process.
    token : str
        What proves who is signed in.
    """

    def __init__(self, url: str, pid: int) -> None:
        self.url = url
        self.pid = pid
        self.token = ""

    def call(self, method: str, path: str, body: bytes | dict[str, Any] | None = None) -> Any:
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        kind = {"Content-Type": "application/json" if isinstance(body, dict) else "application/octet-stream"}
        proof = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        request = urllib.request.Request(self.url + path, data, {**proof, **kind}, method=method)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read())

    def sign_in(self, **proof: str) -> None:
        self.token = self.call("POST", "/api/v1/sessions", dict(proof))["access_token"]

    def sdk(self) -> sdk.Client:
        """Return the platform's own client, signed in as this one is."""
        return sdk.Client(self.url, token=self.token, timeout=300)


def measure() -> list[Figure]:
    """Measure start to ready on a new and on a used data folder, and upload to result, the first time and again."""
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder) / "new"
        with server(new) as (started, client, one_time):
            first_start = started
            client.sign_in(one_time_token=one_time, new_password=PASSWORD)
            first = upload_to_result(client)
            again = [upload_to_result(client) for _ in range(5)]
        starts = []
        for _ in range(STARTS):
            with server(new) as (started, _, _):
                starts.append(started)
        with server(new) as (_, client, _):
            client.sign_in(username="admin", password=PASSWORD)
            fresh = upload_to_result(client)
            sign_in, how = repeat(
                lambda: 1e3 * seconds(lambda: client.sign_in(username="admin", password=PASSWORD)), SIGN_INS
            )
    return [
        Figure("start to ready, new data folder", first_start, "s", "", "whole process, makes database and keys"),
        Figure("start to ready", statistics.median(starts), "s", "", spread(starts)),
        Figure("sign in with a password", sign_in, "ms", "", f"argon2 on purpose, {how}"),
        Figure(
            "upload to result, taxi series, first job ever", first, "s", "", "10 320 rows, stl; numba caches kernels"
        ),
        Figure("upload to result, taxi series, first job of a process", fresh, "s", "", "kernels from the cache"),
        Figure("upload to result, taxi series, later jobs", statistics.median(again), "s", "", spread(again)),
    ]


def upload_to_result(client: Client) -> float:
    """Return the seconds from the upload's first byte to the result document, followed by asking every 10 ms."""
    content = gzip.decompress(TAXI.read_bytes())
    started = time.perf_counter()
    dataset = client.call("POST", "/api/v1/datasets?filename=nyc_taxi.csv", content)
    detection = client.call("POST", "/api/v1/detections", {"dataset_id": dataset["id"]})
    while detection["status"] in {"queued", "running"}:
        time.sleep(0.01)
        detection = client.call("GET", f"/api/v1/detections/{detection['id']}")
    if detection["status"] != "succeeded":
        raise RuntimeError(f"the detection failed: {detection['error']}")
    result = client.call("GET", f"/api/v1/detections/{detection['id']}/result")
    elapsed = time.perf_counter() - started
    if not result["n_anomalies"]:
        raise RuntimeError("the taxi series has anomalies, and none was found")
    return elapsed


@contextmanager
def server(data_dir: Path, **settings: str) -> Iterator[tuple[float, Client, str]]:
    """Start the server; give the seconds until it was ready, a client, and the one-time token that it printed.

    Parameters
    ----------
    data_dir : Path
        Its data folder.
    **settings : str
        Further settings by name, such as ``worker_processes="2"``.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {
        "ANOMALY_DETECTION_DATA_DIR": str(data_dir),
        "ANOMALY_DETECTION_PORT": "0",
        "COLUMNS": "400",
        **{f"ANOMALY_DETECTION_{name.upper()}": value for name, value in settings.items()},
    }
    program = Path(sys.executable).with_name("anomaly-detection")
    log = data_dir.with_suffix(".log").open("w")
    started = time.perf_counter()
    process = subprocess.Popen([program, "serve"], env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdout is not None
    # A server that hangs must not hang the benchmark.
    watchdog = threading.Timer(READY_SECONDS, process.kill)
    watchdog.start()
    try:
        url, one_time = "", ""
        for line in process.stdout:
            if found := re.search(r"(http://127\.0\.0\.1:\d+)(?:/sign-in\?one_time=([\w-]+))?", line):
                url, one_time = found[1], found[2] or one_time
            if "Ctrl-C" in line:
                break
        watchdog.cancel()
        if not url:
            raise RuntimeError(f"the server did not start:\n{Path(log.name).read_text('utf-8')}")
        client = Client(url, process.pid)
        client.call("GET", "/health/readiness")
        yield time.perf_counter() - started, client, one_time
    finally:
        watchdog.cancel()
        end(process)
        process.stdout.close()
        log.close()


def end(process: subprocess.Popen[str], seconds: float = 30) -> None:
    """End a process: with its own good manners if it can, else without."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def spread(values: list[float]) -> str:
    """Return how many values there are and how far apart."""
    return f"median of {len(values)}, {min(values):.3g} to {max(values):.3g}"
