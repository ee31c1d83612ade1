"""What ends a proof ends what hangs on it: cached checks are forgotten and event streams closed, at once, in this process.

Other processes of the platform learn it from the database, when they check the proof the next time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa

from anomaly_detection.enterprise.auth.tables import api_keys, sessions
from anomaly_detection.infrastructure.persistence.engine import Database

Listener = Callable[[str], None]


class Endings:
    """Tells its listeners which proofs ended or changed."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Let `listener` have the id of every session and API key that ends or changes from now on."""
        self._listeners.append(listener)

    def announce(self, database: Database, proof_ids: Sequence[str]) -> None:
        """Tell them once the open transaction is kept; at once where none is open."""
        database.after_commit(lambda: self._tell(proof_ids))

    def _tell(self, proof_ids: Sequence[str]) -> None:
        for proof_id in proof_ids:
            for listener in self._listeners:
                listener(proof_id)


def proofs_of(connection: sa.Connection, user_id: str) -> list[str]:
    """Return the ids of a user's sessions and API keys that nobody has ended."""
    live_sessions = sa.select(sessions.c.id).where(sessions.c.user_id == user_id, sessions.c.revoked_at.is_(None))
    live_keys = sa.select(api_keys.c.id).where(api_keys.c.user_id == user_id, api_keys.c.revoked_at.is_(None))
    return [*connection.scalars(live_sessions), *connection.scalars(live_keys)]


def end_sessions(connection: sa.Connection, user_id: str, now: datetime, *, spare: str = "") -> list[str]:
    """End a user's sessions but the one to spare; return their ids."""
    theirs = sa.and_(sessions.c.user_id == user_id, sessions.c.revoked_at.is_(None), sessions.c.id != spare)
    ended = list(connection.scalars(sa.select(sessions.c.id).where(theirs)))
    connection.execute(sa.update(sessions).where(sessions.c.id.in_(ended)).values(revoked_at=now))
    return ended


def end_keys(connection: sa.Connection, user_id: str, now: datetime) -> list[str]:
    """End all of a user's API keys; return their ids."""
    theirs = sa.and_(api_keys.c.user_id == user_id, api_keys.c.revoked_at.is_(None))
    ended = list(connection.scalars(sa.select(api_keys.c.id).where(theirs)))
    connection.execute(sa.update(api_keys).where(api_keys.c.id.in_(ended)).values(revoked_at=now))
    return ended
