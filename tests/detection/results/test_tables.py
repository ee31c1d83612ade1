"""Results as tables and files."""

from __future__ import annotations

import csv
import io
import json
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet

from anomaly_detection import DetectionResult, PlatformError, create_detector
from anomaly_detection.detection.calibration.calibrator import Calibrator
from anomaly_detection.detection.calibration.threshold import Threshold
from anomaly_detection.detection.results import Rows, files, tables
from anomaly_detection.detection.results.tables import free_names

START = np.datetime64("2026-01-05T00:00:00", "us")
FOUND = ["score", "p_value", "confidence", "prediction", "severity"]


def orders(n: int = 200) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    table: dict[str, Any] = {
        "amount": rng.normal(50.0, 5.0, n),
        "country": np.array(['f"r', "d,e\n", None, ""], dtype=object)[rng.integers(0, 4, n)],
        "paid": np.array([True, False, None], dtype=object)[rng.integers(0, 3, n)],
        "when": START + rng.integers(0, 10**6, n).astype("timedelta64[s]"),
        "score": np.arange(n) * 0.5,
    }
    table["amount"][[7, 11, 13]] = [np.inf, 9_999.0, np.nan]
    table["when"][5] = np.datetime64("NaT")
    return table


@pytest.fixture(scope="module")
def result() -> DetectionResult:
    return create_detector("knn").detect(orders()).with_contamination(0.05)


@pytest.fixture(scope="module")
def series() -> DetectionResult:
    hours = np.arange(300)
    values = 10.0 + 3.0 * np.sin(hours * 2 * np.pi / 24) + np.random.default_rng(0).normal(scale=0.3, size=300)
    values[[200, 201]] += 15.0
    frame = pd.DataFrame({"load": values, "taken": START + hours.astype("timedelta64[h]")})
    return create_detector("stl", threshold=("p_value", 1e-4)).detect(frame)


def made(values: dict[str, Any], **rows: Any) -> DetectionResult:
    n = len(next(iter(values.values())))
    scores = np.arange(float(n))
    cutoff = Threshold("score", n - 1.0, n - 1.0)
    return DetectionResult(scores, Calibrator.learn(scores), cutoff, "knn", rows=Rows(values=values, **rows))


def test_arrow_has_the_columns_as_they_came_and_what_was_found(result: DetectionResult) -> None:
    table = result.to_arrow()
    assert table.column_names == ["index", "amount", "country", "paid", "when", "data_score", *FOUND]
    types = dict(zip(table.column_names, table.schema.types, strict=True))
    assert types["country"] == pa.string()
    assert types["paid"] == pa.bool_()
    assert types["when"] == pa.timestamp("us", "UTC")
    assert types["severity"] == pa.dictionary(pa.int8(), pa.string(), ordered=True)
    source = orders()
    assert table["country"].to_pylist() == source["country"].tolist()
    assert table["paid"].to_pylist() == source["paid"].tolist()
    assert table["amount"][13].as_py() is None
    assert table["amount"][7].as_py() == np.inf
    assert table["data_score"].to_pylist() == source["score"].tolist()
    assert table["score"].to_pylist() == result.scores.tolist()
    assert table["prediction"].to_pylist() == result.predictions.tolist()
    by_index = {item.index: item.severity.value for item in result.anomalies}
    assert table["severity"].to_pylist() == [by_index.get(row) for row in range(200)]


def test_frames(result: DetectionResult) -> None:
    frame = result.to_pandas()
    assert len(frame) == 200
    assert frame["severity"].dtype.ordered
    assert list(frame["severity"].cat.categories) == ["low", "medium", "high", "critical"]
    assert str(frame["when"].dtype.tz) == "UTC"
    assert frame["when"].isna().sum() == 1
    other = result.to_polars()
    assert other.columns == list(frame.columns)
    assert other.schema["severity"] == pl.Enum(["low", "medium", "high", "critical"])
    assert other["severity"].drop_nulls().len() == result.n_anomalies


def test_a_series_has_its_time_under_its_own_name_and_its_band(series: DetectionResult) -> None:
    table = series.to_arrow()
    assert table.column_names == ["index", "taken", "load", "expected_load", "lower_load", "upper_load", *FOUND]
    outside = [
        not low <= value <= high
        for low, value, high in zip(*(table[name].to_pylist() for name in ("lower_load", "load", "upper_load")), strict=True)
    ]  # fmt: skip
    assert outside[200] == bool(table["prediction"][200].as_py()) is True


def test_a_restored_result_has_the_same_table(series: DetectionResult) -> None:
    document = json.loads(json.dumps(series.with_explanations().to_dict(arrays=False)))
    assert DetectionResult.from_parts(document, series.arrays()).to_arrow().equals(series.to_arrow())
    older = {name: value for name, value in document.items() if name != "column_names"}
    assert DetectionResult.from_parts(older, series.arrays()).to_arrow().column_names[:2] == ["index", "time"]


def test_names_of_rows_come_once() -> None:
    values = np.arange(50.0)
    unnamed = create_detector("knn").detect(pd.DataFrame({"v": values}, index=[f"r{row}" for row in range(50)]))
    assert unnamed.to_arrow().column_names[:3] == ["index", "row_id", "v"]
    assert unnamed.to_arrow()["row_id"][3].as_py() == "r3"
    index = pd.Index([f"r{row}" for row in range(50)], name="machine")
    named = create_detector("knn").detect(pd.DataFrame({"v": values}, index=index))
    assert sorted(named.to_arrow().column_names[1:3]) == ["machine", "v"]
    timed = create_detector("knn").detect(
        pd.DataFrame({"v": values, "index": values}, index=pd.date_range("2026-01-05", periods=50, freq="h"))
    )
    assert timed.to_arrow().column_names[:4] == ["index", "time", "v", "data_index"]


def test_names_that_collide_are_kept_apart() -> None:
    assert free_names(["score", "data_score", "x"], ["score"]) == ["data_data_score", "data_score", "x"]
    names = ["index", "data_index", "score", "severity", "prediction", "p_value", "confidence"]
    table = made({name: np.arange(3.0) for name in names}).to_arrow()
    assert len(set(table.column_names)) == len(table.column_names) == 13
    assert table.column_names[:3] == ["index", "data_data_index", "data_index"]


def test_csv(result: DetectionResult) -> None:
    text = result.to_csv()
    lines = list(csv.DictReader(io.StringIO(text)))
    assert len(lines) == 200
    assert lines[13]["amount"] == ""
    assert lines[7]["amount"] == "inf"
    source = orders()
    assert [line["country"] for line in lines] == [value or "" for value in source["country"]]
    assert lines[0]["when"] == str(source["when"][0])[:19] + "Z"
    assert lines[5]["when"] == ""
    assert [float(line["score"]) for line in lines] == result.scores.tolist()
    assert {line["severity"] for line in lines} > {""}
    assert "\r" not in text


def test_missing_and_empty_text_differ_in_csv() -> None:
    text = made({"t": np.array([None, "", "=1+1"], dtype=object)}).to_csv()
    assert [line.split(",")[1] for line in text.splitlines()[1:]] == ["", '""', '"=1+1"']


def test_jsonl(result: DetectionResult) -> None:
    lines = [json.loads(line, parse_constant=pytest.fail) for line in result.to_jsonl().splitlines()]
    assert lines[7]["amount"] == "Infinity"
    assert lines[13]["amount"] is None
    source = orders()
    assert [line["country"] for line in lines] == source["country"].tolist()
    assert [line["paid"] for line in lines] == source["paid"].tolist()
    assert [line["score"] for line in lines] == result.scores.tolist()
    assert list(lines[0]) == result.to_arrow().column_names


def test_parquet_keeps_types(result: DetectionResult, tmp_path: Path) -> None:
    path = result.to_parquet(tmp_path / "a.parquet")
    table = parquet.read_table(path)
    assert table.equals(result.to_arrow())
    assert table.schema == result.to_arrow().schema


def test_batches_make_the_same_file(result: DetectionResult, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = (result.to_csv(), result.to_jsonl(), result.to_arrow())
    monkeypatch.setattr(tables, "_BATCH_ROWS", 7)
    assert result.to_csv() == whole[0]
    assert result.to_jsonl() == whole[1]
    assert result.to_arrow().combine_chunks().equals(whole[2].combine_chunks())


def test_fractions_of_a_second_are_written_where_there_are_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_BATCH_ROWS", 1)
    whole, parts = START + np.arange(2), START + np.arange(2) * np.timedelta64(500, "ms")
    assert "2026-01-05T00:00:00Z" in made({"x": np.arange(2.0)}, time=np.array([START, START])).to_csv()
    text = made({"x": np.arange(2.0), "t": whole}, time=parts).to_csv()
    assert "2026-01-05T00:00:00.000000Z" in text
    assert "2026-01-05T00:00:00.500000Z" in text


def test_columns_of_several_types_and_odd_text_are_written_as_they_read() -> None:
    mixed = np.array([1, "two", None, True], dtype=object)
    odd = np.array(["\ud800", "ok", None, "\u2028"], dtype=object)
    numbers = np.array([1, 2, None, 2**40], dtype=object)
    table = made({"mixed": mixed, "odd": odd, "numbers": numbers, 'a"%s': np.arange(4.0)})
    assert table.to_arrow()["mixed"].to_pylist() == ["1", "two", None, "True"]
    assert table.to_arrow()["odd"].to_pylist() == ["\\ud800", "ok", None, "\u2028"]
    assert table.to_arrow()["numbers"].type == pa.int64()
    assert [json.loads(line)['a"%s'] for line in table.to_jsonl().split("\n")[:-1]] == [0, 1, 2, 3]
    assert len(list(csv.reader(io.StringIO(table.to_csv())))) == 5


def test_the_data_as_read_stand_for_the_copies_and_columns_are_appended() -> None:
    data = pa.table(
        {
            "number": pa.array([2**60 + 1, None], pa.int64()),
            "file": ["mine", "yours"],
            "nested": [[1], None],
            "when": pa.array([START, START + np.timedelta64(1, "s")], pa.timestamp("us")),
        }
    )
    result = made({"number": np.array([2.0**60, np.nan])}, time=np.array([START, START]), names={"time": "when"})
    places = pa.array(["a.csv", "b.csv"]).dictionary_encode()
    table = tables.Table(result, data=data, appended={"file": places, "file_row": pa.array([0, 0])})
    assert table.schema.names == ["index", "when", "number", "data_file", "nested", *FOUND, "file", "file_row"]
    found = table.take(slice(0, 1)).to_pylist()[0]
    assert (found["number"], found["nested"], found["file"]) == (2**60 + 1, "[1]", "a.csv")
    assert table.take(np.array([1])).to_pylist()[0]["data_file"] == "yours"
    line = json.loads(files.to_text(partial(files.write_jsonl, table)).splitlines()[1])
    assert (line["when"], line["number"], line["file"]) == ("2026-01-05T00:00:01Z", None, "b.csv")


def test_parquet_needs_no_file_that_knows_where_it_is(result: DetectionResult, tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    with os.fdopen(ours, "rb") as reader, os.fdopen(theirs, "wb") as writer, ThreadPoolExecutor(1) as pool:
        content = pool.submit(reader.read)
        files.write_parquet(tables.Table(result), writer)
        writer.close()
        read = parquet.read_table(io.BytesIO(content.result()))
    assert read.equals(parquet.read_table(result.to_parquet(tmp_path / "a.parquet")))


def test_files_are_whole_and_stay(result: DetectionResult, tmp_path: Path) -> None:
    for name, written in (
        ("a.csv", result.to_csv()),
        ("a.jsonl", result.to_jsonl()),
        ("a.json", result.to_json(indent=1) + "\n"),
    ):
        method = getattr(result, f"to_{name[2:]}")
        more = {"indent": 1} if name == "a.json" else {}
        path = method(tmp_path / name, **more)
        assert path == (tmp_path / name).resolve()
        assert path.read_text("utf-8") == written
        with pytest.raises(PlatformError) as caught:
            method(str(path))
        assert caught.value.code == "platform.file_exists"
        assert method(path, force=True, **more).read_text("utf-8") == written
    with pytest.raises(PlatformError, match="no folder"):
        result.to_parquet(tmp_path / "none" / "a.parquet")


def test_the_table_of_anomalies(result: DetectionResult) -> None:
    table = result.anomaly_table()
    assert table.num_rows == result.n_anomalies == 10
    assert table["rank"].to_pylist() == list(range(1, 11))
    assert table["index"].to_pylist() == result.ranking.tolist()
    assert table["why"].to_pylist() == [item.explanation.sentence for item in result.anomalies if item.explanation]
    assert "prediction" not in table.column_names
    assert result.anomaly_table(2).num_rows == 2
    assert result.with_threshold("score", 1e9).anomaly_table().num_rows == 0
    assert made({"why": np.arange(3.0), "rank": np.arange(3.0)}).anomaly_table().column_names[0] == "data_rank"


def test_no_row_is_flagged_or_every_row(result: DetectionResult) -> None:
    assert result.with_threshold("score", 1e9).to_arrow()["severity"].null_count == 200
    assert result.with_threshold("score", -1e9).to_arrow()["severity"].null_count == 0
