"""The platform that the commands for tenants and users work on: in the data folder, whether a server runs or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from anomaly_detection.presentation.cli.failure import WrongOption
from anomaly_detection.presentation.cli.serve import SERVER_MODULES
from anomaly_detection.shared.errors import did_you_mean
from anomaly_detection.shared.optional import require

if TYPE_CHECKING:
    from anomaly_detection.configurations.basic.composition import Platform
    from anomaly_detection.configurations.basic.operations import Caller
    from anomaly_detection.configurations.settings import Settings
    from anomaly_detection.infrastructure.persistence.tenants import Tenant

DataDir = Annotated[Path | None, typer.Option(metavar="FOLDER", help="The platform's data folder.")]
DatabaseUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="Its database; by default as the settings say, else SQLite.")
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings; anomaly-detection.toml in the data folder by default."),
]


@contextmanager
def installation(
    config: Path | None, data_dir: Path | None, database_url: str | None, *, new: bool = False
) -> Iterator[Platform]:
    """Open the platform beside its server, and let go of it at the end.

    Parameters
    ----------
    config, data_dir, database_url
        What the command line says about the settings.
    new : bool, default False
        Whether to begin one where there is none.

    Raises
    ------
    WrongOption
        There is no platform in the folder.
    """
    for module in SERVER_MODULES:
        require(module, extra="server")
    from anomaly_detection.configurations.basic.composition import Platform
    from anomaly_detection.configurations.settings import load_settings

    settings = load_settings(config, data_dir=data_dir, database_url=database_url)
    if not new:
        _check_there(settings)
    platform = Platform(settings, role="tool")
    try:
        yield platform
    finally:
        platform.close()


def operator(tenant: Tenant) -> Caller:
    """Return the caller that stands for whoever may run commands on this machine, in one tenant."""
    from anomaly_detection.configurations.basic.operations import Caller
    from anomaly_detection.enterprise.auth.roles import ADMINISTRATOR_ROLE
    from anomaly_detection.shared.scope import Scope

    return Caller(Scope(tenant.id, "command-line"), ADMINISTRATOR_ROLE)


def tenant_of(platform: Platform, name: str) -> Tenant:
    """Return the tenant of that name.

    Raises
    ------
    WrongOption
        There is none.
    """
    known = {tenant.name: tenant for tenant in platform.accounts.tenants()}
    if name not in known:
        hint = did_you_mean(name, known) if known else ""
        raise WrongOption(
            f"There is no tenant {name!r}.", f"{hint} Make it with: anomaly-detection tenants create NAME".strip()
        )
    return known[name]


def link_facts(settings: Settings, username: str, token: str, expires_at: Any) -> dict[str, str]:
    """Return a one-time link as programs read it; the address is the one that the settings name."""
    path = f"/sign-in?one_time={token}"
    return {
        "username": username,
        "one_time_token": token,
        "expires_at": expires_at.isoformat(timespec="seconds"),
        "link": f"http://{settings.host}:{settings.port or 8000}{path}",
    }


def say_link(facts: dict[str, str]) -> None:
    """Tell a person where to choose a password."""
    typer.echo(f"{facts['username']} chooses a password at {facts['link']}")
    typer.echo(
        f"The link works once, until {facts['expires_at']}. Where people reach the server at another address, use that."
    )


def _check_there(settings: Settings) -> None:
    if settings.database_url is None and not (settings.data_dir / "platform.db").is_file():
        raise WrongOption(
            f"There is no platform in the folder {settings.data_dir}.",
            "Name its folder by --data-dir or ANOMALY_DETECTION_DATA_DIR; the command serve begins one.",
        )
