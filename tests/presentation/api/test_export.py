"""Downloads: every form holds the same rows, no cell is a formula, names survive, memory is bounded."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from anomaly_detection.detection.calibration.calibrator import Calibrator
from anomaly_detection.detection.calibration.threshold import make_threshold
from anomaly_detection.detection.results import DetectionResult, Rows
from anomaly_detection.presentation.api.downloads import content_disposition
from anomaly_detection.presentation.api.export import export
from tests.presentation.api.running import Running, code_of, detect, taxi_csv, upload

NAME = 'Zähler "A"/../=1+1 \u202e<b>'
FORMULAS = ["=1+1", "@SUM(A1)", "+cmd", "-x", "\tx", "-5", "+1.5e3", "plain"]


def table_csv() -> bytes:
    generator = np.random.default_rng(0)
    sink = io.StringIO()
    writer = csv.writer(sink)
    writer.writerow(["=load", "text"])
    for row, value in enumerate(generator.normal(50, 5, 400)):
        writer.writerow([f"{-900 if row == 9 else value:.3f}", FORMULAS[row % len(FORMULAS)]])
    return sink.getvalue().encode()


@pytest.fixture(scope="module")
def table(running: Running) -> tuple[httpx.Client, dict[str, Any]]:
    client = running.client("the-analyst")
    dataset = upload(client, table_csv(), "table.csv")
    detection = detect(client, dataset["id"], name=NAME, algorithm="zscore", columns=["=load"])
    body = {"detection_id": detection["id"], "index": 9, "verdict": "true", "note": "=HYPERLINK(1)"}
    assert client.post("/feedback", json=body).status_code == 201
    return client, detection


def fetch(client: httpx.Client, detection: dict[str, Any], **parameters: str) -> httpx.Response:
    answer = client.get(f"/detections/{detection['id']}/export", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer


def test_no_cell_of_csv_is_a_formula(table: tuple[httpx.Client, dict[str, Any]]) -> None:
    client, detection = table
    answer = fetch(client, detection)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert len(rows) == 400
    assert [row["text"] for row in rows[:8]] == ["'=1+1", "'@SUM(A1)", "'+cmd", "'-x", "'\tx", "-5", "+1.5e3", "plain"]
    assert rows[9]["'=load"] == "-900"
    assert (rows[9]["verdict"], rows[9]["note"], rows[9]["prediction"]) == ("true", "'=HYPERLINK(1)", "1")
    assert rows[8]["verdict"] == rows[8]["note"] == ""


def test_every_form_holds_the_same_rows(table: tuple[httpx.Client, dict[str, Any]]) -> None:
    client, detection = table
    parquet = pa.parquet.read_table(io.BytesIO(fetch(client, detection, format="parquet").content))
    arrow = pa.ipc.open_stream(fetch(client, detection, format="arrow").content).read_all()
    lines = [json.loads(line) for line in fetch(client, detection, format="jsonl").text.splitlines()]
    assert arrow.equals(parquet)
    assert arrow.num_rows == len(lines) == 400
    assert arrow.column_names == list(lines[0])
    assert arrow["text"].to_pylist() == [line["text"] for line in lines]
    assert lines[0]["text"] == "=1+1", "only a spreadsheet takes it for more than a text"
    assert arrow["score"].to_pylist() == pytest.approx([line["score"] for line in lines])
    assert lines[9]["note"] == "=HYPERLINK(1)"
    assert code_of(client.get(f"/detections/{detection['id']}/export", params={"format": "xls"}), 422)


def test_anomalies_are_exported_by_rank(table: tuple[httpx.Client, dict[str, Any]]) -> None:
    client, detection = table
    listed = client.get(f"/detections/{detection['id']}/anomalies").json()["items"]
    answer = fetch(client, detection, format="jsonl", rows="anomalies")
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert [(row["rank"], row["index"]) for row in rows] == [(item["rank"], item["index"]) for item in listed]
    assert rows[0]["why"] == listed[0]["explanation"]["sentence"]
    assert "prediction" not in rows[0]
    other = pa.parquet.read_table(
        io.BytesIO(fetch(client, detection, format="parquet", rows="anomalies").content)
    ).to_pylist()
    assert [row["index"] for row in other] == [row["index"] for row in rows]


def test_the_times_of_a_series_are_iso(running: Running) -> None:
    client = running.client("the-analyst")
    detection = detect(client, upload(client, taxi_csv(), "taxi.csv")["id"])
    text = next(csv.DictReader(io.StringIO(fetch(client, detection).text)))
    assert text["timestamp"] == "2014-07-01T00:00:00Z"
    arrow = pa.ipc.open_stream(fetch(client, detection, format="arrow").content).read_all()
    assert arrow["timestamp"][0].as_py() == datetime(2014, 7, 1, tzinfo=UTC)
    assert {"expected_value", "lower_value", "upper_value"} <= set(arrow.column_names)


def test_a_name_is_kept_and_is_no_path(table: tuple[httpx.Client, dict[str, Any]]) -> None:
    client, detection = table
    header = fetch(client, detection, rows="anomalies").headers["content-disposition"]
    assert header.isascii()
    assert header.startswith("attachment; ")
    assert header.count('"') == 2
    full = unquote(header.rpartition("filename*=UTF-8''")[2])
    assert full == "Zähler _A_.._=1+1 _b_ anomalies.csv"


@pytest.mark.parametrize("stem", ["", "..", "///", "\r\nSet-Cookie: a=b", "\ud800", "x" * 300, "\u0000"])
def test_odd_names_make_a_sound_header(stem: str) -> None:
    header = content_disposition(f"{stem}.csv")
    assert header.isascii()
    assert header.isprintable()
    assert header.endswith(".csv")
    assert len(header) < 1500
    assert '"..' not in header


def judged(n_rows: int) -> DetectionResult:
    generator = np.random.default_rng(0)
    scores = generator.exponential(size=n_rows)
    calibrator = Calibrator.learn(scores[:1000])
    return DetectionResult(
        scores=scores,
        calibrator=calibrator,
        threshold=make_threshold("contamination", 0.5, scores, calibrator),
        algorithm="knn",
        rows=Rows(values={"x": scores, "y": scores}),
    )


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "arrow"])
def test_a_file_is_never_in_memory_as_a_whole(form: Any) -> None:
    # tracemalloc sees what Python holds, Arrow's own count what Arrow does.
    result = judged(400_000)
    assert result.confidence_scores.size == result.p_values.size
    before, size, arrow_peak = pa.total_allocated_bytes(), 0, 0
    tracemalloc.start()
    try:
        for part in export(result, {}, form, anomalies=False):
            size += len(part)
            arrow_peak = max(arrow_peak, pa.total_allocated_bytes() - before)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 10_000_000
    assert peak < 40_000_000
    assert arrow_peak < 60_000_000
