"""Durable jobs: how many a second from their submission to their end, and how long one takes that finds an idle worker."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from anomaly_detection.configurations.migrations import migrate
from anomaly_detection.infrastructure.jobs.queue import DatabaseJobQueue
from anomaly_detection.infrastructure.jobs.worker import Worker
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.tenants import TenantRepository
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import Job
from benchmarks.measure import Figure

JOBS = 500
SINGLE = 50
THREADS = (1, 4)


def measure() -> list[Figure]:
    """Measure on SQLite, and on PostgreSQL where its programs are installed, both with durable commits."""
    with tempfile.TemporaryDirectory() as folder:
        figures = _measure_on("SQLite", f"sqlite:///{Path(folder) / 'platform.db'}")
    with postgresql() as url:
        return figures + (_measure_on("PostgreSQL", url) if url else [])


def _measure_on(name: str, url: str) -> list[Figure]:
    database = Database(url)
    migrate(database)
    scope = Scope(TenantRepository(database).ensure("benchmark").id, "benchmark")
    submitted = submit_rate(database, scope)
    figures = [Figure(f"jobs submitted, {name}", submitted, "1/s", "", f"{JOBS} jobs, one commit each")]
    for threads in THREADS:
        rate = jobs_per_second(database, scope, threads)
        note = f"{JOBS} jobs that do nothing, claim to end, {threads} thread{'s' if threads > 1 else ''}"
        figures.append(Figure(f"jobs done, {name}, {threads} at a time", rate, "1/s", "", note))
    median, note = submit_to_end(database, scope)
    figures.append(Figure(f"job from submit to end, idle worker, {name}", median * 1000, "ms", "", note))
    database.dispose()
    return figures


def submit_rate(database: Database, scope: Scope) -> float:
    """Return how many jobs a second one thread submits, each kept by itself."""
    queue = DatabaseJobQueue(database)
    started = time.perf_counter()
    jobs = [queue.submit(scope, "nothing", {}) for _ in range(JOBS)]
    elapsed = time.perf_counter() - started
    for job in jobs:
        queue.cancel(scope, job.id)
    return JOBS / elapsed


def jobs_per_second(database: Database, scope: Scope, threads: int) -> float:
    """Return how many waiting jobs a second the threads of one worker end."""
    queue = DatabaseJobQueue(database)
    done = threading.Semaphore(0)
    queue.listen(lambda job: done.release() if job.status == "succeeded" else None)
    with database.write():
        for _ in range(JOBS):
            queue.submit(scope, "nothing", {})
    worker = Worker(queue, {"nothing": lambda *_: {}}, concurrency=threads)
    started = time.perf_counter()
    worker.start()
    for _ in range(JOBS):
        done.acquire()
    elapsed = time.perf_counter() - started
    worker.stop()
    return JOBS / elapsed


def submit_to_end(database: Database, scope: Scope) -> tuple[float, str]:
    """Return the median seconds of a job that finds an idle worker, and the spread."""
    queue, ended = DatabaseJobQueue(database), threading.Event()

    def hear(job: Job) -> None:
        if job.status == "succeeded":
            ended.set()

    queue.listen(hear)
    worker = Worker(queue, {"nothing": lambda *_: {}})
    worker.start()
    times = []
    for _ in range(SINGLE):
        ended.clear()
        started = time.perf_counter()
        queue.submit(scope, "nothing", {})
        if not ended.wait(30):
            raise RuntimeError("a job that does nothing did not end within 30 s")
        times.append(time.perf_counter() - started)
    worker.stop()
    return statistics.median(times), f"median of {SINGLE}, {min(times) * 1000:.3g} to {max(times) * 1000:.3g}"


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a PostgreSQL server of our own and give its address; an empty one where its programs are not installed."""
    programs = _programs()
    if programs is None:
        yield ""
        return
    folder = Path(tempfile.mkdtemp(prefix="adp-pg-"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        # The server refuses to run as root.
        shutil.chown(folder, "postgres", "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]

    def call(program: str, *arguments: str) -> None:
        command = [*as_user, str(programs / program), "-D", str(folder / "data"), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")

    call("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
    options = f"-k {folder} -c listen_addresses=''"
    call("pg_ctl", "-l", str(folder / "log"), "-w", "-o", options, "start")
    try:
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        call("pg_ctl", "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path | None:
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "pg_ctl").exists()), None)
