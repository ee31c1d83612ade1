"""Sessions on the wire."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field, SecretStr

from anomaly_detection.enterprise.auth.sessions import Session
from anomaly_detection.presentation.api.v1.schemas.common import Answer, Request


class PasswordSignIn(Request):
    """Signing in with a password."""

    username: str = Field(max_length=200)
    password: SecretStr = Field(max_length=4096)


class OneTimeSignIn(Request):
    """Signing in with a one-time token, which also sets the password."""

    one_time_token: SecretStr = Field(max_length=200)
    new_password: SecretStr = Field(max_length=4096, description="12 to 1024 characters.")


class Tenant(Answer):
    """The organisation of a user."""

    id: str
    name: str


class User(Answer):
    """Who is signed in."""

    id: str
    username: str
    role: str
    tenant: Tenant


class CurrentSession(Answer):
    """The session that the request belongs to."""

    user: User
    expires_at: datetime
    csrf_token: str = Field(description="Browsers send it as `X-CSRF-Token` with every unsafe method.")

    @classmethod
    def of(cls, session: Session, csrf_token: str) -> CurrentSession:
        """Return a session as it is sent."""
        return cls(user=User.model_validate(session.user), expires_at=session.expires_at, csrf_token=csrf_token)


class NewSession(CurrentSession):
    """A session with the token that proves it."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 - the name of the scheme, no secret


class OneTime(Answer):
    """Whom a one-time token signs in."""

    username: str
    expires_at: datetime
