"""Keys make a thing once: in races, after failures, after a process died, and on another day they are forgotten."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from anomaly_detection.infrastructure.persistence import idempotency
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.idempotency import IdempotencyKeys, KeyedRequest, Replayed
from anomaly_detection.infrastructure.persistence.tables import idempotency_keys
from anomaly_detection.infrastructure.persistence.tenants import TenantRepository
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import Conflict, InvalidInput
from anomaly_detection.shared.identity import new_id
from anomaly_detection.shared.scope import Scope

REQUEST = KeyedRequest("mine", "start", "a" * 64)


class Clock:
    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def scope(database: Database) -> Scope:
    return Scope(TenantRepository(database).ensure("default").id, new_id())


def keys_of(
    database: Database, clock: Clock, holder: str = "this", dead: Callable[[str], bool] = bool
) -> IdempotencyKeys:
    return IdempotencyKeys(database, holder=holder, is_dead=dead, clock=clock)


def living(_holder: str) -> bool:
    return False


def nothing(_resource_id: str) -> bool:
    return False


def number_of_keys(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(idempotency_keys)).scalar_one())


def replayed(call: Callable[[], object]) -> str:
    with pytest.raises(Replayed) as caught:
        call()
    return caught.value.resource_id


def test_twenty_at_once_make_one_thing(database: Database, scope: Scope, clock: Clock) -> None:
    keys, made = keys_of(database, clock), list[str]()
    together = threading.Barrier(20)

    def create() -> str:
        made.append(new_id())
        return made[-1]

    def ask(_number: int) -> str:
        together.wait(20)
        try:
            return keys.make(scope, REQUEST, create, str)
        except Replayed as earlier:
            return earlier.resource_id

    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(ask, range(20)))
    assert answers == set(made)
    assert len(made) == 1


def test_a_failure_frees_the_key(database: Database, scope: Scope, clock: Clock) -> None:
    keys = keys_of(database, clock)

    def fail() -> str:
        raise InvalidInput("no", code="test.no")

    with pytest.raises(InvalidInput, match="no"):
        keys.make(scope, REQUEST, fail, str)
    assert number_of_keys(database) == 0
    assert keys.make(scope, REQUEST, lambda: "x", str) == "x"
    assert replayed(lambda: keys.make(scope, REQUEST, fail, str)) == "x"


@pytest.mark.parametrize(
    "other",
    [KeyedRequest("mine", "start", "b" * 64), KeyedRequest("mine", "upload", "a" * 64)],
    ids=["body", "operation"],
)
def test_a_key_belongs_to_one_request(database: Database, scope: Scope, clock: Clock, other: KeyedRequest) -> None:
    keys = keys_of(database, clock)
    keys.make(scope, REQUEST, lambda: "x", str)
    with pytest.raises(InvalidInput) as caught:
        keys.make(scope, other, lambda: "y", str)
    assert caught.value.code == "api.idempotency_key_reused"


def test_nobody_meets_the_keys_of_others(database: Database, scope: Scope, clock: Clock) -> None:
    keys = keys_of(database, clock)
    elsewhere = Scope(TenantRepository(database).ensure("another").id, scope.principal_id)
    colleague = Scope(scope.tenant_id, new_id())
    made = [keys.make(who, REQUEST, new_id, str) for who in (scope, elsewhere, colleague)]
    assert len(set(made)) == 3


def test_after_a_day_a_key_is_forgotten(database: Database, scope: Scope, clock: Clock) -> None:
    keys = keys_of(database, clock)
    keys.make(scope, REQUEST, lambda: "x", str)
    clock.now += idempotency.KEPT - timedelta(seconds=1)
    assert replayed(lambda: keys.make(scope, REQUEST, lambda: "y", str)) == "x"
    clock.now += timedelta(seconds=2)
    other = KeyedRequest("mine", "upload", "b" * 64)
    assert keys.make(scope, other, lambda: "y", str) == "y"


def test_old_keys_are_swept(database: Database, scope: Scope, clock: Clock) -> None:
    keys = keys_of(database, clock)
    for number in range(5):
        keys.make(scope, KeyedRequest(str(number), "start", "a" * 64), lambda: "x", str)
    assert number_of_keys(database) == 5
    clock.now += idempotency.KEPT * 2
    keys_of(database, clock).make(scope, REQUEST, lambda: "x", str)
    assert number_of_keys(database) == 1


def test_a_claim_holds_until_it_is_completed(database: Database, scope: Scope, clock: Clock) -> None:
    keys, others = keys_of(database, clock), keys_of(database, clock, "that", living)
    keys.claim(scope, REQUEST, "x", nothing)
    for those in (keys, others):
        with pytest.raises(Conflict) as caught:
            those.claim(scope, REQUEST, "y", nothing)
        assert caught.value.code == "api.idempotency_in_progress"
        assert caught.value.details == {"retry_after_seconds": 1}
    keys.complete(scope, REQUEST, "x")
    assert replayed(lambda: others.claim(scope, REQUEST, "y", nothing)) == "x"


def test_a_claim_is_given_back(database: Database, scope: Scope, clock: Clock) -> None:
    keys = keys_of(database, clock)
    keys.claim(scope, REQUEST, "x", nothing)
    keys.free(scope, REQUEST, "x")
    keys.claim(scope, REQUEST, "y", nothing)
    keys.free(scope, REQUEST, "x")
    keys.complete(scope, REQUEST, "y")
    keys.free(scope, REQUEST, "y")
    assert replayed(lambda: keys.claim(scope, REQUEST, "z", nothing)) == "y"


def test_the_claim_of_a_dead_process_is_taken_over(database: Database, scope: Scope, clock: Clock) -> None:
    keys_of(database, clock, "the dead").claim(scope, REQUEST, "x", nothing)
    keys_of(database, clock, "the next").claim(scope, REQUEST, "y", nothing)
    assert replayed(lambda: keys_of(database, clock).claim(scope, REQUEST, "z", lambda found: found == "y")) == "y"


def test_a_claim_of_a_process_that_nobody_can_see_runs_out(database: Database, scope: Scope, clock: Clock) -> None:
    keys_of(database, clock, "elsewhere").claim(scope, REQUEST, "x", nothing)
    keys = keys_of(database, clock, "here", living)
    with pytest.raises(Conflict):
        keys.claim(scope, REQUEST, "y", nothing)
    clock.now += idempotency.ABANDONED + timedelta(seconds=1)
    keys.claim(scope, REQUEST, "y", nothing)


def test_a_claim_that_could_not_be_given_back_is_no_claim(
    database: Database, scope: Scope, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = keys_of(database, clock, dead=living)
    keys.claim(scope, REQUEST, "x", nothing)
    with monkeypatch.context() as away:
        away.setattr(database, "write", lambda: (_ for _ in ()).throw(ConnectionError))
        with pytest.raises(ConnectionError):
            keys.free(scope, REQUEST, "x")
    keys.claim(scope, REQUEST, "y", nothing)
