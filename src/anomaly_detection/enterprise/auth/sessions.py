"""Sessions: who is signed in, proved by a token, ended by signing out or by time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from anomaly_detection.enterprise.auth.accounts import Accounts, User, to_user, user_columns
from anomaly_detection.enterprise.auth.passwords import verify_password
from anomaly_detection.enterprise.auth.tables import sessions, users
from anomaly_detection.enterprise.auth.tokens import Claims, TokenSigner, token_expired, token_invalid
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import NotSignedIn
from anomaly_detection.shared.identity import new_id

FREE_ATTEMPTS = 5
LONGEST_LOCK = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Session:
    """A user who is signed in."""

    id: str
    user: User
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session with the secrets that prove it."""

    session: Session
    access_token: str
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
    """

    def __init__(self, database: Database, accounts: Accounts, signer: TokenSigner, lifetime: timedelta) -> None:
        self._database = database
        self._accounts = accounts
        self._signer = signer
        self._lifetime = lifetime

    def sign_in(self, username: str, password: str) -> SignedIn:
        """Open a session for whoever knows the password.

        After `FREE_ATTEMPTS` wrong ones each further attempt must wait twice as long, up to `LONGEST_LOCK`. The answer
        is the same for a wrong password, an unknown name and a name that must wait.

        Raises
        ------
        NotSignedIn
            ``auth.invalid_credentials``.
        """
        name = username.strip().lower()
        with self._database.read() as connection:
            row = connection.execute(user_columns().where(users.c.username == name)).mappings().one_or_none()
        matches = verify_password(password, None if row is None else row["password_hash"])
        # An unknown name goes the same way, so that it takes as long.
        if not self._admit("" if row is None else row["id"], matches=matches) or row is None:
            raise _invalid_credentials()
        return self._open(to_user(dict(row)))

    def sign_in_once(self, token: str, new_password: str) -> SignedIn:
        """Spend a one-time token, set the password, and open a session (errors: `Accounts.choose_password`)."""
        return self._open(self._accounts.choose_password(token, new_password))

    def check(self, token: str) -> Session:
        """Return the session that a token proves.

        Raises
        ------
        NotSignedIn
            ``auth.token_expired`` or ``auth.token_invalid`` (forged, or signed out).
        """
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
        if row is None or row["session_revoked_at"] is not None:
            raise token_invalid()
        if row["session_expires_at"] <= utc_now():
            raise token_expired()
        return Session(claims.session_id, to_user(dict(row)), row["session_expires_at"])

    def holds(self, session: Session) -> bool:
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
        """End a session: its token stops working at once."""
        with self._database.write() as connection:
            connection.execute(
                sa.update(sessions)
                .where(sessions.c.id == session.id, sessions.c.tenant_id == session.user.tenant.id)
                .values(revoked_at=utc_now())
            )

    def csrf_token(self, session: Session) -> str:
        """Return the token that the session's browser sends beside its cookie."""
        return self._signer.csrf_token(session.id)

    def check_csrf(self, session: Session, token: str) -> bool:
        """Tell whether the token beside the cookie is the session's."""
        return self._signer.check_csrf(session.id, token)

    def _open(self, user: User) -> SignedIn:
        now = utc_now()
        session = Session(new_id(), user, (now + self._lifetime).replace(microsecond=0))
        with self._database.write() as connection:
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
        claims = Claims(session.id, user.id, user.tenant.id, session.expires_at)
        return SignedIn(session, self._signer.issue(claims), self._signer.csrf_token(session.id))

    def _admit(self, user_id: str, *, matches: bool) -> bool:
        """Count an attempt. The lock is read after the password was checked: guesses made at once all meet it."""
        now = utc_now()
        query = sa.select(users.c.failed_sign_ins, users.c.locked_until).where(users.c.id == user_id)
        with self._database.write() as connection:
            state = connection.execute(query.with_for_update()).one_or_none()
            if state is None or (state.locked_until is not None and state.locked_until > now):
                return False
            failures = 0 if matches else state.failed_sign_ins + 1
            wait = min(timedelta(seconds=2 ** min(max(failures - FREE_ATTEMPTS, 0), 16)), LONGEST_LOCK)
            locked_until = now + wait if failures >= FREE_ATTEMPTS else None
            if (failures, locked_until) != tuple(state):
                values = {"failed_sign_ins": failures, "locked_until": locked_until}
                connection.execute(sa.update(users).where(users.c.id == user_id).values(**values))
        return matches


def _invalid_credentials() -> NotSignedIn:
    return NotSignedIn(
        "The username or the password is wrong.",
        code="auth.invalid_credentials",
        hint=f"After {FREE_ATTEMPTS} wrong attempts a name must wait, up to {LONGEST_LOCK.seconds // 60} minutes.",
    )
