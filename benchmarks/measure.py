"""What every benchmark shares: figures, repeated measurement, and a description of the machine."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
LIBRARIES = (
    *("numpy", "scipy", "numba", "pyarrow", "pandas", "scikit-learn", "pyod", "isotree", "statsmodels"),
    *("fastapi", "sqlalchemy", "uvicorn"),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number.

    Attributes
    ----------
    name : str
        What was measured, in words.
    value : float
        The number; of repeated measurements the median.
    unit : str
        Such as ``ms``, ``s``, ``us``, ``x`` (times faster) or ``AUROC``.
    aim : str
        What we want it to be, in words; empty when there is no aim.
    note : str
        How it was measured: size of the data, repetitions, spread.
    """

    name: str
    value: float
    unit: str
    aim: str = ""
    note: str = ""


def repeat(run: Callable[[], float], times: int) -> tuple[float, str]:
    """Return the median of `times` runs and a note with the spread."""
    values = [run() for _ in range(times)]
    return statistics.median(values), f"median of {times}, {min(values):.3g} to {max(values):.3g}"


def seconds(run: Callable[[], Any]) -> float:
    """Return the wall time of one call."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def fresh_process(code: str, *arguments: str) -> dict[str, float]:
    """Run Python code in a fresh interpreter; return the JSON object it prints, with ``process`` = its wall time in s."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environment, check=False
    )
    elapsed = time.perf_counter() - started
    if done.returncode != 0:
        raise RuntimeError(f"a measured process failed:\n{done.stderr}")
    return {**json.loads(done.stdout), "process": elapsed}


def machine() -> dict[str, Any]:
    """Describe the machine and the versions, so that figures can be compared."""
    versions = {}
    for name in ("anomaly-detection", *LIBRARIES):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "commit": commit(),
        "versions": versions,
    }


def processor() -> str:
    """Return the processor's name, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def load_average() -> float:
    """Return how many processes wanted a processor over the last minute."""
    return os.getloadavg()[0]


def busiest(span_seconds: float = 1.0) -> str:
    """Return what else uses the processors now: the busiest processes but this one, with their share of one processor."""
    before = _processor_ticks()
    time.sleep(span_seconds)
    after = _processor_ticks()
    used = {pid: ticks - before[pid][0] for pid, (ticks, _, _) in after.items() if pid in before and pid != os.getpid()}
    shares = {pid: ticks / os.sysconf("SC_CLK_TCK") / span_seconds for pid, ticks in used.items()}
    top = sorted(shares, key=lambda pid: -shares[pid])[:3]
    return (
        ", ".join(f"{after[pid][1]} {shares[pid]:.0%}" for pid in top if shares[pid] >= 0.05) or "nothing else is busy"
    )


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process and its descendants have taken; a busy machine makes it little longer."""
    ticks, family = _processor_ticks(), {pid}
    while children := {other for other, (_, _, parent) in ticks.items() if parent in family} - family:
        family |= children
    return sum(ticks[member][0] for member in family if member in ticks) / os.sysconf("SC_CLK_TCK")


def _processor_ticks() -> dict[int, tuple[int, str, int]]:
    """Return the processor time, the name and the parent of each process, as far as the system tells them."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            head, _, rest = (place / "stat").read_text("utf-8", errors="replace").rpartition(") ")
        except OSError:
            continue
        fields = rest.split()
        found[int(place.name)] = (int(fields[11]) + int(fields[12]), head.partition("(")[2], int(fields[1]))
    return found


def commit() -> str:
    """Return the short hash of the checkout, with ``+`` when it has uncommitted changes."""
    root = Path(__file__).parents[1]
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"], cwd=root, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def write(name: str, figures: list[Figure], about: dict[str, Any]) -> Path:
    """Write one benchmark's figures with the machine they were measured on."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    document = {"benchmark": name, "machine": about, "figures": [asdict(figure) for figure in figures]}
    path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    return path
