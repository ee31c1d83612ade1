"""Empirical tail shares counted directly, and against PyOD's."""

from __future__ import annotations

import numpy as np
import pytest
from pyod.models.ecod import ECOD
from scipy.stats import kstest, spearmanr

from anomaly_detection import create_detector
from anomaly_detection.detection.algorithms.statistical.ecod import EmpiricalDistribution, EmpiricalTails


def rows(n: int = 1_000, width: int = 4, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).gamma(2.0, size=(n, width))


def counted(others: np.ndarray, value: float) -> float:
    """Return the rarity of a value by its place among others, without tails."""
    smaller = min(np.sum(others <= value), np.sum(others >= value)) + 1
    return float(max(-np.log(2.0 * smaller / (len(others) + 1)), 0.0))


def between(X: np.ndarray, detector: EmpiricalTails) -> np.ndarray:
    return np.flatnonzero((np.clip(X, *detector.tails_.start) == X).all(axis=1))


@pytest.mark.parametrize("digits", [0, 1, 9])
def test_new_rows_by_direct_count(digits: int) -> None:
    X, new = rows().round(digits), rows(seed=1).round(digits)
    detector = EmpiricalTails().fit(X)
    inside = between(new, detector)
    assert inside.size > 500
    scores = detector.score(new)
    for row in inside[:100]:
        assert scores[row] == pytest.approx(sum(counted(X[:, j], new[row, j]) for j in range(4)))


@pytest.mark.parametrize("digits", [0, 9])
def test_training_rows_are_compared_with_the_others(digits: int) -> None:
    X = rows(300).round(digits)
    detector = EmpiricalTails()
    scores = detector.fit_score(X)
    for row in between(X, detector)[:100]:
        others = np.delete(X, row, axis=0)
        assert scores[row] == pytest.approx(sum(counted(others[:, j], X[row, j]) for j in range(4)))


def test_between_the_tails_scores_are_those_of_pyod() -> None:
    X = rows()
    detector = EmpiricalTails()
    scores = detector.fit_score(X)
    inside = between(X, detector)
    # PyOD's rarity of a median is log 2 in every column, ours 0.
    theirs = ECOD().fit(X).decision_scores_ - 4 * np.log(2.0)
    np.testing.assert_allclose(scores[inside], theirs[inside], atol=0.01)
    assert spearmanr(scores, theirs)[0] > 0.99


def test_under_independence_scores_follow_a_gamma_law() -> None:
    detector = EmpiricalTails().fit(np.random.default_rng(2).uniform(size=(4_000, 3)))
    fresh = detector.score(np.random.default_rng(3).uniform(size=(2_000, 3)))
    assert kstest(fresh, "gamma", args=(3.0,)).pvalue > 0.001


@pytest.mark.parametrize("own", [0, 1])
@pytest.mark.parametrize("digits", [2, 9])
def test_what_is_left_out_of_many_rows_hardly_matters(digits: int, own: int) -> None:
    ordered = np.sort(np.random.default_rng(4).normal(size=100_000).round(digits))
    column = EmpiricalDistribution.learn(ordered)
    assert len(column.values) < 2_500
    asked = ordered[::37] if own else np.random.default_rng(5).normal(size=3_000).round(digits)
    at_most = np.searchsorted(ordered, asked, side="right") + 1 - own
    at_least = len(ordered) - np.searchsorted(ordered, asked, side="left") + 1 - own
    exact = -np.log(2.0 * np.minimum(at_most, at_least) / (len(ordered) + 1 - own))
    np.testing.assert_allclose(column.nats(own)[column.places(asked)], exact.clip(0.0), atol=0.01)


def test_scores_grow_beyond_the_rows_seen() -> None:
    detector = EmpiricalTails().fit(rows())
    for sign in (-1.0, 1.0):
        far = np.full((6, 4), 1.5)
        far[:, 1] = sign * np.array([15.0, 20.0, 40.0, 1e3, 1e9, 1e100])
        assert (np.diff(detector.score(far)) > 0.0).all()


def test_any_rising_change_keeps_ranks_between_the_tails() -> None:
    X = rows()
    plain, changed = EmpiricalTails(), EmpiricalTails()
    first, second = plain.fit_score(X), changed.fit_score(np.exp(X))
    inside = np.intersect1d(between(X, plain), between(np.exp(X), changed))
    np.testing.assert_allclose(first[inside], second[inside])


def test_the_rarer_value_of_a_flag() -> None:
    X = np.zeros((100, 1))
    X[:20] = 1.0
    assert EmpiricalTails().fit(X).score(np.array([[0.0], [1.0]])) == pytest.approx([0.0, -np.log(2 * 21 / 101)])


def test_constant_column_stands_out_when_it_changes() -> None:
    detector = EmpiricalTails().fit(np.full((20, 1), 5.0))
    assert detector.score(np.array([[5.0]]))[0] == 0.0
    for other in (4.0, 6.0):
        assert 1e5 < detector.score(np.array([[other]]))[0] < np.inf


@pytest.mark.parametrize("scale", [1e-310, 1e-200, 1.0, 1e99, 1e299])
def test_scores_are_finite_at_every_scale(scale: float) -> None:
    X = np.random.default_rng(6).normal(size=(50, 3)) * scale
    X[7] = 30.0 * scale
    detector = EmpiricalTails()
    scores = detector.fit_score(X)
    assert np.isfinite(scores).all()
    assert np.isfinite(detector.score(np.array([[1e100, -1e100, 0.0]]))).all()
    assert scores.argmax() == 7


def test_contributions_add_up_to_the_score() -> None:
    X = rows()
    detector = EmpiricalTails().fit(X)
    np.testing.assert_allclose(detector.contributions(X).sum(axis=1), detector.score(X))


@pytest.mark.parametrize("n", [9, 100, 20_001])
def test_expected_values_are_the_medians(n: int) -> None:
    X = rows(n)
    between_quantiles = np.quantile(X, [0.49, 0.51], axis=0)
    expected = EmpiricalTails().fit(X).expected(X[:2])
    assert expected.shape == (2, 4)
    if n % 2 and n < 4_096:
        np.testing.assert_allclose(expected[0], np.median(X, axis=0))
    elif n > 4_096:
        assert ((between_quantiles[0] < expected[0]) & (expected[0] < between_quantiles[1])).all()


@pytest.mark.parametrize("count", [1, 10])
def test_odd_values_of_one_column_are_found_by_the_default_threshold(count: int) -> None:
    X = np.random.default_rng(7).normal(size=(500, 4))
    X[:count, 2] = np.linspace(20.0, 21.0, count)
    assert sorted(item.index for item in create_detector("ecod").detect(X).anomalies) == list(range(count))


@pytest.mark.parametrize("n", [60, 6_000])
def test_restored_state_scores_the_same(n: int) -> None:
    X = rows(n)
    detector, restored = EmpiricalTails().fit(X), EmpiricalTails()
    restored.restore(detector.state())
    assert np.array_equal(detector.score(X), restored.score(X))


def test_state_that_does_not_belong_together_is_refused() -> None:
    state = EmpiricalTails().fit(rows(50)).state()
    broken = [
        {**state, "length": state["length"][:2]},
        {**state, "length": state["length"] + 1},
        {**state, "values": state["values"][::-1].copy()},
        {**state, "values": state["values"] * np.nan},
        {**state, "at_most": state["at_most"][:-1]},
        {**state, "at_most": state["at_most"] + 1},
        {**state, "at_least": state["at_least"].astype(np.float64)},
        {**state, "n": np.array(10)},
    ]
    for item in broken:
        with pytest.raises(ValueError, match="no state of ecod"):
            EmpiricalTails().restore(item)
    with pytest.raises(ValueError, match="tails"):
        EmpiricalTails().restore({**state, "tails": state["tails"][0]})
