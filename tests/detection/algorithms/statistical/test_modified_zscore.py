"""The modified z-score by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import median_abs_deviation

from anomaly_detection.detection.algorithms.statistical.modified_zscore import ModifiedZScore


def test_score_by_hand() -> None:
    X = np.array([[1.0], [2.0], [3.0], [4.0], [100.0]])
    # Median 3, absolute deviations 2 1 0 1 97, their median 1.
    expected = np.array([2.0, 1.0, 0.0, 1.0, 97.0]) / 1.4826
    np.testing.assert_allclose(ModifiedZScore().fit_score(X), expected)


def test_scale_agrees_with_scipy() -> None:
    X = np.random.default_rng(0).normal(size=(501, 4)) * [1.0, 10.0, 1e-6, 1e6]
    detector = ModifiedZScore().fit(X)
    np.testing.assert_allclose(detector.scale_, 1.4826 * median_abs_deviation(X, axis=0))
    np.testing.assert_allclose(detector.center_, np.median(X, axis=0))


@pytest.mark.parametrize(
    ("combine", "expected"), [("max", 4.0), ("mean", 2.0), ("rms", np.sqrt((16.0 + 4.0 + 0.0) / 3.0))]
)
def test_ways_to_combine(combine: str, expected: float) -> None:
    X = np.column_stack([[-1.0, 0.0, 1.0]] * 3) * 1.0
    row = np.array([[4.0, 2.0, 0.0]]) * 1.4826
    assert ModifiedZScore(combine=combine).fit(X).score(row)[0] == pytest.approx(expected)


def test_mostly_equal_values_fall_back_to_the_root_mean_square() -> None:
    X = np.array([[0.0]] * 9 + [[3.0]])
    assert ModifiedZScore().fit(X).scale_[0] == pytest.approx(np.sqrt(0.9))


def test_the_values_of_a_flag_are_one_apart() -> None:
    X = np.array([[0.0]] * 9 + [[1.0]])
    assert ModifiedZScore().fit(X).scale_[0] == 1.0


def test_constant_column_stands_out_when_it_changes() -> None:
    detector = ModifiedZScore().fit(np.full((20, 1), 5.0))
    assert detector.score(np.array([[5.0]]))[0] == 0.0
    assert 1e5 < detector.score(np.array([[6.0]]))[0] < np.inf


@pytest.mark.parametrize("scale", [1e-310, 1e-200, 1.0, 1e99])
def test_scores_are_finite_at_every_scale(scale: float) -> None:
    X = np.random.default_rng(1).normal(size=(50, 3)) * scale
    for combine in ("max", "mean", "rms"):
        assert np.isfinite(ModifiedZScore(combine=combine).fit_score(X)).all()


def test_half_of_the_rows_may_be_anomalous() -> None:
    rng = np.random.default_rng(2)
    X = np.concatenate([rng.normal(size=60), rng.normal(loc=1000.0, size=40)])[:, np.newaxis]
    scores = ModifiedZScore().fit_score(X)
    assert scores[60:].min() > 100 * scores[:60].max()


def test_contributions_are_the_deviations() -> None:
    X = np.random.default_rng(3).normal(size=(100, 3))
    detector = ModifiedZScore(combine="mean").fit(X)
    np.testing.assert_allclose(detector.contributions(X).mean(axis=1), detector.score(X))


def test_state_that_does_not_belong_together_is_refused() -> None:
    state = ModifiedZScore().fit(np.arange(6.0).reshape(3, 2)).state()
    for broken in ({**state, "center": np.zeros(3)}, {**state, "scale": np.array([1.0, 0.0])}):
        with pytest.raises(ValueError, match="no state of modified_zscore"):
            ModifiedZScore().restore(broken)
