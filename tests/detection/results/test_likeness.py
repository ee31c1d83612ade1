"""Rows like a row, why a row stands out without its detector, the strip of time, and tables in stretches."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomaly_detection import create_detector
from anomaly_detection.detection.calibration.calibrator import Calibrator
from anomaly_detection.detection.calibration.threshold import make_threshold
from anomaly_detection.detection.domain.explanation import Contribution, Explanation
from anomaly_detection.detection.results import DetectionResult, Rows, files
from anomaly_detection.detection.results.csv_text import without_formulas
from anomaly_detection.detection.results.deviation import explain_by_deviation, sampled_rows
from anomaly_detection.detection.results.likeness import importance, nearest_normal_rows, similar_anomalies
from anomaly_detection.detection.results.ranked import Ranked
from anomaly_detection.detection.results.tables import Table
from anomaly_detection.detection.results.timeline import summary_with_timeline, timeline


def judged(values: dict[str, np.ndarray], scores: np.ndarray, share: float = 0.1, **more: object) -> DetectionResult:
    calibrator = Calibrator.learn(scores)
    return DetectionResult(
        scores=scores,
        calibrator=calibrator,
        threshold=make_threshold("contamination", share, scores, calibrator),
        algorithm="knn",
        rows=Rows(values=values),
        dataset={"roles": {"features": list(values)}},
        **more,  # type: ignore[arg-type]
    )


def because(**contributions: float) -> Explanation:
    """Explain a row; a negative contribution is one of a value below the typical one."""
    items = tuple(Contribution(name, float(np.sign(part)), abs(part), 0.0) for name, part in contributions.items())
    return Explanation("m", items, "s")


def test_anomalies_with_like_reasons_come_first() -> None:
    scores = np.arange(100.0)
    reasons = {99: because(a=5, b=1), 98: because(a=4, b=1), 97: because(b=6), 96: because(a=-5, b=1), 50: because(a=5)}
    result = judged({"a": scores}, scores, explanations=reasons)
    found = similar_anomalies(result, 99, reasons[99])
    assert [row for row, _ in found] == [98, 97, 96], "row 50 is not flagged"
    distances = [distance for _, distance in found]
    assert distances == sorted(distances)
    assert distances[0] == pytest.approx(1 / (np.sqrt(26) + np.sqrt(17)))
    assert max(distances) <= 1
    assert similar_anomalies(result, 99, Explanation("m", (), "s")) == []
    assert [row for row, _ in similar_anomalies(result, 99, reasons[99], count=1)] == [98]


@given(st.lists(st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3), min_size=2, max_size=12))
def test_distances_of_reasons_are_bounded_and_zero_for_the_same(parts: list[list[float]]) -> None:
    scores = np.arange(200.0)
    reasons = {199 - place: because(**dict(zip("abc", part, strict=True))) for place, part in enumerate(parts)}
    result = judged({"a": scores}, scores, explanations=reasons)
    found = similar_anomalies(result, 0, reasons[199], count=20)
    assert all(0.0 <= distance <= 1.0 + 1e-9 for _, distance in found)
    assert dict(found)[199] == pytest.approx(0.0, abs=1e-6)


def test_the_nearest_normal_rows_are_normal_and_near() -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(size=1000)
    kinds = np.array(["x", "y"], dtype=object)[generator.integers(0, 2, 1000)]
    values[[3, 4, 5, 6]] = [3.0, 3.01, 2.9, 3.0]
    kinds[[3, 4, 5, 6]] = ["x", "x", "x", "y"]
    scores = np.abs(values)
    scores[4:7] = 0.0
    result = judged({"v": values, "kind": kinds}, scores, share=0.01)
    found = nearest_normal_rows(result, 3)
    assert found[:2] == [4, 5]
    without_kinds = judged({"v": values}, scores, share=0.01)
    assert nearest_normal_rows(without_kinds, 3)[:3] == [6, 4, 5], "another kind counts as far as it differs"
    assert not result.predictions[found].any()
    assert len(nearest_normal_rows(result, 3, count=2)) == 2


def test_missing_values_are_like_missing_values() -> None:
    values = np.array([np.nan, 1.0, np.nan, 2.0, 1.5, 9.0, 1.0, 1.0, 2.0, 1.2])
    scores = np.array([9.0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    result = judged({"v": values}, scores)
    assert nearest_normal_rows(result, 0)[0] == 2
    assert explain_by_deviation(result, 0).contributions[0].contribution == 0.0


def test_rows_are_sampled_where_there_are_many() -> None:
    assert len(sampled_rows(50, 3)) == 50
    assert 50_000 <= len(sampled_rows(10_000_000, 3)) <= 100_000
    assert 900 <= len(sampled_rows(10_000_000, 5000)) <= 1000
    assert sampled_rows(10_000_000, 3).max() < 10_000_000


def test_a_row_is_explained_by_its_distance_from_what_is_usual() -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(10, 2, 2000)
    kinds = np.array(["usual"] * 1990 + ["rare"] * 10, dtype=object)
    values[1995] = 20.0
    explanation = explain_by_deviation(judged({"v": values, "kind": kinds}, np.abs(values)), 1995)
    first, second = explanation.contributions
    assert (first.feature, first.value, second.feature, second.typical) == ("v", 20, "kind", "usual")
    assert first.contribution == pytest.approx(5, rel=0.1)
    assert second.contribution == pytest.approx(np.log10(200))
    assert explanation.method == "deviation"
    assert explanation.sentence.startswith("v is 20, typical is ")


def test_a_step_of_a_series_is_explained_by_what_was_expected() -> None:
    times = np.datetime64("2026-01-01", "us") + np.arange(400).astype("timedelta64[h]")
    values = np.sin(np.arange(400) / 24 * 2 * np.pi) + np.random.default_rng(0).normal(0, 0.05, 400)
    values[200] = 9.0
    result = create_detector("stl", period=24, time="when").detect({"when": times, "load": values})
    explanation = explain_by_deviation(result, 200)
    (item,) = explanation.contributions
    expected, scale = result.rows.expected["load"][200], result.rows.scale["load"][200]
    assert item.contribution == pytest.approx(abs(9.0 - expected) / scale)
    assert explanation.sentence == f"load is 9 where {explanation.contributions[0].typical:.4g} was expected."


def test_shares_of_features_add_up() -> None:
    scores = np.arange(100.0)
    result = judged({"a": scores}, scores, explanations={99: because(a=3, b=-1), 98: because(b=4)})
    shares, count = importance(result)
    assert (dict(shares), count) == ({"b": 0.625, "a": 0.375}, 2)
    assert importance(result, rows=1) == ({"a": 0.75, "b": 0.25}, 1)
    assert importance(judged({"a": scores}, scores)) == ({}, 0)


def test_the_strip_of_time_counts_every_anomaly() -> None:
    times = np.datetime64("2026-01-01", "us") + np.arange(1000).astype("timedelta64[m]")
    scores = np.random.default_rng(0).exponential(size=1000)
    result = judged({"v": scores}, scores, kind="series")
    assert timeline(result) is None, "a series without times has no strip"
    timed = DetectionResult(**{**vars(judged({}, scores, kind="series")), "rows": Rows(values={}, time=times)})
    strip = timeline(timed, 7)
    assert strip is not None
    assert (strip["start"], strip["end"]) == ("2026-01-01T00:00:00Z", "2026-01-01T16:39:00Z")
    assert sum(strip["n"]) == timed.n_anomalies == 100
    assert max(strip["severity"]) == timed.severity_ranks.max()
    assert [n == 0 for n in strip["n"]] == [rank < 0 for rank in strip["severity"]]
    times[timed.ranking[0]] = np.datetime64("NaT")
    assert sum(timeline(timed, 7)["n"]) == 99  # type: ignore[index]
    json.dumps(summary_with_timeline(timed), allow_nan=False)


def test_one_moment_is_a_strip_too() -> None:
    times = np.full(20, np.datetime64("2026-01-01", "us"))
    scores = np.arange(20.0)
    result = DetectionResult(**{**vars(judged({}, scores, kind="series")), "rows": Rows(values={}, time=times)})
    strip = timeline(result, 3)
    assert strip is not None
    assert (strip["start"], strip["n"]) == (strip["end"], [2, 0, 0])
    times[:] = np.datetime64("NaT")
    assert timeline(result) is None


@settings(deadline=None)
@given(st.lists(st.text(), min_size=1, max_size=30))
def test_no_guarded_text_begins_like_a_formula(texts: list[str]) -> None:
    texts = [text.encode("utf-8", "ignore").decode() for text in texts]
    guarded = without_formulas(pa.record_batch({"t": pa.array(texts, pa.string())})).column(0).to_pylist()
    for before, after in zip(texts, guarded, strict=True):
        assert after in {before, f"'{before}"}
        if after[:1] in set("=+-@\t\r") and after:
            float(after)


def test_numbers_are_no_formulas() -> None:
    batch = pa.record_batch({"n": [-5.0, None], "t": ["-5", "+.5e-3"], "-x": ["-", "- 5"]})
    guarded = without_formulas(batch)
    assert guarded.to_pydict() == {"n": [-5.0, None], "t": ["-5", "+.5e-3"], "'-x": ["'-", "'- 5"]}


def test_ranked_rows_come_in_stretches_with_their_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anomaly_detection.detection.results.ranked._STRETCH_ROWS", 7)
    scores = np.random.default_rng(0).permutation(200).astype(float)
    result = judged({"why": scores}, scores, explanations={int(np.argmax(scores)): because(a=1)})
    table = Ranked(Table(result))
    batches = list(table.batches())
    assert [batch.num_rows for batch in batches] == [7, 7, 6]
    whole = pa.Table.from_batches(batches, table.schema)
    assert whole.column_names[0] == "rank"
    assert "data_why" in whole.column_names or whole.column_names[-1] == "data_why"
    assert whole["rank"].to_pylist() == list(range(1, 21))
    assert whole["index"].to_pylist() == result.ranking.tolist()
    assert whole.column(whole.num_columns - 1).to_pylist() == ["s", *[None] * 19]
    text = b"".join(bytes(part) for part in files.as_csv(table, guarded=True)).decode()
    assert len(list(csv.reader(io.StringIO(text)))) == 21


def test_no_anomaly_is_a_file_of_columns_alone() -> None:
    scores = np.ones(50)
    table = Ranked(Table(judged({"v": scores}, scores)))
    assert list(table.batches()) == []
    assert b"".join(bytes(part) for part in files.as_csv(table)).startswith(b'"rank","index","v","score"')
    assert pa.ipc.open_stream(b"".join(files.as_arrow(table))).read_all().num_rows == 0


def test_p_values_are_worked_out_once_for_all_thresholds() -> None:
    scores = np.random.default_rng(0).exponential(size=1000)
    result = judged({"v": scores}, scores)
    assert result.with_contamination(0.2).p_values is not result.p_values
    assert result.with_contamination(0.3).p_values is result.p_values


@settings(deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 3000), st.floats(0.001, 0.9), st.floats(0.3, 6.0))
def test_the_threshold_by_false_discoveries_looks_at_every_row_that_matters(
    seed: int, n: int, rate: float, shape: float
) -> None:
    generator = np.random.default_rng(seed)
    scores = generator.exponential(size=n) ** shape
    scores[: n // 20] *= 50
    calibrator = Calibrator.learn(generator.exponential(size=max(n // 2, 1)) ** shape)
    p_values = np.sort(calibrator.p_values(scores))
    critical = rate * np.arange(1, n + 1) / n
    passed = np.flatnonzero(p_values <= critical)
    cutoff = critical[passed[-1]] if passed.size else rate / n
    assert make_threshold("fdr", rate, scores, calibrator).score_cutoff == calibrator.score_at(float(cutoff))
