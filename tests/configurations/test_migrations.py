"""The migrated schema is the one in the code, on both databases, from several processes at once, and back again."""

from __future__ import annotations

import subprocess
import sys

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from anomaly_detection.configurations.migrations import TABLES, migrate
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.tables import metadata
from anomaly_detection.shared.errors import Conflict

PROCESS = """
import sys
from anomaly_detection.configurations.migrations import migrate
from anomaly_detection.infrastructure.persistence.engine import Database
sys.stdin.read(1)
database = Database(sys.argv[1])
migrate(database)
database.dispose()
"""


def differences(database: Database) -> list[object]:
    options = {"compare_type": True, "compare_server_default": True}
    with database.read() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def tables(database: Database) -> set[str]:
    with database.read() as connection:
        return set(sa.inspect(connection).get_table_names()) - {"alembic_version"}


def test_the_migrated_schema_is_the_one_in_the_code(database: Database) -> None:
    assert differences(database) == []
    assert tables(database) == set(metadata.tables)
    assert len(TABLES) > 1


def test_a_difference_would_be_seen(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE tenants ADD COLUMN surplus INTEGER")
        connection.exec_driver_sql("DROP INDEX ix_datasets_tenant_id_id")
    assert len(differences(database)) == 2


def test_the_schema_goes_back_and_forth(database: Database) -> None:
    migrate(database, "base")
    assert tables(database) == set()
    migrate(database)
    migrate(database)
    assert differences(database) == []


def test_a_migration_that_fails_leaves_nothing(empty_database_url: str) -> None:
    database = Database(empty_database_url)

    def fail(target: sa.Table, *_args: object, **_options: object) -> None:
        if target.name == "detections":
            raise RuntimeError("the power went")

    sa.event.listen(sa.Table, "before_create", fail)
    try:
        with pytest.raises(RuntimeError):
            migrate(database)
    finally:
        sa.event.remove(sa.Table, "before_create", fail)
    assert tables(database) == set()
    migrate(database)
    assert differences(database) == []
    database.dispose()


def test_processes_that_start_together_wait_for_each_other(empty_database_url: str) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", PROCESS, empty_database_url], stdin=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("!")
        process.stdin.close()
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    database = Database(empty_database_url)
    assert differences(database) == []
    database.dispose()


def test_a_database_of_a_later_release_is_left_alone(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Conflict) as caught:
        migrate(database)
    assert caught.value.code == "platform.database_newer"
    assert "9999" in caught.value.message
