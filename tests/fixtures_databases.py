"""Real databases for tests: an SQLite file, and a PostgreSQL cluster of this run's own, stopped and removed at its end.

A test that takes `database` (or `database_url`) runs once on each. Every test has a database of its own, made from a migrated
template.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from anomaly_detection.configurations.migrations import migrate
from anomaly_detection.infrastructure.persistence.engine import Database

# One process guards the cluster: it lives as long as its standard input is open, so the cluster ends with the test run even
# where that is killed.
GUARD = """
set -e
"$1/initdb" -D "$2/data" -U postgres -A trust -N -E UTF8 --locale=C >"$2/log" 2>&1
"$1/pg_ctl" -D "$2/data" -l "$2/log" -w -o "-k $2 -c listen_addresses='' -c max_connections=100 -F" start >>"$2/log" 2>&1
echo ready
cat >/dev/null
"$1/pg_ctl" -D "$2/data" -m immediate -w stop >>"$2/log" 2>&1
rm -rf "$2"
"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running PostgreSQL server, reached through a socket in a private folder."""

    folder: Path

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    @contextmanager
    def empty_database(self, number: int) -> Iterator[str]:
        name = f"test_{number}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _binaries() -> Path:
    found = shutil.which("pg_ctl")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: int(place.parent.name), reverse=True)
    for place in places:
        if (place / "initdb").exists():
            return place
    pytest.fail("No PostgreSQL server found. Install it: scripts/install_system_packages.sh")


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """Start a cluster for this process of the test run (about 1.5 s)."""
    folder = Path(tempfile.mkdtemp(prefix="adp-pg-"))
    command = ["sh", "-c", GUARD, "sh", str(_binaries()), str(folder)]
    if os.geteuid() == 0:
        # The server refuses to run as root.
        shutil.chown(folder, "postgres", "postgres")
        command = ["runuser", "-u", "postgres", "--", *command]
    guard = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/", start_new_session=True, text=True
    )
    assert guard.stdin is not None
    assert guard.stdout is not None
    try:
        if guard.stdout.readline() != "ready\n":
            pytest.fail(f"PostgreSQL does not start:\n{(folder / 'log').read_text()}")
        yield Cluster(folder)
    finally:
        guard.stdin.close()
        guard.stdout.close()
        guard.wait(30)


@pytest.fixture(scope="session")
def _numbers() -> Iterator[int]:
    return itertools.count()


@pytest.fixture(scope="session")
def _postgres_template(postgres_cluster: Cluster) -> str:
    postgres_cluster.execute("CREATE DATABASE migrated")
    database = Database(postgres_cluster.url("migrated"))
    migrate(database)
    database.dispose()
    return "migrated"


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "platform.db"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    database.dispose()
    return path


@pytest.fixture
def postgres_url(postgres_cluster: Cluster, _postgres_template: str, _numbers: Iterator[int]) -> Iterator[str]:
    """Return the address of a migrated PostgreSQL database for one test."""
    name = f"test_{next(_numbers)}"
    postgres_cluster.execute(f"CREATE DATABASE {name} TEMPLATE {_postgres_template}")
    yield postgres_cluster.url(name)
    postgres_cluster.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_postgres_url(postgres_cluster: Cluster, _numbers: Iterator[int]) -> Iterator[str]:
    """Return the address of a PostgreSQL database without any table."""
    with postgres_cluster.empty_database(next(_numbers)) as url:
        yield url


@pytest.fixture(scope="module")
def module_postgres_url(postgres_cluster: Cluster, _numbers: Iterator[int]) -> Iterator[str]:
    """Return the address of an empty PostgreSQL database for the tests of one module."""
    with postgres_cluster.empty_database(next(_numbers)) as url:
        yield url


@pytest.fixture
def sqlite_url(_sqlite_template: Path, tmp_path: Path) -> str:
    """Return the address of a migrated SQLite database for one test."""
    path = tmp_path / "platform.db"
    shutil.copyfile(_sqlite_template, path)
    return f"sqlite:///{path}"


SQLITE = [pytest.param("sqlite")]
BOTH = [*SQLITE, pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest) -> str:
    """Return the address of a migrated database: the test runs on SQLite and on PostgreSQL."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture(params=BOTH)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a database without any table, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Open a migrated database of the test's own, on SQLite and on PostgreSQL."""
    opened = Database(database_url)
    yield opened
    opened.dispose()
