"""Scales for columns that have none, and how deviations become a score."""

from __future__ import annotations

import numpy as np
import pytest

from anomaly_detection.detection.algorithms.statistical.scale import (
    check_vectors,
    combine_deviations,
    in_blocks,
    in_units,
    root_mean_square,
    usable_scale,
)


@pytest.mark.parametrize("size", [1e-300, 1.0, 1e300])
def test_root_mean_square_at_every_size(size: float) -> None:
    X = np.random.default_rng(0).normal(size=(200, 3))
    center = X.mean(axis=0)
    np.testing.assert_allclose(root_mean_square(X * size, center * size) / size, X.std(axis=0), rtol=1e-12)


def test_a_scale_that_is_there_is_kept() -> None:
    X = np.random.default_rng(1).normal(size=(50, 2))
    scale = np.array([0.3, 0.7])
    assert np.array_equal(usable_scale(X, np.zeros(2), scale, np.ones(2)), scale)


def test_columns_without_a_scale() -> None:
    X = np.column_stack([[0.0, 0.0, 1.0], [0.0, 0.0, 9.0], [-4.0, -4.0, -4.0], [0.1, 0.1, 0.1]])
    center = np.array([0.0, 0.0, -4.0, np.nextafter(0.1, 1.0)])
    spread = root_mean_square(X, center)
    scale = usable_scale(X, center, np.zeros(4), spread)
    np.testing.assert_allclose(scale, [1.0, spread[1], 4e-6, 1e-6])


def test_units_never_overflow() -> None:
    assert in_units(np.array([-8.0, 1e300]), np.array([2.0, 1e-300])).tolist() == [-4.0, 1e140]


@pytest.mark.parametrize("n", [1, 6_553, 6_554, 50_000])
def test_rows_in_blocks_are_all_there_in_order(n: int) -> None:
    X = np.arange(10.0 * n).reshape(n, 10)
    assert np.array_equal(in_blocks(lambda rows: rows[:, 3], X), X[:, 3])


def test_ways_to_combine() -> None:
    deviation = np.array([[4.0, 2.0, 0.0]])
    found = [combine_deviations(deviation, how)[0] for how in ("max", "mean", "rms")]
    np.testing.assert_allclose(found, [4.0, 2.0, np.sqrt(20.0 / 3.0)])


@pytest.mark.parametrize(
    "broken",
    [
        {"center": np.zeros(2), "scale": np.ones(3)},
        {"center": np.zeros((2, 1)), "scale": np.ones((2, 1))},
        {"center": np.zeros(0), "scale": np.ones(0)},
        {"center": np.array([np.nan]), "scale": np.ones(1)},
        {"center": np.zeros(1, dtype=np.int64), "scale": np.ones(1)},
        {"center": np.zeros(1), "scale": np.zeros(1)},
    ],
)
def test_vectors_that_do_not_belong_together_are_refused(broken: dict[str, np.ndarray]) -> None:
    with pytest.raises(ValueError, match=r"center, scale of shapes .* are no state of some"):
        check_vectors("some", broken, positive="scale")
