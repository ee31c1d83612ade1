"""A gap, a rare flag or a rare category is no reason to sound an alarm by its indicator alone."""

from __future__ import annotations

import numpy as np
import pytest

from anomaly_detection import create_detector
from anomaly_detection.detection.algorithms.indicator import least_scale


def test_only_zeros_and_ones_are_indicators() -> None:
    X = np.array([[0.0, 0.0, 0.0, 1.0, 0.0], [1.0, 0.5, 1.0, 1.0, 2.0], [1.0, 1.0, 0.0, 1.0, 0.0]])
    assert least_scale(X).tolist() == [1.0, 0.0, 1.0, 0.0, 0.0]


@pytest.mark.parametrize("algorithm", ["knn", "modified_zscore", "isolation_forest"])
def test_rows_with_a_gap_are_not_flagged_for_it(algorithm: str) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(600, 2))
    gaps = np.arange(0, 600, 50)
    values[gaps, 0] = np.nan
    values[7] = [22.0, -22.0]
    result = create_detector(algorithm).detect(values)
    assert not result.predictions[gaps].any()
    assert int(np.argmax(result.scores)) == 7


@pytest.mark.parametrize("algorithm", ["knn", "modified_zscore"])
def test_a_lone_extreme_row_is_critical(algorithm: str) -> None:
    values = np.random.default_rng(1).normal(size=(600, 2))
    values[7] = [22.0, -22.0]
    first = create_detector(algorithm).detect(values).anomalies[0]
    assert (first.index, first.severity) == (7, "critical")
    forced = create_detector(algorithm).detect(values).with_contamination(1 / 600).anomalies
    assert [(item.index, item.severity) for item in forced] == [(7, "critical")]
