"""Who may come in, put together: accounts, sessions, API keys, and the check of what they prove."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from anomaly_detection.configurations.settings import Settings
from anomaly_detection.enterprise.auth.accounts import Accounts
from anomaly_detection.enterprise.auth.api_keys import ApiKeys
from anomaly_detection.enterprise.auth.endings import Endings
from anomaly_detection.enterprise.auth.proofs import Proofs
from anomaly_detection.enterprise.auth.roles import PERMISSION_DESCRIPTIONS, ROLE_DESCRIPTIONS, ROLES, Permission
from anomaly_detection.enterprise.auth.sessions import Sessions
from anomaly_detection.enterprise.auth.tokens import TokenSigner, load_or_create_key
from anomaly_detection.enterprise.auth.users import Users
from anomaly_detection.infrastructure.events import EventBroker
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.shared.scope import Scope


@dataclass(frozen=True, slots=True)
class Role:
    """What somebody may do, under one name."""

    name: str
    description: str
    permissions: frozenset[Permission]


class Roles:
    """What the outside may ask about roles; the same for every tenant."""

    def list(self, _scope: Scope) -> tuple[tuple[Role, ...], Mapping[Permission, str]]:
        """Return the roles, each with more rights than the one before, and what each permission allows."""
        roles = tuple(Role(name, ROLE_DESCRIPTIONS[name], permissions) for name, permissions in ROLES.items())
        return roles, PERMISSION_DESCRIPTIONS


class Access:
    """The parts that decide who somebody is.

    Parameters
    ----------
    database : Database
        Migrated.
    events : EventBroker
        Whose streams end with the session or API key that opened them.
    settings : Settings
        How long sessions and access tokens last.
    keys : Path
        The folder of the signing key.
    """

    def __init__(self, database: Database, events: EventBroker, settings: Settings, keys: Path) -> None:
        endings = Endings()
        self.accounts = Accounts(database, endings)
        self.sessions = Sessions(
            database,
            self.accounts,
            TokenSigner(load_or_create_key(keys)),
            timedelta(minutes=settings.session_minutes),
            timedelta(minutes=settings.access_token_minutes),
            endings,
        )
        self.api_keys = ApiKeys(database, endings)
        self.users = Users(database, endings)
        self.roles = Roles()
        # First forgotten, then closed: a stream that comes back at once must not be let in by what was remembered.
        self.proofs = Proofs(self.sessions, self.api_keys, endings)
        endings.listen(events.end)
