"""What only PostgreSQL can do to a request: be away, and refuse a text. The other tests run on both databases."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.fixtures_databases import Cluster
from tests.presentation.api.running import PASSWORD, code_of, serving, taxi_csv, upload, wait_for

pytestmark = pytest.mark.postgresql
DATABASES = [pytest.param("postgresql")]

CSV = b"".join(taxi_csv().splitlines(keepends=True)[:1000])


def test_text_that_postgresql_cannot_keep_is_an_error_of_the_caller(client: httpx.Client) -> None:
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
