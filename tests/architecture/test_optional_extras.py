"""What is optional is optional: every module imports where none of the extras is installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

# What the extras bring, by extra. The base (numpy, scipy, numba, pyarrow, safetensors, pydantic, typer, rich) is always there.
EXTRAS = {
    "pandas": ["pandas"],
    "polars": ["polars"],
    "plot": ["matplotlib"],
    "avro": ["fastavro"],
    "sklearn": ["sklearn", "skops"],
    "pyod": ["pyod"],
    "server": [
        "fastapi",
        "starlette",
        "uvicorn",
        "sqlalchemy",
        "alembic",
        "joserfc",
        "pwdlib",
        "argon2",
        "prometheus_client",
        "python_multipart",
    ],
    "postgres": ["psycopg"],
    "deep": ["torch"],
    "explain": ["shap"],
    "dev": ["statsmodels", "httpx", "hypothesis", "pytest"],
}

# Rooms that are the extra: they make no sense without it. Everything else imports without any extra.
NEEDS_EXTRA = {
    "anomaly_detection.presentation.api": ("server", "the REST API is FastAPI's"),
    "anomaly_detection.presentation.web": ("server", "it serves the dashboard's files by Starlette"),
    "anomaly_detection.configurations.basic": ("server", "it puts the server together: engine, accounts, worker"),
    "anomaly_detection.infrastructure.persistence": ("server", "the repositories are SQLAlchemy's"),
    "anomaly_detection.infrastructure.jobs": ("server", "jobs are kept in the database"),
    "anomaly_detection.infrastructure.monitoring": ("server", "the metrics are prometheus-client's"),
    "anomaly_detection.enterprise.auth": ("server", "passwords and tokens are pwdlib's and joserfc's"),
}

IMPORT_ALL = """
import importlib, importlib.abc, json, sys, traceback, warnings
blocked, modules = json.load(sys.stdin)

class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"No module named {name!r} (blocked by the test)", name=name)
        return None

sys.meta_path.insert(0, Blocker())
failed = {}
for module in modules:
    try:
        importlib.import_module(module)
    except Exception:
        failed[module] = traceback.format_exc(limit=-1)
print(json.dumps([failed, sorted({name.partition(".")[0] for name in sys.modules} & set(blocked))]))
"""


def module_names(package: Path, files: list[Path]) -> list[str]:
    names = []
    for path in files:
        parts = path.relative_to(package.parent).with_suffix("").parts
        names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    # Alembic's environment and versions are scripts that only Alembic runs.
    return [name for name in names if ".migrations" not in name and not name.endswith("__main__")]


def needs(module: str, extra: str) -> bool:
    rooms = [room for room, (needed, _) in NEEDS_EXTRA.items() if needed == extra]
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def import_without(blocked: list[str], modules: list[str]) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-I", "-c", IMPORT_ALL],
        input=json.dumps([blocked, modules]),
        capture_output=True,
        text=True,
        check=True,
    )
    failed, loaded = json.loads(done.stdout)
    assert loaded == [], "the block did not hold"
    return dict(failed)


@pytest.mark.parametrize("extra", [*EXTRAS, "all of them"])
def test_every_module_imports_without(extra: str, package: Path, source_files: list[Path]) -> None:
    absent = list(EXTRAS) if extra == "all of them" else [extra]
    blocked = [library for name in absent for library in EXTRAS[name]]
    modules = [m for m in module_names(package, source_files) if not any(needs(m, name) for name in absent)]
    assert len(modules) > 20
    assert import_without(blocked, modules) == {}


def test_the_exceptions_are_exceptions(package: Path, source_files: list[Path]) -> None:
    modules = module_names(package, source_files)
    for room, (extra, reason) in NEEDS_EXTRA.items():
        inside = [module for module in modules if module == room or module.startswith(f"{room}.")]
        assert inside, f"{room} is gone: remove its line"
        assert import_without(EXTRAS[extra], inside), f"{room} imports without {extra} ({reason}): remove its line"
