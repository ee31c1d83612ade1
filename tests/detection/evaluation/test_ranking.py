"""Metrics of ranking against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from anomaly_detection.detection.evaluation.ranking import auroc, average_precision


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6)), min_size=2, max_size=60).filter(
        lambda pairs: len({label for label, _ in pairs}) == 2
    )
)
@settings(max_examples=100, deadline=None)
def test_agree_with_scikit_learn_also_with_ties(pairs: list[tuple[int, int]]) -> None:
    labels, scores = np.array([label for label, _ in pairs]), np.array([float(score) for _, score in pairs])
    assert auroc(labels, scores) == pytest.approx(roc_auc_score(labels, scores))
    assert average_precision(labels, scores) == pytest.approx(average_precision_score(labels, scores))


def test_perfect_and_inverted_ranking() -> None:
    labels = np.array([0, 0, 1, 1])
    assert (auroc(labels, np.arange(4.0)), auroc(labels, -np.arange(4.0))) == (1.0, 0.0)
    assert average_precision(labels, np.arange(4.0)) == 1.0


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_has_no_auroc(label: int) -> None:
    with pytest.raises(ValueError, match="only one class occurs"):
        auroc(np.full(4, label), np.arange(4.0))


def test_without_anomalies_the_average_precision_is_zero() -> None:
    assert average_precision(np.zeros(4, dtype=np.int64), np.arange(4.0)) == 0.0
