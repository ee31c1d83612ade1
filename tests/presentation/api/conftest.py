"""One server for the tests that do not change it, with users of every role and of two tenants.

Each test that takes it runs twice, on SQLite and on PostgreSQL. A module whose tests ask nothing of the database says
``DATABASES = SQLITE``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.fixtures_databases import BOTH
from tests.presentation.api.running import Running, serving


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "running" in metafunc.fixturenames:
        databases = getattr(metafunc.module, "DATABASES", BOTH)
        metafunc.parametrize("running", databases, indirect=True, scope="module")


@pytest.fixture(scope="module")
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings: dict[str, Any] = {}
    if request.param == "postgresql":
        settings["database_url"] = request.getfixturevalue("module_postgres_url")
    with serving(tmp_path_factory.mktemp("platform"), **settings) as running:
        for role in ("viewer", "analyst", "admin"):
            running.add_user(f"the-{role}", role)
        running.add_user("stranger", "admin", tenant="another")
        yield running


@pytest.fixture
def client(running: Running) -> httpx.Client:
    return running.known("the-analyst")


@pytest.fixture
def stranger(running: Running) -> httpx.Client:
    return running.known("stranger")


@pytest.fixture
def anonymous(running: Running) -> httpx.Client:
    return running.anonymous()
