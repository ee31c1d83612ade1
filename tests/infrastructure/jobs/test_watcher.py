"""The watcher: this process hears of what others change, once, and of its own changes not again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from anomaly_detection.infrastructure.jobs.leases import Claim
from anomaly_detection.infrastructure.jobs.queue import DatabaseJobQueue
from anomaly_detection.infrastructure.jobs.watcher import Watcher
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.tables import jobs
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import Job


class Watched:
    """A queue whose watcher looks only when a test says so, and another process's queue on the same database."""

    def __init__(self, database: Database, queue: DatabaseJobQueue) -> None:
        self.queue = queue
        self.others = Database(database.engine.url.render_as_string(hide_password=False))
        self.other = DatabaseJobQueue(self.others)
        self.heard: list[Job] = []
        queue.listen(self.heard.append)
        self.watcher = Watcher(database, queue, poll_seconds=3600)
        self.watcher.start()

    def claim(self) -> Claim:
        claim = self.other.leases.claim("another-machine/1/1/x", ["work"])
        assert claim is not None
        return claim

    def look(self) -> list[str]:
        self.heard.clear()
        self.watcher.look()
        return [job.status for job in self.heard]


@pytest.fixture
def watched(database: Database, queue: DatabaseJobQueue) -> Iterator[Watched]:
    watched = Watched(database, queue)
    yield watched
    watched.watcher.stop()
    watched.others.dispose()
    assert not watched.watcher.alive


def test_each_change_of_another_process_is_told_once(watched: Watched, scope: Scope) -> None:
    job = watched.other.submit(scope, "work", {})
    assert watched.heard == []
    assert watched.look() == ["queued"]
    assert watched.look() == []
    claim = watched.claim()
    assert watched.look() == ["running"]
    watched.other.leases.progress(claim, 0.5, "reading")
    assert watched.look() == ["running"]
    assert (watched.heard[0].progress, watched.heard[0].stage) == (0.5, "reading")
    watched.other.leases.succeed(claim, {"summary": {"n": 1}, "long": list(range(1000))})
    assert watched.look() == ["succeeded"]
    assert (watched.heard[0].id, watched.heard[0].outcome) == (job.id, {"summary": {"n": 1}})
    assert watched.look() == []


def test_what_happens_between_two_looks_is_told_as_it_is(watched: Watched, scope: Scope) -> None:
    watched.other.submit(scope, "work", {})
    watched.other.leases.succeed(watched.claim(), {})
    ended = watched.other.submit(scope, "work", {})
    watched.other.cancel(scope, ended.id)
    assert watched.look() == ["succeeded", "cancelled"]


def test_own_changes_are_told_at_once_and_not_again(watched: Watched, scope: Scope) -> None:
    watched.queue.submit(scope, "work", {})
    assert [job.status for job in watched.heard] == ["queued"]
    assert watched.look() == []
    watched.claim()
    # The other's later change of a job that this process made is news.
    assert watched.look() == ["running"]


def test_a_renewed_lease_is_no_change(watched: Watched, scope: Scope) -> None:
    watched.other.submit(scope, "work", {})
    claim = watched.claim()
    watched.look()
    watched.other.leases.renew(claim)
    assert watched.look() == []


def test_a_change_that_is_kept_late_is_told_all_the_same(watched: Watched, scope: Scope, database: Database) -> None:
    later = watched.other.submit(scope, "work", {})
    assert watched.look() == ["queued"]
    # Stamped before that look, and visible only after it: a transaction that took its time.
    earlier = watched.other.submit(scope, "work", {})
    before = database.now() - timedelta(seconds=2)
    with database.write() as connection:
        connection.execute(jobs.update().where(jobs.c.id == earlier.id).values(changed_at=before))
    assert watched.look() == ["queued"]
    assert [job.id for job in watched.heard] == [earlier.id]
    assert later.id != earlier.id


def test_many_changes_are_told_in_parts(watched: Watched, scope: Scope) -> None:
    with watched.others.write():
        for _ in range(1001):
            watched.other.submit(scope, "work", {})
    assert len(watched.look()) == 1001
    assert watched.look() == []


def test_it_looks_by_itself(database: Database, queue: DatabaseJobQueue, scope: Scope) -> None:
    told = threading.Event()
    queue.listen(lambda _job: told.set())
    watcher = Watcher(database, queue, poll_seconds=0.01)
    watcher.start()
    DatabaseJobQueue(database).submit(scope, "work", {})
    assert told.wait(30)
    watcher.stop()
