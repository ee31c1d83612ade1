"""Refresh tokens: each is used once and gives the next one; one that comes again was stolen.

Both thief and owner hold the same token. Whoever is second to use it shows that there are two, so the session ends for both.
Two tabs of one browser share a token as well and may use it at the same moment: within `LEEWAY` that is forgiven.

References
----------
T. Lodderstedt et al., "Best Current Practice for OAuth 2.0 Security", RFC 9700, 2025, section 4.14.2 (rotation).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from anomaly_detection.enterprise.auth.tables import refresh_tokens
from anomaly_detection.enterprise.auth.tokens import hash_secret, new_secret
from anomaly_detection.shared.errors import NotSignedIn
from anomaly_detection.shared.identity import new_id

LEEWAY = timedelta(seconds=10)
"""How long after its first use a refresh token is answered once more."""

_PREFIX = "adr_"


def issue(connection: sa.Connection, tenant_id: str, session_id: str, now: datetime) -> str:
    """Return a new refresh token of a session."""
    token = new_secret(_PREFIX)
    connection.execute(
        sa.insert(refresh_tokens).values(
            id=new_id(), tenant_id=tenant_id, session_id=session_id, token_hash=hash_secret(token), created_at=now
        )
    )
    return token


def session_of(connection: sa.Connection, token: str) -> str | None:
    """Return the id of the session that a token belongs to, or None."""
    query = sa.select(refresh_tokens.c.session_id).where(refresh_tokens.c.token_hash == hash_secret(token))
    return connection.scalar(query)


def spend(connection: sa.Connection, token: str, now: datetime) -> Literal["spent", "reused"]:
    """Use up a token whose session the caller has locked, so that of two uses one is the first."""
    this = refresh_tokens.c.token_hash == hash_secret(token)
    used_at = connection.scalar(sa.select(refresh_tokens.c.used_at).where(this))
    if used_at is not None:
        return "spent" if now - used_at <= LEEWAY else "reused"
    connection.execute(sa.update(refresh_tokens).where(this).values(used_at=now))
    return "spent"


def invalid() -> NotSignedIn:
    """Return the error for a refresh token that gives nothing."""
    return NotSignedIn(
        "The refresh token is unknown, or its session has ended.",
        code="auth.refresh_token_invalid",
        hint="Sign in again.",
    )


def reused() -> NotSignedIn:
    """Return the error for a refresh token that came a second time."""
    return NotSignedIn(
        "The refresh token was used before, so somebody else may have it: the session was ended.",
        code="auth.refresh_token_reused",
        hint="Sign in again, and keep only the newest refresh token.",
    )
