"""Whatever users hold comes through the detector's door, or is told why not; rows of every kind of trouble are judged."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from anomaly_detection import PlatformError, create_detector, load_dataset
from anomaly_detection.data_platform.dataset import Dataset

N = 60
A = np.random.default_rng(0).normal(size=N)
B = np.random.default_rng(1).normal(size=N)
A[30] = 9.0
WORD = ["x", "y", "x"] * 20
WHEN = [dt.datetime(2026, 1, 5, tzinfo=dt.UTC) + dt.timedelta(hours=5 * row) for row in range(N)]
MATRIX = np.column_stack([A, B])
MIXED: dict[str, list[Any]] = {"a": A.tolist(), "b": B.tolist(), "word": WORD, "when": WHEN}


def scores_of(data: Any) -> np.ndarray:
    detector = create_detector("modified_zscore", combine="mean").fit(data)
    scores = detector.score(data)
    assert scores.shape == (N,)
    assert scores.argmax() == 30
    return scores


NUMBERS: dict[str, Callable[[], Any]] = {
    "array": lambda: MATRIX,
    "array in another order": lambda: np.asfortranarray(MATRIX),
    "part of a larger array": lambda: np.column_stack([A, A, B])[:, ::2],
    "structured array": lambda: np.array(list(zip(A, B, strict=True)), dtype=[("a", "f8"), ("b", "f8")]),
    "object array": lambda: MATRIX.astype(object),
    "read-only array": lambda: np.broadcast_to(MATRIX, (1, N, 2))[0],
    "masked array": lambda: np.ma.masked_array(MATRIX),
    "list of lists": MATRIX.tolist,
    "list of dicts": lambda: [{"a": a, "b": b} for a, b in MATRIX.tolist()],
    "dict of lists": lambda: {"a": A.tolist(), "b": B.tolist()},
    "dict of arrays": lambda: {"a": A, "b": B},
    "pandas": lambda: pd.DataFrame(MATRIX),
    "pandas nullable": lambda: pd.DataFrame(MATRIX).astype("Float64"),
    "pandas of arrow": lambda: pd.DataFrame(MATRIX).astype("float64[pyarrow]"),
    "pandas with levels": lambda: pd.DataFrame(MATRIX, columns=pd.MultiIndex.from_tuples([("v", "a"), ("v", "b")])),
    "polars": lambda: pl.DataFrame({"a": A, "b": B}),
    "arrow table": lambda: pa.table({"a": A, "b": B}),
    "arrow batch": lambda: pa.record_batch({"a": A, "b": B}),
    "arrow chunks": lambda: pa.concat_tables([pa.table({"a": A[:7], "b": B[:7]}), pa.table({"a": A[7:], "b": B[7:]})]),
    "data set": lambda: Dataset.from_arrow(pa.table({"a": A, "b": B}), name="numbers"),
}  # fmt: skip

ROWS: dict[str, Callable[[], Any]] = {
    "list of dicts": lambda: [dict(zip(MIXED, row, strict=True)) for row in zip(*MIXED.values(), strict=True)],
    "object array": lambda: np.array(list(zip(*MIXED.values(), strict=True)), dtype=object),
    "pandas": lambda: pd.DataFrame(MIXED),
    "pandas categories and zones": lambda: pd.DataFrame(MIXED).astype({"word": "category"}).assign(when=lambda frame: frame["when"].dt.tz_convert("Asia/Tokyo")),
    "pandas nullable": lambda: pd.DataFrame(MIXED).astype({"a": "Float64", "word": "string"}),
    "polars": lambda: pl.DataFrame(MIXED),
    "polars categories": lambda: pl.DataFrame(MIXED).with_columns(pl.col("word").cast(pl.Categorical)),
    "arrow": lambda: pa.table(MIXED),
    "arrow dictionaries and large text": lambda: pa.table({**MIXED, "word": pa.array(WORD, pa.large_string()).dictionary_encode()}),
    "arrow batch": lambda: pa.RecordBatch.from_pydict(MIXED),
}  # fmt: skip


@pytest.mark.parametrize("make", NUMBERS)
def test_every_make_of_numbers_scores_the_same(make: str) -> None:
    assert np.array_equal(scores_of(NUMBERS[make]()), scores_of(MATRIX))


@pytest.mark.parametrize("make", ROWS)
def test_every_make_of_rows_scores_the_same(make: str) -> None:
    assert np.array_equal(scores_of(ROWS[make]()), scores_of(MIXED))


def test_one_column_may_come_without_a_table() -> None:
    for make in (lambda: A, A.tolist, lambda: pd.Series(A), lambda: pl.Series(A), lambda: pa.array(A)):
        assert np.array_equal(scores_of(make()), scores_of({"value": A}))


def test_decimals_are_numbers() -> None:
    exact = pa.table({"a": pa.array([decimal.Decimal(f"{value:.3f}") for value in A], pa.decimal128(9, 3)), "b": B})
    assert scores_of(exact) == pytest.approx(scores_of({"a": A.round(3), "b": B}), rel=1e-12)


def test_a_lazy_frame_is_told_to_collect() -> None:
    with pytest.raises(PlatformError, match=r"collect\(\)"):
        create_detector("knn").fit(pl.LazyFrame({"a": A}))


UNREADABLE: dict[str, Callable[[], Any]] = {
    "arrow binary": lambda: pa.table({"a": A, "odd": [b"\xff\xfe"] * N}),
    "arrow fixed binary": lambda: pa.table({"a": A, "odd": pa.array([b"12345678"] * N, pa.binary(8))}),
    "arrow union": lambda: pa.table({"a": A, "odd": pa.UnionArray.from_sparse(pa.array([0] * N, pa.int8()), [pa.array(range(N))])}),
    "arrow lists": lambda: pa.table({"odd": [[1, 2]] * N, "a": A}),
    "arrow structs": lambda: pa.table({"a": A, "odd": [{"x": 1}] * N}),
    "arrow maps": lambda: pa.table({"a": A, "odd": pa.array([[("k", 1)]] * N, pa.map_(pa.string(), pa.int64()))}),
    "pandas lists": lambda: pd.DataFrame({"a": A, "odd": [[1]] * N}),
    "polars lists": lambda: pl.DataFrame({"a": A, "odd": [[1]] * N}),
    "dicts": lambda: [{"odd": {"x": 1}, "a": value} for value in A.tolist()],
    "dict of matrices": lambda: {"odd": np.zeros((N, 2)), "a": A},
    "complex": lambda: {"a": A, "odd": A + 1j},
    "structured": lambda: np.array([(value, (1.0, 2.0)) for value in A], dtype=[("a", "f8"), ("odd", "f8", (2,))]),
}  # fmt: skip


@pytest.mark.parametrize("make", UNREADABLE)
def test_a_column_that_cannot_be_judged_does_no_harm_until_it_is_asked_for(make: str) -> None:
    data = UNREADABLE[make]()
    found = create_detector("knn").detect(data)
    assert np.array_equal(found.scores, create_detector("knn").detect({"a": A}).scores)
    assert any("'odd' holds" in warning and "left out" in warning for warning in found.metadata["warnings"])
    chosen = create_detector("knn", columns=["a"]).detect(data)
    assert chosen.metadata["warnings"] == []
    with pytest.raises(PlatformError, match="'odd' holds") as caught:
        create_detector("knn", columns=["a", "odd"]).fit(data)
    assert caught.value.code == "detection.column_type"


def test_a_column_that_was_learnt_and_cannot_be_judged_later_is_told() -> None:
    detector = create_detector("knn").fit({"a": A, "b": B})
    with pytest.raises(PlatformError, match="'b' holds"):
        detector.score([{"a": 1.0, "b": [1, 2]}])


def test_names_are_doubled_also_by_what_cannot_be_read() -> None:
    with pytest.raises(PlatformError, match="Two columns have the name 'a'"):
        create_detector("knn").fit(pd.DataFrame([[1.0, [2]]] * N, columns=["a", "a"]))


def test_a_series_leaves_out_what_it_cannot_read() -> None:
    found = create_detector("stl").detect(pa.table({"time": WHEN, "a": A, "odd": [[1]] * N}))
    assert any("'odd' holds" in warning for warning in found.metadata["warnings"])


@pytest.mark.parametrize("algorithm", ["knn", "stl"])
def test_numbers_taken_for_times_are_told(algorithm: str) -> None:
    data = {"t": np.arange(N) * 60.0, "a": A}
    found = create_detector(algorithm, time="t").detect(data)
    assert any("'t' holds numbers" in warning for warning in found.metadata["warnings"])
    plain = create_detector(algorithm, time="when").detect({"when": WHEN, "a": A})
    assert not any("holds numbers" in warning for warning in plain.metadata["warnings"])


HOSTILE = {
    "gaps": [None if row % 5 == 0 else float(row % 7) for row in range(N)],
    "infinite": [float("inf") if row == 3 else float("-inf") if row == 4 else float(row % 11) for row in range(N)],
    "constant": [7] * N,
    "empty": [None] * N,
    "flag": [None if row == 9 else row % 2 == 0 for row in range(N)],
    "word": [None if row == 8 else "äöü"[row % 3] for row in range(N)],
    "day": [dt.date(2026, 1, 1) + dt.timedelta(days=row) for row in range(N)],
    "mixed": [(1, "one", None, 2.5, dt.date(2026, 1, 1))[row % 5] for row in range(N)],
}


@pytest.mark.parametrize("algorithm", ["modified_zscore", "knn", "isolation_forest", "ensemble"])
def test_rows_of_every_kind_of_trouble_are_judged_one_by_one(algorithm: str) -> None:
    detector = create_detector(algorithm)
    found = detector.detect(HOSTILE)
    assert np.isfinite(found.scores).all()
    together = detector.score(HOSTILE)
    for row in (0, 3, 8, 9, 59):
        assert detector.score([{name: values[row] for name, values in HOSTILE.items()}])[0] == together[row]


def test_what_later_rows_lack_or_add_is_told() -> None:
    detector = create_detector("knn").fit({"a": A, "word": WORD})
    found = detector.detect({"a": [0.0, 1.0], "word": ["x", "new"], "more": [1, 2]})
    assert any("'more'" in warning and "ignored" in warning for warning in found.metadata["warnings"])
    assert any("'word'" in warning and "never seen" in warning for warning in found.metadata["warnings"])
    with pytest.raises(PlatformError, match="Missing column: 'word'") as caught:
        detector.score({"a": [0.0], "wrod": ["x"]})
    assert caught.value.code == "detection.missing_column"
    assert caught.value.details["missing"] == ["word"]


@pytest.mark.parametrize("empty", [list, lambda: MATRIX[:0], lambda: pd.DataFrame({"a": []}), lambda: {"a": []}])
def test_no_row_is_told(empty: Callable[[], Any]) -> None:
    for use in ("fit", "detect"):
        with pytest.raises(PlatformError, match="no row"):
            getattr(create_detector("knn"), use)(empty())
    detector = create_detector("knn").fit({"a": A})
    with pytest.raises(PlatformError, match="no row"):
        detector.score(empty())


def test_few_rows_are_judged_with_a_warning() -> None:
    for n in (1, 2, 3):
        found = create_detector("isolation_forest").detect(MATRIX[:n])
        assert np.isfinite(found.scores).all()
        assert any("too few for isolation_forest" in warning for warning in found.metadata["warnings"])


def test_a_data_set_brings_its_roles() -> None:
    data = load_dataset("nyc_taxi")
    assert create_detector("stl").fit(data).feature_names == data.roles.features
