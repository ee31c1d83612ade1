"""Histogram-based outlier scores by hand and against PyOD's."""

from __future__ import annotations

import numpy as np
import pytest
from pyod.models import hbos
from scipy.stats import spearmanr

from anomaly_detection import create_detector
from anomaly_detection.detection.algorithms.statistical.hbos import HistogramOutlierScore


def groups(n: int = 2_000, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centers = np.array([[0.0, 0.0, 0.0], [8.0, 8.0, 0.0]])
    return centers[rng.integers(0, 2, size=n)] + rng.normal(size=(n, 3))


def test_rarities_of_bins_by_hand() -> None:
    # 100 values on a line, 0 to 99: two beyond either end, 96 between 2 and 97 in four bins of width 23.75.
    X = np.arange(100.0)[:, np.newaxis]
    detector = HistogramOutlierScore(n_bins=4).fit(np.vstack([X, np.full((20, 1), 10.0)]))
    counts = detector.counts_[0]
    assert counts.sum() == 120 - 4
    edges = np.linspace(detector.low_[0], detector.high_[0], 5)
    assert counts.tolist() == np.histogram(np.append(X, np.full(20, 10.0)), edges)[0].tolist()
    middles = (edges[:-1] + edges[1:]) / 2
    np.testing.assert_allclose(detector.score(middles[:, np.newaxis]), np.log((counts.max() + 1) / (counts + 1)))


def test_training_rows_are_taken_out_of_their_bins() -> None:
    X = groups(500)
    detector = HistogramOutlierScore()
    scores = detector.fit_score(X)
    in_sample = detector.score(X)
    assert (scores >= in_sample).all()
    counts, low, high = detector.counts_, detector.low_, detector.high_
    inside = np.flatnonzero((np.clip(X, low, high) == X).all(axis=1))
    assert inside.size > 400
    for row in inside[:50]:
        place = np.minimum((X[row] - low) / (high - low) * counts.shape[1], counts.shape[1] - 1).astype(int)
        others = counts[np.arange(3), place] - 1
        assert scores[row] == pytest.approx(np.log((counts.max(axis=1) + 1) / (others + 1)).clip(0).sum())


@pytest.mark.parametrize("rows", [groups(), np.random.default_rng(1).normal(size=(2_000, 5))], ids=["groups", "normal"])
def test_ranking_agrees_with_pyod(rows: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    # Its loop as plain Python: compiling it takes longer than running it.
    monkeypatch.setattr(hbos, "_calculate_outlier_scores", hbos._calculate_outlier_scores.py_func)
    theirs = hbos.HBOS(n_bins=20).fit(rows).decision_scores_
    ours = HistogramOutlierScore(n_bins=20).fit_score(rows)
    assert spearmanr(theirs, ours)[0] > 0.9


def test_values_in_a_gap_are_rare() -> None:
    X = np.concatenate([np.linspace(0.0, 1.0, 200), np.linspace(9.0, 10.0, 200)])[:, np.newaxis]
    detector = HistogramOutlierScore().fit(X)
    gap, left, right = detector.score(np.array([[5.0], [0.5], [9.5]]))
    assert gap > 3.0 > max(left, right)


def test_scores_grow_beyond_the_rows_seen() -> None:
    detector = HistogramOutlierScore().fit(groups())
    for sign in (-1.0, 1.0):
        far = np.zeros((6, 3))
        far[:, 1] = sign * np.array([15.0, 20.0, 40.0, 1e3, 1e9, 1e100])
        assert (np.diff(detector.score(far)) > 0.0).all()


def test_one_far_value_does_not_put_all_others_in_a_bin() -> None:
    X = groups()
    before = HistogramOutlierScore().fit(X).score(X)
    X[0, 0] = 1e12
    after = HistogramOutlierScore().fit(X).score(X)
    assert spearmanr(before[1:], after[1:])[0] > 0.99
    assert after.argmax() == 0


def test_bins_are_as_many_as_asked_for_or_as_the_rows_fill() -> None:
    assert HistogramOutlierScore(n_bins=7).fit(groups(100)).counts_.shape == (3, 7)
    assert HistogramOutlierScore().fit(groups(1_000)).counts_.shape == (3, 20)
    assert HistogramOutlierScore().fit(groups(200_000)).counts_.shape == (3, 100)


def test_the_rarer_value_of_a_flag() -> None:
    X = np.zeros((100, 1))
    X[:20] = 1.0
    assert HistogramOutlierScore().fit(X).score(np.array([[0.0], [1.0]])) == pytest.approx([0.0, np.log(81 / 21)])


def test_constant_column_stands_out_when_it_changes() -> None:
    detector = HistogramOutlierScore().fit(np.full((20, 1), 5.0))
    assert detector.score(np.array([[5.0]]))[0] == 0.0
    for other in (4.0, 6.0):
        assert 1e5 < detector.score(np.array([[other]]))[0] < np.inf


@pytest.mark.parametrize("scale", [1e-310, 1e-200, 1.0, 1e99, 1e299])
def test_scores_are_finite_at_every_scale(scale: float) -> None:
    X = np.random.default_rng(2).normal(size=(50, 3)) * scale
    X[7] = 30.0 * scale
    detector = HistogramOutlierScore()
    scores = detector.fit_score(X)
    assert np.isfinite(scores).all()
    assert np.isfinite(detector.score(np.array([[1e100, -1e100, 0.0]]))).all()
    assert scores.argmax() == 7 or scale < 1e-300


def test_contributions_add_up_to_the_score() -> None:
    X = groups()
    detector = HistogramOutlierScore().fit(X)
    np.testing.assert_allclose(detector.contributions(X).sum(axis=1), detector.score(X))


def test_expected_values_are_in_the_fullest_bins() -> None:
    X = groups()
    detector = HistogramOutlierScore().fit(X)
    assert detector.score(detector.expected(X[:2])).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("count", [1, 10])
def test_odd_values_of_one_column_are_found_by_the_default_threshold(count: int) -> None:
    X = np.random.default_rng(5).normal(size=(500, 4))
    X[:count, 2] = np.linspace(20.0, 21.0, count)
    assert sorted(item.index for item in create_detector("hbos").detect(X).anomalies) == list(range(count))


def test_state_that_does_not_belong_together_is_refused() -> None:
    detector = HistogramOutlierScore().fit(groups(50))
    state = detector.state()
    broken = [
        {**state, "low": np.zeros(2)},
        {**state, "high": state["low"] - 1.0},
        {**state, "low": np.full(3, np.nan)},
        {**state, "counts": -state["counts"]},
        {**state, "counts": state["counts"].astype(np.float64)},
        {**state, "counts": state["counts"][0]},
    ]
    for item in broken:
        with pytest.raises(ValueError, match="no state of hbos"):
            HistogramOutlierScore().restore(item)
    with pytest.raises(ValueError, match="tails"):
        HistogramOutlierScore().restore({**state, "tails": state["tails"][0]})
