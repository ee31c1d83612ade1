"""The platform put together in each role: one server for a folder, any number of others beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from anomaly_detection.configurations.basic.composition import Platform, Role
from anomaly_detection.configurations.settings import Settings
from anomaly_detection.shared.errors import Conflict


def test_there_is_one_server_for_a_folder_and_others_beside_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    server = Platform(settings)
    tool = Platform(settings, "tool")
    tool.accounts.create_tenant("ours")
    with pytest.raises(Conflict) as caught:
        Platform(settings)
    assert caught.value.code == "platform.data_dir_in_use"
    server.close()
    Platform(settings).close()
    tool.close()


def test_a_folder_of_another_database_is_refused_in_every_role(tmp_path: Path, database_url: str) -> None:
    ours = Settings(data_dir=tmp_path / "ours", database_url=database_url)
    Platform(ours, "tool").close()
    theirs = ours.model_copy(update={"data_dir": tmp_path / "theirs"})
    roles: tuple[Role, ...] = ("server", "worker", "tool")
    for role in roles:
        with pytest.raises(Conflict) as caught:
            Platform(theirs, role)
        assert caught.value.code == "platform.other_data_folder"
    Platform(ours).close()


def test_readiness_says_who_does_the_jobs(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", worker_threads=0)
    with Platform(settings) as server:
        assert server.checks() == {
            "database": "ok",
            "worker": "No worker process gives a sign of life; jobs wait.",
            "data_folder": "ok",
        }
        with Platform(settings, "worker", queues=["high"]):
            assert server.checks()["worker"] == "ok"
        assert server.checks()["worker"] != "ok"
        server.folder.root.rename(tmp_path / "gone")
        assert server.checks()["data_folder"].startswith("The data folder cannot be used")
        (tmp_path / "gone").rename(server.folder.root)
