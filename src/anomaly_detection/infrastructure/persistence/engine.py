"""The database: an SQLite file beside the data, or a PostgreSQL server; one way to read and one way to write.

References
----------
SQLite: "Write-Ahead Logging" and "Transaction control" (BEGIN IMMEDIATE), https://sqlite.org/wal.html,
https://sqlite.org/lang_transaction.html. SQLAlchemy: "SQLite: transactional DDL and isolation", dialect documentation.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.dialects import postgresql, sqlite

from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import InvalidInput, PlatformError, Unavailable
from anomaly_detection.shared.optional import require

_LOGGER = logging.getLogger(__name__)

BUSY_SECONDS = 15.0
"""How long a writer waits for another one before it gives up (SQLite)."""

CONNECT_SECONDS = 10
"""How long a new connection may take before the database counts as unreachable (PostgreSQL)."""

# A server that vanished without a word is noticed within half a minute, not after the system's two hours.
_KEEPALIVE = {"keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}


class Database:
    """One database with its connection pool; safe to share between threads.

    Parameters
    ----------
    url : str
        ``sqlite:///path/to/file`` or ``postgresql://user@host/name``.
    pool_size : int, default 10
        Connections that are kept open.

    Raises
    ------
    InvalidInput
        The address names another kind of database, or SQLite in memory (each thread would see its own).
    MissingExtra
        PostgreSQL without psycopg.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.engine = create_engine(url, pool_size=pool_size)
        self._local = threading.local()

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Open a transaction that only reads, or join the one that this thread has open."""
        open_connection: sa.Connection | None = getattr(self._local, "connection", None)
        if open_connection is not None:
            yield open_connection
            return
        with _translated(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Open a transaction that writes, or join the one that this thread has open: all of it is kept, or nothing."""
        open_connection: sa.Connection | None = getattr(self._local, "connection", None)
        if open_connection is not None:
            yield open_connection
            return
        callbacks: list[Callable[[], None]] = []
        with _translated():
            try:
                with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
                    self._local.connection, self._local.callbacks = connection, callbacks
                    yield connection
            finally:
                self._local.connection = None
                self._local.callbacks = None
        for callback in callbacks:
            callback()

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back when this thread's open write transaction is kept; at once where none is open."""
        callbacks: list[Callable[[], None]] | None = getattr(self._local, "callbacks", None)
        if callbacks is None:
            callback()
        else:
            callbacks.append(callback)

    def insert_new(self, table: sa.Table, **values: Any) -> sa.Insert:
        """Return the statement that adds a row, or does nothing where some unique column has that value already."""
        insert = postgresql.insert if self.dialect == "postgresql" else sqlite.insert
        return insert(table).values(**values).on_conflict_do_nothing()

    def clock(self) -> sa.ColumnElement[datetime] | datetime:
        """Return the present moment for a statement: by the one clock that all processes of the database share.

        PostgreSQL's own is taken. An SQLite file is on one machine with its processes, so theirs is as good.
        """
        return sa.func.clock_timestamp() if self.dialect == "postgresql" else utc_now()

    def now(self) -> datetime:
        """Ask for the present moment by the clock of `clock`."""
        if self.dialect == "sqlite":
            return utc_now()
        with self.read() as connection:
            moment: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC)

    def check(self) -> None:
        """Ask the database for an answer, or raise `Unavailable`."""
        with self.read() as connection:
            connection.execute(sa.select(1))

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def create_engine(url: str, *, pool_size: int = 10) -> sa.Engine:
    """Return an engine with our settings for the database that `url` names (see `Database`)."""
    address = _address(url)
    # NaN is no JSON: a document that holds one must fail where it is written and not where somebody reads it.
    options: dict[str, Any] = {
        "json_serializer": partial(json.dumps, allow_nan=False, separators=(",", ":")),
        # An error that nobody foresaw is logged with its statement, and the log is not to hold hashes and users' texts.
        "hide_parameters": True,
    }
    if address.get_backend_name() == "postgresql":
        require("psycopg", extra="postgres")
        return sa.create_engine(
            address,
            # What the repositories expect, whatever the server's own default is: who waited for a row sees it as it is now.
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            pool_size=pool_size,
            max_overflow=pool_size,
            connect_args={"connect_timeout": CONNECT_SECONDS, **_KEEPALIVE},
            **options,
        )
    _make_private(Path(address.database or ""))
    engine = sa.create_engine(
        address,
        pool_size=pool_size,
        max_overflow=pool_size,
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None, "check_same_thread": False},
        **options,
    )
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _address(url: str) -> sa.URL:
    try:
        address = sa.make_url(url)
    except exc.ArgumentError as error:
        raise InvalidInput(
            "The database address cannot be read.",
            code="platform.invalid_database_url",
            hint="Write it as sqlite:////data/platform.db or postgresql://user:password@host/name.",
        ) from error
    if address.drivername in {"postgres", "postgresql"}:
        address = address.set(drivername="postgresql+psycopg")
    if address.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg"}:
        raise InvalidInput(
            f"The database {address.drivername!r} is not supported; known are sqlite and postgresql.",
            code="platform.unsupported_database",
            hint="Write the address as sqlite:////data/platform.db or postgresql://user:password@host/name.",
        )
    if address.get_backend_name() == "sqlite" and (address.database or ":memory:").startswith((":memory:", "file:")):
        raise InvalidInput(
            "SQLite in memory cannot serve the platform: each thread would see its own database.",
            code="platform.unsupported_database",
            hint="Name a file: sqlite:////data/platform.db.",
        )
    return address


def _make_private(path: Path) -> None:
    """Create the file so that only its owner may read it: it holds password hashes."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise Unavailable(
            f"The database file {path} cannot be opened: {error.strerror}.",
            code="platform.database_unreachable",
            hint="Name a folder that this user may write to.",
        ) from error


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA synchronous=NORMAL")
    # SQLite's own knows ASCII only, so that a name with another capital would not be found by its own text.
    connection.create_function("lower", 1, _lower, deterministic=True)
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        # The change to WAL needs the file for itself for a moment and does not wait for it by the busy timeout.
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except connection.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _begin_sqlite(connection: sa.Connection) -> None:
    # A transaction that reads first and writes later could not be granted the write lock: take it at the start.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except exc.DBAPIError as error:
        raise _translate(error) from error
    except exc.TimeoutError as error:
        raise Unavailable(
            "Every connection to the database is in use.",
            code="platform.database_busy",
            hint="Try again in a moment, or raise the number of connections.",
        ) from error


def _translate(error: exc.DBAPIError) -> Exception:
    text = str(error.orig).strip()
    if isinstance(error, exc.DataError):
        return InvalidInput(
            f"The database cannot store a value: {text.splitlines()[0]}.",
            code="platform.value_not_storable",
            hint="Remove control characters and shorten the value.",
        )
    if "is not a database" in text or "is malformed" in text:
        return _unavailable(text, "platform.database_damaged", "Restore the file from a backup, or name another one.")
    if not isinstance(error, (exc.OperationalError, exc.InterfaceError)):
        return error
    known: tuple[tuple[str, str, str], ...] = (
        ("disk is full", "platform.disk_full", "Free some space; nothing was half-written."),
        ("No space left", "platform.disk_full", "Free some space; nothing was half-written."),
        ("disk I/O error", "platform.database_unreachable", "Check the disk that the database's file lies on."),
        ("is locked", "platform.database_busy", "Try again in a moment."),
        ("deadlock detected", "platform.database_busy", "Try again in a moment; nothing was changed."),
        ("readonly", "platform.database_unreachable", "Give this user the right to write to the database."),
    )
    for sign, code, hint in known:
        if sign in text:
            return _unavailable(text, code, hint)
    if error.connection_invalidated or "connect" in text or "unable to open" in text:
        return _unavailable(text, "platform.database_unreachable", "Check that the database runs and its address.")
    return error


_SAID = {
    "platform.disk_full": "its disk is full",
    "platform.database_busy": "it is busy",
    "platform.database_damaged": "its file is damaged, or holds something else",
    "platform.database_unreachable": "it does not answer",
}


def _unavailable(text: str, code: str, hint: str) -> PlatformError:
    # What the database says names hosts, users and paths: the log has it, and who asks has not.
    _LOGGER.warning("the database cannot be used", extra={"code": code, "error": text})
    return Unavailable(f"The database cannot be used now: {_SAID[code]}.", code=code, hint=hint)
