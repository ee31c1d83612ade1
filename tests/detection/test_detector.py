"""The detector as users hold it: right use, wrong use, any rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomaly_detection import Detector, PlatformError, create_detector, list_algorithms, load_detector

TABLES = [info.name for info in list_algorithms(kind="table")]
START = np.datetime64("2026-01-05T00:00:00", "s")


def rows(n: int = 200, width: int = 3, seed: int = 0) -> np.ndarray:
    X = np.random.default_rng(seed).normal(size=(n, width))
    X[n // 2] = 25.0
    return X


def hours(n: int = 300) -> dict[str, Any]:
    steps = np.arange(n)
    load = 10.0 + 3.0 * np.sin(steps * 2 * np.pi / 24) + np.random.default_rng(1).normal(scale=0.3, size=n)
    load[n // 2] += 15.0
    return {"time": START + steps.astype("timedelta64[h]"), "load": load}


@pytest.mark.parametrize("use", ["score", "predict", "explain"])
def test_unfitted_use_is_told(use: str) -> None:
    detector = create_detector("knn")
    with pytest.raises(PlatformError, match="has learnt nothing yet") as caught:
        getattr(detector, use)(rows())
    assert caught.value.code == "detection.not_fitted"
    assert not detector.fitted


def test_unfitted_names_and_saving_are_told(tmp_path: Path) -> None:
    detector = create_detector("knn")
    with pytest.raises(PlatformError, match="has learnt nothing yet"):
        _ = detector.feature_names
    with pytest.raises(PlatformError, match="has learnt nothing yet"):
        detector.save(tmp_path / "model.adm")
    assert repr(detector) == "Detector('knn', not fitted)"


def test_detect_learns_where_nothing_was_learnt() -> None:
    detector = create_detector("knn")
    found = detector.detect(rows())
    assert detector.fitted
    assert found.anomalies[0].index == 100
    assert found.metadata["fit_seconds"] > 0
    again = detector.detect(rows())
    assert again.metadata["fit_seconds"] == 0.0
    assert not np.array_equal(found.scores, again.scores), "the training rows were judged without themselves"


@pytest.mark.parametrize("name", TABLES)
def test_predictions_are_those_of_detect(name: str) -> None:
    detector = create_detector(name).fit(rows())
    new = rows(seed=2)
    assert np.array_equal(detector.predict(new), detector.detect(new).predictions)
    assert detector.predict(new).dtype == np.int8
    assert np.array_equal(detector.score(new), detector.detect(new).scores)


def test_fitting_again_forgets() -> None:
    detector = create_detector("knn").fit(rows())
    detector.fit({"a": [1.0, 2.0, 3.0, 4.0, 5.0]})
    assert detector.feature_names == ("a",)
    assert np.array_equal(
        detector.score({"a": [3.0]}), create_detector("knn").fit({"a": [1.0, 2.0, 3.0, 4.0, 5.0]}).score({"a": [3.0]})
    )


def test_a_failed_fit_keeps_what_was_learnt() -> None:
    detector = create_detector("knn").fit(rows())
    before = detector.score(rows())
    with pytest.raises(PlatformError):
        detector.fit([])
    assert np.array_equal(detector.score(rows()), before)


@pytest.mark.parametrize("make", [pd.DataFrame, pa.table, dict, lambda table: pd.DataFrame(table).to_dict("records")])
def test_every_make_of_table_scores_the_same(make: Any) -> None:
    table = {"a": rows()[:, 0].tolist(), "word": ["x", "y"] * 100, "flag": [True, False, None, True] * 50}
    expected = create_detector("knn").fit(table).score(table)
    assert np.array_equal(create_detector("knn").fit(make(table)).score(make(table)), expected)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(
    "X",
    [
        np.full((40, 2), 7.0),
        np.full((40, 2), np.nan),
        np.full((40, 2), np.inf),
        np.repeat(rows(4), 25, axis=0),
        rows(5, 60),
        rows(60) * 1e-310,
        rows(60) * 1e306,
        rows(60) + 1e15,
        np.array([[np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, 0.0, 1.0]]).T,
        rows(1),
        rows(2),
    ],
    ids=["constant", "missing", "infinite", "repeated", "wide", "tiny", "huge", "offset", "odd", "one", "two"],
)  # fmt: skip
def test_odd_tables_get_finite_scores(name: str, X: np.ndarray) -> None:
    detector = create_detector(name)
    found = detector.detect(X)
    assert np.isfinite(found.scores).all()
    assert np.isfinite(detector.score(X)).all()
    assert ((found.p_values > 0) & (found.p_values <= 1)).all()
    json.loads(found.with_contamination(0.5).to_json(), parse_constant=pytest.fail)


@st.composite
def mixed_tables(draw: st.DrawFn) -> dict[str, list[Any]]:
    n = draw(st.integers(1, 40))
    kinds = [
        st.one_of(st.none(), st.floats(width=64)),
        st.one_of(st.none(), st.text(max_size=2)),
        st.one_of(st.none(), st.booleans()),
        st.one_of(st.none(), st.datetimes()),
        st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=2), st.dates()),
    ]
    width = draw(st.integers(1, 4))
    return {"n": list(range(n))} | {
        f"c{place}": draw(st.lists(draw(st.sampled_from(kinds)), min_size=n, max_size=n)) for place in range(width)
    }


@pytest.mark.parametrize("name", TABLES)
@given(table=mixed_tables(), share=st.sampled_from([0.05, 0.5]))
@settings(max_examples=25, deadline=None)
def test_any_table_is_judged(name: str, table: dict[str, list[Any]], share: float) -> None:
    detector = create_detector(name)
    found = detector.detect(table).with_contamination(share)
    assert np.isfinite(found.scores).all()
    assert ((found.p_values > 0) & (found.p_values <= 1)).all()
    assert ((found.confidence_scores >= 0) & (found.confidence_scores <= 1)).all()
    assert found.n_anomalies <= share * len(table["n"]) + 1e-9
    document = json.loads(found.to_json(), parse_constant=pytest.fail)
    assert all(item["explanation"]["sentence"] for item in document["anomalies"])
    together = detector.score(table)
    alone = [detector.score([{name: values[row] for name, values in table.items()}])[0] for row in range(len(together))]
    assert alone == together.tolist()


def test_columns_may_be_chosen() -> None:
    table = {"a": rows()[:, 0], "b": rows()[:, 1], "key": [f"key {row}" for row in range(200)]}
    chosen = create_detector("knn", columns=["b"]).fit(table)
    assert chosen.feature_names == ("b",)
    assert np.array_equal(chosen.score(table), create_detector("knn").fit({"b": table["b"]}).score({"b": table["b"]}))
    with pytest.raises(PlatformError, match="There is no column 'amuont'"):
        create_detector("knn", columns=["amuont"]).fit(table)
    for wrong in ("a", [], 5):
        with pytest.raises(PlatformError, match="columns") as caught:
            create_detector("knn", columns=wrong)  # type: ignore[arg-type]
        assert caught.value.code == "detection.invalid_parameter"


def test_columns_of_a_frame_may_be_chosen_by_their_own_labels() -> None:
    frame = pd.DataFrame(rows(), columns=pd.MultiIndex.from_tuples([("x", "a"), ("x", "b"), ("y", "a")]))
    assert create_detector("knn", columns=[("x", "b"), ("y", "a")]).fit(frame).feature_names == ("x.b", "y.a")
    assert create_detector("knn", columns=[2, 0]).fit(pd.DataFrame(rows())).feature_names == ("2", "0")


def test_chosen_columns_are_explained_under_their_names() -> None:
    X = rows()
    X[100] = [0.0, 0.0, 25.0]
    found = create_detector("knn", columns=["feature_2", "feature_0", "feature_1"]).detect(X)
    explanation = found.anomalies[0].explanation
    assert explanation is not None
    assert (explanation.contributions[0].feature, explanation.contributions[0].value) == ("feature_2", 25)


def test_a_column_learnt_as_numbers_may_come_as_text_and_unseen_words_are_rare() -> None:
    table = {"a": rows()[:, 0], "word": np.array(["x", "y"] * 100, dtype=object)}
    detector = create_detector("knn").fit(table)
    assert detector.score({"a": ["0.5"], "word": ["x"]}) == detector.score({"a": [0.5], "word": ["x"]})
    unseen = detector.detect({"a": [0.5], "word": ["z"]})
    assert unseen.scores[0] > detector.score({"a": [0.5], "word": ["x"]})[0]
    assert any("never seen" in warning for warning in unseen.metadata["warnings"])


def test_progress_is_told_and_may_stop_the_work() -> None:
    told: list[tuple[float, str]] = []
    create_detector("knn").detect(rows(), progress=lambda fraction, stage: told.append((fraction, stage)))
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)

    def stop(fraction: float, stage: str) -> None:
        if stage == "fitting":
            raise KeyboardInterrupt

    detector = create_detector("knn")
    with pytest.raises(KeyboardInterrupt):
        detector.detect(rows(), progress=stop)
    assert not detector.fitted


def test_saved_detectors_judge_the_same(tmp_path: Path) -> None:
    table = {"a": rows()[:, 0], "word": np.array(["x", "y"] * 100, dtype=object), "flag": rows()[:, 1] > 0}
    detector = create_detector(
        "knn", n_neighbors=np.int64(7), seed=np.int64(3), threshold=("p_value", np.float32(0.25)), columns=("a", "word")
    ).fit(table)
    loaded = load_detector(detector.save(tmp_path / "model.adm"))
    assert isinstance(loaded, Detector)
    assert loaded.parameters == {"n_neighbors": 7}
    assert (loaded.seed, loaded.threshold, loaded.chosen) == (detector.seed, detector.threshold, detector.chosen)
    before, after = detector.detect(table), loaded.detect(table)
    assert np.array_equal(before.scores, after.scores)
    assert before.threshold == after.threshold
    assert [item.to_dict() for item in before.anomalies] == [item.to_dict() for item in after.anomalies]
    assert loaded.fit(table).feature_names == ("a", "word")
    assert detector.save(tmp_path / "again.adm").read_bytes() == detector.save(tmp_path / "third.adm").read_bytes()


def test_few_rows_are_judged_by_a_robust_distance_and_saved_so(tmp_path: Path) -> None:
    detector = create_detector("knn").fit({"a": [1.0, 2.0, 3.0]})
    loaded = load_detector(detector.save(tmp_path / "model.adm"))
    assert np.array_equal(loaded.score({"a": [9.0]}), detector.score({"a": [9.0]}))
    assert any("too few for knn" in warning for warning in loaded.detect({"a": [9.0]}).metadata["warnings"])


def test_series_may_come_as_rows_without_names() -> None:
    table = hours()
    moments = pd.to_datetime(table["time"]).to_pydatetime().tolist()
    listed = [[moment, load] for moment, load in zip(moments, table["load"].tolist(), strict=True)]
    assert np.array_equal(create_detector("stl").detect(listed).scores, create_detector("stl").detect(table).scores)


def test_series_of_an_indexed_frame_is_the_series_of_its_columns() -> None:
    table = hours()
    frame = pd.DataFrame({"load": table["load"]}, index=pd.DatetimeIndex(table["time"]))
    found = create_detector("stl").detect(frame)
    assert found.anomalies[0].time == "2026-01-11T06:00:00Z"
    assert np.array_equal(found.scores, create_detector("stl").detect(table).scores)
    one = create_detector("stl").detect(frame["load"])
    assert one.anomalies[0].time == "2026-01-11T06:00:00Z"


def test_series_takes_chosen_columns_of_an_array() -> None:
    load = hours()["load"]
    X = np.column_stack([np.zeros(300), load])
    chosen = create_detector("stl", columns=["feature_1"]).detect(X)
    assert np.array_equal(chosen.scores, create_detector("stl").detect(load).scores)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"time": [START], "word": ["x"]}, "detection.no_usable_column"),
        ({"time": np.empty(0, dtype="datetime64[s]"), "load": np.empty(0)}, "detection.no_rows"),
    ],
)
def test_what_is_no_series_is_told(data: Any, code: str) -> None:
    with pytest.raises(PlatformError) as caught:
        create_detector("stl").fit(data)
    assert caught.value.code == code


def test_later_rows_of_a_series_must_fit() -> None:
    detector = create_detector("stl").fit(hours())
    for wrong in ({"load": [1.0]}, {"time": [START], "lode": [1.0]}, {"time": [START], "load": ["much"]}):
        with pytest.raises(PlatformError) as caught:
            detector.score(wrong)
        assert caught.value.code in {"detection.unknown_column", "detection.column_type"}
        assert caught.value.hint
