"""The parts that no server is needed for: requests, answers, retries, events."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import numpy as np
import pytest

import anomaly_detection_client as sdk
from anomaly_detection_client.decoding import Decoded
from anomaly_detection_client.errors import ApiError, error_of
from anomaly_detection_client.request import encoded, part
from anomaly_detection_client.resources.events import EventReader
from anomaly_detection_client.retries import Retries


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner(Decoded):
    at: datetime
    count: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer(Decoded):
    name: str
    inner: Inner
    several: list[Inner]
    perhaps: Inner | None = None
    anything: dict[str, Any] | None = None
    word: str = "none"


INNER = {"at": "2026-11-21T10:00:00Z", "count": 3}


def test_an_answer_becomes_values() -> None:
    found = Outer.of({"name": "a", "inner": INNER, "several": [INNER], "perhaps": None, "later": 1})
    moment = datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert found == Outer(name="a", inner=Inner(at=moment, count=3), several=[Inner(at=moment, count=3)])
    assert found.several[0].at.utcoffset() == timedelta()
    assert Inner.of({"at": INNER["at"], "count": None}).count is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "a", "inner": INNER},
        {"name": "a", "inner": [], "several": []},
        {"name": "a", "inner": INNER, "several": INNER},
        {"name": "a", "inner": {**INNER, "at": "yesterday"}, "several": []},
        {"name": "a", "inner": {**INNER, "at": 5}, "several": []},
        [],
        None,
        "text",
    ],
)
def test_another_answer_is_refused(body: Any) -> None:
    with pytest.raises((TypeError, ValueError, LookupError, AttributeError)):
        Outer.of(body)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ({"a": np.float64(1.5), "b": np.int64(2), "c": np.array([1, 2])}, {"a": 1.5, "b": 2, "c": [1, 2]}),
        (
            {"t": datetime(2026, 1, 2, tzinfo=UTC), "d": date(2026, 1, 2)},
            {"t": "2026-01-02T00:00:00+00:00", "d": "2026-01-02"},
        ),
        (["é", True], ["é", True]),
    ],
)
def test_what_json_can_say(value: Any, expected: Any) -> None:
    assert json.loads(encoded(value)) == expected


@pytest.mark.parametrize("value", [{"a": float("inf")}, {"a": {1, 2}}, {"a": 1j}, {(1, 2): 3}], ids=repr)
def test_what_json_cannot_say(value: Any) -> None:
    with pytest.raises(sdk.InvalidInput) as caught:
        encoded(value)
    assert caught.value.code == "client.not_json"


def test_an_identifier_stays_one_part_of_the_path() -> None:
    assert part("../users?x#y z") == "..%2Fusers%3Fx%23y%20z"
    for value in ("", ".", ".."):
        with pytest.raises(sdk.InvalidInput):
            part(value)


@pytest.mark.parametrize("seed", range(3))
def test_pauses_grow_and_differ(seed: int) -> None:
    retries = Retries(limit=9)
    pauses = [retries.pause_before(attempt) for attempt in range(1, 9)]
    assert all(
        min(0.25 * 2 ** (attempt - 1), 8) / 2 <= pause <= min(0.25 * 2 ** (attempt - 1), 8)
        for attempt, pause in enumerate(pauses, 1)
    )
    assert len({retries.pause_before(3) for _ in range(20)}) > 1


def after(status: int, **options: Any) -> float | None:
    error = ApiError("", status=status, code=options.pop("code", ""), retry_after=options.pop("retry_after", None))
    return Retries().after(error, **{"attempt": 1, "waited": 0.0, "repeatable": True, **options})


def test_what_is_tried_again() -> None:
    assert all(after(status) is not None for status in (0, 429, 502, 503, 504))
    assert all(after(status) is None for status in (400, 401, 403, 404, 409, 413, 422, 500, 501, 507))
    assert after(503, attempt=3) is not None
    assert after(503, attempt=4) is None


def test_what_would_be_done_twice_is_not_tried_again() -> None:
    assert after(0, repeatable=False) is None
    assert after(503, repeatable=False) is None
    assert after(0, repeatable=False, unsent=True) is not None


def test_a_wish_of_the_server_counts() -> None:
    assert after(429, retry_after=30.0) == 30.0
    assert after(429, retry_after=61.0) is None
    progress = {"code": "api.idempotency_in_progress", "retry_after": 1.0}
    assert after(409, **progress, attempt=99, waited=500.0) == 1.0
    assert after(409, **progress, attempt=99, waited=600.0) is None
    assert after(409, **progress, repeatable=False) is None


def error(status: int, **headers: str) -> ApiError:
    problem = {"detail": "No.", "code": "a.b", "hint": "Yes.", "request_id": "r", "errors": [{"field": "x"}, 3]}
    return error_of(
        status, httpx.Headers({"Content-Type": "application/problem+json", **headers}), json.dumps(problem).encode()
    )


@pytest.mark.parametrize(
    ("status", "kind", "builtin"),
    [
        (400, sdk.InvalidInput, ValueError),
        (401, sdk.NotSignedIn, Exception),
        (403, sdk.NotAllowed, PermissionError),
        (404, sdk.NotFound, LookupError),
        (409, sdk.Conflict, Exception),
        (413, sdk.TooLarge, ValueError),
        (418, sdk.ApiError, Exception),
        (422, sdk.InvalidInput, ValueError),
        (429, sdk.TooManyRequests, Exception),
        (500, sdk.ServerError, Exception),
        (501, sdk.MissingExtra, ImportError),
        (503, sdk.Unavailable, ConnectionError),
        (507, sdk.Unavailable, ConnectionError),
    ],
)
def test_each_way_to_refuse_is_a_class(status: int, kind: type[ApiError], builtin: type[Exception]) -> None:
    found = error(status)
    assert type(found) is kind
    assert isinstance(found, builtin)
    assert (found.status, found.code, found.hint, found.request_id) == (status, "a.b", "Yes.", "r")
    assert found.errors == ({"field": "x"},)
    assert str(found) == "No. Yes. (code a.b, request r)"


def test_when_to_come_back() -> None:
    assert error(429).retry_after is None
    assert error(429, **{"Retry-After": "7"}).retry_after == 7
    assert error(429, **{"Retry-After": "soon"}).retry_after is None
    later = error(429, **{"Retry-After": format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)})
    assert 200 < (later.retry_after or 0) <= 300
    assert error(429, **{"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}).retry_after == 0


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"errors": 3}', b"[" * 100_000])
def test_odd_problems_are_errors_all_the_same(body: bytes) -> None:
    found = error_of(503, httpx.Headers({"Content-Type": "application/json"}), body)
    assert (type(found), found.message) == (sdk.Unavailable, "The server answered 503.")


def test_events_are_read_from_lines() -> None:
    reader = EventReader()
    lines = [
        ": connected",
        "",
        "event: dataset",
        'data: {"a":',
        "data: 1}",
        "",
        ": ping",
        "",
        "event: x",
        "data: 3",
        "",
        "",
    ]
    dataset = {
        "id": "1", "name": "n", "filename": "f", "kind": "table", "n_rows": 1, "n_columns": 1, "size_bytes": 1,
        "fingerprint": "f", "roles": {}, "created_at": INNER["at"],
    }  # fmt: skip
    lines[3:5] = [f"data: {json.dumps(dataset)}"]
    first, second = [event for line in lines if (event := reader.read(line)) is not None]
    assert first.kind == "dataset"
    assert isinstance(first.value, sdk.DatasetSummary)
    assert first.value.name == "n"
    assert (second.kind, second.value) == ("x", 3)
