"""One-time tokens: links with which somebody comes in once and chooses a password."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from anomaly_detection.enterprise.auth.tables import one_time_tokens
from anomaly_detection.enterprise.auth.tokens import hash_secret, new_secret
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import NotSignedIn
from anomaly_detection.shared.identity import new_id

ONE_TIME_LIFETIME = timedelta(hours=24)


def insert_one_time_token(connection: sa.Connection, tenant_id: str, user_id: str) -> tuple[str, datetime]:
    """Return a new one-time token of a user and its end; the tokens before it stop working."""
    token, now = new_secret(), utc_now()
    connection.execute(sa.delete(one_time_tokens).where(one_time_tokens.c.user_id == user_id))
    connection.execute(
        sa.insert(one_time_tokens).values(
            id=new_id(),
            tenant_id=tenant_id,
            user_id=user_id,
            token_hash=hash_secret(token),
            created_at=now,
            expires_at=now + ONE_TIME_LIFETIME,
        )
    )
    return token, now + ONE_TIME_LIFETIME


def usable(token: str) -> sa.ColumnElement[bool]:
    """Return the condition that a row is this token's, and that it can still be used."""
    return sa.and_(
        one_time_tokens.c.token_hash == hash_secret(token),
        one_time_tokens.c.used_at.is_(None),
        one_time_tokens.c.expires_at > utc_now(),
    )


def invalid() -> NotSignedIn:
    """Return the error for a token that lets nobody in."""
    return NotSignedIn(
        "This one-time link is unknown, was used, or is older than 24 hours.",
        code="auth.one_time_token_invalid",
        hint="Start the server again while the administrator has no password, or ask for a new link.",
    )
