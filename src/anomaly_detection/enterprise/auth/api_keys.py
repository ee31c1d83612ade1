"""API keys: what programs sign in with. A key is a secret of 256 bits that is shown once; the database keeps its hash.

A key acts for the user who made it, with a role of its own that is never more than the user's present one.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from anomaly_detection.enterprise.auth.accounts import to_user, user_columns
from anomaly_detection.enterprise.auth.endings import Endings
from anomaly_detection.enterprise.auth.proof import NEVER, Proof
from anomaly_detection.enterprise.auth.roles import check_role, includes, lesser
from anomaly_detection.enterprise.auth.tables import api_keys, users
from anomaly_detection.enterprise.auth.tokens import hash_secret, new_secret, token_expired, token_invalid
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.rows import newest_first
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import Conflict, InvalidInput, NotAllowed, NotFound, Unavailable
from anomaly_detection.shared.identity import new_id
from anomaly_detection.shared.scope import Scope

PREFIX = "adk_"
MAXIMUM_KEYS = 100
"""So many keys that work one user may have."""
USE_INTERVAL = timedelta(minutes=1)
"""How exactly the last use of a key is known."""

_SHOWN_CHARACTERS = 12
_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeyProof(Proof):
    """A program that showed an API key."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The user for whom a key acts."""

    id: str
    username: str


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key without its secret."""

    id: str
    name: str
    prefix: str
    role: str
    user: Owner
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class ApiKeys:
    """Keeps the keys of a tenant's users.

    Parameters
    ----------
    database : Database
        The platform's database, migrated.
    endings : Endings, optional
        Is told of keys that end.
    """

    def __init__(self, database: Database, endings: Endings | None = None) -> None:
        self._database = database
        self._endings = endings or Endings()

    def create(
        self, scope: Scope, name: str, *, role: str | None = None, expires_at: datetime | None = None
    ) -> tuple[ApiKey, str]:
        """Make a key for the scope's user and return it with its secret, which nobody can read again.

        Parameters
        ----------
        scope : Scope
            The tenant and the user.
        name : str
            By which people know what the key is for.
        role : str, optional
            What the key may do; by default what its user may.
        expires_at : datetime, optional
            When it ends by itself; by default never.

        Raises
        ------
        InvalidInput
            ``auth.unknown_role``, ``auth.invalid_expiry``.
        NotAllowed
            ``auth.role_too_high``.
        Conflict
            ``auth.too_many_api_keys``.
        """
        now, secret, key_id = utc_now(), new_secret(PREFIX), new_id()
        expires_at = _checked_end(expires_at, now)
        with self._database.write() as connection:
            own = connection.scalar(sa.select(users.c.role).where(_is_own(scope)).with_for_update()) or ""
            _check_role(role, own)
            _check_room(connection, scope, now)
            connection.execute(
                sa.insert(api_keys).values(
                    id=key_id,
                    tenant_id=scope.tenant_id,
                    user_id=scope.principal_id,
                    name=name,
                    prefix=secret[:_SHOWN_CHARACTERS],
                    key_hash=hash_secret(secret),
                    role=role or own,
                    created_at=now,
                    expires_at=expires_at,
                )
            )
            row = connection.execute(_keys().where(api_keys.c.id == key_id)).one()
        return _key(row), secret

    def list_own(self, scope: Scope, *, limit: int = 50, after: str = "") -> Sequence[ApiKey]:
        """Return one page of the keys of the scope's user, newest first."""
        return self._page(_keys().where(api_keys.c.user_id == scope.principal_id), scope, limit, after)

    def list_all(self, scope: Scope, *, limit: int = 50, after: str = "") -> Sequence[ApiKey]:
        """Return one page of the tenant's keys, newest first."""
        return self._page(_keys(), scope, limit, after)

    def revoke_own(self, scope: Scope, key_id: str) -> None:
        """End a key of the scope's user; one that has ended stays as it is.

        Raises
        ------
        NotFound
            ``auth.api_key_not_found``.
        """
        self._revoke(scope, key_id, api_keys.c.user_id == scope.principal_id)

    def revoke_any(self, scope: Scope, key_id: str) -> None:
        """End a key of anybody in the tenant (errors: `revoke_own`)."""
        self._revoke(scope, key_id, sa.true())

    def prove(self, secret: str) -> tuple[KeyProof, datetime]:
        """Return what a secret proves, and when it ends.

        Raises
        ------
        NotSignedIn
            ``auth.token_invalid``: unknown, revoked, or its user is disabled. ``auth.token_expired``.
        """
        query = user_columns().add_columns(*(api_keys.c[name].label(f"key_{name}") for name in _NEEDED))
        query = query.join(api_keys, api_keys.c.user_id == users.c.id).where(
            api_keys.c.key_hash == hash_secret(secret), api_keys.c.tenant_id == users.c.tenant_id
        )
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None or row["key_revoked_at"] is not None or row["disabled_at"] is not None:
            raise token_invalid()
        end, now = row["key_expires_at"] or NEVER, utc_now()
        if end <= now:
            raise token_expired()
        if row["key_last_used_at"] is None or row["key_last_used_at"] <= now - USE_INTERVAL:
            self._note_use(row["key_id"], now)
        user = to_user({**row, "role": lesser(row["key_role"], row["role"])})
        return KeyProof(row["key_id"], user, end), end

    def holds(self, proof: Proof) -> bool:
        """Tell whether a key that was checked before still holds."""
        query = (
            sa.select(api_keys.c.id)
            .join_from(api_keys, users, users.c.id == api_keys.c.user_id)
            .where(
                api_keys.c.id == proof.id,
                api_keys.c.tenant_id == proof.user.tenant.id,
                api_keys.c.revoked_at.is_(None),
                users.c.disabled_at.is_(None),
            )
        )
        with self._database.read() as connection:
            return proof.expires_at > utc_now() and connection.execute(query).first() is not None

    def _page(self, query: sa.Select[Any], scope: Scope, limit: int, after: str) -> Sequence[ApiKey]:
        with self._database.read() as connection:
            rows = connection.execute(newest_first(query, api_keys, scope, limit=limit, after=after))
            return [_key(row) for row in rows]

    def _revoke(self, scope: Scope, key_id: str, whose: sa.ColumnElement[bool]) -> None:
        this = sa.and_(api_keys.c.tenant_id == scope.tenant_id, api_keys.c.id == key_id, whose)
        ended_at = sa.func.coalesce(api_keys.c.revoked_at, utc_now())
        with self._database.write() as connection:
            if connection.execute(sa.update(api_keys).where(this).values(revoked_at=ended_at)).rowcount != 1:
                raise NotFound(
                    f"There is no API key {key_id!r}.",
                    code="auth.api_key_not_found",
                    hint="List the API keys to see their ids.",
                )
            self._endings.announce(self._database, [key_id])

    def _note_use(self, key_id: str, now: datetime) -> None:
        seen = sa.or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at <= now - USE_INTERVAL)
        try:
            with self._database.write() as connection:
                connection.execute(sa.update(api_keys).where(api_keys.c.id == key_id, seen).values(last_used_at=now))
        except Unavailable as error:
            # A full disk must not keep out those who only read.
            _LOGGER.warning("the use of an API key was not noted", extra={"code": error.code, "api_key_id": key_id})


_NEEDED = ("id", "role", "expires_at", "last_used_at", "revoked_at")


def _checked_end(expires_at: datetime | None, now: datetime) -> datetime | None:
    if expires_at is None:
        return None
    if expires_at <= now:
        raise InvalidInput(
            f"The key would end at {expires_at.isoformat()}, which is past.",
            code="auth.invalid_expiry",
            hint="Name a later time, or none.",
        )
    try:
        return expires_at.astimezone(UTC)
    except OverflowError:
        # The last hours of the year 9999, west of Greenwich.
        return NEVER


def _check_role(role: str | None, own: str) -> None:
    if role is not None and not includes(own, check_role(role)):
        raise NotAllowed(
            f"The key would hold the role {role!r}; your own is {own!r}.",
            code="auth.role_too_high",
            hint="Give it a role that is at most your own.",
            details={"role": role, "own_role": own},
        )


def _check_room(connection: sa.Connection, scope: Scope, now: datetime) -> None:
    ends = sa.or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > now)
    query = (
        sa.select(sa.func.count())
        .select_from(api_keys)
        .where(
            api_keys.c.tenant_id == scope.tenant_id,
            api_keys.c.user_id == scope.principal_id,
            api_keys.c.revoked_at.is_(None),
            ends,
        )
    )
    if (connection.scalar(query) or 0) >= MAXIMUM_KEYS:
        raise Conflict(
            f"You have {MAXIMUM_KEYS} API keys, which is as many as one user may have.",
            code="auth.too_many_api_keys",
            hint="Revoke those that nobody uses.",
            details={"limit": MAXIMUM_KEYS},
        )


def _is_own(scope: Scope) -> sa.ColumnElement[bool]:
    return sa.and_(users.c.tenant_id == scope.tenant_id, users.c.id == scope.principal_id)


def _keys() -> sa.Select[Any]:
    return sa.select(api_keys, users.c.username, users.c.role.label("user_role")).join_from(
        api_keys, users, users.c.id == api_keys.c.user_id
    )


def _key(row: Any) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        role=lesser(row.role, row.user_role),
        user=Owner(row.user_id, row.username),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
