"""A disk that is full when a result, a model or the database is written: an answer, a failed job, and nothing half-written.

An upload on a full disk is in tests/presentation/api/test_process.py.
"""

from __future__ import annotations

import gzip
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.presentation.api.process import server
from tests.presentation.api.running import upload, wait_for

LIMIT = 4 * 1024 * 1024


@dataclass
class SmallDisk:
    """A folder where 4 MiB fit: a real small disk for root, else a limit on the size of each file of a process."""

    folder: Path
    mounted: bool

    @property
    def file_limit(self) -> int:
        return 0 if self.mounted else LIMIT

    def grow(self) -> None:
        if self.mounted:
            subprocess.run(["mount", "-o", "remount,size=256m", self.folder], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={LIMIT}", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and not subprocess.run(mount, capture_output=True, check=False).returncode
    yield SmallDisk(folder, mounted)
    if mounted:
        subprocess.run(["umount", "--lazy", folder], check=True)


def failed(client: httpx.Client, path: str) -> dict[str, Any]:
    """Wait until three attempts have failed, and return what it says."""
    if path.startswith("/detections/"):
        return wait_for(client, path.rpartition("/")[2])
    while (version := client.get(path).json())["status"] in {"queued", "running"}:
        client.get("/health/liveness")
    return dict(version)


@pytest.mark.slow
@pytest.mark.postgresql
def test_neither_a_result_nor_a_model_is_half_written(small_disk: SmallDisk, empty_postgres_url: str) -> None:
    table = b"x,y\n" + b"1,2\n3,4\n5,6\n7,9\n" * 40_000
    with server(
        small_disk.folder, file_limit=small_disk.file_limit, database_url=empty_postgres_url, max_model_bytes="99999999"
    ) as full:
        full.wait_until_ready()
        with full.client() as client:
            dataset_id = upload(client, gzip.compress(table), "table.csv.gz")["id"]
            body = {"dataset_id": dataset_id, "algorithm": "zscore"}
            detection = client.post("/detections", json=body).json()
            forest = {"algorithm": "isolation_forest", "parameters": {"n_estimators": 300, "max_samples": 1024}}
            small = upload(client, b"x,y\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(3000)), "small.csv")
            model = client.post("/models", json={"name": "forest", "dataset_id": small["id"], **forest}).json()
            version = f"/models/{model['model_id']}/versions/{model['version']}"
            for path in (f"/detections/{detection['id']}", version):
                ended = failed(client, path)
                assert (ended["status"], ended["error"]["code"]) == ("failed", "platform.disk_full"), ended
                assert str(small_disk.folder) not in ended["error"]["message"]
            attempts = {job["attempts"] for job in client.get("/jobs").json()["items"]}
            assert attempts == {3}
            assert not list(small_disk.folder.glob("[rm]*/*/*/*"))
            # What needs little space still works.
            answer = client.post("/detections", json={"dataset_id": small["id"], "algorithm": "zscore"})
            assert wait_for(client, answer.json()["id"])["status"] == "succeeded"
        assert full.stop() == 143
    small_disk.grow()
    with server(small_disk.folder, database_url=empty_postgres_url) as roomy:
        roomy.wait_until_ready()
        with roomy.client() as client:
            again = client.post("/detections", json=body).json()
            assert wait_for(client, again["id"])["status"] == "succeeded"


@pytest.mark.slow
def test_a_full_database_refuses_and_loses_nothing(small_disk: SmallDisk, tmp_path: Path) -> None:
    address = f"sqlite:///{small_disk.folder / 'platform.db'}"
    # Each description of a data set takes about 120 kB in the database.
    wide = b",".join(b"%d " % number + b"a long name " * 500 for number in range(20))
    content = wide + b"\n" + b"\n".join(b",".join([b"%d" % row] * 20) for row in range(3))
    kept: list[str] = []
    with server(tmp_path / "data", file_limit=small_disk.file_limit, database_url=address) as full:
        full.wait_until_ready()
        with full.client() as client:
            for number in range(200):
                answer = client.post("/datasets", params={"filename": f"wide-{number}.csv"}, content=content)
                if answer.status_code != 201:
                    break
                kept.append(answer.json()["id"])
            assert answer.status_code in {503, 507}, answer.text
            assert answer.json()["code"] in {"platform.disk_full", "platform.database_unreachable"}
            assert str(small_disk.folder) not in answer.text
            assert httpx.get(f"{full.url}/health/liveness").status_code == 200
            assert client.get(f"/datasets/{kept[0]}/preview").status_code == 200
        full.stop()
        assert "Traceback" not in full.output
    small_disk.grow()
    with server(tmp_path / "data", database_url=address) as roomy:
        roomy.wait_until_ready()
        with roomy.client() as client:
            listed = [item["id"] for item in client.get("/datasets", params={"limit": 200}).json()["items"]]
            assert listed == kept[::-1]
            assert {path.name for path in (tmp_path / "data/datasets").glob("*/*")} == set(kept)
            assert upload(client, content, "wide.csv")["n_columns"] == 20
