"""How columns spread: every value counted, whatever the type and however extreme."""

from __future__ import annotations

import json
from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomaly_detection.data_platform.spread import spread


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(width=64)), max_size=60), st.integers(1, 40))
def test_every_finite_number_is_counted(values: list[float | None], bins: int) -> None:
    found = spread(pa.chunked_array([pa.array(values, pa.float64())]), bins=bins)
    finite = [value for value in values if value is not None and np.isfinite(value)]
    json.dumps([found.mean, found.standard_deviation, found.edges], allow_nan=False)
    if not finite:
        assert found.edges is None
        return
    assert found.edges is not None
    assert sum(found.counts) == len(finite)
    assert len(found.edges) == len(found.counts) + 1 <= bins + 1
    assert (found.edges[0], found.edges[-1]) == (min(finite), max(finite))
    assert list(found.edges) == sorted(found.edges)


def test_a_column_that_ends_at_the_greatest_float_is_counted() -> None:
    greatest = float(np.finfo(np.float64).max)
    for bins in range(1, 41):
        found = spread(pa.chunked_array([[0.0, greatest / 3, greatest]]), bins=bins)
        assert sum(found.counts) == 3
        assert found.edges is not None
        assert np.isfinite(found.edges).all()
        assert found.edges[-1] == greatest


def test_moments_are_those_of_numpy() -> None:
    values = np.random.default_rng(0).normal(3, 2, 10_000)
    found = spread(pa.chunked_array([values]), bins=7)
    assert (found.mean, found.standard_deviation) == (pytest.approx(values.mean()), pytest.approx(values.std()))
    counts, edges = np.histogram(values, bins=7)
    assert list(found.counts) == counts.tolist()
    assert found.edges == pytest.approx(edges.tolist())


@pytest.mark.parametrize(("values", "bins"), [([1, 2, 3], 2), ([5, 5], 1), (list(range(1000)), 30)])
def test_whole_numbers_get_no_bins_between_them(values: list[int], bins: int) -> None:
    found = spread(pa.chunked_array([values]))
    assert len(found.counts) == bins
    assert sum(found.counts) == len(values)


def test_times_have_times_for_edges() -> None:
    moments = [datetime(2026, 1, day) for day in (1, 2, 11)]  # noqa: DTZ001 - data without a zone
    found = spread(pa.chunked_array([pa.array(moments, pa.timestamp("us"))]), bins=10)
    assert found.mean is None
    assert found.edges is not None
    assert (found.edges[0], found.edges[1], found.edges[-1]) == (
        "2026-01-01T00:00:00Z",
        "2026-01-02T00:00:00Z",
        "2026-01-11T00:00:00Z",
    )
    assert sum(found.counts) == 3


def test_the_ends_of_time_are_edges() -> None:
    ends = pa.array([-62_135_596_800_000_000, 253_402_300_799_999_999], pa.int64()).cast(pa.timestamp("us", "UTC"))
    found = spread(pa.chunked_array([ends]))
    assert found.edges is not None
    assert found.edges[0] == "0001-01-01T00:00:00Z"
    assert sum(found.counts) == 2


@pytest.mark.parametrize("values", [["a", "b"], [True, False]])
def test_texts_and_truths_have_none(values: list[object]) -> None:
    found = spread(pa.chunked_array([values]))
    assert (found.mean, found.edges, found.counts) == (None, None, ())
