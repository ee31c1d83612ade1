"""API keys on the wire."""

from __future__ import annotations

from datetime import datetime

from pydantic import AwareDatetime, Field

from anomaly_detection.presentation.api.v1.schemas.common import Answer, Name, Request


class KeyOwner(Answer):
    """The user for whom a key acts."""

    id: str
    username: str


class ApiKey(Answer):
    """What is known of a key; its secret is shown once, when it is made."""

    id: str
    name: str
    prefix: str = Field(description="The secret's first characters.")
    role: str = Field(description="What it may do now: never more than its user.")
    user: KeyOwner
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To within a minute.")
    revoked_at: datetime | None


class ApiKeyPage(Answer):
    """Some keys."""

    items: list[ApiKey]
    next: str | None


class NewApiKey(Answer):
    """A key with its secret."""

    key: ApiKey
    secret: str = Field(description="Send it as `Authorization: Bearer adk_...`. Nobody can read it again.")


class ApiKeyRequest(Request):
    """A key to make."""

    name: Name = Field(description="By which people know what it is for.")
    role: str | None = Field(default=None, max_length=32, description="At most one's own, which is the default.")
    expires_at: AwareDatetime | None = Field(default=None, description="When it ends by itself; never by default.")
