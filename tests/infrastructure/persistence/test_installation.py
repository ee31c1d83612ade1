"""A data folder and a database that belong together, and those that do not."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.installation import FILE_NAME, join_installation
from anomaly_detection.infrastructure.persistence.tables import installation
from anomaly_detection.shared.errors import Conflict, Unavailable


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def test_the_first_start_binds_folder_and_database(database: Database, tmp_path: Path) -> None:
    ours, other = folder(tmp_path / "ours"), folder(tmp_path / "other")
    chosen = join_installation(database, ours)
    assert join_installation(database, ours) == chosen
    assert (ours / FILE_NAME).read_text().strip() == chosen
    assert (ours / FILE_NAME).stat().st_mode & 0o077 == 0
    with pytest.raises(Conflict) as caught:
        join_installation(database, other)
    assert caught.value.code == "platform.other_data_folder"
    assert str(other) in caught.value.message
    assert chosen in caught.value.hint
    assert list(other.iterdir()) == []


def test_a_folder_of_another_installation_is_refused_by_both_ids(database: Database, tmp_path: Path) -> None:
    ours, other = folder(tmp_path / "ours"), folder(tmp_path / "other")
    chosen = join_installation(database, ours)
    (other / FILE_NAME).write_text("00000000-0000-7000-8000-000000000000\n")
    with pytest.raises(Conflict, match=r"00000000-0000-7000-8000-000000000000.*" + chosen):
        join_installation(database, other)


def test_a_new_database_takes_the_folders_id_over(database: Database, tmp_path: Path) -> None:
    ours = folder(tmp_path / "ours")
    chosen = join_installation(database, ours)
    with database.write() as connection:
        connection.execute(sa.delete(installation))
    assert join_installation(database, ours) == chosen


def test_two_that_come_first_at_the_same_time_agree(database: Database, tmp_path: Path) -> None:
    ours, found = folder(tmp_path / "ours"), []
    threads = [threading.Thread(target=lambda: found.append(join_installation(database, ours))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_a_folder_that_cannot_be_read_is_an_error_with_a_name(database: Database, tmp_path: Path) -> None:
    (folder(tmp_path / "ours") / FILE_NAME).mkdir()
    with pytest.raises(Unavailable) as caught:
        join_installation(database, tmp_path / "ours")
    assert caught.value.code == "platform.disk_not_writable"
