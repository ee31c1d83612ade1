"""Algorithms of a user's own: known everywhere once registered."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from anomaly_detection import PlatformError, create_detector, list_algorithms, load_detector
from anomaly_detection.detection.catalogue import register_adapter, unregister_adapter
from anomaly_detection.detection.checks import CHECKS, check_algorithm
from anomaly_detection.detection.errors import InvalidParameter
from anomaly_detection.shared.errors import Conflict, NotFound


class FarFromMean:
    """Distance from the mean of the training rows.

    Parameters
    ----------
    power : int, default=2
        Exponent of the difference in each column.
    """

    def __init__(self, power: int = 2) -> None:
        self.power = power

    def fit(self, X: np.ndarray) -> Self:
        self.mean_ = X.mean(axis=0)
        return self

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        return (np.abs(X - self.mean_) ** self.power).sum(axis=1)


class Own:
    """Keeps the protocol itself."""

    def __init__(self, *, weight: float = 1.0, seed: int = 0) -> None:
        self.weight, self.seed = weight, seed

    def fit(self, X: np.ndarray) -> Self:
        self.center_ = np.median(X, axis=0)
        return self

    def score(self, X: np.ndarray) -> np.ndarray:
        return self.weight * np.abs(X - self.center_).max(axis=1)

    def fit_score(self, X: np.ndarray) -> np.ndarray:
        return self.fit(X).score(X)

    def state(self) -> dict[str, np.ndarray]:
        return {"center": self.center_}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        self.center_ = state["center"]


def small_forest(n_estimators: int = 20, random_state: int = 0) -> Any:
    """An isolation forest of few trees."""
    from sklearn.ensemble import IsolationForest

    return IsolationForest(n_estimators=n_estimators, random_state=random_state)


def knn_of_pyod(n_neighbors: int = 3) -> Any:
    from pyod.models.knn import KNN

    return KNN(n_neighbors=n_neighbors)


def rows() -> np.ndarray:
    X = np.random.default_rng(0).normal(size=(80, 2))
    X[11] = 9.0
    return X


@pytest.mark.parametrize(
    ("target", "options"),
    [
        (FarFromMean, {"higher_is_anomalous": True}),
        (Own, {"min_rows": 1}),
        (small_forest, {}),
        (knn_of_pyod, {}),
        ("sklearn.ensemble:IsolationForest", {}),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_registered_ones_keep_every_promise(registered: Any, target: Any, options: dict[str, Any]) -> None:
    info = registered("mine", target, **options)
    assert check_algorithm("mine") == [check.__name__ for check in CHECKS]
    assert info in list_algorithms(family="registered")
    assert create_detector("mine").detect(rows()).scores.argmax() == 11


def test_parameters_come_from_signature_and_docstring(registered: Any) -> None:
    described = registered("mine", FarFromMean, higher_is_anomalous=True).to_dict()
    assert described["summary"] == "Distance from the mean of the training rows."
    assert described["parameters"]["properties"]["power"] == {
        "type": "integer",
        "default": 2,
        "description": "Exponent of the difference in each column.",
    }
    assert described["reference"].endswith("FarFromMean")
    with pytest.raises(InvalidParameter, match="mine has no parameter 'powr'"):
        create_detector("mine", powr=3)
    assert create_detector("mine", power=4).fit(rows()).score([[9.0, 9.0]])[0] > 1_000


def test_the_seed_reaches_a_registered_class(registered: Any) -> None:
    from anomaly_detection.detection.catalogue import create_algorithm

    registered("own", Own)
    assert create_algorithm("own", {}, seed=5).seed == 5  # type: ignore[attr-defined]


def test_which_way_scores_point_must_be_known(registered: Any) -> None:
    with pytest.raises(InvalidParameter, match="more anomalous or more normal") as caught:
        register_adapter("mine", FarFromMean)
    assert "higher_is_anomalous" in caught.value.hint
    registered("mine", FarFromMean, higher_is_anomalous=False)
    assert create_detector("mine").fit(rows()).score([[0.0, 0.0], [9.0, 9.0]]).argmax() == 0


def test_a_model_file_loads_where_the_name_is_registered(tmp_path: Path, registered: Any) -> None:
    register_adapter("mine", Own)
    detector = create_detector("mine").fit(rows())
    path = detector.save(tmp_path / "mine.adm")
    unregister_adapter("mine")
    with pytest.raises(NotFound, match="There is no algorithm 'mine'") as caught:
        load_detector(path)
    assert "register_adapter" in caught.value.hint
    registered("mine", Own)
    assert np.array_equal(load_detector(path).score(rows()), detector.score(rows()))


def test_what_a_model_file_may_hold_is_named(tmp_path: Path, registered: Any) -> None:
    class Holding(FarFromMean):
        def fit(self, X: np.ndarray) -> Self:
            self.inside_ = Path("x")
            return super().fit(X)

    Holding.__qualname__ = "Holding"
    registered("mine", Holding, higher_is_anomalous=True)
    with pytest.raises(Conflict, match="mine cannot be saved") as caught:
        create_detector("mine").fit(rows()).save(tmp_path / "m.adm")
    assert "saved_types" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["knn", "stl"])
def test_names_of_ours_are_refused(name: str) -> None:
    with pytest.raises(Conflict, match=f"There is an algorithm '{name}' already") as caught:
        register_adapter(name, Own)
    assert caught.value.code == "detection.name_taken"


class Needy(FarFromMean):
    def __init__(self, power: int) -> None:
        super().__init__(power)


@pytest.mark.parametrize(
    ("name", "target", "options"),
    [
        ("Mine", Own, {}),
        ("my forest", Own, {}),
        ("pyod:Mine", Own, {}),
        ("", Own, {}),
        (None, Own, {}),
        ("mine", 5, {}),
        ("mine", dict, {}),
        ("mine", Needy, {"higher_is_anomalous": True}),
        ("mine", "no.such.module:Name", {}),
        ("mine", "math:no_such_name", {}),
        ("mine", "", {}),
        ("mine", FarFromMean, {"kinds": ("series",)}),
        ("mine", Own, {"kinds": "table"}),
    ],
    ids=str,
)
def test_what_cannot_be_registered_is_told(name: Any, target: Any, options: dict[str, Any]) -> None:
    with pytest.raises(PlatformError) as caught:
        register_adapter(name, target, **options)
    assert caught.value.code == "detection.invalid_adapter"
    assert caught.value.hint
    assert "mine" not in [info.name for info in list_algorithms()]


def test_a_second_registration_replaces_the_first(registered: Any) -> None:
    registered("mine", Own)
    assert "power" in registered("mine", FarFromMean, higher_is_anomalous=True).parameters["properties"]


def test_only_registered_names_are_taken_out() -> None:
    with pytest.raises(NotFound, match="No algorithm 'knn' was registered"):
        unregister_adapter("knn")
