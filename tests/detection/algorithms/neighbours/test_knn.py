"""Nearest neighbours against scikit-learn's, by the tree and by the scan."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from anomaly_detection.detection.algorithms.neighbours.knn import KNearestNeighbours
from anomaly_detection.detection.algorithms.neighbours.scan import BLOCK, in_blocks, nearest_rows

TREE, SCAN = 3, 9


def rows(width: int, n: int = 300, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, width)) * np.arange(1, width + 1)


def standardised(X: np.ndarray, reference: np.ndarray) -> np.ndarray:
    return (X - reference.mean(axis=0)) / reference.std(axis=0)


@pytest.mark.parametrize("width", [1, TREE, SCAN, 40])
@pytest.mark.parametrize(("method", "reduce"), [("mean", np.mean), ("median", np.median), ("largest", np.max)])
def test_scores_of_new_rows_are_distances_to_neighbours(width: int, method: str, reduce: object) -> None:
    X, new = rows(width), rows(width, n=50, seed=1)
    oracle = NearestNeighbors(n_neighbors=7, algorithm="brute").fit(standardised(X, X))
    distances, _ = oracle.kneighbors(standardised(new, X))
    scores = KNearestNeighbours(n_neighbors=7, method=method).fit(X).score(new)
    np.testing.assert_allclose(scores, reduce(distances, axis=1), rtol=1e-7)  # type: ignore[operator]


@pytest.mark.parametrize("width", [1, TREE, SCAN])
def test_training_rows_are_left_out_of_their_own_neighbours(width: int) -> None:
    X = rows(width)
    distances, _ = NearestNeighbors(n_neighbors=5, algorithm="brute").fit(standardised(X, X)).kneighbors()
    scores = KNearestNeighbours(n_neighbors=5).fit_score(X)
    np.testing.assert_allclose(scores, distances.mean(axis=1), rtol=1e-7)


@pytest.mark.parametrize("width", [TREE, SCAN])
def test_leaving_out_equals_fitting_without_the_row(width: int) -> None:
    X = rows(width, n=40)
    scores = KNearestNeighbours(n_neighbors=3).fit_score(X)
    scaled = standardised(X, X)
    for left_out in (0, 17, 39):
        others = np.delete(scaled, left_out, axis=0)
        nearest = np.sort(np.linalg.norm(others - scaled[left_out], axis=1))[:3]
        assert scores[left_out] == pytest.approx(nearest.mean(), rel=1e-12)


@pytest.mark.parametrize("width", [TREE, SCAN])
def test_duplicates_hide_no_row_from_itself(width: int) -> None:
    X = np.repeat(rows(width, n=3), 30, axis=0)
    X = np.vstack([X, np.full(width, 50.0)])
    scores = KNearestNeighbours(n_neighbors=10).fit_score(X)
    assert scores[:-1].max() == 0.0
    assert scores[-1] > 1.0


def test_more_neighbours_than_rows_takes_all() -> None:
    X = rows(TREE, n=6)
    assert KNearestNeighbours(n_neighbors=50).fit_score(X).shape == (6,)
    np.testing.assert_allclose(
        KNearestNeighbours(n_neighbors=50).fit(X).score(X), KNearestNeighbours(n_neighbors=6).fit(X).score(X)
    )


def test_scan_agrees_with_brute_force_across_blocks() -> None:
    X, new = rows(SCAN, n=2 * BLOCK + 13), rows(SCAN, n=20, seed=2)
    distances, found = np.empty((20, 11)), np.empty((20, 11), dtype=np.int64)
    nearest_rows(new, in_blocks(X), distances, found)
    every = np.linalg.norm(new[:, np.newaxis] - X, axis=2)
    assert np.array_equal(found, np.argsort(every, axis=1, kind="stable")[:, :11])
    np.testing.assert_allclose(distances, np.sort(every, axis=1)[:, :11], rtol=1e-12)


def test_scan_takes_the_first_of_equally_near_rows() -> None:
    distances, found = np.empty((1, 2)), np.empty((1, 2), dtype=np.int64)
    nearest_rows(np.zeros((1, 1)), in_blocks(np.array([[2.0], [1.0], [-1.0], [1.0]])), distances, found)
    assert found.tolist() == [[1, 2]]


@pytest.mark.parametrize("method", ["mean", "median", "largest"])
@pytest.mark.parametrize(("width", "neighbors"), [(TREE, 8), (TREE, 5), (SCAN, 8)])
def test_contributions_add_up_to_the_score(width: int, neighbors: int, method: str) -> None:
    X, new = rows(width), rows(width, n=30, seed=3)
    detector = KNearestNeighbours(n_neighbors=neighbors, method=method).fit(X)
    parts = detector.contributions(new)
    assert parts.min() >= 0.0
    np.testing.assert_allclose(parts.sum(axis=1), detector.score(new), rtol=1e-9)


def test_contribution_names_the_odd_column() -> None:
    X = rows(SCAN)
    odd = X[:1].copy()
    odd[0, 4] += 100.0
    assert int(KNearestNeighbours().fit(X).contributions(odd).argmax()) == 4


def test_a_row_on_its_neighbours_has_no_contribution() -> None:
    detector = KNearestNeighbours(n_neighbors=4).fit(np.repeat(rows(TREE, n=5), 10, axis=0))
    assert detector.contributions(rows(TREE, n=5)).tolist() == np.zeros((5, TREE)).tolist()


@pytest.mark.parametrize("width", [TREE, SCAN])
def test_a_row_scores_the_same_alone_as_among_others(width: int) -> None:
    X, new = rows(width), rows(width, n=600, seed=4)
    detector = KNearestNeighbours().fit(X)
    together = detector.score(new)
    assert [detector.score(new[row : row + 1])[0] for row in range(0, 600, 37)] == together[::37].tolist()


def test_thinning_keeps_the_ranking_and_leaves_kept_rows_out() -> None:
    X = np.vstack([rows(TREE, n=3_000), np.full((1, TREE), 40.0)])
    detector = KNearestNeighbours(n_neighbors=5, max_reference_rows=200)
    scores = detector.fit_score(X)
    assert len(detector.reference_) == 200
    assert int(scores.argmax()) == 3_000
    kept = np.flatnonzero(detector.score(X) < scores - 1e-9)
    assert 190 <= kept.size <= 200, "only rows that were kept have themselves among their neighbours"
    again = KNearestNeighbours(n_neighbors=5, max_reference_rows=200, seed=0).fit_score(X)
    assert np.array_equal(scores, again)
    assert not np.array_equal(scores, KNearestNeighbours(n_neighbors=5, max_reference_rows=200, seed=1).fit_score(X))


@pytest.mark.parametrize("scale", [1e-310, 1e-150, 1.0, 1e99])
def test_scale_of_columns_does_not_matter(scale: float) -> None:
    X = rows(TREE)
    scores = KNearestNeighbours().fit_score(X * scale)
    assert np.isfinite(scores).all()
    if scale > 1e-300:
        np.testing.assert_allclose(scores, KNearestNeighbours().fit_score(X), rtol=1e-6)


def test_constant_column_counts_only_when_it_changes() -> None:
    X = np.column_stack([rows(TREE), np.full(300, 5.0)])
    detector = KNearestNeighbours().fit(X)
    assert detector.score(X[:1]).tolist() == KNearestNeighbours().fit(X[:, :TREE]).score(X[:1, :TREE]).tolist()
    changed = X[:1].copy()
    changed[0, -1] = 500.0
    assert detector.score(changed)[0] > 50.0


def test_state_that_does_not_belong_together_is_refused() -> None:
    state = KNearestNeighbours().fit(rows(TREE)).state()
    for broken in (
        {**state, "center": np.zeros(2)},
        {**state, "reference": np.zeros((0, TREE))},
        {**state, "scale": np.full(TREE, np.nan)},
        {**state, "reference": state["reference"].astype(np.float32)},
    ):
        with pytest.raises(ValueError, match="no state of knn"):
            KNearestNeighbours().restore(broken)


def test_expected_values_lie_among_the_neighbours() -> None:
    X = rows(TREE)
    expected = KNearestNeighbours(n_neighbors=1).fit(X).expected(X[:5])
    np.testing.assert_allclose(expected, X[:5], atol=1e-9)
