"""Classical decomposition against statsmodels, out-of-sample scores, and new pieces of a series."""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from statsmodels.tsa.seasonal import seasonal_decompose

from anomaly_detection.detection.algorithms.timeseries.decomposition import SeasonalModel
from anomaly_detection.detection.algorithms.timeseries.seasonal_decomposition import (
    PARAMETERS,
    REFERENCE,
    SeasonalDecomposition,
)
from anomaly_detection.detection.algorithms.timeseries.stl import STL
from anomaly_detection.detection.domain.series import Series
from anomaly_detection.detection.encoding.series import SeriesEncoder
from anomaly_detection.detection.errors import InvalidData
from anomaly_detection.detection.ports import Algorithm, Attributing, Expecting

DAY = 24


def daily(n: int, seed: int = 0, sd: float = 1.0) -> np.ndarray:
    step = np.arange(n)
    noise = np.random.default_rng(seed).normal(size=n)
    return 50.0 + 0.01 * step + 10.0 * np.sin(2.0 * np.pi * step / DAY) + sd * noise


def series(y: np.ndarray, origin: int = 0, step_seconds: float | None = 3600.0, observed=None) -> Series:
    values = np.ascontiguousarray(y[:, None] if y.ndim == 1 else y, dtype=np.float64)
    return Series(values, np.ones(len(values), dtype=bool) if observed is None else observed, step_seconds, origin)


def test_the_algorithm_fills_the_ports_and_tells_its_parameters() -> None:
    algorithm = SeasonalDecomposition()
    assert isinstance(algorithm, Algorithm)
    assert isinstance(algorithm, Attributing)
    assert isinstance(algorithm, Expecting)
    assert [item.name for item in PARAMETERS] == ["period", "model", "robust"]
    assert all(getattr(algorithm, item.name) == item.default for item in PARAMETERS)
    assert "Macaulay" in REFERENCE


@pytest.mark.parametrize("model", ["additive", "multiplicative"])
@pytest.mark.parametrize(("n", "period"), [(14, 7), (75, 7), (243, 24)])
def test_parts_are_those_of_statsmodels(n: int, period: int, model: str) -> None:
    y = 50.0 + 10.0 * np.sin(2 * np.pi * np.arange(n) / period) + np.random.default_rng(0).normal(size=n)
    oracle = seasonal_decompose(y, model=model, period=period)
    algorithm = SeasonalDecomposition(period=period, model=model, robust=False).fit(series(y))
    parts = algorithm._parts(*algorithm._smooth(y[:, None] / algorithm.unit_ - algorithm.center_ / algorithm.unit_,
                                                np.ones(n, dtype=bool)), np.arange(n) % period)  # fmt: skip
    inside = ~np.isnan(oracle.trend)
    np.testing.assert_allclose(parts.trend[inside, 0], oracle.trend[inside], rtol=1e-9)
    if model == "additive":
        np.testing.assert_allclose(parts.seasonal[:, 0], oracle.seasonal, atol=1e-9)
    else:
        np.testing.assert_allclose(parts.expected[:, 0] / parts.trend[:, 0], oracle.seasonal, rtol=1e-9)


@pytest.mark.parametrize("model", ["additive", "multiplicative"])
@pytest.mark.parametrize("seed", range(3))
def test_a_spike_ranks_first_with_its_size(seed: int, model: str) -> None:
    y = daily(960, seed)
    y[500] += 12.0
    algorithm = SeasonalDecomposition(model=model)
    scores = algorithm.fit_score(series(y))
    assert algorithm.season_.period == DAY
    assert scores.argmax() == 500
    assert 7.0 < scores[500] < 20.0


def test_swings_that_grow_with_the_level_are_normal_to_the_multiplicative_model() -> None:
    step = np.arange(960)
    rng = np.random.default_rng(0)
    y = (20.0 + 0.2 * step) * (1.0 + 0.4 * np.sin(2 * np.pi * step / DAY)) * (1.0 + 0.01 * rng.normal(size=960))
    y[30] *= 1.15
    additive = SeasonalDecomposition(period=DAY).fit_score(series(y))
    multiplicative = SeasonalDecomposition(period=DAY, model="multiplicative").fit_score(series(y))
    assert multiplicative.argmax() == 30
    assert multiplicative[30] > 10.0 > 2.0 * np.delete(multiplicative, 30).max()
    assert additive[30] < additive.max()


@pytest.mark.parametrize("lowest", [0.0, -3.0])
def test_a_multiplicative_model_refuses_values_that_are_not_positive(lowest: float) -> None:
    y = daily(240)
    y[30] = lowest
    with pytest.raises(InvalidData, match="positive values only") as caught:
        SeasonalDecomposition(model="multiplicative").fit(series(y))
    assert caught.value.code == "detection.not_positive"


def test_a_multiplicative_model_scores_later_values_that_are_not_positive() -> None:
    algorithm = SeasonalDecomposition(model="multiplicative").fit(series(daily(240)))
    for n in (1, 100):
        scores = algorithm.score(series(np.full(n, -5.0), origin=240))
        assert np.isfinite(scores).all()
        assert scores.max() > 5.0


@pytest.mark.parametrize("n", [72, 240])
def test_scores_of_means_are_exactly_those_of_values_left_out(n: int) -> None:
    y = daily(n)
    algorithm = SeasonalDecomposition(period=DAY, robust=False)
    _, _, own = algorithm._learn(series(y))
    smoothed = algorithm._smooth((y[:, None] - algorithm.center_) / algorithm.unit_, np.ones(n, dtype=bool))
    fitted = (smoothed[0] + smoothed[1])[:, 0] * algorithm.unit_[0] + algorithm.center_[0]
    left = (y - fitted) / (1.0 - own[:, 0])
    for place in (0, 5, 20, n // 2, n - 15, n - 1):
        filled = y.copy()
        for _ in range(60):
            again = SeasonalDecomposition(period=DAY, robust=False).fit(series(filled))
            trend, season, _ = again._smooth((filled[:, None] - again.center_) / again.unit_, np.ones(n, dtype=bool))
            filled[place] = (trend + season)[place, 0] * again.unit_[0] + again.center_[0]
        assert left[place] == pytest.approx(y[place] - filled[place], rel=0.03, abs=0.02)


@pytest.mark.parametrize("robust", [False, True])
@pytest.mark.parametrize("pieces", ["long", "single"])
@pytest.mark.parametrize(("n", "period"), [(240, 24), (1_440, 24), (500, 1)])
def test_training_rows_and_later_rows_score_alike(n: int, period: int, pieces: str, robust: bool) -> None:
    quantiles = []
    for seed in range(8):
        y = daily(n + 240, seed) if period > 1 else np.random.default_rng(seed).normal(size=n + 240)
        algorithm = SeasonalDecomposition(period=period, robust=robust)
        before = algorithm.fit_score(series(y[:n]))
        if pieces == "long":
            after = algorithm.score(series(y[n:], origin=n))
        else:
            after = np.concatenate([algorithm.score(series(y[i : i + 1], origin=i)) for i in range(n, n + 240)])
        quantiles.append([np.quantile(before, [0.5, 0.9]), np.quantile(after, [0.5, 0.9])])
    before_q, after_q = np.mean(quantiles, axis=0)
    np.testing.assert_allclose(before_q, after_q, rtol=0.25)
    np.testing.assert_allclose(before_q, [0.674, 1.645], rtol=0.15)


def test_robust_parts_are_not_moved_by_anomalies() -> None:
    y = daily(480)
    calm = SeasonalDecomposition(period=DAY).fit(series(y)).expected(series(y))
    y[100] += 500.0
    y[300:306] -= 300.0
    for robust, most in ((True, 2.0), (False, np.inf)):
        algorithm = SeasonalDecomposition(period=DAY, robust=robust).fit(series(y))
        moved = np.abs(algorithm.expected(series(y)) - calm).max()
        assert moved < most
        assert robust or moved > 10.0


def test_the_score_is_the_distance_from_expected_in_scales() -> None:
    y = np.column_stack([daily(480, 0), daily(480, 1)])
    algorithm = SeasonalDecomposition().fit(series(y))
    moved = y.copy()
    moved[200, 1] += 15.0
    X = series(moved, origin=480)
    scores = algorithm.score(X)
    deviation = np.abs(X.values - algorithm.expected(X)) / algorithm.scale(X)
    np.testing.assert_allclose(np.sqrt((deviation**2).sum(axis=1)), scores)
    parts = algorithm.contributions(X)
    np.testing.assert_allclose(parts.sum(axis=1), scores)
    assert scores.argmax() == 200
    assert parts[200, 1] > 0.9 * scores[200]


@pytest.mark.parametrize("n_new", [1, 2, 47, 48, 100, 480])
def test_new_rows_are_judged_at_their_phase(n_new: int) -> None:
    y = daily(965 + n_new, sd=0.3)
    algorithm = SeasonalDecomposition().fit(series(y[:960]))
    later = y[965:]
    assert algorithm.score(series(later, origin=965)).max() < 6.0
    later[n_new // 2] += 5.0
    scores = algorithm.score(series(later, origin=965))
    assert scores.argmax() == n_new // 2
    assert scores.max() > 7.0


def test_no_season_leaves_the_level_alone_and_says_so() -> None:
    y = np.random.default_rng(0).normal(size=400)
    y[200] += 9.0
    algorithm = SeasonalDecomposition()
    assert algorithm.fit_score(series(y)).argmax() == 200
    assert algorithm.season_.period == 1
    assert "No season" in algorithm.notes[0]


@pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 10, 11, 17, 30])
def test_short_series_get_finite_scores(n: int) -> None:
    algorithm = SeasonalDecomposition()
    assert np.isfinite(algorithm.fit_score(series(daily(n)))).all()
    assert np.isfinite(algorithm.score(series(daily(40), origin=n))).all()
    assert np.isfinite(algorithm.score(series(daily(1), origin=n))).all()


@pytest.mark.parametrize("y", [np.zeros(300), np.full(300, 7.0), np.full(300, -1e100), np.full(300, 1e-300)])
def test_a_constant_series_scores_nothing_and_any_change_much(y: np.ndarray) -> None:
    algorithm = SeasonalDecomposition()
    assert algorithm.fit_score(series(y)).max() == 0.0
    changed = y.copy()
    changed[150] += max(1.0, abs(y[150]))
    scores = SeasonalDecomposition().fit_score(series(changed))
    assert scores.argmax() == 150
    assert 10.0 < scores[150] < np.inf


def test_steps_without_an_observation_count_for_nothing() -> None:
    y = daily(960, sd=0.5)
    observed = np.ones(960, dtype=bool)
    observed[300:330] = False
    y[300:330] = np.linspace(y[299], y[330], 30)
    y[700] += 6.0
    scores = SeasonalDecomposition().fit_score(series(y, observed=observed))
    assert not scores[300:330].any()
    assert scores.argmax() == 700
    assert scores[330:340].max() < 5.0


@pytest.mark.parametrize("model", ["additive", "multiplicative"])
@pytest.mark.parametrize("n", [3, 50, 960])
def test_the_state_restores_everything(n: int, model: str) -> None:
    algorithm = SeasonalDecomposition(model=model).fit(series(daily(n)))
    again = SeasonalDecomposition(model=model)
    again.restore({name: value.copy() for name, value in algorithm.state().items()})
    assert again.notes == algorithm.notes
    for piece in (series(daily(n)), series(daily(1), origin=n + 3), series(daily(60), origin=n)):
        assert np.array_equal(again.score(piece), algorithm.score(piece))
        assert np.array_equal(again.scale(piece), algorithm.scale(piece))


@pytest.mark.parametrize("name", ["center", "unit", "profile", "phase_scale", "levels", "drift", "level_rate"])
@pytest.mark.parametrize("model", [SeasonalDecomposition, STL])
def test_a_state_whose_arrays_do_not_belong_together_is_refused(model: type[SeasonalModel], name: str) -> None:
    state = model().fit(series(daily(240))).state()
    for broken in (state[name][:-1], state[name] * np.nan, state[name].astype(np.float32)):
        with pytest.raises(ValueError, match="no state of a seasonal model"):
            model().restore({**state, name: broken})


@pytest.mark.parametrize("name", ["unit", "phase_scale"])
def test_a_state_with_a_scale_of_zero_is_refused(name: str) -> None:
    state = SeasonalDecomposition().fit(series(daily(240))).state()
    with pytest.raises(ValueError, match="no state of a seasonal model"):
        SeasonalDecomposition().restore({**state, name: np.zeros_like(state[name])})


def test_the_known_events_of_the_taxi_series_stand_out() -> None:
    (place,) = Path(__file__).parents[4].glob("src/anomaly_detection/data_platform/bundled/**/nyc_taxi.csv*")
    with (gzip.open if place.suffix == ".gz" else open)(place, "rt", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    times = np.array([datetime.fromisoformat(row[0]).replace(tzinfo=UTC).timestamp() for row in rows])
    values = np.array([[float(row[1])] for row in rows])
    encoded = SeriesEncoder.learn(times, values).encode(times, values)
    algorithm = SeasonalDecomposition()
    scores = algorithm.fit_score(encoded.series)[encoded.position]
    assert algorithm.season_.period == 336
    days = [datetime.fromtimestamp(times[row], UTC).date().isoformat() for row in np.argsort(-scores)]
    ranked = list(dict.fromkeys(days))[:14]
    for event in (("2014-11-27",), ("2014-12-25",), ("2015-01-01",), ("2015-01-26", "2015-01-27")):
        assert set(event) & set(ranked), event
