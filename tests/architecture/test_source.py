"""Rules that hold for every source file: size, what it may call, what it may not import."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterator
from pathlib import Path

LONGEST = 500
LONGER: dict[str, str] = {}
"""Modules over the limit, each with the reason why it is not cut."""


def calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and the dotted name of everything that is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module


def test_no_module_is_too_long(root: Path, source_files: list[Path]) -> None:
    clients = sorted((root / "sdks").rglob("*.py"))
    lengths = {
        path.relative_to(root).as_posix(): len(path.read_text("utf-8").splitlines()) for path in source_files + clients
    }
    too_long = {name: length for name, length in lengths.items() if length > LONGEST}
    assert sorted(too_long) == sorted(LONGER), too_long


def test_shared_stays_tiny(package: Path) -> None:
    modules = [path.name for path in (package / "shared").rglob("*.py") if path.name != "__init__.py"]
    assert len(modules) <= 8, modules


def test_nothing_runs_what_it_reads(source_files: list[Path]) -> None:
    """No pickle in any form, no eval or exec, no YAML that makes objects, no shell."""
    forbidden_modules = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
    forbidden_calls = {"eval", "exec", "yaml.load", "yaml.unsafe_load", "os.system", "os.popen", "pd.read_pickle"}
    found = []
    for path in source_files:
        tree = ast.parse(path.read_text("utf-8"))
        found += [
            f"{path}:{line} imports {name}"
            for line, name in imports(tree)
            if name.partition(".")[0] in forbidden_modules
        ]
        found += [f"{path}:{line} calls {name}" for line, name in calls(tree) if name in forbidden_calls]
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.keyword)
                and node.arg in {"allow_pickle", "shell"}
                and ast.unparse(node.value) != "False"
            ):
                found.append(f"{path}:{node.value.lineno} sets {node.arg}")
    assert found == []


def test_the_environment_is_read_in_one_place(package: Path, source_files: list[Path]) -> None:
    """Settings come through configurations/settings.py; ENVIRONMENT names the exceptions."""
    found = []
    for path in source_files:
        name = path.relative_to(package).as_posix()
        tree = ast.parse(path.read_text("utf-8"))
        reads = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}
        ]
        if reads and name not in ENVIRONMENT:
            found.append(f"{name}:{reads[0].lineno}")
    assert found == []


ENVIRONMENT: dict[str, str] = {
    "configurations/settings.py": "the one place",
}


def test_nothing_inside_imports_the_bare_root(package: Path, source_files: list[Path]) -> None:
    """`from anomaly_detection import <room>` names a room; any other name of the root is the lazy facade."""
    rooms = {path.stem for path in package.iterdir()} - {"__init__"}
    found = []
    for path in source_files:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names if alias.name == "anomaly_detection"]
            elif isinstance(node, ast.ImportFrom) and node.module == "anomaly_detection":
                names = [alias.name for alias in node.names if alias.name not in rooms]
            found += [f"{path.relative_to(package)}: {name}" for name in names]
    assert found == []


def test_the_layers_contract_is_exhaustive_and_names_every_room(root: Path, package: Path) -> None:
    contracts = configparser.ConfigParser()
    contracts.read(root / ".importlinter")
    for section, folder in (("rooms", package), ("detection", package / "detection")):
        contract = contracts[f"importlinter:contract:{section}"]
        assert contract["exhaustive"] == "true"
        assert "ignore_imports" not in contract
        named = set(re.findall(r"\w+", contract["layers"]))
        there = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
        assert there - {"__init__", "__main__"} <= named


def test_a_room_is_a_package(package: Path) -> None:
    """A folder without __init__.py is invisible to the import linter."""
    folders = {path.parent for path in package.rglob("*.py")}
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []
