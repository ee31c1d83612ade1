"""The ways of combining: what each prefers, and that votes leave no ties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_detection.detection.ensemble.combination import METHODS, combine

SURPRISE = np.array([[0.1, 9.0, 0.2], [2.0, 2.0, 2.0], [0.3, 0.2, 0.1]])
NONE = np.zeros((3, 3), dtype=bool)


def test_max_follows_one_member_and_average_the_many() -> None:
    weights = np.ones(3)
    assert combine(SURPRISE, NONE, weights, "max").argmax() == 0
    assert combine(SURPRISE, NONE, weights, "average").tolist() == pytest.approx([3.1, 2.0, 0.2])


def test_weights_count_only_where_they_should() -> None:
    weights = np.array([1.0, 0.001, 1.0])
    assert combine(SURPRISE, NONE, weights, "weighted").argmax() == 1
    assert combine(SURPRISE, NONE, weights, "average").argmax() == 0
    assert combine(SURPRISE, NONE, 5.0 * weights, "weighted").tolist() == pytest.approx(
        combine(SURPRISE, NONE, weights, "weighted").tolist()
    )


@given(
    weights=st.lists(st.floats(0.01, 100.0), min_size=2, max_size=6),
    first=st.lists(st.floats(0.0, 1e90), min_size=6, max_size=6),
    second=st.lists(st.floats(0.0, 1e90), min_size=6, max_size=6),
    votes=st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_a_vote_more_outweighs_any_surprise(
    weights: list[float], first: list[float], second: list[float], votes: list[bool]
) -> None:
    m = len(weights)
    flags = np.array([votes[:m], [True, *votes[1:m]]])
    flags[0, 0] = False
    scores = combine(np.array([first[:m], second[:m]]), flags, np.array(weights), "vote")
    assert scores[1] >= scores[0] - 1e-9


def test_equal_votes_are_ordered_by_surprise() -> None:
    flags = np.array([[True, False, False]] * 3)
    scores = combine(SURPRISE, flags, np.ones(3), "vote")
    assert scores.argsort().tolist() == combine(SURPRISE, flags, np.ones(3), "average").argsort().tolist()
    assert len(set(scores.tolist())) == 3


@pytest.mark.parametrize("method", METHODS)
def test_a_row_gets_the_same_alone(method: str) -> None:
    rng = np.random.default_rng(0)
    surprise, flags, weights = rng.exponential(size=(97, 5)), rng.random((97, 5)) < 0.5, rng.random(5) + 0.1
    together = combine(surprise, flags, weights, method)
    alone = [combine(surprise[[row]], flags[[row]], weights, method)[0] for row in range(97)]
    assert together.tolist() == alone
