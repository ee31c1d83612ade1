"""The database: its addresses, its two kinds of transaction, its types, and its errors by name."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import exc

from anomaly_detection.infrastructure.persistence.engine import Database, create_engine
from anomaly_detection.infrastructure.persistence.rows import name_contains
from anomaly_detection.infrastructure.persistence.tables import Json, UtcDateTime, tenants
from anomaly_detection.infrastructure.persistence.tenants import TenantRepository
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import InvalidInput, Unavailable
from anomaly_detection.shared.identity import new_id

STRICT = "-c default_transaction_isolation=serializable"

values = sa.Table(
    "values",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("moment", UtcDateTime),
    sa.Column("document", Json),
)


@pytest.fixture
def made(database: Database) -> Iterator[Database]:
    values.create(database.engine)
    yield database
    values.drop(database.engine)


def add_tenant(connection: sa.Connection, name: str) -> None:
    connection.execute(sa.insert(tenants).values(id=new_id(), name=name, created_at=utc_now()))


def add_tenants(database: Database, new: list[str]) -> None:
    with database.write() as connection:
        for name in new:
            add_tenant(connection, name)


def names(database: Database) -> set[str]:
    with database.read() as connection:
        return set(connection.execute(sa.select(tenants.c.name)).scalars())


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("mysql://root@localhost/x", "platform.unsupported_database"),
        ("sqlite://", "platform.unsupported_database"),
        ("sqlite:///:memory:", "platform.unsupported_database"),
        ("platform.db", "platform.invalid_database_url"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(url: str, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        create_engine(url)
    assert caught.value.code == code
    assert "sqlite:////data/platform.db" in caught.value.hint


def test_a_password_in_a_broken_address_is_not_shown() -> None:
    with pytest.raises(InvalidInput) as caught:
        create_engine("postgresql:/user:secret@host:port/name")
    assert "secret" not in str(caught.value)


def test_sqlite_is_set_up_for_several_readers_and_one_writer(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.read() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    database.dispose()
    assert settings == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 1, "busy_timeout": 15000}


def test_a_new_sqlite_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "platform.db"
    database = Database(f"sqlite:///{path}")
    database.check()
    database.dispose()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_transaction_is_kept_as_a_whole_or_not_at_all(database: Database) -> None:
    def write_and_fail() -> None:
        with database.write() as connection:
            add_tenant(connection, "a")
            with database.write() as same:
                assert same is connection
                add_tenant(same, "b")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert names(database) == set()
    with database.write() as connection:
        add_tenant(connection, "a")
        with database.read() as same:
            assert same is connection
    assert names(database) == {"a"}


def test_callbacks_come_after_the_commit_only(database: Database) -> None:
    seen: list[set[str]] = []

    def look() -> None:
        seen.append(names(database))

    with database.write() as connection:
        add_tenant(connection, "a")
        database.after_commit(look)
        assert seen == []
    assert seen == [{"a"}]

    def write_and_fail() -> None:
        with database.write():
            database.after_commit(look)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert len(seen) == 1
    database.after_commit(look)
    assert len(seen) == 2


def test_writers_in_many_threads_wait_for_each_other(database: Database) -> None:
    def work(number: int) -> None:
        for repeat in range(10):
            with database.write() as connection:
                # Read, then write: without the lock at the start, SQLite refuses one of two such transactions.
                connection.execute(sa.select(sa.func.count()).select_from(tenants)).scalar()
                add_tenant(connection, f"{number}-{repeat}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names(database)) == 80


def test_a_tenant_is_made_once_by_name(database: Database) -> None:
    repository = TenantRepository(database)
    made = repository.ensure("acme")
    assert repository.ensure("acme") == made
    assert repository.get(made.id) == made
    assert repository.get(new_id()) is None


def test_times_come_back_aware_in_utc(made: Database) -> None:
    moment = datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    with made.write() as connection:
        connection.execute(sa.insert(values).values(id=1, moment=moment))
        connection.execute(sa.insert(values).values(id=2, moment=None))
        rows = list(connection.execute(sa.select(values.c.moment).order_by(values.c.id)).scalars())
    assert rows == [moment, None]
    assert rows[0].tzinfo == UTC
    with made.read() as connection:
        later = sa.select(values.c.id).where(values.c.moment > moment - timedelta(microseconds=1))
        assert connection.execute(later).scalars().all() == [1]


def test_a_naive_time_is_refused(made: Database) -> None:
    with pytest.raises(exc.StatementError, match="naive"), made.write() as connection:
        connection.execute(sa.insert(values).values(id=1, moment=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_documents_keep_their_order_and_refuse_what_is_no_json(made: Database) -> None:
    document = {"z": 1, "a": [0.1, None, "é\u0000"], "10": True}
    with made.write() as connection:
        connection.execute(sa.insert(values).values(id=1, document=document))
    with made.read() as connection:
        back = connection.execute(sa.select(values.c.document)).scalar_one()
    assert back == document
    assert list(back) == ["z", "a", "10"]
    with pytest.raises((exc.StatementError, ValueError), match="JSON compliant"), made.write() as connection:
        connection.execute(sa.insert(values).values(id=2, document={"score": float("nan")}))


def test_a_broken_rule_stays_the_vendors_error_for_the_repository_to_name(database: Database) -> None:
    with pytest.raises(exc.IntegrityError):
        add_tenants(database, ["a", "a"])
    assert names(database) == set()


@pytest.mark.postgresql
def test_text_that_postgresql_cannot_hold_is_named(postgres_url: str) -> None:
    database = Database(postgres_url)
    with pytest.raises(InvalidInput) as caught:
        TenantRepository(database).ensure("a\u0000b")
    database.dispose()
    assert caught.value.code == "platform.value_not_storable"


def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    database = Database(f"postgresql://user:secret@/name?host={tmp_path}")
    with pytest.raises(Unavailable) as caught:
        database.check()
    assert caught.value.code == "platform.database_unreachable"
    assert "secret" not in str(caught.value)


@pytest.mark.postgresql
def test_the_pool_recovers_when_the_server_drops_its_connections(postgres_url: str) -> None:
    database, other = Database(postgres_url), Database(postgres_url)
    database.check()
    with other.write() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    database.check()
    for opened in (database, other):
        opened.dispose()


def test_a_writer_that_waits_too_long_is_told_so(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anomaly_detection.infrastructure.persistence.engine.BUSY_SECONDS", 0.05)
    holder, waiter = Database(sqlite_url), Database(sqlite_url)
    with holder.write(), pytest.raises(Unavailable) as caught:
        TenantRepository(waiter).ensure("late")
    for opened in (holder, waiter):
        opened.dispose()
    assert caught.value.code == "platform.database_busy"


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "platform.db"
    path.write_bytes(b"this is no database, however one looks at it" * 100)
    database = Database(f"sqlite:///{path}")
    with pytest.raises(Unavailable) as caught:
        database.check()
    database.dispose()
    assert caught.value.code == "platform.database_damaged"
    assert path.read_bytes().startswith(b"this is no database")


def test_a_full_disk_is_named_and_nothing_is_lost(sqlite_url: str) -> None:
    database = Database(sqlite_url, pool_size=1)
    TenantRepository(database).ensure("kept")
    with database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        # SQLite reports its own limit of pages as it reports a disk without space.
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    with pytest.raises(Unavailable) as caught:
        add_tenants(database, [f"{number:0200}" for number in range(1000)])
    assert caught.value.code == "platform.disk_full"
    assert names(database) == {"kept"}
    database.dispose()


def test_the_transactions_are_those_that_the_repositories_expect(postgres_url: str) -> None:
    strict = Database(str(sa.make_url(postgres_url).update_query_dict({"options": STRICT}).render_as_string(False)))
    with strict.read() as connection:
        assert connection.execute(sa.text("SHOW transaction_isolation")).scalar() == "read committed"
    strict.dispose()


def test_an_unforeseen_error_tells_the_log_no_values(database: Database) -> None:
    with pytest.raises(exc.IntegrityError) as caught:
        add_tenants(database, ["the one name", "the one name"])
    assert "the one name" not in str(caught.value).partition("\n[SQL")[2]


def test_two_that_wait_for_each_other_are_told_to_try_again(postgres_url: str) -> None:
    database = Database(postgres_url)
    add_tenants(database, ["one", "two"])
    both_hold, caught = threading.Barrier(2, timeout=20), []

    def rename(first: str, second: str) -> None:
        try:
            with database.write() as connection:
                connection.execute(sa.update(tenants).where(tenants.c.name == first).values(created_at=utc_now()))
                both_hold.wait()
                connection.execute(sa.update(tenants).where(tenants.c.name == second).values(created_at=utc_now()))
        except Unavailable as error:
            caught.append(error.code)

    threads = [threading.Thread(target=rename, args=names) for names in (("one", "two"), ("two", "one"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.dispose()
    assert caught == ["platform.database_busy"]


NAMED = "Ärger im Büro, страна, 50%"


@pytest.mark.parametrize("asked", ["Ärger", "ärger", "ÄRGER", "im büro", "СТРАНА", "50%"])
def test_a_name_is_found_in_any_case(sqlite_url: str, asked: str) -> None:
    database = Database(sqlite_url)
    assert found(database, asked) == [NAMED]
    database.dispose()


@pytest.mark.parametrize("asked", ["Ärger", "IM B", "страна", "50%"])
def test_a_name_is_found_as_it_is_written(database: Database, asked: str) -> None:
    assert found(database, asked) == [NAMED]


def found(database: Database, asked: str) -> list[str]:
    add_tenants(database, [NAMED, "another 500"])
    query = sa.select(tenants.c.name).where(name_contains(tenants.c.name, asked))
    with database.read() as connection:
        return list(connection.execute(query).scalars())
