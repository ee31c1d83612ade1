"""One real server for all tests of the client, a proxy with faults in front of it, and clients of both kinds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.presentation.api.running import PASSWORD, Running, serving
from tests.sdks.python.either import Either
from tests.sdks.python.faults import Faulty, faulty


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    # The tests sign in more often than people do.
    with serving(tmp_path_factory.mktemp("platform"), sign_ins_per_minute=100_000) as running:
        running.add_user("ann", "admin")
        yield running


@pytest.fixture
def proxy(running: Running) -> Iterator[Faulty]:
    with faulty(running.url) as proxy:
        yield proxy


@pytest.fixture(params=[False, True], ids=["blocking", "awaiting"])
def either(request: pytest.FixtureRequest) -> Iterator[Either]:
    either = Either(awaiting=request.param)
    yield either
    either.close()


@pytest.fixture(scope="package")
def token(running: Running) -> str:
    return str(running.known("ann").headers["Authorization"].removeprefix("Bearer "))


@pytest.fixture
def password() -> str:
    return PASSWORD
