"""Importing the package is free: what it loads is counted here, its time is measured by `make bench`."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = ("numpy", "scipy", "numba", "pyarrow", "pandas", "polars", "pydantic", "fastapi", "sqlalchemy", "typer", "rich")
COUNT = "import json, sys; before = set(sys.modules); {statement}; print(json.dumps(sorted(set(sys.modules) - before)))"


def modules_loaded_by(statement: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-I", "-c", COUNT.format(statement=statement)], capture_output=True, text=True, check=True
    )
    return list(json.loads(done.stdout))


def test_the_root_loads_nothing_heavy_and_few_modules() -> None:
    loaded = modules_loaded_by("import anomaly_detection")
    assert [name for name in loaded if name.partition(".")[0] in HEAVY] == []
    assert len(loaded) <= 30, loaded


def test_the_version_is_known_without_loading_more() -> None:
    loaded = modules_loaded_by("import anomaly_detection; anomaly_detection.__version__; dir(anomaly_detection)")
    assert [name for name in loaded if name.partition(".")[0] in HEAVY] == []


def test_the_command_line_loads_no_arrays_before_a_command_runs() -> None:
    loaded = modules_loaded_by("import anomaly_detection.presentation.cli")
    heavy = {"numpy", "scipy", "numba", "pyarrow", "pandas", "fastapi", "sqlalchemy"}
    assert [name for name in loaded if name.partition(".")[0] in heavy] == []
