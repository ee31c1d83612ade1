"""All settings of the platform in one typed model, read once: flags before environment before file before defaults."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from anomaly_detection.shared.errors import InvalidInput, did_you_mean

FILE_NAME = "anomaly-detection.toml"
_PREFIX = "ANOMALY_DETECTION_"
_GIBIBYTE = 1024**3


def default_data_dir() -> Path:
    """Return the folder for the user's data: below ``XDG_DATA_HOME`` or ``~/.local/share``."""
    home = os.environ.get("XDG_DATA_HOME", "")
    base = Path(home) if Path(home).is_absolute() else Path.home() / ".local" / "share"
    return base / "anomaly-detection"


class Settings(BaseSettings):
    """What an administrator may choose. Each field is also the variable ``ANOMALY_DETECTION_<FIELD>``."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    data_dir: Path = Field(default_factory=default_data_dir, description="Folder of everything kept.")
    database_url: SecretStr | None = Field(
        default=None,
        description="SQLAlchemy address of the database; by default SQLite, in the data folder.",
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="Address that the server listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port that the server listens on; 0 takes a free one.")
    max_upload_bytes: int = Field(default=_GIBIBYTE, ge=1, description="Largest file that may be uploaded.")
    max_decompressed_bytes: int = Field(
        default=8 * _GIBIBYTE, ge=1, description="Largest size of an upload once it is unpacked."
    )
    max_json_bytes: int = Field(default=1024**2, ge=1024, description="Largest JSON body of a request.")
    session_minutes: int = Field(default=480, ge=1, le=43200, description="How long somebody stays signed in.")
    secure_cookies: bool = Field(
        default=False, description="Send cookies over HTTPS only. Set it where a proxy in front speaks HTTPS."
    )
    worker_threads: int = Field(default=1, ge=0, le=64, description="Jobs that run at the same time; 0 runs none here.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="What is logged.")
    log_format: Literal["auto", "json", "text"] = Field(
        default="auto", description="Form of the log lines; auto is text on a terminal, else JSON."
    )

    def database(self) -> str:
        """Return the database's address; it may hold a password."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'platform.db'}"


def load_settings(config_file: Path | None = None, **flags: Any) -> Settings:
    """Read the settings.

    Parameters
    ----------
    config_file : path, optional
        A TOML file; by default ``anomaly-detection.toml`` in the data folder, if there is one.
    **flags
        Values from the command line; those that are None were not given.

    Raises
    ------
    InvalidInput
        ``platform.invalid_setting``, which names the setting and what is allowed, or ``platform.no_such_file``.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    folder = Path(given.get("data_dir") or os.environ.get(_PREFIX + "DATA_DIR") or default_data_dir()).expanduser()
    if config_file is None and (folder / FILE_NAME).is_file():
        config_file = folder / FILE_NAME
    file = {} if config_file is None else _read(config_file)
    unknown = [name for name in (*given, *file) if name not in Settings.model_fields]
    if unknown:
        raise InvalidInput(
            f"There is no setting {unknown[0]!r}.",
            code="platform.invalid_setting",
            hint=did_you_mean(unknown[0], Settings.model_fields),
        )
    if "data_dir" in given or "data_dir" not in file:
        given["data_dir"] = folder.absolute()
    # Pydantic takes its arguments before the environment: what the environment says too must not come from the file.
    file = {name: value for name, value in file.items() if not os.environ.get(_PREFIX + name.upper())}
    try:
        return Settings(**{**file, **given})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(
            f"The setting {name!r} cannot be used: {first['msg']}.",
            code="platform.invalid_setting",
            hint=f"Correct it in the flag, in {_PREFIX}{name.upper()} or in the file.",
            details={"setting": name},
        ) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise InvalidInput(
            f"The settings file {path} cannot be read: {error.strerror}.", code="platform.no_such_file"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} is no TOML file: {error}.", code="platform.invalid_setting") from error
