"""What somebody sends who means harm, beyond what the tests of each resource send already."""

from __future__ import annotations

import gzip
import io
import json
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from anomaly_detection.shared.identity import new_id
from tests.fixtures_databases import SQLITE
from tests.presentation.api.process import ServerProcess, server
from tests.presentation.api.running import PASSWORD, Running, code_of, upload

DATABASES = SQLITE
CSV = b"x,y\n" + b"".join(b"%d,%d\n" % (number, number % 7) for number in range(60))


def raw(running: Running, request: bytes) -> bytes:
    """Send bytes and return everything that comes back until the server closes the connection."""
    parts = urlsplit(running.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30) as connection:
        connection.sendall(request)
        answer = b""
        while block := connection.recv(65536):
            answer += block
    return answer


SMUGGLED = b"GET /health/liveness HTTP/1.1\r\nHost: x\r\nX-Request-ID: smuggled\r\n\r\n"
POST = b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + SMUGGLED,
        POST + b"Content-Length: 2\r\nContent-Length: 100\r\n\r\n{}" + SMUGGLED,
        POST + b"Content-Length: 2, 100\r\n\r\n{}" + SMUGGLED,
        POST + b"Content-Length: -1\r\n\r\n" + SMUGGLED,
        POST + b"Content-Length: +2\r\n\r\n{}" + SMUGGLED,
        POST + b"Content-Length: 0x2\r\n\r\n{}" + SMUGGLED,
        POST + b"Content-Length: 99999999999999999999999999\r\n\r\n{}" + SMUGGLED,
        POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
        POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
        POST + b"X: a\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        POST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}" + SMUGGLED,
        POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}" + SMUGGLED,
        b"GET /health/liveness HTTP/1.1\nHost: x\n\n" + SMUGGLED,
        b"GET /health/liveness HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n" + SMUGGLED,
        b"GET /health/liveness HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n\r\n" + SMUGGLED,
        b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /health/liveness HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET /health/liveness HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n",
    ],
    ids=range(22),
)
def test_requests_that_two_servers_could_read_in_two_ways_are_refused(running: Running, request_: bytes) -> None:
    answer = raw(running, request_)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"smuggled" not in answer or b"Host" in answer


def test_more_than_was_announced_is_no_part_of_the_file(running: Running, client: httpx.Client) -> None:
    proof = client.headers["Authorization"].encode()
    head = b"POST /api/v1/datasets?filename=lie.csv HTTP/1.1\r\nHost: x\r\nAuthorization: " + proof
    answer = raw(running, head + b"\r\nContent-Length: 16\r\n\r\nx,y\n1,2\n3,4\n5,6\n7,8\n9,9\n")
    assert answer.count(b"HTTP/1.1 ") >= 1
    kept = [item["n_rows"] for item in client.get("/datasets").json()["items"] if item["filename"] == "lie.csv"]
    assert kept in ([], [3])


def test_an_upgrade_is_not_taken(running: Running) -> None:
    head = b"GET /api/v1/jobs HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: "
    for protocol in (b"websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZQ==", b"h2c"):
        assert raw(running, head + protocol + b"\r\n\r\n").startswith(b"HTTP/1.1 401 ")


def test_the_host_is_believed_in_nothing(running: Running, client: httpx.Client) -> None:
    spoofed = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    parameters = {"filename": "a.csv"}
    answer = client.post("/datasets", params=parameters, content=CSV, headers=spoofed)
    assert answer.headers["location"].startswith("/api/v1/datasets/")
    assert "evil" not in str(answer.headers) + answer.text
    through = b"GET http://169.254.169.254/api/v1/jobs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert b"auth.not_signed_in" in raw(running, through)


@pytest.mark.parametrize(
    "path",
    [
        "/../../../../etc/passwd",
        "/assets/../../../../../../etc/passwd",
        "/assets/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/assets/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/assets/..%5c..%5c..%5cetc%5cpasswd",
        "/assets//etc/passwd",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/assets/%c0%ae%c0%ae/etc/passwd",
        "/api/v1/../../platform.db",
        "/keys/signing.key",
        "/api/v1/datasets/%2e%2e%2f%2e%2e%2fplatform.db/preview",
    ],
)
def test_no_path_leads_out_of_the_dashboard(running: Running, path: str) -> None:
    answer = raw(running, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert b"root:" not in answer
    assert b"SQLite format" not in answer
    assert not answer.startswith(b"HTTP/1.1 500 ")
    # An address of the dashboard's own router gets the dashboard's page, whatever it is called.
    assert b"content-type: text/html" in answer or b"content-type: application/problem+json" in answer


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ('"parameters": {"n_neighbors": 1e400}', 422),
        ('"parameters": {"n_neighbors": ' + "9" * 30 + "}", 422),
        ('"parameters": {"n_neighbors": ' + "9" * 5000 + "}", 400),
        ('"threshold": {"kind": "score", "value": ' + "9" * 400 + "}", 422),
        ('"threshold": {"kind": "score", "value": -1e309}', 422),
        ('"parameters": {"__proto__": {"a": 1}, "__class__": 1}', 422),
        ('"parameters": {' + ",".join(f'"k{number}": 1' for number in range(50_000)) + "}", 422),
        ('"parameters": {"' + "k" * 900_000 + '": 1}', 422),
        ('"name": "a\\u0000"', 400),
        ('"name": "a\x00"', 400),
        ('"name": "\\ud83d"', 400),
        ('"name": "' + "x" * 201 + '"', 422),
        ('"name": "x"} {"a": 1', 400),
    ],
    ids=range(13),
)
def test_json_that_tries_limits(client: httpx.Client, change: str, status: int) -> None:
    dataset_id = upload(client, CSV)["id"]
    body = f'{{"dataset_id": "{dataset_id}", "algorithm": "knn", {change}}}'
    code_of(client.post("/detections", content=body.encode(), headers=JSON), status)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "latin-1", "utf-7"])
def test_json_in_another_encoding_goes_round_no_check(anonymous: httpx.Client, encoding: str) -> None:
    body = json.dumps({"username": "the-ünalyst", "password": PASSWORD}, ensure_ascii=False).encode(encoding)
    for deep in (body, ("[" * 100_000).encode(encoding)):
        answer = anonymous.post("/sessions", content=deep, headers=JSON)
        assert answer.status_code in {400, 401, 422}
        assert answer.json()["code"] in {"api.malformed_json", "api.bad_request", "auth.invalid_credentials"}


def test_a_key_that_is_there_twice_means_its_last_value(client: httpx.Client) -> None:
    dataset_id = upload(client, CSV)["id"]
    body = f'{{"dataset_id": "nothing", "dataset_id": "{dataset_id}", "algorithm": "knn", "algorithm": "zscore"}}'
    answer = client.post("/detections", content=body, headers=JSON)
    assert answer.json()["algorithm"] == "zscore"


def test_a_packed_body_is_not_unpacked(client: httpx.Client) -> None:
    bomb = gzip.compress(b" " * 50_000_000 + b"{}")
    answer = client.post("/detections", content=bomb, headers={**JSON, "Content-Encoding": "gzip"})
    assert answer.status_code == 400


def test_addresses_that_try_limits(client: httpx.Client) -> None:
    assert client.get("/datasets", params=[("q", "a")] * 5000).status_code == 200
    assert client.get("/datasets?" + "&".join(f"a{number}=1" for number in range(8000))).status_code == 200
    code_of(client.get("/datasets?limit=1e2"), 422)
    code_of(client.get("/datasets?limit=%FF"), 422)
    code_of(client.get("/datasets?limit=99999999999999999999999"), 422)
    code_of(client.get("/datasets", params={"q": "a" * 50_000}), 422)
    assert client.get("/datasets?q=%25_%5C").json()["items"] == []
    assert client.get("/datasets?q=%27%20OR%201=1%20--").json()["items"] == []


@pytest.fixture
def browser(running: Running) -> Iterator[tuple[httpx.Client, str]]:
    """Return a client that is signed in by its cookie alone, and the token that a page of ours would send beside it."""
    username = f"u-{new_id()}"
    running.add_user(username, "admin")
    with httpx.Client(base_url=f"{running.url}/api/v1", timeout=60) as client:
        answer = client.post("/sessions", json={"username": username, "password": PASSWORD})
        yield client, answer.json()["csrf_token"]


SIMPLE = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
"""What a page of another site may send without asking first."""


@pytest.mark.parametrize("media_type", SIMPLE)
def test_a_form_of_another_site_changes_nothing(browser: tuple[httpx.Client, str], media_type: str) -> None:
    client, _ = browser
    headers = {"Origin": "https://evil.example", "Referer": "https://evil.example/", "Sec-Fetch-Site": "cross-site"}
    headers |= {"Content-Type": media_type} if media_type else {}
    body = json.dumps({"username": "planted", "role": "admin"})
    for method, path in (
        ("POST", "/users"),
        ("POST", "/datasets?filename=a.csv"),
        ("POST", "/api-keys"),
        ("DELETE", "/sessions/current"),
        ("POST", "/sessions/refresh"),
    ):
        answer = client.request(method, path, content="" if path == "/sessions/refresh" else body, headers=headers)
        assert code_of(answer, 403) == "auth.csrf_token_missing", path
    assert not [user for user in client.get("/users").json()["items"] if user["username"] == "planted"]


@pytest.mark.parametrize("media_type", SIMPLE)
def test_a_form_of_another_site_signs_nobody_in(running: Running, media_type: str) -> None:
    body = json.dumps({"username": "the-analyst", "password": PASSWORD})
    headers = {"Origin": "https://evil.example", **({"Content-Type": media_type} if media_type else {})}
    answer = httpx.post(f"{running.url}/api/v1/sessions", content=body, headers=headers)
    assert code_of(answer, 422) == "api.invalid_request"
    assert "set-cookie" not in answer.headers


def test_another_site_may_ask_for_nothing(browser: tuple[httpx.Client, str]) -> None:
    client, csrf = browser
    asking = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-csrf-token, content-type",
    }
    answers = [client.options("/users", headers=asking)]
    answers += [client.get("/users", headers={"Origin": origin}) for origin in ("https://evil.example", "null")]
    for answer in answers:
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    code_of(answers[0], 405)
    overriding = {"X-HTTP-Method-Override": "DELETE", "X-CSRF-Token": csrf}
    assert client.get("/sessions/current", headers=overriding).status_code == 200
    code_of(client.post("/users?_method=DELETE", json={}, headers=overriding), 422)


def test_guesses_in_parallel_meet_one_lock(running: Running) -> None:
    username = f"u-{new_id()}"
    running.add_user(username)

    def guess(number: int) -> int:
        body = {"username": username, "password": f"guess number {number}"}
        return httpx.post(f"{running.url}/api/v1/sessions", json=body, timeout=60).status_code

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(guess, range(20))) == {401}
    right = httpx.post(f"{running.url}/api/v1/sessions", json={"username": username, "password": PASSWORD}, timeout=60)
    assert code_of(right, 401) == "auth.invalid_credentials"


class Listener:
    """A place in the network where nobody may come by."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.visits = 0
        self._thread = threading.Thread(target=self._wait)
        self._thread.start()

    def _wait(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.close()
            self.visits += 1

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


def test_names_that_look_like_places_are_names(client: httpx.Client) -> None:
    listener = Listener()
    try:
        for place in (
            f"http://127.0.0.1:{listener.port}/a.csv",
            f"s3://127.0.0.1:{listener.port}/a.csv",
            f"\\\\127.0.0.1@{listener.port}\\a.csv",
            "file:///etc/passwd",
            "| touch pwned; echo .csv",
            "${jndi:ldap://127.0.0.1:" + f"{listener.port}/a}}",
        ):
            dataset = upload(client, CSV, place, name=place)
            assert dataset["n_rows"] == 60
            assert dataset["name"] == place
            for body in (
                {"dataset_id": place},
                {"dataset_id": dataset["id"], "algorithm": place},
                {"dataset_id": dataset["id"], "algorithm": f"torch:{place}"},
                {"dataset_id": dataset["id"], "columns": [place]},
            ):
                assert client.post("/detections", json=body).status_code in {404, 422}
            code_of(client.post("/models/import", params={"name": "m"}, content=place.encode()), 422)
    finally:
        listener.close()
    assert listener.visits == 0


@pytest.mark.parametrize(
    "algorithm",
    [
        "sklearn:os.system",
        "sklearn:pipeline.Pipeline",
        "pyod:../../x",
        "pyod:__init__",
        "torch:/etc/passwd",
        "keras:x.h5",
        "__class__",
    ],
)
def test_no_name_of_an_algorithm_opens_a_door(client: httpx.Client, algorithm: str) -> None:
    body = {"dataset_id": upload(client, CSV)["id"], "algorithm": algorithm}
    answer = client.post("/detections", json=body)
    assert answer.status_code in {422, 501}, answer.text
    assert answer.json()["code"].startswith(("detection.", "platform."))


BOMB_LIMIT = 64_000_000


@pytest.fixture(scope="module")
def bounded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServerProcess, httpx.Client]]:
    with server(tmp_path_factory.mktemp("bounded"), max_decompressed_bytes=str(BOMB_LIMIT)) as started:
        started.wait_until_ready()
        with started.client() as client:
            upload(client, CSV)
            upload(client, gzip.compress(CSV), "a.csv.gz")
            yield started, client


def peak_kib(process: ServerProcess) -> int:
    status = Path(f"/proc/{process.process.pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def gzipped(head: bytes, block: bytes, times: int) -> bytes:
    sink = io.BytesIO()
    with gzip.GzipFile(fileobj=sink, mode="wb", compresslevel=1) as file:
        file.write(head)
        for _ in range(times):
            file.write(block)
    return sink.getvalue()


def zipped(times: int) -> bytes:
    sink = io.BytesIO()
    with (
        zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("a.csv", "w", force_zip64=True) as member,
    ):
        member.write(b"x,y\n")
        for _ in range(times):
            member.write(b"1,2\n" * (1 << 18))
    return sink.getvalue()


def lying(archive: bytes) -> bytes:
    """Let the directory say that the file in it has a hundred bytes."""
    entry = archive.rindex(b"PK\x01\x02")
    return archive[: entry + 24] + (100).to_bytes(4, "little") + archive[entry + 28 :]


BOMBS: dict[str, tuple[str, Callable[[], bytes], int, str]] = {
    "gzip": ("a.csv.gz", lambda: gzipped(b"x,y\n", b"1,2\n" * (1 << 18), 600), 413, "data.too_large"),
    "zip": ("a.zip", lambda: zipped(600), 413, "data.too_large"),
    "zip that lies": ("a.zip", lambda: lying(zipped(600)), 422, "data."),
    "one cell": ("a.csv.gz", lambda: gzipped(b"x\n", b"1" * (1 << 20), 600), 413, "data.too_large"),
    "gzip in gzip": (
        "a.csv.gz",
        lambda: gzip.compress(gzipped(b"x\n", b"1\n" * (1 << 19), 20)),
        422,
        "data.nested_archive",
    ),
    "lines of JSON": (
        "a.jsonl.gz",
        lambda: gzipped(b"", b'{"x":"' + b"a" * 10_000 + b'"}\n', 10_000),
        413,
        "data.too_large",
    ),
    "parquet": ("a.parquet", lambda: parquet(pa.table({"x": np.zeros(20_000_000)})), 413, "data.too_large"),
    "texts of parquet": (
        "a.parquet",
        lambda: parquet(pa.table({"x": pa.DictionaryArray.from_arrays(np.zeros(500_000, np.int32), ["a" * 100_000])})),
        413,
        "data.too_large",
    ),
    "feather": ("a.feather", lambda: feather(pa.table({"x": np.zeros(20_000_000)})), 413, "data.too_large"),
    "deep JSON": ("a.json", lambda: b"[" * 5_000_000, 422, "data."),
    "deep lines of JSON": ("a.jsonl", lambda: b'{"a":' * 1_000_000, 422, "data."),
}


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def feather(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pyarrow.feather.write_feather(table, sink, compression="zstd")
    return sink.getvalue()


@pytest.mark.parametrize("bomb", list(BOMBS))
def test_what_is_small_and_unpacks_to_much_takes_no_memory(
    bounded: tuple[ServerProcess, httpx.Client], bomb: str
) -> None:
    process, client = bounded
    filename, make, status, code = BOMBS[bomb]
    content = make()
    assert len(content) < 10_000_000
    before = peak_kib(process)
    answer = client.post("/datasets", params={"filename": filename}, content=content)
    assert code_of(answer, status).startswith(code)
    assert peak_kib(process) - before < 300_000
    assert len(client.get("/datasets").json()["items"]) == 2


def test_no_refusal_names_a_place_on_our_disk(running: Running, client: httpx.Client) -> None:
    lists = parquet(pa.table({"x": pa.array([[0.0] * 10] * 20)}))
    for content, filename in (
        (lists, "lists.parquet"),
        (b"PAR1", "a.parquet"),
        (b"ARROW1", "a.arrow"),
        (b"\x1f\x8b", "a.gz"),
    ):
        answer = client.post("/datasets", params={"filename": filename}, content=content)
        code_of(answer, 422)
        assert str(running.platform.folder.root) not in answer.text
        assert filename in answer.json()["detail"]


def test_a_model_file_that_unpacks_to_much_is_not_unpacked(bounded: tuple[ServerProcess, httpx.Client]) -> None:
    process, client = bounded
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("manifest.json", "{}")
        with archive.open("arrays.safetensors", "w") as member:
            for _ in range(500):
                member.write(bytes(1 << 20))
    before = peak_kib(process)
    answer = client.post("/models/import", params={"name": "bomb"}, content=sink.getvalue())
    assert code_of(answer, 422) == "detection.invalid_model_file"
    assert peak_kib(process) - before < 100_000


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_a_name_makes_no_line_of_its_own_in_the_log(tmp_path: Path, log_format: str) -> None:
    forged = 'a\n{"level": "info", "message": "forged"}\r\x1b[2Jforged\u2028forged\u0085forged\u202eforged'
    with server(tmp_path, log_format=log_format, log_level="debug") as started:
        started.wait_until_ready()
        with started.client() as client:
            client.post("/datasets", params={"filename": f"{forged}.csv", "name": forged}, content=CSV)
            client.post("/detections", json={"dataset_id": forged, "name": forged})
            client.post("/users", json={"username": forged, "role": forged})
            client.get(
                "/datasets/" + quote(forged, safe=""), headers={"X-Request-ID": "forged id", "User-Agent": "forged"}
            )
            client.post("/sessions", json={"username": forged, "password": forged})
        started.stop()
    lines = started.output.splitlines()
    assert not [line for line in lines if line.startswith(("forged", '{"level": "info", "message": "forged"'))]
    assert not [line for line in lines if set("\x1b\u202e") & set(line)]
    assert [line for line in lines if "/api/v1/datasets/" in line]
    if log_format == "json":
        kept = [json.loads(line) for line in lines if line.startswith("{")]
        assert not [line for line in kept if line["message"] == "forged"]
