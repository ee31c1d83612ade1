"""Sessions on the wire."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field, SecretStr

from anomaly_detection.enterprise.auth.sessions import Session, SignedIn
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
    """A session with the tokens that prove it."""

    expires_at: datetime = Field(description="End of the session; no refresh moves it.")
    access_token: str
    token_type: str = "bearer"  # noqa: S105 - the name of the scheme, no secret
    access_expires_at: datetime = Field(description="End of the access token; refresh before.")
    refresh_token: str = Field(description="Gives new tokens once; browsers keep it in a cookie.")

    @classmethod
    def begun(cls, signed_in: SignedIn) -> NewSession:
        """Return a session with its secrets as it is sent."""
        session = signed_in.session
        return cls(
            user=User.model_validate(session.user),
            expires_at=session.expires_at,
            csrf_token=signed_in.csrf_token,
            access_token=signed_in.access_token,
            access_expires_at=signed_in.access_expires_at,
            refresh_token=signed_in.refresh_token,
        )


class Refresh(Request):
    """What gives new tokens; a browser sends its cookie instead."""

    refresh_token: SecretStr | None = Field(default=None, max_length=200)


class PasswordChange(Request):
    """Another password for whoever is signed in."""

    current_password: SecretStr = Field(max_length=4096)
    new_password: SecretStr = Field(max_length=4096, description="12 to 1024 characters.")


class OneTime(Answer):
    """Whom a one-time token signs in."""

    username: str
    expires_at: datetime
