"""``anomaly-detection serve``: run the platform with its dashboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anomaly_detection.shared.optional import require

if TYPE_CHECKING:
    from collections.abc import Callable

    from anomaly_detection.configurations.settings import Settings
    from anomaly_detection.presentation.api.server import RunningServer

EXAMPLES = (
    "serve --open",
    "serve --port 9000 --data-dir /srv/anomaly-detection",
    "serve --database-url postgresql://user@host/name --worker-processes 2",
)
SERVER_MODULES = ("fastapi", "uvicorn", "sqlalchemy", "alembic", "pydantic_settings", "joserfc", "pwdlib", "limits")


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 by default.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; 8000 by default, 0 takes a free one.")
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Folder of everything kept.")] = None,
    database_url: Annotated[
        str | None, typer.Option(metavar="URL", help="postgresql://user:password@host/name; SQLite by default.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Settings; anomaly-detection.toml in the data folder by default."),
    ] = None,
    worker_processes: Annotated[
        int | None,
        typer.Option(
            min=0, max=64, help="Processes that do the jobs; 0, the default, leaves them to threads of the server."
        ),
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Put the taxi series with its anomalies into it.")] = False,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the dashboard in a browser.")] = False,
    reset_admin: Annotated[
        bool, typer.Option("--reset-admin", help="Print a link with which the administrator chooses a new password.")
    ] = False,
) -> None:
    """Run the platform with its dashboard until Ctrl-C."""
    for module in SERVER_MODULES:
        require(module, extra="server")
    from anomaly_detection.configurations.platform import apply_performance
    from anomaly_detection.configurations.settings import load_settings
    from anomaly_detection.presentation.api.server import run

    flags = {"host": host, "port": port, "data_dir": data_dir, "database_url": database_url}
    flags["worker_processes"] = worker_processes
    settings = load_settings(config, **flags)
    apply_performance(settings.performance)
    token = new_admin_token(settings) if reset_admin else None
    number = run(settings, demo=demo, announce=typer.echo, ready=_ready(token, open_browser=open_browser))
    if number:
        raise typer.Exit(128 + number)


def new_admin_token(settings: Settings) -> str | None:
    """Return a one-time token for an administrator who has a password already; a first start makes its own."""
    from anomaly_detection.configurations.basic.composition import Platform

    platform = Platform(settings)
    try:
        administrator, _ = platform.accounts.ensure_administrator()
        return platform.accounts.make_one_time_token(administrator)[0] if administrator.has_password else None
    finally:
        platform.close()


def _ready(token: str | None, *, open_browser: bool) -> Callable[[RunningServer], None]:
    def act(server: RunningServer) -> None:
        address = server.url
        if token is not None:
            address = f"{server.url}/sign-in?one_time={token}"
            typer.echo(f"The administrator chooses a new password at {address}")
        if open_browser:
            import webbrowser

            webbrowser.open(address)

    return act
