"""The client and the API name the same things: every operation has a call, every field of an answer a place."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from typing import Any

import pytest

import anomaly_detection_client as sdk
from anomaly_detection.presentation.api.app import describe_app
from anomaly_detection.presentation.api.openapi import OPEN_OPERATIONS
from anomaly_detection_client.core import Core
from anomaly_detection_client.credentials import Credentials, refresh
from anomaly_detection_client.flow import Alone, Answer, Pause, Send
from anomaly_detection_client.operations import Operation
from anomaly_detection_client.resources.events import stream
from anomaly_detection_client.retries import Retries
from anomaly_detection_client.values import accounts, charts, datasets, detections, models, work

PLACEHOLDER = "0000"
OUTSIDE = {"liveness", "readiness", "metrics"}
"""What is asked by those who run the server, not by those who use it."""


class _Sent(Exception):
    def __init__(self, send: Send) -> None:
        super().__init__()
        self.send = send


class _Stopping:
    """Carries nothing out: tells what would have been sent."""

    def __init__(self) -> None:
        self.core = Core(Credentials(token="t"), Retries())

    def run(self, flow: Iterator[Any]) -> None:
        for step in flow:
            assert not isinstance(step, Pause | Alone | Answer)
            raise _Sent(step)

    def perform(self, request: Any) -> None:
        self.run(self.core.exchange(request))

    pages = perform


@cache
def _requests() -> dict[str, tuple[str, str]]:
    """Return the method and the path that each call sends first; identifiers are placeholders."""
    found = {"sessions (renewed)": _first(lambda: _Stopping().perform(refresh("t")))}
    found["events.listen"] = _first(lambda: _Stopping().perform(stream()))
    for name, resource in vars(sdk.Client()).items():
        if name.startswith("_") or name == "events":
            continue
        resource.transport = _Stopping()
        for call in dir(type(resource)):
            if not call.startswith("_"):
                found[f"{name}.{call}"] = _first(_filled(getattr(resource, call)))
    return found


def _filled(call: Any) -> Any:
    """Return a call with something for each argument that must be given."""
    given = {
        name: _anything(str(parameter.annotation))
        for name, parameter in inspect.signature(call).parameters.items()
        if parameter.default is inspect.Parameter.empty
    }
    return lambda: call(**given)


def _anything(annotation: str) -> Any:
    kinds = {"int": 0, "float": 0.5, "Source": b"x", "str | Path": "file.csv", "bool | str | None": None}
    if annotation.startswith("Iterable"):
        return []
    return __import__("pyarrow").table({"x": [1]}) if annotation == "Table" else kinds.get(annotation, PLACEHOLDER)


def _first(call: Any) -> tuple[str, str]:
    with pytest.raises(_Sent) as caught:
        call()
    sent = caught.value.send
    return sent.method, re.sub(rf"(?<=/)({PLACEHOLDER}|0)(?=/|$)", "{}", f"/api/v1/{sent.path}")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return dict(describe_app().openapi())


def test_every_operation_has_a_call_and_every_call_its_operation(document: dict[str, Any]) -> None:
    operations = {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path)): operation["operationId"]
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    called = set(_requests().values())
    assert {operation for request, operation in operations.items() if request not in called} == OUTSIDE
    assert {call for call, request in _requests().items() if request not in operations} == set()
    assert OUTSIDE <= OPEN_OPERATIONS


ANSWERS: dict[str, Any] = {
    "ApiKey": accounts.ApiKey,
    "NewApiKey": accounts.NewApiKey,
    "OneTime": accounts.OneTime,
    "Role": accounts.Role,
    "NewUser": accounts.Invitation,
    "Algorithm": work.Algorithm,
    "Job": work.Job,
    "JobSubject": work.JobSubject,
    "Dataset": datasets.Dataset,
    "DatasetSummary": datasets.DatasetSummary,
    "Column": datasets.Column,
    "ColumnProfile": datasets.ColumnProfile,
    "Profile": datasets.Profile,
    "Detection": detections.Detection,
    "Summary": detections.Summary,
    "RankedAnomaly": detections.Anomaly,
    "AnomalyStory": detections.AnomalyDetail,
    "SimilarAnomaly": detections.SimilarAnomaly,
    "NormalRow": detections.NormalNeighbour,
    "Explanation": detections.Explanation,
    "Contribution": detections.Contribution,
    "ModelReference": detections.ModelReference,
    "Feedback": detections.Feedback,
    "SeriesView": detections.SeriesView,
    "Curve": charts.Curve,
    "Distribution": charts.Distribution,
    "Scatter": charts.Scatter,
    "Importance": charts.Importance,
    "OverviewLane": charts.Lane,
    "Bucket": charts.Bucket,
    "Counts": charts.Counts,
    "Overview": charts.Overview,
    "Model": models.Model,
    "ModelVersion": models.ModelVersion,
    "Scores": models.Scores,
}
"""What the client makes of the schemas of answers."""


@pytest.mark.parametrize("name", ANSWERS)
def test_every_field_of_an_answer_has_its_place(document: dict[str, Any], name: str) -> None:
    schemas = document["components"]["schemas"]
    assert name in schemas, sorted(schemas)
    assert {field.name for field in fields(ANSWERS[name])} == set(schemas[name]["properties"])


def test_calls_take_what_operations_take(document: dict[str, Any]) -> None:
    """Every filter of a list can be given; `limit` is called page_size, `after` is the client's own business."""
    by_request = {request: call for call, request in _requests().items()}
    client = sdk.Client()
    missing = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            call = by_request.get((method.upper(), re.sub(r"\{\w+\}", "{}", path)))
            if call is None or "(" in call or call == "events.listen":
                continue
            resource, _, name = call.partition(".")
            taken = set(inspect.signature(getattr(getattr(client, resource), name)).parameters)
            taken |= {"limit", "after", "filename", "all"}
            asked = {item["name"] for item in operation.get("parameters", []) if item["in"] == "query"}
            missing += [f"{call}: {parameter}" for parameter in asked - taken]
    assert missing == []


def test_each_call_describes_itself() -> None:
    assert isinstance(type(sdk.Client().users).get, Operation)
    assert str(inspect.signature(sdk.Client().users.get)) == "(user_id: 'str') -> 'User'"
    assert str(inspect.signature(sdk.Client().detections.list)).endswith("-> 'Iterator[Detection]'")
    assert str(inspect.signature(sdk.Client().detections.wait)).endswith("-> 'Detection'")
