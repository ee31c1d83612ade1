"""``algorithms``, ``doctor`` and the small parts of the command line."""

from __future__ import annotations

import json
import socket
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from anomaly_detection import list_algorithms
from anomaly_detection.detection.errors import InvalidParameter
from anomaly_detection.presentation.cli import failure, interruption, teaching
from anomaly_detection.presentation.cli.application import app
from anomaly_detection.presentation.cli.checks import EXTRAS
from anomaly_detection.presentation.cli.choices import parameter_value
from anomaly_detection.presentation.cli.doctor import verdict
from anomaly_detection.presentation.cli.failure import exit_code_of
from anomaly_detection.shared import errors


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


def test_version() -> None:
    from importlib.metadata import version

    assert run("--version").stdout == f"anomaly-detection {version('anomaly-detection')}\n"


def test_algorithms_are_those_of_the_catalogue() -> None:
    names = [info.name for info in list_algorithms()]
    shown = run("algorithms").stdout
    assert all(name in shown for name in names)
    assert [entry["name"] for entry in json.loads(run("algorithms", "--json").stdout)] == names


@pytest.mark.parametrize("info", list_algorithms(), ids=lambda info: info.name)
def test_each_algorithm_with_its_parameters(info: object) -> None:
    name, parameters = info.name, info.parameters["properties"]  # type: ignore[attr-defined]
    shown = " ".join(run("algorithms", name).stdout.split())
    assert all(parameter in shown for parameter in parameters)
    assert "Reference:" in shown
    assert json.loads(run("algorithms", name, "--json").stdout) == info.to_dict()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("5", "integer", 5),
        ("1e3", "integer", 1000.0),
        ("0.5", ["number", "null"], 0.5),
        ("auto", ["integer", "null"], None),
        ("none", ["number", "null"], None),
        ("True", "boolean", True),
        ("no", "boolean", False),
        ("5", "string", "5"),
        ("words", "integer", "words"),
    ],
)
def test_parameters_are_read_as_their_schema_says(text: str, kind: object, value: object) -> None:
    seen = parameter_value(text, {"type": kind})
    assert (seen, type(seen)) == (value, type(value))


@pytest.mark.parametrize(("text", "value"), [("5", 5), ("0.5", 0.5), ("true", True), ("auto", None), ("word", "word")])
def test_parameters_of_an_algorithm_that_is_not_known_yet(text: str, value: object) -> None:
    assert parameter_value(text, {}) == value


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.InvalidInput("m", code="data.ragged_row"), 3),
        (errors.InvalidInput("m", code="data.unknown_column"), 2),
        (errors.InvalidInput("m", code="platform.invalid_setting"), 2),
        (InvalidParameter("m", code="detection.invalid_parameter"), 2),
        (errors.NotFound("m", code="data.file_not_found"), 3),
        (errors.NotFound("m", code="detection.unknown_algorithm"), 2),
        (errors.TooLarge("m", code="data.too_large"), 3),
        (errors.NotSignedIn("m", code="auth.token_expired"), 4),
        (errors.NotAllowed("m", code="auth.not_allowed"), 4),
        (errors.Unavailable("m", code="platform.port_taken"), 5),
        (errors.MissingExtra("m", code="platform.missing_extra"), 1),
        (errors.Conflict("m", code="platform.data_dir_in_use"), 5),
        (errors.Conflict("m", code="platform.file_exists"), 2),
        (errors.Cancelled("m", code="jobs.cancelled"), 130),
    ],
)
def test_exit_codes_of_errors(error: errors.PlatformError, code: int) -> None:
    assert exit_code_of(error) == code


# doctor


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def checks_of(done: Result) -> dict[str, dict[str, str]]:
    return {check["name"]: check for check in json.loads(done.stdout)["checks"]}


def test_doctor_on_a_sound_machine(tmp_path: Path, free_port: int) -> None:
    done = run("doctor", "--json", "--data-dir", tmp_path / "new", "--port", free_port)
    checks = checks_of(done)
    assert done.exit_code == 0
    assert json.loads(done.stdout)["exit_code"] == 0
    assert {f"extra {extra}" for extra in EXTRAS} <= set(checks)
    for name in ("Python", "packages", "compiled kernels", "data folder", "port", "database"):
        assert checks[name]["status"] == "ok", checks[name]
    assert not (tmp_path / "new").exists()
    absent = [check for check in checks.values() if check["status"] == "absent"]
    for check in absent:
        advised = "pip install 'anomaly-detection[" in check["hint"]
        assert advised != ("nothing uses it yet" in check["detail"]), check
    shown = run("doctor", "--data-dir", tmp_path / "new", "--port", free_port)
    assert shown.exit_code == 0
    assert "All is well." in shown.stdout


def test_doctor_sees_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("doctor", "--json", "--data-dir", tmp_path, "--port", port)
    assert done.exit_code == 5
    assert checks_of(done)["port"]["status"] == "unreachable"


def test_doctor_sees_a_database_that_does_not_answer(tmp_path: Path, free_port: int) -> None:
    address = f"postgresql://nobody:secret@127.0.0.1:{free_port}/none"
    done = run("doctor", "--json", "--data-dir", tmp_path, "--port", free_port, "--database-url", address)
    assert done.exit_code == 5
    assert checks_of(done)["database"]["status"] == "unreachable"
    assert "secret" not in done.stdout


def test_doctor_looks_into_a_database_that_is_there(tmp_path: Path, free_port: int) -> None:
    sqlite3.connect(tmp_path / "platform.db").close()
    done = run("doctor", "--json", "--data-dir", tmp_path, "--port", free_port)
    assert checks_of(done)["database"]["detail"] == f"SQLite, {tmp_path / 'platform.db'}"


def test_doctor_sees_a_data_folder_that_cannot_be_used(tmp_path: Path, free_port: int) -> None:
    (tmp_path / "file").write_text("")
    done = run("doctor", "--json", "--data-dir", tmp_path / "file" / "below", "--port", free_port)
    assert done.exit_code == 1
    assert checks_of(done)["data folder"]["status"] == "failed"


def test_doctor_sees_settings_that_cannot_be_read(tmp_path: Path, free_port: int) -> None:
    (tmp_path / "anomaly-detection.toml").write_text("prot = 1\n")
    done = run("doctor", "--json", "--data-dir", tmp_path, "--port", free_port)
    assert done.exit_code == 1
    assert "'port'" in checks_of(done)["settings"]["hint"]


def test_examples_name_the_program_even_where_a_file_is_called_like_it() -> None:
    assert teaching.examples("config check anomaly-detection.toml", "cat x | anomaly-detection detect -").split("\n")[
        1:
    ] == [
        "  anomaly-detection config check anomaly-detection.toml",
        "  cat x | anomaly-detection detect -",
    ]


def test_verdicts() -> None:
    from anomaly_detection.presentation.cli.checks import Check

    fine, gone, away, wrong = (
        Check("x", status, "")
        for status in ("ok", "absent", "unreachable", "failed")  # type: ignore[arg-type]
    )
    assert [verdict([fine, gone]), verdict([fine, away]), verdict([away, wrong])] == [0, 5, 1]


def test_an_error_after_a_signal_is_the_interruption(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failure.report(ImportError("half loaded"), debug=False).exit_code == 1
    monkeypatch.setattr(interruption, "_received", [15])
    assert failure.report(ImportError("half loaded"), debug=False).exit_code == 143
    assert "Interrupted" in capsys.readouterr().err
