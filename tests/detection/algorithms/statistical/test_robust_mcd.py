"""The robust covariance on drawn-in columns: its parts against scikit-learn, its promises by construction."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf as reference_ledoit_wolf

from anomaly_detection import create_detector
from anomaly_detection.detection.algorithms.statistical.robust_mcd import RobustCovariance, ledoit_wolf


def correlated(n: int = 600, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    a = rng.normal(size=n)
    return np.column_stack([a, a + 0.2 * rng.normal(size=n), rng.normal(size=n)])


@pytest.mark.parametrize("shape", [(400, 5), (20, 12), (10, 40), (50, 1)])
def test_the_shrunk_covariance_is_that_of_scikit_learn(shape: tuple[int, int]) -> None:
    X = np.random.default_rng(1).gamma(2.0, size=shape)
    location, covariance, shrinkage = ledoit_wolf(X)
    expected, theirs = reference_ledoit_wolf(X)
    np.testing.assert_allclose(location, X.mean(axis=0))
    np.testing.assert_allclose(covariance, expected)
    assert shrinkage == pytest.approx(theirs)


def test_a_row_against_the_correlation_stands_out_where_each_value_is_ordinary() -> None:
    X = correlated()
    X[17] = 1.5, -1.5, 0.0
    assert int(RobustCovariance().fit_score(X).argmax()) == 17


def test_a_fifth_of_anomalies_do_not_draw_the_covariance_to_them() -> None:
    X = correlated()
    X[:120] = np.random.default_rng(2).normal([8.0, -8.0, 0.0], 0.3, size=(120, 3))
    scores = RobustCovariance().fit_score(X)
    assert scores[:120].min() > scores[120:].max()


def test_training_rows_are_judged_without_their_own_influence() -> None:
    # A row among those that count, removed by hand: center and units stay, as they hardly depend on one row.
    X = correlated(80)
    detector = RobustCovariance(support_fraction=1.0)
    scores = detector.fit_score(X)
    rows = detector._drawn_in(X)
    for row in (0, 40):
        others = np.delete(rows, row, axis=0)
        _, _, shrinkage = ledoit_wolf(rows)
        level = float(np.trace(np.cov(rows.T, bias=True))) / 3
        covariance = (1 - shrinkage) * np.cov(others.T, bias=True) + shrinkage * level * np.eye(3)
        difference = rows[row] - others.mean(axis=0)
        assert scores[row] == pytest.approx(np.sqrt(difference @ np.linalg.inv(covariance) @ difference), rel=0.02)


def test_more_columns_than_rows_and_constant_columns_give_finite_scores() -> None:
    X = np.random.default_rng(3).normal(size=(30, 90))
    X[:, 3] = 7.0
    detector = RobustCovariance()
    assert np.isfinite(detector.fit_score(X)).all()
    odd = X[:1].copy()
    odd[0, 3] = 8.0
    assert detector.score(odd)[0] > detector.score(X[:1])[0]


def test_parts_add_up_and_a_row_scores_alone_as_among_others() -> None:
    X = correlated()
    detector = RobustCovariance().fit(X)
    np.testing.assert_allclose(detector.contributions(X).sum(axis=1), detector.score(X))
    assert detector.score(X[5:6])[0] == detector.score(X)[5]


def test_the_expected_row_lies_in_the_middle_in_the_units_of_the_columns() -> None:
    units = np.array([1.0, 100.0, 1e-3])
    X = correlated() * units + [5.0, 1000.0, 0.0]
    expected = RobustCovariance().fit(X).expected(X[:2])
    np.testing.assert_allclose(expected / units, np.tile(np.median(X, axis=0) / units, (2, 1)), atol=0.15)


def test_state_is_checked() -> None:
    detector = RobustCovariance().fit(correlated())
    state = detector.state()
    again = RobustCovariance()
    again.restore(state)
    np.testing.assert_array_equal(again.score(correlated(seed=4)), detector.score(correlated(seed=4)))
    for name, wrong in (("scale", np.zeros(3)), ("whitening", np.eye(2)), ("middle", np.zeros(2))):
        with pytest.raises(ValueError, match="no state of robust_mcd"):
            RobustCovariance().restore({**state, name: wrong})


def test_by_name() -> None:
    X = correlated()
    X[3] = 2.0, -2.0, 0.0
    result = create_detector("robust_mcd").fit_detect(X)
    assert result.with_contamination(0.002).predictions[3] == 1
