"""Every make of table becomes typed columns, or an error that says what was seen."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import fractions
import pathlib
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from anomaly_detection import PlatformError
from anomaly_detection.detection.encoding.columns import Column, Columns, epoch_to_iso, level_text, plain_number
from anomaly_detection.detection.encoding.reading import read_columns


def read(data: Any) -> dict[str, tuple[str, list[Any]]]:
    columns = read_columns(data)
    for item in columns.items:
        assert item.values.dtype == (np.int32 if item.kind == "category" else np.float64)
        assert item.values.shape == (columns.n_rows,)
    return {item.name: (item.kind, item.take(np.arange(columns.n_rows))) for item in columns.items}


Frame = pd.DataFrame
MIXED = [1, "x", None, 2.5]
MOMENT, DAY = dt.datetime(2020, 1, 1, 5, tzinfo=dt.UTC), dt.date(2020, 1, 2)
CET = dt.timezone(dt.timedelta(hours=2))

READABLE: dict[str, tuple[Callable[[], Any], dict[str, tuple[str, list[Any]]]]] = {
    "vector": (lambda: np.array([1.0, np.nan]), {"value": ("number", [1, None])}),
    "matrix of integers": (lambda: np.array([[1, 2], [3, 4]]), {"feature_0": ("number", [1, 3]), "feature_1": ("number", [2, 4])}),
    "half floats": (lambda: np.array([1.5], dtype=np.float16), {"value": ("number", [1.5])}),
    "long doubles beyond doubles": (lambda: np.array([np.longdouble("1e4000")]), {"value": ("number", ["Infinity"])}),
    "largest unsigned": (lambda: np.array([2**64 - 1], dtype=np.uint64), {"value": ("number", [2.0**64])}),
    "big endian": (lambda: np.array([1.5], dtype=">f8"), {"value": ("number", [1.5])}),
    "flags": (lambda: np.array([True, False]), {"value": ("boolean", [True, False])}),
    "numpy text": (lambda: np.array(["a", "b", "a"]), {"value": ("category", ["a", "b", "a"])}),
    "numpy bytes": (lambda: np.array([b"a", b"b"]), {"value": ("category", ["a", "b"])}),
    "objects": (lambda: np.array([[1, "a"], [None, "b"]], dtype=object), {"feature_0": ("number", [1, None]), "feature_1": ("category", ["a", "b"])}),
    "structured": (
        lambda: np.array([(1.0, b"x"), (2.0, b"y")], dtype=[("a", "f8"), ("b", "S4")]),
        {"a": ("number", [1, 2]), "b": ("category", ["x", "y"])},
    ),
    "masked": (lambda: np.ma.masked_array([1, 2], mask=[False, True]), {"value": ("number", [1, None])}),
    "masked flags": (lambda: np.ma.masked_array([True, True], mask=[False, True]), {"value": ("boolean", [True, None])}),
    "masked text": (lambda: np.ma.masked_array(["x", "y"], mask=[False, True]), {"value": ("category", ["x", None])}),
    "days": (lambda: np.array(["2020-01-02", "NaT"], dtype="datetime64[D]"), {"value": ("datetime", ["2020-01-02T00:00:00Z", None])}),
    "far years": (lambda: np.array(["0001", "100000"], dtype="datetime64[Y]"), {"value": ("datetime", ["0001-01-01T00:00:00Z", None])}),
    "nanoseconds": (lambda: np.array(["2020-01-02T03:04:05.123456789"], dtype="datetime64[ns]"), {"value": ("datetime", ["2020-01-02T03:04:05.123457Z"])}),
    "durations": (lambda: np.array([1, "NaT"], dtype="timedelta64[h]"), {"value": ("number", [3600, None])}),
    "rows": (lambda: [[1, 2.5], [3, 4.5]], {"feature_0": ("number", [1, 3]), "feature_1": ("number", [2.5, 4.5])}),
    "rows of numbers and text": (lambda: [[1, "a"], [2, "b"]], {"feature_0": ("number", [1, 2]), "feature_1": ("category", ["a", "b"])}),
    "rows with times": (lambda: [[MOMENT, 1.0]], {"feature_0": ("datetime", ["2020-01-01T05:00:00Z"]), "feature_1": ("number", [1])}),
    "values": (lambda: [1, None, 3], {"value": ("number", [1, None, 3])}),
    "range": (lambda: range(2), {"value": ("number", [0, 1])}),
    "deque": (lambda: collections.deque([[1], [2]]), {"value": ("number", [1, 2])}),
    "huge integers": (lambda: [2**63, 2**70], {"value": ("number", [2.0**63, 2.0**70])}),
    "integers beyond doubles": (lambda: [10**400, -(10**400)], {"value": ("number", ["Infinity", "-Infinity"])}),
    "dicts with missing and extra keys": (
        lambda: [{"a": 1, "b": "x"}, {"a": 2, "c": 5}, {"b": "y"}],
        {"a": ("number", [1, 2, None]), "b": ("category", ["x", None, "y"]), "c": ("number", [None, 5, None])},
    ),
    "dicts with numbers as keys": (lambda: [{1: 1, 2: 3}, {1: 5}], {"1": ("number", [1, 5]), "2": ("number", [3, None])}),
    "one dict": (lambda: {"a": 1, "b": "x", "c": None}, {"a": ("number", [1]), "b": ("category", ["x"]), "c": ("number", [None])}),
    "dict of lists": (lambda: {"a": [1, 2], "b": ("x", "y"), "c": range(2)}, {"a": ("number", [1, 2]), "b": ("category", ["x", "y"]), "c": ("number", [0, 1])}),
    "dict of columns of other makes": (
        lambda: {"a": pd.Series([1, 2], index=[5, 6]), "b": pl.Series(["x", None]), "c": pa.array([True, None]), "d": pa.chunked_array([[1], [2]])},
        {"a": ("number", [1, 2]), "b": ("category", ["x", None]), "c": ("boolean", [True, None]), "d": ("number", [1, 2])},
    ),
    "flags and none": (lambda: [{"a": True}, {"a": None}], {"a": ("boolean", [True, None])}),
    "flags and numbers": (lambda: [{"a": True}, {"a": 2.5}], {"a": ("number", [1, 2.5])}),
    "numbers as text among numbers": (lambda: [{"a": 1}, {"a": "2.5"}], {"a": ("number", [1, 2.5])}),
    "flag text": (lambda: [{"a": "true"}, {"a": "false"}], {"a": ("category", ["true", "false"])}),
    "mixed": (lambda: [{"a": value} for value in MIXED], {"a": ("category", ["1", "x", None, "2.5"])}),
    "mixed with other missing values": (lambda: [{"a": value} for value in (pd.NA, pd.NaT, np.float32("nan"), decimal.Decimal("nan"), np.datetime64("NaT"), 1, "x")], {"a": ("category", [None] * 5 + ["1", "x"])}),
    "decimals": (lambda: [{"a": decimal.Decimal("1.5")}, {"a": decimal.Decimal("1e500")}], {"a": ("number", [1.5, "Infinity"])}),
    "fractions": (lambda: [{"a": fractions.Fraction(1, 4)}, {"a": 2}], {"a": ("number", [0.25, 2])}),
    "uuids": (lambda: [{"a": uuid.UUID(int=1)}], {"a": ("category", ["00000000-0000-0000-0000-000000000001"])}),
    "lone surrogates": (lambda: [{"a": "\ud800"}, {"a": "é"}], {"a": ("category", ["\\ud800", "é"])}),
    "first and last day": (lambda: [{"a": dt.datetime(1, 1, 1, tzinfo=dt.UTC)}, {"a": dt.datetime(9999, 12, 31, tzinfo=dt.UTC)}], {"a": ("datetime", ["0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"])}),
    "zones": (lambda: [{"a": MOMENT}, {"a": dt.datetime(2020, 1, 1, 7, tzinfo=CET)}], {"a": ("datetime", ["2020-01-01T05:00:00Z"] * 2)}),
    "dates and times": (lambda: [{"a": DAY}, {"a": MOMENT}], {"a": ("datetime", ["2020-01-02T00:00:00Z", "2020-01-01T05:00:00Z"])}),
    "dates and numbers": (lambda: [{"a": DAY}, {"a": 1}], {"a": ("category", ["2020-01-02T00:00:00Z", "1"])}),
    "times and numbers": (lambda: [{"a": MOMENT}, {"a": 1}], {"a": ("category", ["2020-01-01T05:00:00Z", "1"])}),
    "numpy times": (lambda: [{"a": np.datetime64("2020-01-02")}, {"a": np.datetime64("NaT")}], {"a": ("datetime", ["2020-01-02T00:00:00Z", None])}),
    "times of day": (lambda: [{"a": dt.time(1)}], {"a": ("number", [3600])}),
    "mixed column": (lambda: Frame({"a": MIXED, "b": range(4)}), {"a": ("category", ["1", "x", None, "2.5"]), "b": ("number", [0, 1, 2, 3])}),
    "categorical": (lambda: Frame({"a": pd.Categorical(["x", None], categories=["z", "x"])}), {"a": ("category", ["x", None])}),
    "categorical of numbers": (lambda: Frame({"a": pd.Categorical([1.0, 2.0])}), {"a": ("category", ["1", "2"])}),
    "categorical of intervals": (lambda: Frame({"a": pd.cut([1, 9], [0, 5, 10])}), {"a": ("category", ["(0, 5]", "(5, 10]"])}),
    "nullable types": (
        lambda: Frame({"a": pd.array([1, None], dtype="Int64"), "b": pd.array([True, None], dtype="boolean"), "c": pd.array(["x", None], dtype="string")}),
        {"a": ("number", [1, None]), "b": ("boolean", [True, None]), "c": ("category", ["x", None])},
    ),
    "arrow types": (lambda: Frame({"a": pd.array([1, None], dtype="int64[pyarrow]")}), {"a": ("number", [1, None])}),
    "zoned times": (lambda: Frame({"a": pd.to_datetime(["2020-01-01 06:00"]).tz_localize("Europe/Berlin")}), {"a": ("datetime", ["2020-01-01T05:00:00Z"])}),
    "periods": (lambda: Frame({"a": pd.period_range("2020-02", periods=1, freq="M")}), {"a": ("datetime", ["2020-02-01T00:00:00Z"])}),
    "timedeltas": (lambda: Frame({"a": pd.to_timedelta([1, None], unit="h")}), {"a": ("number", [3600, None])}),
    "intervals": (lambda: Frame({"a": pd.arrays.IntervalArray.from_tuples([(0, 1), None])}), {"a": ("category", ["(0.0, 1.0]", None])}),
    "sparse": (lambda: Frame({"a": pd.arrays.SparseArray([0.0, 1.0])}), {"a": ("number", [0, 1])}),
    "names with levels": (lambda: Frame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")])), {"a.x": ("number", [1]), "a.y": ("number", [2])}),
    "names that are numbers": (lambda: Frame([[1, 2]]), {"0": ("number", [1]), "1": ("number", [2])}),
    "index of times": (lambda: Frame({"v": [1]}, index=pd.DatetimeIndex(["2020-01-02"])), {"v": ("number", [1]), "time": ("datetime", ["2020-01-02T00:00:00Z"])}),
    "index of periods": (lambda: Frame({"v": [1]}, index=pd.period_range("2020", periods=1, freq="D", name="day")), {"v": ("number", [1]), "day": ("datetime", ["2020-01-01T00:00:00Z"])}),
    "index of names": (lambda: Frame({"v": [1, 2]}, index=["x", "y"]), {"v": ("number", [1, 2]), "index": ("category", ["x", "y"])}),
    "filtered": (lambda: Frame({"v": [1, 2, 3, 4]})[lambda f: f.v != 3], {"v": ("number", [1, 2, 4]), "index": ("number", [0, 1, 3])}),
    "series": (lambda: pd.Series([1, 2], name="x"), {"x": ("number", [1, 2])}),
    "series without a name": (lambda: pd.Series([1, 2]), {"value": ("number", [1, 2])}),
    "polars": (
        lambda: pl.DataFrame(
            {
                "i": pl.Series([1, None], dtype=pl.Int8),
                "u": pl.Series([2**63, None], dtype=pl.UInt64),
                "f": [float("nan"), None],
                "s": ["x", None],
                "b": [True, None],
                "d": [DAY, None],
                "t": [MOMENT, None],
                "c": pl.Series(["x", None], dtype=pl.Categorical),
                "e": pl.Series(["x", None], dtype=pl.Enum(["y", "x"])),
                "m": [decimal.Decimal("1.5"), None],
                "n": [None, None],
                "h": [dt.timedelta(hours=1), None],
                "o": [dt.time(1), None],
            }
        ),
        {
            "i": ("number", [1, None]),
            "u": ("number", [2.0**63, None]),
            "f": ("number", [None, None]),
            "s": ("category", ["x", None]),
            "b": ("boolean", [True, None]),
            "d": ("datetime", ["2020-01-02T00:00:00Z", None]),
            "t": ("datetime", ["2020-01-01T05:00:00Z", None]),
            "c": ("category", ["x", None]),
            "e": ("category", ["x", None]),
            "m": ("number", [1.5, None]),
            "n": ("number", [None, None]),
            "h": ("number", [3600, None]),
            "o": ("number", [3600, None]),
        },
    ),
    "polars wide integers": (lambda: pl.DataFrame({"a": pl.Series([2**100, None], dtype=pl.Int128), "b": ["x", "y"]}), {"a": ("number", [2.0**100, None]), "b": ("category", ["x", "y"])}),
    "polars series": (lambda: pl.Series("a", [1, 2]), {"a": ("number", [1, 2])}),
    "polars series without a name": (lambda: pl.Series([1, 2]), {"value": ("number", [1, 2])}),
    "dictionaries": (lambda: pa.table({"a": pa.DictionaryArray.from_arrays([0, 1, 2, None], ["x", None, "y"])}), {"a": ("category", ["x", None, "y", None])}),
    "dictionaries in chunks": (
        lambda: pa.table({"a": pa.chunked_array([pa.array(["x", "y"]).dictionary_encode(), pa.array(["z", "y"]).dictionary_encode()])}),
        {"a": ("category", ["x", "y", "z", "y"])},
    ),
    "arrow text": (lambda: pa.table({"a": pa.array(["x", None], pa.large_string()), "b": pa.array(["x", None], pa.string_view())}), {"a": ("category", ["x", None]), "b": ("category", ["x", None])}),
    "arrow decimals": (lambda: pa.table({"a": pa.array([decimal.Decimal("1.5"), None], pa.decimal256(40, 2))}), {"a": ("number", [1.5, None])}),
    "arrow times": (
        lambda: pa.table({"a": pa.array([0, None], pa.timestamp("ns", "America/New_York")), "b": pa.array([2**62, 0], pa.timestamp("s")), "c": pa.array([0, 86_400_000], pa.date64()), "d": pa.array([0, 1], pa.date32())}),
        {
            "a": ("datetime", ["1970-01-01T00:00:00Z", None]),
            "b": ("datetime", [None, "1970-01-01T00:00:00Z"]),
            "c": ("datetime", ["1970-01-01T00:00:00Z", "1970-01-02T00:00:00Z"]),
            "d": ("datetime", ["1970-01-01T00:00:00Z", "1970-01-02T00:00:00Z"]),
        },
    ),
    "run ends": (lambda: pa.table({"a": pa.RunEndEncodedArray.from_arrays([1, 2], ["x", "y"])}), {"a": ("category", ["x", "y"])}),
    "record batch": (lambda: pa.record_batch({"a": [1, 2]}), {"a": ("number", [1, 2])}),
    "arrow array": (lambda: pa.array([1, 2]), {"value": ("number", [1, 2])}),
    "arrow chunks": (lambda: pa.chunked_array([[1], [2]]), {"value": ("number", [1, 2])}),
    "arrow structs": (lambda: pa.array([{"a": 1}, {"a": 2}]), {"a": ("number", [1, 2])}),
    "arrow stream": (lambda: pa.table({"a": [1, 2]}).to_reader(), {"a": ("number", [1, 2])}),
    "arrow uuids": (lambda: pa.table({"a": pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0" * 16], pa.binary(16)))}), {"a": ("category", ["30303030-3030-3030-3030-303030303030"])}),
}  # fmt: skip


@pytest.mark.parametrize("name", READABLE)
def test_readable(name: str) -> None:
    make, expected = READABLE[name]
    assert read(make()) == expected


class Hostile:
    """Neither a table nor a list."""


REFUSED: dict[str, tuple[Callable[[], Any], str, str]] = {
    "no dimension": (lambda: np.array(3.0), "not_a_table", r"shape \(\)"),
    "three dimensions": (lambda: np.zeros((2, 2, 2)), "not_a_table", r"shape \(2, 2, 2\)"),
    "no columns": (lambda: np.zeros((3, 0)), "no_columns", "no column"),
    "complex": (lambda: np.zeros((3, 2), dtype=complex), "column_type", "complex"),
    "complex objects": (lambda: Frame({"a": [1j, "x"]}), "column_type", "complex"),
    "structured matrix": (lambda: np.zeros((3, 2), dtype=[("a", "f8")]), "not_a_table", "structured"),
    "structured with vectors": (lambda: np.zeros(3, dtype=[("a", "f8", (2,))]), "column_type", r"shape \(3, 2\)"),
    "ragged rows": (lambda: [[1, 2], [3]], "ragged_table", "length"),
    "ragged columns": (lambda: {"a": [1, 2], "b": [1]}, "ragged_table", "'b': 1"),
    "a value among columns": (lambda: {"a": [1, 2], "b": 5}, "not_a_column", "'b' is 5"),
    "text among columns": (lambda: {"a": [1, 2], "b": "xy"}, "not_a_column", "'xy'"),
    "dict of dicts": (lambda: {"a": {0: 1}}, "not_a_column", "'a'"),
    "dict of sets": (lambda: {"a": {1, 2}}, "not_a_column", "'a'"),
    "dict of generators": (lambda: {"a": (i for i in range(2))}, "not_a_column", "'a'"),
    "dict of matrices": (lambda: {"a": np.zeros((2, 2))}, "column_type", "shape"),
    "dicts and others": (lambda: [{"a": 1}, None], "ragged_table", "Row 1 is NoneType"),
    "empty dicts": (lambda: [{}, {}], "no_columns", "no column"),
    "empty dict": (dict, "no_columns", "no column"),
    "empty list": (list, "no_rows", "no row"),
    "one name twice": (lambda: {1: [1], "1": [2]}, "duplicate_column", "1"),
    "pandas one name twice": (lambda: Frame([[1, 2]], columns=["a", "a"]), "duplicate_column", "'a'"),
    "pandas names alike as text": (lambda: Frame([[1, 2]], columns=[1, "1"]), "duplicate_column", "'1'"),
    "arrow one name twice": (lambda: pa.table([[1], [2]], names=["a", "a"]), "duplicate_column", "'a'"),
    "pandas without columns": (lambda: Frame(index=range(3)), "no_columns", "no column"),
    "nested lists": (lambda: Frame({"a": [[1], [2, 3]]}), "column_type", "list"),
    "nested dicts": (lambda: [{"a": {"b": 1}}], "column_type", "struct"),
    "nested beside text": (lambda: Frame({"a": [[1], "x"]}), "column_type", "list"),
    "polars lists": (lambda: pl.DataFrame({"a": [[1], [2]]}), "column_type", "list"),
    "polars objects": (lambda: pl.DataFrame({"a": pl.Series([Hostile()], dtype=pl.Object)}), "column_type", "'a'"),
    "addresses that look like text": (
        lambda: pa.table({"a": pa.array([b"ABCDEFGH"], pa.binary(8))}),
        "column_type",
        "fixed_size_binary",
    ),
    "bytes that are no text": (lambda: pa.table({"a": [b"\xff"]}), "column_type", "binary"),
    "unions": (
        lambda: pa.table({"a": pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])])}),
        "column_type",
        "union",
    ),
    "month intervals": (lambda: pa.table({"a": pa.array([(1, 2, 3)], pa.month_day_nano_interval())}), "column_type", "interval"),
    "generator": (lambda: ([i] for i in range(3)), "not_a_table", "generator"),
    "lazy frame": (lambda: pl.LazyFrame({"a": [1]}), "not_a_table", "collect"),
    "text": (lambda: "taxi.csv", "not_a_table", "load_dataset"),
    "path": (lambda: pathlib.Path("taxi.csv"), "not_a_table", "load_dataset"),
    "bytes": (lambda: b"abc", "not_a_table", "bytes"),
    "bytearray": (lambda: bytearray(b"abc"), "not_a_table", "bytearray"),
    "none": (lambda: None, "not_a_table", "NoneType"),
    "number": (lambda: 5, "not_a_table", "int"),
    "set": (lambda: {1, 2}, "not_a_table", "set"),
    "class": (lambda: pd.DataFrame, "not_a_table", "class DataFrame"),
    "anything": (Hostile, "not_a_table", "Hostile"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    make, code, seen = REFUSED[name]
    with pytest.raises(PlatformError, match=seen) as caught:
        read_columns(make())
    assert caught.value.code == f"detection.{code}"
    assert caught.value.hint


def test_indices_play_their_part() -> None:
    timed = read_columns(pd.DataFrame({"v": [1.0]}, index=pd.DatetimeIndex(["2020-01-02"], name="when")))
    assert dict(timed.roles) == {"time": "when"}
    named = read_columns(pd.DataFrame({"index": [1.0]}, index=["x"]))
    assert (named.names, dict(named.roles)) == (("index", "index_"), {"row_id": "index_"})
    both = read_columns(
        pd.DataFrame({"v": [1.0]}, index=pd.MultiIndex.from_tuples([("x", pd.Timestamp("2020-01-02"))]))
    )
    assert dict(both.roles) == {"time": "time", "row_id": "index"}
    assert both.candidates == (0,)


def test_text_times_are_read_where_they_are_named() -> None:
    rows = [{"t": "2020-01-01T06:00+01:00"}, {"t": "2020-01-01"}, {"t": None}]
    column = read_columns(rows, time="t").get("t")
    assert column is not None
    assert column.take(np.arange(3)) == ["2020-01-01T05:00:00Z", "2020-01-01T00:00:00Z", None]
    with pytest.raises(PlatformError, match="'soon'") as caught:
        read_columns([{"t": "soon"}], time="t")
    assert caught.value.code == "detection.not_a_time"


def test_only_arrays_and_series_without_a_name_are_unnamed() -> None:
    assert not read_columns(np.zeros((2, 2))).named
    assert not read_columns([[1, 2]]).named
    assert not read_columns(pd.Series([1.0])).named
    assert read_columns(pd.DataFrame([[1.0]])).named
    assert read_columns([{"a": 1}]).named


def test_numbers_stay_one_matrix() -> None:
    array = np.arange(6.0).reshape(3, 2)
    columns = read_columns(array)
    assert columns.matrix is array, "nothing is copied to score"
    own = columns.owned()
    array[:] = -1.0
    assert own.items[1].values.tolist() == [1.0, 3.0, 5.0]
    frame = read_columns(pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]}))
    assert frame.matrix is not None
    assert frame.get("b") is not None
    assert frame.get("c") is None


def test_owned_columns_do_not_follow_the_caller() -> None:
    array = np.array([1.0, 2.0])
    own = read_columns({"a": array, "b": ["x", "y"]}).owned()
    array[:] = 0.0
    assert own.items[0].values.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("number", "plain"),
    [(1.0, 1), (0.5, 0.5), (float("nan"), None), (float("inf"), "Infinity"), (-float("inf"), "-Infinity"), (1e300, 1e300), (5e-324, 5e-324)],
)  # fmt: skip
def test_plain_numbers(number: float, plain: Any) -> None:
    assert plain_number(number) == plain
    assert type(plain_number(number)) is type(plain)


def test_times_outside_of_four_digit_years_are_not_written() -> None:
    assert epoch_to_iso(-62_135_596_800.0) == "0001-01-01T00:00:00Z"
    assert epoch_to_iso(253_402_300_799.0) == "9999-12-31T23:59:59Z"
    assert [epoch_to_iso(second) for second in (253_402_300_800.0, -62_135_596_801.0, 1e300, float("nan"))] == [
        None
    ] * 4


def test_level_text_is_the_same_for_a_number_however_it_comes() -> None:
    assert {level_text(value) for value in (3, 3.0, np.int8(3), np.float32(3))} == {"3"}


def test_columns_put_together() -> None:
    columns = Columns.of([Column("a", "number", np.zeros(2))], 2, named=True)
    assert (columns.names, columns.candidates, columns.get("a")) == (("a",), (0,), columns.items[0])
