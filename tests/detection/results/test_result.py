"""Results: verdicts that change without a refit, and forms that are handed on."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from anomaly_detection import DetectionResult, PlatformError, Severity, create_detector
from anomaly_detection.detection.calibration.calibrator import Calibrator
from anomaly_detection.detection.calibration.threshold import Threshold
from anomaly_detection.detection.results import Rows
from anomaly_detection.detection.results.events import group_events
from anomaly_detection.detection.results.rows import plain

START = np.datetime64("2026-01-05T00:00:00", "us")


def orders(n: int = 300) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    table: dict[str, Any] = {
        "amount": rng.normal(50.0, 5.0, n),
        "country": np.array(["fr", "de", None], dtype=object)[rng.integers(0, 3, n)],
        "gaps": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
        "paid": rng.random(n) < 0.5,
        "when": START + rng.integers(0, 10**6, n).astype("timedelta64[s]"),
    }
    table["amount"][[7, 11, 13]] = [np.inf, 9_999.0, 500.0]
    return table


@pytest.fixture(scope="module")
def result() -> DetectionResult:
    return create_detector("knn", n_neighbors=np.int64(10)).detect(orders())


@pytest.fixture(scope="module")
def series() -> DetectionResult:
    hours = np.arange(500)
    values = 10.0 + 3.0 * np.sin(hours * 2 * np.pi / 24) + np.random.default_rng(0).normal(scale=0.3, size=500)
    values[[200, 201, 202, 400]] += 15.0
    return create_detector("stl").detect({"time": START + hours.astype("timedelta64[h]"), "load": values})


def strict(text: str) -> Any:
    def refuse(name: str) -> Any:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_anomalies_are_ranked(result: DetectionResult) -> None:
    scores = [anomaly.score for anomaly in result.anomalies]
    assert scores == sorted(scores, reverse=True)
    assert result.n_anomalies == len(result.anomalies) == result.predictions.sum()
    assert {7, 11} <= {anomaly.index for anomaly in result.anomalies}
    assert [anomaly.index for anomaly in result.top(2)] == [anomaly.index for anomaly in result.anomalies[:2]]
    assert result.top(1, start=1) == result.anomalies[1:2]
    assert result.top(0) == result.top(5, start=10_000) == ()
    assert result.anomalies[0].severity is Severity.CRITICAL
    assert "300 rows" in repr(result)


def test_json_is_strict_and_complete(result: DetectionResult) -> None:
    document = strict(result.with_contamination(0.2).to_json(indent=1))
    assert document == result.with_contamination(0.2).to_dict()
    assert set(document) == {
        "schema_version", "id", "created_at", "kind", "algorithm", "parameters", "model_id", "dataset", "calibration",
        "threshold", "n_rows", "n_anomalies", "anomalies", "events", "metadata", "scores", "p_values", "predictions",
        "confidence_scores",
    }  # fmt: skip
    assert document["parameters"] == {"n_neighbors": 10}
    assert document["created_at"].endswith("Z")
    assert len(document["scores"]) == len(document["confidence_scores"]) == document["n_rows"] == 300
    anomaly = next(item for item in document["anomalies"] if item["index"] == 7)
    assert anomaly["values"]["amount"] == "Infinity"
    assert isinstance(anomaly["values"]["paid"], bool)
    assert anomaly["values"]["when"].endswith("Z")
    assert all(0 <= item["confidence"] <= 1 and 0 < item["p_value"] <= 1 for item in document["anomalies"])
    assert len(result.with_contamination(0.2).to_dict(limit=3)["anomalies"]) == 3


def test_parts_give_the_result_back(result: DetectionResult, series: DetectionResult) -> None:
    for whole in (result.with_contamination(0.1), series):
        kept = whole.with_explanations()
        document = strict(json.dumps(kept.to_dict(arrays=False), allow_nan=False))
        assert "scores" not in document
        back = DetectionResult.from_parts(document, kept.arrays())
        assert back.to_dict() == kept.to_dict()
        assert back.summary() == kept.summary()
        assert (
            back.with_default_threshold().to_dict()["anomalies"] == kept.with_default_threshold().to_dict()["anomalies"]
        )
        assert [item.explanation for item in back.anomalies] == [item.explanation for item in whole.anomalies]


def test_another_threshold_changes_nothing_else(result: DetectionResult) -> None:
    other = result.with_contamination(0.1)
    assert (other.id, other.n_anomalies) == (result.id, 30)
    assert other.scores is result.scores
    assert result.with_threshold("score", 1e300).n_anomalies == 0
    assert result.with_threshold("score", 1e300).summary()["severities"] == dict.fromkeys(Severity, 0)
    assert result.with_alert_rate(3.0).threshold.kind == "alert_rate"
    assert result.with_default_threshold().threshold == result.threshold
    with pytest.raises(PlatformError, match="contamination"):
        result.with_contamination(0.9)


def test_summary_counts(result: DetectionResult) -> None:
    summary = result.with_contamination(0.1).summary()
    assert summary["n_anomalies"] == sum(summary["severities"].values()) == 30


def test_top_makes_only_what_is_asked_for() -> None:
    asked: list[int] = []

    def explain(rows: np.ndarray, cutoff: float) -> list[Any]:
        asked.extend(rows.tolist())
        return [f"row {row} at {cutoff:g}" for row in rows]

    scores = np.random.default_rng(0).exponential(size=100_000)
    made = DetectionResult(scores, Calibrator.learn(scores), Threshold("score", 0.5, 0.5), "knn", explain=explain)
    assert made.n_anomalies > 50_000
    top = made.top(3)
    assert asked == [anomaly.index for anomaly in top] == np.argsort(-scores)[:3].tolist()
    assert top[0].explanation == f"row {top[0].index} at 0.5"
    late = made.top(2, start=1_500)
    assert len(asked) == 3, "only the first thousand are explained"
    assert [anomaly.explanation for anomaly in late] == [None, None]
    assert len(made.top(4, start=998)) == 4
    assert len(asked) == 5


def test_explanations_are_kept_for_rows_below_the_threshold_too(result: DetectionResult) -> None:
    kept = result.with_explanations(extra=20)
    assert len(kept.explanations) == result.n_anomalies + 20
    assert kept.explain is None
    assert all(item.explanation for item in kept.with_contamination(0.02).anomalies)
    assert create_detector("knn").detect(orders(), explain=False).anomalies[0].explanation is None


def test_results_do_not_follow_the_callers_array() -> None:
    X = np.random.default_rng(0).normal(size=(200, 2))
    X[5] = 50.0
    made = create_detector("knn").detect(X)
    X[:] = 0.0
    assert made.anomalies[0].values == {"feature_0": 50, "feature_1": 50}
    assert made.anomalies[0].explanation is not None
    assert made.anomalies[0].explanation.contributions[0].value == 50


def test_rows_are_named_by_the_index_of_a_frame() -> None:
    values = np.random.default_rng(0).normal(size=200)
    values[5] = 50.0
    named = pd.DataFrame({"v": values}, index=[f"row {row}" for row in range(200)])
    anomaly = create_detector("knn").detect(named).anomalies[0]
    assert (anomaly.index, anomaly.row_id, anomaly.time) == (5, "row 5", None)
    timed = pd.DataFrame({"v": values}, index=pd.date_range("2026-01-05", periods=200, freq="h", tz="Europe/Paris"))
    assert create_detector("knn").detect(timed).anomalies[0].time == "2026-01-05T04:00:00Z"


def test_series_has_events_and_a_band(series: DetectionResult) -> None:
    assert [event.n_rows for event in series.events][:1] == [3]
    event = series.events[0]
    assert (event.start, event.end) == ("2026-01-13T08:00:00Z", "2026-01-13T10:00:00Z")
    assert event.start <= event.peak <= event.end
    band = series.band("load")
    assert band is not None
    low, high = band
    assert (low < high).all()
    inside = (series.rows.values["load"] >= low) & (series.rows.values["load"] <= high)
    assert (inside == (series.predictions == 0)).mean() > 0.99
    assert series.band("other") is None


def test_tables_have_neither(result: DetectionResult) -> None:
    assert result.events == ()
    assert result.band("amount") is None


def test_a_line_beyond_everything_flags_nothing(series: DetectionResult) -> None:
    moved = series.with_threshold("score", 1.7e308)
    assert moved.n_anomalies == 0
    band = moved.band("load")
    assert band is not None
    assert (band[0] < band[1]).all()
    assert moved.calibrator.p_values(np.array([1.7e308]))[0] < 1e-12


def test_no_band_without_a_scale() -> None:
    scores = np.arange(5.0)
    rows = Rows(values={"x": scores}, expected={"x": scores})
    made = DetectionResult(
        scores, Calibrator.learn(scores), Threshold("score", 9.0, 9.0), "a", rows=rows, kind="series"
    )
    assert made.band("x") is None
    assert made.events == ()


def test_events_are_grouped_by_time() -> None:
    times = START + np.arange(100).astype("timedelta64[h]")
    times = times[::-1].copy()
    indices = np.array([10, 12, 80, 40])
    events = group_events(times, indices, np.array([1.0, 5.0, 9.0, 2.0]), np.array([0, 2, 3, 1]))
    assert [(event.n_rows, event.severity.value) for event in events] == [(1, "critical"), (1, "medium"), (2, "high")]
    assert events[2].peak == events[2].start == str(times[12])[:19] + "Z"
    assert events[2].to_dict()["n_rows"] == 2


def test_rows_without_a_time_belong_to_no_event() -> None:
    times = START + np.arange(10).astype("timedelta64[h]")
    times[3] = np.datetime64("NaT")
    assert [event.n_rows for event in group_events(times, np.array([2, 3]), np.ones(2), np.zeros(2, int))] == [1]
    assert group_events(times, np.array([3]), np.ones(1), np.zeros(1, int)) == ()
    assert group_events(times, np.array([], int), np.ones(0), np.zeros(0, int)) == ()
    same = np.full(4, START)
    assert [event.n_rows for event in group_events(same, np.arange(4), np.ones(4), np.zeros(4, int))] == [4]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64("nan"), None),
        (-np.inf, "-Infinity"),
        (2.0, 2),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.int8(3), 3),
        (np.datetime64("NaT"), None),
        (np.datetime64("2026-01-05T00:00:00.5", "us"), "2026-01-05T00:00:00.500000Z"),
        (pd.Timestamp("2026-01-05 01:00", tz="Europe/Paris"), "2026-01-05T00:00:00Z"),
        (None, None),
        ("x", "x"),
        (b"x", "b'x'"),
    ],
)
def test_plain_values(value: Any, expected: Any) -> None:
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)
