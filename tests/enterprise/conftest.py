"""Accounts and everything that hangs on them, on a database of the test's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest
import sqlalchemy as sa

from anomaly_detection.enterprise.auth.accounts import Accounts, User
from anomaly_detection.enterprise.auth.api_keys import ApiKeys
from anomaly_detection.enterprise.auth.endings import Endings
from anomaly_detection.enterprise.auth.passwords import hash_password
from anomaly_detection.enterprise.auth.sessions import Sessions
from anomaly_detection.enterprise.auth.tables import users
from anomaly_detection.enterprise.auth.tokens import TokenSigner
from anomaly_detection.enterprise.auth.users import Users
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.shared.scope import Scope

PASSWORD = "four words that stay"


class House:
    """The parts together, as the platform composes them, and a note of what they announced as ended."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.ended: list[str] = []
        self.endings = Endings()
        self.endings.listen(self.ended.append)
        self.accounts = Accounts(database, self.endings)
        self.signer = TokenSigner(b"k" * 32)
        self.sessions = self.signing(timedelta(hours=8))
        self.keys = ApiKeys(database, self.endings)
        self.users = Users(database, self.endings)

    def signing(self, lifetime: timedelta, access: timedelta = timedelta(minutes=15)) -> Sessions:
        return Sessions(self.database, self.accounts, self.signer, lifetime, access, self.endings)

    def add(
        self, username: str, role: str = "analyst", tenant: str = "one", *, password: str | None = PASSWORD
    ) -> User:
        user = self.accounts.create_user(self.accounts.create_tenant(tenant), username, role)
        if password is None:
            return user
        with self.database.write() as connection:
            connection.execute(sa.update(users).where(users.c.id == user.id).values(password_hash=hashed(password)))
        return replace(user, has_password=True)


@cache
def hashed(password: str) -> str:
    """Hash each password once in a run: that takes longer than anything else here."""
    return hash_password(password)


def scope_of(user: User) -> Scope:
    return Scope(user.tenant.id, user.id)


@pytest.fixture
def house(database: Database) -> House:
    return House(database)
