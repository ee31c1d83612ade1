"""``anomaly-detection doctor``: whether this machine has what the platform needs."""

from __future__ import annotations

import importlib.util
import json
import platform as machine
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from anomaly_detection.presentation.cli.failure import FAILED, UNREACHABLE
from anomaly_detection.presentation.cli.serve import SERVER_MODULES
from anomaly_detection.shared.errors import PlatformError

if TYPE_CHECKING:
    from anomaly_detection.configurations.settings import Settings

Status = Literal["ok", "absent", "warning", "failed", "unreachable"]

UNUSED = "; nothing uses it yet"
EXTRAS = {
    "server": (SERVER_MODULES, "the server with its dashboard"),
    "postgres": (("psycopg",), "PostgreSQL in the place of SQLite"),
    "pandas": (("pandas",), "pandas frames as input"),
    "deep": (("torch",), "neural networks" + UNUSED),
    "explain": (("shap",), "SHAP attributions" + UNUSED),
}
_BASE = ("numpy", "scipy", "numba", "pyarrow", "safetensors", "typer", "rich")
_ENOUGH_BYTES = 1024**3


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    status: Status
    detail: str
    hint: str = ""


def doctor(
    data_dir: Annotated[Path | None, typer.Option(metavar="FOLDER", help="The data folder to look at.")] = None,
    host: Annotated[str | None, typer.Option(help="The address that the server would listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="The port that the server would take.")] = None,
    database_url: Annotated[str | None, typer.Option(metavar="URL", help="The database to reach.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Check that this machine has what the platform needs: 0 all is well, 1 something is wrong, 5 unreachable."""
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


def examine(flags: dict[str, Any]) -> Iterator[Check]:
    """Yield one check after the other; none changes anything that stays."""
    yield _python()
    yield _packages()
    yield _kernels()
    for extra, (modules, what) in EXTRAS.items():
        missing = [name for name in modules if importlib.util.find_spec(name) is None]
        hint = f"pip install 'anomaly-detection[{extra}]'" if missing and UNUSED not in what else ""
        detail = f"{what}: {'not installed' if missing else 'installed'}"
        yield Check(f"extra {extra}", "absent" if missing else "ok", detail, hint)
    if all(importlib.util.find_spec(name) for name in SERVER_MODULES):
        yield from _server(flags)


def _python() -> Check:
    system = f"{machine.python_version()} on {machine.system()} {machine.machine()}, {sys.executable}"
    return Check("Python", "ok", system)


def _packages() -> Check:
    from importlib.metadata import PackageNotFoundError, version

    found, missing = [], []
    for name in ("anomaly-detection", *_BASE):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check("packages", "failed", f"not installed: {', '.join(missing)}", "pip install anomaly-detection")
    return Check("packages", "ok", ", ".join(found))


def _kernels() -> Check:
    """Look where compiled kernels are kept; without a place, every process compiles them again."""
    hint = "Set NUMBA_CACHE_DIR to a folder that this user may write to."
    try:
        from anomaly_detection.detection.algorithms.neighbours.scan import nearest_rows

        place = Path(str(nearest_rows.stats.cache_path))
    except (RuntimeError, ImportError, AttributeError) as error:
        return Check("compiled kernels", "failed", f"cannot be kept: {error}", hint)
    reason = _not_writable(place)
    if reason:
        return Check("compiled kernels", "warning", f"{place}: {reason}; each process compiles them again", hint)
    return Check("compiled kernels", "ok", f"kept in {place}")


def _not_writable(folder: Path) -> str:
    existing = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    try:
        with tempfile.TemporaryFile(dir=existing):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def _server(flags: dict[str, Any]) -> Iterator[Check]:
    from anomaly_detection.configurations.settings import load_settings

    try:
        settings = load_settings(**flags)
    except PlatformError as error:
        yield Check("settings", "failed", error.message, error.hint)
        return
    yield _data_folder(settings.data_dir)
    yield _port(settings.host, settings.port)
    yield _database(settings)
    yield _dashboard()


def _data_folder(folder: Path) -> Check:
    reason = _not_writable(folder)
    if reason:
        hint = "Name another one by --data-dir or ANOMALY_DETECTION_DATA_DIR."
        return Check("data folder", "failed", f"{folder} cannot be written to: {reason}", hint)
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(existing).free
    detail = f"{folder}, {free / 1024**3:.1f} GiB free" + ("" if folder.exists() else " (made on the first start)")
    if free < _ENOUGH_BYTES:
        return Check("data folder", "warning", detail, "Free some space: uploads and results are kept there.")
    return Check("data folder", "ok", detail)


def _port(host: str, port: int) -> Check:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
        return Check("port", "ok", f"{port} on {host} is free")
    except OSError as error:
        if _is_ours(host, port):
            return Check("port", "ok", f"{port} on {host}: this platform's server answers there")
        detail = f"{port} on {host} cannot be used: {error.strerror or error}"
        return Check("port", "unreachable", detail, "Stop the other program, or choose another port with --port.")


def _is_ours(host: str, port: int) -> bool:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1" if host in {"0.0.0.0", "::"} else host, port, timeout=2)  # noqa: S104 - compared, not bound
    try:
        connection.request("GET", "/health/liveness")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _database(settings: Settings) -> Check:
    from anomaly_detection.infrastructure.persistence.engine import Database

    file = settings.data_dir / "platform.db"
    if settings.database_url is None and not file.exists():
        return Check("database", "ok", f"SQLite, {file} (made on the first start)")
    try:
        database = Database(settings.database())
        try:
            database.check()
            what = "PostgreSQL answers" if database.dialect == "postgresql" else f"SQLite, {file}"
            return Check("database", "ok", what)
        finally:
            database.dispose()
    except PlatformError as error:
        return Check("database", "unreachable", error.message, error.hint)


def _dashboard() -> Check:
    from anomaly_detection.presentation.web.dashboard import STATIC

    if (STATIC / "index.html").is_file():
        return Check("dashboard", "ok", "built")
    return Check("dashboard", "warning", "not built", "Install Node.js 20 or newer and run `make web`, or use a wheel.")


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
