"""The distribution: what it holds, what it needs, and that the lines of its README run with nothing else."""

from __future__ import annotations

import email
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import anomaly_detection_client as sdk
from tests.presentation.api.running import TAXI, Running

HOME = Path(__file__).resolve().parents[3] / "sdks/python"
SOURCE = HOME / "src/anomaly_detection_client"
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", str(folder)]
    subprocess.run(command, cwd=HOME, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def test_the_wheel_holds_everything(installed: Path) -> None:
    wanted = {
        path.relative_to(SOURCE.parent).as_posix()
        for path in SOURCE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    found = {path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()}
    assert wanted <= found
    assert "anomaly_detection_client/py.typed" in found
    assert {name.partition("/")[0].partition("-")[0] for name in found} == {"anomaly_detection_client"}


def test_it_needs_httpx_alone(installed: Path) -> None:
    (metadata,) = installed.glob("*.dist-info/METADATA")
    headers = email.message_from_string(metadata.read_text("utf-8"))
    needs = headers.get_all("Requires-Dist") or []
    assert [need for need in needs if "extra ==" not in need] == ["httpx>=0.27"]
    assert headers["Version"] == sdk.__version__
    assert headers["License-Expression"] == "Apache-2.0"
    assert list(installed.glob("*.dist-info/licenses/LICENSE"))


def test_the_source_distribution_holds_what_builds_it(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "src/anomaly_detection_client/py.typed"} <= names
    assert not [name for name in names if "__pycache__" in name]


def run(code: str, installed: Path, folder: Path) -> str:
    """Run code in a process of its own, with the distribution and what it needs; not with the platform."""
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_lines_of_the_readme_run(running: Running, installed: Path, tmp_path: Path, password: str) -> None:
    (tmp_path / "sensor.csv").write_bytes(__import__("gzip").decompress(TAXI.read_bytes()))
    blocks = BLOCK.findall((HOME / "README.md").read_text("utf-8"))
    assert len(blocks) == 2
    first, second = (
        block.replace("http://127.0.0.1:8000", running.url)
        .replace('"admin"', '"ann"')
        .replace("the password you chose", password)
        for block in blocks
    )
    lines = run(first, installed, tmp_path).splitlines()
    assert lines[0].startswith(("0", "1"))
    assert [line for line in lines if line.startswith("1 201") and line.endswith(" critical")]
    assert int(run(second, installed, tmp_path)) > 0


def test_importing_it_loads_little(installed: Path, tmp_path: Path) -> None:
    code = "import sys, anomaly_detection_client; print('pyarrow' in sys.modules, 'anomaly_detection' in sys.modules)"
    assert run(code, installed, tmp_path).split() == ["False", "False"]
