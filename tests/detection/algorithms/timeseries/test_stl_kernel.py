"""The kernel against the reference: statsmodels' STL with equal settings."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.seasonal import STL as Reference  # noqa: N811

from anomaly_detection.detection.algorithms.timeseries import stl_kernel


def wave(n: int, period: int, seed: int = 0) -> np.ndarray:
    step = np.arange(n)
    noise = np.random.default_rng(seed).standard_t(3, n)
    return 10.0 + 0.01 * step + 3.0 * np.sin(2.0 * np.pi * step / period) + noise


@pytest.mark.parametrize("robust", [False, True])
@pytest.mark.parametrize(
    ("n", "period", "windows", "degrees", "jumps"),
    [
        (200, 12, (7, 23, 13), (1, 1, 1), (1, 1, 1)),
        (203, 12, (7, 23, 13), (0, 1, 1), (1, 1, 1)),
        (500, 24, (13, 41, 25), (0, 1, 1), (1, 4, 3)),
        (50, 24, (7, 47, 25), (1, 0, 0), (1, 1, 1)),
        (48, 24, (7, 47, 25), (0, 1, 1), (1, 5, 3)),
        (331, 7, (35, 13, 9), (0, 0, 1), (2, 3, 2)),
        (101, 2, (9, 5, 3), (1, 1, 1), (3, 5, 4)),
    ],
)
def test_trend_season_and_weights_agree_with_the_reference(n, period, windows, degrees, jumps, robust) -> None:
    y = wave(n, period)
    y[n // 2] += 30.0
    inner, outer = (2, 15) if robust else (5, 0)
    reference = Reference(
        y,
        period=period,
        seasonal=windows[0],
        trend=windows[1],
        low_pass=windows[2],
        seasonal_deg=degrees[0],
        trend_deg=degrees[1],
        low_pass_deg=degrees[2],
        robust=robust,
        seasonal_jump=jumps[0],
        trend_jump=jumps[1],
        low_pass_jump=jumps[2],
    ).fit(inner_iter=inner, outer_iter=outer)
    trend, seasonal, weights, _, _ = stl_kernel.decompose(
        y, np.ones(n), period, windows, degrees, jumps, inner, outer, -1.0
    )
    np.testing.assert_allclose(trend, reference.trend, rtol=0, atol=1e-10)
    np.testing.assert_allclose(seasonal, reference.seasonal, rtol=0, atol=1e-10)
    np.testing.assert_allclose(weights, reference.weights, rtol=0, atol=1e-9)


def test_a_smoother_reports_each_values_weight_in_its_own_fit() -> None:
    y = wave(60, 12)
    table = stl_kernel.tricube_table(11)
    weights = np.random.default_rng(1).uniform(0.1, 1.0, 60)
    fitted, own, moved, ignored = np.empty(60), np.empty(60), np.empty(60), np.empty(60)
    stl_kernel.loess(y, weights, 60, 11, 1, 1, table, fitted, own)
    for place in (0, 5, 30, 59):
        nudged = y.copy()
        nudged[place] += 1.0
        stl_kernel.loess(nudged, weights, 60, 11, 1, 1, table, moved, ignored)
        assert moved[place] - fitted[place] == pytest.approx(own[place], abs=1e-12)


def test_unobserved_values_have_no_influence() -> None:
    y = wave(240, 24)
    observed = np.ones(240)
    observed[[3, 100, 101, 200]] = 0.0
    arguments = (24, (7, 47, 25), (0, 1, 1), (1, 5, 3), 2, 5, 0.0)
    first = stl_kernel.decompose(y, observed, *arguments)
    y[[3, 100, 101, 200]] = 1e6
    second = stl_kernel.decompose(y, observed, *arguments)
    np.testing.assert_allclose(first[0], second[0], rtol=0, atol=1e-9)
    np.testing.assert_allclose(first[1], second[1], rtol=0, atol=1e-9)


def test_joining_fits_by_lines_changes_little() -> None:
    y = wave(2_000, 100)
    exact = stl_kernel.decompose(y, np.ones(2_000), 100, (7, 191, 101), (0, 1, 1), (1, 1, 1), 2, 5, 0.0)
    joined = stl_kernel.decompose(y, np.ones(2_000), 100, (7, 191, 101), (0, 1, 1), (1, 19, 10), 2, 5, 0.0)
    assert np.abs(exact[0] + exact[1] - joined[0] - joined[1]).max() < 0.05


def test_phase_medians_pool_neighbours_around_the_circle() -> None:
    size = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    medians, counts = np.empty(4), np.empty(4)
    observed = np.array([1.0, 1, 1, 1, 1, 1, 1, 0])
    stl_kernel.phase_medians(size, observed, 0, 4, 0, medians, counts)
    assert medians.tolist() == [3.0, 4.0, 5.0, 4.0]
    assert counts.tolist() == [2.0, 2.0, 2.0, 1.0]
    stl_kernel.phase_medians(size, observed, 0, 4, 1, medians, counts)
    assert medians[0] == np.median([4.0, 1.0, 5.0, 2.0, 6.0])
