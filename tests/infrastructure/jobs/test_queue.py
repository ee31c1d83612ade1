"""The queue and its leases, one move at a time: order, tenants, tokens, take-over, giving up."""

from __future__ import annotations

import pytest

from anomaly_detection.infrastructure.jobs.instance import instance_id
from anomaly_detection.infrastructure.jobs.leases import Claim
from anomaly_detection.infrastructure.jobs.queue import DatabaseJobQueue
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.shared.errors import Conflict, NotFound
from anomaly_detection.shared.identity import new_id
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import Job
from tests.infrastructure.conftest import Clock

ELSEWHERE = "another-machine/1/1/x"


def claim(queue: DatabaseJobQueue, owner: str = ELSEWHERE) -> Claim:
    claimed = queue.leases.claim(owner, ["work"])
    assert claimed is not None
    return claimed


def test_a_submitted_job_can_be_read_back(queue: DatabaseJobQueue, scope: Scope) -> None:
    job = queue.submit(scope, "work", {"columns": ["größe", "a\u0000b"], "n": 1.5}, priority="high")
    assert queue.get(scope, job.id) == job
    assert (job.status, job.priority, job.attempts, job.progress, job.outcome) == ("queued", "high", 0, 0.0, None)
    assert job.payload == {"columns": ["größe", "a\u0000b"], "n": 1.5}
    assert (job.tenant_id, job.principal_id) == (scope.tenant_id, scope.principal_id)
    assert job.created_at.utcoffset() is not None


def test_jobs_are_claimed_by_priority_then_age(queue: DatabaseJobQueue, scope: Scope) -> None:
    priorities = ("low", "normal", "normal", "high", "low", "high")
    ids = [queue.submit(scope, "work", {}, priority=priority).id for priority in priorities]
    claimed = [claim(queue).job.id for _ in ids]
    assert claimed == [ids[3], ids[5], ids[1], ids[2], ids[0], ids[4]]
    assert queue.leases.claim(ELSEWHERE, ["work"]) is None


def test_a_worker_claims_from_its_own_queues(queue: DatabaseJobQueue, scope: Scope) -> None:
    low, high = (queue.submit(scope, "work", {}, priority=priority).id for priority in ("low", "high"))
    assert queue.leases.claim(ELSEWHERE, ["work"], priorities=["normal"]) is None
    first = queue.leases.claim(ELSEWHERE, ["work"], priorities=["normal", "low"])
    assert first is not None
    assert first.job.id == low
    assert claim(queue).job.id == high


def test_the_oldest_job_may_come_first(queue: DatabaseJobQueue, scope: Scope) -> None:
    low, high = (queue.submit(scope, "work", {}, priority=priority).id for priority in ("low", "high"))
    oldest = queue.leases.claim(ELSEWHERE, ["work"], oldest_first=True)
    assert oldest is not None
    assert oldest.job.id == low
    assert claim(queue).job.id == high


def test_the_operator_sees_what_waits_in_each_queue(
    queue: DatabaseJobQueue, clock: Clock, scope: Scope, stranger: Scope
) -> None:
    assert {name: waiting.jobs for name, waiting in queue.waiting().items()} == {"high": 0, "normal": 0, "low": 0}
    for owner in (scope, stranger):
        queue.submit(owner, "work", {}, priority="low")
        clock.advance(60)
    queue.submit(scope, "work", {})
    claim(queue)
    found = queue.waiting()
    assert {name: waiting.jobs for name, waiting in found.items()} == {"high": 0, "normal": 0, "low": 2}
    assert found["low"].oldest_seconds >= 120
    assert found["normal"].oldest_seconds == 0


def test_a_worker_claims_only_the_kinds_it_knows(queue: DatabaseJobQueue, scope: Scope) -> None:
    queue.submit(scope, "other", {})
    assert queue.leases.claim(ELSEWHERE, ["work"]) is None


def test_a_repeated_submit_returns_the_first_job(queue: DatabaseJobQueue, scope: Scope, stranger: Scope) -> None:
    job_id = new_id()
    first = queue.submit(scope, "work", {"n": 1}, job_id=job_id)
    assert queue.submit(scope, "work", {"n": 2}, job_id=job_id) == first
    assert len(queue.list(scope)) == 1
    with pytest.raises(Conflict) as caught:
        queue.submit(stranger, "work", {}, job_id=job_id)
    assert caught.value.code == "jobs.id_taken"
    assert queue.list(stranger) == []


def test_another_tenants_job_is_not_there(queue: DatabaseJobQueue, scope: Scope, stranger: Scope) -> None:
    job = queue.submit(scope, "work", {})
    for call in (queue.get, queue.cancel):
        with pytest.raises(NotFound) as caught:
            call(stranger, job.id)
        assert caught.value.code == "jobs.not_found"
    assert queue.list(stranger) == []
    assert queue.get(scope, job.id).status == "queued"


def test_a_running_job_of_another_tenant_cannot_be_cancelled(
    queue: DatabaseJobQueue, scope: Scope, stranger: Scope
) -> None:
    queue.submit(scope, "work", {})
    held = claim(queue)
    with pytest.raises(NotFound):
        queue.cancel(stranger, held.job.id)
    assert queue.leases.renew(held) is True


def test_pages_run_from_the_newest_to_the_oldest(queue: DatabaseJobQueue, scope: Scope) -> None:
    ids = {queue.submit(scope, "work" if number % 2 else "other", {}).id for number in range(7)}
    seen: list[str] = []
    while page := queue.list(scope, limit=3, after=seen[-1] if seen else ""):
        assert len(page) <= 3
        seen += [job.id for job in page]
    assert seen == sorted(ids, reverse=True)
    assert len(queue.list(scope, kind="work")) == 3


def test_success_and_outcome_become_visible_together(queue: DatabaseJobQueue, scope: Scope) -> None:
    job = queue.submit(scope, "work", {})
    held = claim(queue)
    running = queue.get(scope, job.id)
    assert (running.status, running.attempts, running.outcome) == ("running", 1, None)
    assert running.started_at is not None
    assert queue.leases.succeed(held, {"z": 1, "a": [None, "é"]})
    done = queue.get(scope, job.id)
    assert (done.status, done.progress, done.outcome) == ("succeeded", 1.0, {"z": 1, "a": [None, "é"]})
    assert list(done.outcome or ()) == ["z", "a"]
    assert done.finished_at is not None


def test_a_lost_lease_changes_nothing(queue: DatabaseJobQueue, scope: Scope, clock: Clock) -> None:
    job = queue.submit(scope, "work", {})
    first = claim(queue)
    clock.advance(queue.lease_seconds + 1)
    assert queue.leases.recover() == 1
    second = claim(queue)
    assert second.job.attempts == 2

    assert queue.leases.renew(first) is None
    assert queue.leases.progress(first, 0.9, "late") is None
    assert not queue.leases.succeed(first, {"by": "first"})
    assert not queue.leases.fail(first, code="a.b", message="", hint="")
    assert not queue.leases.end_cancelled(first)
    assert not queue.leases.hand_back(first)
    assert queue.get(scope, job.id).stage == ""

    assert queue.leases.succeed(second, {"by": "second"})
    assert not queue.leases.succeed(second, {"by": "second, again"})
    assert queue.get(scope, job.id).outcome == {"by": "second"}


def test_a_living_lease_is_left_alone(queue: DatabaseJobQueue, scope: Scope, clock: Clock) -> None:
    queue.submit(scope, "work", {})
    held = claim(queue, instance_id())
    for _ in range(3):
        clock.advance(queue.lease_seconds * 0.7)
        assert queue.leases.renew(held) is True
        assert queue.leases.recover() == 0


def test_a_job_whose_workers_die_is_given_up(database: Database, scope: Scope, clock: Clock) -> None:
    queue = DatabaseJobQueue(database, max_attempts=2, clock=clock)
    job = queue.submit(scope, "work", {})
    for _ in range(2):
        claim(queue)
        clock.advance(queue.lease_seconds + 1)
        queue.leases.recover()
    ended = queue.get(scope, job.id)
    assert (ended.status, ended.attempts) == ("failed", 2)
    assert ended.error is not None
    assert ended.error["code"] == "jobs.gave_up"
    assert "2 times" in ended.error["message"]


def test_cancelling_a_waiting_job_ends_it(queue: DatabaseJobQueue, scope: Scope) -> None:
    job = queue.submit(scope, "work", {})
    assert queue.cancel(scope, job.id).status == "cancelled"
    assert queue.leases.claim(ELSEWHERE, ["work"]) is None
    assert queue.get(scope, job.id).finished_at is not None


def test_cancelling_a_running_job_tells_its_worker(queue: DatabaseJobQueue, scope: Scope) -> None:
    job = queue.submit(scope, "work", {})
    held = claim(queue)
    assert queue.cancel(scope, job.id).status == "running"
    assert queue.leases.renew(held) is False
    assert queue.leases.progress(held, 0.5, "half") is False
    assert queue.leases.end_cancelled(held)
    assert queue.get(scope, job.id).status == "cancelled"


def test_cancelling_an_ended_job_leaves_it(queue: DatabaseJobQueue, scope: Scope) -> None:
    job = queue.submit(scope, "work", {})
    queue.leases.succeed(claim(queue), {"n": 1})
    assert queue.cancel(scope, job.id) == queue.get(scope, job.id)
    assert queue.get(scope, job.id).status == "succeeded"


def test_a_cancelled_job_of_a_dead_worker_does_not_begin_again(
    queue: DatabaseJobQueue, scope: Scope, clock: Clock
) -> None:
    job = queue.submit(scope, "work", {})
    claim(queue)
    queue.cancel(scope, job.id)
    clock.advance(queue.lease_seconds + 1)
    assert queue.leases.recover() == 1
    assert queue.get(scope, job.id).status == "cancelled"


def test_a_delayed_job_waits_for_its_time(queue: DatabaseJobQueue, scope: Scope, clock: Clock) -> None:
    queue.submit(scope, "work", {})
    assert queue.leases.hand_back(claim(queue), delay_seconds=60, counts=True)
    assert queue.leases.claim(ELSEWHERE, ["work"]) is None
    clock.advance(61)
    assert claim(queue).job.attempts == 2


def test_a_job_is_kept_with_the_callers_rows_or_not_at_all(
    queue: DatabaseJobQueue, database: Database, scope: Scope
) -> None:
    heard: list[Job] = []
    queue.listen(heard.append)

    def submit_and_fail() -> None:
        with database.write():
            queue.submit(scope, "work", {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        submit_and_fail()
    assert queue.list(scope) == []
    assert heard == []
    with database.write():
        job = queue.submit(scope, "work", {})
        assert heard == []
    assert heard == [job]


def test_listeners_hear_every_change_and_cannot_harm(
    queue: DatabaseJobQueue, scope: Scope, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[tuple[str, float]] = []

    def broken(job: Job) -> None:
        raise RuntimeError(job.id)

    queue.listen(broken)
    stop = queue.listen(lambda job: heard.append((job.status, job.progress)))
    queue.submit(scope, "work", {})
    held = claim(queue)
    queue.leases.progress(held, 0.25, "reading")
    queue.leases.succeed(held, {})
    assert heard == [("queued", 0.0), ("running", 0.0), ("running", 0.25), ("succeeded", 1.0)]
    assert "job listener failed" in caplog.text
    stop()
    queue.submit(scope, "work", {})
    assert len(heard) == 4


def test_the_operator_sees_how_many_jobs_are_in_each_state(
    queue: DatabaseJobQueue, scope: Scope, stranger: Scope
) -> None:
    for owner in (scope, scope, stranger):
        queue.submit(owner, "work", {})
    claim(queue)
    assert queue.counts() == {"queued": 2, "running": 1}
