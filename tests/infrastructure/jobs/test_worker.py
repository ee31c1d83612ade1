"""The worker in this process: how each way that a handler ends becomes the job's end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from anomaly_detection.infrastructure.jobs.queue import DatabaseJobQueue
from anomaly_detection.infrastructure.jobs.worker import Worker
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.tenants import TenantRepository
from anomaly_detection.shared.errors import Cancelled, InvalidInput, Unavailable
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import Job, JobContext, JobHandler, Outcome
from tests.infrastructure.conftest import Clock

SECONDS = 30.0
"""A bound for what takes milliseconds; nobody waits for it where all is well."""


class Watch:
    """Waits until a job has some state, without polling."""

    def __init__(self, queue: DatabaseJobQueue) -> None:
        self._queue = queue
        self._changed = threading.Condition()
        self.heard: list[Job] = []
        queue.listen(self._hear)

    def _hear(self, job: Job) -> None:
        with self._changed:
            self.heard.append(job)
            self._changed.notify_all()

    def until(self, condition: Callable[[Job], bool]) -> Job:
        with self._changed:
            assert self._changed.wait_for(lambda: any(condition(job) for job in self.heard), SECONDS), self.heard
            return next(job for job in self.heard if condition(job))

    def end(self) -> Job:
        return self.until(lambda job: job.finished_at is not None)


@pytest.fixture
def watch(queue: DatabaseJobQueue) -> Watch:
    return Watch(queue)


StartWorker = Callable[[JobHandler], Worker]


@pytest.fixture
def start(queue: DatabaseJobQueue) -> Iterator[StartWorker]:
    workers: list[Worker] = []

    def begin(handler: JobHandler) -> Worker:
        worker = Worker(queue, {"work": handler}, poll_seconds=0.02)
        workers.append(worker)
        worker.start()
        return worker

    yield begin
    for worker in workers:
        worker.stop()
        assert not worker.alive


def until_told(context: JobContext) -> None:
    """Work for ever, as a handler that obeys does."""
    while True:
        context.progress(0.5, "working")


def test_the_handler_gets_scope_and_payload_and_its_outcome_is_kept(
    queue: DatabaseJobQueue, scope: Scope, watch: Watch, start: StartWorker
) -> None:
    seen: list[tuple[Scope, dict[str, Any]]] = []

    def handler(given: Scope, payload: Mapping[str, Any], _context: JobContext) -> Outcome:
        seen.append((given, dict(payload)))
        return {"n": payload["n"] + 1}

    start(handler)
    job = queue.submit(scope, "work", {"n": 1})
    assert watch.end().outcome == {"n": 2}
    assert queue.get(scope, job.id).outcome == {"n": 2}
    assert seen == [(scope, {"n": 1})]


def test_a_submit_wakes_an_idle_worker_at_once(queue: DatabaseJobQueue, scope: Scope, watch: Watch) -> None:
    # It would ask the database once in ten minutes, so only the call can have woken it.
    worker = Worker(queue, {"work": lambda *_: {}}, poll_seconds=600)
    worker.start()
    assert worker.alive
    for number in range(3):
        queue.submit(scope, "work", {})
        watch.until(lambda _job, number=number: sum(job.status == "succeeded" for job in watch.heard) > number)
    worker.stop()


def test_a_job_of_low_priority_gets_its_turn(queue: DatabaseJobQueue, scope: Scope, watch: Watch) -> None:
    order: list[str] = []

    def handler(_scope: Scope, payload: Mapping[str, Any], _context: JobContext) -> Outcome:
        order.append(payload["name"])
        if payload["name"] != "low" and len(order) < 50:
            # There is always something urgent waiting.
            queue.submit(scope, "work", {"name": f"urgent {len(order)}"}, priority="high")
        return {}

    low = queue.submit(scope, "work", {"name": "low"}, priority="low")
    queue.submit(scope, "work", {"name": "urgent"}, priority="high")
    worker = Worker(queue, {"work": handler}, poll_seconds=0.02)
    worker.start()
    watch.until(lambda job: job.id == low.id and job.status == "succeeded")
    worker.stop()
    assert order.index("low") == 9


def test_progress_is_seen_and_not_written_too_often(
    queue: DatabaseJobQueue, scope: Scope, watch: Watch, start: StartWorker
) -> None:
    def handler(_scope: Scope, _payload: Mapping[str, Any], context: JobContext) -> Outcome:
        for number in range(1000):
            context.progress(number / 1000, "reading")
        context.progress(2.0, "scoring")
        return {}

    start(handler)
    queue.submit(scope, "work", {})
    watch.end()
    stages = [(job.stage, job.progress) for job in watch.heard if job.status == "running" and job.stage]
    assert stages[0] == ("reading", 0.0)
    assert stages[-1] == ("scoring", 1.0)
    assert len(stages) < 100


def test_an_error_of_ours_ends_the_job_with_its_code(
    queue: DatabaseJobQueue, scope: Scope, watch: Watch, start: StartWorker
) -> None:
    def handler(*_: Any) -> Outcome:
        raise InvalidInput("There is no column 'x'.", code="data.unknown_column", hint="Known: y.")

    start(handler)
    queue.submit(scope, "work", {})
    job = watch.end()
    assert (job.status, job.attempts) == ("failed", 1)
    assert job.error == {"code": "data.unknown_column", "message": "There is no column 'x'.", "hint": "Known: y."}


class Panic(BaseException):
    """What compiled code raises when it gives up: no `Exception`."""


@pytest.mark.parametrize("error", [ZeroDivisionError("secret row"), SystemExit(3), Panic("in compiled code")])
def test_a_mistake_of_ours_is_logged_and_names_the_request(
    queue: DatabaseJobQueue,
    scope: Scope,
    watch: Watch,
    start: StartWorker,
    caplog: pytest.LogCaptureFixture,
    error: BaseException,
) -> None:
    def handler(*_: Any) -> Outcome:
        raise error

    worker = start(handler)
    queue.submit(scope, "work", {})
    job = watch.end()
    assert (job.status, job.attempts) == ("failed", 1)
    assert job.error is not None
    assert job.error["code"] == "platform.internal"
    assert scope.request_id in job.error["message"]
    assert "secret row" not in str(job.error)
    assert type(error).__name__ in caplog.text
    assert worker.alive


def test_too_little_memory_is_said_so(queue: DatabaseJobQueue, scope: Scope, watch: Watch, start: StartWorker) -> None:
    def handler(*_: Any) -> Outcome:
        return {"n": len(bytearray(1 << 62))}

    start(handler)
    queue.submit(scope, "work", {})
    assert (watch.end().error or {})["code"] == "jobs.out_of_memory"


def test_an_outcome_that_is_no_json_is_an_error(
    queue: DatabaseJobQueue, scope: Scope, watch: Watch, start: StartWorker, caplog: pytest.LogCaptureFixture
) -> None:
    start(lambda *_: {"score": float("nan")})
    queue.submit(scope, "work", {})
    job = watch.end()
    assert (job.status, (job.error or {})["code"], job.outcome) == ("failed", "platform.internal", None)
    assert "job's end cannot be stored" in caplog.text


def test_what_cannot_be_used_now_is_tried_again_later(
    queue: DatabaseJobQueue, scope: Scope, clock: Clock, watch: Watch, start: StartWorker
) -> None:
    calls: list[int] = []

    def handler(*_: Any) -> Outcome:
        calls.append(1)
        raise Unavailable("The disk is full.", code="platform.disk_full", hint="Free some space.")

    start(handler)
    job = queue.submit(scope, "work", {})
    for attempt in (1, 2):
        watch.until(lambda job, attempt=attempt: job.status == "queued" and job.attempts == attempt)
        clock.advance(60)
    ended = watch.end()
    assert (ended.id, ended.status, ended.attempts, len(calls)) == (job.id, "failed", 3, 3)
    assert (ended.error or {})["code"] == "platform.disk_full"


def test_cancelling_stops_a_running_job(
    queue: DatabaseJobQueue, scope: Scope, watch: Watch, start: StartWorker
) -> None:
    codes: list[str] = []

    def handler(_scope: Scope, _payload: Mapping[str, Any], context: JobContext) -> Outcome:
        try:
            until_told(context)
        except Cancelled as error:
            codes.append(error.code)
            raise
        return {}

    worker = start(handler)
    job = queue.submit(scope, "work", {})
    watch.until(lambda job: job.stage == "working")
    queue.cancel(scope, job.id)
    assert watch.end().status == "cancelled"
    worker.stop(timeout=SECONDS)
    assert codes == ["jobs.cancelled"]
    assert queue.get(scope, job.id).outcome is None


@pytest.mark.parametrize("here", [True, False])
def test_a_cancelled_job_ends_at_once_although_its_handler_is_busy(
    queue: DatabaseJobQueue, database: Database, scope: Scope, watch: Watch, start: StartWorker, here: bool
) -> None:
    go_on = threading.Event()
    told: list[str] = []

    def busy(_scope: Scope, _payload: Mapping[str, Any], context: JobContext) -> Outcome:
        context.progress(0.5, "working")
        assert go_on.wait(SECONDS)
        try:
            context.progress(0.9, "ending")
        except Cancelled as error:
            told.append(error.code)
            raise
        return {}

    worker = start(busy)
    job = queue.submit(scope, "work", {})
    watch.until(lambda job: job.stage == "working")
    (queue if here else DatabaseJobQueue(database)).cancel(scope, job.id)
    ended = watch.end()
    assert ended.status == "cancelled"
    assert told == []
    go_on.set()
    worker.stop(timeout=SECONDS)
    assert told == ["jobs.cancelled"]
    assert queue.get(scope, job.id) == ended


def test_cancelling_in_another_process_stops_it_as_well(
    queue: DatabaseJobQueue, database: Database, scope: Scope, watch: Watch, start: StartWorker
) -> None:
    start(lambda _scope, _payload, context: until_told(context) or {})
    job = queue.submit(scope, "work", {})
    watch.until(lambda job: job.stage == "working")
    # Another queue on the same database shares nothing with the worker but the table.
    DatabaseJobQueue(database).cancel(scope, job.id)
    assert watch.end().status == "cancelled"


def test_stopping_hands_a_running_job_back(
    queue: DatabaseJobQueue, scope: Scope, watch: Watch, start: StartWorker
) -> None:
    worker = start(lambda _scope, _payload, context: until_told(context) or {})
    job = queue.submit(scope, "work", {})
    watch.until(lambda job: job.stage == "working")
    worker.stop()
    assert not worker.alive
    assert (queue.get(scope, job.id).status, queue.get(scope, job.id).attempts) == ("queued", 0)
    start(lambda *_: {"by": "the next"})
    assert watch.end().outcome == {"by": "the next"}


def test_a_handler_that_does_not_stop_loses_its_job(
    queue: DatabaseJobQueue, scope: Scope, watch: Watch, start: StartWorker
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def deaf(*_: Any) -> Outcome:
        begun.set()
        go_on.wait(SECONDS)
        return {"by": "the deaf"}

    worker = Worker(queue, {"work": deaf}, poll_seconds=0.02)
    worker.start()
    job = queue.submit(scope, "work", {})
    assert begun.wait(SECONDS)
    worker.stop(timeout=0.01)
    assert queue.get(scope, job.id).status == "queued"
    start(lambda *_: {"by": "the next"})
    assert watch.end().outcome == {"by": "the next"}
    go_on.set()
    worker.stop()
    assert queue.get(scope, job.id).outcome == {"by": "the next"}


def test_a_handler_whose_lease_was_taken_is_told(
    queue: DatabaseJobQueue, database: Database, scope: Scope, watch: Watch, start: StartWorker
) -> None:
    told: list[str] = []
    ended = threading.Event()

    def handler(_scope: Scope, _payload: Mapping[str, Any], context: JobContext) -> Outcome:
        try:
            until_told(context)
        except Cancelled as error:
            told.append(error.code)
            raise
        finally:
            ended.set()
        return {}

    start(handler)
    job = queue.submit(scope, "work", {})
    watch.until(lambda job: job.stage == "working")
    # A machine whose clock is an hour ahead takes the lease for expired and does the job itself.
    ahead = Clock()
    ahead.advance(3600)
    other = DatabaseJobQueue(database, clock=ahead)
    with database.write():
        assert other.leases.recover() == 1
        claim = other.leases.claim("another-machine/1/1/x", ["work"])
    assert claim is not None
    assert ended.wait(SECONDS)
    assert told == ["jobs.lease_lost"]
    assert other.leases.succeed(claim, {"by": "the other"})
    assert queue.get(scope, job.id).outcome == {"by": "the other"}


@pytest.mark.postgresql
def test_a_job_ends_although_the_server_drops_every_connection(postgres_url: str) -> None:
    database, other = Database(postgres_url), Database(postgres_url)
    scope = Scope(TenantRepository(database).ensure("ours").id, "principal")
    queue = DatabaseJobQueue(database)
    watch = Watch(queue)

    def handler(_scope: Scope, _payload: Mapping[str, Any], context: JobContext) -> Outcome:
        for stage in ("reading", "scoring"):
            with other.write() as connection:
                connection.exec_driver_sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            context.progress(0.5, stage)
        return {"n": 1}

    worker = Worker(queue, {"work": handler}, concurrency=2, poll_seconds=0.02)
    worker.start()
    queue.submit(scope, "work", {})
    assert watch.end().outcome == {"n": 1}
    worker.stop()
    for opened in (database, other):
        opened.dispose()
