"""Models and versions in the database: numbered without gaps or doubles, one in production, each tenant its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from anomaly_detection.infrastructure.jobs.queue import DatabaseJobQueue
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.model_rows import VersionRecord
from anomaly_detection.infrastructure.persistence.models import ModelRepository, NewVersion, Stage
from anomaly_detection.infrastructure.persistence.tables import model_versions
from anomaly_detection.shared.errors import Conflict, NotFound
from anomaly_detection.shared.identity import new_id
from anomaly_detection.shared.scope import Scope

FACTS = {
    "file": f"{new_id()}.adm",
    "sha256": "0" * 64,
    "size_bytes": 3_000_000_000,
    "kind": "table",
    "feature_names": ["a\u00e4", "b"],
    "fingerprint": "blake2b:1",
}


@pytest.fixture
def records(database: Database) -> ModelRepository:
    return ModelRepository(database)


def imported(records: ModelRepository, scope: Scope, name: str = "orders") -> VersionRecord:
    return records.add(scope, name, NewVersion(new_id(), "knn", {"n_neighbors": 5}, imported=FACTS))


def ordered(
    records: ModelRepository, database: Database, queue: DatabaseJobQueue, scope: Scope, name: str = "orders"
) -> VersionRecord:
    with database.write():
        job = queue.submit(scope, "training", {})
        new = NewVersion(
            new_id(),
            "stl",
            {},
            job_id=job.id,
            dataset_id=new_id(),
            dataset_name="taxi",
            columns=["value"],
            time_column="t",
            threshold={"kind": "fdr", "value": 0.1},
        )
        return records.add(scope, name, new)


def finish(queue: DatabaseJobQueue, outcome: dict[str, Any] | None = None) -> None:
    claim = queue.leases.claim("elsewhere/1/1/x", ["training"])
    assert claim is not None
    if outcome is None:
        queue.leases.fail(claim, code="detection.no_rows", message="no", hint="")
    else:
        queue.leases.succeed(claim, outcome)


def code_of(call: Any, family: type[Exception] = Conflict) -> str:
    with pytest.raises(family) as caught:
        call()
    return str(caught.value.code)  # type: ignore[attr-defined]


def test_a_version_shows_its_training(
    records: ModelRepository, database: Database, queue: DatabaseJobQueue, scope: Scope
) -> None:
    made = ordered(records, database, queue, scope)
    assert (made.version, made.stage, made.source, made.status) == (1, "none", "trained", "queued")
    assert (made.columns, made.time_column, made.threshold) == (["value"], "t", {"kind": "fdr", "value": 0.1})
    assert (made.dataset_name, made.facts, made.stored, made.username) == ("taxi", {}, None, None)
    assert made.job is not None
    assert made == records.version_of_job(scope, made.job.id) == records.version(scope, made.model_id, 1)
    finish(queue, {"summary": {"n_rows": 9}, **FACTS})
    done = records.version_by_id(scope, made.id)
    assert (done.status, done.facts["summary"], done.facts["feature_names"]) == (
        "succeeded",
        {"n_rows": 9},
        ["a\u00e4", "b"],
    )
    assert done.stored is not None
    assert (done.stored.file, done.stored.size_bytes) == (FACTS["file"], 3_000_000_000)


def test_versions_made_at_once_get_numbers_of_their_own(records: ModelRepository, scope: Scope) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: imported(records, scope), range(24)))
    assert sorted(version.version for version in made) == list(range(1, 25))
    assert len({version.model_id for version in made}) == 1
    assert [version.version for version in records.versions(scope, made[0].model_id)] == list(range(24, 0, -1))


def test_a_number_is_never_given_again(records: ModelRepository, scope: Scope) -> None:
    model_id = imported(records, scope).model_id
    imported(records, scope)
    records.remove_version(scope, model_id, 2)
    assert imported(records, scope).version == 3
    assert code_of(lambda: records.version(scope, model_id, 2), NotFound) == "models.version_not_found"


def test_one_version_is_in_production_whoever_promotes(
    records: ModelRepository, database: Database, scope: Scope
) -> None:
    model_id = imported(records, scope).model_id
    for _ in range(7):
        imported(records, scope)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: records.set_stage(scope, model_id, number, "production"), range(1, 9)))
    stages = [version.stage for version in records.versions(scope, model_id)]
    assert sorted(stages) == ["archived"] * 7 + ["production"]
    with pytest.raises(sa.exc.IntegrityError), database.write() as connection:
        connection.execute(sa.update(model_versions).values(stage="production"))


def test_the_version_before_leaves_production(records: ModelRepository, scope: Scope) -> None:
    model_id = imported(records, scope).model_id
    imported(records, scope)
    records.set_stage(scope, model_id, 1, "production")
    moved = records.set_stage(scope, model_id, 2, "production")
    assert [(version.version, version.stage) for version in moved] == [(2, "production"), (1, "archived")]
    assert [version.version for version in records.set_stage(scope, model_id, 2, "production")] == [2]
    model = records.get(scope, model_id)
    assert (model.n_versions, model.latest, model.production) == (2, model.production, records.default(scope, model_id))


def test_rows_are_judged_by_production_else_by_the_newest_that_can(
    records: ModelRepository, database: Database, queue: DatabaseJobQueue, scope: Scope
) -> None:
    model_id = ordered(records, database, queue, scope).model_id
    assert code_of(lambda: records.default(scope, model_id)) == "models.no_usable_version"
    assert code_of(lambda: records.usable(scope, model_id, 1)) == "models.no_usable_version"
    finish(queue, None)
    assert code_of(lambda: records.default(scope, model_id)) == "models.no_usable_version"
    assert imported(records, scope).version == 2
    ordered(records, database, queue, scope)
    assert records.default(scope, model_id).version == 2
    finish(queue, {"summary": {}, **FACTS})
    assert records.default(scope, model_id).version == 3
    records.set_stage(scope, model_id, 2, "production")
    assert records.default(scope, model_id).version == 2
    records.set_stage(scope, model_id, 2, "archived")
    assert records.default(scope, model_id).version == 3
    assert records.usable(scope, model_id, 2).version == 2
    records.put_away(scope, model_id, away=True)
    assert code_of(lambda: records.default(scope, model_id)) == "models.archived"
    assert code_of(lambda: records.usable(scope, model_id, 2)) == "models.archived"


@pytest.mark.parametrize("stage", ["production", "staging", "none", "archived"])
def test_what_is_being_trained_stays_where_it_is(
    records: ModelRepository, database: Database, queue: DatabaseJobQueue, scope: Scope, stage: Stage
) -> None:
    model_id = ordered(records, database, queue, scope).model_id
    assert code_of(lambda: records.set_stage(scope, model_id, 1, stage)) == "models.still_training"
    assert code_of(lambda: records.remove_version(scope, model_id, 1)) == "models.still_training"
    assert code_of(lambda: records.remove(scope, model_id)) == "models.still_training"
    finish(queue, None)
    if stage == "archived":
        assert records.set_stage(scope, model_id, 1, stage)[0].stage == "archived"
    else:
        assert code_of(lambda: records.set_stage(scope, model_id, 1, stage)) == "models.no_usable_version"
    assert [version.version for version in records.remove(scope, model_id)] == [1]
    assert records.list(scope) == []


def test_what_is_in_production_is_not_removed(records: ModelRepository, scope: Scope) -> None:
    version = imported(records, scope)
    records.set_stage(scope, version.model_id, 1, "production")
    for call in (
        lambda: records.remove_version(scope, version.model_id, 1),
        lambda: records.remove(scope, version.model_id),
        lambda: records.put_away(scope, version.model_id, away=True),
    ):
        assert code_of(call) == "models.in_production"
    records.set_stage(scope, version.model_id, 1, "none")
    assert records.remove_version(scope, version.model_id, 1).id == version.id
    model = records.get(scope, version.model_id)
    assert (model.n_versions, model.latest, model.production) == (0, None, None)
    assert records.remove(scope, version.model_id) == []


def test_an_archived_model_learns_nothing_until_it_is_restored(records: ModelRepository, scope: Scope) -> None:
    version = imported(records, scope)
    away = records.put_away(scope, version.model_id, away=True)
    assert away.archived_at is not None
    assert records.put_away(scope, version.model_id, away=True).archived_at == away.archived_at
    assert code_of(lambda: imported(records, scope)) == "models.archived"
    assert code_of(lambda: records.set_stage(scope, version.model_id, 1, "production")) == "models.archived"
    assert (records.list(scope), [model.id for model in records.list(scope, archived=True)]) == ([], [version.model_id])
    assert records.put_away(scope, version.model_id, away=False).archived_at is None
    assert imported(records, scope).version == 2


def test_lists_search_and_page(records: ModelRepository, scope: Scope) -> None:
    ids = [imported(records, scope, name).model_id for name in ("Pumps 100%", "pumps_south", "orders")]
    assert [model.id for model in records.list(scope, search="PUMP")] == [ids[1], ids[0]]
    assert [model.id for model in records.list(scope, search="0%")] == [ids[0]]
    assert [model.id for model in records.list(scope, search="_")] == [ids[1]]
    first = records.list(scope, limit=2)
    assert [model.id for model in (*first, *records.list(scope, after=first[-1].id))] == ids[::-1]
    for _ in range(4):
        imported(records, scope, "orders")
    page = records.versions(scope, ids[2], limit=2)
    rest = records.versions(scope, ids[2], after=page[-1].id)
    assert [version.version for version in (*page, *rest)] == [5, 4, 3, 2, 1]


def test_another_tenants_models_are_not_there(records: ModelRepository, scope: Scope, stranger: Scope) -> None:
    version = imported(records, scope)
    theirs = imported(records, stranger)
    assert (theirs.version, theirs.model_id == version.model_id) == (1, False)
    asked: list[tuple[Any, str]] = [
        (lambda: records.get(stranger, version.model_id), "models.not_found"),
        (lambda: records.versions(stranger, version.model_id), "models.not_found"),
        (lambda: records.version(stranger, version.model_id, 1), "models.not_found"),
        (lambda: records.default(stranger, version.model_id), "models.not_found"),
        (lambda: records.set_stage(stranger, version.model_id, 1, "production"), "models.not_found"),
        (lambda: records.put_away(stranger, version.model_id, away=True), "models.not_found"),
        (lambda: records.remove_version(stranger, version.model_id, 1), "models.not_found"),
        (lambda: records.remove(stranger, version.model_id), "models.not_found"),
        (lambda: records.version_by_id(stranger, version.id), "models.version_not_found"),
    ]
    for call, code in asked:
        assert code_of(call, NotFound) == code
    assert (records.has(stranger, version.id), records.has(scope, version.id)) == (False, True)
    assert [model.id for model in records.list(stranger)] == [theirs.model_id]
    assert records.version(scope, version.model_id, 1) == version
