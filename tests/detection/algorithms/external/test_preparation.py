"""Extreme columns are rescaled, ordinary ones left alone; scores become finite."""

from __future__ import annotations

import numpy as np
import pytest

from anomaly_detection.detection.algorithms.external.preparation import LARGEST, Finite, Preparation
from anomaly_detection.detection.algorithms.external.rows import BLOCK, scored


def test_ordinary_columns_are_handed_on_as_they_are() -> None:
    X = np.random.default_rng(0).normal(size=(50, 4)) * [1.0, 1e6, 1e-6, 0.0]
    prepared = Preparation.learn(X, varying=False)
    assert not prepared.rescales
    assert np.array_equal(prepared.apply(X), X)


@pytest.mark.parametrize("column", [[1e99, -1e100, 3e99], [1e-200, 3e-200, 2e-200], [1e9, 1e9 + 1e-5, 1e9 + 3e-5]])
def test_extreme_columns_come_to_plain_ranges(column: list[float]) -> None:
    X = np.column_stack([[1.0, 2.0, 3.0], column])
    prepared = Preparation.learn(X, varying=False)
    assert prepared.rescales
    seen = prepared.apply(X)
    assert np.array_equal(seen[:, 0], X[:, 0])
    assert np.abs(seen[:, 1]).max() == pytest.approx(1.0)
    assert np.array_equal(np.argsort(seen[:, 1]), np.argsort(X[:, 1]))


def test_new_rows_beyond_all_bounds_stay_finite() -> None:
    prepared = Preparation.learn(np.array([[1.0, 1e-300], [2.0, 2e-300]]), varying=False)
    assert np.abs(prepared.apply(np.array([[1e100, -1e100]]))).max() == LARGEST


def test_columns_that_never_vary_are_left_out_where_asked() -> None:
    X = np.array([[1.0, 5.0], [2.0, 5.0]])
    assert Preparation.learn(X, varying=True).apply(X).shape == (2, 1)
    assert Preparation.learn(X, varying=False).apply(X).shape == (2, 2)
    constant = np.full((3, 2), 5.0)
    assert Preparation.learn(constant, varying=True).apply(constant).shape == (3, 2)


def test_preparation_survives_its_state() -> None:
    X = np.array([[1.0, 1e80, 3.0], [2.0, -1e80, 3.0]])
    prepared = Preparation.learn(X, varying=True)
    assert np.array_equal(Preparation.restored(prepared.state()).apply(X), prepared.apply(X))


@pytest.mark.parametrize(
    "change",
    [
        {"kept": np.array([-1, 0])},
        {"kept": np.array([0.0, 1.0])},
        {"kept": np.zeros(0, dtype=np.int64)},
        {"scale": np.array([1.0])},
        {"scale": np.array([1.0, 0.0])},
        {"scale": np.array([1.0, np.nan])},
        {"center": np.array([np.inf, 0.0])},
    ],
    ids=str,
)
def test_a_state_that_is_none_is_refused(change: dict[str, np.ndarray]) -> None:
    state = {"kept": np.array([0, 1]), "center": np.zeros(2), "scale": np.ones(2), **change}
    with pytest.raises(ValueError, match="no preparation"):
        Preparation.restored(state)


def test_scores_become_finite_in_their_order() -> None:
    finite = Finite.learn(np.array([1.0, 2.0, 6.0, np.inf, np.nan, -np.inf]))
    seen = finite.apply(np.array([-np.inf, 1.0, np.nan, 6.0, 900.0, np.inf, 1e300]))
    assert seen.tolist() == [-4.0, 1.0, 2.0, 6.0, 900.0, 11.0, 1e150]
    assert Finite.restored(finite.state()) == finite
    with pytest.raises(ValueError, match="no range"):
        Finite.restored({"finite": np.array([1.0, np.nan, 2.0])})


def test_blocks_have_one_size() -> None:
    sizes = []

    def score(X: np.ndarray) -> np.ndarray:
        sizes.append(len(X))
        return X[:, 0] * 2

    X = np.arange(600.0).reshape(300, 2)
    assert np.array_equal(scored(score, X, "blocks"), X[:, 0] * 2)
    assert sizes == [BLOCK, BLOCK]
    sizes.clear()
    assert np.array_equal(scored(score, X[:3], "alone"), X[:3, 0] * 2)
    assert sizes == [1, 1, 1]
    assert np.array_equal(scored(score, X, "together"), X[:, 0] * 2)
