"""The way of a user who programs: the Python client against the real server, from first sign-in to another threshold."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import anomaly_detection_client as sdk
from tests.presentation.api.process import ServerProcess, server
from tests.presentation.api.running import PASSWORD, TAXI

UNEXPECTED = "client.unexpected_answer"
UNREACHABLE = "client.unreachable"

pytestmark = pytest.mark.xdist_group("client")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with server(tmp_path_factory.mktemp("platform"), max_upload_bytes="3000000") as started:
        yield started.wait_until_ready()


@pytest.fixture(scope="module")
def client(platform: ServerProcess) -> Iterator[sdk.Client]:
    with sdk.Client(platform.url) as client:
        session = client.sessions.sign_in_once(platform.one_time, PASSWORD)
        assert session.user.username == "admin"
        yield client


@pytest.fixture(scope="module")
def dataset(client: sdk.Client) -> sdk.Dataset:
    return client.datasets.upload(TAXI, name="taxi rides")


@pytest.fixture(scope="module")
def detection(client: sdk.Client, dataset: sdk.Dataset) -> sdk.Detection:
    return client.detections.wait(client.detections.start(dataset.id).id)


def test_the_one_time_link_works_once(client: sdk.Client, platform: ServerProcess) -> None:
    del client
    with sdk.Client(platform.url) as other, pytest.raises(sdk.NotSignedIn) as caught:
        other.sessions.sign_in_once(platform.one_time, "another good password")
    assert caught.value.code == "auth.one_time_token_invalid"
    assert caught.value.request_id


def test_sign_in_by_password_and_out(client: sdk.Client, platform: ServerProcess) -> None:
    del client
    with sdk.Client(platform.url) as other:
        with pytest.raises(sdk.NotSignedIn) as caught:
            other.sessions.sign_in("admin", "not the password")
        assert caught.value.code == "auth.invalid_credentials"
        token = other.sessions.sign_in("admin", PASSWORD).access_token
        assert other.sessions.current().user.role == "admin"
        other.sessions.sign_out()
    with sdk.Client(platform.url, token=token) as late, pytest.raises(sdk.NotSignedIn):
        late.datasets.get("anything")


def test_upload_is_streamed_and_described(client: sdk.Client, dataset: sdk.Dataset) -> None:
    assert (dataset.name, dataset.kind, dataset.n_rows) == ("taxi rides", "series", 10320)
    assert dataset.roles.time == "timestamp"
    assert client.datasets.get(dataset.id) == dataset
    preview = client.datasets.preview(dataset.id, rows=3)
    assert preview.columns == ["timestamp", "value"]
    assert [row[1] for row in preview.rows] == [10844, 8127, 6210]
    seen: list[tuple[int, int]] = []
    again = client.datasets.upload(TAXI, progress=lambda sent, size: seen.append((sent, size)))
    assert seen[-1] == (TAXI.stat().st_size, TAXI.stat().st_size)
    assert [item.id for item in client.datasets.list(page_size=1)][:2] == [again.id, dataset.id]


def test_the_known_anomalies_come_first(client: sdk.Client, detection: sdk.Detection) -> None:
    assert detection.algorithm == "stl"
    assert detection.summary is not None
    anomalies = list(client.detections.anomalies(detection.id, page_size=17))
    assert len(anomalies) == detection.summary.n_anomalies
    assert [item.rank for item in anomalies] == list(range(1, len(anomalies) + 1))
    assert {(item.time or "")[:10] for item in anomalies[:50]} >= {
        "2014-11-27",
        "2014-12-25",
        "2015-01-01",
        "2015-01-27",
    }
    first = anomalies[0]
    assert first.severity == "critical"
    assert first.explanation is not None
    assert "was expected" in first.explanation.sentence


def test_all_scores_come_as_arrow(client: sdk.Client, detection: sdk.Detection) -> None:
    table = pa.ipc.open_stream(client.detections.scores(detection.id)).read_all()
    assert table.num_rows == 10320
    assert detection.summary is not None
    assert int(np.sum(table["prediction"].to_numpy())) == detection.summary.n_anomalies
    document = client.detections.result(detection.id)
    assert document["schema_version"] == 1
    assert "scores" not in document


def test_another_threshold_needs_no_refit(client: sdk.Client, detection: sdk.Detection) -> None:
    changed = client.detections.choose_threshold(detection.id, "contamination", 0.005)
    assert changed.summary is not None
    assert changed.summary.n_anomalies == 51
    assert changed.finished_at == detection.finished_at
    assert len(list(client.detections.anomalies(detection.id))) == 51
    with pytest.raises(sdk.InvalidInput, match="contamination"):
        client.detections.choose_threshold(detection.id, "contamination", 0.9)
    client.detections.choose_threshold(detection.id, "fdr", 0.05)


def test_progress_is_told(client: sdk.Client, dataset: sdk.Dataset) -> None:
    seen: list[float] = []
    ordered = client.detections.start(dataset.id, parameters={"period": 336}, name="by the week")
    ended = client.detections.wait(ordered.id, progress=lambda fraction, stage: seen.append(fraction))
    assert ended.name == "by the week"
    assert ended.parameters == {"period": 336}
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert client.jobs.get(ended.job_id).status == "succeeded"


def test_a_table_is_judged_by_its_neighbours(client: sdk.Client, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    rows = [
        f"{a:.4f},{b:.4f},{'red' if c else 'blue'}"
        for a, b, c in zip(*rng.normal(size=(2, 500)), rng.random(500) < 0.5, strict=True)
    ]
    rows[250] = "40,-40,red"
    file = tmp_path / "parts.csv"
    file.write_text("\n".join(["width,height,colour", *rows]))
    uploaded = client.datasets.upload(file)
    assert uploaded.kind == "table"
    ended = client.detections.wait(client.detections.start(uploaded.id).id)
    assert ended.algorithm == "knn"
    highest = client.detections.choose_threshold(ended.id, "contamination", 0.002)
    assert highest.summary is not None
    assert highest.summary.n_anomalies == 1
    found = next(client.detections.anomalies(ended.id))
    assert found.index == 250
    assert found.explanation is not None
    assert {item.feature for item in found.explanation.contributions[:2]} == {"width", "height"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "data.empty_file"),
        (b"a,b\n1,2,3\n", "data.ragged_row"),
        ("name,größe\nä,1\n".encode("latin-1"), "data.wrong_encoding"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "data.not_text"),
        (TAXI.read_bytes()[:1000], "data.truncated_file"),
    ],
)
def test_bad_files_are_refused_with_a_reason(client: sdk.Client, tmp_path: Path, content: bytes, code: str) -> None:
    file = tmp_path / ("bad.csv.gz" if content[:2] == b"\x1f\x8b" else "bad.csv")
    file.write_bytes(content)
    before = sum(1 for _ in client.datasets.list())
    with pytest.raises(sdk.InvalidInput) as caught:
        client.datasets.upload(file)
    assert caught.value.code == code
    assert caught.value.hint
    assert sum(1 for _ in client.datasets.list()) == before


def test_too_much_is_refused(client: sdk.Client, tmp_path: Path) -> None:
    file = tmp_path / "much.csv"
    file.write_bytes(b"a,b\n" + b"1,2\n" * 1_000_000)
    with pytest.raises((sdk.TooLarge, sdk.Unavailable)) as caught:
        client.datasets.upload(file)
    # The server may close the connection before the client has sent everything.
    assert caught.value.code in {"data.too_large", "client.unreachable"}


def test_wrong_names_are_answered_with_the_nearest(client: sdk.Client, dataset: sdk.Dataset) -> None:
    with pytest.raises(sdk.InvalidInput, match="Did you mean 'stl'"):
        client.detections.start(dataset.id, algorithm="slt")
    with pytest.raises(sdk.InvalidInput, match="Did you mean 'period'"):
        client.detections.start(dataset.id, algorithm="stl", parameters={"periods": 3})
    with pytest.raises(sdk.NotFound):
        client.detections.get("01a1fc86-fa83-728d-971f-7cb0cf2a6201")


def test_a_failed_detection_says_why(client: sdk.Client, tmp_path: Path) -> None:
    file = tmp_path / "names.csv"
    file.write_text("text\n" + "\n".join(f"entry number {row}" for row in range(200)))
    uploaded = client.datasets.upload(file)
    with pytest.raises((sdk.DetectionFailed, sdk.InvalidInput)) as caught:
        client.detections.wait(client.detections.start(uploaded.id).id)
    assert caught.value.code == "detection.no_usable_column"


def test_algorithms_are_told(client: sdk.Client) -> None:
    assert [item.name for item in client.algorithms.list(kind="series")] == ["seasonal_decomposition", "stl"]
    assert {item.name for item in client.algorithms.list()} >= {"isolation_forest", "knn", "modified_zscore", "stl"}


def test_wait_outlives_a_restart(tmp_path: Path) -> None:
    with server(tmp_path) as first:
        first.wait_until_ready()
        with sdk.Client(first.url) as client:
            client.sessions.sign_in_once(first.one_time, PASSWORD)
            detection = client.detections.start(client.datasets.upload(TAXI).id)
            port = int(first.url.rpartition(":")[2])
            first.stop(signal.SIGKILL)
            with server(tmp_path, port=port) as second:
                second.wait_until_ready()
                ended = client.detections.wait(detection.id, timeout=90)
                assert ended.status == "succeeded"
                assert sum(1 for _ in client.detections.list()) == 1


def test_an_upload_outlives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    file.write_bytes(b"a,b\n" + b"1.25,2.5\n" * 2_000_000)
    killed: list[int] = []
    with server(tmp_path / "data") as first:
        first.wait_until_ready()
        port = int(first.url.rpartition(":")[2])
        with sdk.Client(first.url, retries=30) as client:
            client.sessions.sign_in_once(first.one_time, PASSWORD)
            with contextlib.ExitStack() as later:

                def kill_in_the_middle(sent: int, size: int | None) -> None:
                    assert size is not None
                    if sent > size // 2 and not killed:
                        killed.append(first.stop(signal.SIGKILL))
                        later.enter_context(server(tmp_path / "data", port=port))

                uploaded = client.datasets.upload(file, progress=kill_in_the_middle)
                assert killed == [-signal.SIGKILL]
                assert uploaded.n_rows == 2_000_000
                assert [item.id for item in client.datasets.list()] == [uploaded.id]


def test_the_way_of_a_program_that_awaits(
    platform: ServerProcess, client: sdk.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = client.api_keys.create("nightly", role="analyst").secret
    monkeypatch.setenv("ANOMALY_DETECTION_URL", platform.url)
    monkeypatch.setenv("ANOMALY_DETECTION_API_KEY", secret)

    async def judged(robot: sdk.AsyncClient, seed: int) -> tuple[sdk.Detection, Path]:
        rng = np.random.default_rng(seed)
        rows = pa.table({"width": rng.normal(size=300), "height": rng.normal(size=300)})
        dataset = await robot.datasets.upload(rows, name=f"shift {seed}")
        threshold = sdk.Threshold(kind="contamination", value=0.01)
        ordered = await robot.detections.start(dataset.id, threshold=threshold)
        ended = await robot.detections.wait(ordered.id)
        return ended, await robot.detections.export(ended.id, tmp_path / f"{seed}.csv", rows="anomalies")

    async def night() -> list[tuple[sdk.Detection, Path]]:
        async with sdk.AsyncClient.from_environment() as robot:
            found = await asyncio.gather(*(judged(robot, seed) for seed in range(4)))
            listed = {item.id async for item in robot.detections.list(page_size=2)}
            assert {ended.id for ended, _ in found} <= listed
            return found

    for ended, file in asyncio.run(night()):
        assert ended.summary is not None
        assert ended.summary.n_anomalies == 3
        assert len(file.read_text().splitlines()) == 4


def test_no_server_is_said_so() -> None:
    with sdk.Client("http://127.0.0.1:9", retries=0) as client, pytest.raises(sdk.Unavailable, match="serve"):
        client.algorithms.list()


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", sdk.ApiError, UNEXPECTED),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", sdk.ApiError, UNEXPECTED),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"items":', sdk.ApiError, UNEXPECTED),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", sdk.ApiError, UNEXPECTED),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"items":[{}]}', sdk.ApiError, UNEXPECTED),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx", sdk.Unavailable, UNREACHABLE),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", sdk.Unavailable, UNREACHABLE),
        (b"", sdk.Unavailable, UNREACHABLE),
        (b"SSH-2.0-OpenSSH_9.2\r\n", sdk.Unavailable, UNREACHABLE),
        (b"HTTP/1.1 302 Found\r\nLocation: http://sso/\r\nContent-Length: 0\r\n\r\n", sdk.ApiError, ""),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>", sdk.Unavailable, ""),
    ],
)
def test_odd_answers_are_errors_of_the_client(answer: bytes, kind: type[sdk.ApiError], code: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with sdk.Client(url, retries=0, timeout=10) as client, pytest.raises(sdk.ApiError) as caught:
            client.algorithms.list()
        thread.join()
    assert type(caught.value) is kind
    assert caught.value.code == code


def test_a_connection_that_breaks_in_the_middle_of_an_upload(tmp_path: Path) -> None:
    big = tmp_path / "big.csv"
    big.write_bytes(b"a,b\n" + b"1,2\n" * 2_000_000)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            connection.recv(65536)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with sdk.Client(url, retries=0, timeout=10) as client, pytest.raises(sdk.Unavailable) as caught:
            client.datasets.upload(big)
        thread.join()
    assert caught.value.code == UNREACHABLE
