"""Filters, names and removal of data sets and detections, and what a crash between row and file leaves, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from anomaly_detection.infrastructure.jobs.queue import DatabaseJobQueue
from anomaly_detection.infrastructure.persistence.dataset_files import DatasetFiles
from anomaly_detection.infrastructure.persistence.datasets import DatasetRepository
from anomaly_detection.infrastructure.persistence.detections import DetectionRepository
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.overview import OverviewRepository, Subject
from anomaly_detection.infrastructure.persistence.result_store import FileResultStore
from anomaly_detection.shared.errors import Conflict, NotFound, PlatformError
from anomaly_detection.shared.identity import new_id
from anomaly_detection.shared.scope import Scope
from tests.infrastructure.persistence.test_repositories import make_dataset, make_detection


@pytest.fixture
def datasets(database: Database) -> DatasetRepository:
    return DatasetRepository(database)


@pytest.fixture
def detections(database: Database) -> DetectionRepository:
    return DetectionRepository(database)


def finish(queue: DatabaseJobQueue, outcome: dict[str, object] | None) -> None:
    claim = queue.leases.claim("elsewhere/1/1/x", ["detect"])
    assert claim is not None
    if outcome is None:
        queue.leases.fail(claim, code="x.y", message="m", hint="h")
    else:
        queue.leases.succeed(claim, outcome)


def test_data_sets_are_filtered_by_name_and_kind(datasets: DatasetRepository, scope: Scope, stranger: Scope) -> None:
    names = ["Taxi 100%", "taxi_2", "load"]
    ids = {name: datasets.add(scope, make_dataset(name)).id for name in names}
    datasets.add(stranger, make_dataset("taxi of others"))

    def found(**filters: str) -> set[str]:
        return {record.id for record in datasets.list(scope, **filters)}

    assert found(q="TAXI") == {ids["Taxi 100%"], ids["taxi_2"]}
    assert found(q="%") == {ids["Taxi 100%"]}
    assert found(q="_") == {ids["taxi_2"]}
    assert found(q="'") == set()
    assert found(kind="series") == set(ids.values())
    assert found(kind="table") == set()


def test_detections_are_filtered(
    database: Database,
    datasets: DatasetRepository,
    detections: DetectionRepository,
    queue: DatabaseJobQueue,
    scope: Scope,
) -> None:
    dataset = datasets.add(scope, make_dataset())
    ids = [make_detection(scope, database, queue, detections, dataset, name).id for name in ("Alpha", "beta", "Gamma")]
    finish(queue, {"summary": {}})

    def found(**filters: str) -> list[str]:
        return [record.id for record in detections.list(scope, **filters)]

    assert found(status="succeeded") == [ids[0]]
    assert found(status="queued") == [ids[2], ids[1]]
    assert found(algorithm="stl") == ids[::-1]
    assert found(algorithm="knn") == found(model_id=new_id()) == []
    assert found(q="ALPH") == [ids[0]]
    assert found(q="a", status="queued", limit=1) == [ids[2]]  # type: ignore[arg-type]


def test_a_name_changes_for_its_tenant_alone(
    database: Database,
    datasets: DatasetRepository,
    detections: DetectionRepository,
    queue: DatabaseJobQueue,
    scope: Scope,
    stranger: Scope,
) -> None:
    dataset = datasets.add(scope, make_dataset())
    detection = make_detection(scope, database, queue, detections, dataset)
    assert datasets.rename(scope, dataset.id, "taxis").name == "taxis"
    assert detections.rename(scope, detection.id, "second").name == "second"
    with pytest.raises(NotFound):
        datasets.rename(stranger, dataset.id, "mine")
    with pytest.raises(NotFound):
        detections.rename(stranger, detection.id, "mine")
    kept = detections.get(scope, detection.id)
    assert (kept.name, kept.dataset_name) == ("second", "taxis")


def test_a_detection_goes_when_it_has_ended_and_then_its_data_set(
    database: Database,
    datasets: DatasetRepository,
    detections: DetectionRepository,
    queue: DatabaseJobQueue,
    scope: Scope,
    stranger: Scope,
) -> None:
    dataset = datasets.add(scope, make_dataset())
    detection = make_detection(scope, database, queue, detections, dataset)
    for call in (lambda: detections.delete(stranger, detection.id), lambda: datasets.delete(stranger, dataset.id)):
        with pytest.raises(NotFound):
            call()
    with pytest.raises(Conflict) as caught:
        detections.delete(scope, detection.id)
    assert caught.value.code == "detection.still_running"
    with pytest.raises(Conflict) as caught:
        datasets.delete(scope, dataset.id)
    assert (caught.value.code, caught.value.details) == ("data.in_use", {"n_detections": 1})

    finish(queue, {"summary": {}})
    detections.delete(scope, detection.id)
    datasets.delete(scope, dataset.id)
    for gone in (
        lambda: detections.get(scope, detection.id),
        lambda: queue.get(scope, detection.job.id),
        lambda: datasets.get(scope, dataset.id),
    ):
        with pytest.raises(NotFound):
            gone()


def test_who_deletes_data_and_who_uses_them_at_once_do_not_both_succeed(
    database: Database,
    datasets: DatasetRepository,
    detections: DetectionRepository,
    queue: DatabaseJobQueue,
    scope: Scope,
) -> None:
    def outcome(call: Callable[[], object], barrier: threading.Barrier) -> str | None:
        barrier.wait()
        try:
            call()
        except PlatformError as error:
            return error.code
        return None

    with ThreadPoolExecutor(2) as pool:
        for _ in range(8):
            dataset, barrier = datasets.add(scope, make_dataset()), threading.Barrier(2)
            use = partial(make_detection, scope, database, queue, detections, dataset)
            calls = (partial(datasets.delete, scope, dataset.id), use)
            deleted, used = pool.map(outcome, calls, (barrier, barrier))
            assert (deleted, used) in {(None, "data.dataset_not_found"), ("data.in_use", None)}


def test_the_newest_that_succeeded_of_each_data_set(
    database: Database,
    datasets: DatasetRepository,
    detections: DetectionRepository,
    queue: DatabaseJobQueue,
    scope: Scope,
    stranger: Scope,
) -> None:
    one, two, unused = (datasets.add(scope, make_dataset(name)) for name in ("one", "two", "unused"))
    made = [make_detection(scope, database, queue, detections, dataset, dataset.name) for dataset in (one, two, one)]
    for _ in made:
        finish(queue, {"summary": {}})
    failed = make_detection(scope, database, queue, detections, two)
    finish(queue, None)
    waiting = make_detection(scope, database, queue, detections, one, "waits")
    newest = detections.newest_of_each_dataset(scope, limit=20)
    assert [record.id for record in newest] == [made[2].id, made[1].id]
    assert [record.id for record in detections.newest_of_each_dataset(scope, limit=1)] == [made[2].id]
    assert detections.newest_of_each_dataset(stranger, limit=20) == []

    overview = OverviewRepository(database)
    assert overview.counts(scope) == {"datasets": 3, "detections": 5, "models": 0}
    assert overview.counts(stranger) == {"datasets": 0, "detections": 0, "models": 0}
    assert [job.id for job in overview.unfinished_jobs(scope, limit=5)] == [waiting.job.id]
    assert overview.unfinished_jobs(stranger, limit=5) == []
    jobs = [waiting.job.id, failed.job.id, new_id()]
    assert overview.subjects(scope, jobs) == {
        waiting.job.id: Subject(waiting.id, "waits"),
        failed.job.id: Subject(failed.id, "first"),
    }
    assert overview.subjects(stranger, jobs) == {}
    assert unused.id not in {record.dataset_id for record in newest}


def test_the_statuses_of_all_detections_are_known_to_the_sweep(
    database: Database,
    datasets: DatasetRepository,
    detections: DetectionRepository,
    queue: DatabaseJobQueue,
    scope: Scope,
    stranger: Scope,
) -> None:
    ours = make_detection(scope, database, queue, detections, datasets.add(scope, make_dataset()))
    finish(queue, None)
    theirs = make_detection(stranger, database, queue, detections, datasets.add(stranger, make_dataset()))
    assert detections.statuses() == {
        (scope.tenant_id, ours.id): "failed",
        (stranger.tenant_id, theirs.id): "queued",
    }
    assert detections.has(scope, ours.id)
    assert not detections.has(scope, theirs.id)


def test_a_crash_while_a_detection_is_deleted_leaves_what_the_sweep_finds(tmp_path: Path) -> None:
    store, scope = FileResultStore(tmp_path), Scope(new_id(), "")
    ids = {name: new_id() for name in ("going", "kept", "failed", "elsewhere", "running")}
    for detection_id in ids.values():
        place = tmp_path / scope.tenant_id / detection_id
        place.mkdir(parents=True)
        (place / f"{new_id()}.arrow").write_bytes(b"x")
    # Both were about to be deleted when the process died; the row of one is still there.
    store.begin_removal(scope, ids["going"])
    store.begin_removal(scope, ids["kept"])
    store.begin_removal(scope, new_id())
    statuses = {"kept": "succeeded", "failed": "failed", "running": "running"}
    removed = store.sweep({(scope.tenant_id, ids[name]): status for name, status in statuses.items()})
    left = {name for name, detection_id in ids.items() if (tmp_path / scope.tenant_id / detection_id).exists()}
    assert (removed, left) == (2, {"kept", "elsewhere", "running"})
    assert len(list((tmp_path / scope.tenant_id / ids["kept"]).iterdir())) == 1


def test_a_crash_while_a_data_set_is_deleted_leaves_what_the_sweep_finds(tmp_path: Path) -> None:
    files, scope = DatasetFiles(tmp_path), Scope(new_id(), "")
    going, kept, elsewhere = new_id(), new_id(), new_id()
    for dataset_id in (going, kept, elsewhere):
        files.receive(scope, dataset_id, [b"a\n1\n"], filename="a.csv", limit_bytes=100)
        files.settle(scope, dataset_id)
    for dataset_id in (going, kept, new_id()):
        files.unsettle(scope, dataset_id)
    assert files.sweep(lambda _, dataset_id: dataset_id == kept, older_than_seconds=0) == 1
    assert files.path(scope, kept).read_bytes() == b"a\n1\n"
    assert files.path(scope, elsewhere).exists()
    with pytest.raises(NotFound):
        files.path(scope, going)
    assert files.sweep(lambda *_: False, older_than_seconds=0) == 0, "what is kept is settled again"
