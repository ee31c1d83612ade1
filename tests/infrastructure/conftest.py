"""Two tenants, one queue, and a clock that tests may turn."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from anomaly_detection.infrastructure.jobs.queue import DatabaseJobQueue
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.tenants import TenantRepository
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.scope import Scope


class Clock:
    """The present moment, moved forward by a test."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.offset

    def advance(self, seconds: float) -> None:
        self.offset += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def scope(database: Database) -> Scope:
    return Scope(TenantRepository(database).ensure("ours").id, "principal", "request-1")


@pytest.fixture
def stranger(database: Database) -> Scope:
    return Scope(TenantRepository(database).ensure("theirs").id, "somebody", "request-2")


@pytest.fixture
def queue(database: Database, clock: Clock) -> DatabaseJobQueue:
    return DatabaseJobQueue(database, clock=clock)
