"""Accounts: tenants, their users, and the one-time links that let somebody choose a password."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from anomaly_detection.enterprise.auth import one_time
from anomaly_detection.enterprise.auth.endings import Endings, end_sessions
from anomaly_detection.enterprise.auth.passwords import check_strength, hash_password
from anomaly_detection.enterprise.auth.roles import ADMINISTRATOR_ROLE, check_role
from anomaly_detection.enterprise.auth.tables import one_time_tokens, users
from anomaly_detection.enterprise.auth.tokens import hash_secret
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.tables import tenants
from anomaly_detection.infrastructure.persistence.tenants import Tenant, TenantRepository
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import Conflict, InvalidInput, NotFound
from anomaly_detection.shared.identity import new_id

DEFAULT_TENANT = "default"
ADMINISTRATOR = "admin"

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")


@dataclass(frozen=True, slots=True)
class User:
    """A person with an account."""

    id: str
    username: str
    role: str
    tenant: Tenant
    has_password: bool


class Accounts:
    """Tenants and users in the database.

    Parameters
    ----------
    database : Database
        The platform's database, migrated.
    endings : Endings, optional
        Is told of sessions that end.
    """

    def __init__(self, database: Database, endings: Endings | None = None) -> None:
        self._database = database
        self._endings = endings or Endings()
        self._tenants = TenantRepository(database)

    def ensure_administrator(self) -> tuple[User, bool]:
        """Return an administrator of the tenant "default", and whether this call made them because there was none.

        One who can sign in comes before one who has no password yet, as the one that is made has none.
        """
        active = sa.and_(
            tenants.c.name == DEFAULT_TENANT, users.c.role == ADMINISTRATOR_ROLE, users.c.disabled_at.is_(None)
        )
        query = user_columns().where(active).order_by(users.c.password_hash.is_(None), users.c.id).limit(1)
        with self._database.write() as connection:
            row = connection.execute(query).mappings().one_or_none()
            # The name may be another tenant's: then that is the administrator.
            user = to_user(dict(row)) if row is not None else _find(connection, users.c.username == ADMINISTRATOR)
            if user is not None:
                return user, False
            tenant = self._tenants.ensure(DEFAULT_TENANT)
            return insert_user(connection, tenant, ADMINISTRATOR, ADMINISTRATOR_ROLE, None), True

    def create_tenant(self, name: str) -> Tenant:
        """Return the tenant of that name; make it where there is none.

        Raises
        ------
        InvalidInput
            ``auth.invalid_tenant_name``.
        """
        stripped = name.strip()
        if not 1 <= len(stripped) <= 200 or not stripped.isprintable():
            raise InvalidInput(
                f"{name!r} is no name of a tenant: 1 to 200 characters that can be seen.",
                code="auth.invalid_tenant_name",
            )
        return self._tenants.ensure(stripped)

    def tenants(self) -> Sequence[Tenant]:
        """Return all tenants by name; for whoever runs the platform, not for its users."""
        return self._tenants.list()

    def create_user(self, tenant: Tenant, username: str, role: str, password: str | None = None) -> User:
        """Add a user; without a password they need a one-time link.

        Raises
        ------
        InvalidInput
            ``auth.invalid_username``, ``auth.unknown_role``, ``auth.weak_password``.
        Conflict
            ``auth.username_taken``.
        """
        name = check_username(username)
        check_role(role)
        password_hash = None
        if password is not None:
            check_strength(password, name)
            password_hash = hash_password(password)
        try:
            with self._database.write() as connection:
                return insert_user(connection, tenant, name, role, password_hash)
        except IntegrityError as error:
            raise username_taken(name) from error

    def find(self, username: str) -> User:
        """Return a user by name, or raise `NotFound` (``auth.unknown_user``)."""
        with self._database.read() as connection:
            user = _find(connection, users.c.username == username.strip().lower())
        if user is None:
            raise NotFound(
                f"There is no user {username!r}.",
                code="auth.unknown_user",
                hint="The command users list shows who there is.",
            )
        return user

    def make_one_time_token(self, user: User) -> tuple[str, datetime]:
        """Return a new one-time token for a user and its end; the tokens before it stop working."""
        with self._database.write() as connection:
            return one_time.insert_one_time_token(connection, user.tenant.id, user.id)

    def reset(self, username: str) -> tuple[str, datetime]:
        """Return a one-time token with which a user may choose a new password. The old one works until then.

        Raises
        ------
        NotFound
            ``auth.unknown_user``.
        """
        return self.make_one_time_token(self.find(username))

    def look_at_one_time_token(self, token: str) -> tuple[str, datetime]:
        """Return the username that a one-time token signs in and its end; the token is not used up.

        Raises
        ------
        NotSignedIn
            ``auth.one_time_token_invalid``.
        """
        with self._database.read() as connection:
            row = connection.execute(
                sa.select(users.c.username, one_time_tokens.c.expires_at)
                .join_from(one_time_tokens, users, users.c.id == one_time_tokens.c.user_id)
                .where(one_time.usable(token), users.c.disabled_at.is_(None))
            ).one_or_none()
        if row is None:
            raise one_time.invalid()
        return row.username, row.expires_at

    def choose_password(self, token: str, password: str) -> User:
        """Spend a one-time token: set its user's password, lift a lock, and end all their sessions.

        Raises
        ------
        NotSignedIn
            ``auth.one_time_token_invalid``: unknown, used or older than 24 hours.
        InvalidInput
            ``auth.weak_password``; the token can still be used.
        """
        username, _ = self.look_at_one_time_token(token)
        check_strength(password, username)
        password_hash, now = hash_password(password), utc_now()
        owner = sa.select(one_time_tokens.c.user_id).where(one_time_tokens.c.token_hash == hash_secret(token))
        with self._database.write() as connection:
            # The user first, as everywhere: who takes rows in another order waits for those who wait for them.
            user_id = connection.scalar(
                sa.select(users.c.id).where(users.c.id == owner.scalar_subquery()).with_for_update()
            )
            # One statement decides who is first, so that two requests with one token cannot both win.
            spent = connection.execute(sa.update(one_time_tokens).where(one_time.usable(token)).values(used_at=now))
            if spent.rowcount != 1:
                raise one_time.invalid()
            connection.execute(
                sa.update(users)
                .where(users.c.id == user_id)
                .values(password_hash=password_hash, failed_sign_ins=0, locked_until=None)
            )
            self._endings.announce(self._database, end_sessions(connection, str(user_id), now))
            user = _find(connection, users.c.id == user_id)
        if user is None:
            raise one_time.invalid()
        return user


def user_columns() -> sa.Select[Any]:
    """Return the query that `to_user` reads: users with their tenants."""
    return sa.select(
        users.c.id,
        users.c.username,
        users.c.role,
        users.c.password_hash,
        users.c.failed_sign_ins,
        users.c.locked_until,
        users.c.disabled_at,
        tenants.c.id.label("tenant_id"),
        tenants.c.name.label("tenant_name"),
        tenants.c.created_at.label("tenant_created_at"),
    ).join_from(users, tenants, tenants.c.id == users.c.tenant_id)


def to_user(row: Mapping[str, Any]) -> User:
    """Return the user in a row of `user_columns`."""
    tenant = Tenant(row["tenant_id"], row["tenant_name"], row["tenant_created_at"])
    return User(row["id"], row["username"], row["role"], tenant, row["password_hash"] is not None)


def _find(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> User | None:
    row = connection.execute(user_columns().where(condition)).mappings().one_or_none()
    return None if row is None else to_user(dict(row))


def insert_user(connection: sa.Connection, tenant: Tenant, username: str, role: str, password_hash: str | None) -> User:
    """Add a row to the users; a name that is taken breaks the table's constraint."""
    user = User(new_id(), username, role, tenant, password_hash is not None)
    connection.execute(
        sa.insert(users).values(
            id=user.id,
            tenant_id=tenant.id,
            username=username,
            role=role,
            password_hash=password_hash,
            failed_sign_ins=0,
            created_at=utc_now(),
        )
    )
    return user


def check_username(username: str) -> str:
    """Return a username in its one form, or raise `InvalidInput` (``auth.invalid_username``)."""
    name = username.strip().lower()
    if _USERNAME.fullmatch(name) is None:
        raise InvalidInput(
            f"{username!r} is no username: 1 to 64 letters, digits or . _ @ + -, beginning with a letter or digit.",
            code="auth.invalid_username",
        )
    return name


def username_taken(name: str) -> Conflict:
    """Return the error for a name that somebody has, maybe in another tenant."""
    return Conflict(f"The username {name!r} is taken.", code="auth.username_taken", hint="Choose another one.")
