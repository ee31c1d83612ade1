"""Keys under which a request is answered once: whoever repeats it gets what the first one made.

What is made in one transaction is kept together with its key, or neither is. What takes longer (a file that is read for a
minute) claims its key first, under the id that it is going to have. A claim whose process died is taken over, unless the
thing is there after all.

References
----------
J. Jena, S. Dalal: "The Idempotency-Key HTTP Header Field", IETF draft-ietf-httpapi-idempotency-key-header.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa

from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.tables import idempotency_keys
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import Conflict, InvalidInput
from anomaly_detection.shared.scope import Scope

KEPT = timedelta(hours=24)
"""How long a key is remembered."""

ABANDONED = timedelta(minutes=15)
"""How long a claim holds whose process may be on another machine, where nobody can tell whether it lives."""

SWEEP_SECONDS = 60.0
_SWEPT_AT_ONCE = 10_000


M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request with its key.

    Attributes
    ----------
    key : str
        As the caller chose it; it belongs to this caller alone.
    operation : str
        What is asked for.
    request_hash : str
        Tells a repetition from another request; 64 characters.
    """

    key: str
    operation: str
    request_hash: str


class Replayed(Exception):
    """The thing was made by an earlier request."""

    def __init__(self, resource_id: str) -> None:
        super().__init__(resource_id)
        self.resource_id = resource_id


class IdempotencyKeys:
    """Keeps the keys of a platform.

    Parameters
    ----------
    database : Database
        Where the table ``idempotency_keys`` is.
    holder : str
        The name of this process.
    is_dead : callable
        Tells of a holder whether it has surely ended.
    clock : callable, optional
        Returns the present moment.
    """

    def __init__(
        self,
        database: Database,
        *,
        holder: str,
        is_dead: Callable[[str], bool],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._holder = holder
        self._is_dead = is_dead
        self._clock = clock
        # What this process is making: a claim of its own that is not among them failed and could not be given back.
        self._live: set[str] = set()
        self._sweeping = threading.Lock()
        self._swept = -SWEEP_SECONDS

    def make(self, scope: Scope, request: KeyedRequest, create: Callable[[], M], identify: Callable[[M], str]) -> M:
        """Make something by one transaction, which keeps its key too; several at once wait for each other.

        Parameters
        ----------
        create : callable
            Makes it, in this thread and by this database.
        identify : callable
            Returns the id of what was made.

        Raises
        ------
        Replayed
            An earlier request made it.
        InvalidInput
            ``api.idempotency_key_reused``: the key belongs to another request.
        Conflict
            ``api.idempotency_in_progress``.
        """
        self._sweep()
        with self._database.write() as connection:
            before = self._take(
                connection, scope, request, resource_id="", claimed_by=None, exists=lambda _resource_id: False
            )
            if before is not None:
                raise Replayed(before)
            made = create()
            connection.execute(
                sa.update(idempotency_keys).where(_mine(scope, request)).values(resource_id=identify(made))
            )
        return made

    def claim(self, scope: Scope, request: KeyedRequest, resource_id: str, exists: Callable[[str], bool]) -> None:
        """Claim a key for what is going to be made under `resource_id`; then `complete` it, or `free` it.

        Parameters
        ----------
        exists : callable
            Tells whether something of an id is there: a process may have died right after making it.

        Raises
        ------
        Replayed, InvalidInput, Conflict
            As `make`.
        """
        self._sweep()
        with self._database.write() as connection:
            before = self._take(
                connection, scope, request, resource_id=resource_id, claimed_by=self._holder, exists=exists
            )
            if before is not None:
                raise Replayed(before)
            self._live.add(resource_id)

    def complete(self, scope: Scope, request: KeyedRequest, resource_id: str) -> None:
        """Say that what was claimed is made."""
        self._live.discard(resource_id)
        with self._database.write() as connection:
            connection.execute(
                sa.update(idempotency_keys)
                .where(_mine(scope, request), idempotency_keys.c.resource_id == resource_id)
                .values(claimed_by=None)
            )

    def free(self, scope: Scope, request: KeyedRequest, resource_id: str) -> None:
        """Give a claim back: the next request with the key makes the thing."""
        self._live.discard(resource_id)
        with self._database.write() as connection:
            connection.execute(
                sa.delete(idempotency_keys).where(
                    _mine(scope, request),
                    idempotency_keys.c.resource_id == resource_id,
                    idempotency_keys.c.claimed_by.is_not(None),
                )
            )

    def _take(
        self,
        connection: sa.Connection,
        scope: Scope,
        request: KeyedRequest,
        *,
        resource_id: str,
        claimed_by: str | None,
        exists: Callable[[str], bool],
    ) -> str | None:
        """Write the key down as ours and return None, or return the id of what it made before."""
        values = {
            "operation": request.operation,
            "request_hash": request.request_hash,
            "resource_id": resource_id,
            "claimed_by": claimed_by,
            "created_at": self._clock(),
        }
        owner = {"tenant_id": scope.tenant_id, "principal_id": scope.principal_id, "key": request.key}
        new = self._database.insert_new(idempotency_keys, **owner, **values).returning(idempotency_keys.c.key)
        query = sa.select(idempotency_keys).where(_mine(scope, request)).with_for_update()
        # A second round only where the old row went away between the two statements.
        while connection.execute(new).first() is None:
            row = connection.execute(query).one_or_none()
            if row is None:
                continue
            before = self._judge(row, request, exists)
            if before is None:
                connection.execute(sa.update(idempotency_keys).where(_mine(scope, request)).values(**values))
            return before
        return None

    def _judge(self, row: Any, request: KeyedRequest, exists: Callable[[str], bool]) -> str | None:
        """Return what an earlier request made, or None where its key may be taken over."""
        age = self._clock() - row.created_at
        if age > KEPT:
            return None
        if (row.operation, row.request_hash) != (request.operation, request.request_hash):
            raise _reused(request.key)
        resource_id: str = row.resource_id
        if row.claimed_by is None or exists(resource_id):
            return resource_id
        if self._is_abandoned(row, age):
            return None
        raise _in_progress(request.key)

    def _is_abandoned(self, row: Any, age: timedelta) -> bool:
        if row.claimed_by == self._holder:
            return row.resource_id not in self._live
        return age > ABANDONED or self._is_dead(row.claimed_by)

    def _sweep(self) -> None:
        """Forget old keys now and then; what another process is at is left to it."""
        if not self._sweeping.acquire(blocking=False):
            return
        try:
            if time.monotonic() - self._swept < SWEEP_SECONDS:
                return
            self._swept = time.monotonic()
            table = idempotency_keys
            identity = (table.c.tenant_id, table.c.principal_id, table.c.key)
            old = (
                sa.select(*identity)
                .where(table.c.created_at < self._clock() - KEPT)
                .limit(_SWEPT_AT_ONCE)
                .with_for_update(skip_locked=True)
            )
            with self._database.write() as connection:
                connection.execute(sa.delete(table).where(sa.tuple_(*identity).in_(old)))
        finally:
            self._sweeping.release()


def _mine(scope: Scope, request: KeyedRequest) -> sa.ColumnElement[bool]:
    return sa.and_(
        idempotency_keys.c.tenant_id == scope.tenant_id,
        idempotency_keys.c.principal_id == scope.principal_id,
        idempotency_keys.c.key == request.key,
    )


def _reused(key: str) -> InvalidInput:
    return InvalidInput(
        f"The idempotency key {key!r} belongs to another request.",
        code="api.idempotency_key_reused",
        hint="Send the request as it was, or choose a new key for a new request.",
    )


def _in_progress(key: str) -> Conflict:
    return Conflict(
        f"The first request with the idempotency key {key!r} is still under way.",
        code="api.idempotency_in_progress",
        hint="Ask again in a moment.",
        details={"retry_after_seconds": 1},
    )
