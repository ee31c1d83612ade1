"""What is drawn: small, and nothing that matters hidden."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from anomaly_detection.presentation.api.charts import cutoff_curve, histogram, plain, thin
from anomaly_detection.presentation.api.series_view import _with_gaps

VALUES = st.one_of(st.just(float("nan")), st.floats(-1e6, 1e6))


@given(arrays(float, st.integers(1, 400), elements=VALUES), st.integers(10, 200), st.randoms(use_true_random=False))
def test_extremes_and_marked_rows_stay(values: np.ndarray, points: int, random: object) -> None:
    keep = np.zeros(len(values), dtype=bool)
    keep[:: max(1, len(values) // 5)] = True
    rows = thin([values], keep, points)
    assert np.all(np.diff(rows) > 0)
    assert set(np.flatnonzero(keep)) <= set(rows)
    assert {0, len(values) - 1} <= set(rows)
    assert len(rows) <= points + keep.sum() + 5
    if not np.isnan(values).all():
        assert np.nanmin(values[rows]) == np.nanmin(values)
        assert np.nanmax(values[rows]) == np.nanmax(values)
    if np.isnan(values).any():
        assert np.isnan(values[rows]).any()


def test_every_bucket_keeps_its_extremes() -> None:
    values = np.random.default_rng(0).normal(size=100_000)
    rows = thin([values], np.zeros(100_000, dtype=bool), 3000)
    size = 100
    assert 1500 < len(rows) <= 3002
    chosen = np.zeros(100_000, dtype=bool)
    chosen[rows] = True
    buckets = values.reshape(-1, size)
    assert chosen.reshape(-1, size)[np.arange(1000), buckets.argmax(axis=1)].all()
    assert chosen.reshape(-1, size)[np.arange(1000), buckets.argmin(axis=1)].all()


def test_a_short_series_is_drawn_whole() -> None:
    assert thin([np.arange(5.0)], np.zeros(5, dtype=bool), 10).tolist() == [0, 1, 2, 3, 4]
    assert thin([], np.zeros(3, dtype=bool), 10).tolist() == [0, 1, 2]


def test_a_gap_in_time_is_a_point_without_a_row() -> None:
    minutes = np.array([0, 1, 2, 10, 11, 12, 13])
    times = np.datetime64("2026-01-01T00:00", "us") + minutes.astype("timedelta64[m]")
    picked, is_gap, shown = _with_gaps(times, np.arange(7))
    assert is_gap.tolist() == [False, False, False, True, False, False, False, False]
    assert picked[3] == 2
    assert shown[3] == np.datetime64("2026-01-01T00:03", "us")
    assert np.all(np.diff(shown) > np.timedelta64(0))


def test_a_gap_between_rows_that_are_not_drawn_is_still_one() -> None:
    times = np.datetime64("2026-01-01", "us") + np.array([0, 1, 2, 3, 50, 51, 52, 53]).astype("timedelta64[m]")
    _, is_gap, _ = _with_gaps(times, np.array([0, 7]))
    assert is_gap.tolist() == [False, True, False]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(arrays(np.int16, st.integers(1, 2000), elements=st.integers(0, 1000)))
def test_the_curve_counts_what_a_cutoff_flags(tenths: np.ndarray) -> None:
    scores = tenths / 10
    values, counts, p_values = cutoff_curve(scores, 1.0 - scores / 200)
    assert 0 < len(values) <= 400
    assert values == sorted(set(values), reverse=True)
    assert values[0] == scores.max()
    assert counts == [int((scores >= value).sum()) for value in values]
    assert counts[-1] == len(scores)
    assert p_values == pytest.approx([1.0 - value / 200 for value in values])


def test_the_curve_is_dense_where_the_handle_is() -> None:
    scores = np.random.default_rng(1).exponential(size=1_000_000)
    _, counts, _ = cutoff_curve(scores, None)
    assert counts[:10] == list(range(1, 11))
    assert len(counts) > 200


def test_a_logarithmic_histogram_shows_the_bulk_beside_a_far_outlier() -> None:
    scores = np.append(np.random.default_rng(3).gamma(2.0, 1.0, 5000), 1e6)
    edges, counts = histogram(scores, 60, logarithmic=True)
    assert (edges[0], edges[-1], sum(counts)) == (scores.min(), scores.max(), len(scores))
    assert np.all(np.diff(edges) > 0)
    assert sum(count > 0 for count in counts) > 3
    assert sum(count > 0 for count in histogram(scores, 60)[1]) == 2
    usual = np.random.default_rng(4).gamma(2.0, 1.0, 5000)
    assert max(histogram(usual, 60, logarithmic=True)[1]) < 5000 / 15


@pytest.mark.parametrize("scores", [[], [2.0, 2.0], [1.0, np.nextafter(1.0, 2.0)], [-1e308, 1e308]])
def test_a_logarithmic_histogram_counts_every_row_of_odd_scores(scores: list[float]) -> None:
    edges, counts = histogram(np.array(scores[:3]), 10, logarithmic=True)
    assert sum(counts) == len(scores)
    assert len(edges) == 11


def test_the_histogram_counts_every_row() -> None:
    edges, counts = histogram(np.arange(100.0), 7)
    assert (len(edges), len(counts), sum(counts)) == (8, 7, 100)


def test_what_json_does_not_know_is_null() -> None:
    assert plain(np.array([1.0, np.nan, np.inf])) == [1.0, None, None]
