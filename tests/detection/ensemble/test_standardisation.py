"""Scores on one scale: comparable, without end, and not stretched by the anomalies among them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from anomaly_detection.detection.ensemble.standardisation import ScoreScale

SCORES = arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e300, 1e300))


@given(scores=SCORES, new=SCORES)
def test_surprise_is_finite_and_keeps_the_order(scores: np.ndarray, new: np.ndarray) -> None:
    ordered = np.sort(np.concatenate([scores, new]))
    surprise = ScoreScale.learn(scores).surprise(ordered)
    assert np.isfinite(surprise).all()
    assert surprise.min() >= 0.0
    assert (np.diff(surprise) >= -1e-12).all()


@given(scores=SCORES, new=SCORES)
def test_a_score_gets_the_same_alone(scores: np.ndarray, new: np.ndarray) -> None:
    scale = ScoreScale.learn(scores)
    alone = [float(scale.surprise(new[place : place + 1])[0]) for place in range(len(new))]
    assert scale.surprise(new).tolist() == alone


@pytest.mark.parametrize(("factor", "shift"), [(1.0, 0.0), (1e-9, 0.0), (1e6, -3e6)])
def test_units_do_not_matter(factor: float, shift: float) -> None:
    scores = np.random.default_rng(0).exponential(size=500)
    plain = ScoreScale.learn(scores).surprise(scores)
    changed = scores * factor + shift
    assert np.allclose(ScoreScale.learn(changed).surprise(changed), plain, atol=1e-5)


def test_surprise_is_minus_log_of_the_share_above() -> None:
    scores = np.random.default_rng(1).exponential(size=20_000)
    scale = ScoreScale.learn(scores)
    for share in (0.9, 0.5, 0.1, 0.01):
        score = np.quantile(scores, 1 - share)
        assert scale.surprise(np.array([score]))[0] == pytest.approx(-np.log(share), rel=0.05, abs=0.01)


def test_anomalies_do_not_stretch_the_scale() -> None:
    rng = np.random.default_rng(2)
    normal = rng.exponential(size=1_000)
    mixed = np.concatenate([normal[:930], 1e6 + rng.random(70)])
    assert ScoreScale.learn(mixed).scale < 1.6 * ScoreScale.learn(normal).scale


def test_far_scores_stay_apart() -> None:
    scale = ScoreScale.learn(np.random.default_rng(3).normal(size=300))
    near, far = scale.surprise(np.array([50.0, 5e6]))
    assert far > 1e4 * near


@pytest.mark.parametrize("scores", [np.zeros(9), np.full(30, 7.5), np.array([3.0]), np.array([0.0] * 50 + [1.0])])
def test_equal_scores_are_ordinary_and_others_are_not(scores: np.ndarray) -> None:
    scale = ScoreScale.learn(scores)
    assert np.ptp(scale.surprise(np.full(5, np.median(scores)))) == 0.0
    assert scale.surprise(scores.max(keepdims=True) + 10.0)[0] > scale.surprise(np.median(scores, keepdims=True))[0]


def test_scores_that_differ_by_subnormal_numbers_stay_ordinary() -> None:
    surprise = ScoreScale.learn(np.array([0.0, 1e-318, 1.0, 1.0, 1.0])).surprise(np.array([0.0, 5e-324, 1e-318, 0.5]))
    assert np.isfinite(surprise).all()
    assert (np.diff(surprise) >= 0.0).all()
    assert surprise.max() <= np.log(2.0)


def test_state_restores_the_scale() -> None:
    scores = np.random.default_rng(4).normal(size=100)
    scale = ScoreScale.learn(scores)
    assert np.array_equal(ScoreScale.restore(scale.state()).surprise(scores), scale.surprise(scores))


@pytest.mark.parametrize(
    "broken",
    [
        {"knots": np.array([])},
        {"knots": np.array([2.0, 1.0])},
        {"knots": np.array([np.nan])},
        {"knots": np.array([[1.0]])},
        {"scale": np.array([0.0])},
        {"scale": np.array([np.inf])},
        {"scale": np.array([1, 2])},
    ],
)
def test_a_wrong_state_is_refused(broken: dict[str, np.ndarray]) -> None:
    state = ScoreScale.learn(np.arange(10.0)).state() | broken
    with pytest.raises(ValueError, match="no scale of scores"):
        ScoreScale.restore(state)
