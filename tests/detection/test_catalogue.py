"""The one table of algorithms, and the check of their parameters."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from anomaly_detection import PlatformError, create_detector, list_algorithms
from anomaly_detection.detection.catalogue import (
    CatalogueLine,
    algorithm_info,
    catalogue_line,
    check_parameters,
    create_algorithm,
)
from anomaly_detection.detection.errors import InvalidParameter
from anomaly_detection.detection.ports import Algorithm, Attributing, Parameter
from anomaly_detection.shared.errors import NotFound

NUMBER = Parameter("share", "number", 0.5, "A share.", minimum=0.0, maximum=1.0)
COUNT = Parameter("count", "integer", 3, "A count.", minimum=1)
MOST = Parameter("most", "number", 3.0, "A bound.", maximum=9.0)
WAY = Parameter("way", "string", "mean", "A way.", choices=("mean", "max"))
FREE = Parameter("free", "string", "", "Any text.")
FLAG = Parameter("flag", "boolean", False, "A flag.")
AUTO = Parameter("auto", "integer", None, "Chosen.", minimum=2, automatic=True)
EVERY = (NUMBER, COUNT, MOST, WAY, FREE, FLAG, AUTO)


@pytest.mark.parametrize(
    ("name", "given", "typed"),
    [
        ("share", 1, 1.0),
        ("share", np.float32(0.5), 0.5),
        ("share", Decimal("0.25"), 0.25),
        ("count", 5.0, 5),
        ("count", np.int64(5), 5),
        ("way", np.str_("max"), "max"),
        ("flag", np.bool_(True), True),
        ("auto", None, None),
        ("auto", 4, 4),
    ],
)
def test_parameters_become_plain_values(name: str, given: Any, typed: Any) -> None:
    checked = check_parameters("algorithm", EVERY, {name: given})[name]
    assert checked == typed
    assert type(checked) is type(typed)


@pytest.mark.parametrize(
    ("name", "given", "allowed"),
    [
        ("share", 1.5, "a number from 0 to 1"),
        ("share", -0.1, "from 0 to 1"),
        ("share", float("nan"), "a number"),
        ("share", float("inf"), "a number"),
        ("share", "0.5", "a number"),
        ("share", True, "a number"),
        ("share", np.bool_(True), "a number"),
        ("share", None, "a number"),
        ("share", [0.5], "a number"),
        ("share", np.array([0.5, 0.6]), "a number"),
        ("share", 1j, "a number"),
        ("count", 2.5, "a whole number of at least 1"),
        ("count", 0, "at least 1"),
        ("count", 10**400, "a whole number"),
        ("most", 10, "at most 9"),
        ("way", "median", "one of 'mean', 'max'"),
        ("way", 3, "one of"),
        ("free", 3, "a text"),
        ("flag", 1, "true or false"),
        ("auto", 1, "or none: chosen from the data"),
    ],
)
def test_wrong_parameters_are_refused(name: str, given: Any, allowed: str) -> None:
    with pytest.raises(InvalidParameter, match=f"algorithm: {name} is ") as caught:
        check_parameters("algorithm", EVERY, {name: given})
    assert caught.value.code == "detection.invalid_parameter"
    assert allowed in caught.value.message
    assert caught.value.hint
    assert caught.value.details == {"parameter": name}


def test_unknown_parameter_gets_the_nearest_name() -> None:
    with pytest.raises(InvalidParameter, match="knn has no parameter 'n_neighbours'") as caught:
        create_detector("knn", n_neighbours=3)
    assert caught.value.hint == "Did you mean 'n_neighbors'?"
    with pytest.raises(InvalidParameter, match="takes no parameters"):
        check_parameters("algorithm", (), {"a": 1})


@pytest.mark.parametrize("name", ["isolation_forrest", "", "KNN", 5, None, ["knn"]])
def test_unknown_algorithm_gets_the_nearest_name(name: Any) -> None:
    with pytest.raises(NotFound, match="There is no algorithm") as caught:
        create_detector(name)
    assert caught.value.code == "detection.unknown_algorithm"
    assert "isolation_forest" in caught.value.details["known"]
    assert caught.value.hint
    if name == "isolation_forrest":
        assert caught.value.hint == "Did you mean 'isolation_forest'?"


@pytest.mark.parametrize("info", list_algorithms(), ids=lambda info: info.name)
def test_info_is_complete_and_plain(info: Any) -> None:
    described = info.to_dict()
    assert described["name"] == info.name
    assert set(described["kinds"]) <= {"table", "series", "image", "text"}
    assert described["parameters"]["additionalProperties"] is False
    defaults = {name: schema["default"] for name, schema in info.parameters["properties"].items()}
    made = create_algorithm(info.name, defaults)
    assert isinstance(made, Algorithm)
    assert isinstance(made, Attributing)
    for name, schema in info.parameters["properties"].items():
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        assert ("null" in kinds) == (defaults[name] is None), name


def test_list_can_be_narrowed() -> None:
    names = lambda **kinds: {info.name for info in list_algorithms(**kinds)}  # noqa: E731
    assert "stl" in names(kind="series")
    assert "knn" not in names(kind="series")
    assert {"knn", "modified_zscore"} <= names(kind="table")
    assert "knn" in names(family="neighbours")
    assert names(online=True) == set()
    assert names(installed=True) == names()
    assert names(kind="image") == set()


def test_adapters_are_listed_when_asked_for() -> None:
    for family, name in (("sklearn", "sklearn:LocalOutlierFactor"), ("pyod", "pyod:KNN")):
        found = list_algorithms(family=family)
        assert name in [info.name for info in found]
        assert {info.family for info in found} == {family}
        assert found == list_algorithms(family=family, kind="table")
    assert not [info for info in list_algorithms() if ":" in info.name]
    assert not list_algorithms(family="pyod", kind="series")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("pyod:ecod", "Did you mean 'pyod:ECOD'?"),
        ("sklearn:LocalOutlierFactr", "Did you mean 'sklearn:LocalOutlierFactor'?"),
        ("pyod:SOS", "SOS is left out: it judges a batch of rows among themselves and cannot judge a new one."),
        ("pyod:AutoEncoder", "AutoEncoder is left out: it needs PyTorch and is not wrapped."),
    ],
)
def test_unknown_adapters_get_a_hint(name: str, hint: str) -> None:
    with pytest.raises(NotFound, match=f"There is no algorithm '{name}'") as caught:
        create_detector(name)
    assert caught.value.code == "detection.unknown_algorithm"
    assert caught.value.hint == hint


@pytest.mark.parametrize("name", ["tensorflow:Model", "sklearn:", "pyod:os.system", ":", "sklearn:__class__"])
def test_names_that_only_look_like_adapters_are_unknown(name: str) -> None:
    with pytest.raises(NotFound, match="There is no algorithm"):
        create_detector(name)


WITHOUT_LIBRARIES = """
import json, sys
for name in ("sklearn", "skops", "pyod"):
    sys.modules[name] = None
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in ("sklearn", "skops", "pyod") else find(name, *rest)
from anomaly_detection import PlatformError, create_detector, list_algorithms
from anomaly_detection.detection.catalogue import algorithm_info
told = []
for name in ("pyod:KNN", "sklearn:IsolationForest"):
    try:
        create_detector(name, n_neighbors=3)
    except PlatformError as error:
        told.append([error.code, error.hint])
listed = [[info.name, info.installed, info.to_dict()["parameters"]["properties"]] for info in list_algorithms(family="pyod")]
print(json.dumps([told, listed, algorithm_info("pyod:ECOD").summary]))
"""


def test_adapters_without_their_library_name_what_to_install() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_LIBRARIES], capture_output=True, text=True, check=True)
    told, listed, summary = json.loads(done.stdout)
    assert told == [
        ["platform.missing_extra", "Install it with: pip install 'anomaly-detection[pyod]'"],
        ["platform.missing_extra", "Install it with: pip install 'anomaly-detection[sklearn]'"],
    ]
    assert ["pyod:KNN", False, {}] in listed
    assert summary == "PyOD's outlier detection by empirical distribution functions."


LIST_NAMES = """
import sys
from anomaly_detection import list_algorithms
names = [info.name for family in ("sklearn", "pyod") for info in list_algorithms(family=family)]
print(len(names), sorted({"sklearn", "pyod", "skops"} & set(sys.modules)))
"""


def test_listing_adapters_imports_no_library() -> None:
    done = subprocess.run([sys.executable, "-c", LIST_NAMES], capture_output=True, text=True, check=True)
    count, _, loaded = done.stdout.partition(" ")
    assert int(count) > 20
    assert loaded.strip() == "[]"


def test_the_schema_of_an_adapter_reads_like_any_other() -> None:
    parameters = algorithm_info("sklearn:LocalOutlierFactor").parameters
    assert set(parameters) == {"type", "properties", "additionalProperties"}
    assert len(parameters) == 3
    assert parameters == dict(parameters)
    assert "n_neighbors" in repr(parameters)


def test_schema_of_a_parameter() -> None:
    assert AUTO.schema() == {"type": ["integer", "null"], "default": None, "description": "Chosen.", "minimum": 2}
    assert WAY.schema()["enum"] == ["mean", "max"]
    assert Parameter("w", "string", None, "W.", choices=("a",), automatic=True).schema()["enum"] == ["a", None]


def test_seed_reaches_algorithms_that_take_one() -> None:
    assert create_algorithm("knn", {}, seed=7).seed == 7  # type: ignore[attr-defined]
    assert create_algorithm("knn", {"seed": 3}, seed=7).seed == 3  # type: ignore[attr-defined]


def test_optional_library_that_is_absent_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    line = catalogue_line("knn")
    absent = CatalogueLine("absent", line.target, "neighbours", needs="a_library_that_nobody_has", extra="some")
    monkeypatch.setattr("anomaly_detection.detection.catalogue._lines", lambda: {"absent": absent})
    info = algorithm_info("absent")
    assert (info.installed, info.extra) == (False, "some")
    assert list_algorithms(installed=True) == []


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "0", None, True])
def test_wrong_seeds_are_refused(seed: Any) -> None:
    with pytest.raises(PlatformError, match="The seed is"):
        create_detector("knn", seed=seed)
