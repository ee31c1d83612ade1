from __future__ import annotations

import numpy as np
import pytest

from anomaly_detection.detection.algorithms.timeseries.period import infer_season


def found(y: np.ndarray, step_seconds: float | None = None, observed: np.ndarray | None = None):
    values = y[:, None] if y.ndim == 1 else y
    return infer_season(values, np.ones(len(y), dtype=bool) if observed is None else observed, step_seconds)


def noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=n)


def working_week(weeks: int) -> np.ndarray:
    hour = np.arange(weeks * 168)
    day = np.sin(2.0 * np.pi * hour / 24)
    return np.where((hour // 24) % 7 < 5, 5.0 * day, 1.0 * day - 4.0)


def test_a_week_wins_over_a_day_when_weekends_differ() -> None:
    season = found(working_week(10) + 0.5 * noise(1680), 3600.0)
    assert (season.period, season.name) == (168, "week")
    assert season.explained > 0.9


def test_a_day_wins_over_a_week_when_all_days_are_alike() -> None:
    season = found(np.sin(2.0 * np.pi * np.arange(1680) / 24) + 0.5 * noise(1680), 3600.0)
    assert (season.period, season.name) == (24, "day")


@pytest.mark.parametrize("period", [2, 7, 12, 37, 336])
def test_without_a_clock_the_echo_is_found(period: int) -> None:
    shape = 6.0 * noise(period, 1)
    cycles = 12 + 200 // period
    season = found(np.tile(shape, cycles) + noise(cycles * period, 2))
    assert (season.period, season.name) == (period, "")


def test_a_working_week_is_found_without_a_clock() -> None:
    assert found(working_week(10) + 0.5 * noise(1680)).period == 168


def test_a_machine_cycle_outside_the_calendar_is_found_with_a_clock() -> None:
    season = found(np.tile(3.0 * noise(90, 1), 30) + noise(2700, 2), 60.0)
    assert season.period == 90


@pytest.mark.parametrize("seed", range(10))
def test_noise_and_wandering_levels_have_no_season(seed: int) -> None:
    assert found(noise(2000, seed), 300.0).period == 1
    assert found(noise(2000, seed)).period == 1
    assert found(np.cumsum(noise(2000, seed)), 300.0).period == 1
    assert found(np.cumsum(noise(100, seed))).period == 1


def test_slow_waves_do_not_hide_a_season_without_a_clock() -> None:
    y = np.sin(2.0 * np.pi * np.arange(3000) / 24) + 0.3 * noise(3000) + np.cumsum(0.3 * noise(3000, 1))
    assert found(y).period == 24
    assert found(y, 3600.0).period == 24


def test_a_trend_and_a_few_giants_do_not_hide_the_season() -> None:
    y = np.sin(2.0 * np.pi * np.arange(1680) / 24) + 0.2 * noise(1680) + 0.05 * np.arange(1680)
    y[[100, 700, 701, 1500]] += 1e6
    assert found(y, 3600.0).period == 24


def test_a_season_seen_less_than_three_times_is_not_believed() -> None:
    assert found(working_week(2), 3600.0).period == 24


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 6, 7])
def test_short_series_have_an_answer(n: int) -> None:
    assert found(noise(n), 60.0).period >= 1


def test_constant_and_unobserved_series_have_no_season() -> None:
    assert found(np.full(500, 3.0), 60.0).period == 1
    assert found(noise(500), 60.0, np.zeros(500, dtype=bool)).period == 1


def test_a_calendar_period_that_is_no_whole_number_of_steps_is_left_out() -> None:
    season = found(noise(4000), 7.0 * 61.0)
    assert season.period == 1


def test_columns_count_alike() -> None:
    season = found(np.column_stack([working_week(10), 100.0 * working_week(10) + 10.0 * noise(1680)]), 3600.0)
    assert season.period == 168
