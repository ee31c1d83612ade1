"""Uploading: what is understood, what is refused, and that a refusal leaves nothing."""

from __future__ import annotations

import gzip
import http.client
import io
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pyarrow as pa
import pyarrow.parquet
import pytest

from anomaly_detection.shared.scope import Scope
from tests.presentation.api.running import Running, code_of, serving, taxi_csv, upload

CSV = b"time,load,host\n2026-01-01T00:00:00,1.5,a\n2026-01-01T01:00:00,2.5,b\n2026-01-01T02:00:00,,a\n"


def files_below(running: Running) -> list[Path]:
    return [path for path in running.platform.folder.datasets.rglob("*") if path.is_file()]


def test_a_series_is_described(client: httpx.Client) -> None:
    dataset = upload(client, taxi_csv(), "nyc_taxi.csv")
    assert dataset["kind"] == "series"
    assert dataset["n_rows"] == 10320
    assert dataset["filename"] == "nyc_taxi.csv"
    assert dataset["name"] == "nyc_taxi"
    assert dataset["roles"]["time"] == "timestamp"
    assert dataset["roles"]["features"] == ["value"]
    assert dataset["size_bytes"] == len(taxi_csv())
    value = next(column for column in dataset["columns"] if column["name"] == "value")
    assert value["type"] == "number"
    assert value["role"] == "feature"
    assert value["n_missing"] == 0
    assert value["minimum"] < value["maximum"]
    assert value["examples"]
    assert dataset["created_at"].endswith("Z")
    assert client.get(f"/datasets/{dataset['id']}").json() == dataset


def test_a_preview_shows_the_first_rows(client: httpx.Client) -> None:
    dataset = upload(client, CSV)
    preview = client.get(f"/datasets/{dataset['id']}/preview", params={"rows": 2}).json()
    assert preview["columns"] == ["time", "load", "host"]
    assert len(preview["rows"]) == 2
    assert preview["rows"][0][1:] == [1.5, "a"]
    every = client.get(f"/datasets/{dataset['id']}/preview").json()["rows"]
    assert every[2][1] is None


@pytest.mark.parametrize(
    ("content", "filename"),
    [
        (gzip.compress(CSV, mtime=0), "t.csv.gz"),
        (CSV.replace(b",", b"\t"), "t.tsv"),
        (CSV.replace(b",", b";"), "T.CSV"),
        (CSV, "export.of.today"),
    ],
)
def test_other_forms_of_text(client: httpx.Client, content: bytes, filename: str) -> None:
    dataset = upload(client, content, filename)
    assert dataset["n_rows"] == 3
    assert [column["name"] for column in dataset["columns"]] == ["time", "load", "host"]
    assert dataset["filename"] == filename


def test_what_is_wrong_names_the_users_file(client: httpx.Client) -> None:
    answer = client.post("/datasets", params={"filename": "mine.csv"}, content=b"%PDF-1.7")
    assert code_of(answer, 422) == "data.not_text"
    assert "mine.csv" in answer.json()["detail"]


def test_a_parquet_file_is_read_as_one(client: httpx.Client) -> None:
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pa.table({"x": [1.0, 2.0]}), sink)
    assert upload(client, sink.getvalue(), "mine.parquet")["n_rows"] == 2


def test_lists_page_by_cursor(running: Running) -> None:
    running.add_user("lister", tenant="of-lists")
    client = running.client("lister")
    made = [upload(client, CSV, f"{number}.csv")["id"] for number in range(5)]
    assert made == sorted(made)
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = client.get("/datasets", params={"limit": 2, **({"after": cursor} if cursor else {})}).json()
        found += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == made[::-1]
    assert code_of(client.get("/datasets", params={"limit": 0}), 422) == "api.invalid_request"


@pytest.mark.parametrize(
    "filename", ["../../etc/passwd.csv", "C:\\data\\x.csv", "<img src=x>.csv", "a b\u202e\n.csv", "x" * 250 + ".csv"]
)
def test_a_filename_is_a_name_and_no_place(client: httpx.Client, running: Running, filename: str) -> None:
    dataset = upload(client, CSV, filename)
    assert "/" not in dataset["filename"]
    assert "\\" not in dataset["filename"]
    assert dataset["filename"].isprintable()
    root = running.platform.folder.datasets.resolve()
    kept = [path for path in files_below(running) if dataset["id"] in path.parts]
    assert {path.name for path in kept} == {"data.csv", "preview.json", "profile.json"}
    assert all(path.resolve().is_relative_to(root) for path in kept)


@pytest.mark.parametrize(
    ("content", "filename"),
    [
        (b"", "empty.csv"),
        (b"\n\n", "blank.csv"),
        (b"a,b\n", "header.csv"),
        (bytes(range(256)) * 40, "binary.csv"),
        (b"\x7fELF\x02\x01\x01" + bytes(100), "program.csv"),
        ("zeit,größe\n1,ä\n".encode("utf-16-le")[1:], "encoding.csv"),
        (b"a,b\n1,2\n3\n4,5,6\n", "ragged.csv"),
        (gzip.compress(CSV, mtime=0)[:-12], "cut.csv.gz"),
        (b"PAR1" + bytes(50), "cut.parquet"),
        (b'[{"x": 1}, {"x": ', "cut.json"),
    ],
)
def test_what_cannot_be_read_is_refused_and_removed(
    client: httpx.Client, running: Running, content: bytes, filename: str
) -> None:
    before, listed = files_below(running), client.get("/datasets").json()
    answer = client.post("/datasets", params={"filename": filename}, content=content)
    code = code_of(answer, 422)
    assert code.startswith("data.")
    assert answer.json()["hint"]
    assert files_below(running) == before
    assert client.get("/datasets").json() == listed
    assert str(running.platform.folder.root) not in answer.text


@pytest.mark.parametrize("parameters", [{}, {"filename": ""}, {"filename": "x" * 300}, {"filename": "/"}])
def test_a_filename_is_needed(client: httpx.Client, parameters: dict[str, str]) -> None:
    assert code_of(client.post("/datasets", params=parameters, content=CSV), 422).partition(".")[0] in {"api", "data"}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Running]:
    with serving(tmp_path, max_upload_bytes=100_000, max_decompressed_bytes=1_000_000) as running:
        running.add_user("uploader")
        yield running


def lines(n_bytes: int) -> Iterator[bytes]:
    yield b"x,y\n"
    for _ in range(n_bytes // 4):
        yield b"1,2\n"


def test_an_announced_size_is_refused_before_a_byte_is_read(small: Running) -> None:
    client = small.client("uploader")
    parts = urlsplit(small.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    connection.putrequest("POST", "/api/v1/datasets?filename=big.csv")
    connection.putheader("Authorization", client.headers["Authorization"])
    connection.putheader("Content-Length", str(10**12))
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413
    assert b"data.too_large" in answer.read()
    connection.close()
    assert files_below(small) == []


def test_a_size_that_was_not_announced_is_bounded(small: Running) -> None:
    answer = small.client("uploader").post("/datasets", params={"filename": "big.csv"}, content=lines(400_000))
    assert code_of(answer, 413) == "data.too_large"
    assert files_below(small) == []


def test_a_bomb_is_bounded_once_it_is_unpacked(small: Running) -> None:
    bomb = gzip.compress(b"x,y\n" + b"1,2\n" * 5_000_000)
    assert len(bomb) < 100_000
    answer = small.client("uploader").post("/datasets", params={"filename": "bomb.csv.gz"}, content=bomb)
    assert code_of(answer, 413) == "data.too_large"
    assert files_below(small) == []


def test_a_client_that_goes_away_leaves_nothing(small: Running) -> None:
    client = small.client("uploader")
    parts = urlsplit(small.url)
    request = (
        f"POST /api/v1/datasets?filename=a.csv HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: 90000\r\n"
        f"Authorization: {client.headers['Authorization']}\r\n\r\nx,y\n1,2\n"
    )
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as connection:
        connection.sendall(request.encode())
        deadline = time.monotonic() + 10
        incoming = small.platform.folder.datasets
        while not list(incoming.glob("*/.incoming-*")):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    while files_below(small):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert client.get("/datasets").json()["items"] == []


def test_a_large_file_is_not_held_in_memory(tmp_path: Path) -> None:
    import resource

    with serving(tmp_path) as running:
        running.add_user("uploader")
        client = running.client("uploader")
        upload(client, CSV)

        def endless() -> Iterator[bytes]:
            block = b"\x00" * (1 << 20)
            for _ in range(300):
                yield block

        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        answer = client.post("/datasets", params={"filename": "zeros.csv"}, content=endless())
        code_of(answer, 422)
        grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert grown_kib < 150 * 1024


@pytest.mark.parametrize("path", ["/api/v1/datasets?filename=a.csv", "/api/v1/detections"])
def test_a_body_that_stops_coming_is_given_up(
    running: Running, client: httpx.Client, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("anomaly_detection.presentation.api.bodies.IDLE_SECONDS", 0.1)
    before = files_below(running)
    proof = client.headers["Authorization"]
    with socket.create_connection(("127.0.0.1", urlsplit(running.url).port or 0)) as connection:
        connection.settimeout(10)
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {proof}\r\nContent-Length: 99\r\n\r\na,b\n"
        connection.sendall(head.encode())
        answer = b""
        while block := connection.recv(65536):
            answer += block
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"api.body_too_slow" in answer
    assert files_below(running) == before


def test_a_crash_between_file_and_record_leaves_nothing_after_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path) as running:
        running.add_user("ours")
        dataset = upload(running.client("ours"), CSV)
        user = running.platform.accounts.find("ours")
        lost = running.platform.datasets.begin(Scope(user.tenant.id, user.id), filename="b.csv")
        lost.write(CSV)
        with monkeypatch.context() as dying:
            dying.setattr(running.platform.datasets.records, "add", lambda *_: None)
            # The process ends here: the record was never written, and nobody cleaned up.
            dying.setattr(running.platform.datasets.files, "settle", lambda *_: None)
            lost.finish()
        assert len({path.parent for path in files_below(running)}) == 2
    with serving(tmp_path) as running:
        assert {path.parent.name for path in files_below(running)} == {dataset["id"]}
        assert running.client("ours").get(f"/datasets/{dataset['id']}/preview").status_code == 200
