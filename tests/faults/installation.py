"""An installation of real processes, to be killed: a server, workers beside it, and a diary of how each job ended."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from anomaly_detection.detection.detector import load_detector
from anomaly_detection.infrastructure.persistence.engine import Database
from tests.presentation.api.process import PROGRAM, ServerProcess

ENDED = {"succeeded", "failed", "cancelled"}
# Written by the database itself, so no process can forget to write in it.
_DIARY = {
    "sqlite": (
        "CREATE TABLE diary (job_id TEXT, status TEXT)",
        (
            "CREATE TRIGGER diary AFTER UPDATE OF status ON jobs WHEN NEW.status IN ('succeeded', 'failed', 'cancelled') "
            "BEGIN INSERT INTO diary VALUES (NEW.id, NEW.status); END"
        ),
    ),
    "postgresql": (
        "CREATE TABLE diary (job_id TEXT, status TEXT)",
        (
            "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "INSERT INTO diary VALUES (NEW.id, NEW.status); RETURN NEW; END $$"
        ),
        (
            "CREATE TRIGGER diary AFTER UPDATE OF status ON jobs FOR EACH ROW "
            "WHEN (NEW.status IN ('succeeded', 'failed', 'cancelled')) EXECUTE FUNCTION note()"
        ),
    ),
}


def wait_until(condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


class WorkerProcess:
    """``anomaly-detection worker``."""

    def __init__(self, data_dir: Path, *arguments: str, **settings: str) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"ANOMALY_DETECTION_DATA_DIR": str(data_dir)}
        environment |= {f"ANOMALY_DETECTION_{name.upper()}": value for name, value in settings.items()}
        self.log = data_dir.with_name(f"{data_dir.name}-worker.log")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "worker", *arguments],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )

    def wait_until_ready(self) -> WorkerProcess:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if "Ctrl-C" in line:
                return self
        raise AssertionError(f"the worker did not start:\n{self.log.read_text()}")

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 60) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(seconds)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


class Installation:
    """A data folder with its processes; every process is killed at the end."""

    def __init__(self, folder: Path, database_url: str = "", **settings: str) -> None:
        self.data_dir = folder / "data"
        self._settings = {"database_url": database_url, "sign_ins_per_minute": "6000", **settings}
        self._database_url = database_url or f"sqlite:///{self.data_dir / 'platform.db'}"
        self.server: ServerProcess | None = None
        self.workers: list[WorkerProcess] = []
        self._client: httpx.Client | None = None

    def start_server(self, *arguments: str, **settings: str) -> ServerProcess:
        self.server = ServerProcess(self.data_dir, 0, *arguments, **{**self._settings, **settings})
        return self.server.wait_until_started(120)

    def start_worker(self, *arguments: str) -> WorkerProcess:
        worker = WorkerProcess(self.data_dir, *arguments, **self._settings)
        self.workers.append(worker)
        return worker.wait_until_ready()

    def client(self) -> httpx.Client:
        """Return a client of the server that runs now, as the administrator."""
        assert self.server is not None
        if self._client is None or str(self._client.base_url) != f"{self.server.url}/api/v1/":
            if self._client is not None:
                self._client.close()
            self._client = self.server.client()
            self.server.one_time = ""
        return self._client

    def keep_diary(self) -> None:
        """Let the database note each end of a job."""
        database = Database(self._database_url)
        with database.write() as connection:
            for statement in _DIARY[database.dialect]:
                connection.exec_driver_sql(statement)
        database.dispose()

    def ends(self) -> Counter[str]:
        """Return how often each job ended."""
        database = Database(self._database_url)
        with database.read() as connection:
            found = Counter(connection.execute(sa.text("SELECT job_id FROM diary")).scalars())
        database.dispose()
        return found

    def kill_server(self) -> None:
        assert self.server is not None
        assert self.server.stop(signal.SIGKILL) == -signal.SIGKILL

    def close(self) -> None:
        for worker in self.workers:
            worker.stop(signal.SIGKILL)
        if self.server is not None:
            self.server.stop(signal.SIGKILL)
        if self._client is not None:
            self._client.close()

    def everything(self, path: str) -> list[dict[str, Any]]:
        """Return all items of a list."""
        items: list[dict[str, Any]] = []
        after = None
        while True:
            page = self.client().get(path, params={"limit": 200, **({"after": after} if after else {})}).json()
            items += page["items"]
            after = page["next"]
            if after is None:
                return items

    def wait_for_jobs(self, seconds: float = 180) -> list[dict[str, Any]]:
        """Wait until every job has ended, and return them."""
        wait_until(lambda: all(job["status"] in ENDED for job in self.everything("/jobs")), seconds)
        return self.everything("/jobs")

    def check(self) -> None:
        """Check that each job ended once and that what can be seen is whole: nothing half-written, nothing without an owner."""
        jobs = self.everything("/jobs")
        assert self.ends() == Counter({job["id"]: 1 for job in jobs})
        self._check_datasets()
        self._check_detections()
        self._check_models()
        assert not [path for path in self.data_dir.rglob("*") if path.name.endswith((".partial", ".part"))]

    def _check_datasets(self) -> None:
        datasets = self.everything("/datasets")
        folders = [path for path in self.data_dir.glob("datasets/*/*") if path.is_dir()]
        assert {path.name for path in folders} == {dataset["id"] for dataset in datasets}
        for dataset in datasets:
            (file,) = self.data_dir.glob(f"datasets/*/{dataset['id']}/data*")
            assert file.stat().st_size == dataset["size_bytes"]
            preview = self.client().get(f"/datasets/{dataset['id']}/preview")
            assert preview.status_code == 200, preview.text

    def _check_detections(self) -> None:
        rows = {dataset["id"]: dataset["n_rows"] for dataset in self.everything("/datasets")}
        for detection in self.everything("/detections"):
            files = list(self.data_dir.glob(f"results/*/{detection['id']}/*"))
            if detection["status"] != "succeeded":
                assert files == []
                continue
            assert len(files) == 1
            headers = {"Accept": "application/vnd.apache.arrow.stream"}
            answer = self.client().get(f"/detections/{detection['id']}/result", headers=headers)
            table = pa.ipc.open_stream(answer.content).read_all()
            assert table.num_rows == rows[detection["dataset"]["id"]]
            assert np.isfinite(table["score"].to_numpy()).all()

    def _check_models(self) -> None:
        for model in self.everything("/models"):
            for version in self.everything(f"/models/{model['id']}/versions"):
                files = list(self.data_dir.glob(f"models/*/{version['id']}/*"))
                if version["status"] != "succeeded":
                    assert files == []
                    continue
                assert len(files) == 1
                path = f"/models/{model['id']}/versions/{version['version']}/file"
                content = self.client().get(path).content
                assert len(content) == version["size_bytes"]
                copy = self.data_dir / "copy.adm"
                copy.write_bytes(content)
                assert load_detector(copy).algorithm == version["algorithm"]
                copy.unlink()


@contextmanager
def installation(folder: Path, database_url: str = "", **settings: str) -> Iterator[Installation]:
    made = Installation(folder, database_url, **settings)
    try:
        yield made
    finally:
        made.close()


def table_csv(rows: int, columns: int = 4, seed: int = 5) -> bytes:
    """Return a table of numbers as CSV."""
    values = np.random.default_rng(seed).normal(size=(rows, columns))
    buffer = BytesIO()
    header = ",".join(f"x{number}" for number in range(columns))
    np.savetxt(buffer, values, fmt="%.3f", delimiter=",", header=header, comments="")
    return buffer.getvalue()
