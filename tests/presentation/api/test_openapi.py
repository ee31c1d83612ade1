"""The API describes itself completely, and the committed description is the present one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

from anomaly_detection.presentation.api.app import describe_app
from anomaly_detection.presentation.api.openapi import OPEN_OPERATIONS
from scripts.openapi import SNAPSHOT, document
from tests.fixtures_databases import SQLITE
from tests.presentation.api.running import Running, code_of

DATABASES = SQLITE
DOCUMENT = describe_app().openapi()
OPERATIONS = [
    pytest.param(path, method, operation, id=f"{method} {path}")
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


def test_the_snapshot_is_current() -> None:
    assert SNAPSHOT.read_text("utf-8") == document(), "run scripts/openapi.py"


def test_the_contract_is_there() -> None:
    v1 = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, methods in DOCUMENT["paths"].items()
        for method in methods
    }
    assert v1 == {
        "POST /sessions",
        "POST /sessions/refresh",
        "GET /sessions/one-time",
        "GET /sessions/current",
        "DELETE /sessions/current",
        "PUT /sessions/current/password",
        "GET /users",
        "POST /users",
        "GET /users/{user_id}",
        "PATCH /users/{user_id}",
        "DELETE /users/{user_id}",
        "POST /users/{user_id}/one-time-token",
        "GET /roles",
        "GET /api-keys",
        "POST /api-keys",
        "DELETE /api-keys/{api_key_id}",
        "POST /datasets",
        "GET /datasets",
        "GET /datasets/{dataset_id}",
        "PATCH /datasets/{dataset_id}",
        "DELETE /datasets/{dataset_id}",
        "GET /datasets/{dataset_id}/preview",
        "GET /datasets/{dataset_id}/profile",
        "GET /algorithms",
        "POST /detections",
        "GET /detections",
        "GET /detections/{detection_id}",
        "PATCH /detections/{detection_id}",
        "DELETE /detections/{detection_id}",
        "POST /detections/{detection_id}/cancel",
        "PUT /detections/{detection_id}/threshold",
        "GET /detections/{detection_id}/result",
        "GET /detections/{detection_id}/anomalies",
        "GET /detections/{detection_id}/anomalies/{row}",
        "GET /detections/{detection_id}/series",
        "GET /detections/{detection_id}/distribution",
        "GET /detections/{detection_id}/scatter",
        "GET /detections/{detection_id}/importance",
        "GET /detections/{detection_id}/export",
        "GET /overview",
        "POST /feedback",
        "GET /feedback",
        "DELETE /feedback/{feedback_id}",
        "POST /models",
        "POST /models/import",
        "GET /models",
        "GET /models/{model_id}",
        "DELETE /models/{model_id}",
        "POST /models/{model_id}/archive",
        "POST /models/{model_id}/restore",
        "GET /models/{model_id}/versions",
        "GET /models/{model_id}/versions/{version}",
        "DELETE /models/{model_id}/versions/{version}",
        "POST /models/{model_id}/versions/{version}/promote",
        "POST /models/{model_id}/versions/{version}/archive",
        "POST /models/{model_id}/versions/{version}/cancel",
        "GET /models/{model_id}/versions/{version}/file",
        "POST /models/{model_id}/score",
        "GET /jobs",
        "GET /jobs/{job_id}",
        "POST /jobs/{job_id}/cancel",
        "GET /events",
        "GET /health/liveness",
        "GET /health/readiness",
        "GET /metrics",
    }


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_each_operation_is_complete(path: str, method: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]
    assert len(operation["tags"]) == 1
    assert not [item["name"] for item in operation.get("parameters", []) if not item.get("description")]
    assert operation["responses"]["default"]["content"].keys() == {"application/problem+json"}
    good = [status for status in operation["responses"] if status.startswith("2")]
    assert len(good) == 1
    answer = operation["responses"][good[0]]
    assert good == ["204"] or answer["content"]
    assert ("security" in operation) == (operation["operationId"] not in OPEN_OPERATIONS)
    assert ("security" in operation) <= ({"401", "403", "429"} <= operation["responses"].keys())
    assert all(answer["description"] for answer in operation["responses"].values())


BODIES_AND_EXAMPLES = [
    pytest.param(content["schema"], example["value"], id=f"{method} {path} {name}")
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    for kind, content in operation.get("requestBody", {}).get("content", {}).items()
    if kind == "application/json"
    for name, example in content["examples"].items()
]


@pytest.mark.parametrize(("schema", "example"), BODIES_AND_EXAMPLES)
def test_examples_are_what_their_schema_says(schema: dict[str, Any], example: Any) -> None:
    jsonschema_rs.validator_for({**schema, "components": DOCUMENT["components"]}).validate(example)


def test_every_tag_is_explained() -> None:
    used = {operation["tags"][0] for methods in DOCUMENT["paths"].values() for operation in methods.values()}
    assert {tag["name"] for tag in DOCUMENT["tags"] if tag["description"]} == used


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_what_is_not_open_needs_a_session(running: Running, path: str, method: str, operation: dict[str, Any]) -> None:
    address = running.url + path.replace("{", "").replace("}", "")
    answer = httpx.request(method, address, params={"filename": "a.csv", "token": "t"}, json={})
    if operation["operationId"] in OPEN_OPERATIONS:
        assert answer.status_code != 403
        assert answer.json().get("code") != "auth.not_signed_in" if "json" in answer.headers["content-type"] else True
    else:
        assert code_of(answer, 401) == "auth.not_signed_in"


def test_references_resolve() -> None:
    schemas = DOCUMENT["components"]["schemas"]

    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if "$ref" in value else []
            return own + [found for item in value.values() for found in references(item)]
        return [found for item in value for found in references(item)] if isinstance(value, list) else []

    assert {found.rpartition("/")[2] for found in references(DOCUMENT)} <= set(schemas)


def test_the_reference_page_names_every_endpoint_and_loads_nothing(running: Running) -> None:
    page = httpx.get(f"{running.url}/api/docs")
    assert page.status_code == 200
    assert all(path in page.text for path in DOCUMENT["paths"])
    assert "<script" not in page.text
    assert "src=" not in page.text
    assert httpx.get(f"{running.url}/openapi.json").json() == DOCUMENT
    assert Path(SNAPSHOT).name == "openapi.json"
