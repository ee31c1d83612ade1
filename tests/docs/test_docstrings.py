"""Every example of a docstring runs."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import anomaly_detection

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(anomaly_detection.__path__, "anomaly_detection.")
    if ".migrations" not in module.name and not module.name.endswith("__main__")
)
SOURCE = Path(anomaly_detection.__file__).parent
WITH_EXAMPLES = [
    name
    for name in MODULES
    if ">>> "
    in next(
        path
        for path in (
            SOURCE.parent.joinpath(*name.split(".")).with_suffix(".py"),
            SOURCE.parent.joinpath(*name.split("."), "__init__.py"),
        )
        if path.exists()
    ).read_text("utf-8")
]


def test_modules_with_examples_are_found() -> None:
    assert len(WITH_EXAMPLES) >= 5
    assert "anomaly_detection.detection.detector" in WITH_EXAMPLES


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    finder = doctest.DocTestFinder(exclude_empty=True)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    report: list[str] = []
    for example in finder.find(module, name):
        runner.run(example, out=report.append)
    assert runner.tries > 0, "the module has examples that doctest does not find"
    assert runner.failures == 0, "".join(report)
