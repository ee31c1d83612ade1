from __future__ import annotations

import numpy as np
import pytest

from anomaly_detection.detection.algorithms.timeseries.moving_average import centred_average, own_weights


@pytest.mark.parametrize("period", [1, 2, 3, 4, 7, 24])
def test_a_straight_line_is_its_own_average(period: int) -> None:
    line = np.column_stack([3.0 + 0.5 * np.arange(80), np.full(80, 7.0)])
    np.testing.assert_allclose(centred_average(line, period), line, rtol=1e-12)


@pytest.mark.parametrize("period", [2, 3, 7, 24])
def test_a_season_averages_out(period: int) -> None:
    season = np.random.default_rng(0).normal(size=period)
    season -= season.mean()
    np.testing.assert_allclose(centred_average(np.tile(season, 6)[:, np.newaxis], period), 0.0, atol=1e-12)


@pytest.mark.parametrize("period", [1, 2, 3, 4, 7, 24])
@pytest.mark.parametrize("extra", [1, 2, 3, 60])
def test_own_weights_are_the_diagonal_of_the_smoother(period: int, extra: int) -> None:
    n = 2 * period + extra - 1
    smoother = centred_average(np.eye(n), period)
    np.testing.assert_allclose(own_weights(n, period), np.diag(smoother), atol=1e-12)
