"""A large CSV through the API: uploaded, detected in, its first anomalies read; seconds, and the server's peak memory."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path

from anomaly_detection_client import Client
from benchmarks.detect_csv import FEATURES, write_rows
from benchmarks.measure import Figure, seconds
from benchmarks.server import PASSWORD, server, upload_to_result

ROWS = 1_000_000
ALGORITHM = "isolation_forest"
LIMIT_SECONDS = 900.0


class MemoryWatch:
    """Reads again and again what a process has in memory, and remembers the most.

    Parameters
    ----------
    pid : int
        Of the process.
    """

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self.peak_mib = 0.0

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def now_mib(self) -> float:
        """What it has now; 0 where the system does not tell."""
        try:
            lines = self._status.read_text("utf-8").splitlines()
        except OSError:
            return 0.0
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)

    def _read(self) -> None:
        while not self._stop.wait(0.02):
            self.peak_mib = max(self.peak_mib, self.now_mib)


def measure(rows: int = ROWS) -> list[Figure]:
    """Measure with one file in a server of its own, after a small detection that fills the caches."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.csv"
        write_rows(file, rows)
        with server(Path(folder) / "data") as (_, plain, one_time):
            plain.sign_in(one_time_token=one_time, new_password=PASSWORD)
            upload_to_result(plain)
            with plain.sdk() as client:
                return _measured(client, plain.pid, file, rows)


def _measured(client: Client, pid: int, file: Path, rows: int) -> list[Figure]:
    size = file.stat().st_size / 2**20
    with MemoryWatch(pid) as watch:
        before = watch.now_mib
        started = time.perf_counter()
        dataset = client.datasets.upload(file)
        uploaded, upload_peak = time.perf_counter() - started, watch.peak_mib
        ordered = client.detections.start(dataset.id, algorithm=ALGORITHM)
        ended = client.detections.wait(ordered.id, timeout=LIMIT_SECONDS)
        first = next(client.detections.anomalies(ended.id), None)
        total = time.perf_counter() - started
    if dataset.n_rows != rows or first is None:
        raise RuntimeError(f"{dataset.n_rows} rows arrived, and the first anomaly is {first}")
    listed = seconds(lambda: next(client.detections.anomalies(ended.id)))
    what = f"{rows:,} x {FEATURES}"
    return [
        Figure(f"size of the CSV, {what}", size, "MiB"),
        Figure("upload until described", uploaded, "s", note=f"{what}, streamed from the disk"),
        Figure("detect until the first anomalies are read", total - uploaded, "s", note=f"{what}, {ALGORITHM}"),
        Figure("upload + detect", total, "s", note=f"{what}, {ALGORITHM}"),
        Figure("first page of anomalies, again", 1e3 * listed, "ms", note=what),
        Figure("server's memory before", before, "MiB", note="after a small detection"),
        Figure("server's peak memory until described", upload_peak, "MiB", note=f"of a file of {size:.0f} MiB"),
        Figure("server's peak memory", watch.peak_mib, "MiB", "bounded", f"all of it, of a file of {size:.0f} MiB"),
        Figure("server's peak memory above what it had before", watch.peak_mib - before, "MiB"),
    ]
