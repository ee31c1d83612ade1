"""Every resource by both clients, against the real server."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd
import pytest

import anomaly_detection_client as sdk
from anomaly_detection import load_detector
from tests.presentation.api.running import TAXI, Running, serving
from tests.sdks.python.either import Either

NO_ID = "01a1fc86-fa83-728d-971f-7cb0cf2a6201"


def rows(n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(rng.normal(size=(n, 2)), columns=["width", "height"])
    frame.loc[n // 2] = [30.0, -30.0]
    return frame


@pytest.fixture
def client(either: Either, running: Running, token: str) -> Any:
    return either.client(running.url, token=token)


@pytest.fixture(scope="module")
def series(running: Running, token: str) -> str:
    """Return a finished detection in a series, with the most anomalies that the rest needs."""
    with sdk.Client(running.url, token=token) as client:
        dataset = client.datasets.upload(TAXI, name="rides")
        return client.detections.wait(client.detections.start(dataset.id, name="rides").id).id


@pytest.fixture(scope="module")
def table(running: Running, token: str) -> str:
    with sdk.Client(running.url, token=token) as client:
        dataset = client.datasets.upload(rows(), name="parts")
        threshold = sdk.Threshold(kind="contamination", value=0.01)
        ordered = client.detections.start(dataset.id, name="parts", threshold=threshold, priority="high")
        return client.detections.wait(ordered.id).id


@pytest.fixture(scope="module")
def model(running: Running, token: str) -> sdk.ModelVersion:
    with sdk.Client(running.url, token=token) as client:
        dataset = client.datasets.upload(rows(), name="to learn from")
        ordered = client.models.train(
            "parts", dataset.id, algorithm="isolation_forest", parameters={"n_estimators": 50}
        )
        return client.models.wait(ordered.model_id, ordered.version)


def test_sessions(either: Either, running: Running) -> None:
    admin = either.client(running.url, token=str(running.known("ann").headers["Authorization"])[7:])
    name = f"user.{uuid4().hex[:12]}"
    invitation = either.get(admin.users.create(name, "viewer"))
    client = either.client(running.url)
    shown = either.get(client.sessions.look_at_one_time_token(invitation.one_time_token))
    assert (shown.username, shown.expires_at) == (name, invitation.expires_at)
    session = either.get(client.sessions.sign_in_once(invitation.one_time_token, "four words to begin"))
    assert (session.user.username, session.user.role, session.user.tenant.name) == (name, "viewer", "default")
    assert session.access_token
    with pytest.raises(sdk.InvalidInput) as caught:
        either.get(client.sessions.change_password("not the password", "four other words here"))
    assert caught.value.code == "auth.wrong_password"
    either.get(client.sessions.change_password("four words to begin", "four other words here"))
    current = either.get(client.sessions.current())
    assert (current.user, current.access_token) == (session.user, "")
    either.get(client.sessions.sign_out())
    with pytest.raises(sdk.NotSignedIn):
        either.get(client.sessions.sign_in(name, "four words to begin"))
    assert either.get(client.sessions.sign_in(name, "four other words here")).user.username == name
    with pytest.raises(sdk.NotAllowed) as refused:
        either.get(client.users.list())
    assert refused.value.code == "auth.not_allowed"


def test_users(either: Either, client: Any) -> None:
    name = f"user.{uuid4().hex[:12]}"
    made = either.get(client.users.create(name, "viewer")).user
    assert (made.username, made.role, made.disabled, made.has_password) == (name, "viewer", False, False)
    assert either.get(client.users.update(made.id, role="analyst")).role == "analyst"
    assert either.get(client.users.new_one_time_token(made.id)).one_time_token
    assert either.get(client.users.update(made.id, disabled=True)).disabled
    changed = either.get(client.users.get(made.id))
    assert (changed.role, changed.disabled) == ("analyst", True)
    assert changed in either.get(client.users.list(page_size=2))
    either.get(client.users.delete(made.id))
    with pytest.raises(sdk.NotFound):
        either.get(client.users.get(made.id))
    with pytest.raises(sdk.Conflict) as caught:
        either.get(client.users.create("ann", "viewer"))
    assert caught.value.hint


def test_roles(either: Either, client: Any) -> None:
    roles = either.get(client.roles.list())
    assert [role.name for role in roles.items] == ["viewer", "analyst", "admin"]
    assert set(roles.items[0].permissions) < set(roles.items[2].permissions)
    assert {permission.name for permission in roles.permissions} == set(roles.items[2].permissions)


def test_api_keys(either: Either, client: Any) -> None:
    made = either.get(client.api_keys.create(f"key {uuid4().hex}"))
    assert made.secret.startswith("adk_")
    assert (made.key.role, made.key.user.username, made.key.revoked_at) == ("admin", "ann", None)
    assert made.key in either.get(client.api_keys.list())
    either.get(client.api_keys.revoke(made.key.id))
    found = [key for key in either.get(client.api_keys.list(all_users=True)) if key.id == made.key.id]
    assert not found or found[0].revoked_at is not None


def test_datasets(either: Either, client: Any) -> None:
    name = f"data {uuid4().hex}"
    made = either.get(client.datasets.upload(rows(), name=name))
    assert (made.kind, made.n_rows, made.roles.features) == ("table", 400, ["width", "height"])
    assert either.get(client.datasets.get(made.id)) == made
    (listed,) = either.get(client.datasets.list(q=name, kind="table"))
    assert (listed.id, listed.n_warnings) == (made.id, len(made.warnings))
    assert either.get(client.datasets.list(q=name, kind="series")) == []
    preview = either.get(client.datasets.preview(made.id, rows=3))
    assert (preview.columns, len(preview.rows)) == (["width", "height"], 3)
    profile = either.get(client.datasets.profile(made.id))
    assert profile.n_rows == 400
    assert profile.columns[0].maximum == 30
    assert profile.columns[0].histogram is not None
    assert sum(profile.columns[0].histogram.counts) == 400
    assert either.get(client.datasets.rename(made.id, f"{name} again")).name == f"{name} again"
    either.get(client.datasets.delete(made.id))
    with pytest.raises(sdk.NotFound):
        either.get(client.datasets.get(made.id))


def test_pages_are_fetched_as_they_are_read(either: Either, client: Any) -> None:
    name = f"page {uuid4().hex}"
    made = [either.get(client.datasets.upload(b"a\n1\n2\n", filename="a.csv", name=name)).id for _ in range(5)]
    assert [item.id for item in either.get(client.datasets.list(q=name, page_size=2))] == made[::-1]
    assert [item.id for item in either.get(client.datasets.list(q=name, page_size=2), most=3)] == made[:1:-1]


def test_detections(either: Either, client: Any, table: str) -> None:
    found = either.get(client.detections.get(table))
    assert (found.name, found.status, found.priority, found.model) == ("parts", "succeeded", "high", None)
    assert (found.summary.n_rows, found.summary.n_anomalies) == (400, 4)
    assert found.ended
    listed = either.get(client.detections.list(q="parts", status="succeeded", algorithm=found.algorithm))
    assert table in [item.id for item in listed]
    assert either.get(client.detections.list(dataset_id=NO_ID)) == []
    assert either.get(client.detections.rename(table, "parts of today")).name == "parts of today"
    assert either.get(client.detections.rename(table, "parts")).name == "parts"
    assert either.get(client.detections.cancel(table)).status == "succeeded"
    with pytest.raises(sdk.Conflict) as caught:
        either.get(client.datasets.delete(found.dataset.id))
    assert caught.value.code == "data.in_use"
    again = either.get(client.detections.start(found.dataset.id))
    assert either.get(client.detections.wait(again.id)).status == "succeeded"
    either.get(client.detections.delete(again.id))
    with pytest.raises(sdk.NotFound):
        either.get(client.detections.get(again.id))
    chosen = either.get(client.detections.choose_threshold(table, "contamination", 0.02))
    assert chosen.summary.n_anomalies == 8
    assert either.get(client.detections.choose_threshold(table, "contamination", 0.01)).summary.n_anomalies == 4


def test_results(either: Either, client: Any, table: str, series: str) -> None:
    assert either.get(client.detections.result(table))["n_anomalies"] == 4
    assert len(either.get(client.detections.series(series, points=100)).time) > 50
    distribution = either.get(client.detections.distribution(table, bins=10))
    assert (len(distribution.edges), sum(distribution.counts)) == (11, 400)
    assert len(either.get(client.detections.distribution(table, bins=10, scale="log")).counts) == 10
    assert len(distribution.curve.score) == len(distribution.curve.n_anomalies)
    scatter = either.get(client.detections.scatter(table, "width", "height", points=100))
    assert (scatter.x.name, scatter.n_total) == ("width", 400)
    assert sum(scatter.prediction) == 4
    assert 200 in scatter.index
    importance = either.get(client.detections.importance(table))
    assert {item.feature for item in importance.items} == {"width", "height"}
    assert sum(item.share for item in importance.items) == pytest.approx(1)


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "arrow"])
def test_export(either: Either, client: Any, table: str, tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"result.{ending}"
    assert either.get(client.detections.export(table, file)) == file
    read = {
        "csv": pd.read_csv,
        "jsonl": lambda path: pd.read_json(path, lines=True),
        "parquet": pd.read_parquet,
        "arrow": lambda path: __import__("pyarrow").ipc.open_stream(path.read_bytes()).read_pandas(),
    }[ending]
    assert len(read(file)) == 400
    either.get(client.detections.export(table, file, rows="anomalies"))
    assert len(read(file)) == 4


def test_anomalies_and_feedback(either: Either, client: Any, table: str) -> None:
    found = either.get(client.anomalies.list(table))
    assert [item.rank for item in found] == [1, 2, 3, 4]
    assert found[0].index == 200
    assert found[0].values["width"] == 30
    detail = either.get(client.anomalies.get(table, 200))
    assert (detail.anomaly.index, detail.rank, detail.n_anomalies) == (200, 1, 4)
    assert (detail.previous, detail.next) == (None, found[1].index)
    assert {item.index for item in detail.similar} <= {item.index for item in found[1:]}
    assert detail.neighbours
    assert detail.window is None
    normal = either.get(client.detections.anomaly(table, next(row for row in range(9) if row not in detail.similar)))
    assert normal.n_anomalies == 4
    said = either.get(client.feedback.give(table, 200, True, note="a broken part"))
    assert (said.verdict, said.note, said.user.username) == ("true", "a broken part", "ann")
    assert [item.index for item in either.get(client.detections.anomalies(table, verdict="true"))] == [200]
    assert [item.id for item in either.get(client.feedback.list(detection_id=table, verdict="true"))] == [said.id]
    other = either.get(client.feedback.give(table, 200, False))
    assert other.verdict == "false"
    detail = either.get(client.anomalies.get(table, 200))
    assert detail.feedback.verdict == "false"
    assert said.id in [item.id for item in detail.history]
    either.get(client.feedback.withdraw(other.id))
    assert either.get(client.anomalies.get(table, 200)).feedback is None
    severe = either.get(client.anomalies.list(table, min_severity="critical", page_size=1))
    assert {item.severity for item in severe} <= {"critical"}


def test_models(either: Either, client: Any, model: sdk.ModelVersion, tmp_path: Path) -> None:
    found = either.get(client.models.get(model.model_id))
    assert (found.name, found.archived_at) == ("parts", None)
    assert either.get(client.models.version(model.model_id, model.version)).sha256 == model.sha256
    assert model.version in [item.version for item in either.get(client.models.versions(model.model_id))]
    assert model.model_id in [item.id for item in either.get(client.models.list(q="parts"))]
    promoted = either.get(client.models.promote(model.model_id, model.version, "production"))
    assert promoted.stage == "production"
    with pytest.raises(sdk.Conflict) as caught:
        either.get(client.models.delete(model.model_id))
    assert caught.value.code == "models.in_production"
    assert either.get(client.models.cancel(model.model_id, model.version)).status == "succeeded"
    file = either.get(client.models.download(model.model_id, model.version, tmp_path / "parts.adm"))
    assert load_detector(file).score([[0.0, 0.0]]).shape == (1,)
    assert file.stat().st_size == model.size_bytes

    imported = either.get(client.models.import_file(file, name=f"imported {uuid4().hex}"))
    assert (imported.source, imported.status, imported.version) == ("imported", "succeeded", 1)
    assert either.get(client.models.archive_version(imported.model_id, 1)).stage == "archived"
    assert either.get(client.models.archive(imported.model_id)).archived_at is not None
    assert imported.model_id in [item.id for item in either.get(client.models.list(archived=True))]
    assert either.get(client.models.restore(imported.model_id)).archived_at is None
    either.get(client.models.delete_version(imported.model_id, 1))
    either.get(client.models.delete(imported.model_id))
    with pytest.raises(sdk.NotFound):
        either.get(client.models.get(imported.model_id))
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(sdk.InvalidInput):
        either.get(client.models.import_file(file, name="damaged"))


def test_scores(either: Either, client: Any, model: sdk.ModelVersion) -> None:
    given = [
        {"width": 0.1, "height": 0.2},
        {"width": np.float64(30), "height": -30},
        {"width": float("nan"), "height": 0},
    ]
    scores = either.get(client.models.score(model.model_id, given, version=model.version, explain=True))
    assert (scores.n_rows, scores.version, scores.algorithm) == (3, model.version, "isolation_forest")
    assert int(np.argmax(scores.scores)) == 1
    assert scores.explanations[0] is None
    table = either.get(client.models.score_table(model.model_id, rows()))
    assert table.num_rows == 400
    assert int(np.argmax(table["scores"].to_numpy())) == 200
    both = either.get(client.models.score(model.model_id, rows().to_dict("records")))
    assert both.scores == pytest.approx(table["scores"].to_pylist())
    with pytest.raises(sdk.InvalidInput):
        either.get(client.models.score(model.model_id, [{"depth": 1}]))


def test_a_stored_model_judges_data(either: Either, client: Any, model: sdk.ModelVersion) -> None:
    dataset = either.get(client.datasets.upload(rows(100), name="new parts"))
    ordered = either.get(client.detections.start(dataset.id, model_id=model.model_id, model_version=model.version))
    ended = either.get(client.detections.wait(ordered.id))
    assert (ended.model.id, ended.model.version, ended.model.name) == (model.model_id, model.version, "parts")
    listed = either.get(client.detections.list(model_id=model.model_id))
    assert ended.id in [item.id for item in listed]


def test_a_failed_training_says_why(either: Either, client: Any) -> None:
    text = "text\n" + "\n".join(f"entry number {row}" for row in range(200))
    dataset = either.get(client.datasets.upload(text.encode(), filename="text.csv"))
    ordered = either.get(client.models.train(uuid4().hex, dataset.id, algorithm="knn", columns=["text"]))
    with pytest.raises(sdk.TrainingFailed) as caught:
        either.get(client.models.wait(ordered.model_id, ordered.version))
    assert caught.value.code == "detection.no_usable_column"


def test_jobs(either: Either, client: Any, table: str) -> None:
    job_id = either.get(client.detections.get(table)).job_id
    job = either.get(client.jobs.get(job_id))
    assert (job.kind, job.status, job.priority, job.progress.fraction) == ("detection", "succeeded", "high", 1.0)
    assert job in either.get(client.jobs.list(kind="detection", status="succeeded"))
    assert either.get(client.jobs.list(status="failed", kind="training", page_size=1), most=1) is not None
    assert either.get(client.jobs.cancel(job_id)).status == "succeeded"
    told: list[tuple[float, str]] = []
    assert either.get(client.jobs.wait(job_id, progress=lambda *state: told.append(state))) == job
    assert told == [(1.0, job.progress.stage)]


def test_algorithms(either: Either, client: Any) -> None:
    found = {item.name: item for item in either.get(client.algorithms.list())}
    assert found["isolation_forest"].parameters["type"] == "object"
    assert {item.family for item in either.get(client.algorithms.list(family="trees"))} == {"trees"}
    assert {"series"} <= set(either.get(client.algorithms.list(kind="series"))[0].kinds)


def test_overview(either: Either, client: Any, series: str) -> None:
    overview = either.get(client.overview.get())
    assert overview.counts.datasets >= 1
    lane = next(lane for lane in overview.lanes if lane.detection_id == series)
    assert (lane.name, len(lane.buckets)) == ("rides", 60)


def test_events(either: Either, running: Running, token: str) -> None:
    client = either.client(running.url, token=token)
    stop = threading.Event()

    def change() -> None:
        # An event counts from the moment on that the stream has begun, which the writer cannot see.
        with sdk.Client(running.url, token=token) as writer:
            dataset = writer.datasets.upload(rows(50))
            while not stop.wait(0.2):
                writer.detections.wait(writer.detections.start(dataset.id, algorithm="zscore").id)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        seen = either.get(client.events.listen(), most=2)
    finally:
        stop.set()
        thread.join()
    assert {event.kind for event in seen} <= {"detection", "dataset"}
    assert all(isinstance(event.value, sdk.Detection | sdk.DatasetSummary) for event in seen)


def test_waiting_ends(either: Either, tmp_path: Path, password: str) -> None:
    with serving(tmp_path, worker_threads=0) as idle:
        idle.add_user("ben", "analyst")
        client = either.client(idle.url, username="ben", password=password)
        ordered = either.get(client.detections.start(either.get(client.datasets.upload(rows())).id))
        with pytest.raises(TimeoutError, match="it goes on"):
            either.get(client.detections.wait(ordered.id, timeout=0.2))
        either.get(client.detections.cancel(ordered.id))
        with pytest.raises(sdk.DetectionFailed) as caught:
            either.get(client.detections.wait(ordered.id))
        assert caught.value.code == "detection.cancelled"
        with pytest.raises(sdk.JobFailed) as of_the_job:
            either.get(client.jobs.wait(ordered.job_id))
        assert of_the_job.value.code == "jobs.cancelled"


def test_unknown_things_are_not_found(either: Either, client: Any) -> None:
    for call in (client.users.get, client.datasets.get, client.detections.get, client.models.get, client.jobs.get):
        with pytest.raises(sdk.NotFound) as caught:
            either.get(call(NO_ID))
        assert caught.value.request_id
    with pytest.raises(sdk.NotFound):
        either.get(client.models.version(NO_ID, 1))


def test_every_call_is_documented() -> None:
    resources = {name: item for name, item in vars(sdk.Client()).items() if not name.startswith("_")}
    calls = {
        f"{name}.{call}": getattr(resource, call)
        for name, resource in resources.items()
        for call in dir(type(resource))
        if not call.startswith("_")
    }
    assert len(calls) > 60
    assert [name for name, call in calls.items() if not (call.__doc__ or "").strip().endswith((".", "]"))] == []
