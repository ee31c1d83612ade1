"""``anomaly-detection doctor``: whether this machine has what the platform needs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anomaly_detection.presentation.cli import options
from anomaly_detection.presentation.cli.failure import FAILED, UNREACHABLE

if TYPE_CHECKING:
    from anomaly_detection.presentation.cli.checks import Check, Status

EXAMPLES = ("doctor", "doctor --port 9000 --data-dir /srv/anomaly-detection", "doctor --json | jq .exit_code")


def doctor(
    data_dir: Annotated[Path | None, typer.Option(metavar="FOLDER", help="The data folder to look at.")] = None,
    host: Annotated[str | None, typer.Option(help="The address that the server would listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="The port that the server would take.")] = None,
    database_url: Annotated[str | None, typer.Option(metavar="URL", help="The database to reach.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Check that this machine has what the platform needs: 0 all is well, 1 something is wrong, 5 unreachable.

    It looks at Python, the packages, the compiled kernels, each extra, the settings, the data folder with its space and
    permissions, the port and the database, changes none of them, and says what to do.
    """
    from anomaly_detection.presentation.cli.checks import examine

    flags = {"data_dir": data_dir, "host": host, "port": port, "database_url": database_url}
    checks = list(examine(flags))
    if as_json:
        typer.echo(json.dumps({"checks": [asdict(check) for check in checks], "exit_code": verdict(checks)}, indent=2))
    else:
        _show(checks)
    if verdict(checks):
        raise typer.Exit(verdict(checks))


def verdict(checks: list[Check]) -> int:
    """Return the exit code that the checks add up to."""
    found = {check.status for check in checks}
    return FAILED if "failed" in found else UNREACHABLE if "unreachable" in found else 0


_SHOWN: dict[Status, tuple[str, str]] = {
    "ok": ("ok", "green"),
    "absent": ("not there", "dim"),
    "warning": ("note", "yellow"),
    "failed": ("wrong", "bold red"),
    "unreachable": ("unreachable", "bold red"),
}


def _show(checks: list[Check]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from anomaly_detection.presentation.cli.report import console

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("what", "state", "detail"):
        table.add_column(head, overflow="fold")
    for check in checks:
        word, style = _SHOWN[check.status]
        table.add_row(check.name, Text(word, style=style), Text("\n".join(filter(None, (check.detail, check.hint)))))
    out = console()
    out.print(table)
    sayings: dict[int, Callable[[], str]] = {
        0: lambda: "All is well.",
        FAILED: lambda: "Something is wrong: see above.",
        UNREACHABLE: lambda: "Something that the server needs cannot be reached: see above.",
    }
    out.print(sayings[verdict(checks)]())
