from __future__ import annotations

import csv
import gzip
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from anomaly_detection.detection.algorithms.timeseries.stl import PARAMETERS, REFERENCE, STL
from anomaly_detection.detection.domain.series import Series
from anomaly_detection.detection.encoding.series import SeriesEncoder
from anomaly_detection.detection.ports import Algorithm, Attributing, Expecting

DAY = 24


def daily(n: int, seed: int = 0, sd: float = 1.0) -> np.ndarray:
    step = np.arange(n)
    return (
        50.0 + 0.01 * step + 10.0 * np.sin(2.0 * np.pi * step / DAY) + sd * np.random.default_rng(seed).normal(size=n)
    )


def series(y: np.ndarray, origin: int = 0, step_seconds: float | None = 3600.0, observed=None) -> Series:
    values = np.ascontiguousarray(y[:, None] if y.ndim == 1 else y, dtype=np.float64)
    return Series(values, np.ones(len(values), dtype=bool) if observed is None else observed, step_seconds, origin)


def part(whole: Series, start: int, stop: int) -> Series:
    return Series(
        whole.values[start:stop],
        whole.observed[start:stop],
        whole.step_seconds,
        whole.origin + start,
        whole.start_epoch,
    )


def test_the_algorithm_fills_the_ports_and_tells_its_parameters() -> None:
    stl = STL()
    assert isinstance(stl, Algorithm)
    assert isinstance(stl, Attributing)
    assert isinstance(stl, Expecting)
    assert [item.name for item in PARAMETERS] == ["period", "seasonal", "trend", "robust"]
    assert all(getattr(stl, item.name) == item.default for item in PARAMETERS)
    assert "1990" in REFERENCE


@pytest.mark.parametrize("seed", range(5))
def test_a_spike_ranks_first_with_its_size(seed: int) -> None:
    y = daily(960, seed)
    y[500] += 12.0
    scores = STL().fit_score(series(y))
    assert scores.argmax() == 500
    assert 7.0 < scores[500] < 20.0


@pytest.mark.parametrize("seed", range(5))
def test_a_missed_day_ranks_first(seed: int) -> None:
    y = daily(960, seed)
    y[480:504] = 50.0 + 0.01 * np.arange(480, 504) + np.random.default_rng(seed + 100).normal(size=24)
    top = np.argsort(-STL().fit_score(series(y)))[:8]
    assert np.all((top >= 480) & (top < 504))


@pytest.mark.parametrize("seed", range(5))
def test_a_level_shift_is_seen_at_its_border(seed: int) -> None:
    y = daily(960, seed)
    y[600:] += 30.0
    scores = STL().fit_score(series(y))
    assert abs(int(scores.argmax()) - 600) <= 24
    assert scores.max() > 6.0
    assert scores[700:].max() < scores.max() / 2


def test_the_season_of_fit_is_told() -> None:
    stl = STL().fit(series(daily(960)))
    assert stl.season_.period == DAY
    assert "24 steps (one day)" in stl.notes[0]


def test_no_season_leaves_the_level_alone_and_says_so() -> None:
    y = np.random.default_rng(0).normal(size=400)
    y[200] += 9.0
    stl = STL()
    scores = stl.fit_score(series(y))
    assert stl.season_.period == 1
    assert "No season" in stl.notes[0]
    assert scores.argmax() == 200


def test_fewer_than_two_given_seasons_fall_back_with_a_note() -> None:
    stl = STL(period=100)
    y = np.random.default_rng(0).normal(size=150)
    y[70] += 9.0
    assert stl.fit_score(series(y)).argmax() == 70
    assert "fewer than two seasons of 100" in stl.notes[0]


@pytest.mark.parametrize("robust", [False, True])
@pytest.mark.parametrize(("n", "period"), [(240, 24), (120, 24), (200, 1)])
def test_scores_are_those_of_values_left_out(n: int, period: int, robust: bool) -> None:
    y = daily(n) if period > 1 else np.random.default_rng(0).normal(size=n)
    stl = STL(period=period, robust=robust).fit(series(y))
    parts = stl.decompose(series(y))
    phases = np.arange(n) % period
    corrected = (y - parts.expected[:, 0]) * stl.phase_scale_[phases, 0] * stl.unit_[0] / parts.scale[:, 0]
    places = np.random.default_rng(1).choice(n, 30, replace=False)
    left_out = []
    for place in places:
        observed = np.ones(n, dtype=bool)
        observed[place] = False
        without = series(y, observed=observed)
        left_out.append(y[place] - STL(period=period, robust=robust).fit(without).expected(without)[place, 0])
    ratio = np.abs(corrected[places]) / np.abs(left_out)
    assert np.median(ratio) == pytest.approx(1.0, abs=0.1 if robust else 0.02)
    plain = np.abs(y - parts.expected[:, 0])[places]
    assert np.median(plain / np.abs(left_out)) < np.median(ratio)


@pytest.mark.parametrize("pieces", ["long", "single"])
@pytest.mark.parametrize(("n", "period"), [(240, 24), (1_440, 24), (500, 1)])
def test_training_rows_and_later_rows_score_alike(n: int, period: int, pieces: str) -> None:
    quantiles = []
    for seed in range(12):
        y = daily(n + 240, seed) if period > 1 else np.random.default_rng(seed).normal(size=n + 240)
        whole = series(y)
        stl = STL(period=period)
        before = stl.fit_score(part(whole, 0, n))
        if pieces == "long":
            after = stl.score(part(whole, n, n + 240))
        else:
            after = np.concatenate([stl.score(part(whole, i, i + 1)) for i in range(n, n + 240)])
        quantiles.append([np.quantile(before, [0.5, 0.9]), np.quantile(after, [0.5, 0.9])])
    before_q, after_q = np.mean(quantiles, axis=0)
    np.testing.assert_allclose(before_q, after_q, rtol=0.25)
    np.testing.assert_allclose(before_q, [0.674, 1.645], rtol=0.15)


def test_the_score_is_the_distance_from_expected_in_scales() -> None:
    y = np.column_stack([daily(480, 0), daily(480, 1)])
    y[200, 1] += 15.0
    X = series(y)
    stl = STL()
    scores = stl.fit_score(X)
    deviation = np.abs(X.values - stl.expected(X)) / stl.scale(X)
    np.testing.assert_allclose(np.sqrt((deviation**2).sum(axis=1)), scores)
    contributions = stl.contributions(X)
    assert contributions.shape == (480, 2)
    np.testing.assert_allclose(contributions.sum(axis=1), scores)
    assert scores.argmax() == 200
    assert contributions[200, 1] > 0.9 * scores[200]


def test_a_restless_hour_gets_a_wider_scale() -> None:
    y = daily(60 * DAY, sd=0.5)
    y[8::DAY] += np.random.default_rng(5).normal(0.0, 6.0, 60)
    stl = STL(period=DAY).fit(series(y))
    assert stl.phase_scale_[8, 0] > 4.0 * stl.phase_scale_[20, 0]


@pytest.mark.parametrize("n_new", [1, 2, 47, 48, 100, 168, 480])
def test_new_rows_are_judged_at_their_phase(n_new: int) -> None:
    whole = series(daily(960 + 480, sd=0.3))
    stl = STL().fit(part(whole, 0, 960))
    start = 960 + 5
    piece = part(whole, start, min(start + n_new, 1440))
    assert stl.score(piece).max() < 6.0
    moved = piece.values.copy()
    moved[len(piece) // 2] += 5.0
    scores = stl.score(Series(moved, piece.observed, piece.step_seconds, piece.origin))
    assert scores.argmax() == len(piece) // 2
    assert scores.max() > 7.0


def test_rows_before_and_far_after_the_training_rows_can_be_judged() -> None:
    y = daily(960)
    stl = STL().fit(series(y))
    for origin in (-1_000_000, -1, 0, 960, 10**12):
        assert np.isfinite(stl.score(series(y[:1], origin=origin))).all()
    near = stl.scale(series(y[:1], origin=960))[0, 0]
    far = stl.scale(series(y[:1], origin=960 + 10_000))[0, 0]
    assert far > near


@pytest.mark.parametrize("shift", [0, 5, 17])
def test_without_a_clock_longer_pieces_find_their_phase(shift: int) -> None:
    y = daily(960 + 240, sd=0.3)
    stl = STL().fit(series(y[:960], step_seconds=None))
    later = y[960 + shift : 960 + shift + 72].copy()
    later[30] += 6.0
    scores = stl.score(series(later, origin=960, step_seconds=None))
    assert scores.argmax() == 30
    assert np.median(scores) < 1.5


@pytest.mark.parametrize("y", [np.zeros(300), np.full(300, 7.0), np.full(300, -1e100), np.full(300, 1e-300)])
def test_a_constant_series_scores_nothing_and_any_change_much(y: np.ndarray) -> None:
    stl = STL()
    assert stl.fit_score(series(y)).max() == 0.0
    changed = stl.score(series(y[:1] + np.maximum(np.abs(y[:1]), 1.0), origin=300))
    assert np.isfinite(changed).all()
    assert changed[0] > 100.0


def test_a_series_without_any_observation_scores_nothing() -> None:
    observed = np.zeros(300, dtype=bool)
    stl = STL()
    X = series(daily(300), observed=observed)
    assert stl.fit_score(X).tolist() == [0.0] * 300
    assert np.isfinite(stl.score(series(daily(300)))).all()
    assert np.isfinite(stl.score(series(daily(1)))).all()


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 8, 9, 15])
@pytest.mark.parametrize("period", [None, 2, 4])
def test_very_short_series_can_be_fitted_and_scored(n: int, period: int | None) -> None:
    y = np.random.default_rng(n).normal(size=n)
    stl = STL(period=period)
    scores = stl.fit_score(series(y))
    assert scores.shape == (n,)
    assert np.isfinite(scores).all()
    for m in (0, 1, 2, 3, 40):
        piece = series(np.random.default_rng(m).normal(size=m), origin=n)
        assert np.isfinite(stl.score(piece)).all()
        assert stl.expected(piece).shape == (m, 1)
        assert np.isfinite(stl.scale(piece)).all()
    assert stl.notes or n >= 8


def test_a_hand_of_values_is_compared_with_its_median() -> None:
    scores = STL().fit_score(series(np.array([1.0, 2.0, 3.0, 100.0])))
    assert scores.argmax() == 3


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_scores_do_not_depend_on_the_unit(scale: float) -> None:
    y = daily(480)
    np.testing.assert_allclose(STL().fit_score(series(y * scale)), STL().fit_score(series(y)), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("value", [1e100, -1e100])
def test_extreme_values_stay_finite_and_rank_first(value: float) -> None:
    y = daily(480)
    y[100] = value
    stl = STL()
    scores = stl.fit_score(series(y))
    assert np.isfinite(scores).all()
    assert scores.argmax() == 100
    assert np.isfinite(stl.contributions(series(y))).all()
    assert np.median(scores) < 1.0


def test_gaps_are_not_judged_and_do_not_disturb() -> None:
    y = daily(960, sd=0.5)
    observed = np.ones(960, dtype=bool)
    observed[300:330] = False
    y[300:330] = np.linspace(y[299], y[330], 30)
    y[700] += 6.0
    scores = STL().fit_score(series(y, observed=observed))
    assert not scores[300:330].any()
    assert scores.argmax() == 700
    assert scores[330:340].max() < 5.0


def test_scoring_changes_nothing_and_repeats() -> None:
    X, later = series(daily(960)), series(daily(10, 3), origin=960)
    stl = STL()
    first = stl.fit_score(X)
    state = {name: value.copy() for name, value in stl.state().items()}
    values = X.values.copy()
    one = stl.score(later)
    stl.score(series(daily(500, 9), origin=960))
    assert np.array_equal(stl.score(X), first)
    assert np.array_equal(stl.score(later), one)
    assert all(np.array_equal(value, state[name], equal_nan=True) for name, value in stl.state().items())
    assert np.array_equal(X.values, values)
    assert np.array_equal(STL().fit_score(X), first)


@pytest.mark.parametrize("y", [daily(960), np.random.default_rng(0).normal(size=50), np.array([1.0, 2.0])])
def test_the_state_restores_everything(y: np.ndarray) -> None:
    X = series(y)
    stl = STL().fit(X)
    state = stl.state()
    assert all(isinstance(value, np.ndarray) for value in state.values())
    again = STL()
    again.restore({name: value.copy() for name, value in state.items()})
    assert again.notes == stl.notes
    for piece in (X, series(y[:1], origin=len(y) + 3), series(daily(60), origin=len(y))):
        assert np.array_equal(again.score(piece), stl.score(piece))
        assert np.array_equal(again.expected(piece), stl.expected(piece))
        assert np.array_equal(again.scale(piece), stl.scale(piece))
        assert np.array_equal(again.contributions(piece), stl.contributions(piece))


def test_even_windows_count_as_the_next_odd_ones() -> None:
    X = series(daily(480))
    assert np.array_equal(STL(seasonal=8, trend=40).fit_score(X), STL(seasonal=9, trend=41).fit_score(X))


def test_unsorted_doubled_rows_with_gaps_get_the_scores_of_their_steps() -> None:
    generator = np.random.default_rng(4)
    times = 1_400_000_000.0 + 3600.0 * np.arange(960)
    y = daily(960, sd=0.5)
    y[500] += 8.0
    keep = np.setdiff1d(np.arange(960), [10, 11, 400])
    rows = generator.permutation(np.concatenate([keep, [20, 21]]))
    values = y[rows][:, None]
    encoder = SeriesEncoder.learn(times[rows], values)
    encoded = encoder.encode(times[rows], values)
    scores = STL().fit_score(encoded.series)[encoded.position]
    assert scores.shape == (959,)
    assert rows[scores.argmax()] == 500
    assert len(set(scores[rows == 20])) == 1


def taxi() -> tuple[np.ndarray, np.ndarray]:
    root = Path(__file__).parents[4]
    places = [*root.glob("src/anomaly_detection/data_platform/bundled/**/nyc_taxi.csv*")]
    assert places, "the bundled taxi series is missing"
    opener = gzip.open if places[0].suffix == ".gz" else open
    with opener(places[0], "rt", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    times = [datetime.fromisoformat(row[0]).replace(tzinfo=UTC).timestamp() for row in rows]
    return np.array(times), np.array([[float(row[1])] for row in rows])


def test_the_known_events_of_the_taxi_series_stand_out() -> None:
    times, values = taxi()
    encoded = SeriesEncoder.learn(times, values).encode(times, values)
    stl = STL()
    scores = stl.fit_score(encoded.series)[encoded.position]
    assert stl.season_.period == 336
    days = [datetime.fromtimestamp(times[row], UTC).date().isoformat() for row in np.argsort(-scores)]
    ranked = list(dict.fromkeys(days))[:14]
    for event in (("2014-11-02",), ("2014-11-27",), ("2014-12-25",), ("2015-01-01",), ("2015-01-26", "2015-01-27")):
        assert set(event) & set(ranked), event


def test_rounding_is_no_deviation() -> None:
    square = np.where(np.arange(2016) % 288 < 144, 80.0, 20.0)
    scores = STL().fit_score(Series(square[:, None], np.ones(2016, dtype=bool), step_seconds=300.0))
    assert not scores.any()
