"""Raw rows become a finite matrix, each row the same way whenever it comes."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomaly_detection import PlatformError
from anomaly_detection.detection.algorithms.statistical.modified_zscore import ModifiedZScore
from anomaly_detection.detection.encoding.door import Chosen, TableDoor, door_from_dict
from anomaly_detection.detection.encoding.reading import read_columns
from anomaly_detection.detection.encoding.table import LARGEST, TableEncoder
from anomaly_detection.detection.learnt import laid_out

HOUR, DAY = 3_600.0, 86_400.0


def learn(data: Any, **chosen: Any) -> TableDoor:
    return TableDoor.learn(read_columns(data), Chosen(**chosen))[0]


def encode(door: TableDoor, data: Any) -> np.ndarray:
    encoded = door.encode(read_columns(data))
    assert isinstance(encoded.input, np.ndarray)
    rows: np.ndarray = laid_out(encoded.input, ModifiedZScore())
    assert rows.flags.c_contiguous
    assert rows.flags.writeable
    assert rows.dtype == np.float64
    assert np.isfinite(rows).all()
    return rows


def notes(door: TableDoor, data: Any) -> str:
    return " ".join(door.encode(read_columns(data)).notes)


def test_finite_numbers_stay_as_they_are() -> None:
    X = np.random.default_rng(0).normal(size=(20, 3))
    assert np.array_equal(encode(learn(X), X), X)
    assert np.array_equal(encode(learn(X), np.asfortranarray(X)), X)


def test_one_row_of_numbers_is_not_copied() -> None:
    X = np.random.default_rng(0).normal(size=(20, 3))
    row = X[:1]
    assert np.shares_memory(encode(learn(X), row), row)
    row.setflags(write=False)
    assert not np.shares_memory(encode(learn(X), row), row)


def test_missing_values_take_the_median_with_an_indicator_where_training_had_gaps() -> None:
    door = learn({"a": [1.0, 2.0, 30.0, None], "b": [1.0, 2.0, 3.0, 4.0]})
    assert encode(door, {"a": [None, 5.0], "b": [None, 6.0]}).tolist() == [[2.0, 1.0, 2.5], [5.0, 0.0, 6.0]]
    assert "'b' lacks 1 value;" in notes(door, {"a": [None], "b": [None]})
    assert notes(door, {"a": [None], "b": [1.0]}) == ""


def test_infinities_lie_one_range_beyond_those_seen() -> None:
    door = learn({"a": [0.0, 10.0]})
    assert encode(door, {"a": [np.inf, -np.inf]}).ravel().tolist() == [20.0, -10.0]
    assert "2 infinite values" in notes(door, {"a": [np.inf, -np.inf]})


def test_huge_values_are_cut() -> None:
    door = learn(np.array([[1e308], [-1e308], [1.0]]))
    assert encode(door, np.array([[1e308], [-1e308], [5e-324]])).ravel().tolist() == [LARGEST, -LARGEST, 5e-324]
    beyond = learn({"a": [2e100]}).encoder.fields[0]
    assert (beyond.low, beyond.fill, beyond.high) == (LARGEST, LARGEST, LARGEST)


def test_rows_of_numbers_take_the_same_way_together_and_alone() -> None:
    X = np.random.default_rng(1).normal(size=(40, 6))
    X[::5, 1] = np.nan
    X[3, 2], X[4, 2], X[5, 3] = np.inf, -np.inf, 1e200
    door = learn(X)
    together = encode(door, X)
    assert np.array_equal(together, np.vstack([encode(door, X[row : row + 1]) for row in range(40)]))
    as_dicts = [{f"feature_{place}": value for place, value in enumerate(row)} for row in X.tolist()]
    assert np.array_equal(together, encode(door, as_dicts))


def test_empty_and_constant_columns_do_no_harm() -> None:
    door, said = TableDoor.learn(read_columns({"a": [None, None], "b": [5.0, 5.0]}), Chosen())
    assert encode(door, {"a": [None, 3.0], "b": [5.0, 6.0]}).tolist() == [[0.0, 5.0], [3.0, 6.0]]
    assert any("'a' is empty" in note for note in said)


def test_categories_become_rarity_and_one_hot() -> None:
    door = learn({"word": ["a"] * 6 + ["b"] * 2})
    rarity = lambda count: -math.log((count + 0.5) / 10.0)  # noqa: E731
    expected = [[rarity(6), 1, 0], [rarity(2), 0, 1], [rarity(0), 0, 0], [rarity(0), 0, 0]]
    np.testing.assert_allclose(encode(door, {"word": ["a", "b", None, "new"]}), expected)
    assert "1 values never seen" in notes(door, {"word": ["new"]})


def test_many_levels_keep_only_their_rarity() -> None:
    words = [f"w{number}" for number in range(13)] * 20
    assert encode(learn({"word": words}), {"word": ["w1"]}).shape == (1, 1)


@pytest.mark.parametrize(
    ("values", "hint"),
    [
        ([f"key {number}" for number in range(100)], "left out."),
        ([str(number) for number in range(100)], "The texts are numbers"),
        ([f"2020-01-01T{number // 60:02}:{number % 60:02}" for number in range(100)], "The texts are times"),
    ],
)
def test_texts_that_name_rows_are_left_out(values: list[str], hint: str) -> None:
    door, said = TableDoor.learn(read_columns({"key": values, "v": np.arange(100.0)}), Chosen())
    assert door.names == ("v",)
    assert "100 distinct texts" in said[0]
    assert hint in said[0]
    assert notes(door, {"key": ["other"], "v": [1.0]}) == "", "it is known, and no surprise"


def test_levels_that_do_not_occur_are_not_counted() -> None:
    many = pd.Categorical(["a", "b"] * 10, categories=["a", "b", *(f"unused {number}" for number in range(500))])
    door = learn(pd.DataFrame({"word": many, "v": np.arange(20.0)}))
    assert door.names == ("word", "v")
    assert encode(door, {"word": ["a"], "v": [0.0]}).shape == (1, 4)


def test_times_lie_on_the_day_and_the_week() -> None:
    start = np.datetime64("2026-01-05T00:00:00", "s")
    door = learn({"when": start + np.arange(0, 14 * 24, 6).astype("timedelta64[h]")})
    angles = encode(door, {"when": [start + np.timedelta64(6, "h")]})
    assert angles.shape == (1, 4)
    np.testing.assert_allclose(angles[0, :2], [1.0, 0.0], atol=1e-9)


def test_times_that_do_not_vary_are_left_out() -> None:
    when = np.full(5, np.datetime64("2026-01-05", "s"))
    door, said = TableDoor.learn(read_columns({"when": when, "v": np.arange(5.0)}), Chosen())
    assert door.names == ("v",)
    assert any("'when'" in note for note in said)


def test_numbers_flags_and_times_may_come_as_text() -> None:
    start = np.datetime64("2026-01-05T00:00:00", "s")
    door = learn({"n": [1.0, 2.0], "f": [True, False], "t": start + np.array([0, 6]).astype("timedelta64[h]")})
    typed = encode(door, {"n": [7.5], "f": [True], "t": [start + np.timedelta64(3, "h")]})
    assert np.array_equal(encode(door, {"n": ["7.5"], "f": ["TRUE"], "t": ["2026-01-05T03:00:00Z"]}), typed)
    said = notes(door, {"n": ["many"], "f": ["perhaps"], "t": ["soon"]})
    for word in ("'many'", "learnt as numbers", "'perhaps'", "learnt as flags", "'soon'", "learnt as times"):
        assert word in said


def test_categories_may_come_as_numbers_or_flags() -> None:
    door = learn({"code": ["1", "2", "1", "True"] * 5})
    assert np.array_equal(encode(door, {"code": [1.0, 2.0, None]}), encode(door, {"code": ["1", "2", None]}))
    assert np.array_equal(encode(door, {"code": [True]}), encode(door, {"code": ["True"]}))


def test_columns_are_matched_by_name() -> None:
    door = learn({"a": [1.0, 2.0], "b": [3.0, 5.0]})
    assert encode(door, {"b": [20.0], "c": ["x"], "a": [10.0]}).tolist() == [[10.0, 20.0]]
    assert "'c'" in notes(door, {"b": [20.0], "c": ["x"], "a": [10.0]})
    with pytest.raises(PlatformError, match="Missing column: 'b'") as caught:
        encode(door, {"a": [1.0], "bb": [2.0]})
    assert caught.value.code == "detection.missing_column"
    assert "'bb'" in caught.value.hint


def test_unnamed_columns_are_matched_by_position() -> None:
    named = learn({"a": [1.0, 2.0], "b": [3.0, 5.0]})
    assert encode(named, np.array([[7.0, 8.0]])).tolist() == [[7.0, 8.0]]
    unnamed = learn(np.arange(6.0).reshape(3, 2))
    assert encode(unnamed, {"x": [7.0], "y": [8.0]}).tolist() == [[7.0, 8.0]]
    for door in (named, unnamed):
        with pytest.raises(PlatformError, match="have 3 columns; the detector learnt from 2") as caught:
            encode(door, np.zeros((1, 3)))
        assert caught.value.code == "detection.column_count"


def test_chosen_columns_of_an_unnamed_table_keep_their_places() -> None:
    X = np.arange(12.0).reshape(4, 3)
    permuted = learn(X, columns=("feature_2", "feature_0", "feature_1"))
    assert np.array_equal(encode(permuted, X), X[:, [2, 0, 1]])
    some = learn(X, columns=("feature_2", "feature_0"))
    assert np.array_equal(encode(some, X), X[:, [2, 0]])
    assert np.array_equal(encode(some, X[:, [2, 0]]), X[:, [2, 0]]), "exactly those used, in their order"


def test_index_columns_do_not_count_as_features() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [2.0, 2.0, 9.0]}, index=list("xyz"))
    door = learn(frame)
    assert door.names == ("a", "b")
    assert notes(door, frame) == ""
    assert encode(learn(np.zeros((2, 2))), frame).shape == (3, 2)


@pytest.mark.parametrize(
    ("data", "chosen", "code"),
    [
        ({"a": [1.0]}, {"columns": ("b",)}, "detection.unknown_column"),
        ({"a": [1.0]}, {"time": "b"}, "detection.unknown_column"),
        ({"key": [f"key {number}" for number in range(99)]}, {}, "detection.no_usable_column"),
        ({"a": [1.0]}, {"time": "a"}, "detection.no_usable_column"),
        ({"a": np.empty(0)}, {}, "detection.no_rows"),
    ],
)
def test_tables_that_cannot_be_learnt_from(data: Any, chosen: dict[str, Any], code: str) -> None:
    with pytest.raises(PlatformError) as caught:
        learn(data, **chosen)
    assert caught.value.code == code
    assert caught.value.hint


def test_no_rows_cannot_be_judged() -> None:
    with pytest.raises(PlatformError) as caught:
        encode(learn({"a": [1.0, 2.0]}), {"a": np.empty(0)})
    assert caught.value.code == "detection.no_rows"


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """Any table of mixed columns, with every kind of trouble."""
    n = draw(st.integers(1, 25))
    numbers = st.one_of(st.none(), st.floats(width=64), st.integers(-(2**70), 2**70))
    words = st.one_of(st.none(), st.text(max_size=3), st.sampled_from(["a", "b"]))
    times = st.one_of(st.none(), st.datetimes())
    mixed = st.one_of(numbers, words, st.booleans(), times, st.dates(), st.decimals(), st.binary(max_size=1))
    kinds = st.sampled_from([numbers, words, times, mixed, st.one_of(st.none(), st.booleans()), st.none()])
    width = draw(st.integers(1, 4))
    table = {f"c{place}": draw(st.lists(draw(kinds), min_size=n, max_size=n)) for place in range(width)}
    table["always"] = list(range(n))
    return table


@contextlib.contextmanager
def refusing_only_bytes() -> Iterator[None]:
    """Bytes that are no text are the one thing in these tables that is refused."""
    try:
        yield
    except PlatformError as error:
        if error.code != "detection.column_type":
            raise


@given(tables(), tables())
@settings(max_examples=60, deadline=None)
def test_any_table_becomes_finite_and_the_encoding_survives_json(first: dict[str, Any], second: dict[str, Any]) -> None:
    with refusing_only_bytes():
        door = learn(first)
        matrix = encode(door, first)
        restored = door_from_dict(json.loads(json.dumps(door.to_dict(), allow_nan=False)))
        assert np.array_equal(encode(restored, first), matrix)
        for row in range(len(matrix)):
            alone = encode(door, {name: values[row : row + 1] for name, values in first.items()})
            assert np.array_equal(alone, matrix[row : row + 1])
        typical = door.encoder.typical()
        assert typical.shape == (matrix.shape[1],)
        assert np.isfinite(typical).all()
        assert len(door.encoder.typical_values()) == len(door.names)
        other = {name: second.get(name, [None] * len(second["always"])) for name in first}
        assert encode(door, other).shape == (len(second["always"]), matrix.shape[1])


def test_encoder_keeps_its_description() -> None:
    door = learn({"a": [1.0, None, 3.0], "word": ["x", "y", "x"], "f": [True, False, None]})
    state = door.to_dict()
    assert door_from_dict(state).to_dict() == state
    assert TableEncoder.from_dict(state["encoder"]).names == ("a", "word", "f")
    assert door.encoder.sources.tolist() == [0, 0, 1, 1, 1, 2, 2]
    assert door.encoder.typical_values() == (2, "x", True)
