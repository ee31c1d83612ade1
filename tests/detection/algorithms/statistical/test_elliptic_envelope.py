"""The robust distance against scikit-learn's, under contamination, and where covariances are singular."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2, spearmanr
from sklearn.covariance import MinCovDet

from anomaly_detection.detection.algorithms.statistical.elliptic_envelope import PARAMETERS, EllipticEnvelope
from anomaly_detection.detection.algorithms.statistical.minimum_covariance import Ellipsoid, Ridge, closest_half
from anomaly_detection.detection.ports import Algorithm, Attributing, Expecting


def gaussian(n: int, width: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(width, width)) + 2.0 * np.eye(width)
    return rng.normal(size=(n, width)) @ mix + 3.0, mix.T @ mix


def test_the_algorithm_fills_the_ports_and_tells_its_parameters() -> None:
    envelope = EllipticEnvelope()
    assert isinstance(envelope, Algorithm)
    assert isinstance(envelope, Attributing)
    assert isinstance(envelope, Expecting)
    assert all(getattr(envelope, item.name) == item.default for item in PARAMETERS)


@pytest.mark.parametrize("fraction", [0.5, 0.75])
@pytest.mark.parametrize(("n", "width"), [(400, 1), (400, 2), (1_500, 6)])
def test_gaussian_rows_give_the_estimates_of_scikit_learn(n: int, width: int, fraction: float) -> None:
    X, covariance = gaussian(n, width)
    envelope = EllipticEnvelope(support_fraction=fraction).fit(X)
    oracle = MinCovDet(random_state=0, support_fraction=max(fraction, (n + width + 1) / (2 * n))).fit(X)
    spread = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(envelope.location_ / spread, oracle.location_ / spread, atol=0.1)
    ratio = np.linalg.eigvals(np.linalg.solve(oracle.covariance_, envelope.covariance_)).real
    assert ratio.min() > 0.8
    assert ratio.max() < 1.25
    assert spearmanr(envelope.score(X), oracle.mahalanobis(X)).statistic > 0.995


def test_scores_of_gaussian_rows_follow_the_chi_distribution() -> None:
    X, _ = gaussian(4_000, 4)
    scores = EllipticEnvelope().fit_score(X)
    for share in (0.5, 0.9, 0.99):
        assert np.quantile(scores, share) == pytest.approx(np.sqrt(chi2.ppf(share, 4)), rel=0.06)


@pytest.mark.parametrize(("share", "fraction"), [(0.2, 0.75), (0.4, 0.5)])
@pytest.mark.parametrize("n", [300, 3_000])
def test_a_group_of_anomalies_does_not_move_the_estimates(n: int, share: float, fraction: float) -> None:
    X, covariance = gaussian(n, 5)
    count = round(share * n)
    X[:count] = 40.0 + 2.0 * np.random.default_rng(2).normal(size=(count, 5))
    envelope = EllipticEnvelope(support_fraction=fraction)
    scores = envelope.fit_score(X)
    assert scores[:count].min() > scores[count:].max()
    np.testing.assert_allclose(envelope.location_, 3.0, atol=5.0 * np.sqrt(np.diag(covariance).max() / n))


def test_a_row_that_breaks_a_correlation_stands_out() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=500)
    X = np.column_stack([a, a + 0.1 * rng.normal(size=500), rng.normal(size=500)])
    X[9, :2] = 1.0, -1.0
    assert np.abs(X[9]).max() < np.abs(X).max()
    assert int(EllipticEnvelope().fit_score(X).argmax()) == 9


def test_leaving_out_equals_the_mean_and_covariance_without_the_row() -> None:
    X, _ = gaussian(60, 3)
    envelope = EllipticEnvelope(support_fraction=1.0)
    inside, factor = envelope._learn(X)
    scores = EllipticEnvelope(support_fraction=1.0).fit_score(X)
    for row in inside[:10]:
        others = X[np.setdiff1d(inside, [row])]
        covariance = factor * np.cov(others.T, bias=True)
        u = X[row] - others.mean(axis=0)
        assert scores[row] == pytest.approx(np.sqrt(u @ np.linalg.solve(covariance, u)), rel=1e-8)


def test_training_rows_score_as_new_rows_do_where_rows_are_few() -> None:
    before, plain, after = [], [], []
    for seed in range(20):
        X, _ = gaussian(2_000, 6, seed)
        envelope = EllipticEnvelope()
        before.append(np.median(envelope.fit_score(X[:60])))
        plain.append(np.median(envelope.score(X[:60])))
        after.append(np.median(envelope.score(X[60:])))
    assert np.mean(before) == pytest.approx(np.mean(after), rel=0.06)
    assert abs(np.mean(plain) - np.mean(after)) > abs(np.mean(before) - np.mean(after))


@pytest.mark.parametrize(("n", "width"), [(40, 30), (30, 100), (25, 300)])
def test_more_features_than_rows_still_rank(n: int, width: int) -> None:
    X = np.random.default_rng(0).normal(size=(n, width))
    X[3] += 4.0
    envelope = EllipticEnvelope()
    scores = envelope.fit_score(X)
    assert int(scores.argmax()) == 3
    assert np.isfinite(envelope.score(X)).all()


def test_columns_that_are_sums_of_others_give_finite_scores() -> None:
    X, _ = gaussian(400, 3)
    X = np.column_stack([X, X.sum(axis=1)])
    envelope = EllipticEnvelope()
    assert np.isfinite(envelope.fit_score(X)).all()
    off = X[:1].copy()
    off[0, 3] += 1.0
    assert envelope.score(off)[0] > 100.0


def test_a_rare_flag_counts_no_more_than_its_two_values_differ() -> None:
    X, _ = gaussian(1_000, 3)
    flag = (np.arange(1_000) % 100 == 0).astype(float)
    scores = EllipticEnvelope().fit_score(np.column_stack([X, flag]))
    without = EllipticEnvelope().fit_score(X)
    np.testing.assert_allclose(scores[flag == 1.0] ** 2, without[flag == 1.0] ** 2 + 1.0, rtol=0.15, atol=0.5)


def test_a_column_of_mostly_equal_values_does_not_condemn_all_others() -> None:
    rng = np.random.default_rng(0)
    X, _ = gaussian(1_000, 2)
    counts = np.where(rng.random(1_000) < 0.8, 0.0, rng.poisson(3.0, 1_000) + 1.0)
    scores = EllipticEnvelope().fit_score(np.column_stack([X, counts]))
    assert np.median(scores[counts > 0.0]) < 10.0


def test_concentration_finds_the_smallest_determinant_of_all_halves() -> None:
    from itertools import combinations

    X = np.random.default_rng(1).normal(size=(12, 2)) ** 3
    ridge = Ridge(np.zeros(2))
    best = min(combinations(range(12), 7), key=lambda rows: np.linalg.det(np.cov(X[list(rows)].T)))
    assert closest_half(X, 7, ridge, seed=0).tolist() == list(best)


def test_whitening_is_the_inverse_root() -> None:
    X, _ = gaussian(100, 4)
    found = Ellipsoid.of(X, Ridge(np.zeros(4)))
    np.testing.assert_allclose(found.whitening @ found.covariance @ found.whitening, np.eye(4), atol=1e-9)
    np.testing.assert_allclose(found.covariance, np.cov(X.T, bias=True))


def test_contributions_add_up_and_name_the_odd_column() -> None:
    X, _ = gaussian(300, 5)
    envelope = EllipticEnvelope().fit(X)
    odd = X[:40].copy()
    odd[0] = envelope.location_
    odd[0, 3] += 500.0
    parts = envelope.contributions(odd)
    np.testing.assert_allclose(parts.sum(axis=1), envelope.score(odd), rtol=1e-9)
    assert parts[0, 3] == pytest.approx(envelope.score(odd)[0], rel=1e-9)


def test_a_row_scores_the_same_alone_as_among_others() -> None:
    X, _ = gaussian(5_000, 9)
    envelope = EllipticEnvelope().fit(X[:500])
    together = envelope.score(X)
    assert [envelope.score(X[row : row + 1])[0] for row in range(0, 5_000, 371)] == together[::371].tolist()


def test_thinning_bounds_the_rows_and_repeats() -> None:
    X, _ = gaussian(3_000, 3)
    X[5] = 90.0
    first, second = (EllipticEnvelope(max_reference_rows=300).fit_score(X) for _ in range(2))
    assert np.array_equal(first, second)
    assert int(first.argmax()) == 5
    assert not np.array_equal(first, EllipticEnvelope(max_reference_rows=300, seed=1).fit_score(X))


def test_equal_rows_score_nothing_and_another_value_much() -> None:
    X = np.full((40, 2), 5.0)
    envelope = EllipticEnvelope()
    assert envelope.fit_score(X).tolist() == [0.0] * 40
    assert envelope.score(np.array([[5.0, 6.0]]))[0] > 1_000.0


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e99])
def test_scale_of_columns_does_not_matter(scale: float) -> None:
    X, _ = gaussian(300, 3)
    np.testing.assert_allclose(EllipticEnvelope().fit_score(X * scale), EllipticEnvelope().fit_score(X), rtol=1e-6)


def test_the_state_restores_everything_and_another_is_refused() -> None:
    X, _ = gaussian(200, 3)
    envelope = EllipticEnvelope().fit(X)
    state = envelope.state()
    again = EllipticEnvelope()
    again.restore(state)
    assert np.array_equal(again.score(X + 1.0), envelope.score(X + 1.0))
    assert np.array_equal(again.expected(X), np.tile(envelope.location_, (200, 1)))
    for broken in (
        {**state, "center": np.zeros(2)},
        {**state, "whitening": np.eye(2)},
        {**state, "scale": -state["scale"]},
        {**state, "middle": np.full(3, np.inf)},
    ):
        with pytest.raises(ValueError, match="no state of elliptic_envelope"):
            EllipticEnvelope().restore(broken)
