"""One server for the tests that do not change it, with users of every role and of two tenants."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.presentation.api.running import Running, serving


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("platform")) as running:
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
