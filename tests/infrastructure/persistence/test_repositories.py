"""Records of data sets and detections: each tenant sees its own, pages run from the newest, a detection shows its job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from anomaly_detection.infrastructure.jobs.queue import DatabaseJobQueue
from anomaly_detection.infrastructure.persistence.dataset_files import DatasetFiles
from anomaly_detection.infrastructure.persistence.datasets import DatasetRecord, DatasetRepository, StoredDatasets
from anomaly_detection.infrastructure.persistence.detections import (
    DetectionRecord,
    DetectionRepository,
    NewDetection,
)
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import NotFound
from anomaly_detection.shared.identity import new_id
from anomaly_detection.shared.scope import Scope


@pytest.fixture
def datasets(database: Database) -> DatasetRepository:
    return DatasetRepository(database)


@pytest.fixture
def detections(database: Database) -> DetectionRepository:
    return DetectionRepository(database)


def make_dataset(name: str = "taxi") -> DatasetRecord:
    return DatasetRecord(
        id=new_id(),
        name=name,
        filename="taxi.csv",
        kind="series",
        n_rows=3_000_000_000,
        n_columns=2,
        size_bytes=1 << 40,
        fingerprint="sha256:" + "0" * 64,
        roles={"time": "timestamp", "label": None, "entity": None, "features": ["value"]},
        columns=[{"name": "timestamp", "type": "datetime"}, {"name": "value", "type": "number", "minimum": 0.5}],
        warnings=["2 rows are repeated."],
        created_at=utc_now(),
    )


def make_detection(
    scope: Scope,
    database: Database,
    queue: DatabaseJobQueue,
    detections: DetectionRepository,
    dataset: DatasetRecord,
    name: str = "first",
) -> DetectionRecord:
    with database.write():
        job = queue.submit(scope, "detect", {"dataset_id": dataset.id})
        return detections.add(
            scope,
            NewDetection(
                dataset_id=dataset.id,
                job_id=job.id,
                name=name,
                algorithm="stl",
                parameters={"period": 48},
                columns=["value"],
                threshold={"kind": "p_value", "value": 0.001},
            ),
        )


def test_a_data_set_can_be_read_back(datasets: DatasetRepository, scope: Scope) -> None:
    record = make_dataset()
    assert datasets.add(scope, record) == record
    assert datasets.get(scope, record.id) == record


def test_a_stored_file_is_opened_for_its_tenant_only(
    datasets: DatasetRepository, scope: Scope, stranger: Scope, tmp_path: Path
) -> None:
    files = DatasetFiles(tmp_path / "datasets")
    record = datasets.add(scope, make_dataset("my taxis"))
    rows = [b"timestamp,value\n"] + [b"2026-01-%02dT00:00:00,%d\n" % (day, day) for day in range(1, 29)]
    files.receive(scope, record.id, rows, filename="taxi.csv", limit_bytes=1 << 20)
    store = StoredDatasets(datasets, files, max_decompressed_bytes=1_000_000)
    opened = store.open(scope, record.id)
    assert (opened.name, opened.info()["n_rows"], opened.kind) == ("my taxis", 28, "series")
    with pytest.raises(NotFound):
        store.open(stranger, record.id)


def test_another_tenants_data_set_is_not_there(datasets: DatasetRepository, scope: Scope, stranger: Scope) -> None:
    record = datasets.add(scope, make_dataset())
    with pytest.raises(NotFound) as caught:
        datasets.get(stranger, record.id)
    assert caught.value.code == "data.dataset_not_found"
    assert datasets.list(stranger) == []


def test_pages_of_data_sets_run_from_the_newest(datasets: DatasetRepository, scope: Scope) -> None:
    ids = [datasets.add(scope, make_dataset(str(number))).id for number in range(5)]
    first = datasets.list(scope, limit=2)
    rest = datasets.list(scope, limit=10, after=first[-1].id)
    assert [record.id for record in (*first, *rest)] == sorted(ids, reverse=True)
    assert datasets.list(scope, after=rest[-1].id) == []


def test_a_list_of_data_sets_carries_no_columns(datasets: DatasetRepository, scope: Scope) -> None:
    record = datasets.add(scope, make_dataset())
    assert record.columns
    assert datasets.list(scope) == [replace(record, columns=())]
    assert datasets.get(scope, record.id) == record


def test_a_detection_shows_its_data_set_and_its_job(
    database: Database,
    datasets: DatasetRepository,
    detections: DetectionRepository,
    queue: DatabaseJobQueue,
    scope: Scope,
) -> None:
    dataset = datasets.add(scope, make_dataset())
    made = make_detection(scope, database, queue, detections, dataset)
    assert detections.get(scope, made.id) == detections.of_job(scope, made.job.id) == made
    assert (made.dataset_name, made.dataset_kind, made.job.status) == ("taxi", "series", "queued")
    assert (made.columns, made.time_column, made.parameters) == (["value"], None, {"period": 48})

    claim = queue.leases.claim("elsewhere/1/1/x", ["detect"])
    assert claim is not None
    queue.leases.progress(claim, 0.5, "fitting")
    job = detections.get(scope, made.id).job
    assert (job.status, job.progress, job.stage) == ("running", 0.5, "fitting")
    outcome = {"summary": {"n_anomalies": 5}, "document": {"a\u0000b": [1, 2]}, "arrays": "a/b.arrow"}
    queue.leases.succeed(claim, outcome)
    assert queue.get(scope, made.job.id).outcome == outcome
    assert detections.get(scope, made.id).job.outcome == {"summary": {"n_anomalies": 5}}


def test_a_list_carries_only_the_summary_of_each_outcome(
    database: Database,
    datasets: DatasetRepository,
    detections: DetectionRepository,
    queue: DatabaseJobQueue,
    scope: Scope,
) -> None:
    dataset = datasets.add(scope, make_dataset())
    made = [make_detection(scope, database, queue, detections, dataset, name) for name in "ab"]
    claim = queue.leases.claim("elsewhere/1/1/x", ["detect"])
    assert claim is not None
    queue.leases.succeed(claim, {"summary": {"n_anomalies": 5}, "document": {"a\u0000b": [1, 2]}})
    listed = {record.job.id: record.job.outcome for record in detections.list(scope)}
    assert listed == {made[0].job.id: {"summary": {"n_anomalies": 5}}, made[1].job.id: None}
    assert {job.id: job.outcome for job in queue.list(scope)} == listed


def test_detections_are_listed_by_data_set_and_page(
    database: Database,
    datasets: DatasetRepository,
    detections: DetectionRepository,
    queue: DatabaseJobQueue,
    scope: Scope,
) -> None:
    one, two = datasets.add(scope, make_dataset("one")), datasets.add(scope, make_dataset("two"))
    ids = [make_detection(scope, database, queue, detections, dataset).id for dataset in (one, two, one, two, one)]
    of_one = sorted(ids[::2], reverse=True)
    assert [record.id for record in detections.list(scope, dataset_id=one.id)] == of_one
    assert [record.id for record in detections.list(scope, dataset_id=one.id, limit=1, after=of_one[0])] == of_one[1:2]
    assert len(detections.list(scope)) == 5


def test_another_tenants_detection_is_not_there(
    database: Database,
    datasets: DatasetRepository,
    detections: DetectionRepository,
    queue: DatabaseJobQueue,
    scope: Scope,
    stranger: Scope,
) -> None:
    dataset = datasets.add(scope, make_dataset())
    made = make_detection(scope, database, queue, detections, dataset)
    calls = (
        lambda: detections.get(stranger, made.id),
        lambda: detections.of_job(stranger, made.job.id),
        lambda: detections.choose_threshold(stranger, made.id, {"kind": "score", "value": 1.0}, {}),
    )
    for call in calls:
        with pytest.raises(NotFound) as caught:
            call()
        assert caught.value.code == "detection.not_found"
    assert detections.list(stranger) == []
    assert detections.get(scope, made.id).chosen_threshold is None


def test_a_detection_cannot_be_made_of_another_tenants_data_or_job(
    database: Database,
    datasets: DatasetRepository,
    detections: DetectionRepository,
    queue: DatabaseJobQueue,
    scope: Scope,
    stranger: Scope,
) -> None:
    dataset = datasets.add(scope, make_dataset())
    with pytest.raises(NotFound) as caught:
        make_detection(stranger, database, queue, detections, dataset)
    assert caught.value.code == "data.dataset_not_found"
    assert queue.list(stranger) == []

    theirs = datasets.add(stranger, make_dataset())
    job = queue.submit(scope, "detect", {})
    with pytest.raises(NotFound) as caught:
        detections.add(stranger, NewDetection(theirs.id, job.id, "x", "stl", {}))
    assert caught.value.code == "jobs.not_found"


def test_the_chosen_threshold_is_kept_beside_the_one_asked_for(
    database: Database,
    datasets: DatasetRepository,
    detections: DetectionRepository,
    queue: DatabaseJobQueue,
    scope: Scope,
) -> None:
    made = make_detection(scope, database, queue, detections, datasets.add(scope, make_dataset()))
    chosen = {"kind": "contamination", "value": 0.02}
    changed = detections.choose_threshold(scope, made.id, chosen, {"n_anomalies": 7})
    assert changed == detections.get(scope, made.id)
    assert (changed.chosen_threshold, changed.chosen_summary) == (chosen, {"n_anomalies": 7})
    assert changed.threshold == {"kind": "p_value", "value": 0.001}
