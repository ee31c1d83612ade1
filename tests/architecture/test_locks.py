"""The lock files: every dependency pinned with its hashes, the same version in each file, no host named."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker

LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-bench.lock", "requirements-bootstrap.lock"]
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<marker>[^\\]+?))? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(path: Path) -> dict[str, str]:
    found = {}
    for line in path.read_text("utf-8").splitlines():
        # A package may be pinned once for this Python and once for a later one.
        if (match := PIN.match(line)) and (not match["marker"] or Marker(match["marker"]).evaluate()):
            found[normal(match["name"])] = match["version"]
    return found


def project(root: Path) -> dict[str, Any]:
    return dict(tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"])


def wanted(root: Path, extras: list[str]) -> set[str]:
    """Return the names that pyproject.toml asks for, references between extras followed."""
    data = project(root)
    names, todo = set(), [*data["dependencies"]]
    for extra in extras:
        todo += data["optional-dependencies"][extra]
    while todo:
        requirement = todo.pop()
        match = re.match(r"^([A-Za-z0-9._-]+)(?:\[([^\]]+)\])?", requirement)
        assert match, requirement
        if normal(match[1]) == "anomaly-detection":
            for extra in match[2].split(","):
                todo += data["optional-dependencies"][extra.strip()]
        else:
            names.add(normal(match[1]))
    return names


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_is_a_pin_or_a_hash(root: Path, name: str) -> None:
    lines = (root / name).read_text("utf-8").splitlines()
    assert len(lines) > 10
    assert [line for line in lines if not PIN.match(line) and not HASH.match(line)] == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_hash(root: Path, name: str) -> None:
    lines = (root / name).read_text("utf-8").splitlines()
    for number, line in enumerate(lines):
        if PIN.match(line):
            assert HASH.match(lines[number + 1]), line


def test_the_locks_agree(root: Path) -> None:
    dev = pins(root / "requirements-dev.lock")
    run = pins(root / "requirements.lock")
    bench = pins(root / "requirements-bench.lock")
    bootstrap = pins(root / "requirements-bootstrap.lock")
    assert {name: version for name, version in run.items() if dev.get(name) != version} == {}
    assert {name: version for name, version in bench.items() if dev.get(name, version) != version} == {}
    assert {name: version for name, version in bootstrap.items() if dev.get(name, version) != version} == {}


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("requirements.lock", ["core", "server", "postgres"]),
        ("requirements-dev.lock", ["dev"]),
        ("requirements-bench.lock", ["bench"]),
    ],
)
def test_the_locks_hold_what_the_project_asks_for(root: Path, lock: str, extras: list[str]) -> None:
    assert wanted(root, extras) - set(pins(root / lock)) == set()


def test_the_versions_that_are_installed_are_the_locked_ones(root: Path) -> None:
    locked = pins(root / "requirements-dev.lock")
    installed = {normal(found.metadata["Name"]): found.version for found in distributions()}
    differing = {n: (v, installed[n]) for n, v in locked.items() if n in installed and installed[n] != v}
    assert differing == {}, "make setup installs the locked versions"


def test_extras_are_made_of_references_or_of_libraries(root: Path) -> None:
    """The sets (ml, enterprise, all) name other extras only, so that no list is copied by hand."""
    optional = project(root)["optional-dependencies"]
    for name in ("core", "ml", "enterprise", "all"):
        assert all(line.startswith("anomaly-detection[") for line in optional[name]), name
