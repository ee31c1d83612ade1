"""Sessions: who is signed in, proved by short access tokens, ended by signing out, by time, or by a stolen refresh token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from anomaly_detection.enterprise.auth import refresh_tokens
from anomaly_detection.enterprise.auth.accounts import Accounts, User, to_user, user_columns
from anomaly_detection.enterprise.auth.attempts import FREE_ATTEMPTS, LONGEST_LOCK, admit
from anomaly_detection.enterprise.auth.endings import Endings, end_sessions
from anomaly_detection.enterprise.auth.passwords import check_strength, hash_password, verify_password
from anomaly_detection.enterprise.auth.proof import Proof
from anomaly_detection.enterprise.auth.tables import one_time_tokens, sessions, users
from anomaly_detection.enterprise.auth.tokens import Claims, TokenSigner, token_expired, token_invalid
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import InvalidInput, NotSignedIn
from anomaly_detection.shared.identity import new_id

ACCESS_LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Session(Proof):
    """A user who is signed in."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session with new secrets that prove it."""

    session: Session
    access_token: str
    access_expires_at: datetime
    refresh_token: str
    csrf_token: str


class Sessions:
    """Signing in and out.

    Parameters
    ----------
    database : Database
        The platform's database, migrated.
    accounts : Accounts
        Where the users are.
    signer : TokenSigner
        Signs the proofs.
    lifetime : timedelta
        How long a session lasts.
    access_lifetime : timedelta, default 15 minutes
        How long an access token holds before it must be refreshed.
    endings : Endings, optional
        Is told of sessions that end.
    """

    def __init__(
        self,
        database: Database,
        accounts: Accounts,
        signer: TokenSigner,
        lifetime: timedelta,
        access_lifetime: timedelta = ACCESS_LIFETIME,
        endings: Endings | None = None,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._signer = signer
        self._lifetime = lifetime
        self._access_lifetime = access_lifetime
        self._endings = endings or Endings()

    def sign_in(self, username: str, password: str) -> SignedIn:
        """Open a session for whoever knows the password.

        After `FREE_ATTEMPTS` wrong ones each further attempt must wait twice as long, up to `LONGEST_LOCK`. The answer
        is the same for a wrong password, an unknown name, a name that must wait and a user who was disabled.

        Raises
        ------
        NotSignedIn
            ``auth.invalid_credentials``.
        """
        row = self._user_row(users.c.username == username.strip().lower())
        matches = verify_password(password, None if row is None else row["password_hash"])
        # An unknown name goes the same way, so that it takes as long.
        if not admit(self._database, "" if row is None else row["id"], matches=matches) or row is None:
            raise _invalid_credentials()
        return self._open(to_user(row), users.c.password_hash == row["password_hash"])

    def sign_in_once(self, token: str, new_password: str) -> SignedIn:
        """Spend a one-time token, set the password, and open a session (errors: `Accounts.choose_password`)."""
        return self._open(self._accounts.choose_password(token, new_password))

    def refresh(self, token: str) -> SignedIn:
        """Return new tokens of the session that a refresh token belongs to.

        Raises
        ------
        NotSignedIn
            ``auth.refresh_token_invalid``: unknown, or the session has ended. ``auth.refresh_token_reused``: it was used
            before, and not just now; the session was ended.
        """
        with self._database.write() as connection:
            signed_in = self._rotate(connection, token, utc_now())
        if signed_in is None:
            raise refresh_tokens.reused()
        return signed_in

    def check(self, token: str) -> Session:
        """Return the session that an access token proves.

        Raises
        ------
        NotSignedIn
            ``auth.token_expired`` or ``auth.token_invalid`` (forged, signed out, or the user was disabled).
        """
        return self.prove(token)[0]

    def prove(self, token: str) -> tuple[Session, datetime]:
        """Return the session that an access token proves, and the token's end (errors: `check`)."""
        claims = self._signer.read(token)
        query = user_columns().add_columns(
            sessions.c.expires_at.label("session_expires_at"), sessions.c.revoked_at.label("session_revoked_at")
        )
        query = query.join(sessions, sessions.c.user_id == users.c.id).where(
            sessions.c.id == claims.session_id,
            sessions.c.tenant_id == claims.tenant_id,
            sessions.c.user_id == claims.user_id,
        )
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None or row["session_revoked_at"] is not None or row["disabled_at"] is not None:
            raise token_invalid()
        if row["session_expires_at"] <= utc_now():
            raise token_expired()
        return Session(claims.session_id, to_user(dict(row)), row["session_expires_at"]), claims.expires_at

    def holds(self, session: Proof) -> bool:
        """Tell whether a session that was checked before still holds: nobody has ended it, and it has not run out."""
        query = sa.select(sessions.c.id).where(
            sessions.c.id == session.id,
            sessions.c.tenant_id == session.user.tenant.id,
            sessions.c.revoked_at.is_(None),
            sessions.c.expires_at > utc_now(),
        )
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def sign_out(self, session: Session) -> None:
        """End a session: its tokens stop working at once."""
        with self._database.write() as connection:
            connection.execute(
                sa.update(sessions)
                .where(sessions.c.id == session.id, sessions.c.tenant_id == session.user.tenant.id)
                .values(revoked_at=utc_now())
            )
            self._endings.announce(self._database, [session.id])

    def change_password(self, session: Session, current: str, new: str) -> None:
        """Let somebody who is signed in choose another password; their other sessions and one-time links end.

        Wrong guesses of the present one count like wrong guesses at the door.

        Raises
        ------
        InvalidInput
            ``auth.weak_password``, ``auth.wrong_password``.
        """
        user = session.user
        check_strength(new, user.username)
        row = self._user_row(users.c.id == user.id)
        matches = verify_password(current, None if row is None else row["password_hash"])
        if not admit(self._database, user.id, matches=matches) or row is None:
            raise _wrong_password()
        password_hash = hash_password(new)
        checked = sa.and_(users.c.id == user.id, users.c.password_hash == row["password_hash"])
        with self._database.write() as connection:
            # Of two who change it at once the second one no longer knows it: the first may be its owner, shutting a thief out.
            if connection.execute(sa.update(users).where(checked).values(password_hash=password_hash)).rowcount != 1:
                raise _wrong_password()
            connection.execute(sa.delete(one_time_tokens).where(one_time_tokens.c.user_id == user.id))
            self._endings.announce(self._database, end_sessions(connection, user.id, utc_now(), spare=session.id))

    def csrf_token(self, session: Session) -> str:
        """Return the token that the session's browser sends beside its cookie."""
        return self._signer.csrf_token(session.id)

    def check_csrf(self, session: Proof, token: str) -> bool:
        """Tell whether the token beside the cookie is the session's."""
        return self._signer.check_csrf(session.id, token)

    def _user_row(self, condition: sa.ColumnElement[bool]) -> Mapping[str, Any] | None:
        with self._database.read() as connection:
            row = connection.execute(user_columns().where(condition)).mappings().one_or_none()
        return None if row is None else dict(row)

    def _open(self, user: User, still: sa.ColumnElement[bool] | None = None) -> SignedIn:
        now = utc_now()
        session = Session(new_id(), user, (now + self._lifetime).replace(microsecond=0))
        admitted = sa.and_(users.c.id == user.id, users.c.disabled_at.is_(None), sa.true() if still is None else still)
        with self._database.write() as connection:
            # Whoever disables this user or gives them another password waits for this row, or was first: no session is left
            # that they do not see.
            signed = connection.execute(sa.update(users).where(admitted).values(last_sign_in_at=now))
            if signed.rowcount != 1:
                raise _invalid_credentials()
            connection.execute(sa.delete(sessions).where(sessions.c.user_id == user.id, sessions.c.expires_at < now))
            connection.execute(
                sa.insert(sessions).values(
                    id=session.id,
                    tenant_id=user.tenant.id,
                    user_id=user.id,
                    created_at=now,
                    expires_at=session.expires_at,
                )
            )
            return self._signed_in(connection, session, now)

    def _rotate(self, connection: sa.Connection, token: str, now: datetime) -> SignedIn | None:
        """Spend a refresh token; None says that it was stolen, and its session is ended by this transaction."""
        session_id = refresh_tokens.session_of(connection, token)
        query = sa.select(sessions).where(sessions.c.id == session_id).with_for_update()
        row = None if session_id is None else connection.execute(query).one_or_none()
        if row is None or row.revoked_at is not None or row.expires_at <= now:
            raise refresh_tokens.invalid()
        if refresh_tokens.spend(connection, token, now) == "reused":
            connection.execute(sa.update(sessions).where(sessions.c.id == session_id).values(revoked_at=now))
            self._endings.announce(self._database, [row.id])
            return None
        user = connection.execute(user_columns().where(users.c.id == row.user_id)).mappings().one_or_none()
        if user is None or user["disabled_at"] is not None:
            raise refresh_tokens.invalid()
        return self._signed_in(connection, Session(row.id, to_user(dict(user)), row.expires_at), now)

    def _signed_in(self, connection: sa.Connection, session: Session, now: datetime) -> SignedIn:
        tenant_id = session.user.tenant.id
        access_expires_at = min((now + self._access_lifetime).replace(microsecond=0), session.expires_at)
        claims = Claims(session.id, session.user.id, tenant_id, access_expires_at)
        return SignedIn(
            session,
            self._signer.issue(claims),
            access_expires_at,
            refresh_tokens.issue(connection, tenant_id, session.id, now),
            self._signer.csrf_token(session.id),
        )


def _wrong_password() -> InvalidInput:
    return InvalidInput(
        "The present password is wrong.",
        code="auth.wrong_password",
        hint=f"After {FREE_ATTEMPTS} wrong attempts one must wait, up to {LONGEST_LOCK.seconds // 60} minutes.",
    )


def _invalid_credentials() -> NotSignedIn:
    return NotSignedIn(
        "The username or the password is wrong.",
        code="auth.invalid_credentials",
        hint=f"After {FREE_ATTEMPTS} wrong attempts a name must wait, up to {LONGEST_LOCK.seconds // 60} minutes.",
    )
