from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomaly_detection.detection.encoding.series import MAX_STEPS_PER_ROW, SeriesEncoder

HALF_HOUR = 1800.0
START = 1_404_172_800.0


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)[:, None]


def encode(times, values, **options):
    return SeriesEncoder.learn(times, values).encode(times, values, **options)


def test_regular_rows_stay_as_they_are() -> None:
    times = START + HALF_HOUR * np.arange(5)
    values = column(1, 2, 3, 4, 5)
    encoded = encode(times, values)
    assert encoded.series.step_seconds == HALF_HOUR
    assert (encoded.series.origin, encoded.series.start_epoch) == (0, START)
    assert encoded.series.values.ravel().tolist() == [1, 2, 3, 4, 5]
    assert encoded.series.observed.all()
    assert encoded.position.tolist() == [0, 1, 2, 3, 4]
    assert encoded.notes == []


def test_integer_times_are_taken() -> None:
    encoded = encode(np.array([60, 120, 180], dtype=np.int64), column(1, 2, 3))
    assert encoded.series.step_seconds == 60.0


def test_missing_steps_are_interpolated_and_not_observed() -> None:
    encoded = encode(np.array([0.0, 60.0, 120.0, 300.0]), column(1, 2, 3, 6))
    assert encoded.series.values.ravel().tolist() == [1, 2, 3, 4, 5, 6]
    assert encoded.series.observed.tolist() == [True, True, True, False, False, True]
    assert encoded.position.tolist() == [0, 1, 2, 5]
    assert "2 of 6 steps have no row" in encoded.notes[0]


def test_unsorted_rows_get_their_own_scores_back() -> None:
    generator = np.random.default_rng(3)
    order = generator.permutation(50)
    times, values = 10.0 * np.arange(50), column(*generator.normal(size=50))
    encoded = encode(times[order], values[order])
    assert np.array_equal(encoded.series.values, values)
    assert np.array_equal(encoded.series.values[encoded.position], values[order])
    assert "not in the order of time" in encoded.notes[0]


def test_the_hour_that_daylight_saving_repeats_is_averaged_and_the_skipped_one_interpolated() -> None:
    hours = np.array([0, 1, 1, 2, 3, 5, 6, 7, 8], dtype=np.float64) * 3600.0
    encoded = encode(hours, column(1, 2, 4, 5, 6, 8, 9, 10, 11))
    assert encoded.series.step_seconds == 3600.0
    assert encoded.series.values.ravel().tolist() == [1, 3, 5, 6, 7, 8, 9, 10, 11]
    assert encoded.series.observed.tolist() == [True] * 4 + [False] + [True] * 4
    assert encoded.position.tolist() == [0, 1, 1, 2, 3, 5, 6, 7, 8]
    assert "1 steps have several rows" in encoded.notes[0]


def test_later_rows_fall_on_the_grid_that_was_learnt() -> None:
    times = START + HALF_HOUR * np.arange(100)
    encoder = SeriesEncoder.learn(times, np.zeros((100, 1)))
    later = encoder.encode(times[:1] + 7.0 * 86_400.0, column(5))
    assert later.series.origin == 336
    earlier = encoder.encode(times[:3] - HALF_HOUR * 3, column(1, 2, 3))
    assert earlier.series.origin == -3


def test_a_jittered_clock_keeps_its_grid_over_many_rows() -> None:
    generator = np.random.default_rng(0)
    times = START + 0.1 * np.arange(20_000) + generator.uniform(-0.004, 0.004, 20_000)
    encoded = encode(times, np.zeros((20_000, 1)))
    assert len(encoded.series) == 20_000
    assert np.array_equal(encoded.position, np.arange(20_000))


def test_a_jittered_minute_is_a_minute() -> None:
    generator = np.random.default_rng(0)
    times = START + 60.0 * np.arange(2_000) + generator.uniform(-2, 2, 2_000)
    assert SeriesEncoder.learn(times, np.zeros((2_000, 1))).step_seconds == 60.0


def test_irregular_times_fall_back_to_rows_in_the_order_of_time() -> None:
    times = np.cumsum(np.random.default_rng(1).exponential(100.0, size=200))
    encoded = encode(times[::-1], np.arange(200.0)[::-1, None], training=True)
    assert encoded.series.step_seconds is None
    assert encoded.series.origin == 0
    assert encoded.series.values.ravel().tolist() == list(range(200))
    assert "not regular" in encoded.notes[0]


@pytest.mark.parametrize("far", [1e9, 1e11, -1e10])
def test_a_far_time_never_makes_a_large_grid(far: float) -> None:
    times = np.append(60.0 * np.arange(100), far)
    values = np.arange(101.0)[:, None]
    encoded = encode(times, values)
    assert len(encoded.series) == 101
    assert "one after the other" in encoded.notes[0]
    encoder = SeriesEncoder.learn(times[:-1], values[:-1])
    later = encoder.encode(times, values)
    assert len(later.series) == 101
    assert np.array_equal(later.series.values[later.position], values)


def test_without_times_rows_are_the_steps_and_later_rows_follow() -> None:
    values = column(1, 2, 3)
    encoder = SeriesEncoder.learn(None, values)
    assert encoder.encode(None, values, training=True).series.origin == 0
    assert encoder.encode(None, values).series.origin == 3
    assert encoder.encode(None, values).series.step_seconds is None


def test_missing_times_are_placed_between_their_neighbours() -> None:
    times = np.array([0.0, 60.0, np.nan, 180.0, 240.0])
    encoded = encode(times, column(1, 2, 9, 4, 5))
    assert encoded.series.values.ravel().tolist() == [1, 2, 9, 4, 5]
    assert encoded.position.tolist() == [0, 1, 2, 3, 4]
    assert "1 rows have no time" in encoded.notes[0]


def test_impossible_and_missing_times_at_the_end_follow_step_by_step() -> None:
    times = np.array([np.nan, 60.0, 120.0, 180.0, 1e300, np.inf])
    encoded = encode(times, column(0, 1, 2, 3, 4, 5))
    assert encoded.series.values.ravel().tolist() == [0, 1, 2, 3, 4, 5]
    assert "3 rows have no time" in encoded.notes[0]


def test_no_time_at_all_is_said() -> None:
    encoded = encode(np.full(3, np.nan), column(1, 2, 3))
    assert encoded.position.tolist() == [0, 1, 2]
    assert any("No row has a time" in note for note in encoded.notes)


def test_missing_values_are_interpolated_and_a_row_without_any_value_is_not_observed() -> None:
    values = np.array([[np.nan, 1.0], [2.0, np.nan], [np.nan, np.nan], [4.0, 4.0]])
    encoded = encode(None, values)
    assert encoded.series.values.tolist() == [[2.0, 1.0], [2.0, 2.0], [3.0, 3.0], [4.0, 4.0]]
    assert encoded.series.observed.tolist() == [True, True, False, True]


def test_infinities_go_beyond_the_range_of_the_training_rows() -> None:
    encoder = SeriesEncoder.learn(None, column(0, 10, np.inf))
    encoded = encoder.encode(None, column(5, np.inf, -np.inf, 1e308))
    assert encoded.series.values.ravel().tolist() == [5.0, 40.0, -30.0, 1e100]
    assert "2 infinite values" in encoded.notes[0]


def test_an_empty_column_becomes_zeros_and_is_named() -> None:
    values = np.column_stack([np.arange(4.0), np.full(4, np.nan)])
    encoder = SeriesEncoder.learn(None, values, ["load", "broken"])
    encoded = encoder.encode(None, values)
    assert encoded.series.values[:, 1].tolist() == [0.0] * 4
    assert encoded.notes == ["broken has no value at all and was taken as 0."]


def test_a_single_row_without_a_value_takes_the_training_median() -> None:
    encoded = SeriesEncoder.learn(None, column(1, 7, 9)).encode(None, column(np.nan))
    assert encoded.series.values.tolist() == [[7.0]]
    assert encoded.series.observed.tolist() == [False]


def test_no_row_gives_an_empty_series() -> None:
    encoded = SeriesEncoder.learn(np.array([0.0, 60.0]), column(1, 2)).encode(np.empty(0), np.empty((0, 1)))
    assert len(encoded.series) == 0
    assert encoded.position.tolist() == []


def test_the_state_is_plain_json_and_makes_the_same_encoder() -> None:
    times = START + HALF_HOUR * np.arange(10)
    values = np.random.default_rng(0).normal(size=(10, 2))
    for encoder in (
        SeriesEncoder.learn(times, values, ["a", "b"]),
        SeriesEncoder.learn(None, values),
        SeriesEncoder.learn(np.cumsum(np.arange(10.0) ** 3), values),
    ):
        again = SeriesEncoder.from_state(json.loads(json.dumps(encoder.state(), allow_nan=False)))
        assert again == encoder


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.one_of(st.floats(allow_infinity=True, allow_nan=True), st.integers(0, 10_000).map(float)),
            st.floats(allow_infinity=True, allow_nan=True),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_any_rows_give_a_finite_bounded_series(rows: list[tuple[float, float]]) -> None:
    times = np.array([row[0] for row in rows])
    values = column(*[row[1] for row in rows])
    encoded = encode(times, values)
    assert np.isfinite(encoded.series.values).all()
    assert len(encoded.series) <= max(MAX_STEPS_PER_ROW * len(rows), 1_000)
    assert encoded.position.min() >= 0
    assert encoded.position.max() < len(encoded.series)
    assert encoded.series.values.flags.c_contiguous
