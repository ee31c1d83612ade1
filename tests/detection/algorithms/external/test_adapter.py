"""Detectors of other libraries behind our protocol: the library's own scores, our direction, our promises."""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
import pkgutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anomaly_detection import PlatformError, create_detector, list_algorithms, load_detector
from anomaly_detection.detection.algorithms.external import pyod, sklearn
from anomaly_detection.detection.algorithms.external.adapter import FOLDS
from anomaly_detection.detection.algorithms.external.estimator_file import MEMBER
from anomaly_detection.detection.catalogue import algorithm_info, create_algorithm
from anomaly_detection.detection.checks import CHECKS
from anomaly_detection.detection.errors import InvalidData
from anomaly_detection.detection.ports import Algorithm, Attributing

SKLEARN = [f"sklearn:{name}" for name in sklearn.WRAPPED]
PYOD = [f"pyod:{name}" for name in ("CBLOF", "ECOD", "HBOS", "KNN", "MCD", "PCA")]
"""The other ones were checked by hand: all checks of all of them take a minute and a half."""


def rows(n: int = 120, d: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d))


@pytest.mark.parametrize("name", [*SKLEARN, *PYOD])
def test_adapter_keeps_every_promise(name: str) -> None:
    info = algorithm_info(name)
    for check in CHECKS:
        check(info)


@pytest.mark.parametrize(
    "name", [info.name for family in ("sklearn", "pyod") for info in list_algorithms(family=family)]
)
def test_every_line_makes_an_algorithm(name: str) -> None:
    info = algorithm_info(name)
    made = create_algorithm(name, {key: schema["default"] for key, schema in info.parameters["properties"].items()})
    assert isinstance(made, Algorithm)
    assert isinstance(made, Attributing)
    assert info.extra == info.family == name.partition(":")[0]
    assert "contamination" not in info.parameters["properties"]
    assert info.summary.endswith(".")
    assert info.reference


def test_scores_are_the_librarys_own_turned_upward() -> None:
    from pyod.models.hbos import HBOS
    from sklearn.covariance import EllipticEnvelope
    from sklearn.ensemble import IsolationForest

    X, new = rows(), rows(40, seed=1) * 3
    for name, theirs in (
        ("sklearn:IsolationForest", -IsolationForest(random_state=5).fit(X).score_samples(new)),
        ("sklearn:EllipticEnvelope", -EllipticEnvelope(random_state=5).fit(X).score_samples(new)),
        ("pyod:HBOS", HBOS().fit(X).decision_function(new)),
    ):
        ours = create_algorithm(name, {}, seed=5).fit(X).score(new)
        assert np.allclose(ours, theirs, rtol=1e-9), name
        assert np.corrcoef(ours, np.linalg.norm(new, axis=1))[0, 1] > 0.6, name


def test_neighbours_leave_the_row_itself_out() -> None:
    from sklearn.neighbors import LocalOutlierFactor

    X = rows()
    theirs = LocalOutlierFactor(n_neighbors=7).fit(X)
    ours = create_algorithm("sklearn:LocalOutlierFactor", {"n_neighbors": 7}).fit_score(X)
    assert np.allclose(ours, -theirs.negative_outlier_factor_)
    distances = np.sort(np.linalg.norm(X[:, np.newaxis] - X, axis=2), axis=1)
    knn = create_algorithm("pyod:KNN", {"n_neighbors": 4}).fit_score(X)
    assert np.allclose(knn, distances[:, 4]), "the distance to the fourth of the other rows"


def test_other_training_scores_come_from_folds() -> None:
    X, narrow = rows(100), {"bandwidth": 0.1}
    algorithm = create_algorithm("sklearn:KernelDensity", narrow)
    out = algorithm.fit_score(X)
    within = algorithm.score(X)
    assert (out > within).all(), "a density that has seen the row itself is higher there"
    order = np.random.default_rng(0).permutation(100)
    held = np.array_split(order, FOLDS)[0]
    rest = np.setdiff1d(order, held)
    assert np.allclose(create_algorithm("sklearn:KernelDensity", narrow).fit(X[rest]).score(X[held]), out[held])


def test_scores_that_grow_with_the_rows_are_scaled() -> None:
    """A support vector machine's sum has as many terms as rows: of a fold four fifths."""
    X, new = rows(500), rows(500, seed=1)
    algorithm = create_algorithm("sklearn:OneClassSVM", {})
    out, later = algorithm.fit_score(X), algorithm.score(new)
    assert abs(np.median(out) / np.median(later) - 1.0) < 0.08


@pytest.mark.parametrize("name", ["sklearn:IsolationForest", "sklearn:LocalOutlierFactor", "pyod:ECOD", "pyod:PCA"])
def test_p_values_hold_on_new_rows(name: str) -> None:
    n = 300
    result = create_detector(name).fit(rows(n, seed=2)).detect(rows(n, seed=3), explain=False)
    # Three standard deviations of both samples, the calibrating one and the new one.
    assert abs((result.p_values <= 0.2).mean() - 0.2) < 3 * np.sqrt(2 * 0.2 * 0.8 / n)


def test_the_order_and_company_of_rows_do_not_matter() -> None:
    X, new = rows(80), rows(300, seed=4)
    for name in ("pyod:ECOD", "pyod:COPOD", "sklearn:GaussianMixture", "pyod:MCD"):
        algorithm = create_algorithm(name, {}).fit(X)
        together = algorithm.score(new)
        assert np.array_equal(algorithm.score(new[::-1].copy())[::-1], together), name
        assert np.array_equal(algorithm.score(new[250:251]), together[250:251]), name


def test_more_neighbours_than_rows_are_cut_with_a_note() -> None:
    result = create_detector("pyod:KNN", n_neighbors=500).detect(rows(30))
    assert any("n_neighbors was cut from 500 to 29" in note for note in result.metadata["warnings"])


def test_extreme_columns_are_rescaled_with_a_note() -> None:
    X = rows(60)
    X[:, 1] *= 1e90
    X[:, 2] = 1e9 + X[:, 2] * 1e-5
    result = create_detector("sklearn:IsolationForest").detect(X)
    assert np.isfinite(result.scores).all()
    assert any("rescaled" in note for note in result.metadata["warnings"])
    plain = create_detector("sklearn:IsolationForest").detect(rows(60))
    assert not any("rescaled" in note for note in plain.metadata["warnings"])


def test_equal_rows_get_a_stand_in_that_still_tells_others() -> None:
    detector = create_detector("sklearn:EllipticEnvelope")
    result = detector.detect(np.full((50, 2), 4.0))
    assert result.n_anomalies == 0
    assert any("All rows are equal" in note for note in result.metadata["warnings"])
    assert detector.predict([[4.0, 4.0], [4.0, 9.0]]).tolist() == [0, 1]


def test_a_stand_in_is_saved_too(tmp_path: Path) -> None:
    detector = create_detector("pyod:HBOS").fit(np.full((50, 2), 4.0))
    loaded = load_detector(detector.save(tmp_path / "model.adm"))
    new = [[4.0, 4.0], [4.0, 9.0]]
    assert np.array_equal(loaded.score(new), detector.score(new))


class Halting:
    """Gives no finite score to some rows."""

    def __init__(self, below: float = -1.0) -> None:
        self.below = below

    def fit(self, X: np.ndarray) -> Halting:
        return self

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        scores = X[:, 0].copy()
        scores[X[:, 0] < self.below] = np.nan
        scores[X[:, 0] > 2.0] = np.inf
        return scores


def test_scores_that_are_not_finite_become_so(registered: Any) -> None:
    registered("halting", Halting, higher_is_anomalous=True)
    X = rows(200)
    detector = create_detector("halting")
    result = detector.detect(X)
    first, finite = X[:, 0], (X[:, 0] >= -1.0) & (X[:, 0] <= 2.0)
    assert np.isfinite(result.scores).all()
    assert np.array_equal(result.scores[finite], first[finite])
    assert (result.scores[first > 2.0] > first[finite].max()).all()
    assert np.allclose(result.scores[first < -1.0], np.median(first[finite]))
    assert any("no finite score to" in note for note in result.metadata["warnings"])
    assert np.isfinite(detector.score([[-5.0, 0.0, 0.0], [5.0, 0.0, 0.0]])).all()


def test_no_finite_score_at_all_is_an_error(registered: Any) -> None:
    registered("halting", Halting, higher_is_anomalous=True)
    with pytest.raises(InvalidData, match="no row got a finite score") as caught:
        create_detector("halting", below=1.5).detect(rows(200, seed=1) - 10.0)
    assert caught.value.code == "detection.external_failed"


def test_the_librarys_own_complaint_is_passed_on() -> None:
    with pytest.raises(InvalidData, match=r"sklearn:OneClassSVM could not learn.*nu.*0\.0, 1\.0") as caught:
        create_detector("sklearn:OneClassSVM", nu=3.0).fit(rows())
    assert caught.value.code == "detection.external_failed"
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "given", "message", "hint"),
    [
        ("pyod:KNN", {"n_neighbours": 5}, "has no parameter 'n_neighbours'", "Did you mean 'n_neighbors'?"),
        ("pyod:KNN", {"n_neighbors": "x"}, "a whole number of at least 1", ""),
        ("pyod:KNN", {"n_neighbors": 0}, "a whole number of at least 1", ""),
        ("pyod:KNN", {"method": "best"}, "one of 'largest', 'mean', 'median'", ""),
        ("sklearn:LocalOutlierFactor", {"metric": "cosine"}, "one of 'euclidean'", ""),
        ("sklearn:LocalOutlierFactor", {"novelty": False}, "has no parameter 'novelty'", ""),
        ("sklearn:IsolationForest", {"max_samples": True}, "a whole number or a number or a text", ""),
        ("sklearn:IsolationForest", {"bootstrap": 1}, "true or false", ""),
    ],
)
def test_wrong_parameters_are_refused(name: str, given: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(PlatformError, match=message) as caught:
        create_detector(name, **given)
    assert caught.value.hint
    assert not hint or caught.value.hint == hint


def test_parameters_of_several_types_are_taken() -> None:
    for given in ({"max_samples": 32}, {"max_samples": 0.5}, {"max_samples": "auto"}, {"max_samples": np.int64(16)}):
        detector = create_detector("sklearn:IsolationForest", n_estimators=5, **given).fit(rows(60))
        assert detector.parameters["max_samples"] == given["max_samples"]
        assert np.isfinite(detector.score(rows(60))).all()


def test_the_detectors_seed_reaches_the_library() -> None:
    X = rows()
    first, same, other = (
        create_detector("pyod:IForest", n_estimators=10, seed=seed).fit(X).score(X) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_the_librarys_share_of_anomalies_changes_nothing() -> None:
    """A threshold belongs to the result; the library's own must not move a score."""
    from sklearn.ensemble import IsolationForest

    X = rows()
    ours = create_algorithm("sklearn:IsolationForest", {}).fit(X).score(X)
    for share in (0.01, 0.4):
        theirs = IsolationForest(random_state=0, contamination=share).fit(X)
        assert np.allclose(ours, -theirs.score_samples(X))


def test_an_anomaly_of_a_levelled_off_score_says_why() -> None:
    """Far out, a support vector machine's score no longer changes with any single column."""
    X = rows(200)
    X[7] = (40.0, 40.0, 0.0)
    result = create_detector("sklearn:OneClassSVM", contamination=0.01).detect(X)
    explained = next(item.explanation for item in result.anomalies if item.index == 7)
    parts = {item.feature: item.contribution for item in explained.contributions}
    names = sorted(parts, key=parts.__getitem__)
    assert names[0] == "feature_2"
    assert parts[names[1]] > 0


def test_state_is_arrays_with_one_member_of_bytes() -> None:
    state = create_algorithm("pyod:KNN", {}).fit(rows()).state()
    assert state[MEMBER].dtype == np.uint8
    assert state[MEMBER][:2].tobytes() == b"PK"


def test_every_class_of_pyod_is_wrapped_or_has_a_reason() -> None:
    """A new version of PyOD that brings a detector for tables makes this fail, until it has a line."""
    import pyod.models as models

    special = ("ts_", "pyg_", "_", "audio", "embedding", "base", "gaal_base", "sklearn_base", "so_gaal_new")
    classes = set()
    for module in pkgutil.iter_modules(models.__path__):
        source = (Path(models.__path__[0]) / f"{module.name}.py").read_text("utf-8")
        if not module.name.startswith(special):
            classes |= {
                line.split("(")[0].removeprefix("class ").strip()
                for line in source.splitlines()
                if line.startswith("class ") and "Detector" in line
            }
    known = set(pyod.WRAPPED) | set(pyod.LEFT_OUT)
    assert len(classes) > 30
    assert classes - known == set()
    assert set(pyod.WRAPPED) & set(pyod.LEFT_OUT) == set()


def test_every_outlier_detector_of_sklearn_is_wrapped() -> None:
    from sklearn.base import OutlierMixin
    from sklearn.utils import all_estimators

    names = {name for name, found in all_estimators() if issubclass(found, OutlierMixin)}
    assert names <= set(sklearn.WRAPPED)


@pytest.mark.parametrize("table", [sklearn, pyod], ids=lambda table: table.EXTRA)
def test_every_line_names_its_class_and_types_that_exist(table: Any) -> None:
    for line in table.WRAPPED.values():
        root = getattr(importlib.import_module(line.module), line.name)
        assert line.types[0] == f"{root.__module__}.{root.__qualname__}"
        for name in line.types:
            module, _, attribute = name.rpartition(".")
            assert inspect.isclass(getattr(importlib.import_module(module), attribute)), name


def test_a_detector_can_be_copied_and_sent_to_another_process() -> None:
    detector = create_detector("sklearn:KernelDensity", bandwidth=0.5)
    for other in (copy.deepcopy(detector), pickle.loads(pickle.dumps(create_algorithm("sklearn:KernelDensity", {})))):
        assert np.isfinite(other.fit(rows()).score(rows())).all()


def test_an_ensemble_takes_adapters_as_members(tmp_path: Path) -> None:
    X = rows()
    X[17] = 9.0
    ensemble = create_detector("ensemble", members=["knn", "sklearn:LocalOutlierFactor", "pyod:HBOS"])
    result = ensemble.detect(X)
    assert result.scores.argmax() == 17
    assert [member["status"] for member in result.metadata["members"]] == ["ok"] * 3
    loaded = load_detector(ensemble.save(tmp_path / "team.adm"))
    assert np.array_equal(loaded.score(X), ensemble.score(X))
