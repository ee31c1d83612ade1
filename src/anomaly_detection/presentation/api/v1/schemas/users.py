"""Users on the wire, as their administrator sees them."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from anomaly_detection.presentation.api.v1.schemas.common import Answer, Request


class User(Answer):
    """Somebody with an account in this tenant."""

    id: str
    username: str
    role: str
    disabled: bool
    has_password: bool = Field(description="Whether they have chosen one; before, only a one-time link lets them in.")
    created_at: datetime
    last_sign_in_at: datetime | None
    locked_until: datetime | None = Field(description="Set while they must wait after wrong passwords.")


class UserPage(Answer):
    """Some users."""

    items: list[User]
    next: str | None


class OneTimeLink(Answer):
    """A secret that lets somebody choose a password, once: the page is /sign-in?one_time=TOKEN."""

    one_time_token: str
    expires_at: datetime


class NewUser(OneTimeLink):
    """A user and the link with which they come in for the first time."""

    user: User


class UserRequest(Request):
    """A user to add."""

    username: str = Field(max_length=200, description="1 to 64 letters, digits or . _ @ + -; unique over all tenants.")
    role: str = Field(max_length=32, description="viewer, analyst or admin.")


class UserChange(Request):
    """What to change of a user; what is missing stays."""

    role: str | None = Field(default=None, max_length=32)
    disabled: bool | None = Field(default=None, description="Locks them out and ends sessions and API keys at once.")
