"""Nobody sees another tenant's things, and each role may do what its table says and nothing else."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from anomaly_detection.enterprise.auth.roles import ROLES, Permission
from anomaly_detection.presentation.api.app import describe_app
from anomaly_detection.presentation.api.openapi import OPEN_OPERATIONS
from tests.presentation.api.running import Running, code_of, detect, taxi_csv, upload

CSV = b"".join(taxi_csv().splitlines(keepends=True)[:1000])
NOBODYS = "019a0000-0000-7000-8000-000000000000"

OPERATIONS = {
    operation["operationId"]: (method, path)
    for path, methods in describe_app().openapi()["paths"].items()
    for method, operation in methods.items()
}
NEEDS = {
    "list_algorithms": Permission.READ_ALGORITHMS,
    "upload_dataset": Permission.WRITE_DATASETS,
    "list_datasets": Permission.READ_DATASETS,
    "get_dataset": Permission.READ_DATASETS,
    "preview_dataset": Permission.READ_DATASETS,
    "start_detection": Permission.WRITE_DETECTIONS,
    "list_detections": Permission.READ_DETECTIONS,
    "get_detection": Permission.READ_DETECTIONS,
    "cancel_detection": Permission.WRITE_DETECTIONS,
    "get_result": Permission.READ_DETECTIONS,
    "list_anomalies": Permission.READ_DETECTIONS,
    "get_series": Permission.READ_DETECTIONS,
    "get_distribution": Permission.READ_DETECTIONS,
    "choose_threshold": Permission.WRITE_DETECTIONS,
    "list_jobs": Permission.READ_JOBS,
    "get_job": Permission.READ_JOBS,
    "listen": Permission.READ_EVENTS,
}
ABOUT_ONESELF = {"get_current_session", "sign_out"}


@pytest.fixture(scope="module")
def ours(running: Running) -> dict[str, str]:
    """Return the ids of one finished detection and everything that belongs to it."""
    client = running.client("the-analyst")
    dataset = upload(client, CSV)
    detection = detect(client, dataset["id"])
    assert detection["status"] == "succeeded", detection["error"]
    return {"dataset_id": dataset["id"], "detection_id": detection["id"], "job_id": detection["job_id"]}


def ask(client: httpx.Client, operation: str, ids: dict[str, str]) -> httpx.Response:
    method, path = OPERATIONS[operation]
    body: dict[str, Any] = {}
    if operation == "start_detection":
        body = {"json": {"dataset_id": ids["dataset_id"]}}
    elif operation == "choose_threshold":
        body = {"json": {"kind": "contamination", "value": 0.05}}
    elif operation == "upload_dataset":
        body = {"params": {"filename": "a.csv"}, "content": CSV}
    request = client.build_request(method, path.removeprefix("/api/v1").format(**ids), **body)
    answer = client.send(request, stream=True)
    if "event-stream" not in answer.headers["content-type"]:
        answer.read()
    answer.close()
    return answer


def test_every_operation_has_a_line_in_this_test() -> None:
    assert set(OPERATIONS) == set(NEEDS) | OPEN_OPERATIONS | ABOUT_ONESELF


@pytest.mark.parametrize("operation", [name for name in NEEDS if "{" in OPERATIONS[name][1]] + ["start_detection"])
def test_another_tenants_things_do_not_exist(
    stranger: httpx.Client, client: httpx.Client, ours: dict[str, str], operation: str
) -> None:
    theirs = ask(stranger, operation, ours)
    nobodys = ask(stranger, operation, dict.fromkeys(ours, NOBODYS))
    assert code_of(theirs, 404) == code_of(nobodys, 404)
    assert theirs.json()["detail"].replace(ours["dataset_id"], "").replace(ours["detection_id"], "").replace(
        ours["job_id"], ""
    ) == nobodys.json()["detail"].replace(NOBODYS, "")
    assert ask(client, operation, ours).status_code < 300


@pytest.mark.parametrize("listing", ["/datasets", "/detections", "/jobs"])
def test_lists_hold_ones_own_things_alone(
    stranger: httpx.Client, client: httpx.Client, ours: dict[str, str], listing: str
) -> None:
    assert client.get(listing).json()["items"]
    assert stranger.get(listing).json()["items"] == []
    foreign = stranger.get("/detections", params={"dataset_id": ours["dataset_id"]}).json()
    assert foreign["items"] == []


@pytest.mark.parametrize("identifier", ["nothing", "..", "%2e%2e%2f", "' OR 1=1 --", "x" * 64, "\u00e4"])
def test_what_is_no_id_names_nothing(client: httpx.Client, identifier: str) -> None:
    for path in ("/datasets/{}", "/datasets/{}/preview", "/detections/{}", "/detections/{}/result", "/jobs/{}"):
        answer = client.get(path.format(identifier.replace("..", "%2e%2e").replace(" ", "%20").replace("'", "%27")))
        code_of(answer, 404)


@pytest.mark.parametrize("role", list(ROLES))
@pytest.mark.parametrize("operation", list(NEEDS))
def test_roles(running: Running, ours: dict[str, str], role: str, operation: str) -> None:
    answer = ask(running.known(f"the-{role}"), operation, ours)
    if NEEDS[operation] in ROLES[role]:
        assert answer.status_code < 300, answer.status_code
    else:
        assert code_of(answer, 403) == "auth.not_allowed"
