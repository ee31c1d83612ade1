"""One threshold in several units."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from anomaly_detection import PlatformError, create_detector
from anomaly_detection.detection.calibration.calibrator import Calibrator
from anomaly_detection.detection.calibration.threshold import MEANINGS, make_threshold, read_threshold

SCORES = np.abs(np.random.default_rng(0).normal(size=1_000))
CALIBRATOR = Calibrator.learn(SCORES)


def flagged(kind: str, value: float, scores: np.ndarray = SCORES) -> int:
    return int(make_threshold(kind, value, scores, CALIBRATOR).flags(scores).sum())


@pytest.mark.parametrize(("share", "count"), [(0.01, 10), (0.1, 100), (0.5, 500), (0.0004, 0), (0.0999, 99)])
def test_contamination_flags_the_highest_share(share: float, count: int) -> None:
    assert flagged("contamination", share) == count
    highest = set(np.argsort(-SCORES)[:count].tolist())
    flags = make_threshold("contamination", share, SCORES, CALIBRATOR).flags(SCORES)
    assert set(np.flatnonzero(flags).tolist()) == highest


@pytest.mark.parametrize(
    ("scores", "share", "count"),
    [
        ([1.0] * 10, 0.3, 0),
        ([1.0] * 8 + [2.0] * 2, 0.3, 2),
        ([1.0] * 8 + [2.0] * 2, 0.2, 2),
        ([1.0] * 6 + [2.0] * 4, 0.3, 0),
        ([1.0] * 6 + [2.0] * 3 + [3.0], 0.3, 1),
        ([5.0], 0.5, 0),
    ],
)
def test_contamination_never_flags_more_where_scores_are_tied(scores: list[float], share: float, count: int) -> None:
    assert flagged("contamination", share, np.array(scores)) == count


def test_units_agree() -> None:
    p = CALIBRATOR.p_values(SCORES)
    assert flagged("p_value", 0.05) == (p <= 0.05 + 1e-12).sum()
    assert flagged("alert_rate", 50) == flagged("p_value", 0.05)
    assert flagged("alert_rate", 1e9) == 1_000
    assert flagged("score", float(SCORES.max())) == 1
    assert flagged("score", -1.0) == 1_000
    assert flagged("fdr", 0.5) >= flagged("fdr", 0.01)


def test_false_discovery_rate_judges_the_batch() -> None:
    shifted = np.concatenate([SCORES, np.full(50, 7.0)])
    flags = make_threshold("fdr", 0.1, shifted, CALIBRATOR).flags(shifted)
    assert flags[-50:].all()
    assert flags[:-50].sum() <= 12


@pytest.mark.parametrize("kind", MEANINGS)
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf"), None, "0.1", True, [0.1], 1j, 10**400])
def test_wrong_values_are_refused(kind: str, value: Any) -> None:
    if kind == "score" and value in (0.0, -1.0):
        assert make_threshold(kind, value, SCORES, CALIBRATOR).score_cutoff == value
        return
    with pytest.raises(PlatformError, match=f"The threshold {kind} is") as caught:
        make_threshold(kind, value, SCORES, CALIBRATOR)
    assert caught.value.code == "detection.invalid_threshold"
    assert MEANINGS[kind] in caught.value.hint


@pytest.mark.parametrize(("kind", "value"), [("p_value", 1.0), ("fdr", 1.5), ("contamination", 0.51)])
def test_values_beyond_the_range_are_refused(kind: str, value: float) -> None:
    with pytest.raises(PlatformError, match=f"The threshold {kind} is {value}"):
        make_threshold(kind, value, SCORES, CALIBRATOR)


@pytest.mark.parametrize("kind", ["pvalue", "evt", "", None, 5, ["fdr"]])
def test_unknown_kinds_are_refused(kind: Any) -> None:
    with pytest.raises(PlatformError, match="no threshold of kind") as caught:
        make_threshold(kind, 0.1, SCORES, CALIBRATOR)
    assert caught.value.code == "detection.unknown_threshold"
    assert caught.value.hint


@pytest.mark.parametrize("rule", [0.5, "fdr", ("fdr",), ("fdr", 0.1, 2), None, {"fdr": 0.1}, []])
def test_rules_that_are_no_pair_are_refused(rule: Any) -> None:
    with pytest.raises(PlatformError, match="pair of kind and value"):
        read_threshold(rule)


def test_rules_become_plain() -> None:
    for value in (np.float32(0.25), Fraction(1, 4), np.float64(0.25)):
        kind, plain = read_threshold(["p_value", value])
        assert (kind, plain, type(plain)) == ("p_value", 0.25, float)


def test_detector_settles_the_threshold_on_its_training_rows() -> None:
    rows = np.random.default_rng(1).normal(size=(200, 2))
    detector = create_detector("knn", contamination=0.1).fit(rows)
    cutoff = detector.detect(rows[:1]).threshold.score_cutoff
    assert detector.detect(rows).threshold.score_cutoff == cutoff
    assert create_detector("knn", contamination=0.1).detect(rows).n_anomalies == 20


def test_contamination_and_threshold_exclude_each_other() -> None:
    with pytest.raises(PlatformError, match="Both contamination"):
        create_detector("knn", contamination=0.1, threshold=("fdr", 0.1))
    for wrong in (0, 0.6, "few"):
        with pytest.raises(PlatformError, match="The threshold contamination"):
            create_detector("knn", contamination=wrong)  # type: ignore[arg-type]
