"""Wrong passwords are counted by name: after a few, each further attempt must wait twice as long."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from anomaly_detection.enterprise.auth.tables import users
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.shared.clock import utc_now

FREE_ATTEMPTS = 5
LONGEST_LOCK = timedelta(minutes=5)


def admit(database: Database, user_id: str, *, matches: bool) -> bool:
    """Count an attempt and tell whether it passes.

    The lock is read after the password was checked, so that guesses made at once all meet it.

    Parameters
    ----------
    database : Database
        Where the users are.
    user_id : str
        Whose password was tried; nobody's passes never.
    matches : bool
        Whether it was right.
    """
    now = utc_now()
    query = sa.select(users.c.failed_sign_ins, users.c.locked_until, users.c.disabled_at).where(users.c.id == user_id)
    with database.write() as connection:
        state = connection.execute(query.with_for_update()).one_or_none()
        if state is None or state.disabled_at is not None:
            return False
        if state.locked_until is not None and state.locked_until > now:
            return False
        failures = 0 if matches else state.failed_sign_ins + 1
        wait = min(timedelta(seconds=2 ** min(max(failures - FREE_ATTEMPTS, 0), 16)), LONGEST_LOCK)
        locked_until = now + wait if failures >= FREE_ATTEMPTS else None
        if (failures, locked_until) != (state.failed_sign_ins, state.locked_until):
            values = {"failed_sign_ins": failures, "locked_until": locked_until}
            connection.execute(sa.update(users).where(users.c.id == user_id).values(**values))
    return matches
