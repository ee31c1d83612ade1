"""Tukey's fences against matplotlib's box plot and scipy's interquartile range."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.cbook import boxplot_stats
from scipy.stats import iqr

from anomaly_detection import create_detector
from anomaly_detection.detection.algorithms.statistical.iqr import InterquartileRange


@pytest.mark.parametrize("reach", [1.5, 3.0])
def test_scores_beyond_the_fence_are_a_box_plot_s_points(reach: float) -> None:
    X = np.random.default_rng(0).standard_t(2.0, size=(400, 1))
    points = boxplot_stats(X[:, 0], whis=reach)[0]["fliers"]
    assert len(points) > 5
    assert sorted(X[InterquartileRange().fit_score(X) > reach, 0]) == sorted(points)


def test_a_threshold_in_ranges_is_tukey_s_rule() -> None:
    X = np.random.default_rng(1).normal(size=(300, 3))
    low, high = np.quantile(X, [0.25, 0.75], axis=0)
    fence = 1.5 * (high - low)
    outside = (np.clip(X, low - fence, high + fence) != X).any(axis=1)
    result = create_detector("iqr", threshold=("score", 1.5)).detect(X)
    assert outside.sum() > 2
    assert np.array_equal(result.predictions == 1, outside)


def test_scale_agrees_with_scipy() -> None:
    X = np.random.default_rng(2).normal(size=(501, 4)) * [1.0, 10.0, 1e-6, 1e6]
    np.testing.assert_allclose(InterquartileRange().fit(X).scale_, iqr(X, axis=0))


def test_scores_go_on_ranking_inside_the_fences() -> None:
    detector = InterquartileRange().fit(np.arange(101.0)[:, np.newaxis])
    scores = detector.score(np.array([[50.0], [60.0], [75.0], [100.0], [150.0], [1e6]]))
    np.testing.assert_allclose(scores[:5], [-0.5, -0.3, 0.0, 0.5, 1.5])
    assert (np.diff(scores) > 0.0).all()


def test_mean_of_the_columns() -> None:
    X = np.column_stack([np.arange(101.0)] * 2)
    assert InterquartileRange(combine="mean").fit(X).score(np.array([[150.0, 50.0]]))[0] == pytest.approx(0.5)


def test_without_a_range_the_root_mean_square_takes_its_place() -> None:
    X = np.array([[0.0]] * 9 + [[3.0]])
    detector = InterquartileRange().fit(X)
    assert detector.scale_[0] == pytest.approx(1.349 * np.sqrt(0.9))
    assert detector.score(X).argmax() == 9


def test_the_values_of_a_flag_are_one_apart() -> None:
    X = np.array([[0.0]] * 99 + [[1.0]])
    assert InterquartileRange().fit_score(X)[99] == pytest.approx(1.0)


def test_constant_column_stands_out_when_it_changes() -> None:
    detector = InterquartileRange().fit(np.full((20, 1), 5.0))
    assert detector.score(np.array([[5.0]]))[0] == 0.0
    assert 1e5 < detector.score(np.array([[6.0]]))[0] < np.inf


def test_a_fifth_of_the_rows_may_be_anomalous() -> None:
    rng = np.random.default_rng(3)
    X = np.concatenate([rng.normal(size=80), rng.normal(loc=1000.0, size=20)])[:, np.newaxis]
    scores = InterquartileRange().fit_score(X)
    assert scores[80:].min() > 100 * scores[:80].max()


@pytest.mark.parametrize("scale", [1e-310, 1e-200, 1.0, 1e99, 1e299])
def test_scores_are_finite_and_rank_at_every_scale(scale: float) -> None:
    X = np.random.default_rng(4).normal(size=(50, 3)) * scale
    X[7] = 30.0 * scale
    scores = InterquartileRange().fit_score(X)
    assert np.isfinite(scores).all()
    assert scores.argmax() == 7


def test_expected_values_are_the_nearest_between_the_quartiles() -> None:
    detector = InterquartileRange().fit(np.arange(101.0)[:, np.newaxis])
    assert detector.expected(np.array([[-9.0], [40.0], [99.0]])).ravel().tolist() == [25.0, 40.0, 75.0]


def test_one_odd_value_is_found_by_the_default_threshold() -> None:
    X = np.random.default_rng(5).normal(size=(500, 4))
    X[17, 2] = 12.0
    assert [item.index for item in create_detector("iqr").detect(X).anomalies] == [17]


def test_state_that_does_not_belong_together_is_refused() -> None:
    state = InterquartileRange().fit(np.arange(8.0).reshape(4, 2)).state()
    broken = [
        {**state, "lower": np.zeros(3)},
        {**state, "scale": np.zeros(2)},
        {**state, "lower": state["upper"], "upper": state["lower"]},
    ]
    for item in broken:
        with pytest.raises(ValueError, match="no state of iqr"):
            InterquartileRange().restore(item)
