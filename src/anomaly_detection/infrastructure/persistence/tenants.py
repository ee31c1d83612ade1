"""The tenants: the one repository that is asked before anybody's scope is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.tables import tenants
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.identity import new_id


@dataclass(frozen=True, slots=True)
class Tenant:
    """Somebody whose rows nobody else sees."""

    id: str
    name: str
    created_at: datetime


class TenantRepository:
    """Keeps the tenants."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ensure(self, name: str) -> Tenant:
        """Return the tenant of that name; make it where there is none."""
        new = self._database.insert_new(tenants, id=new_id(), name=name, created_at=utc_now())
        query = sa.select(tenants).where(tenants.c.name == name)
        with self._database.write() as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                connection.execute(new)
                row = connection.execute(query).one()
        return Tenant(row.id, row.name, row.created_at)

    def list(self) -> Sequence[Tenant]:
        """Return all tenants, by name."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(tenants).order_by(tenants.c.name))
            return [Tenant(row.id, row.name, row.created_at) for row in rows]

    def find(self, name: str) -> Tenant | None:
        """Return the tenant of that name, or None."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(tenants).where(tenants.c.name == name)).one_or_none()
        return None if row is None else Tenant(row.id, row.name, row.created_at)

    def get(self, tenant_id: str) -> Tenant | None:
        """Return one tenant, or None."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(tenants).where(tenants.c.id == tenant_id)).one_or_none()
        return None if row is None else Tenant(row.id, row.name, row.created_at)
