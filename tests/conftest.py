"""What every test shares: isolation from the machine it runs on, and the switch for long counts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest_plugins = ["tests.fixtures_databases"]

PREFIX = "ANOMALY_DETECTION_"
TEST_PREFIX = f"{PREFIX}TEST_"


@pytest.fixture(autouse=True)
def isolated_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hide the caller's settings and data folder; the platform's default folder is a temporary one."""
    for name in list(os.environ):
        if name.startswith(PREFIX) and not name.startswith(TEST_PREFIX):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("ANOMALY_DETECTION_DATA_DIR", str(home / "platform"))
    return home


@pytest.fixture(scope="session")
def long_counts() -> bool:
    """Whether tests with a count (rows, seeds, repetitions) use the long one: `make test-full`."""
    return os.environ.get(f"{TEST_PREFIX}FULL") == "1"
