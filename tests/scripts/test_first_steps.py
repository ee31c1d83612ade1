"""What `make run` and `make test` say on a machine where something is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ["bash", "cat", "dirname", "env", "find", "head", "id", "mktemp", "rm", "touch", "tr", "uname"]


@pytest.fixture
def bare_machine(tmp_path: Path) -> Path:
    """A folder for PATH with the usual small tools, and neither Python, Node.js, Chromium nor apt-get."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (folder / tool).symlink_to(found)
    return folder


def script(
    name: str, path: Path, *arguments: str, cwd: Path = ROOT, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", str(cwd / "scripts" / name), *arguments],
        cwd=cwd,
        env={"PATH": str(path), "HOME": os.environ.get("HOME", "/"), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def checkout(folder: Path) -> Path:
    """Copy what the dashboard's build needs: its script and a source file."""
    (folder / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "build_dashboard.sh", folder / "scripts")
    (folder / "web").mkdir()
    (folder / "web" / "package.json").write_text("{}")
    return folder


def test_without_python_it_says_what_to_install(bare_machine: Path) -> None:
    done = script("find_python.sh", bare_machine)
    assert done.returncode == 1
    assert "Python 3.11 to 3.14 is needed" in done.stderr
    assert "apt-get install python3 python3-venv" in done.stderr
    assert done.stdout == ""


def test_an_old_python_is_passed_over(bare_machine: Path) -> None:
    old = bare_machine / "python3"
    old.write_text("#!/usr/bin/env bash\n[ \"$1\" = --version ] && echo 'Python 3.9.2'\nexit 1\n")
    old.chmod(0o755)
    assert "found: Python 3.9.2" in script("find_python.sh", bare_machine).stderr
    (bare_machine / "python3.12").symlink_to(sys.executable)
    assert script("find_python.sh", bare_machine).stdout.strip() == str(bare_machine / "python3.12")


def test_a_python_without_venv_is_told_apart(bare_machine: Path) -> None:
    cut = bare_machine / "python3"
    body = f'case "$*" in *ensurepip*) exit 1;; esac; exec {sys.executable} "$@"'
    cut.write_text(f"#!/usr/bin/env bash\n{body}\n")
    cut.chmod(0o755)
    done = script("find_python.sh", bare_machine)
    assert done.returncode == 1
    assert f"python3.{sys.version_info.minor}-venv" in done.stderr


def test_without_node_everything_else_goes_on(bare_machine: Path, tmp_path: Path) -> None:
    folder = checkout(tmp_path / "checkout")
    done = script("build_dashboard.sh", bare_machine, cwd=folder)
    assert done.returncode == 0
    assert "Node.js 20 or newer" in done.stderr
    assert "Everything else works" in done.stderr
    assert script("build_dashboard.sh", bare_machine, "--required", cwd=folder).returncode == 1


def test_a_dashboard_that_is_up_to_date_is_not_built_again(bare_machine: Path, tmp_path: Path) -> None:
    folder = checkout(tmp_path / "checkout")
    built = folder / "src" / "anomaly_detection" / "presentation" / "web" / "static" / "index.html"
    built.parent.mkdir(parents=True)
    built.write_text("<html>")
    os.utime(folder / "web" / "package.json", (1, 1))
    os.utime(folder / "web", (1, 1))
    assert "up to date" in script("build_dashboard.sh", bare_machine, "--required", cwd=folder).stdout
    os.utime(built, (0, 0))
    assert "the one built before is used" in script("build_dashboard.sh", bare_machine, cwd=folder).stdout


def test_without_the_tests_software_it_says_what_to_install(bare_machine: Path) -> None:
    done = script("install_system_packages.sh", bare_machine)
    assert done.returncode == 1
    assert "chromium" in done.stderr
    assert "apt-get install" in done.stderr
