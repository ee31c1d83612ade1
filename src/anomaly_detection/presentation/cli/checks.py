"""What ``doctor`` looks at, one check after the other; none changes anything that stays."""

from __future__ import annotations

import importlib.util
import platform as machine
import shutil
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from anomaly_detection.presentation.cli.serve import SERVER_MODULES
from anomaly_detection.shared.errors import PlatformError

if TYPE_CHECKING:
    from anomaly_detection.configurations.settings import Settings

Status = Literal["ok", "absent", "warning", "failed", "unreachable"]

UNUSED = "; nothing uses it yet"
EXTRAS: dict[str, tuple[tuple[str, ...], str]] = {
    "server": (SERVER_MODULES, "the server with its dashboard"),
    "postgres": (("psycopg",), "PostgreSQL in the place of SQLite"),
    "pandas": (("pandas",), "pandas frames as input and output"),
    "polars": (("polars",), "polars frames as output"),
    "plot": (("matplotlib",), "pictures of results"),
    "avro": (("fastavro",), "Avro files"),
    "sklearn": (("sklearn", "skops"), "the algorithms of scikit-learn, as sklearn:CLASS"),
    "pyod": (("pyod",), "the algorithms of PyOD, as pyod:CLASS"),
    "deep": (("torch",), "neural networks" + UNUSED),
    "explain": (("shap",), "SHAP attributions" + UNUSED),
}
_BASE = ("numpy", "scipy", "numba", "pyarrow", "safetensors", "pydantic", "pydantic-settings", "typer", "rich")
_ENOUGH_BYTES = 1024**3
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    status: Status
    detail: str
    hint: str = ""


def examine(flags: dict[str, Any]) -> Iterator[Check]:
    """Yield one check after the other."""
    yield _python()
    yield _packages()
    yield _kernels()
    for extra, (modules, what) in EXTRAS.items():
        missing = [name for name in modules if importlib.util.find_spec(name) is None]
        hint = f"pip install 'anomaly-detection[{extra}]'" if missing and UNUSED not in what else ""
        detail = f"{what}: {'not installed' if missing else 'installed'}"
        yield Check(f"extra {extra}", "absent" if missing else "ok", detail, hint)
    yield _temporary()
    yield from _configured(flags)


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


def _temporary() -> Check:
    """Look at the folder for temporary files: notes of unexpected errors go there."""
    place = tempfile.gettempdir()
    try:
        free = shutil.disk_usage(place).free
    except OSError as error:
        return Check("temporary folder", "warning", f"{place}: {error.strerror}", "Set TMPDIR to a folder of yours.")
    if free < _ENOUGH_BYTES // 16:
        return Check("temporary folder", "warning", f"{place}, {_size(free)} free", "Free some space there.")
    return Check("temporary folder", "ok", f"{place}, {_size(free)} free")


def _configured(flags: dict[str, Any]) -> Iterator[Check]:
    from anomaly_detection.configurations.platform import check_algorithms
    from anomaly_detection.configurations.settings import Origins, settings_from, unknown_variables

    try:
        origins = Origins.gather(None, flags)
        settings = settings_from(origins)
        check_algorithms(settings)
    except PlatformError as error:
        yield Check("settings", "failed", error.message, error.hint)
        return
    strangers = unknown_variables()
    if strangers:
        yield Check(
            "settings", "warning", f"no settings, and ignored: {', '.join(strangers)}", next(iter(strangers.values()))
        )
    else:
        yield Check("settings", "ok", "defaults" if origins.path is None else f"from {origins.path}")
    yield _data_folder(settings.data_dir)
    if all(importlib.util.find_spec(name) for name in SERVER_MODULES):
        yield _port(settings.host, settings.port)
        yield _database(settings)
        yield _dashboard()


def _size(count: int) -> str:
    return f"{count / 1024**3:.1f} GiB"


def _data_folder(folder: Path) -> Check:
    reason = _not_writable(folder)
    if reason:
        hint = "Name another one by --data-dir or ANOMALY_DETECTION_DATA_DIR."
        return Check("data folder", "failed", f"{folder} cannot be written to: {reason}", hint)
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(existing).free
    detail = f"{folder}, {_size(free)} free" + ("" if folder.exists() else " (made on the first start)")
    if free < _ENOUGH_BYTES:
        return Check("data folder", "warning", detail, "Free some space: uploads and results are kept there.")
    if (folder / "keys").exists() and folder.stat().st_mode & _OTHERS:
        reason = f"{detail}; other users of this machine may enter it, and it holds the server's keys"
        return Check("data folder", "warning", reason, f"chmod 700 {folder}")
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
