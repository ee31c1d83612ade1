"""A file is there as a whole or not at all."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from anomaly_detection.shared.errors import Conflict, InvalidInput, Unavailable
from anomaly_detection.shared.whole_file import whole_file


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_file_appears_when_all_of_it_is_written(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with whole_file(target) as file:
        file.write(b"one")
        assert not target.exists()
    assert target.read_bytes() == b"one"
    assert names_in(tmp_path) == ["a.txt"]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_bytes(b"before")

    def fail() -> None:
        with whole_file(target, force=True) as file:
            file.write(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert target.read_bytes() == b"before"
    assert names_in(tmp_path) == ["a.txt"]


def test_an_existing_file_stays_unless_forced(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_bytes(b"before")
    target.chmod(0o640)
    with pytest.raises(Conflict, match="force=True") as caught, whole_file(target):
        raise AssertionError("nothing may be opened")
    assert caught.value.code == "platform.file_exists"
    with whole_file(target, force=True) as file:
        file.write(b"after")
    assert (target.read_bytes(), target.stat().st_mode & 0o777) == (b"after", 0o640)


def test_a_file_that_somebody_else_made_meanwhile_stays(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with pytest.raises(Conflict), whole_file(target):
        target.write_bytes(b"theirs")
    assert target.read_bytes() == b"theirs"
    assert names_in(tmp_path) == ["a.txt"]


def test_without_hard_links_the_file_is_written_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Any) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    with whole_file(tmp_path / "a.txt") as file:
        file.write(b"one")
    assert (tmp_path / "a.txt").read_bytes() == b"one"
    with pytest.raises(Conflict), whole_file(tmp_path / "b.txt"):
        (tmp_path / "b.txt").write_bytes(b"theirs")


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    full = Path("/dev/full")
    with pytest.raises(Unavailable, match="No space left") as caught, whole_file(tmp_path / "a.txt"):
        full.write_bytes(b"x")
    assert caught.value.code == "platform.file_not_written"
    assert names_in(tmp_path) == []


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="there is no folder"), whole_file(tmp_path / "no" / "a.txt"):
        raise AssertionError("nothing may be opened")


@pytest.mark.parametrize("path", ["", "a\0b", 3, None])
def test_what_is_no_path_is_refused(path: Any) -> None:
    with pytest.raises(InvalidInput, match="path") as caught, whole_file(path):
        raise AssertionError("nothing may be opened")
    assert caught.value.code == "platform.invalid_path"


def test_a_folder_or_a_device_is_no_file(tmp_path: Path) -> None:
    for path in (tmp_path, Path("/dev/null")):
        with pytest.raises(InvalidInput), whole_file(path, force=True):
            raise AssertionError("nothing may be opened")


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_bytes(b"before")
    link = tmp_path / "link.txt"
    link.symlink_to("real.txt")
    with whole_file(link, force=True) as file:
        file.write(b"after")
    assert link.is_symlink()
    assert (tmp_path / "real.txt").read_bytes() == b"after"
