"""Estimators as bytes: nothing is made but what the list names, and nothing that points outside of itself."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anomaly_detection import create_detector, load_detector
from anomaly_detection.detection.algorithms.external import pyod, sklearn
from anomaly_detection.detection.algorithms.external.estimator_file import dump_estimator, load_estimator
from anomaly_detection.detection.errors import InvalidModelFile
from anomaly_detection.shared.errors import Conflict

FOREST = sklearn.WRAPPED["IsolationForest"].types
LOF = sklearn.WRAPPED["LocalOutlierFactor"].types
SVM = sklearn.WRAPPED["OneClassSVM"].types


def rows(n: int = 60) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, 2))


def forest() -> Any:
    from sklearn.ensemble import IsolationForest

    return IsolationForest(n_estimators=2, max_samples=16, random_state=0).fit(rows())


def lof(algorithm: str = "kd_tree") -> Any:
    from sklearn.neighbors import LocalOutlierFactor

    return LocalOutlierFactor(n_neighbors=5, novelty=True, algorithm=algorithm, leaf_size=5).fit(rows())


def machine() -> Any:
    from sklearn.svm import OneClassSVM

    return OneClassSVM().fit(rows())


def parts_of(content: np.ndarray) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content.tobytes())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> np.ndarray:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return np.frombuffer(buffer.getvalue(), dtype=np.uint8)


def changed(content: np.ndarray, change: Callable[[dict[str, Any]], None]) -> np.ndarray:
    parts = parts_of(content)
    tree = json.loads(parts["schema.json"])
    change(tree)
    return packed({**parts, "schema.json": json.dumps(tree).encode()})


@pytest.mark.parametrize("make", [forest, lof, lambda: lof("ball_tree"), machine])
def test_what_is_dumped_is_loaded(make: Callable[[], Any]) -> None:
    estimator = make()
    types = {"IsolationForest": FOREST, "LocalOutlierFactor": LOF, "OneClassSVM": SVM}[type(estimator).__name__]
    loaded = load_estimator(dump_estimator(estimator, types, "x"), types, types[0])
    assert type(loaded) is type(estimator)
    assert np.array_equal(loaded.score_samples(rows()), estimator.score_samples(rows()))


def test_a_type_that_is_not_listed_is_not_saved() -> None:
    with pytest.raises(Conflict, match=r"sklearn:IsolationForest cannot be saved: it holds .*_tree\.Tree") as caught:
        dump_estimator(forest(), FOREST[:2], "sklearn:IsolationForest")
    assert caught.value.code == "detection.model_not_saveable"


@pytest.mark.parametrize("missing", FOREST)
def test_each_type_of_the_list_is_asked_for(missing: str) -> None:
    content = dump_estimator(forest(), FOREST, "x")
    with pytest.raises(ValueError, match="not on this algorithm's list"):
        load_estimator(content, [name for name in FOREST if name != missing], FOREST[0])


def test_another_estimator_is_refused() -> None:
    """scikit-learn's own estimators, which skops trusts without being asked, are no exception."""
    from sklearn.dummy import DummyClassifier

    foreign = DummyClassifier().fit(rows(), np.arange(60) % 2)
    content = dump_estimator(foreign, ["sklearn.dummy.DummyClassifier"], "x")
    with pytest.raises(ValueError, match=r"sklearn\.dummy\.DummyClassifier"):
        load_estimator(content, FOREST, FOREST[0])
    with pytest.raises(ValueError, match="is no sklearn"):
        load_estimator(dump_estimator(machine(), SVM, "x"), [*FOREST, *SVM], FOREST[0])


SMUGGLED = [
    {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode", "content": "system"},
    {"__class__": "mkdir", "__module__": "os", "__loader__": "ObjectNode"},
    {"__class__": "str", "__module__": "builtins", "__loader__": "ObjectNode"},
    {"__class__": "Popen", "__module__": "subprocess", "__loader__": "TypeNode"},
    {"__class__": "partial", "__module__": "functools", "__loader__": "PartialNode", "content": {}},
    {"__class__": "attrgetter", "__module__": "operator", "__loader__": "OperatorFuncNode", "attrs": {}},
    {"__class__": "IsolationForest", "__module__": "sklearn.ensemble._iforest", "__loader__": "MethodNode"},
    {"__class__": "IsolationForest", "__module__": "sklearn.ensemble._iforest", "__loader__": "TypeNode"},
    {"__class__": "memmap", "__module__": "numpy", "__loader__": "NdArrayNode", "type": "numpy", "file": "x"},
    {"__class__": "date", "__module__": "datetime", "__loader__": "ConstructorFromReduceNode", "content": {}},
    {
        "__class__": "KNeighborsClassifier",
        "__module__": "sklearn.neighbors._classification",
        "__loader__": "ObjectNode",
    },
    {"__class__": "IsolationForest", "__module__": "sklearn.ensemble._iforest"},
    {"__loader__": "ObjectNode"},
    {"__class__": "dict", "__module__": "builtins", "__loader__": None},
]


@pytest.mark.parametrize("node", SMUGGLED, ids=lambda node: f"{node.get('__loader__')}-{node.get('__class__')}")
def test_a_smuggled_node_is_refused(node: dict[str, Any]) -> None:
    def smuggle(tree: dict[str, Any]) -> None:
        tree["content"]["content"]["extra"] = node

    content = changed(dump_estimator(forest(), FOREST, "x"), smuggle)
    with pytest.raises(ValueError, match="not on this algorithm's list"):
        load_estimator(content, FOREST, FOREST[0])


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path("exploded").mkdir, ()


def test_pickles_and_compressed_members_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    parts = parts_of(dump_estimator(forest(), FOREST, "x"))
    bomb = pickle.dumps(Bomb())
    array = next(name for name in parts if name.endswith(".npy"))
    objects = io.BytesIO()
    np.save(objects, np.array([Bomb()], dtype=object), allow_pickle=True)
    for other in (
        packed({**parts, "more.pkl": bomb}),
        packed({**parts, array: bomb}),
        packed({**parts, array: objects.getvalue()}),
        packed(parts, zipfile.ZIP_DEFLATED),
        packed({name: part for name, part in parts.items() if name != array}),
        packed({name: part for name, part in parts.items() if name != "schema.json"}),
        packed({**parts, "schema.json": b"[" * 100_000}),
        packed({**parts, "schema.json": b"[]"}),
        np.frombuffer(bomb, dtype=np.uint8),
        np.zeros(0, dtype=np.uint8),
        np.zeros(8),
    ):
        with pytest.raises(ValueError, match="estimator"):
            load_estimator(other, FOREST, FOREST[0])
    assert not (tmp_path / "exploded").exists(), "nothing was run"


def rebuilt(estimator: Any, types: tuple[str, ...]) -> Any:
    return load_estimator(dump_estimator(estimator, types, "x"), types, types[0])


@pytest.mark.parametrize(
    ("field", "value"),
    [("left_child", 10**6), ("right_child", -5), ("left_child", 0), ("feature", 10**6), ("feature", -7)],
)
def test_a_tree_that_points_outside_is_refused(field: str, value: int) -> None:
    """scikit-learn walks down the nodes without asking: such a file would crash the process."""
    estimator = forest()
    tree = estimator.estimators_[0].tree_
    state = tree.__getstate__()
    state["nodes"] = state["nodes"].copy()
    state["nodes"][field][0] = value
    tree.__setstate__(state)
    with pytest.raises(ValueError, match="Tree points outside of itself"):
        rebuilt(estimator, FOREST)


@pytest.mark.parametrize("algorithm", ["kd_tree", "ball_tree"])
@pytest.mark.parametrize(
    "part",
    [
        (1, "index", 10**6),
        (1, "index", -1),
        (2, "idx_end", 10**6),
        (2, "idx_start", -3),
        (2, "is_leaf", 0),
        (6, "count", 999),
    ],
)
def test_a_search_tree_that_points_outside_is_refused(algorithm: str, part: tuple[int, str, int]) -> None:
    place, field, value = part
    estimator = lof(algorithm)
    # _tree belongs to the estimator; a changed one is put in its place.
    state = list(estimator._tree.__getstate__())
    if place == 6:
        state[6] = value
    else:
        state[place] = state[place].copy()
        (state[place] if place == 1 else state[place][field])[-1] = value
    changed_tree = type(estimator._tree).__new__(type(estimator._tree))
    changed_tree.__setstate__(tuple(state))
    estimator._tree = changed_tree
    with pytest.raises(ValueError, match="Tree points outside of itself"):
        rebuilt(estimator, LOF)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("_n_support", np.array([10**6, 0], dtype=np.int32)),
        ("_n_support", np.array([-1, 0], dtype=np.int32)),
        ("_dual_coef_", np.zeros((1, 1))),
        ("_intercept_", np.zeros(0)),
        ("support_", np.zeros(1, dtype=np.int32)),
        ("kernel", "precomputed"),
        ("_sparse", True),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_support_vector_machine_that_lies_is_refused(field: str, value: Any) -> None:
    estimator = machine()
    setattr(estimator, field, value)
    with pytest.raises(ValueError, match="OneClassSVM points outside of itself"):
        rebuilt(estimator, SVM)


def test_damaged_bytes_never_do_more_than_fail() -> None:
    """Beneath the model file's checksums: whoever can forge those still makes nothing but an error or an estimator."""
    content = dump_estimator(lof(), LOF, "x")
    rng = np.random.default_rng(0)
    failed = 0
    for place in rng.choice(len(content), 300, replace=False):
        other = content.copy()
        other[place] ^= np.uint8(1 << rng.integers(8))
        try:
            load_estimator(other, LOF, LOF[0])
        except ValueError:
            failed += 1
    assert failed > 100


@pytest.mark.parametrize("algorithm", ["sklearn:OneClassSVM", "pyod:KNN"])
def test_a_model_file_with_another_algorithms_estimator_is_refused(tmp_path: Path, algorithm: str) -> None:
    from anomaly_detection.detection.model_file import read_model, write_model

    manifest, arrays = read_model(create_detector("sklearn:LocalOutlierFactor").fit(rows()).save(tmp_path / "a.adm"))
    for added in ("format_version", "checksums"):
        del manifest[added]
    path = write_model(tmp_path / "b.adm", {**manifest, "algorithm": algorithm, "parameters": {}}, arrays)
    with pytest.raises(InvalidModelFile) as caught:
        load_detector(path)
    assert caught.value.code == "detection.invalid_model_file"


def test_no_list_holds_a_type_that_makes_others() -> None:
    """Only plain estimators, their trees and distances: no pipeline, no transformer of functions, no memory."""
    for table in (sklearn, pyod):
        for line in table.WRAPPED.values():
            assert not [name for name in line.types if "Pipeline" in name or "Function" in name or "joblib" in name]
            assert all(
                name.startswith(("sklearn.", "pyod.", "numpy.random.", "anomaly_detection.")) for name in line.types
            )
