"""The local outlier factor against scikit-learn's, and what it does with copies."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import LocalOutlierFactor as Reference

from anomaly_detection.detection.algorithms.neighbours.lof import PARAMETERS, LocalOutlierFactor
from anomaly_detection.detection.ports import Algorithm, Attributing, Expecting

TREE, SCAN = 3, 9


def rows(width: int, n: int = 300, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, width)) * np.arange(1, width + 1)


def standardised(X: np.ndarray, reference: np.ndarray) -> np.ndarray:
    return (X - reference.mean(axis=0)) / reference.std(axis=0)


def test_the_algorithm_fills_the_ports_and_tells_its_parameters() -> None:
    lof = LocalOutlierFactor()
    assert isinstance(lof, Algorithm)
    assert isinstance(lof, Attributing)
    assert isinstance(lof, Expecting)
    assert all(getattr(lof, item.name) == item.default for item in PARAMETERS)


@pytest.mark.parametrize("width", [1, TREE, SCAN])
@pytest.mark.parametrize("neighbors", [1, 7, 20])
def test_factors_of_training_rows_are_those_of_scikit_learn(width: int, neighbors: int) -> None:
    X = rows(width)
    oracle = Reference(n_neighbors=neighbors).fit(standardised(X, X))
    scores = LocalOutlierFactor(n_neighbors=neighbors).fit_score(X)
    np.testing.assert_allclose(scores, -oracle.negative_outlier_factor_, rtol=1e-5)


@pytest.mark.parametrize("width", [1, TREE, SCAN])
def test_factors_of_new_rows_are_those_of_scikit_learn(width: int) -> None:
    X, new = rows(width), rows(width, n=80, seed=1) * 2.0
    oracle = Reference(n_neighbors=10, novelty=True).fit(standardised(X, X))
    scores = LocalOutlierFactor(n_neighbors=10).fit(X).score(new)
    np.testing.assert_allclose(scores, -oracle.score_samples(standardised(new, X)), rtol=1e-5)


def test_it_sees_a_row_beside_a_dense_group_in_an_uneven_table() -> None:
    rng = np.random.default_rng(0)
    dense, loose = rng.normal(scale=0.05, size=(200, 2)), 10.0 + rng.normal(scale=2.0, size=(200, 2))
    X = np.vstack([dense, loose, [[0.6, 0.6]]])
    assert int(LocalOutlierFactor().fit_score(X).argmax()) == 400


@pytest.mark.parametrize("width", [1, TREE, SCAN])
def test_copies_make_no_infinite_factor(width: int) -> None:
    X = np.vstack([np.repeat(rows(width, n=3), 60, axis=0), rows(width, n=60, seed=5), np.full((1, width), 50.0)])
    lof = LocalOutlierFactor(n_neighbors=10)
    scores = lof.fit_score(X)
    assert np.isfinite(scores).all()
    assert scores[:180].max() < 2.0
    assert int(scores.argmax()) == len(X) - 1
    assert np.isfinite(lof.score(X + 1e-6)).all()


def test_a_rare_value_is_as_odd_as_it_is_rare() -> None:
    X = np.concatenate([np.zeros(99), [1.0]])[:, np.newaxis]
    scores = LocalOutlierFactor().fit_score(X)
    assert scores[-1] == pytest.approx(99.0)
    assert scores[0] == pytest.approx(1.0, abs=0.02)


def test_copies_count_as_neighbours_by_hand() -> None:
    X = np.array([[0.0], [0.0], [1.0], [3.0]])
    unit = X.std()
    lof = LocalOutlierFactor(n_neighbors=2)
    scores = lof.fit_score(X)
    # In units of the column: k-distances 1, 1, 3; mean reaches (1 + 1 + 3) / 3, (1 + 1 + 3) / 3, (2 * 3 + 3) / 3.
    order = np.argsort(lof.reference_[:, 0])
    np.testing.assert_allclose(lof.k_distance_[order] * unit, [1.0, 1.0, 3.0])
    reach = np.array([(1.0 + 1.0 + 3.0) / 3.0, (2.0 * 1.0 + 3.0) / 3.0, (2.0 + 2.0 * 3.0) / 3.0])
    np.testing.assert_allclose(lof.reach_[order] * unit, reach)
    density = 1.0 / reach
    means = [(density @ [1.0, 1.0, 1.0]) / 3, (density @ [2.0, 0.0, 1.0]) / 3, (density @ [2.0, 1.0, 0.0]) / 3]
    np.testing.assert_allclose(scores, (reach * means)[[0, 0, 1, 2]])


def test_rounding_makes_no_copy_a_neighbour_of_its_own() -> None:
    X = np.repeat(rows(TREE, n=30), 10, axis=0)
    noise = 1e-14 * np.random.default_rng(1).normal(size=X.shape)
    np.testing.assert_allclose(LocalOutlierFactor().fit_score(X + noise), LocalOutlierFactor().fit_score(X), rtol=1e-6)


def test_equal_rows_score_one_and_another_value_much() -> None:
    X = np.full((40, 2), 5.0)
    lof = LocalOutlierFactor()
    assert lof.fit_score(X) == pytest.approx(1.0)
    assert lof.score(X[:1]) == pytest.approx(1.0)
    assert 1e3 < lof.score(np.array([[5.0, 5.1]]))[0] < np.inf


def test_contributions_add_up_and_name_the_odd_column() -> None:
    X = rows(SCAN)
    odd = rows(SCAN, n=30, seed=3)
    odd[0, 4] += 100.0
    lof = LocalOutlierFactor().fit(X)
    parts = lof.contributions(odd)
    assert parts.min() >= 0.0
    np.testing.assert_allclose(parts.sum(axis=1), lof.score(odd), rtol=1e-9)
    assert int(parts[0].argmax()) == 4


def test_expected_values_lie_among_the_neighbours() -> None:
    X = rows(TREE)
    np.testing.assert_allclose(LocalOutlierFactor(n_neighbors=1).fit(X).expected(X[:5]), X[:5], atol=1e-7)


@pytest.mark.parametrize("width", [TREE, SCAN])
def test_a_row_scores_the_same_alone_as_among_others(width: int) -> None:
    lof, new = LocalOutlierFactor().fit(rows(width)), rows(width, n=600, seed=4)
    together = lof.score(new)
    assert [lof.score(new[row : row + 1])[0] for row in range(0, 600, 37)] == together[::37].tolist()


def test_thinning_keeps_the_ranking_and_leaves_kept_rows_out() -> None:
    X = np.vstack([rows(TREE, n=3_000), np.full((1, TREE), 40.0)])
    lof = LocalOutlierFactor(n_neighbors=5, max_reference_rows=200)
    scores = lof.fit_score(X)
    assert len(lof.reference_) == 200
    assert int(scores.argmax()) == 3_000
    assert 0 < np.count_nonzero(scores != lof.score(X)) <= 200
    assert np.array_equal(scores, LocalOutlierFactor(n_neighbors=5, max_reference_rows=200).fit_score(X))


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e99])
def test_scale_of_columns_does_not_matter(scale: float) -> None:
    scores = LocalOutlierFactor().fit_score(rows(TREE) * scale)
    np.testing.assert_allclose(scores, LocalOutlierFactor().fit_score(rows(TREE)), rtol=1e-6)


def test_the_state_restores_everything_and_another_is_refused() -> None:
    lof = LocalOutlierFactor().fit(rows(TREE))
    state = lof.state()
    again = LocalOutlierFactor()
    again.restore(state)
    assert np.array_equal(again.score(rows(TREE, seed=2)), lof.score(rows(TREE, seed=2)))
    for broken in (
        {**state, "center": np.zeros(2)},
        {**state, "copies": state["copies"][:-1]},
        {**state, "reach": np.zeros_like(state["reach"])},
        {**state, "reference": np.zeros((0, TREE))},
        {**state, "reference": state["reference"] * 0.0 + 1e200},
        {**state, "copies": np.zeros_like(state["copies"])},
    ):
        with pytest.raises(ValueError, match="no state of lof"):
            LocalOutlierFactor().restore(broken)
