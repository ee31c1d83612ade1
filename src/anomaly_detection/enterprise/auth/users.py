"""The users of one tenant, as its administrator sees and changes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from anomaly_detection.enterprise.auth.accounts import check_username, username_taken
from anomaly_detection.enterprise.auth.endings import Endings, end_keys, end_sessions, proofs_of
from anomaly_detection.enterprise.auth.one_time import insert_one_time_token
from anomaly_detection.enterprise.auth.roles import ADMINISTRATOR_ROLE, check_role
from anomaly_detection.enterprise.auth.tables import one_time_tokens, users
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.rows import newest_first
from anomaly_detection.infrastructure.persistence.tables import tenants
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import Conflict, NotFound
from anomaly_detection.shared.identity import new_id
from anomaly_detection.shared.scope import Scope


@dataclass(frozen=True, slots=True)
class Account:
    """A user as an administrator sees them."""

    id: str
    username: str
    role: str
    disabled: bool
    has_password: bool
    created_at: datetime
    last_sign_in_at: datetime | None
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class OneTimeLink:
    """A secret that signs somebody in once, and lets them choose a password."""

    one_time_token: str
    expires_at: datetime


class Users:
    """What an administrator may do to the users of their own tenant.

    Parameters
    ----------
    database : Database
        The platform's database, migrated.
    endings : Endings, optional
        Is told of the sessions and API keys that end with their user.
    """

    def __init__(self, database: Database, endings: Endings | None = None) -> None:
        self._database = database
        self._endings = endings or Endings()

    def list(self, scope: Scope, *, limit: int = 50, after: str = "") -> Sequence[Account]:
        """Return one page, newest first."""
        query = newest_first(sa.select(users), users, scope, limit=limit, after=after)
        with self._database.read() as connection:
            return [_account(row) for row in connection.execute(query)]

    def get(self, scope: Scope, user_id: str) -> Account:
        """Return one user.

        Raises
        ------
        NotFound
            ``auth.user_not_found``: there is none, or another tenant has them.
        """
        with self._database.read() as connection:
            return _get(connection, scope, user_id)

    def create(self, scope: Scope, username: str, role: str) -> tuple[Account, OneTimeLink]:
        """Add a user without a password, and return the link with which they choose one.

        Raises
        ------
        InvalidInput
            ``auth.invalid_username``, ``auth.unknown_role``.
        Conflict
            ``auth.username_taken``.
        """
        name, role, user_id = check_username(username), check_role(role), new_id()
        values = {"id": user_id, "tenant_id": scope.tenant_id, "username": name, "role": role, "created_at": utc_now()}
        try:
            with self._database.write() as connection:
                connection.execute(sa.insert(users).values(**values))
                link = OneTimeLink(*insert_one_time_token(connection, scope.tenant_id, user_id))
                return _get(connection, scope, user_id), link
        except IntegrityError as error:
            raise username_taken(name) from error

    def change(self, scope: Scope, user_id: str, *, role: str | None = None, disabled: bool | None = None) -> Account:
        """Give a user another role, lock them out, or let them in again; what is None stays.

        Who is locked out loses sessions, API keys and one-time links at once. Another role holds from the next request on.

        Raises
        ------
        NotFound
            ``auth.user_not_found``.
        InvalidInput
            ``auth.unknown_role``.
        Conflict
            ``auth.last_administrator``.
        """
        now = utc_now()
        values: dict[str, Any] = {} if role is None else {"role": check_role(role)}
        if disabled is not None:
            values["disabled_at"] = now if disabled else None
        with self._database.write() as connection:
            before = _locked(connection, scope, user_id)
            if disabled is before.disabled:
                del values["disabled_at"]
            if disabled or role not in {None, ADMINISTRATOR_ROLE}:
                _keep_an_administrator(connection, scope, before)
            if values:
                connection.execute(sa.update(users).where(users.c.id == user_id).values(**values))
                self._settle(connection, user_id, now, disabled=bool(disabled))
            return _get(connection, scope, user_id)

    def delete(self, scope: Scope, user_id: str) -> None:
        """Remove a user with sessions, API keys and links; what they made stays.

        Raises
        ------
        NotFound
            ``auth.user_not_found``.
        Conflict
            ``auth.last_administrator``.
        """
        with self._database.write() as connection:
            _keep_an_administrator(connection, scope, _locked(connection, scope, user_id))
            ended = proofs_of(connection, user_id)
            connection.execute(sa.delete(users).where(users.c.id == user_id))
            self._endings.announce(self._database, ended)

    def make_one_time_link(self, scope: Scope, user_id: str) -> OneTimeLink:
        """Return a link with which a user chooses a new password; the present one works until then.

        Raises
        ------
        NotFound
            ``auth.user_not_found``.
        Conflict
            ``auth.user_disabled``.
        """
        with self._database.write() as connection:
            account = _locked(connection, scope, user_id)
            if account.disabled:
                raise Conflict(
                    f"The user {account.username!r} is disabled.", code="auth.user_disabled", hint="Enable them first."
                )
            return OneTimeLink(*insert_one_time_token(connection, scope.tenant_id, user_id))

    def _settle(self, connection: sa.Connection, user_id: str, now: datetime, *, disabled: bool) -> None:
        ended = proofs_of(connection, user_id)
        if disabled:
            end_sessions(connection, user_id, now)
            end_keys(connection, user_id, now)
            connection.execute(sa.delete(one_time_tokens).where(one_time_tokens.c.user_id == user_id))
        self._endings.announce(self._database, ended)


def _locked(connection: sa.Connection, scope: Scope, user_id: str) -> Account:
    """Return one user once nobody else changes users of this tenant: two may not take each other's administrator away."""
    mutex = sa.select(tenants.c.id).where(tenants.c.id == scope.tenant_id).with_for_update(key_share=True)
    connection.execute(mutex)
    return _get(connection, scope, user_id)


def _get(connection: sa.Connection, scope: Scope, user_id: str) -> Account:
    query = sa.select(users).where(users.c.tenant_id == scope.tenant_id, users.c.id == user_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(
            f"There is no user {user_id!r}.", code="auth.user_not_found", hint="List the users to see their ids."
        )
    return _account(row)


def _keep_an_administrator(connection: sa.Connection, scope: Scope, account: Account) -> None:
    """Refuse to take away the last one who can sign in and manage accounts."""
    others = sa.select(users.c.id).where(
        users.c.tenant_id == scope.tenant_id,
        users.c.id != account.id,
        users.c.role == ADMINISTRATOR_ROLE,
        users.c.disabled_at.is_(None),
        users.c.password_hash.is_not(None),
    )
    if account.role == ADMINISTRATOR_ROLE and not account.disabled and connection.execute(others).first() is None:
        raise Conflict(
            f"{account.username!r} is the last administrator who can sign in.",
            code="auth.last_administrator",
            hint="Make somebody else an administrator first, and let them choose a password.",
        )


def _account(row: Any) -> Account:
    locked = row.locked_until is not None and row.locked_until > utc_now()
    return Account(
        id=row.id,
        username=row.username,
        role=row.role,
        disabled=row.disabled_at is not None,
        has_password=row.password_hash is not None,
        created_at=row.created_at,
        last_sign_in_at=row.last_sign_in_at,
        locked_until=row.locked_until if locked else None,
    )
