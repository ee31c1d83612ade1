"""Opinions about rows: one of each row holds, nothing is lost, tenants apart, on both databases."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from anomaly_detection.enterprise.auth.accounts import Accounts
from anomaly_detection.infrastructure.jobs.queue import DatabaseJobQueue
from anomaly_detection.infrastructure.persistence.datasets import DatasetRepository
from anomaly_detection.infrastructure.persistence.detections import DetectionRepository
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.feedback import FeedbackRepository
from anomaly_detection.infrastructure.persistence.tables import feedback
from anomaly_detection.shared.errors import NotFound
from anomaly_detection.shared.scope import Scope
from tests.infrastructure.persistence.test_repositories import make_dataset, make_detection


@pytest.fixture
def records(database: Database) -> FeedbackRepository:
    return FeedbackRepository(database)


def a_detection(database: Database, scope: Scope, queue: DatabaseJobQueue) -> str:
    dataset = DatasetRepository(database).add(scope, make_dataset())
    return make_detection(scope, database, queue, DetectionRepository(database), dataset).id


@pytest.fixture
def detection_id(database: Database, scope: Scope, queue: DatabaseJobQueue) -> str:
    return a_detection(database, scope, queue)


def test_what_is_said_last_holds_and_the_rest_is_history(
    records: FeedbackRepository, scope: Scope, detection_id: str
) -> None:
    first = records.say(scope, detection_id, 3, "true", "seen", 1.0)
    second = records.say(scope, detection_id, 3, None, "not sure", 1.0)
    third = records.say(scope, detection_id, 3, "false", "", 1.0)
    assert [record.id for record in records.history(scope, detection_id, 3)] == [third.id, second.id, first.id]
    assert records.of_rows(scope, detection_id, [3, 4]) == {3: third}
    assert records.verdicts(scope, detection_id) == {3: ("false", "")}
    assert [record.id for record in records.list(scope)] == [third.id]
    assert records.get(scope, first.id).superseded_at is not None
    assert (first.verdict, first.note, first.superseded_at) == ("true", "seen", None)


def test_what_is_withdrawn_holds_no_more(records: FeedbackRepository, scope: Scope, detection_id: str) -> None:
    said = records.say(scope, detection_id, 3, "true", "", 1.0)
    gone = records.withdraw(scope, said.id)
    assert gone.superseded_at is not None
    assert records.withdraw(scope, said.id) == gone
    assert records.of_rows(scope, detection_id, [3]) == {}
    assert records.list(scope) == []
    assert records.history(scope, detection_id, 3) == [gone]


def test_many_who_speak_of_one_row_leave_one_opinion(
    database: Database, records: FeedbackRepository, scope: Scope, detection_id: str
) -> None:
    def speak(number: int) -> None:
        for _ in range(5):
            records.say(scope, detection_id, 7, "true", str(number), 1.0)

    threads = [threading.Thread(target=speak, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(records.list(scope)) == 1
    assert len(records.history(scope, detection_id, 7)) == 30
    holding = sa.select(sa.func.count()).select_from(feedback).where(feedback.c.superseded_at.is_(None))
    with database.read() as connection:
        assert connection.execute(holding).scalar() == 1


def test_the_database_itself_lets_one_opinion_hold(
    database: Database, records: FeedbackRepository, scope: Scope, detection_id: str
) -> None:
    said = records.say(scope, detection_id, 7, "true", "", 1.0)
    with database.read() as connection:
        row = dict(connection.execute(sa.select(feedback).where(feedback.c.id == said.id)).mappings().one())
    again = sa.insert(feedback).values({**row, "id": said.id[:-1] + "x"})
    with pytest.raises(sa.exc.IntegrityError), database.write() as connection:
        connection.execute(again)


def test_names_are_those_of_the_tenants_own_users(
    database: Database, records: FeedbackRepository, scope: Scope, stranger: Scope, detection_id: str
) -> None:
    accounts = Accounts(database)
    ours = accounts.create_user(accounts.create_tenant("ours"), "somebody", "analyst", "four words that stay")
    theirs = accounts.create_user(accounts.create_tenant("theirs"), "stranger", "analyst", "four words that stay")
    said = [
        records.say(Scope(scope.tenant_id, principal), detection_id, row, "true", "", 1.0)
        for row, principal in enumerate((ours.id, theirs.id, "nobody"))
    ]
    assert [record.username for record in said] == ["somebody", None, None]


def test_lists_are_filtered_and_paged(
    database: Database, records: FeedbackRepository, scope: Scope, queue: DatabaseJobQueue, detection_id: str
) -> None:
    other = a_detection(database, scope, queue)
    ids = [
        records.say(scope, detection_id if row % 2 else other, row, verdict, "", 1.0).id
        for row, verdict in enumerate(("true", "false", None, "true"))
    ]
    assert [record.id for record in records.list(scope)] == ids[::-1]
    assert [record.id for record in records.list(scope, limit=2, after=ids[2])] == ids[1::-1]
    assert [record.id for record in records.list(scope, detection_id=detection_id)] == [ids[3], ids[1]]
    found = {verdict: [record.id for record in records.list(scope, verdict=verdict)] for verdict in ("true", "none")}
    assert found == {"true": [ids[3], ids[0]], "none": [ids[2]]}


def test_verdicts_are_counted_beyond_a_cutoff(
    database: Database, records: FeedbackRepository, scope: Scope, queue: DatabaseJobQueue, detection_id: str
) -> None:
    other = a_detection(database, scope, queue)
    score = 0.1 + 0.2
    records.say(scope, detection_id, 1, "true", "", score)
    records.say(scope, detection_id, 2, "false", "", 9.0)
    records.say(scope, detection_id, 3, None, "a mere note", 9.0)
    records.say(scope, detection_id, 4, "true", "", 0.3)
    assert records.reviewed(scope, {detection_id: score, other: 0.0}) == {detection_id: 2}
    assert records.reviewed(scope, {}) == {}


def test_another_tenant_sees_and_says_nothing(
    records: FeedbackRepository, scope: Scope, stranger: Scope, detection_id: str
) -> None:
    said = records.say(scope, detection_id, 1, "true", "", 1.0)
    calls = {
        "detection.not_found": lambda: records.say(stranger, detection_id, 1, "false", "", 1.0),
        "feedback.not_found": lambda: records.get(stranger, said.id),
    }
    for code, call in calls.items():
        with pytest.raises(NotFound) as caught:
            call()
        assert caught.value.code == code
    with pytest.raises(NotFound):
        records.withdraw(stranger, said.id)
    assert records.list(stranger) == records.history(stranger, detection_id, 1) == []
    assert records.of_rows(stranger, detection_id, [1]) == records.verdicts(stranger, detection_id) == {}
    assert records.reviewed(stranger, {detection_id: 0.0}) == {}
    assert records.get(scope, said.id) == said


def test_feedback_goes_with_its_detection(
    database: Database, records: FeedbackRepository, scope: Scope, queue: DatabaseJobQueue, detection_id: str
) -> None:
    said = records.say(scope, detection_id, 1, "true", "", 1.0)
    detections = DetectionRepository(database)
    queue.cancel(scope, detections.get(scope, detection_id).job.id)
    detections.delete(scope, detection_id)
    with pytest.raises(NotFound):
        records.get(scope, said.id)
