"""The whole path over HTTP: sign in, upload, detect, look, judge again."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pytest

from anomaly_detection.enterprise.auth.sessions import Sessions
from anomaly_detection.enterprise.auth.tokens import TokenSigner, load_or_create_key
from tests.presentation.api.running import PASSWORD, Running, code_of, detect, serving, taxi_csv, upload


@pytest.fixture(scope="module")
def taxi(running: Running) -> tuple[httpx.Client, dict[str, Any]]:
    client = running.client("the-analyst")
    dataset = upload(client, taxi_csv(), "nyc_taxi.csv")
    return client, detect(client, dataset["id"], name="taxi")


def test_a_detection_of_a_series(taxi: tuple[httpx.Client, dict[str, Any]]) -> None:
    client, detection = taxi
    assert detection["status"] == "succeeded", detection["error"]
    assert detection["algorithm"] == "stl"
    assert detection["name"] == "taxi"
    assert detection["dataset"]["kind"] == "series"
    assert detection["progress"]["fraction"] == 1
    assert detection["created_at"] <= detection["started_at"] <= detection["finished_at"]
    summary = detection["summary"]
    assert summary["n_rows"] == 10320
    assert 0 < summary["n_anomalies"] < 1000
    assert sum(summary["severities"].values()) == summary["n_anomalies"]
    job = client.get(f"/jobs/{detection['job_id']}").json()
    assert job["status"] == "succeeded"
    assert job["attempts"] == 1


def test_the_result_is_the_published_document(taxi: tuple[httpx.Client, dict[str, Any]]) -> None:
    client, detection = taxi
    result = client.get(f"/detections/{detection['id']}/result").json()
    assert result["schema_version"] == 1
    assert result["n_anomalies"] == detection["summary"]["n_anomalies"]
    assert not {"scores", "p_values", "predictions", "confidence_scores", "explanations"} & set(result)
    assert 0 < len(result["anomalies"]) <= 100
    assert result["events"]
    found = {datetime.fromisoformat(item["time"]).strftime("%Y-%m-%d") for item in result["anomalies"]}
    assert found & {"2014-11-02", "2014-11-27", "2014-12-25", "2015-01-01", "2015-01-26", "2015-01-27"}


def test_the_arrow_answer_has_every_row(taxi: tuple[httpx.Client, dict[str, Any]]) -> None:
    client, detection = taxi
    answer = client.get(
        f"/detections/{detection['id']}/result", headers={"Accept": "application/vnd.apache.arrow.stream"}
    )
    assert answer.headers["content-type"] == "application/vnd.apache.arrow.stream"
    table = pa.ipc.open_stream(answer.content).read_all()
    assert table.column_names == ["index", "time", "score", "p_value", "prediction", "confidence"]
    assert table.num_rows == 10320
    assert sum(table["prediction"].to_pylist()) == detection["summary"]["n_anomalies"]
    assert np.isfinite(table["score"].to_numpy()).all()
    assert table["time"][0].as_py() == datetime.fromisoformat("2014-07-01T00:00:00+00:00")


def test_anomalies_page_by_rank(taxi: tuple[httpx.Client, dict[str, Any]]) -> None:
    client, detection = taxi
    path, found, cursor = f"/detections/{detection['id']}/anomalies", [], None
    while True:
        page = client.get(path, params={"limit": 7, **({"after": cursor} if cursor else {})}).json()
        assert page["total"] == detection["summary"]["n_anomalies"]
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert [item["rank"] for item in found] == list(range(1, page["total"] + 1))
    scores = [item["score"] for item in found]
    assert scores == sorted(scores, reverse=True)
    assert found[0]["explanation"]["sentence"]
    assert found[0]["values"]["value"] is not None
    assert code_of(client.get(path, params={"after": "-1"}), 422) == "api.invalid_cursor"
    assert client.get(path, params={"after": "999999"}).json()["items"] == []


def test_the_series_is_thinned_and_keeps_every_anomaly(taxi: tuple[httpx.Client, dict[str, Any]]) -> None:
    client, detection = taxi
    path = f"/detections/{detection['id']}/series"
    view = client.get(path, params={"points": 600}).json()
    n = len(view["time"])
    assert 200 < n < 600 + detection["summary"]["n_anomalies"] + 10
    assert view["n_total"] == 10320
    assert sum(view["prediction"]) == detection["summary"]["n_anomalies"]
    assert view["time"] == sorted(view["time"])
    for part in ("value", "expected", "lower", "upper"):
        assert set(view[part]) == {"value"}
        assert len(view[part]["value"]) == n
    assert len(view["score"]) == len(view["index"]) == n
    whole = client.get(path, params={"points": 50_000}).json()
    assert len(whole["time"]) >= 10320
    drawn = [value for value in view["value"]["value"] if value is not None]
    every = [value for value in whole["value"]["value"] if value is not None]
    assert (min(drawn), max(drawn)) == (min(every), max(every))


def test_a_part_of_the_series(taxi: tuple[httpx.Client, dict[str, Any]]) -> None:
    client, detection = taxi
    span = {"start": "2014-11-01T00:00:00Z", "end": "2014-11-03T00:00:00Z"}
    view = client.get(f"/detections/{detection['id']}/series", params=span).json()
    assert view["n_total"] == 97
    assert view["time"][0] == "2014-11-01T00:00:00Z"
    assert view["time"][-1] == "2014-11-03T00:00:00Z"
    nothing = client.get(f"/detections/{detection['id']}/series", params={"start": "2030-01-01T00:00:00"}).json()
    assert nothing["time"] == []
    wrong = client.get(f"/detections/{detection['id']}/series", params={"start": "yesterday"})
    assert code_of(wrong, 422) == "api.invalid_request"


def test_a_gap_in_time_is_drawn_as_one(client: httpx.Client) -> None:
    lines = taxi_csv().splitlines(keepends=True)
    dataset = upload(client, b"".join(lines[:1500] + lines[1600:3000]), "gap.csv")
    detection = detect(client, dataset["id"])
    assert detection["status"] == "succeeded", detection["error"]
    for points in (50_000, 300):
        view = client.get(f"/detections/{detection['id']}/series", params={"points": points}).json()
        gaps = [position for position, row in enumerate(view["index"]) if row is None]
        assert len(gaps) == 1
        assert view["value"]["value"][gaps[0]] is None
        assert view["score"][gaps[0]] is None
        assert view["time"] == sorted(view["time"])
        assert view["n_total"] == 2899


def test_the_distribution_shows_what_the_handle_would_do(taxi: tuple[httpx.Client, dict[str, Any]]) -> None:
    client, detection = taxi
    view = client.get(f"/detections/{detection['id']}/distribution", params={"bins": 40}).json()
    assert len(view["edges"]) == 41
    assert sum(view["counts"]) == 10320
    curve = view["curve"]
    assert curve["score"] == sorted(curve["score"], reverse=True)
    position = 20
    moved = client.put(
        f"/detections/{detection['id']}/threshold", json={"kind": "score", "value": curve["score"][position]}
    ).json()
    assert moved["summary"]["n_anomalies"] == curve["n_anomalies"][position]


def test_a_threshold_is_kept_and_everything_follows(running: Running, taxi: tuple[httpx.Client, Any]) -> None:
    client, detection = taxi
    path = f"/detections/{detection['id']}"
    for kind, value in (("contamination", 0.01), ("p_value", 0.001), ("fdr", 0.2), ("alert_rate", 3), ("score", 5.0)):
        changed = client.put(f"{path}/threshold", json={"kind": kind, "value": value}).json()
        n = changed["summary"]["n_anomalies"]
        assert changed["summary"]["threshold"]["kind"] == kind
        assert client.get(path).json() == changed
        assert client.get(f"{path}/anomalies").json()["total"] == n
        assert client.get(f"{path}/result").json()["n_anomalies"] == n
        assert sum(client.get(f"{path}/series").json()["prediction"]) == n
        listed = client.get("/detections").json()["items"]
        assert next(item for item in listed if item["id"] == detection["id"])["summary"] == changed["summary"]
    assert client.get(f"/jobs/{detection['job_id']}").json()["attempts"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "contamination", "value": 0.9},
        {"kind": "p_value", "value": -1},
        {"kind": "magic", "value": 1},
        {"kind": "score"},
        {"kind": "score", "value": "high"},
        {"kind": "alert_rate", "value": 0},
    ],
)
def test_a_wrong_threshold_changes_nothing(taxi: tuple[httpx.Client, dict[str, Any]], body: dict[str, Any]) -> None:
    client, detection = taxi
    before = client.get(f"/detections/{detection['id']}").json()
    code_of(client.put(f"/detections/{detection['id']}/threshold", json=body), 422)
    assert client.get(f"/detections/{detection['id']}").json() == before


def table_csv() -> bytes:
    generator = np.random.default_rng(3)
    rows = generator.normal(size=(500, 3))
    rows[7] = [9, -9, 9]
    return b"a,b,c\n" + b"".join(",".join(f"{value:.6f}" for value in row).encode() + b"\n" for row in rows)


def test_a_detection_of_a_table(client: httpx.Client) -> None:
    dataset = upload(client, table_csv(), "table.csv")
    threshold = {"kind": "contamination", "value": 0.01}
    detection = detect(client, dataset["id"], columns=["a", "b"], parameters={"n_neighbors": 5}, threshold=threshold)
    assert detection["status"] == "succeeded", detection["error"]
    assert detection["algorithm"] == "knn"
    assert detection["columns"] == ["a", "b"]
    assert detection["parameters"] == {"n_neighbors": 5}
    assert detection["summary"]["n_anomalies"] == 5
    anomalies = client.get(f"/detections/{detection['id']}/anomalies").json()["items"]
    assert anomalies[0]["index"] == 7
    assert {item["feature"] for item in anomalies[0]["explanation"]["contributions"]} == {"a", "b"}
    series = client.get(f"/detections/{detection['id']}/series")
    assert code_of(series, 422) == "detection.not_a_series"
    assert client.get(f"/detections/{detection['id']}/distribution").status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code", "hint"),
    [
        ({"algorithm": "isolation_forrest"}, 422, "detection.unknown_algorithm", "isolation_forest"),
        ({"columns": ["aa"]}, 422, "data.unknown_column", "Did you mean 'a'?"),
        ({"time_column": "when"}, 422, "data.unknown_column", ""),
        ({"algorithm": "stl"}, 422, "detection.wrong_kind", "time column"),
        ({"algorithm": "knn", "parameters": {"n_neighbors": -5}}, 422, None, ""),
        ({"algorithm": "knn", "parameters": {"nonsense": 1}}, 422, None, ""),
        ({"parameters": {"algorithm": "hbos"}}, 422, "detection.unknown_parameter", "Give algorithm beside"),
        ({"parameters": {"time": "a"}}, 422, "detection.unknown_parameter", "Give time_column beside"),
        ({"parameters": {"columns": ["a"]}}, 422, "detection.unknown_parameter", "Give columns beside"),
        ({"threshold": {"kind": "contamination", "value": 2}}, 422, None, ""),
        ({"dataset_id": "019a0000-0000-7000-8000-000000000000"}, 404, "data.dataset_not_found", ""),
        ({"more": 1}, 422, "api.invalid_request", ""),
    ],
)
def test_what_cannot_work_is_refused_at_once(
    client: httpx.Client, body: dict[str, Any], status: int, code: str | None, hint: str
) -> None:
    dataset = upload(client, table_csv(), "table.csv")
    before = client.get("/jobs").json()
    answer = client.post("/detections", json={"dataset_id": dataset["id"], **body})
    found = code_of(answer, status)
    assert found == code or code is None
    assert hint in answer.json()["hint"]
    assert client.get("/jobs").json() == before


def test_a_detection_without_result_says_so(tmp_path: Path) -> None:
    with serving(tmp_path, worker_threads=0) as running:
        running.add_user("somebody")
        client = running.client("somebody")
        dataset = upload(client, table_csv(), "table.csv")
        started = client.post("/detections", json={"dataset_id": dataset["id"]})
        assert started.status_code == 202
        assert started.headers["location"] == f"/api/v1/detections/{started.json()['id']}"
        path = f"/detections/{started.json()['id']}"
        assert started.json()["status"] == "queued"
        assert started.json()["summary"] is None
        for view in ("result", "anomalies", "series", "distribution"):
            assert code_of(client.get(f"{path}/{view}"), 409) == "detection.not_finished"
        threshold = client.put(f"{path}/threshold", json={"kind": "score", "value": 1})
        assert code_of(threshold, 409) == "detection.not_finished"
        cancelled = client.post(f"{path}/cancel")
        assert cancelled.status_code == 202
        assert cancelled.json()["status"] == "cancelled"
        assert client.post(f"{path}/cancel").json()["status"] == "cancelled"
        assert code_of(client.get(f"{path}/result"), 409) == "detection.not_finished"


def test_large_answers_are_compressed(taxi: tuple[httpx.Client, dict[str, Any]]) -> None:
    client, detection = taxi
    answer = client.get(f"/detections/{detection['id']}/series", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    arrow = client.get(
        f"/detections/{detection['id']}/result", headers={"Accept": "application/vnd.apache.arrow.stream"}
    )
    assert arrow.headers["content-encoding"] == "identity"


def events(client: httpx.Client, stop: Any) -> Iterator[dict[str, Any]]:
    with client.stream("GET", "/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        stop(stream)
        for line in stream.iter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


def test_events_tell_every_step(running: Running, client: httpx.Client) -> None:
    dataset = upload(client, gzip.compress(taxi_csv()), "taxi.csv.gz")
    listener = running.client("the-viewer")
    started: list[str] = []

    def start(_stream: Any) -> None:
        started.append(client.post("/detections", json={"dataset_id": dataset["id"]}).json()["id"])

    seen: list[dict[str, Any]] = []
    for event in events(listener, start):
        if event["id"] == started[0]:
            seen.append(event)
            if event["status"] == "succeeded":
                break
    assert seen[-1] == client.get(f"/detections/{started[0]}").json()
    fractions = [event["progress"]["fraction"] for event in seen]
    assert fractions == sorted(fractions)
    assert {"running", "succeeded"} <= {event["status"] for event in seen}


def test_a_stream_of_events_ends_with_the_session(running: Running) -> None:
    listener = running.client("the-viewer")

    def leave(_stream: Any) -> None:
        other = running.anonymous()
        other.headers["Authorization"] = listener.headers["Authorization"]
        assert other.delete("/sessions/current").status_code == 204

    assert list(events(listener, leave)) == []


def test_a_quiet_stream_pings_and_ends_when_the_session_expires(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anomaly_detection.presentation.api.v1.events.PING_SECONDS", 0.1)
    platform = running.platform
    signer = TokenSigner(load_or_create_key(platform.folder.keys))
    short = Sessions(platform.database, platform.accounts, signer, timedelta(seconds=3))
    client = running.anonymous()
    client.headers["Authorization"] = f"Bearer {short.sign_in('the-viewer', PASSWORD).access_token}"
    with client.stream("GET", "/events") as stream:
        assert ": ping" in list(stream.iter_lines())
    assert code_of(client.get("/sessions/current"), 401) == "auth.token_expired"


def test_algorithms_are_listed(client: httpx.Client) -> None:
    every = client.get("/algorithms").json()["items"]
    assert {"stl", "isolation_forest", "knn", "modified_zscore"} <= {item["name"] for item in every}
    series = client.get("/algorithms", params={"kind": "series"}).json()["items"]
    assert {item["name"] for item in series} < {item["name"] for item in every}
    assert all(item["parameters"]["type"] == "object" for item in every)
    assert code_of(client.get("/algorithms", params={"kind": "smell"}), 422) == "api.invalid_request"
    others = client.get("/algorithms", params={"kind": "table", "family": "sklearn"}).json()["items"]
    assert {"sklearn:LocalOutlierFactor", "sklearn:OneClassSVM"} <= {item["name"] for item in others}
    assert {item["family"] for item in others} == {"sklearn"}
    assert client.get("/algorithms", params={"family": "none such"}).json()["items"] == []


def test_a_stream_of_events_ends_with_a_new_password(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anomaly_detection.presentation.api.v1.events.PING_SECONDS", 0.1)
    running.add_user("forgetful", "viewer")
    client = running.client("forgetful")
    accounts = running.platform.accounts
    with client.stream("GET", "/events", timeout=10) as stream:
        lines = stream.iter_lines()
        assert next(lines) == ": connected"
        accounts.choose_password(accounts.reset("forgetful")[0], "another four words")
        assert set(lines) <= {"", ": ping"}


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01", "9999-12-31"]
)
def test_the_ends_of_time_are_moments_too(taxi: tuple[httpx.Client, dict[str, Any]], moment: str) -> None:
    client, detection = taxi
    counts = [
        client.get(f"/detections/{detection['id']}/series", params={name: moment}).json()["n_total"]
        for name in ("start", "end")
    ]
    assert counts == ([10320, 0] if moment.startswith("0001") else [0, 10320])
