"""A stored model judges a data set: nothing is learnt, and the detection says which version it was."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest

from tests.presentation.api.model_files import MIXED, import_model
from tests.presentation.api.running import Running, code_of, detect, serving, upload, wait_for

NOBODYS = "019a0000-0000-7000-8000-000000000000"


def mixed_csv(**changed: Any) -> bytes:
    columns = {**MIXED, **changed}
    columns["load"] = [*columns["load"][:-1], 500.0]
    sink = io.StringIO()
    writer = csv.writer(sink)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return sink.getvalue().encode()


@pytest.fixture(scope="module")
def dataset(running: Running) -> dict[str, Any]:
    return upload(running.client("the-analyst"), mixed_csv(), "mixed.csv")


def test_a_model_judges_a_data_set(client: httpx.Client, dataset: dict[str, Any]) -> None:
    model = import_model(client)
    detection = detect(client, dataset["id"], model_id=model["model_id"])
    assert detection["status"] == "succeeded", detection["error"]
    expected = {"id": model["model_id"], "version_id": model["id"], "name": model["model_name"], "version": 1}
    assert detection["model"] == expected
    assert (detection["algorithm"], detection["parameters"]) == (model["algorithm"], model["parameters"])
    assert detection["name"] == f"mixed · {model['model_name']}, version 1"
    first = client.get(f"/detections/{detection['id']}/anomalies").json()["items"][0]
    assert (first["index"], first["values"]["load"]) == (299, 500)
    assert first["explanation"]["sentence"].startswith("load is 500")
    listed = client.get("/detections", params={"model_id": model["model_id"]}).json()["items"]
    assert [item["id"] for item in listed] == [detection["id"]]
    assert client.get("/detections", params={"model_id": NOBODYS}).json()["items"] == []

    assert client.delete(f"/models/{model['model_id']}").status_code == 204
    left = client.get(f"/detections/{detection['id']}").json()
    assert left == {**detection, "model": None}
    assert client.get(f"/detections/{detection['id']}/anomalies").status_code == 200


def test_a_threshold_takes_the_place_of_the_models_own(client: httpx.Client, dataset: dict[str, Any]) -> None:
    model = import_model(client)
    threshold = {"kind": "contamination", "value": 0.1}
    detection = detect(client, dataset["id"], model_id=model["model_id"], model_version=1, threshold=threshold)
    assert detection["summary"]["n_anomalies"] == 30
    assert detection["summary"]["default_threshold"] == threshold
    moved = client.put(f"/detections/{detection['id']}/threshold", json={"kind": "contamination", "value": 0.02}).json()
    assert moved["summary"]["n_anomalies"] == 6
    assert moved["summary"]["default_threshold"] == threshold


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"algorithm": "knn"}, 422, "api.invalid_request"),
        ({"parameters": {"n_neighbors": 3}}, 422, "api.invalid_request"),
        ({"columns": ["load"]}, 422, "api.invalid_request"),
        ({"time_column": "load"}, 422, "api.invalid_request"),
        ({"model_version": 2}, 404, "models.version_not_found"),
        ({"model_version": 0}, 422, "api.invalid_request"),
        ({"model_id": None, "model_version": 1}, 422, "api.invalid_request"),
        ({"model_id": NOBODYS}, 404, "models.not_found"),
        ({"dataset_id": NOBODYS}, 404, "data.dataset_not_found"),
        ({"threshold": {"kind": "p_value", "value": 2}}, 422, "detection.invalid_threshold"),
    ],
)
def test_what_cannot_work_is_refused_at_once(
    client: httpx.Client, dataset: dict[str, Any], body: dict[str, Any], status: int, code: str
) -> None:
    before = client.get("/jobs").json()
    valid = {"dataset_id": dataset["id"], "model_id": import_model(client)["model_id"]}
    assert code_of(client.post("/detections", json={**valid, **body}), status) == code
    assert client.get("/jobs").json() == before


def test_data_that_lack_a_column_are_refused_at_once(client: httpx.Client) -> None:
    other = upload(client, b"lode,errors,site\n1,2,north\n2,3,south\n", "other.csv")
    answer = client.post("/detections", json={"dataset_id": other["id"], "model_id": import_model(client)["model_id"]})
    assert code_of(answer, 422) == "detection.missing_column"
    assert "'lode'" in answer.json()["hint"]


def test_another_tenants_model_does_not_exist(
    client: httpx.Client, stranger: httpx.Client, dataset: dict[str, Any]
) -> None:
    model = import_model(stranger)
    answer = client.post("/detections", json={"dataset_id": dataset["id"], "model_id": model["model_id"]})
    assert code_of(answer, 404) == "models.not_found"


def test_a_model_that_went_meanwhile_fails_the_job(tmp_path: Any) -> None:
    with serving(tmp_path, worker_threads=0) as running:
        running.add_user("somebody")
        client = running.client("somebody")
        dataset = upload(client, mixed_csv(), "mixed.csv")
        model = import_model(client)
        body = {"dataset_id": dataset["id"], "model_id": model["model_id"], "priority": "low"}
        started = client.post("/detections", json=body).json()
        assert (started["priority"], started["status"]) == ("low", "queued")
        assert client.delete(f"/models/{model['model_id']}").status_code == 204
    with serving(tmp_path) as running:
        client = running.client("somebody")
        ended = wait_for(client, started["id"])
        assert ended["status"] == "failed"
        assert ended["error"]["code"].startswith("models.")
