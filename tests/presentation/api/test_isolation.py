"""Nobody sees another tenant's things, and each role may do what its table says and nothing else."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from anomaly_detection.enterprise.auth.roles import ROLES, Permission
from anomaly_detection.presentation.api.app import describe_app
from anomaly_detection.presentation.api.openapi import OPEN_OPERATIONS
from anomaly_detection.shared.identity import new_id
from tests.presentation.api.model_files import import_model, model_file
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
    "profile_dataset": Permission.READ_DATASETS,
    "change_dataset": Permission.WRITE_DATASETS,
    "delete_dataset": Permission.WRITE_DATASETS,
    "start_detection": Permission.WRITE_DETECTIONS,
    "list_detections": Permission.READ_DETECTIONS,
    "get_detection": Permission.READ_DETECTIONS,
    "cancel_detection": Permission.WRITE_DETECTIONS,
    "get_result": Permission.READ_DETECTIONS,
    "list_anomalies": Permission.READ_DETECTIONS,
    "get_series": Permission.READ_DETECTIONS,
    "get_distribution": Permission.READ_DETECTIONS,
    "choose_threshold": Permission.WRITE_DETECTIONS,
    "change_detection": Permission.WRITE_DETECTIONS,
    "delete_detection": Permission.WRITE_DETECTIONS,
    "get_anomaly": Permission.READ_DETECTIONS,
    "get_scatter": Permission.READ_DETECTIONS,
    "get_importance": Permission.READ_DETECTIONS,
    "export_result": Permission.READ_DETECTIONS,
    "get_overview": Permission.READ_DETECTIONS,
    "give_feedback": Permission.WRITE_FEEDBACK,
    "list_feedback": Permission.READ_FEEDBACK,
    "withdraw_feedback": Permission.WRITE_FEEDBACK,
    "train_model": Permission.WRITE_MODELS,
    "import_model": Permission.WRITE_MODELS,
    "list_models": Permission.READ_MODELS,
    "get_model": Permission.READ_MODELS,
    "archive_model": Permission.WRITE_MODELS,
    "restore_model": Permission.WRITE_MODELS,
    "delete_model": Permission.WRITE_MODELS,
    "list_model_versions": Permission.READ_MODELS,
    "get_model_version": Permission.READ_MODELS,
    "promote_model_version": Permission.WRITE_MODELS,
    "archive_model_version": Permission.WRITE_MODELS,
    "cancel_training": Permission.WRITE_MODELS,
    "delete_model_version": Permission.WRITE_MODELS,
    "download_model": Permission.READ_MODELS,
    "score_rows": Permission.SCORE_MODELS,
    "list_users": Permission.MANAGE_ACCOUNTS,
    "create_user": Permission.MANAGE_ACCOUNTS,
    "get_user": Permission.MANAGE_ACCOUNTS,
    "change_user": Permission.MANAGE_ACCOUNTS,
    "delete_user": Permission.MANAGE_ACCOUNTS,
    "make_one_time_token": Permission.MANAGE_ACCOUNTS,
    "list_roles": Permission.READ_ROLES,
    "list_api_keys": Permission.MANAGE_OWN_KEYS,
    "create_api_key": Permission.MANAGE_OWN_KEYS,
    "revoke_api_key": Permission.MANAGE_OWN_KEYS,
    "list_jobs": Permission.READ_JOBS,
    "get_job": Permission.READ_JOBS,
    "cancel_job": Permission.WRITE_JOBS,
    "listen": Permission.READ_EVENTS,
}
ABOUT_ONESELF = {"get_current_session", "sign_out", "change_password"}


@pytest.fixture(scope="module")
def ours(running: Running) -> dict[str, str]:
    """Return the ids of one finished detection and everything that belongs to it."""
    client = running.client("the-analyst")
    dataset = upload(client, CSV)
    detection = detect(client, dataset["id"])
    assert detection["status"] == "succeeded", detection["error"]
    return {
        "dataset_id": dataset["id"],
        "detection_id": detection["id"],
        "job_id": detection["job_id"],
        "row": "3",
        **feedback_ids(client, detection["id"]),
        **model_ids(client),
    }


def model_ids(client: httpx.Client) -> dict[str, str]:
    return {"model_id": import_model(client)["model_id"], "version": "1"}


def feedback_ids(client: httpx.Client, detection_id: str) -> dict[str, str]:
    answer = client.post("/feedback", json={"detection_id": detection_id, "index": 3, "verdict": "true"})
    return {"feedback_id": answer.json()["id"]}


def prepared(client: httpx.Client, operation: str, ids: dict[str, str]) -> dict[str, str]:
    """Return ids of things that an operation may put away or remove without taking them from the other tests."""
    gone = {"archive_model", "delete_model", "delete_model_version", "archive_model_version", "promote_model_version"}
    if operation == "delete_dataset":
        return {**ids, "dataset_id": upload(client, CSV)["id"]}
    if operation == "delete_detection":
        return {**ids, "detection_id": detect(client, ids["dataset_id"], algorithm="zscore")["id"]}
    return {**ids, **model_ids(client)} if operation in gone else ids


def account_ids(running: Running, asking: httpx.Client, operation: str) -> dict[str, str]:
    """Return the ids of a user of the asking one's tenant, or of an API key of their own, where the operation is about one."""
    path, ids = OPERATIONS[operation][1], dict[str, str]()
    if "{user_id}" in path:
        body = {"username": f"u-{new_id()}", "role": "viewer"}
        ids["user_id"] = running.known("the-admin").post("/users", json=body).json()["user"]["id"]
    if "{api_key_id}" in path:
        ids["api_key_id"] = asking.post("/api-keys", json={"name": "mine"}).json()["key"]["id"]
    return ids


def ask(client: httpx.Client, operation: str, ids: dict[str, str]) -> httpx.Response:
    method, path = OPERATIONS[operation]
    body: dict[str, Any] = {}
    if operation == "start_detection":
        body = {"json": {"dataset_id": ids["dataset_id"]}}
    elif operation == "choose_threshold":
        body = {"json": {"kind": "contamination", "value": 0.05}}
    elif operation in {"change_dataset", "change_detection"}:
        body = {"json": {"name": "another name"}}
    elif operation == "give_feedback":
        body = {"json": {"detection_id": ids["detection_id"], "index": 3, "verdict": "false"}}
    elif operation == "train_model":
        body = {"json": {"name": f"trained {new_id()}", "dataset_id": ids["dataset_id"], "algorithm": "zscore"}}
    elif operation == "import_model":
        body = {"params": {"name": f"imported {new_id()}"}, "content": model_file()}
    elif operation == "promote_model_version":
        body = {"json": {"stage": "staging"}}
    elif operation == "score_rows":
        body = {"json": {"rows": [{"load": 50, "errors": 2, "site": "north"}]}}
    elif operation == "create_user":
        body = {"json": {"username": f"u-{new_id()}", "role": "viewer"}}
    elif operation == "change_user":
        body = {"json": {"role": "analyst"}}
    elif operation == "create_api_key":
        body = {"json": {"name": "a key"}}
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


@pytest.mark.parametrize(
    "operation",
    [name for name in NEEDS if "{" in OPERATIONS[name][1]] + ["start_detection", "train_model", "give_feedback"],
)
def test_another_tenants_things_do_not_exist(
    running: Running, stranger: httpx.Client, client: httpx.Client, ours: dict[str, str], operation: str
) -> None:
    ours = prepared(client, operation, ours)
    if NEEDS[operation] is Permission.MANAGE_ACCOUNTS:
        client = running.known("the-admin")
    ours = ours | account_ids(running, client, operation)
    theirs = ask(stranger, operation, ours)
    nobodys = ask(stranger, operation, {**dict.fromkeys(ours, NOBODYS), "version": "1", "row": "3"})
    assert code_of(theirs, 404) == code_of(nobodys, 404)
    said = theirs.json()["detail"]
    for name in ("dataset_id", "detection_id", "job_id", "model_id", "user_id", "api_key_id", "feedback_id"):
        said = said.replace(ours.get(name, NOBODYS), "")
    assert said == nobodys.json()["detail"].replace(NOBODYS, "")
    assert ask(client, operation, ours).status_code < 300


@pytest.mark.parametrize("listing", ["/datasets", "/detections", "/models", "/jobs", "/feedback"])
def test_lists_hold_ones_own_things_alone(
    stranger: httpx.Client, client: httpx.Client, ours: dict[str, str], listing: str
) -> None:
    assert client.get(listing).json()["items"]
    assert stranger.get(listing).json()["items"] == []
    foreign = stranger.get("/detections", params={"dataset_id": ours["dataset_id"]}).json()
    assert foreign["items"] == []


@pytest.mark.parametrize("identifier", ["nothing", "..", "%2e%2e%2f", "' OR 1=1 --", "x" * 64, "\u00e4"])
def test_what_is_no_id_names_nothing(client: httpx.Client, identifier: str) -> None:
    for path in (
        "/datasets/{}",
        "/datasets/{}/preview",
        "/detections/{}",
        "/detections/{}/result",
        "/jobs/{}",
        "/models/{}",
    ):
        answer = client.get(path.format(identifier.replace("..", "%2e%2e").replace(" ", "%20").replace("'", "%27")))
        code_of(answer, 404)


@pytest.mark.parametrize("role", list(ROLES))
@pytest.mark.parametrize("operation", list(NEEDS))
def test_roles(running: Running, ours: dict[str, str], role: str, operation: str) -> None:
    asking = running.known(f"the-{role}")
    ids = prepared(running.known("the-analyst"), operation, ours) | account_ids(running, asking, operation)
    answer = ask(asking, operation, ids)
    if NEEDS[operation] in ROLES[role]:
        assert answer.status_code < 300, answer.status_code
    else:
        assert code_of(answer, 403) == "auth.not_allowed"
