"""Requests made from the API's own description, good and bad ones: none is a failure of ours, each answer is as described.

`make test` sends a few of each kind to every operation, on the database that is pickier about values; `make test-full`
(ANOMALY_DETECTION_TEST_FULL=1) sends many, on both.
"""

from __future__ import annotations

import os
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from anomaly_detection.presentation.api.app import describe_app
from anomaly_detection.shared.identity import new_id
from tests.conftest import TEST_PREFIX
from tests.fixtures_databases import BOTH
from tests.presentation.api.model_files import import_model
from tests.presentation.api.running import Running, detect, upload

ARROW = "application/vnd.apache.arrow.stream"
CSV = b"time,x,y\n" + b"".join(b"2026-01-01T%02d:00:00,%d,%d\n" % (n % 24, n, n % 7) for n in range(60))
FULL = os.environ.get(f"{TEST_PREFIX}FULL") == "1"
DATABASES = BOTH if FULL else BOTH[1:]
EXAMPLES = 100 if FULL else 6
ENDLESS = "listen"
"""A stream of events has no end that could be waited for; it has tests of its own."""


def configuration() -> SchemathesisConfig:
    config = SchemathesisConfig()
    config._seed = 20261121
    return config


api = schemathesis.openapi.from_dict(describe_app().openapi(), config=configuration())


@schemathesis.serializer(ARROW)
def as_it_is(_ctx: object, value: bytes) -> bytes:
    """Send bytes that were made up for a binary body."""
    return value if isinstance(value, bytes) else repr(value).encode()


@schemathesis.check
def no_failure_of_ours(_ctx: object, response: Any, _case: Any) -> None:
    """Even where the document says how a failure looks, none may happen."""
    assert response.status_code < 500 or response.status_code == 501, response.text


@schemathesis.check
def refusals_are_described(_ctx: object, response: Any, case: schemathesis.Case) -> None:
    """The document names each status that an operation answers with, not only a default."""
    own_method = case.method.upper() == case.operation.method.upper()
    if own_method and response.status_code != 405:
        assert str(response.status_code) in case.operation.definition.raw["responses"], response.text


CHECKS = [
    no_failure_of_ours,
    refusals_are_described,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
    negative_data_rejection,
]


@pytest.fixture(scope="module")
def ids(running: Running) -> dict[str, str]:
    client = running.known("the-analyst")
    dataset = upload(client, CSV)
    detection = detect(client, dataset["id"], algorithm="zscore")
    said = client.post("/feedback", json={"detection_id": detection["id"], "index": 3, "verdict": "true"})
    return {
        "dataset_id": dataset["id"],
        "detection_id": detection["id"],
        "job_id": detection["job_id"],
        "feedback_id": said.json()["id"],
        "model_id": import_model(client)["model_id"],
    }


@pytest.fixture
def headers(running: Running) -> dict[str, str]:
    # Nobody else's account, because it may be locked or signed out by what is sent.
    username = f"u-{new_id()}"
    running.add_user(username, "admin")
    return {"Authorization": running.client(username).headers["Authorization"]}


@api.exclude(operation_id=ENDLESS).parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_api_does_what_it_says(
    case: schemathesis.Case, running: Running, ids: dict[str, str], headers: dict[str, str]
) -> None:
    checks = CHECKS[:-1] if aim(case, ids) else CHECKS
    case.call_and_validate(base_url=running.url, headers=headers, checks=checks, timeout=60)


def aim(case: schemathesis.Case, ids: dict[str, str]) -> bool:
    """Put ids of what is there into two of three requests, others end at the first look-up; tell whether one was changed."""
    if case.method == "DELETE":
        return False
    aimed = False
    for place in (case.path_parameters, case.body if isinstance(case.body, dict) else {}):
        for name, value in dict(place or {}).items():
            if name in ids and isinstance(value, str) and crc32(value.encode("utf-8", "replace")) % 3:
                place[name] = ids[name]
                aimed = True
    return aimed
