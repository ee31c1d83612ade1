"""The names that users import are frozen, and every name that is found by a string is there."""

from __future__ import annotations

import importlib
import inspect
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import anomaly_detection
from anomaly_detection.detection import catalogue
from anomaly_detection.shared.errors import PlatformError
from anomaly_detection.shared.lazy import resolve

# A name leaves this list only with a line in CHANGELOG.md that says what to use instead.
PUBLIC_NAMES = [
    "Anomaly",
    "DetectionResult",
    "DetectionService",
    "Detector",
    "EnsembleService",
    "Explanation",
    "PlatformError",
    "Severity",
    "configure_platform",
    "create_detector",
    "list_algorithms",
    "load_dataset",
    "load_detector",
    "register_adapter",
]


def test_the_public_names_are_frozen() -> None:
    assert sorted(anomaly_detection.__all__) == PUBLIC_NAMES
    assert set(PUBLIC_NAMES) <= set(dir(anomaly_detection))


@pytest.mark.parametrize("name", PUBLIC_NAMES)
def test_every_public_name_resolves_and_is_documented(name: str) -> None:
    found: Any = getattr(anomaly_detection, name)
    assert found.__name__ == name
    assert len(inspect.getdoc(found) or "") > 20


def test_the_version_is_the_distributions() -> None:
    assert anomaly_detection.__version__ == version("anomaly-detection")


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        anomaly_detection.no_such_name  # noqa: B018


def test_type_checkers_see_the_same_names_as_python() -> None:
    source = inspect.getsource(anomaly_detection)
    for name, target in anomaly_detection._NAMES.items():
        module, _, attribute = target.partition(":")
        assert f"from {module} import {attribute} as {name}" in source


def test_every_line_of_the_catalogue_resolves() -> None:
    lines = catalogue._lines()
    assert {"isolation_forest", "knn", "modified_zscore", "stl"} <= set(lines)
    for name, line in lines.items():
        assert line.name == name
        assert inspect.isclass(resolve(line.target)), name


def test_every_algorithm_file_has_its_line(package: Path) -> None:
    """A file that defines an algorithm is in the catalogue, and the other way round."""
    files = set()
    for path in (package / "detection").rglob("*.py"):
        if "\nPARAMETERS" in path.read_text("utf-8"):
            files.add(".".join(path.relative_to(package.parent).with_suffix("").parts))
    lines = {line.target.partition(":")[0] for line in catalogue.LINES}
    assert files == lines


def test_every_error_family_derives_from_the_one_root() -> None:
    errors = importlib.import_module("anomaly_detection.shared.errors")
    families = [value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, Exception)]
    assert len(families) > 5
    assert all(issubclass(family, PlatformError) for family in families)
