"""The core of the API once more, on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.fixtures_databases import Cluster
from tests.presentation.api.running import PASSWORD, Running, code_of, detect, serving, taxi_csv, upload, wait_for

pytestmark = pytest.mark.postgresql

CSV = b"".join(taxi_csv().splitlines(keepends=True)[:1000])


@pytest.fixture
def on_postgresql(tmp_path: Path, empty_postgres_url: str) -> Iterator[Running]:
    with serving(tmp_path, database_url=empty_postgres_url) as running:
        running.add_user("ours")
        running.add_user("theirs", "admin", tenant="another")
        yield running


def test_sessions(on_postgresql: Running) -> None:
    anonymous = on_postgresql.anonymous()
    wrong = anonymous.post("/sessions", json={"username": "ours", "password": "wrong"})
    assert code_of(wrong, 401) == "auth.invalid_credentials"
    odd = anonymous.post("/sessions", json={"username": "ours' OR 1=1 --", "password": PASSWORD})
    assert code_of(odd, 401) == "auth.invalid_credentials"
    first = on_postgresql.platform.first_sign_in()
    assert first is not None
    body = {"one_time_token": first[0], "new_password": PASSWORD}
    assert anonymous.post("/sessions", json=body).status_code == 201
    client = on_postgresql.client("ours")
    assert client.delete("/sessions/current").status_code == 204
    assert code_of(client.get("/datasets"), 401) == "auth.token_invalid"


def test_tenants_are_strangers(on_postgresql: Running) -> None:
    ours, theirs = on_postgresql.client("ours"), on_postgresql.client("theirs")
    dataset = upload(ours, CSV, "a.csv")
    detection = detect(ours, dataset["id"])
    assert detection["status"] == "succeeded", detection["error"]
    paths = [f"/datasets/{dataset['id']}", f"/datasets/{dataset['id']}/preview", f"/jobs/{detection['job_id']}"]
    views = ("", "/result", "/anomalies", "/series", "/distribution")
    paths += [f"/detections/{detection['id']}{view}" for view in views]
    for path in paths:
        assert ours.get(path).status_code == 200, path
        code_of(theirs.get(path), 404)
    code_of(theirs.post("/detections", json={"dataset_id": dataset["id"]}), 404)
    code_of(theirs.post(f"/detections/{detection['id']}/cancel"), 404)
    moved = {"kind": "score", "value": 1}
    code_of(theirs.put(f"/detections/{detection['id']}/threshold", json=moved), 404)
    for listing in ("/datasets", "/detections", "/jobs"):
        assert len(ours.get(listing).json()["items"]) == 1
        assert theirs.get(listing).json()["items"] == []


def test_text_that_postgresql_cannot_keep_is_an_error_of_the_caller(on_postgresql: Running) -> None:
    client = on_postgresql.client("ours")
    dataset = upload(client, CSV, "ä\u2028ü.csv")
    assert dataset["filename"] == "äü.csv"
    body = {"dataset_id": dataset["id"], "name": "a\x00b"}
    assert code_of(client.post("/detections", json=body), 400) == "api.malformed_json"
    assert code_of(client.get("/datasets", params={"after": "\x00"}), 422) == "api.invalid_request"


def test_an_outage_of_the_database_is_said_so_and_passes(
    postgres_cluster: Cluster, postgres_url: str, tmp_path: Path
) -> None:
    name = urlsplit(postgres_url).path.lstrip("/")
    with serving(tmp_path, database_url=postgres_url) as running:
        running.add_user("ours")
        client = running.client("ours")
        dataset = upload(client, CSV)
        waiting = client.post("/detections", json={"dataset_id": dataset["id"]}).json()["id"]
        postgres_cluster.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        postgres_cluster.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        credentials = {"username": "ours", "password": PASSWORD}
        for answer in (
            client.get("/datasets"),
            client.post("/datasets", params={"filename": "a.csv"}, content=CSV),
            client.post("/detections", json={"dataset_id": dataset["id"]}),
            client.post("/sessions", json=credentials),
        ):
            assert code_of(answer, 503) == "platform.database_unreachable"
            assert answer.headers["retry-after"]
            assert name not in answer.text
            assert str(postgres_cluster.folder) not in answer.text
        readiness = client.get(f"{running.url}/health/readiness")
        assert readiness.status_code == 503
        assert str(postgres_cluster.folder) not in readiness.text
        assert client.get(f"{running.url}/metrics").status_code == 200
        postgres_cluster.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
        assert wait_for(client, waiting)["status"] == "succeeded"
        assert client.get(f"{running.url}/health/readiness").status_code == 200
        assert len(client.get("/datasets").json()["items"]) == 1
