"""Tails read off quantiles, against the laws that the values came from."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import expon, genpareto, norm, uniform

from anomaly_detection.detection.algorithms.statistical.tails import Tails


def quantiles(law: object, n: int = 10_000) -> np.ndarray:
    return law.ppf((np.arange(n) + 0.5) / n)[:, np.newaxis]  # type: ignore[attr-defined]


def upper(tails: Tails, value: float) -> float:
    return float(tails.excess(np.array([value]), 0, with_start=True)[0])


@pytest.mark.parametrize("rarity", [5.0, 8.0, 15.0])
@pytest.mark.parametrize("law", [expon(), expon(scale=1e-200), genpareto(0.5), genpareto(0.9, scale=7.0)])
def test_laws_of_the_family_are_found(law: object, rarity: float) -> None:
    tails = Tails.learn(quantiles(law), spread=np.median(quantiles(law), axis=0))
    value = law.isf(np.exp(-rarity))  # type: ignore[attr-defined]
    assert upper(tails, value) == pytest.approx(rarity, rel=0.05)


def test_lighter_tails_get_an_exponential_one() -> None:
    for law in (norm(), uniform()):
        tails = Tails.learn(quantiles(law), spread=np.ones(1))
        assert tails.shape.tolist() == [[0.0], [0.0]]
        assert upper(tails, float(law.ppf(0.999))) <= -np.log(0.001) + 0.1


def test_both_sides_are_read_alike() -> None:
    ordered = np.sort(np.random.default_rng(0).gamma(2.0, size=(3_000, 2)), axis=0)
    right = Tails.learn(ordered, spread=np.ones(2))
    left = Tails.learn(-ordered[::-1], spread=np.ones(2))
    np.testing.assert_allclose(left.start, -right.start[::-1])
    for mine, other in ((right.scale, left.scale), (right.shape, left.shape), (right.nats, left.nats)):
        np.testing.assert_allclose(mine, other[::-1])


def test_two_in_a_hundred_anomalies_change_nothing() -> None:
    values = np.sort(np.random.default_rng(1).normal(size=1_000))
    spoilt = values.copy()
    spoilt[-20:] = np.linspace(1e3, 1e9, 20)
    clean, dirty = (Tails.learn(column[:, np.newaxis], spread=np.ones(1)) for column in (values, spoilt))
    assert np.array_equal(clean.state()["tails"], dirty.state()["tails"])


@pytest.mark.parametrize("n", range(1, 40))
def test_few_rows_have_tails_too(n: int) -> None:
    ordered = np.sort(np.random.default_rng(n).normal(size=(n, 1)), axis=0)
    tails = Tails.learn(ordered, spread=np.ones(1))
    assert tails.start[0, 0] <= tails.start[1, 0]
    grid = np.linspace(tails.start[1, 0] + 1e-9, 50.0, 30)
    assert (np.diff(tails.excess(grid, 0)) > 0.0).all()


def test_mostly_equal_values_fall_back_to_the_spread() -> None:
    ordered = np.zeros((200, 1))
    ordered[-2:] = 5.0
    tails = Tails.learn(ordered, spread=np.array([0.5]))
    assert tails.excess(np.array([0.0, 3.0, -1.0]), 0).tolist() == [0.0, 6.0, 2.0]


def test_state_that_holds_no_tails_is_refused() -> None:
    tails = Tails.learn(np.arange(40.0)[:, np.newaxis], spread=np.ones(1))
    sound = tails.state()["tails"]
    assert np.array_equal(Tails.of_state(tails.state()).state()["tails"], sound)
    infinite, crossed, flat = sound.copy(), sound.copy(), sound.copy()
    infinite[0, 0, 0], crossed[0] = np.inf, sound[0, ::-1]
    flat[2] = 0.0
    for broken in (sound[:3], sound[0], infinite, crossed, flat, sound.astype(np.float32)):
        with pytest.raises(ValueError, match="tails"):
            Tails.of_state({"tails": broken})
