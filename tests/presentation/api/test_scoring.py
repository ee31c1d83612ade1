"""Rows judged over HTTP as the library judges them; bad ones refused by the detector's own codes."""

from __future__ import annotations

import http.client
import io
import json
import threading
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pytest

from anomaly_detection.presentation.api.rows import ARROW, ARROW_ROWS, JSON_ROWS
from anomaly_detection.presentation.api.v1 import scoring
from tests.presentation.api.model_files import MIXED, file_of, import_model, trained
from tests.presentation.api.running import Running, code_of

ROWS: list[dict[str, Any]] = [
    {"load": 50.0, "errors": 2, "site": "north"},
    {"load": 900.0, "errors": 99, "site": "west"},
    {"load": None, "errors": None, "site": None},
]
JSON_TYPE = {"Content-Type": "application/json"}
ARROW_TYPE = {"Content-Type": ARROW}


@pytest.fixture(scope="module")
def path(running: Running) -> str:
    version = import_model(running.known("the-analyst"), file_of(trained("isolation_forest")), "scoring")
    return f"/models/{version['model_id']}/score"


def stream_of(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=50)
    return sink.getvalue()


def columns_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"columns": list(rows[0]), "data": [list(row.values()) for row in rows]}


def test_rows_are_judged_as_the_library_judges_them(client: httpx.Client, path: str) -> None:
    result = trained("isolation_forest").detect(ROWS)
    for body in ({"rows": ROWS}, columns_of(ROWS)):
        answer = client.post(path, json=body).json()
        assert answer["scores"] == result.scores.tolist()
        assert answer["p_values"] == result.p_values.tolist()
        assert answer["confidence_scores"] == result.confidence_scores.tolist()
        assert answer["predictions"] == result.predictions.tolist() == [0, 1, 0]
        assert answer["severities"] == [None, result.anomalies[0].severity.value, None]
        assert answer["threshold"] == result.threshold.to_dict()
        assert (answer["version"], answer["algorithm"], answer["n_rows"], answer["n_anomalies"]) == (
            1,
            "isolation_forest",
            3,
            1,
        )
        assert "explanations" not in answer


def test_one_row_scores_alone_as_among_others_and_again(client: httpx.Client, path: str) -> None:
    together = client.post(path, json={"rows": ROWS}).json()["scores"]
    # The first ones go through a thread, those of a model known to be quick do not.
    for _ in range(5):
        assert [client.post(path, json={"rows": [row]}).json()["scores"][0] for row in ROWS] == together


def test_flagged_rows_are_explained(client: httpx.Client, path: str) -> None:
    explanations = client.post(path, params={"explain": True}, json={"rows": ROWS}).json()["explanations"]
    wanted = trained("isolation_forest").detect(ROWS).anomalies[0].explanation
    assert wanted is not None
    assert explanations == [None, wanted.to_dict(), None]
    assert {item["feature"] for item in explanations[1]["contributions"]} <= set(MIXED)


def test_arrow_in_and_out(client: httpx.Client, path: str) -> None:
    table = pa.table({**MIXED, "site": pa.array(MIXED["site"]).dictionary_encode()})
    result = trained("isolation_forest").detect(MIXED)
    as_json = client.post(path, content=stream_of(table), headers=ARROW_TYPE)
    assert as_json.json()["scores"] == result.scores.tolist()
    asked = {**ARROW_TYPE, "Accept": ARROW}
    answer = client.post(path, params={"explain": True}, content=stream_of(table), headers=asked)
    assert (answer.headers["content-type"], answer.headers["content-encoding"]) == (ARROW, "identity")
    judged = pa.ipc.open_stream(answer.content).read_all()
    assert judged.column_names == [
        "scores",
        "p_values",
        "predictions",
        "confidence_scores",
        "severities",
        "explanations",
    ]
    assert judged["scores"].to_pylist() == result.scores.tolist()
    assert judged["predictions"].to_pylist() == result.predictions.tolist()
    head = json.loads(judged.schema.metadata[b"anomaly_detection"])
    assert (head["n_rows"], head["n_anomalies"], head["version"]) == (300, result.n_anomalies, 1)
    for flag, text in zip(result.predictions, judged["explanations"].to_pylist(), strict=True):
        assert (text is not None) == bool(flag)
        assert text is None or json.loads(text)["sentence"]
    from_json = client.post(path, json={"rows": ROWS}, headers={"Accept": ARROW})
    assert pa.ipc.open_stream(from_json.content).read_all().num_rows == 3


def test_numbers_that_come_as_text_count(client: httpx.Client, path: str) -> None:
    as_text = [{"load": "50.0", "errors": "2", "site": "north"}]
    assert (
        client.post(path, json={"rows": as_text}).json()["scores"]
        == (client.post(path, json={"rows": ROWS[:1]}).json()["scores"])
    )


GOOD = {"load": 50, "errors": 2, "site": "north"}


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], "detection.no_rows"),
        ([{}], "detection.no_columns"),
        ([{"load": 50, "errors": 2}], "detection.missing_column"),
        ([{**GOOD, "lod": 1}], "detection.unknown_column"),
        ([{"lod": 50, "errors": 2, "site": "north"}], "detection.unknown_column"),
        ([GOOD, {**GOOD, "load": "much"}], "detection.column_type"),
        ([{**GOOD, "load": "NaN"}], "detection.column_type"),
        ([{**GOOD, "load": ""}], "detection.column_type"),
        ([{**GOOD, "load": [1]}], "detection.column_type"),
        ([{**GOOD, "load": {"a": 1}}], "detection.column_type"),
        ([GOOD, 5], "api.invalid_request"),
        ([[50, 2, "north"]], "api.invalid_request"),
        ({"load": 50}, "api.invalid_request"),
        (None, "api.invalid_request"),
    ],
)
def test_bad_rows_are_refused(client: httpx.Client, path: str, rows: Any, code: str) -> None:
    assert code_of(client.post(path, json={"rows": rows}), 422) == code
    assert client.post(path, json={"rows": [GOOD]}).status_code == 200


@pytest.mark.parametrize(
    ("columns", "data", "code"),
    [
        (["load", "errors", "site"], [[1, 2]], "detection.ragged_table"),
        (["load", "errors", "site"], [], "detection.no_rows"),
        (["load", "errors", "site", "site"], [[1, 2, "a", "b"]], "detection.duplicate_column"),
        (["load", "errors", "place"], [[1, 2, "a"]], "detection.unknown_column"),
        ([1, 2, 3], [[1, 2, "a"]], "api.invalid_request"),
        ([], [[]], "api.invalid_request"),
        ("load", [[1]], "api.invalid_request"),
        (["load"], {"load": 1}, "api.invalid_request"),
        (["load"], [{"load": 1}], "api.invalid_request"),
    ],
)
def test_bad_tables_are_refused(client: httpx.Client, path: str, columns: Any, data: Any, code: str) -> None:
    assert code_of(client.post(path, json={"columns": columns, "data": data}), 422) == code


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "api.malformed_json"),
        (b"{", 400, "api.malformed_json"),
        (b'{"rows": [{"load": NaN, "errors": 2, "site": "a"}]}', 400, "api.malformed_json"),
        (b'{"rows": [{"load": Infinity, "errors": 2, "site": "a"}]}', 400, "api.malformed_json"),
        (b'{"rows": [{"load": 1, "errors": 2, "site": "\\ud800"}]}', 400, "api.malformed_json"),
        (b'{"rows": ' + b"[" * 100_000, 400, "api.malformed_json"),
        (b"\xff\xfe", 400, "api.malformed_json"),
        (b"[]", 422, "api.invalid_request"),
        (b'{"rows": [], "columns": []}', 422, "api.invalid_request"),
    ],
)
def test_what_is_no_json_is_refused(client: httpx.Client, path: str, body: bytes, status: int, code: str) -> None:
    assert code_of(client.post(path, content=body, headers=JSON_TYPE), status) == code


def test_more_rows_than_allowed_are_refused(client: httpx.Client, path: str) -> None:
    most = {"columns": list(GOOD), "data": [list(GOOD.values())] * JSON_ROWS}
    assert client.post(path, json=most).json()["n_rows"] == JSON_ROWS
    most["data"] *= 2
    assert code_of(client.post(path, json=most), 422) == "models.too_many_rows"
    many = pa.table({"load": pa.nulls(ARROW_ROWS + 1), "errors": pa.nulls(ARROW_ROWS + 1)})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, many.schema) as writer:
        writer.write_table(many)
    assert code_of(client.post(path, content=sink.getvalue(), headers=ARROW_TYPE), 422) == "models.too_many_rows"


@pytest.mark.parametrize("headers", [JSON_TYPE, ARROW_TYPE])
def test_a_body_above_the_limit_is_refused_before_it_comes(
    running: Running, client: httpx.Client, path: str, headers: dict[str, str]
) -> None:
    connection = http.client.HTTPConnection(running.url.removeprefix("http://"), timeout=60)
    connection.putrequest("POST", f"/api/v1{path}")
    for name, value in {**headers, "Authorization": client.headers["authorization"]}.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(10**10))
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (413, "api.body_too_large")
    connection.close()


def test_a_large_body_that_drips_keeps_nobody_waiting(
    running: Running, client: httpx.Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "LARGE_SECONDS", 2.0)
    slow = []
    for _ in range(scoring.LARGE_AT_ONCE):
        connection = http.client.HTTPConnection(running.url.removeprefix("http://"), timeout=60)
        connection.putrequest("POST", f"/api/v1{path}")
        for name, value in {**JSON_TYPE, "Authorization": client.headers["authorization"]}.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(2 * scoring.LARGE_BYTES))
        connection.endheaders(b"{")
        slow.append(connection)
    padded = json.dumps({"rows": [GOOD]}).encode() + b" " * scoring.LARGE_BYTES
    assert client.post(path, content=padded, headers=JSON_TYPE).status_code == 200
    for connection in slow:
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["code"]) == (408, "api.body_too_slow")
        connection.close()


@pytest.mark.parametrize("media_type", ["text/csv", "application/vnd.apache.arrow.file", "multipart/form-data"])
def test_other_formats_are_refused(client: httpx.Client, path: str, media_type: str) -> None:
    answer = client.post(path, content=b"load\n1", headers={"Content-Type": media_type})
    assert code_of(answer, 422) == "api.unsupported_media_type"


def test_an_arrow_stream_is_believed_in_nothing(client: httpx.Client, path: str) -> None:
    table = pa.table(MIXED)
    sound = stream_of(table)
    text = pa.array(["x"] * 300)
    ends = pa.array([300], pa.int32())
    bad: dict[str, tuple[bytes, str]] = {
        "nothing": (b"", "api.malformed_arrow"),
        "json": (b'{"rows": []}', "api.malformed_arrow"),
        "cut off": (sound[: len(sound) * 2 // 3], "api.malformed_arrow"),
        "zeros": (b"\0" * 1000, "api.malformed_arrow"),
        "compressed": (stream_of(table, compression="zstd"), "api.malformed_arrow"),
        "a bomb": (stream_of(pa.table({"load": np.zeros(2_000_000)}), compression="lz4"), "api.malformed_arrow"),
        "views": (stream_of(pa.table({**MIXED, "site": text.cast(pa.string_view())})), "detection.column_type"),
        "runs": (
            stream_of(pa.table({"site": pa.RunEndEncodedArray.from_arrays(ends, pa.array(["x"]))})),
            "detection.column_type",
        ),
        "lists": (stream_of(pa.table({**MIXED, "load": pa.array([[1.0]] * 300)})), "detection.column_type"),
        "no rows": (stream_of(table.slice(0, 0)), "detection.no_rows"),
        "no columns": (stream_of(pa.table({})), "detection.no_columns"),
        "twice": (
            stream_of(pa.Table.from_arrays([table["load"]] * 2, names=["load", "load"])),
            "detection.duplicate_column",
        ),
        "a stranger": (stream_of(table.append_column("more", table["load"])), "detection.unknown_column"),
    }
    for name, (content, code) in bad.items():
        assert code_of(client.post(path, content=content, headers=ARROW_TYPE), 422) == code, name
    # Whatever byte is turned over, the answer is one of ours and the server stays.
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(sound), 100):
        content = bytearray(sound)
        content[place] ^= 1 << rng.integers(8)
        assert client.post(path, content=bytes(content), headers=ARROW_TYPE).status_code in {200, 422}, place
    assert client.post(path, content=sound, headers=ARROW_TYPE).status_code == 200


def test_a_model_without_names_takes_its_columns_in_order(client: httpx.Client) -> None:
    from anomaly_detection import create_detector

    detector = create_detector("modified_zscore").fit(np.random.default_rng(0).normal(size=(100, 2)))
    version = import_model(client, file_of(detector))
    answer = client.post(f"/models/{version['model_id']}/score", json={"columns": ["a", "b"], "data": [[0.5, 70.0]]})
    assert answer.json()["scores"] == detector.score([[0.5, 70.0]]).tolist()
    other = client.post(f"/models/{version['model_id']}/score", json={"columns": ["a"], "data": [[0.5]]})
    assert code_of(other, 422) == "detection.column_count"


def test_a_promotion_holds_from_the_next_request_on(client: httpx.Client) -> None:
    model_id = import_model(client, name="switched")["model_id"]
    import_model(client, file_of(trained("zscore")), name="switched")
    stop = threading.Event()
    failures: list[str] = []
    asker = httpx.Client(base_url=client.base_url, headers=client.headers, timeout=60)

    def ask() -> None:
        while not stop.is_set():
            answer = asker.post(f"/models/{model_id}/score", json={"rows": ROWS})
            if answer.status_code != 200:
                failures.append(answer.text)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        for number in [1, 2] * 10:
            client.post(f"/models/{model_id}/versions/{number}/promote", json={"stage": "production"})
            assert client.post(f"/models/{model_id}/score", json={"rows": ROWS}).json()["version"] == number
    finally:
        stop.set()
        thread.join()
        asker.close()
    assert failures == []


def test_a_viewer_may_look_and_not_judge(running: Running, path: str) -> None:
    answer = running.known("the-viewer").post(path, json={"rows": [GOOD]})
    assert code_of(answer, 403) == "auth.not_allowed"
    assert code_of(running.anonymous().post(path, json={"rows": [GOOD]}), 401) == "auth.not_signed_in"
    assert code_of(running.known("stranger").post(path, json={"rows": [GOOD]}), 404) == "models.not_found"
