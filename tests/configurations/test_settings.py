"""Settings: where they come from, which one wins, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from anomaly_detection.configurations.settings import (
    FILE_NAME,
    Origins,
    Settings,
    default_data_dir,
    environment_of,
    load_settings,
    unknown_variables,
)
from anomaly_detection.shared.errors import InvalidInput


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANOMALY_DETECTION_DATA_DIR", str(tmp_path))
    return tmp_path


def test_flags_before_environment_before_file_before_defaults(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().port == 8000
    (data_dir / FILE_NAME).write_text('port = 8001\nhost = "0.0.0.0"\n')
    assert load_settings().port == 8001
    monkeypatch.setenv("ANOMALY_DETECTION_PORT", "8002")
    assert load_settings().port == 8002
    assert load_settings(port=8003).port == 8003
    assert load_settings(port=None).port == 8002
    assert load_settings().host == "0.0.0.0"


def test_a_file_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANOMALY_DETECTION_DATA_DIR")
    file = tmp_path / "mine.toml"
    file.write_text(f'data_dir = "{tmp_path / "from-file"}"\nlog_level = "debug"\n')
    settings = load_settings(file)
    assert settings.data_dir == tmp_path / "from-file"
    assert settings.log_level == "debug"
    assert load_settings(file, data_dir=tmp_path).data_dir == tmp_path
    with pytest.raises(InvalidInput) as caught:
        load_settings(tmp_path / "gone.toml")
    assert caught.value.code == "platform.no_such_file"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("prot = 1", "Did you mean 'port'?"),
        ('port = "many"', "'port'"),
        ("port = 70000", "less than or equal to 65535"),
        ("port = ", "no TOML file"),
        ('log_level = "loud"', "'log_level'"),
        ("max_upload_bytes = 0", "'max_upload_bytes'"),
    ],
)
def test_what_cannot_be_used_is_named(data_dir: Path, content: str, said: str) -> None:
    (data_dir / FILE_NAME).write_text(content)
    with pytest.raises(InvalidInput) as caught:
        load_settings()
    assert caught.value.code == "platform.invalid_setting"
    assert said in str(caught.value)


def test_a_secret_is_not_shown(data_dir: Path) -> None:
    settings = load_settings(database_url="postgresql://user:hunter2@host/name")
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in settings.model_dump_json()
    assert settings.database() == "postgresql://user:hunter2@host/name"


def test_the_database_is_a_file_in_the_data_folder(data_dir: Path) -> None:
    assert load_settings().database() == f"sqlite:///{data_dir / 'platform.db'}"


def test_the_default_folder_is_the_platforms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_data_dir() == tmp_path / "anomaly-detection"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert default_data_dir() == Path("/home/somebody/.local/share/anomaly-detection")


def test_every_setting_says_what_it_is() -> None:
    assert all(field.description for field in Settings.model_fields.values())


@pytest.mark.parametrize(
    ("text", "names"), [("knn, stl", ("knn", "stl")), ("knn", ("knn",)), (" , ", None), ("", None)]
)
def test_algorithms_in_the_environment_stand_between_commas(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, text: str, names: object
) -> None:
    monkeypatch.setenv("ANOMALY_DETECTION_ALGORITHMS", text)
    assert load_settings().algorithms == names


def test_algorithms_in_the_file_are_a_list(data_dir: Path) -> None:
    (data_dir / FILE_NAME).write_text('algorithms = ["stl", "knn"]\nperformance = "high"\n')
    assert load_settings().algorithms == ("stl", "knn")


def test_each_value_knows_its_origin(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = data_dir / FILE_NAME
    file.write_text('port = 8001\nhost = "0.0.0.0"\n')
    monkeypatch.setenv("ANOMALY_DETECTION_PORT", "8002")
    origins = Origins.gather(None, {"log_level": "debug", "log_format": None})
    assert origins.of("log_level") == "flag --log-level"
    assert origins.of("port") == "environment ANOMALY_DETECTION_PORT"
    assert origins.of("host") == f"file {file}"
    assert origins.of("log_format") == "default"


def test_an_error_says_where_to_correct_it(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANOMALY_DETECTION_PORT", "many")
    with pytest.raises(InvalidInput, match="in the environment ANOMALY_DETECTION_PORT"):
        load_settings()


def test_variables_that_are_no_setting_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANOMALY_DETECTION_PROT", "1")
    monkeypatch.setenv("ANOMALY_DETECTION_API_KEY", "adk_of_a_client")
    assert list(unknown_variables()) == ["ANOMALY_DETECTION_PROT"]
    assert "ANOMALY_DETECTION_PORT" in unknown_variables()["ANOMALY_DETECTION_PROT"]


def test_another_process_gets_the_same_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = Settings(
        data_dir=tmp_path,
        database_url="postgresql://user:pass,word@host/name",
        algorithms=("knn", "stl"),
        secure_cookies=True,
        job_lease_seconds=2.5,
        worker_processes=3,
    )
    for name, value in environment_of(first).items():
        monkeypatch.setenv(name, value)
    assert Settings() == first
