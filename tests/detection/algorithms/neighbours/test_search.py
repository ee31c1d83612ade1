from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from anomaly_detection.detection.algorithms.neighbours.search import NeighbourSearch


@pytest.mark.parametrize("width", [2, 6, 7, 30])
def test_tree_and_scan_find_the_nearest(width: int) -> None:
    rng = np.random.default_rng(0)
    reference, rows = rng.normal(size=(400, width)), rng.normal(size=(300, width))
    expected, places = NearestNeighbors(n_neighbors=9, algorithm="brute").fit(reference).kneighbors(rows)
    distances, found = NeighbourSearch(reference).nearest(rows, 9)
    np.testing.assert_allclose(distances, expected, rtol=1e-7)
    assert np.array_equal(found, places)


@pytest.mark.parametrize("width", [2, 7])
def test_a_row_is_left_out_of_its_own_neighbours_also_among_copies(width: int) -> None:
    reference = np.repeat(np.random.default_rng(0).normal(size=(10, width)), 5, axis=0)
    own = np.arange(50)
    distances, found = NeighbourSearch(reference).nearest_others(reference, own, 4)
    assert distances.tolist() == np.zeros((50, 4)).tolist()
    assert not (found == own[:, np.newaxis]).any()
    assert (found // 5 == (own // 5)[:, np.newaxis]).all()


def test_rows_that_are_not_among_the_reference_lose_the_last_one() -> None:
    search = NeighbourSearch(np.arange(6.0)[:, np.newaxis])
    distances, found = search.nearest_others(np.array([[2.0], [2.25]]), np.array([2, -1]), 2)
    assert sorted(found[0]) == [1, 3]
    assert found[1].tolist() == [2, 3]
    assert distances[1].tolist() == [0.25, 0.75]
