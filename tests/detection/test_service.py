"""The services do what the detector does, under the names of the design."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pytest

from anomaly_detection import DetectionService, EnsembleService, PlatformError, create_detector, load_dataset
from anomaly_detection.detection import catalogue

MEMBERS = ["knn", "isolation_forest", "modified_zscore"]


def rows(n: int = 200) -> np.ndarray:
    X = np.random.default_rng(0).normal(size=(n, 3))
    X[n // 2] = 25.0
    return X


class Spread:
    """Distance from the mean in standard deviations."""

    def fit(self, X: np.ndarray) -> Self:
        self.mean_, self.sd_ = X.mean(axis=0), X.std(axis=0)
        return self

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        return np.asarray((np.abs(X - self.mean_) / self.sd_).max(axis=1))


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "_REGISTERED", {})


@pytest.mark.parametrize("algorithm", [None, "knn", "isolation_forest"])
def test_detecting_is_the_detectors(algorithm: str | None) -> None:
    found = DetectionService().detect_anomalies(rows(), algorithm, seed=5, contamination=0.02)
    same = create_detector(algorithm or "knn", seed=5, contamination=0.02).fit_detect(rows())
    assert np.array_equal(found.scores, same.scores)
    assert np.array_equal(found.predictions, same.predictions)


def test_a_series_gets_the_algorithm_for_series() -> None:
    assert DetectionService().detect_anomalies(load_dataset("nyc_taxi")).algorithm == "stl"


def test_what_was_fitted_is_kept_by_its_name() -> None:
    service = DetectionService()
    fitted = service.fit(rows(), "knn", n_neighbors=5)
    assert fitted.parameters == {"n_neighbors": 5}
    assert np.array_equal(service.predict(rows(50)), fitted.predict(rows(50)))
    service.fit(rows(), "modified_zscore")
    assert np.array_equal(service.predict(rows(50), "knn"), fitted.predict(rows(50)))
    with pytest.raises(PlatformError, match="No algorithm is named; fitted: knn, modified_zscore"):
        service.predict(rows(50))


def test_a_failed_fit_keeps_the_earlier_detector() -> None:
    service = DetectionService()
    fitted = service.fit(rows(), "knn")
    with pytest.raises(PlatformError):
        service.fit([], "knn")
    assert np.array_equal(service.predict(rows(50), "knn"), fitted.predict(rows(50)))


@pytest.mark.parametrize("algorithm", [None, "knm"])
def test_what_was_not_fitted_is_told(algorithm: str | None) -> None:
    with pytest.raises(PlatformError) as caught:
        DetectionService().predict(rows(), algorithm)
    assert caught.value.code == "detection.not_fitted_here"
    assert "fit(data, algorithm)" in caught.value.hint


def test_the_name_meant_is_told() -> None:
    service = DetectionService()
    service.fit(rows(), "isolation_forest")
    with pytest.raises(PlatformError, match="Did you mean 'isolation_forest'"):
        service.predict(rows(), "isolation_forrest")


@pytest.mark.usefixtures("registry")
def test_an_adapter_is_registered_for_all() -> None:
    info = DetectionService().register_adapter("spread", Spread, higher_is_anomalous=True)
    assert info.name == "spread"
    assert DetectionService().detect_anomalies(rows(), "spread").anomalies[0].index == 100
    found = EnsembleService().detect_with_ensemble(rows(), ["knn", "spread"])
    assert [item["status"] for item in found.metadata["members"]] == ["ok", "ok"]


@pytest.mark.parametrize("method", ["average", "max", "vote"])
def test_an_ensemble_detects(method: str) -> None:
    found = EnsembleService(DetectionService()).detect_with_ensemble(rows(), MEMBERS, method, seed=2)
    same = create_detector("ensemble", members=MEMBERS, method=method, seed=2).fit_detect(rows())
    assert np.array_equal(found.scores, same.scores)
    assert [item["name"] for item in found.metadata["members"]] == MEMBERS


@pytest.mark.parametrize(
    ("make", "members", "weights", "method"),
    [
        ("create_voting_ensemble", ["knn"], None, "vote"),
        ("create_voting_ensemble", ("knn", "modified_zscore"), (1, 2), "vote"),
        ("create_averaging_ensemble", ["knn"], None, "average"),
        ("create_averaging_ensemble", ["knn", "modified_zscore"], [1, 2], "weighted"),
        ("create_averaging_ensemble", [{"algorithm": "knn", "weight": 2}], None, "weighted"),
    ],
)
def test_ensembles_are_made_unfitted(make: str, members: Any, weights: Any, method: str) -> None:
    made = getattr(EnsembleService(), make)(members, weights, contamination=0.05)
    assert not made.fitted
    assert made.parameters["method"] == method
    assert made.parameters["members"] == list(members)
    assert made.parameters["weights"] == (None if weights is None else [1.0, 2.0])
    assert made.fit(rows()).predict(rows())[100] == 1
