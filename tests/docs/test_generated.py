"""The generated reference pages hold all that the code holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import anomaly_detection
from anomaly_detection.configurations.settings import Settings
from anomaly_detection.detection.catalogue import algorithm_info
from anomaly_detection.presentation.api.app import describe_app
from scripts import generate_docs


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("generated")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generate_docs, "TARGET", folder)
        patch.setattr(generate_docs, "ROOT", folder)
        assert generate_docs.main() == 0
    return {path.relative_to(folder).as_posix()[:-3]: path.read_text("utf-8") for path in folder.rglob("*.md")}


def test_every_algorithm_has_a_page_with_its_parameters(pages: dict[str, str]) -> None:
    for info in anomaly_detection.list_algorithms():
        page = pages[f"algorithms/{info.name}"]
        assert info.summary in page
        assert f"]({info.name}.md)" in pages["algorithms/index"]
        for parameter in info.parameters["properties"]:
            assert f"| `{parameter}` |" in page


@pytest.mark.parametrize("name", [info.name for info in anomaly_detection.list_algorithms()])
def test_the_first_lines_of_an_algorithms_page_run(
    pages: dict[str, str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = pages[f"algorithms/{name}"].partition("```python\n")[2].partition("```")[0]
    exec(compile(code, f"algorithms/{name}", "exec"), {})
    printed = capsys.readouterr().out
    assert f"DetectionResult('{name}', " in printed
    if "table" in algorithm_info(name).kinds:
        assert printed.rstrip().endswith(" 200")


def test_every_error_code_is_there_with_its_class_and_text(pages: dict[str, str]) -> None:
    raised = set()
    for path in Path(anomaly_detection.__file__).parent.rglob("*.py"):
        raised |= set(re.findall(r'\bcode="([a-z]+\.[a-z_0-9]+)"', path.read_text("utf-8")))
    assert len(raised) > 30
    rows = {cells[0].strip("| `"): cells[1:] for cells in (line.split(" | ") for line in pages["errors"].splitlines())}
    assert raised - set(rows) == set()
    with_text = [code for code in raised if len(rows[code][-1]) > 5]
    assert len(with_text) > 0.9 * len(raised)
    with_class = [code for code in raised if rows[code][0].startswith("`")]
    assert len(with_class) > 0.9 * len(raised)


def test_every_request_is_there(pages: dict[str, str]) -> None:
    for path, methods in describe_app().openapi()["paths"].items():
        for method in methods:
            assert f"`{method.upper()} {path}`" in pages["rest"]


def test_every_setting_is_there(pages: dict[str, str]) -> None:
    for name in Settings.model_fields:
        assert f"| `{name}` | `ANOMALY_DETECTION_{name.upper()}` |" in pages["settings"]


@pytest.mark.parametrize("command", ["detect", "serve", "algorithms", "doctor"])
def test_every_command_is_there(pages: dict[str, str], command: str) -> None:
    assert f"### anomaly-detection {command}" in pages["command-line"]
