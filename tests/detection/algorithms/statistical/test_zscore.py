"""The z-score against scipy's, and leaving out against fitting without the row."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import zscore

from anomaly_detection import create_detector
from anomaly_detection.detection.algorithms.statistical.zscore import ZScore


def test_scores_agree_with_scipy() -> None:
    X = np.random.default_rng(0).normal(size=(300, 4)) * [1.0, 10.0, 1e-6, 1e6] + [0.0, 5.0, 1.0, -1e6]
    np.testing.assert_allclose(ZScore().fit(X).contributions(X), np.abs(zscore(X)), rtol=1e-9, atol=1e-8)
    np.testing.assert_allclose(
        ZScore(combine="mean").fit(X).score(X), np.abs(zscore(X)).mean(axis=1), rtol=1e-9, atol=1e-8
    )
    np.testing.assert_allclose(
        ZScore(combine="rms").fit(X).score(X), np.sqrt((zscore(X) ** 2).mean(axis=1)), rtol=1e-9, atol=1e-8
    )


@pytest.mark.parametrize("combine", ["max", "mean", "rms"])
@pytest.mark.parametrize("n", [3, 4, 60])
def test_training_rows_are_scored_as_if_fitted_without_them(n: int, combine: str) -> None:
    X = np.random.default_rng(1).normal(loc=3.0, size=(n, 3))
    X[1, 2] = 1e6
    scores = ZScore(combine=combine).fit_score(X)
    for row in range(n):
        alone = ZScore(combine=combine).fit(np.delete(X, row, axis=0)).score(X[row : row + 1])[0]
        assert scores[row] == pytest.approx(alone, rel=1e-6)


def test_an_outlier_does_not_hide_in_the_deviation_that_it_makes() -> None:
    X = np.random.default_rng(2).normal(size=(11, 1))
    X[5] = 1e9
    assert ZScore().fit(X).score(X)[5] == pytest.approx(np.sqrt(10.0)), "the bound of a plain z-score"
    assert ZScore().fit_score(X)[5] > 1e8


def test_the_only_value_that_differs_stands_out() -> None:
    X = np.full((50, 1), 5.0)
    X[9] = 6.0
    scores = ZScore().fit_score(X)
    assert scores[9] == pytest.approx(1.0 / 5e-6)
    assert scores[:9].max() < 1.0


def test_the_values_of_a_flag_are_one_apart() -> None:
    X = np.array([[0.0]] * 99 + [[1.0]])
    assert ZScore().fit(X).scale_[0] == 1.0
    assert ZScore().fit_score(X)[99] == pytest.approx(1.0)


def test_constant_column_stands_out_when_it_changes() -> None:
    detector = ZScore().fit(np.full((20, 1), 0.1))
    assert detector.score(np.array([[0.1]]))[0] < 1e-6
    assert 1e5 < detector.score(np.array([[1.0]]))[0] < np.inf


@pytest.mark.parametrize("scale", [1e-310, 1e-200, 1.0, 1e99, 1e299])
def test_scores_are_finite_and_rank_at_every_scale(scale: float) -> None:
    X = np.random.default_rng(3).normal(size=(50, 3)) * scale
    X[7] = 30.0 * scale
    for combine in ("max", "mean", "rms"):
        scores = ZScore(combine=combine).fit_score(X)
        assert np.isfinite(scores).all()
        assert scores.argmax() == 7 or scale < 1e-300


def test_expected_values_are_the_means() -> None:
    X = np.random.default_rng(4).normal(size=(40, 2))
    np.testing.assert_allclose(ZScore().fit(X).expected(X[:3]), np.tile(X.mean(axis=0), (3, 1)))


def test_one_odd_value_is_found_by_the_default_threshold() -> None:
    X = np.random.default_rng(5).normal(size=(500, 4))
    X[17, 2] = 12.0
    assert [item.index for item in create_detector("zscore").detect(X).anomalies] == [17]


def test_state_that_does_not_belong_together_is_refused() -> None:
    state = ZScore().fit(np.arange(6.0).reshape(3, 2)).state()
    for broken in ({**state, "center": np.zeros(3)}, {**state, "scale": np.array([1.0, 0.0])}):
        with pytest.raises(ValueError, match="no state of zscore"):
            ZScore().restore(broken)
