"""The header Idempotency-Key: a request that is sent again makes nothing twice, whatever happened to the first one."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zlib import crc32

import httpx
import pytest
import sqlalchemy as sa

from anomaly_detection.detection.detector import create_detector
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.tables import idempotency_keys
from anomaly_detection.shared.identity import new_id
from tests.presentation.api.process import server
from tests.presentation.api.running import Running, code_of, detect, upload, wait_for

CSV = b"x,y\n" + b"".join(b"%d,%d\n" % (number, number % 7) for number in range(60))


@pytest.fixture(scope="module")
def dataset_id(running: Running) -> str:
    return str(upload(running.known("the-analyst"), CSV)["id"])


@pytest.fixture
def key() -> dict[str, str]:
    return {"Idempotency-Key": new_id()}


def put_data(client: httpx.Client, headers: dict[str, str], content: bytes = CSV, **more: str) -> httpx.Response:
    parameters = {"filename": "a.csv", **more}
    return client.post("/datasets", params=parameters, content=content, headers=headers)


def total(client: httpx.Client, what: str) -> int:
    """Return how many there are of what a request makes; of models the versions."""
    items = client.get(what.removesuffix("/import"), params={"limit": 200}).json()["items"]
    return sum(item.get("n_versions", 1) for item in items)


Post = Callable[[httpx.Client, dict[str, str]], httpx.Response]


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("model") / "a.adm"
    create_detector("zscore").fit([[float(number), float(number % 7)] for number in range(60)]).save(path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def detection_id(running: Running, dataset_id: str) -> str:
    return str(detect(running.known("the-analyst"), dataset_id, algorithm="zscore")["id"])


@pytest.fixture
def requests(dataset_id: str, detection_id: str, model_file: bytes) -> dict[str, Post]:
    """Return a request for each thing that is made and can be shown again."""
    return {
        "/datasets": put_data,
        "/detections": lambda client, headers: client.post(
            "/detections", json={"dataset_id": dataset_id, "algorithm": "zscore"}, headers=headers
        ),
        "/feedback": lambda client, headers: client.post(
            "/feedback",
            # A row of the key's own: what is said of a row replaces what was said before.
            json={"detection_id": detection_id, "index": crc32(str(headers).encode()) % 60, "verdict": "true"},
            headers=headers,
        ),
        "/models": lambda client, headers: client.post(
            "/models", json={"name": "trained", "dataset_id": dataset_id, "algorithm": "zscore"}, headers=headers
        ),
        "/models/import": lambda client, headers: client.post(
            "/models/import", params={"name": "imported"}, content=model_file, headers=headers
        ),
    }


MAKING = ["/datasets", "/detections", "/feedback", "/models", "/models/import"]


@pytest.mark.parametrize("what", MAKING)
def test_the_same_request_again_gets_the_same_thing(
    client: httpx.Client, requests: dict[str, Post], key: dict[str, str], what: str
) -> None:
    first = requests[what](client, key)
    before = total(client, what)
    again = requests[what](client, key)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.status_code == first.status_code
    assert again.headers["location"] == first.headers["location"]
    assert again.json()["id"] == first.json()["id"]
    assert total(client, what) == before
    other = requests[what](client, {"Idempotency-Key": new_id()})
    assert other.json()["id"] != first.json()["id"]


def test_the_answer_is_the_present_state(client: httpx.Client, requests: dict[str, Post], key: dict[str, str]) -> None:
    first = requests["/detections"](client, key).json()
    ended = wait_for(client, first["id"])
    assert requests["/detections"](client, key).json() == ended


@pytest.mark.parametrize("what", MAKING)
def test_twenty_at_once_make_one(
    running: Running, client: httpx.Client, requests: dict[str, Post], key: dict[str, str], what: str
) -> None:
    before = total(client, what)
    authorization = client.headers["Authorization"]

    def ask(_number: int) -> httpx.Response:
        with httpx.Client(base_url=client.base_url, timeout=60, headers={"Authorization": authorization}) as own:
            while True:
                answer = requests[what](own, key)
                if answer.status_code != 409:
                    return answer
                assert code_of(answer, 409) == "api.idempotency_in_progress"
                assert answer.headers["retry-after"] == "1"

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(ask, range(20)))
    assert {answer.status_code for answer in answers} <= {201, 202}, [answer.text for answer in answers]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert total(client, what) == before + 1


def test_another_request_may_not_use_the_key(client: httpx.Client, dataset_id: str, key: dict[str, str]) -> None:
    assert put_data(client, key).status_code == 201
    order = {"dataset_id": dataset_id, "algorithm": "zscore"}
    for answer in (
        put_data(client, key, CSV + b"1,2\n"),
        put_data(client, key, name="another"),
        put_data(client, key, filename="b.csv"),
        client.post("/detections", json=order, headers=key),
    ):
        assert code_of(answer, 422) == "api.idempotency_key_reused"
    second = {"Idempotency-Key": new_id()}
    assert client.post("/detections", json=order, headers=second).status_code == 202
    code_of(client.post("/detections", json={**order, "name": "b"}, headers=second), 422)
    # What means the same is the same, however it is written.
    spaced = client.post("/detections", json={"algorithm": "zscore", "name": None, **order}, headers=second)
    assert spaced.headers["idempotency-replayed"] == "true"


def test_a_failed_request_frees_its_key(client: httpx.Client, dataset_id: str, key: dict[str, str]) -> None:
    assert code_of(put_data(client, key, b"%PDF-1.7"), 422) == "data.not_text"
    assert put_data(client, key).status_code == 201
    second = {"Idempotency-Key": new_id()}
    wrong = client.post("/detections", json={"dataset_id": dataset_id, "algorithm": "nothing"}, headers=second)
    assert code_of(wrong, 422) == "detection.unknown_algorithm"
    right = client.post("/detections", json={"dataset_id": dataset_id, "algorithm": "zscore"}, headers=second)
    assert right.status_code == 202


def test_keys_belong_to_one_caller(running: Running, client: httpx.Client, key: dict[str, str]) -> None:
    first = put_data(client, key).json()["id"]
    for other in ("the-admin", "stranger"):
        answer = put_data(running.known(other), key)
        assert answer.status_code == 201
        assert answer.json()["id"] != first
    assert code_of(put_data(running.known("the-viewer"), key), 403) == "auth.not_allowed"


@pytest.mark.parametrize(
    ("path", "body", "whose"),
    [("/users", {"username": "newcomer", "role": "viewer"}, "user"), ("/api-keys", {"name": "a"}, "key")],
)
def test_a_secret_is_shown_once(
    running: Running, key: dict[str, str], path: str, body: dict[str, str], whose: str
) -> None:
    administrator = running.known("the-admin")
    before = total(administrator, path)
    first = administrator.post(path, json=body, headers=key)
    assert first.status_code == 201
    again = administrator.post(path, json=body, headers=key)
    assert code_of(again, 409) == "api.secret_already_shown"
    assert again.json()["errors"][0]["id"] == first.json()[whose]["id"]
    assert total(administrator, path) == before + 1
    assert code_of(administrator.post(path, json={**body, whose: 1}, headers=key), 422) == "api.invalid_request"


@pytest.mark.parametrize("given", ["", "x" * 201, "\u00fc", "a\tb"])
def test_a_key_is_a_short_text(client: httpx.Client, given: str) -> None:
    answer = put_data(client, {"Idempotency-Key": given.encode()})  # type: ignore[dict-item]
    assert code_of(answer, 422) == "api.invalid_request"


def test_an_upload_whose_server_was_killed_can_be_sent_again(tmp_path: Path, key: dict[str, str]) -> None:
    content = b"x,y\n" + b"1.25,2.5\n" * 3_000_000
    with server(tmp_path) as first:
        first.wait_until_ready()
        watched = Database(f"sqlite:///{tmp_path / 'platform.db'}")
        with first.client() as client, ThreadPoolExecutor(1) as pool:
            sending = pool.submit(put_data, client, key, content)
            deadline = time.monotonic() + 60
            while not claims(watched):
                assert time.monotonic() < deadline
                assert not sending.done(), sending.result().text
                time.sleep(0.001)
            first.stop(signal.SIGKILL)
            assert isinstance(sending.exception(60), httpx.TransportError)
        watched.dispose()
    with server(tmp_path) as second:
        second.wait_until_ready()
        with second.client() as client:
            listed = client.get("/datasets").json()["items"]
            answer = put_data(client, key, content)
            assert answer.status_code == 201, answer.text
            # Where the record was written just before the end, it is what is shown.
            assert [answer.json()["id"]] == [item["id"] for item in listed] or not listed
            assert total(client, "/datasets") == 1
            assert put_data(client, key, content).headers["idempotency-replayed"] == "true"


def claims(database: Database) -> list[str]:
    with database.read() as connection:
        query = sa.select(idempotency_keys.c.resource_id).where(idempotency_keys.c.claimed_by.is_not(None))
        return list(connection.execute(query).scalars())
