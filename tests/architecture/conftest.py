"""The tree as the architecture tests see it."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def package(root: Path) -> Path:
    return root / "src" / "anomaly_detection"


@pytest.fixture(scope="session")
def source_files(package: Path) -> list[Path]:
    files = sorted(path for path in package.rglob("*.py"))
    assert len(files) > 20, f"only {len(files)} modules under {package}"
    return files
