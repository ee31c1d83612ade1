"""Names, filters, profiles and removal of data sets and detections, jobs, and the overview, over HTTP."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from anomaly_detection.infrastructure.persistence.engine import Database
from tests.presentation.api.running import Running, code_of, detect, serving, taxi_csv, upload

TAXI = b"".join(taxi_csv().splitlines(keepends=True)[:1501])
TABLE = b"load,host,when\n" + b"".join(
    b"%d,%s,2026-01-%02d\n" % (n % 50, b"ab"[n % 2 :][:1], n % 28 + 1) for n in range(300)
)


@pytest.fixture
def keeper(running: Running, request: pytest.FixtureRequest) -> httpx.Client:
    """Return a client of a tenant that has nothing yet."""
    name = f"keeper-{abs(hash(request.node.name)) % 10**9}-{time.monotonic_ns() % 10**6}"
    running.add_user(name, tenant=f"of-{name}")
    return running.client(name)


def files_of(running: Running, thing_id: str) -> list[Path]:
    root = running.platform.folder.root
    return [path for path in root.rglob("*") if path.is_file() and thing_id in path.parts]


def test_data_sets_are_listed_without_their_columns(keeper: httpx.Client) -> None:
    taxi, table = upload(keeper, TAXI, "Taxi.csv"), upload(keeper, TABLE, "hosts.csv")
    items = keeper.get("/datasets").json()["items"]
    assert [item["id"] for item in items] == [table["id"], taxi["id"]]
    left = {name: value for name, value in taxi.items() if name not in {"columns", "warnings"}}
    assert items[1] == {**left, "n_warnings": len(taxi["warnings"])}
    for filters, expected in (({"q": "TAX"}, taxi), ({"kind": "table"}, table), ({"q": "s", "kind": "table"}, table)):
        assert [item["id"] for item in keeper.get("/datasets", params=filters).json()["items"]] == [expected["id"]]
    assert code_of(keeper.get("/datasets", params={"kind": "smell"}), 422) == "api.invalid_request"


def test_wide_data_are_listed_with_few_of_their_features(keeper: httpx.Client) -> None:
    names = [f"c{number}" for number in range(1100)]
    row = ",".join("1" for _ in names)
    wide = upload(keeper, "\n".join([",".join(names), row, row.replace("1", "2"), row]).encode(), "wide.csv")
    assert len(wide["roles"]["features"]) == 1100
    assert len(keeper.get("/datasets").json()["items"][0]["roles"]["features"]) == 50
    profile = keeper.get(f"/datasets/{wide['id']}/profile").json()["columns"]
    assert len(profile) == 1000
    assert sum(column["histogram"] is not None for column in profile) == 200


def test_a_profile_tells_what_columns_hold(keeper: httpx.Client) -> None:
    dataset = upload(keeper, TABLE, "hosts.csv")
    profile = keeper.get(f"/datasets/{dataset['id']}/profile").json()
    assert profile["n_rows"] == 300
    load, host, when = profile["columns"]
    assert (load["minimum"], load["median"], load["maximum"], load["mean"]) == (0, 24, 49, 24.5)
    assert load["standard_deviation"] == pytest.approx(14.4309, abs=1e-4)
    assert sum(load["histogram"]["counts"]) == 300
    assert len(load["histogram"]["edges"]) == len(load["histogram"]["counts"]) + 1
    assert host["most_frequent"] == [["a", 150], ["b", 150]]
    assert (host["histogram"], host["mean"], host["more_distinct"]) == (None, None, False)
    assert when["histogram"]["edges"][0] == when["minimum"] == "2026-01-01T00:00:00Z"
    assert sum(when["histogram"]["counts"]) == 300


def test_the_profile_of_older_data_is_made_once(running: Running, keeper: httpx.Client) -> None:
    dataset = upload(keeper, TABLE, "hosts.csv")
    path = f"/datasets/{dataset['id']}/profile"
    at_arrival = keeper.get(path).json()
    (kept,) = [file for file in files_of(running, dataset["id"]) if file.name == "profile.json"]
    kept.unlink()
    assert keeper.get(path).json() == at_arrival
    assert kept.exists()
    kept.write_bytes(b"")
    assert keeper.get(path).json() == at_arrival, "what a power cut left empty is made again"
    kept.write_bytes(kept.read_bytes().replace(b'"n_rows": 300', b'"n_rows": 301'))
    assert keeper.get(path).json()["n_rows"] == 301, "what is kept is not made again"


def test_things_get_another_name(keeper: httpx.Client) -> None:
    dataset = upload(keeper, TABLE, "hosts.csv")
    detection = detect(keeper, dataset["id"])
    renamed = keeper.patch(f"/datasets/{dataset['id']}", json={"name": "Höst <b>"}).json()
    assert renamed == {**dataset, "name": "Höst <b>"}
    changed = keeper.patch(f"/detections/{detection['id']}", json={"name": "nightly"}).json()
    assert changed == {**detection, "name": "nightly", "dataset": {**detection["dataset"], "name": "Höst <b>"}}
    assert [item["name"] for item in keeper.get("/detections", params={"q": "NIGHT"}).json()["items"]] == ["nightly"]
    for path in (f"/datasets/{dataset['id']}", f"/detections/{detection['id']}"):
        for body in ({"name": ""}, {"name": " \n\t"}, {"name": "x" * 201}, {}, {"name": "x", "kind": "table"}):
            assert code_of(keeper.patch(path, json=body), 422) == "api.invalid_request"
        assert keeper.patch(path, json={"name": " seen \n"}).json()["name"] == "seen"
    nameless = keeper.post("/datasets", params={"filename": "a.csv", "name": "  "}, content=TABLE)
    assert code_of(nameless, 422) == "api.invalid_request"
    ordered = keeper.post("/detections", json={"dataset_id": dataset["id"], "name": "  "}).json()
    assert ordered["name"] == "seen · knn"
    assert code_of(keeper.post("/api-keys", json={"name": "  "}), 422) == "api.invalid_request"


def test_detections_are_filtered(keeper: httpx.Client) -> None:
    dataset = upload(keeper, TABLE, "hosts.csv")
    knn, zscore = (detect(keeper, dataset["id"], algorithm=name) for name in ("knn", "zscore"))
    for filters, expected in (
        ({"algorithm": "knn"}, [knn]),
        ({"status": "succeeded"}, [zscore, knn]),
        ({"status": "failed"}, []),
        ({"dataset_id": dataset["id"], "algorithm": "zscore"}, [zscore]),
    ):
        assert keeper.get("/detections", params=filters).json()["items"] == expected
    assert code_of(keeper.get("/detections", params={"status": "odd"}), 422) == "api.invalid_request"
    assert [job["subject"]["id"] for job in keeper.get("/jobs").json()["items"]] == [zscore["id"], knn["id"]]
    assert keeper.get("/jobs", params={"kind": "training"}).json()["items"] == []
    job = keeper.get(f"/jobs/{knn['job_id']}").json()
    assert (job["priority"], job["subject"]) == ("normal", {"id": knn["id"], "name": knn["name"]})
    assert keeper.get("/jobs", params={"status": "succeeded", "kind": "detection", "limit": 1}).json()["next"]


def test_what_is_removed_is_gone_with_its_files(running: Running, keeper: httpx.Client) -> None:
    dataset = upload(keeper, TABLE, "hosts.csv")
    detection = detect(keeper, dataset["id"])
    keeper.post("/feedback", json={"detection_id": detection["id"], "index": 1, "verdict": "true"})
    assert files_of(running, dataset["id"])
    assert files_of(running, detection["id"])
    refused = keeper.delete(f"/datasets/{dataset['id']}")
    assert code_of(refused, 409) == "data.in_use"
    assert refused.json()["errors"][0]["n_detections"] == 1
    assert keeper.get(f"/datasets/{dataset['id']}/preview").status_code == 200

    for path in (f"/detections/{detection['id']}", f"/datasets/{dataset['id']}"):
        assert keeper.delete(path).status_code == 204
        code_of(keeper.get(path), 404)
        code_of(keeper.delete(path), 404)
    assert code_of(keeper.get(f"/jobs/{detection['job_id']}"), 404) == "jobs.not_found"
    assert code_of(keeper.get(f"/detections/{detection['id']}/anomalies"), 404) == "detection.not_found"
    assert keeper.get("/feedback").json()["items"] == []
    assert files_of(running, dataset["id"]) == files_of(running, detection["id"]) == []


def test_what_still_waits_is_not_removed_until_it_is_cancelled(tmp_path: Path) -> None:
    with serving(tmp_path, worker_threads=0) as running:
        running.add_user("somebody")
        client = running.client("somebody")
        dataset = upload(client, TABLE, "hosts.csv")
        started = client.post("/detections", json={"dataset_id": dataset["id"], "priority": "high"}).json()
        refused = client.delete(f"/detections/{started['id']}")
        assert code_of(refused, 409) == "detection.still_running"
        overview = client.get("/overview").json()
        assert [job["subject"]["id"] for job in overview["running"]] == [started["id"]]
        assert overview["running"][0]["priority"] == "high"
        assert overview["lanes"] == []
        cancelled = client.post(f"/jobs/{started['job_id']}/cancel")
        assert (cancelled.status_code, cancelled.json()["status"]) == (202, "cancelled")
        assert client.get("/overview").json()["running"] == []
        assert client.delete(f"/detections/{started['id']}").status_code == 204


def test_what_a_failed_attempt_left_is_removed(tmp_path: Path) -> None:
    with serving(tmp_path, worker_threads=0) as running:
        running.add_user("somebody")
        client = running.client("somebody")
        dataset = upload(client, TABLE, "hosts.csv")
        ids = [client.post("/detections", json={"dataset_id": dataset["id"]}).json()["id"] for _ in range(2)]
        tenant = next((tmp_path / "datasets").iterdir()).name
        places = [tmp_path / "results" / tenant / detection_id for detection_id in ids]
        for place in places:
            place.mkdir(parents=True)
            (place / "019a0000-0000-7000-8000-000000000000.arrow").write_bytes(b"half")
        client.post(f"/detections/{ids[0]}/cancel")
        assert [place.exists() for place in places] == [False, True]
        places[0].mkdir()
    with serving(tmp_path):
        # The one is found at the start, the other by its own job.
        assert not places[0].exists()


def test_the_overview_shows_the_newest_of_each_data_set(keeper: httpx.Client) -> None:
    empty = keeper.get("/overview").json()
    assert empty == {
        "counts": {"datasets": 0, "detections": 0, "models": 0, "unreviewed": 0},
        "running": [],
        "lanes": [],
    }
    taxi, table = upload(keeper, TAXI, "taxi.csv"), upload(keeper, TABLE, "hosts.csv")
    detect(keeper, taxi["id"], name="first")
    newest = detect(keeper, taxi["id"], name="second")
    judged = detect(keeper, table["id"], name="hosts", threshold={"kind": "contamination", "value": 0.02})
    view = keeper.get("/overview").json()
    assert [lane["detection_id"] for lane in view["lanes"]] == [judged["id"], newest["id"]]
    hosts, strip = view["lanes"]
    assert hosts["dataset"] == {"id": table["id"], "name": "hosts", "kind": "table"}
    assert (hosts["buckets"], hosts["start"]) == ([], None)
    assert strip["n_anomalies"] == strip["n_unreviewed"] == newest["summary"]["n_anomalies"]
    assert len(strip["buckets"]) == 60
    assert sum(bucket["n"] for bucket in strip["buckets"]) == strip["n_anomalies"]
    assert all((bucket["severity"] is None) == (bucket["n"] == 0) for bucket in strip["buckets"])
    assert strip["start"] == strip["buckets"][0]["start"] == "2014-07-01T00:00:00Z"
    assert strip["end"] == strip["buckets"][-1]["end"] == "2014-08-01T05:30:00Z"
    worst = [name for name, count in newest["summary"]["severities"].items() if count][-1]
    assert strip["worst_severity"] == worst
    assert worst in {bucket["severity"] for bucket in strip["buckets"]}
    unreviewed = hosts["n_unreviewed"] + strip["n_unreviewed"]
    assert view["counts"] == {"datasets": 2, "detections": 3, "models": 0, "unreviewed": unreviewed}
    assert "timeline" not in newest["summary"]


def test_verdicts_and_thresholds_change_what_is_left_to_review(keeper: httpx.Client) -> None:
    detection = detect(keeper, upload(keeper, TAXI, "taxi.csv")["id"])
    path = f"/detections/{detection['id']}"
    rows = [item["index"] for item in keeper.get(f"{path}/anomalies", params={"limit": 3}).json()["items"]]
    for row, verdict in zip(rows, ("true", "false", None), strict=True):
        keeper.post("/feedback", json={"detection_id": detection["id"], "index": row, "verdict": verdict})
    n = detection["summary"]["n_anomalies"]
    assert keeper.get("/overview").json()["counts"]["unreviewed"] == n - 2
    score = keeper.get(f"{path}/anomalies/{rows[0]}").json()["anomaly"]["score"]
    moved = keeper.put(f"{path}/threshold", json={"kind": "score", "value": score}).json()
    (lane,) = keeper.get("/overview").json()["lanes"]
    assert (moved["summary"]["n_anomalies"], lane["n_anomalies"], lane["n_unreviewed"]) == (1, 1, 0)
    assert sum(bucket["n"] for bucket in lane["buckets"]) == 1
    holding = next(bucket for bucket in lane["buckets"] if bucket["n"])
    time_of = keeper.get(f"{path}/anomalies/{rows[0]}").json()["anomaly"]["time"]
    moments = [datetime.fromisoformat(text) for text in (holding["start"], time_of, holding["end"])]
    assert moments == sorted(moments)


def test_the_overview_opens_no_result(running: Running, keeper: httpx.Client) -> None:
    detection = detect(keeper, upload(keeper, TAXI, "taxi.csv")["id"])
    for file in files_of(running, detection["id"]):
        file.unlink()
    assert keeper.get("/overview").json()["lanes"][0]["detection_id"] == detection["id"]


def test_the_database_that_a_restart_finds_still_has_the_lanes(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        running.add_user("somebody")
        client = running.client("somebody")
        detect(client, upload(client, TAXI, "taxi.csv")["id"])
        before: dict[str, Any] = client.get("/overview").json()
    with serving(tmp_path) as running:
        assert isinstance(running.platform.database, Database)
        assert running.client("somebody").get("/overview").json() == before
