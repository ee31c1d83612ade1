"""The one-class machine against scikit-learn's, its score far away, and scores out of sample."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.svm import OneClassSVM as Reference

from anomaly_detection.detection.algorithms.linear.one_class_svm import PARAMETERS, OneClassSVM
from anomaly_detection.detection.algorithms.linear.one_class_svm_kernel import solve
from anomaly_detection.detection.ports import Algorithm, Attributing


def rows(n: int = 300, width: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, width)) * np.arange(1, width + 1)


def standardised(X: np.ndarray, reference: np.ndarray) -> np.ndarray:
    return (X - reference.mean(axis=0)) / reference.std(axis=0)


def test_the_algorithm_fills_the_ports_and_tells_its_parameters() -> None:
    machine = OneClassSVM()
    assert isinstance(machine, Algorithm)
    assert isinstance(machine, Attributing)
    assert all(getattr(machine, item.name) == item.default for item in PARAMETERS)


@pytest.mark.parametrize("width", [1, 3, 20])
@pytest.mark.parametrize("nu", [0.0517, 0.3017, 0.5017, 0.9017])
def test_decision_values_are_those_of_scikit_learn(nu: float, width: int) -> None:
    # Where nu times the rows is whole, all coefficients can lie at a bound, and the offset is not unique.
    X, new = rows(width=width), rows(n=100, width=width, seed=1) * 1.5
    machine = OneClassSVM(nu=nu).fit(X)
    assert machine.gamma_ == pytest.approx(1.0 / width)
    oracle = Reference(nu=nu, gamma=machine.gamma_, tol=1e-8).fit(standardised(X, X))
    expected = oracle.decision_function(standardised(new, X))
    np.testing.assert_allclose(machine.decision(new), expected, atol=2e-3 * np.abs(expected).max())
    apart = np.abs(np.subtract.outer(expected, expected)) > 1e-2
    order = np.sign(np.subtract.outer(machine.score(new), machine.score(new)))
    assert np.array_equal(order[apart], -np.sign(np.subtract.outer(expected, expected))[apart])


def test_gamma_is_that_of_scikit_learn_by_scale() -> None:
    X = np.column_stack([rows(), np.full(300, 4.0)])
    oracle = Reference(gamma="scale").fit(standardised(rows(), rows()))
    assert OneClassSVM().fit(X).gamma_ == pytest.approx(oracle._gamma)
    assert OneClassSVM(gamma=0.7).fit(X).gamma_ == 0.7


def test_the_solution_is_optimal() -> None:
    X = rows(150)
    kernel = np.exp(-0.3 * ((X[:, np.newaxis] - X) ** 2).sum(axis=2)).astype(np.float32)
    alphas, gradient, gap = solve(kernel, 30.0, 1e-6, 100_000)
    assert gap <= 1e-6
    assert alphas.sum() == pytest.approx(30.0)
    assert alphas.min() >= 0.0
    assert alphas.max() <= 1.0
    np.testing.assert_allclose(gradient, kernel.astype(float) @ alphas, atol=1e-4)
    free = (alphas > 0.0) & (alphas < 1.0)
    assert np.ptp(gradient[free]) < 1e-5
    assert gradient[alphas == 0.0].min() >= gradient[free].mean() - 1e-5
    assert gradient[alphas == 1.0].max() <= gradient[free].mean() + 1e-5


@pytest.mark.parametrize("nu", [0.1, 0.5])
def test_nu_bounds_outliers_and_support_vectors(nu: float) -> None:
    X = rows(500)
    machine = OneClassSVM(nu=nu).fit(X)
    assert (machine.decision(X) < -1e-3).mean() <= nu
    assert len(machine.vectors_) / 500 >= nu
    assert abs((machine.score(X) > machine.border_).mean() - nu) < 0.06


def test_scores_go_on_growing_where_the_kernel_vanished() -> None:
    machine = OneClassSVM().fit(rows())
    far = np.array([[10.0, 0.0, 0.0], [100.0, 0.0, 0.0], [1e4, 0.0, 0.0], [1e90, 0.0, 0.0]])
    scores = machine.score(far)
    assert machine.decision(far)[1:] == pytest.approx(-machine.rho_)
    assert np.isfinite(scores).all()
    assert (np.diff(scores) > 0.0).all()
    unit = machine.standardisation_.scale[0]
    assert scores[2] == pytest.approx(1e4 / unit, rel=0.01)


@pytest.mark.parametrize("gamma", [1e-9, 1e-4, 1.0, 1e6])
def test_any_width_of_kernel_gives_finite_scores(gamma: float) -> None:
    machine = OneClassSVM(gamma=gamma)
    X = rows(100)
    X[50] = 40.0
    assert int(machine.fit_score(X).argmax()) == 50
    assert np.isfinite(machine.score(X)).all()


def test_a_wide_kernel_scores_the_root_mean_square_distance() -> None:
    machine = OneClassSVM(gamma=1e-9).fit(rows())
    new = standardised(rows(5, seed=4), rows())
    weights = machine.alphas_ / machine.alphas_.sum()
    squares = ((new[:, np.newaxis] - machine.vectors_) ** 2).sum(axis=2) @ weights
    np.testing.assert_allclose(machine.score(rows(5, seed=4)), np.sqrt(squares), rtol=1e-4)


def test_training_rows_score_as_new_rows_do() -> None:
    X = rows(1_500, width=2)
    machine = OneClassSVM(nu=0.05)
    inside = machine.fit_score(X)
    again = machine.score(X)
    outside = machine.score(rows(20_000, width=2, seed=9))
    limit = np.quantile(outside, 0.99)
    assert 0.006 < (inside > limit).mean() < 0.016
    assert (again > limit).mean() < (inside > limit).mean()


def test_a_training_row_far_out_does_not_vouch_for_itself() -> None:
    X = rows()
    X[7] = 30.0
    machine = OneClassSVM()
    scores = machine.fit_score(X)
    assert int(scores.argmax()) == 7
    assert scores[7] > 2.0 * machine.score(X)[7]


def test_thinning_bounds_the_machine_and_repeats() -> None:
    X = np.vstack([rows(2_000), np.full((1, 3), 40.0)])
    machine = OneClassSVM(max_reference_rows=200)
    scores = machine.fit_score(X)
    assert len(machine.vectors_) <= 200
    assert int(scores.argmax()) == 2_000
    assert np.array_equal(scores, OneClassSVM(max_reference_rows=200).fit_score(X))
    assert not np.array_equal(scores, OneClassSVM(max_reference_rows=200, seed=1).fit_score(X))


def test_a_row_scores_the_same_alone_as_among_others() -> None:
    machine, new = OneClassSVM().fit(rows(width=9)), rows(600, width=9, seed=4)
    together = machine.score(new)
    assert [machine.score(new[row : row + 1])[0] for row in range(0, 600, 37)] == together[::37].tolist()


def test_contributions_add_up_and_name_the_odd_column() -> None:
    X = rows(width=5)
    machine = OneClassSVM().fit(X)
    odd = X[:30].copy()
    odd[0, 3] += 50.0
    parts = machine.contributions(odd)
    assert parts.min() >= 0.0
    np.testing.assert_allclose(parts.sum(axis=1), machine.score(odd), rtol=1e-9)
    assert int(parts[0].argmax()) == 3


def test_equal_rows_score_nothing_and_another_value_much() -> None:
    X = np.full((40, 2), 5.0)
    machine = OneClassSVM()
    assert machine.fit_score(X).tolist() == [0.0] * 40
    assert machine.score(np.array([[5.0, 500.0]]))[0] > 50.0
    assert machine.contributions(X[:1]).tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e99])
def test_scale_of_columns_does_not_matter(scale: float) -> None:
    scores = OneClassSVM().fit_score(rows() * scale)
    np.testing.assert_allclose(scores, OneClassSVM().fit_score(rows()), rtol=1e-3)


def test_the_state_restores_everything_and_another_is_refused() -> None:
    machine = OneClassSVM().fit(rows())
    state = machine.state()
    again = OneClassSVM()
    again.restore(state)
    assert np.array_equal(again.score(rows(seed=2)), machine.score(rows(seed=2)))
    assert again.border_ == machine.border_
    for broken in (
        {**state, "center": np.zeros(2)},
        {**state, "alphas": state["alphas"][:-1]},
        {**state, "alphas": -state["alphas"]},
        {**state, "scale": np.full(3, np.nan)},
        {**state, "gamma": np.array(0.0)},
    ):
        with pytest.raises(ValueError, match="no state of one_class_svm"):
            OneClassSVM().restore(broken)
