"""A worker in a process of its own, to be killed by tests: ``python worker_process.py URL FOLDER LEASE_SECONDS``.

What its handlers do is written to files in FOLDER, one line each, so that a test can count it. It works until its standard
input ends, or until it is killed.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from anomaly_detection.infrastructure.jobs.queue import DatabaseJobQueue
from anomaly_detection.infrastructure.jobs.worker import Worker
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import JobContext, Outcome


def main(url: str, folder: Path, lease_seconds: float) -> None:
    def note(name: str, line: object) -> None:
        with (folder / name).open("a") as file:
            file.write(f"{line}\n")

    def count(_scope: Scope, payload: Mapping[str, Any], _context: JobContext) -> Outcome:
        note("counted", payload["number"])
        return {"process": os.getpid()}

    def hang_at_first(_scope: Scope, _payload: Mapping[str, Any], context: JobContext) -> Outcome:
        first = not (folder / "begun").exists()
        context.progress(0.5, "working")
        note("begun", os.getpid())
        while first:
            time.sleep(0.01)
            if (folder / "go_on").exists():
                break
        note("ended", os.getpid())
        return {"process": os.getpid()}

    database = Database(url)
    queue = DatabaseJobQueue(database, lease_seconds=lease_seconds)
    worker = Worker(queue, {"count": count, "hang_at_first": hang_at_first}, concurrency=2, poll_seconds=0.05)
    worker.start()
    print("ready", flush=True)
    sys.stdin.read()
    worker.stop(timeout=0.2)
    database.dispose()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]))
