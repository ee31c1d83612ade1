from __future__ import annotations

import numpy as np
import pytest

from anomaly_detection.detection.algorithms.standardisation import LARGEST, Standardisation


@pytest.mark.parametrize("scale", [1e-280, 1.0, 1e300])
def test_columns_get_mean_zero_and_deviation_one(scale: float) -> None:
    X = (np.random.default_rng(0).normal(size=(200, 3)) + 1.0) * scale
    Z = Standardisation.learn(X).apply(X)
    np.testing.assert_allclose(Z.mean(axis=0), 0.0, atol=1e-9)
    np.testing.assert_allclose(Z.std(axis=0), 1.0)
    assert Z.flags.c_contiguous


def test_indicators_keep_their_unit_and_constants_take_their_size() -> None:
    X = np.column_stack([np.arange(10) == 3, np.full(10, 50.0), np.zeros(10)]).astype(float)
    learnt = Standardisation.learn(X)
    assert learnt.scale.tolist() == [1.0, 50.0, 1.0]
    assert learnt.apply(np.array([[1.0, 100.0, 0.0]]))[0].tolist() == [0.9, 1.0, 0.0]


def test_what_lies_farther_than_squares_reach_is_cut() -> None:
    learnt = Standardisation.learn(np.array([[0.0], [2e-150]]))
    assert learnt.apply(np.array([[1e100], [-1e100]])).tolist() == [[LARGEST], [-LARGEST]]
