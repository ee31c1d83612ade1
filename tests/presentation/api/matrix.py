"""Every operation of the API with the permission that it needs, a request for it, and everybody who may send one."""

from __future__ import annotations

from typing import Any, ClassVar

import httpx
import sqlalchemy as sa

from anomaly_detection.enterprise.auth.roles import ROLES, Permission
from anomaly_detection.infrastructure.persistence.tables import metadata
from anomaly_detection.presentation.api.app import describe_app
from anomaly_detection.shared.identity import new_id
from tests.presentation.api.model_files import import_model, model_file
from tests.presentation.api.running import PASSWORD, Running, detect, taxi_csv, upload

CSV = b"".join(taxi_csv().splitlines(keepends=True)[:1000])
NOBODYS = "019a0000-0000-7000-8000-000000000000"

OPERATIONS = {
    operation["operationId"]: (method.upper(), path)
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
SESSION_NEEDED = ABOUT_ONESELF | {"create_api_key", "create_user", "make_one_time_token"}
"""What an API key cannot do, whatever its role."""

REFERRING = {name for name, (_, path) in OPERATIONS.items() if "{" in path} | {
    "start_detection",
    "train_model",
    "give_feedback",
}
"""What is about a thing that exists: another tenant's is none."""

_GONE = {
    "archive_model",
    "delete_model",
    "delete_model_version",
    "archive_model_version",
    "promote_model_version",
}


class Cast:
    """Everybody: users of each role in two tenants, by session and by API key, and two who are nobody."""

    OURS: ClassVar = [f"{role}{proof}" for role in ROLES for proof in ("", "'s key")]
    THEIRS: ClassVar = [f"foreign {name}" for name in OURS]
    NOBODY: ClassVar = ["nobody", "forger"]

    def __init__(self, running: Running) -> None:
        self._running = running
        self._clients: dict[str, httpx.Client] = {"nobody": running.anonymous(), "forger": running.anonymous()}
        self._clients["forger"].headers["Authorization"] = "Bearer adk_" + "x" * 43
        self._names = {}
        for tenant, prefix in (("default", ""), ("elsewhere", "foreign ")):
            for role in ROLES:
                self._names[f"{prefix}{role}"] = username = f"{role}-of-{tenant}"
                running.add_user(username, role, tenant)
                session = self._clients[f"{prefix}{role}"] = running.client(username)
                by_key = self._clients[f"{prefix}{role}'s key"] = running.anonymous()
                secret = session.post("/api-keys", json={"name": "mine"}).json()["secret"]
                by_key.headers["Authorization"] = f"Bearer {secret}"

    def client(self, name: str) -> httpx.Client:
        return self._clients[name]

    def session_of(self, name: str) -> httpx.Client:
        """Return the session of somebody who asks by their API key."""
        return self._clients[name.removesuffix("'s key")]

    def passing(self, name: str) -> httpx.Client:
        """Return somebody of the same tenant and role whose session may end."""
        prefix, role = ("foreign ", name.split()[1]) if name.startswith("foreign") else ("", name)
        username = f"u-{new_id()}"
        self._running.add_user(username, role.removesuffix("'s"), "elsewhere" if prefix else "default")
        return self._running.client(username)


class Things:
    """One of everything in our tenant, and more of what an operation takes away."""

    def __init__(self, cast: Cast) -> None:
        self._cast = cast
        client = cast.client("analyst")
        dataset = upload(client, CSV)
        detection = detect(client, dataset["id"])
        assert detection["status"] == "succeeded", detection["error"]
        said = client.post("/feedback", json={"detection_id": detection["id"], "index": 3, "verdict": "true"})
        self.ids = {
            "dataset_id": dataset["id"],
            "detection_id": detection["id"],
            "job_id": detection["job_id"],
            "row": "3",
            "feedback_id": said.json()["id"],
            "model_id": import_model(client)["model_id"],
            "version": "1",
            "user_id": self._new_user(),
            "api_key_id": self._new_key(client),
        }

    def spare(self, operation: str, who: str) -> dict[str, str]:
        """Return ids that an operation may succeed on without taking anything from the other tests."""
        client, path = self._cast.client("analyst"), OPERATIONS[operation][1]
        if operation == "delete_dataset":
            return {**self.ids, "dataset_id": upload(client, CSV)["id"]}
        if operation == "delete_detection":
            detection = detect(client, self.ids["dataset_id"], algorithm="zscore")
            return {**self.ids, "detection_id": detection["id"]}
        if operation == "withdraw_feedback":
            body = {"detection_id": self.ids["detection_id"], "index": 4, "verdict": "true"}
            return {**self.ids, "feedback_id": client.post("/feedback", json=body).json()["id"]}
        if operation in _GONE:
            return {**self.ids, "model_id": import_model(client)["model_id"]}
        if "{user_id}" in path:
            return {**self.ids, "user_id": self._new_user()}
        return (
            {**self.ids, "api_key_id": self._new_key(self._cast.session_of(who))}
            if "{api_key_id}" in path
            else self.ids
        )

    def _new_user(self) -> str:
        body = {"username": f"u-{new_id()}", "role": "viewer"}
        return str(self._cast.client("admin").post("/users", json=body).json()["user"]["id"])

    def _new_key(self, client: httpx.Client) -> str:
        return str(client.post("/api-keys", json={"name": "mine"}).json()["key"]["id"])


def ask(client: httpx.Client, operation: str, ids: dict[str, str]) -> httpx.Response:
    """Send the request that an operation takes, about the things of these ids."""
    method, path = OPERATIONS[operation]
    address = str(client.base_url).removesuffix("/api/v1/") + path.format(**ids)
    answer = client.send(client.build_request(method, address, **_content(operation, ids)), stream=True)
    if "event-stream" not in answer.headers.get("content-type", ""):
        answer.read()
    answer.close()
    return answer


def _content(operation: str, ids: dict[str, str]) -> dict[str, Any]:
    uploads: dict[str, dict[str, Any]] = {
        "upload_dataset": {"params": {"filename": "a.csv"}, "content": CSV},
        "import_model": {"params": {"name": f"imported {new_id()}"}, "content": model_file()},
        "look_at_one_time_token": {"params": {"token": "unknown"}},
        "get_scatter": {"params": {"x": "value", "y": "value"}},
    }
    bodies: dict[str, Any] = {
        "start_detection": {"dataset_id": ids.get("dataset_id"), "algorithm": "zscore"},
        "choose_threshold": {"kind": "contamination", "value": 0.05},
        "change_dataset": {"name": "another name"},
        "change_detection": {"name": "another name"},
        "give_feedback": {"detection_id": ids.get("detection_id"), "index": 3, "verdict": "false"},
        "train_model": {"name": f"trained {new_id()}", "dataset_id": ids.get("dataset_id"), "algorithm": "zscore"},
        "promote_model_version": {"stage": "staging"},
        "score_rows": {"rows": [{"load": 50, "errors": 2, "site": "north"}]},
        "create_user": {"username": f"u-{new_id()}", "role": "viewer"},
        "change_user": {"role": "analyst"},
        "create_api_key": {"name": "a key"},
        "change_password": {"current_password": PASSWORD, "new_password": f"{PASSWORD} and longer"},
        "sign_in": {"username": "nobody-of-this-name", "password": PASSWORD},
        "refresh_session": {"refresh_token": "unknown"},
    }
    return {"json": bodies[operation]} if operation in bodies else uploads.get(operation, {})


_PASSING = {"sessions", "refresh_tokens", "processes"}
_CHANGING = {"users", "api_keys", "jobs"}


def state_of(running: Running, operation: str) -> dict[str, set[Any]]:
    """Return what an operation may have changed: of users, keys and jobs, which change by themselves, only who they are."""
    kept: dict[str, set[Any]] = {}
    if OPERATIONS[operation][0] == "GET":
        return kept
    with running.platform.database.read() as connection:
        for table in metadata.sorted_tables:
            if table.name in _CHANGING:
                kept[table.name] = set(connection.execute(sa.select(table.c.id, table.c.tenant_id)))
            elif table.name not in _PASSING:
                kept[table.name] = {repr(row) for row in connection.execute(sa.select(table))}
    return kept
