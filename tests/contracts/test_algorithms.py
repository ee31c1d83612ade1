"""Every catalogued algorithm keeps every promise."""

from __future__ import annotations

import pytest

from anomaly_detection import list_algorithms
from anomaly_detection.detection.catalogue import algorithm_info
from anomaly_detection.detection.checks import CHECKS, BrokenPromise, Check, check_algorithm, finds_the_anomaly
from anomaly_detection.detection.ports import AlgorithmInfo

NAMES = [info.name for info in list_algorithms()]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_algorithm_keeps_promise(name: str, check: Check) -> None:
    check(algorithm_info(name))


def test_four_algorithms_are_in_the_catalogue() -> None:
    assert {"isolation_forest", "knn", "modified_zscore", "stl"} <= set(NAMES)


def test_a_broken_promise_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from anomaly_detection.detection.algorithms.statistical.modified_zscore import ModifiedZScore

    honest = ModifiedZScore.deviations
    monkeypatch.setattr(ModifiedZScore, "deviations", lambda self, X: -honest(self, X))
    with pytest.raises(BrokenPromise, match="modified_zscore: the row far from all others"):
        check_algorithm("modified_zscore")


def test_checks_see_the_kind_of_data() -> None:
    info: AlgorithmInfo = algorithm_info("modified_zscore")
    finds_the_anomaly(info)
