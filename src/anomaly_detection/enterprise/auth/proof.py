"""Who asks, as a token proved it: what sessions and API keys have in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from anomaly_detection.enterprise.auth.accounts import User

NEVER = datetime.max.replace(tzinfo=UTC)
"""The end of what does not end by itself."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A user who proved who they are.

    Attributes
    ----------
    id : str
        The session's or the API key's.
    user : User
        With the role that holds for this proof.
    expires_at : datetime
        When the proof ends by itself.
    """

    id: str
    user: User
    expires_at: datetime
