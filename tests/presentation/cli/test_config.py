"""``config``: which settings hold, where they come from, and files of them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from anomaly_detection.configurations.platform import configure_platform
from anomaly_detection.configurations.settings import FILE_NAME, Settings
from anomaly_detection.presentation.cli.application import app


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("ANOMALY_DETECTION_DATA_DIR", str(tmp_path))
    yield tmp_path
    monkeypatch.delenv("ANOMALY_DETECTION_PORT", raising=False)
    configure_platform()


def settings(*arguments: object) -> dict[str, dict[str, object]]:
    return {row["name"]: row for row in json.loads(run("config", "show", "--json", *arguments).stdout)["settings"]}


def test_every_setting_with_its_origin(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (data_dir / FILE_NAME).write_text('port = 8001\nhost = "0.0.0.0"\n')
    monkeypatch.setenv("ANOMALY_DETECTION_PORT", "8002")
    configure_platform({"anomaly_detection": {"algorithms": ["knn", "stl"]}})
    rows = settings()
    assert list(rows) == list(Settings.model_fields)
    assert (rows["port"]["value"], rows["port"]["origin"]) == (8002, "environment ANOMALY_DETECTION_PORT")
    assert (rows["host"]["value"], rows["host"]["origin"]) == ("0.0.0.0", f"file {data_dir / FILE_NAME}")
    assert (rows["algorithms"]["value"], rows["algorithms"]["origin"]) == (["knn", "stl"], "configure_platform")
    assert rows["log_level"]["origin"] == "default"
    shown = run("config", "show").stdout
    assert all(name in shown for name in Settings.model_fields)
    assert "knn, stl" in shown


def test_a_folder_that_is_named_is_looked_into(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / FILE_NAME).write_text("port = 8005\n")
    rows = settings("--data-dir", other)
    assert (rows["port"]["value"], rows["data_dir"]["origin"]) == (8005, "flag --data-dir")


@pytest.mark.parametrize("address", ["postgresql://user:hunter2@host/name", "hunter2"])
def test_secrets_are_masked(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("ANOMALY_DETECTION_DATABASE_URL", address)
    for options in ([], ["--json"]):
        done = run("config", "show", *options)
        assert done.exit_code == 0
        assert "hunter2" not in done.stdout + done.stderr
        assert "user" not in str(settings()["database_url"]["value"])


def test_a_variable_that_is_no_setting_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANOMALY_DETECTION_PROT", "1")
    assert "'ANOMALY_DETECTION_PORT'" in run("config", "show").stderr


def test_the_path(data_dir: Path) -> None:
    file = data_dir / FILE_NAME
    done = run("config", "path")
    assert (done.exit_code, done.stdout) == (0, f"{file}\n")
    assert "config init" in done.stderr
    file.write_text("")
    assert json.loads(run("config", "path", "--json").stdout) == {"file": str(file), "exists": True}


def test_a_new_file_says_every_setting_and_changes_none(data_dir: Path) -> None:
    before = settings()
    done = run("config", "init")
    assert (done.exit_code, done.stdout) == (0, f"{data_dir / FILE_NAME}\n")
    content = (data_dir / FILE_NAME).read_text()
    assert tomllib.loads(content) == {}
    assert [row["value"] for row in settings().values()] == [row["value"] for row in before.values()]
    assert run("config", "init").exit_code == 2
    assert run("config", "init", "--force").exit_code == 0
    told = json.loads(run("config", "init", "--force", "--json").stdout)
    assert Path(told["file"]).read_text("utf-8") == content
    assert run("config", "init", "-").stdout == content


def test_each_line_of_a_new_file_is_right_once_it_is_no_comment(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    lines = run("config", "init", "-").stdout.splitlines()
    values = [line.removeprefix("# ") for line in lines if " = " in line]
    assert [line.partition(" = ")[0] for line in values] == list(Settings.model_fields)
    file.write_text("\n".join(values))
    done = run("config", "check", file)
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"{len(values)} settings" in done.stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("prot = 1", "Did you mean 'port'?"),
        ("port = 70000", "less than or equal to 65535"),
        ('algorithms = ["knnn"]', "Did you mean 'knn'?"),
        ('performance = "fast"', "'high', 'balanced' or 'low'"),
        ("port = ", "no TOML file"),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, said: str) -> None:
    monkeypatch.setenv("ANOMALY_DETECTION_PORT", "8002")  # what hides a value here must not hide a mistake
    file = tmp_path / "mine.toml"
    file.write_text(content)
    done = run("config", "check", file)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = run("config", "check", tmp_path / "none.toml")
    assert done.exit_code == 2
    assert "cannot be read" in done.stderr
    assert "config init" in done.stderr


def test_what_the_environment_says_wrong_is_no_mistake_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANOMALY_DETECTION_PORT", "many")
    (tmp_path / "mine.toml").write_text('host = "localhost"\n')
    assert run("config", "check", tmp_path / "mine.toml").exit_code == 0
    assert run("config", "show").exit_code == 2
