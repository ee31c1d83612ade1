"""Anomalies over HTTP: ranked, filtered by severity and verdict, one of them with all that helps to judge it, feedback."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import numpy as np
import pytest

from tests.presentation.api.running import Running, code_of, detect, taxi_csv, upload

Judged = tuple[httpx.Client, dict[str, Any]]


def labelled_csv() -> bytes:
    generator = np.random.default_rng(3)
    rows = generator.normal(size=(600, 3))
    rows[[7, 70, 300]] = [[9, -9, 9], [8, -8, 8], [0, 30, 0]]
    label = np.zeros(600, dtype=int)
    label[[7, 70, 300, 500]] = 1
    places = generator.integers(0, 3, size=600)
    lines = [f"{a:.6f},{b:.6f},{c:.6f},{'nse'[p]},{y}" for (a, b, c), p, y in zip(rows, places, label, strict=True)]
    return "\n".join(["a,b,c,place,label", *lines]).encode()


@pytest.fixture(scope="module")
def table(running: Running) -> Judged:
    client = running.client("the-analyst")
    dataset = upload(client, labelled_csv(), "labelled.csv")
    threshold = {"kind": "contamination", "value": 0.05}
    return client, detect(client, dataset["id"], name="labelled", algorithm="knn", threshold=threshold)


@pytest.fixture(scope="module")
def series(running: Running) -> Judged:
    client = running.client("the-analyst")
    return client, detect(client, upload(client, taxi_csv(), "taxi.csv")["id"], name="taxi")


def all_pages(client: httpx.Client, path: str, **parameters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = client.get(path, params={"limit": 7, **parameters}).json()
        found += page["items"]
        if page["next"] is None:
            assert len(found) == page["n_matching"]
            return found
        parameters["after"] = page["next"]


def say(client: httpx.Client, detection: dict[str, Any], index: int, verdict: str | None, note: str = "") -> Any:
    body = {"detection_id": detection["id"], "index": index, "verdict": verdict, "note": note}
    answer = client.post("/feedback", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_severities_are_filtered_by_rank(table: Judged) -> None:
    client, detection = table
    path = f"/detections/{detection['id']}/anomalies"
    every = all_pages(client, path)
    order = ["low", "medium", "high", "critical"]
    for least in order:
        found = all_pages(client, path, min_severity=least)
        assert found == [item for item in every if order.index(item["severity"]) >= order.index(least)]
    assert {item["severity"] for item in every} >= {"low", "critical"}
    assert client.get(path, params={"min_severity": "critical"}).json()["total"] == len(every) == 30
    assert code_of(client.get(path, params={"min_severity": "worst"}), 422) == "api.invalid_request"


def test_verdicts_are_shown_filtered_and_kept_as_history(table: Judged) -> None:
    client, detection = table
    path = f"/detections/{detection['id']}/anomalies"
    first, second = (item["index"] for item in client.get(path, params={"limit": 2}).json()["items"])
    said = say(client, detection, first, "true", "=1+1 <b>seen</b>")
    assert said["user"]["username"] == "the-analyst"
    assert (said["verdict"], said["note"], said["index"]) == ("true", "=1+1 <b>seen</b>", first)
    replaced = say(client, detection, first, "false")
    other = say(client, detection, second, None, "look again")

    items = {item["index"]: item for item in all_pages(client, path)}
    assert items[first]["feedback"] == replaced
    assert items[second]["feedback"] == other
    assert [item["index"] for item in all_pages(client, path, verdict="false")] == [first]
    assert all_pages(client, path, verdict="true") == []
    assert {item["index"] for item in all_pages(client, path, verdict="none")} == set(items) - {first}

    story = client.get(f"{path}/{first}").json()
    assert story["feedback"] == replaced
    assert story["history"] == [replaced, said]
    listed = client.get("/feedback", params={"detection_id": detection["id"]}).json()["items"]
    assert [item["id"] for item in listed] == [other["id"], replaced["id"]]
    for verdict, expected in (("false", [replaced]), ("none", [other]), ("true", [])):
        found = client.get("/feedback", params={"detection_id": detection["id"], "verdict": verdict}).json()["items"]
        assert found == expected

    for made in (replaced, other):
        assert client.delete(f"/feedback/{made['id']}").status_code == 204
    assert client.delete(f"/feedback/{other['id']}").status_code == 204
    assert client.get("/feedback", params={"detection_id": detection["id"]}).json()["items"] == []
    story = client.get(f"{path}/{first}").json()
    assert story["feedback"] is None
    assert len(story["history"]) == 2


def test_pages_go_on_by_rank_while_verdicts_are_given(table: Judged) -> None:
    client, detection = table
    path = f"/detections/{detection['id']}/anomalies"
    page = client.get(path, params={"limit": 3, "verdict": "none"}).json()
    for item in page["items"]:
        say(client, detection, item["index"], "true")
    rest = client.get(path, params={"limit": 200, "verdict": "none", "after": page["next"]}).json()["items"]
    assert [item["rank"] for item in rest] == list(range(4, 31))
    for item in client.get("/feedback", params={"detection_id": detection["id"]}).json()["items"]:
        client.delete(f"/feedback/{item['id']}")


def test_two_who_speak_at_once_leave_one_opinion(running: Running, table: Judged) -> None:
    _, detection = table
    clients = [running.client(name) for name in ("the-analyst", "the-admin")]

    def speak(client: httpx.Client) -> None:
        for number in range(8):
            say(client, detection, 11, "true" if number % 2 else "false", str(number))

    threads = [threading.Thread(target=speak, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    held = clients[0].get("/feedback", params={"detection_id": detection["id"]}).json()["items"]
    assert [(item["index"], item["note"]) for item in held] == [(11, "7")]
    assert len(clients[0].get(f"/detections/{detection['id']}/anomalies/11").json()["history"]) == 16
    clients[0].delete(f"/feedback/{held[0]['id']}")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"index": 600}, 422, "detection.no_such_row"),
        ({"index": -1}, 422, "api.invalid_request"),
        ({"index": 2**63}, 422, "api.invalid_request"),
        ({"verdict": "maybe"}, 422, "api.invalid_request"),
        ({"note": "x" * 5000}, 422, "api.invalid_request"),
        ({"detection_id": "019a0000-0000-7000-8000-000000000000"}, 404, "detection.not_found"),
        ({"more": 1}, 422, "api.invalid_request"),
    ],
)
def test_what_is_no_feedback_is_refused(table: Judged, body: dict[str, Any], status: int, code: str) -> None:
    client, detection = table
    valid = {"detection_id": detection["id"], "index": 1, "verdict": "true"}
    assert code_of(client.post("/feedback", json={**valid, **body}), status) == code


def test_feedback_is_given_once_for_one_key(table: Judged) -> None:
    client, detection = table
    body = {"detection_id": detection["id"], "index": 5, "verdict": "true"}
    headers = {"Idempotency-Key": f"say-{detection['id']}"}
    one, two = (client.post("/feedback", json=body, headers=headers) for _ in range(2))
    assert one.json() == two.json()
    assert two.headers["Idempotency-Replayed"] == "true"
    assert len(client.get(f"/detections/{detection['id']}/anomalies/5").json()["history"]) == 1
    client.delete(f"/feedback/{one.json()['id']}")


def test_the_page_of_an_anomaly_of_a_table(table: Judged) -> None:
    client, detection = table
    path = f"/detections/{detection['id']}/anomalies"
    items = client.get(path).json()["items"]
    places = [item["index"] for item in items]
    story = client.get(f"{path}/7").json()
    rank = places.index(7)
    expected = {name: value for name, value in items[rank].items() if name not in {"rank", "feedback"}}
    assert story["anomaly"] == expected
    assert (story["rank"], story["n_anomalies"], story["window"]) == (rank + 1, 30, None)
    assert story["previous"] == (places[rank - 1] if rank else None)
    assert story["next"] == places[rank + 1]
    assert story["similar"][0]["index"] == 70, "the same columns in the same directions"
    assert 0 <= story["similar"][0]["distance"] < story["similar"][-1]["distance"] <= 1
    assert len(story["similar"]) == len(story["neighbours"]) == 5
    assert all(item["verdict"] is None and item["rank"] == places.index(item["index"]) + 1 for item in story["similar"])
    assert not {item["index"] for item in story["neighbours"]} & set(places)
    assert set(story["neighbours"][0]["values"]) == {"a", "b", "c", "place", "label"}


def test_a_row_that_is_not_flagged_has_a_page_too(table: Judged) -> None:
    client, detection = table
    path = f"/detections/{detection['id']}/anomalies"
    flagged = {item["index"] for item in client.get(path).json()["items"]}
    # Of the lowest scores the detector left no explanation behind.
    scores = client.get(f"/detections/{detection['id']}/scatter", params={"points": 600}).json()
    lowest = scores["index"][int(np.argmin(scores["score"]))]
    story = client.get(f"{path}/{lowest}").json()
    assert lowest not in flagged
    assert (story["rank"], story["previous"], story["next"], story["anomaly"]["severity"]) == (None, None, None, None)
    assert story["anomaly"]["explanation"]["method"] == "deviation"
    assert {item["feature"] for item in story["anomaly"]["explanation"]["contributions"]} == {"a", "b", "c", "place"}
    for row, status in ((600, 404), (2**63 - 1, 404), (-1, 422), ("x", 422)):
        code_of(client.get(f"{path}/{row}"), status)


def test_the_page_of_an_anomaly_of_a_series(series: Judged) -> None:
    client, detection = series
    path = f"/detections/{detection['id']}/anomalies"
    first = client.get(path, params={"limit": 1}).json()["items"][0]
    story = client.get(f"{path}/{first['index']}").json()
    window = story["window"]
    assert first["index"] in window["index"]
    assert window["time"][0] < first["time"] < window["time"][-1]
    assert 200 <= len(window["time"]) <= 230
    assert story["previous"] is None
    ends = [client.get(f"{path}/{row}").json()["window"] for row in (0, 10319)]
    assert [len(end["time"]) >= 200 and row in end["index"] for end, row in zip(ends, (0, 10319), strict=True)] == [
        True,
        True,
    ]


def test_labels_become_precision_and_recall(table: Judged, series: Judged) -> None:
    client, detection = table
    curve = client.get(f"/detections/{detection['id']}/distribution").json()["curve"]
    assert curve["precision"][0] == 1.0
    assert curve["recall"][-1] == 1.0
    assert curve["precision"][-1] == pytest.approx(4 / 600)
    assert curve["recall"] == sorted(curve["recall"])
    place = curve["n_anomalies"].index(3)
    assert (curve["precision"][place], curve["recall"][place]) == (1.0, 0.75)
    client, detection = series
    unlabelled = client.get(f"/detections/{detection['id']}/distribution").json()["curve"]
    assert unlabelled["precision"] is unlabelled["recall"] is None


def test_two_columns_against_each_other(table: Judged) -> None:
    client, detection = table
    path = f"/detections/{detection['id']}/scatter"
    view = client.get(path, params={"x": "c", "y": "a", "points": 100}).json()
    assert (view["x"]["name"], view["y"]["name"], view["n_total"]) == ("c", "a", 600)
    assert sum(view["prediction"]) == 30
    assert 100 <= len(view["index"]) <= 130
    assert len(view["x"]["values"]) == len(view["y"]["values"]) == len(view["score"]) == len(view["index"])
    assert view["x"]["values"][view["index"].index(7)] == 9
    usual = client.get(path).json()
    assert (usual["x"]["name"], usual["y"]["name"]) == ("a", "b")
    for wrong in ({"x": "d"}, {"y": "place"}):
        assert code_of(client.get(path, params=wrong), 422) == "data.unknown_column"


def test_the_features_that_make_the_anomalies(table: Judged) -> None:
    client, detection = table
    view = client.get(f"/detections/{detection['id']}/importance").json()
    shares = [item["share"] for item in view["items"]]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1)
    assert view["n_anomalies"] == 30
    assert {item["feature"] for item in view["items"]} == {"a", "b", "c", "place"}


def test_the_document_is_bounded(running: Running, monkeypatch: pytest.MonkeyPatch, series: Judged) -> None:
    client, detection = series
    path = f"/detections/{detection['id']}/result"
    whole = client.get(path).json()
    assert whole["n_events"] == len(whole["events"]) > 3
    assert "state" not in whole["calibration"]
    assert not {"explanations", "column_names"} & set(whole)
    monkeypatch.setattr("anomaly_detection.presentation.api.v1.results.SHOWN_EVENTS", 3)
    few = client.get(path).json()
    order = ["low", "medium", "high", "critical"]
    assert few["n_events"] == whole["n_events"]
    assert few["events"] == [item for item in whole["events"] if item in few["events"]]
    left = [item for item in whole["events"] if item not in few["events"]]
    assert min(order.index(item["severity"]) for item in few["events"]) >= max(
        order.index(item["severity"]) for item in left
    )


def test_a_row_of_wide_data_is_shown_by_what_matters(client: httpx.Client) -> None:
    generator = np.random.default_rng(5)
    rows = generator.normal(size=(60, 300))
    rows[9, 290] = 50.0
    names = [f"c{number}" for number in range(300)]
    lines = [",".join(names), *(",".join(f"{value:.4f}" for value in row) for row in rows)]
    dataset = upload(client, "\n".join(lines).encode(), "wide.csv")
    threshold = {"kind": "contamination", "value": 0.05}
    detection = detect(client, dataset["id"], algorithm="zscore", threshold=threshold)
    path = f"/detections/{detection['id']}/anomalies"
    first = client.get(path).json()["items"][0]
    story = client.get(f"{path}/{first['index']}").json()
    assert first["index"] == 9
    assert next(iter(first["values"])) == "c290"
    assert first["values"]["c290"] == 50
    for row in (first, story["anomaly"], *story["neighbours"]):
        assert len(row["values"]) == 200
    assert len(first["explanation"]["contributions"]) == 200
