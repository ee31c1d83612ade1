"""All settings of the platform in one typed model, read once.

A flag comes before `configure_platform`, that before the environment, that before the file, and that before the default.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from anomaly_detection.shared.errors import InvalidInput, did_you_mean, nearest

FILE_NAME = "anomaly-detection.toml"
PREFIX = "ANOMALY_DETECTION_"
_TEST_PREFIX = f"{PREFIX}TEST_"
# What the Python client reads: one environment may serve both.
_OF_CLIENTS = frozenset({f"{PREFIX}URL", f"{PREFIX}API_KEY"})
_GIBIBYTE = 1024**3

Performance = Literal["high", "balanced", "low"]


def default_data_dir() -> Path:
    """Return the folder for the user's data: below ``XDG_DATA_HOME`` or ``~/.local/share``."""
    home = os.environ.get("XDG_DATA_HOME", "")
    base = Path(home) if Path(home).is_absolute() else Path.home() / ".local" / "share"
    return base / "anomaly-detection"


def _names(value: Any) -> Any:
    """Read names from a text with commas, as an environment variable holds them; an empty choice is none."""
    if isinstance(value, str):
        value = [name.strip() for name in value.split(",") if name.strip()]
    return None if isinstance(value, list | tuple) and not value else value


class Settings(BaseSettings):
    """What an administrator may choose. Each field is also the variable ``ANOMALY_DETECTION_<FIELD>``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    algorithms: Annotated[tuple[str, ...] | None, NoDecode, BeforeValidator(_names)] = Field(
        default=None,
        description="The algorithms that are offered, the preferred ones first; all by default.",
    )
    performance: Performance = Field(
        default="high", description="Processors that may be used: high is all of them, balanced half, low one."
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
    max_model_bytes: int = Field(default=_GIBIBYTE // 4, ge=1, description="Largest model file that may be imported.")
    session_minutes: int = Field(default=480, ge=1, le=43200, description="How long somebody stays signed in.")
    access_token_minutes: int = Field(
        default=15, ge=1, le=1440, description="How long an access token holds before it must be refreshed."
    )
    requests_per_minute: int = Field(
        default=12000, ge=1, description="Requests that one user or API key may send in a minute."
    )
    sign_ins_per_minute: int = Field(
        default=60, ge=1, description="Attempts to sign in that one address may make in a minute."
    )
    secure_cookies: bool = Field(
        default=False, description="Send cookies over HTTPS only. Set it where a proxy in front speaks HTTPS."
    )
    trusted_proxies: Annotated[tuple[str, ...] | None, NoDecode, BeforeValidator(_names)] = Field(
        default=None,
        description="Addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed; none by default.",
    )
    worker_threads: int = Field(default=1, ge=0, le=64, description="Jobs that run at the same time; 0 runs none here.")
    worker_processes: int = Field(
        default=0,
        ge=0,
        le=64,
        description="Processes beside the server that do its jobs; 0 lets its own threads do them.",
    )
    job_lease_seconds: float = Field(
        default=30.0,
        ge=1.0,
        le=3600.0,
        description="How long a silent worker keeps its jobs before others take them over.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="What is logged.")
    log_format: Literal["auto", "json", "text"] = Field(
        default="auto", description="Form of the log lines; auto is text on a terminal, else JSON."
    )

    def database(self) -> str:
        """Return the database's address; it may hold a password."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'platform.db'}"


class FileSettings(Settings):
    """Settings as one file says them, whatever the environment says."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is given and nothing else."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


@dataclass(frozen=True, slots=True)
class Origins:
    """Where settings come from, and what each place says.

    Attributes
    ----------
    flags, configured, file : mapping
        What the command line, `configure_platform` and the settings file say, by setting.
    environment : tuple of str
        The settings that have a variable.
    path : Path or None
        The settings file that was read.
    """

    flags: Mapping[str, Any]
    configured: Mapping[str, Any]
    environment: tuple[str, ...]
    file: Mapping[str, Any]
    path: Path | None

    @classmethod
    def gather(cls, config_file: Path | None, flags: Mapping[str, Any]) -> Self:
        """Look into every place.

        Raises
        ------
        InvalidInput
            ``platform.no_such_file`` or ``platform.invalid_setting``: the file cannot be read.
        """
        given = {name: value for name, value in flags.items() if value is not None}
        path = config_file or default_file(given.get("data_dir"))
        return cls(
            given,
            dict(_configured),
            tuple(name for name in Settings.model_fields if os.environ.get(variable_of(name))),
            {} if path is None else _read(path),
            path,
        )

    def of(self, name: str) -> str:
        """Say where the value of a setting comes from."""
        if name in self.flags:
            return f"flag --{name.replace('_', '-')}"
        if name in self.configured:
            return "configure_platform"
        if name in self.environment:
            return f"environment {variable_of(name)}"
        return f"file {self.path}" if name in self.file else "default"


def environment_of(settings: Settings) -> dict[str, str]:
    """Return this process's environment with all of the settings, for a process that is to have the same.

    They may hold a password, so they go this way and not by arguments, which every user of a machine can read.
    """
    values = {name: getattr(settings, name) for name in Settings.model_fields}
    said = {variable_of(name): _text_of(value) for name, value in values.items() if value is not None}
    return {**os.environ, **said}


def _text_of(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ",".join(value) if isinstance(value, tuple) else str(value)


def variable_of(name: str) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + name.upper()


def data_folder(named: str | Path | None = None) -> Path:
    """Return the folder in which the settings file is looked for: as named, as the environment says, or the default."""
    chosen = named or _configured.get("data_dir") or os.environ.get(variable_of("data_dir")) or default_data_dir()
    return Path(chosen).expanduser().absolute()


def default_file(data_dir: str | Path | None = None) -> Path | None:
    """Return the settings file in the data folder, or None if there is none."""
    path = data_folder(data_dir) / FILE_NAME
    return path if path.is_file() else None


def unknown_variables() -> dict[str, str]:
    """Return the variables that look like settings but are none, each with a hint."""
    strangers = [
        name
        for name in sorted(os.environ)
        if name.startswith(PREFIX)
        and not name.startswith(_TEST_PREFIX)
        and name not in _OF_CLIENTS
        and name.removeprefix(PREFIX).lower() not in Settings.model_fields
    ]
    near = {name: nearest(name.removeprefix(PREFIX), Settings.model_fields) for name in strangers}
    return {
        name: f"Did you mean {variable_of(match)!r}?" if match else "See: anomaly-detection config show"
        for name, match in near.items()
    }


def configure(values: Mapping[str, Any]) -> Settings:
    """Put values before environment, file and defaults, for this process, in the place of those that were put before.

    Raises
    ------
    InvalidInput
        ``platform.invalid_setting``; what was configured before stays.
    """
    global _configured  # noqa: PLW0603 - one process has one configuration
    before, _configured = _configured, dict(values)
    try:
        return load_settings()
    except BaseException:
        _configured = before
        raise


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
    return settings_from(Origins.gather(config_file, flags))


def settings_from(origins: Origins) -> Settings:
    """Return the settings that the places add up to.

    Raises
    ------
    InvalidInput
        ``platform.invalid_setting``.
    """
    for name in (*origins.flags, *origins.configured, *origins.file):
        check_name(name)
    given = {**origins.configured, **origins.flags}
    if "data_dir" in given or "data_dir" not in origins.file or "data_dir" in origins.environment:
        given["data_dir"] = data_folder(given.get("data_dir"))
    # Pydantic takes its arguments before the environment: what the environment says too must not come from the file.
    file = {name: value for name, value in origins.file.items() if name not in origins.environment}
    try:
        return Settings(**{**file, **given})
    except ValidationError as error:
        raise _invalid(error, origins) from error


def check_file(path: Path) -> tuple[Settings, tuple[str, ...]]:
    """Return what a settings file alone says, and the names of the settings that stand in it.

    Raises
    ------
    InvalidInput
        ``platform.invalid_setting`` or ``platform.no_such_file``.
    """
    origins = Origins({}, {}, (), _read(path), path)
    for name in origins.file:
        check_name(name)
    try:
        return FileSettings(**origins.file), tuple(origins.file)
    except ValidationError as error:
        raise _invalid(error, origins) from error


def check_name(name: str) -> None:
    """Refuse a setting that does not exist.

    Raises
    ------
    InvalidInput
        ``platform.invalid_setting``, with the nearest name.
    """
    if name not in Settings.model_fields:
        raise InvalidInput(
            f"There is no setting {name!r}.",
            code="platform.invalid_setting",
            hint=did_you_mean(name, Settings.model_fields),
            details={"setting": name},
        )


def _invalid(error: ValidationError, origins: Origins) -> InvalidInput:
    first = error.errors(include_input=False, include_url=False)[0]
    name = str(first["loc"][0])
    origin = origins.of(name)
    place = "with which configure_platform was called" if origin == "configure_platform" else f"in the {origin}"
    return InvalidInput(
        f"The setting {name!r} cannot be used: {first['msg']}.",
        code="platform.invalid_setting",
        hint=f"Correct it {place}.",
        details={"setting": name},
    )


_configured: dict[str, Any] = {}


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
