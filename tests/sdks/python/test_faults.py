"""What a client makes of a network and a server that fail: every call ends once, and nothing is made twice."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

import anomaly_detection_client as sdk
from tests.presentation.api.running import Running
from tests.sdks.python.either import Either
from tests.sdks.python.faults import Fault, Faulty

ROWS = b"a,b\n" + b"".join(f"{row % 17},{row % 5}\n".encode() for row in range(300))
MANY_ROWS = b"a,b,c\n" + b"".join(f"{row % 17},{row % 5},word {row % 11}\n".encode() for row in range(300_000))


def named(either: Either, client: object, name: str) -> list[sdk.DatasetSummary]:
    return [item for item in either.get(client.datasets.list()) if item.name == name]  # type: ignore[attr-defined]


FAULTS = {
    "request lost": Fault(lose_request_after=100),
    "answer lost": Fault(lose_answer_after=0),
    "half an answer": Fault(lose_answer_after=20),
    "busy": Fault(status=429, headers={"Retry-After": "0"}),
    "proxy without server": Fault(status=502),
    "server restarts": Fault(status=503),
    "too slow for the proxy": Fault(status=504),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_an_upload_arrives_once(either: Either, proxy: Faulty, token: str, fault: Fault) -> None:
    client = either.client(proxy.url, token=token)
    name = uuid4().hex
    proxy.add(fault, fault)
    uploaded = either.get(client.datasets.upload(ROWS, name=name))
    assert (uploaded.name, uploaded.n_rows) == (name, 300)
    posts = [item for item in proxy.requests if item.method == "POST"]
    assert len(posts) == 3
    assert len({item.headers["Idempotency-Key"] for item in posts}) == 1
    assert [item.id for item in named(either, client, name)] == [uploaded.id]


def test_an_answer_that_is_still_being_made_is_waited_for(either: Either, proxy: Faulty, token: str) -> None:
    client = either.client(proxy.url, token=token, retries=1)
    name = uuid4().hex
    proxy.add(Fault("POST", "datasets", hurry=True))
    uploaded = either.get(client.datasets.upload(MANY_ROWS, name=name))
    assert uploaded.n_rows == 300_000
    assert len(named(either, client, name)) == 1


def test_two_calls_are_two_things_and_a_key_of_ones_own_makes_them_one(
    either: Either, running: Running, token: str
) -> None:
    client = either.client(running.url, token=token)
    first, second = (either.get(client.datasets.upload(ROWS, name="twice")) for _ in range(2))
    assert first.id != second.id
    key = uuid4().hex
    first, second = (either.get(client.datasets.upload(ROWS, name="once", idempotency_key=key)) for _ in range(2))
    assert first == second
    with pytest.raises(sdk.InvalidInput) as caught:
        either.get(client.datasets.upload(ROWS, name="another", idempotency_key=key))
    assert caught.value.code == "api.idempotency_key_reused"


def test_a_detection_is_ordered_once(either: Either, proxy: Faulty, token: str) -> None:
    client = either.client(proxy.url, token=token)
    dataset = either.get(client.datasets.upload(ROWS))
    proxy.add(Fault("POST", "detections", lose_answer_after=0), Fault("POST", "detections", status=503))
    ordered = either.get(client.detections.start(dataset.id))
    assert [item.id for item in either.get(client.detections.list(dataset_id=dataset.id))] == [ordered.id]
    proxy.add(Fault("GET", "detections/", lose_answer_after=0), Fault("GET", "detections/", status=502))
    assert either.get(client.detections.wait(ordered.id)).status == "succeeded"


def test_what_was_deleted_by_a_lost_answer_is_deleted(either: Either, proxy: Faulty, token: str) -> None:
    client = either.client(proxy.url, token=token)
    dataset = either.get(client.datasets.upload(ROWS))
    proxy.add(Fault("DELETE", "datasets", lose_answer_after=0))
    assert either.get(client.datasets.delete(dataset.id)) is None
    with pytest.raises(sdk.NotFound):
        either.get(client.datasets.delete(dataset.id))


def test_a_secret_that_was_lost_is_told_to_be_lost(either: Either, proxy: Faulty, token: str) -> None:
    client = either.client(proxy.url, token=token)
    name = f"lost.{uuid4().hex[:12]}"
    proxy.add(Fault("POST", lose_answer_after=0))
    with pytest.raises(sdk.Conflict) as caught:
        either.get(client.api_keys.create(name))
    assert caught.value.code == "api.secret_already_shown"
    (made,) = [key for key in either.get(client.api_keys.list()) if key.name == name]
    assert made.id in str(caught.value.errors)
    proxy.add(Fault("POST", lose_answer_after=0))
    with pytest.raises(sdk.Conflict) as caught:
        either.get(client.users.create(name, "viewer"))
    (user,) = [user for user in either.get(client.users.list()) if user.username == name]
    assert user.id in str(caught.value.errors)
    assert either.get(client.users.new_one_time_token(user.id)).one_time_token


def test_no_retries_where_none_are_wanted(either: Either, proxy: Faulty, token: str) -> None:
    client = either.client(proxy.url, token=token, retries=0)
    proxy.add(Fault(status=503))
    with pytest.raises(sdk.Unavailable) as caught:
        either.get(client.jobs.list())
    assert caught.value.status == 503
    assert len(proxy.requests) == 1


def test_retries_end(either: Either, proxy: Faulty, token: str) -> None:
    client = either.client(proxy.url, token=token, retries=2)
    proxy.add(*[Fault(lose_answer_after=0)] * 5)
    with pytest.raises(sdk.Unavailable) as caught:
        either.get(client.roles.list())
    assert caught.value.code == "client.unreachable"
    assert len(proxy.requests) == 3


def test_a_long_wish_to_wait_is_the_callers_business(either: Either, proxy: Faulty, token: str) -> None:
    client = either.client(proxy.url, token=token)
    proxy.add(Fault(status=429, headers={"Retry-After": "3600"}))
    with pytest.raises(sdk.TooManyRequests) as caught:
        either.get(client.algorithms.list())
    assert caught.value.retry_after == 3600
    assert len(proxy.requests) == 1


def test_a_wish_to_wait_is_obeyed(either: Either, proxy: Faulty, token: str) -> None:
    client = either.client(proxy.url, token=token)
    proxy.add(Fault(status=429, headers={"Retry-After": "1"}))
    began = time.monotonic()
    assert either.get(client.algorithms.list())
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 500])
def test_what_another_attempt_cannot_change_is_told_at_once(
    either: Either, proxy: Faulty, token: str, status: int
) -> None:
    client = either.client(proxy.url, token=token)
    proxy.add(Fault(status=status, code="test.final"))
    with pytest.raises(sdk.ApiError) as caught:
        either.get(client.algorithms.list())
    assert (caught.value.status, caught.value.code) == (status, "test.final")
    assert len(proxy.requests) == 1


def test_signing_in_is_not_repeated(either: Either, proxy: Faulty, password: str) -> None:
    client = either.client(proxy.url)
    proxy.add(Fault("POST", "sessions", lose_answer_after=0))
    with pytest.raises(sdk.Unavailable):
        either.get(client.sessions.sign_in("ann", password))
    assert proxy.paths("POST") == ["sessions"]


def test_a_server_that_only_starts_is_waited_for(either: Either, running: Running, password: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    client = either.client(f"http://127.0.0.1:{port}", retries=20)
    late: list[Faulty] = []

    def start() -> None:
        time.sleep(0.5)
        late.append(Faulty(running.url, port))

    thread = threading.Thread(target=start)
    thread.start()
    try:
        # Nothing reached anybody, so that even this may be tried again.
        assert either.get(client.sessions.sign_in("ann", password)).user.username == "ann"
    finally:
        thread.join()
        late[0].close()


def pieces() -> Iterator[bytes]:
    for start in range(0, len(MANY_ROWS), 50_000):
        yield MANY_ROWS[start : start + 50_000]


def test_what_can_be_read_once_is_sent_once(either: Either, proxy: Faulty, token: str) -> None:
    client = either.client(proxy.url, token=token)
    name = uuid4().hex
    proxy.add(Fault("POST", "datasets", lose_request_after=200_000))
    with pytest.raises(sdk.Unavailable):
        either.get(client.datasets.upload(pieces(), name=name))
    assert len(proxy.paths("POST")) == 1
    assert named(either, client, name) == []
    assert either.get(client.datasets.upload(pieces(), name=name)).n_rows == 300_000


def test_a_file_is_sent_again_from_its_beginning(either: Either, proxy: Faulty, token: str, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(MANY_ROWS)
    client = either.client(proxy.url, token=token)
    proxy.add(Fault("POST", "datasets", lose_request_after=2_000_000))
    told: list[tuple[int, int | None]] = []
    uploaded = either.get(client.datasets.upload(file, progress=lambda sent, size: told.append((sent, size))))
    assert uploaded.n_rows == 300_000
    assert told[-1] == (len(MANY_ROWS), len(MANY_ROWS))
    starts = [sent for (sent, _), (before, _) in zip(told[1:], told, strict=False) if sent < before]
    assert len(starts) == 1


@pytest.mark.parametrize("change", [-1000, 1000])
def test_a_file_that_changes_meanwhile(either: Either, proxy: Faulty, token: str, tmp_path: Path, change: int) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(MANY_ROWS)

    def write(sent: int, size: int | None) -> None:
        with file.open("rb+") as opened:
            opened.truncate(len(MANY_ROWS) + change)

    with pytest.raises(sdk.ApiError) as caught:
        either.get(either.client(proxy.url, token=token).datasets.upload(file, progress=write))
    assert caught.value.code == "client.not_sent"
    assert len(proxy.paths("POST")) == 1


@pytest.fixture
def finished(either: Either, running: Running, token: str) -> str:
    client = either.client(running.url, token=token)
    dataset = either.get(client.datasets.upload(ROWS))
    return str(either.get(client.detections.wait(either.get(client.detections.start(dataset.id)).id)).id)


def test_a_download_is_whole_or_not_there(
    either: Either, proxy: Faulty, token: str, finished: str, tmp_path: Path
) -> None:
    file = tmp_path / "result.csv"
    file.write_text("what was there before")
    proxy.add(*[Fault("GET", "export", lose_answer_after=1000)] * 2)
    with pytest.raises(sdk.Unavailable):
        either.get(either.client(proxy.url, token=token, retries=0).detections.export(finished, file))
    assert [path.name for path in tmp_path.iterdir()] == ["result.csv"]
    assert file.read_text() == "what was there before"
    told: list[int] = []
    client = either.client(proxy.url, token=token)
    assert either.get(client.detections.export(finished, file, progress=lambda got, _: told.append(got))) == file
    assert len(file.read_text().splitlines()) == 301
    assert [path.name for path in tmp_path.iterdir()] == ["result.csv"]
    assert told[-1] == file.stat().st_size


def test_a_download_into_nowhere(either: Either, running: Running, token: str, finished: str, tmp_path: Path) -> None:
    client = either.client(running.url, token=token)
    with pytest.raises(FileNotFoundError):
        either.get(client.detections.export(finished, tmp_path / "no such folder" / "result.csv"))
