from __future__ import annotations

import numpy as np

from anomaly_detection.detection.algorithms.thinning import thin


def test_few_rows_are_all_kept() -> None:
    assert thin(5, 5, seed=0).tolist() == [0, 1, 2, 3, 4]


def test_many_rows_are_thinned_to_the_limit_sorted_and_without_repeats() -> None:
    kept = thin(10_000, 100, seed=0)
    assert kept.size == 100
    assert (np.diff(kept) > 0).all()
    assert 4_000 < kept.mean() < 6_000


def test_the_seed_decides() -> None:
    assert np.array_equal(thin(1_000, 10, seed=3), thin(1_000, 10, seed=3))
    assert not np.array_equal(thin(1_000, 10, seed=3), thin(1_000, 10, seed=4))
