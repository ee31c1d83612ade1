"""Detect in a CSV file end to end, beside a pandas + PyOD script that does the same: seconds and peak memory.

Both read the file, fit on all rows, score them, and write every row with its score and verdict as CSV. Each run is a process of
its own. Alone: ``python -m benchmarks.detect_csv [--rows N] [--algorithms isolation_forest,ecod]``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
from rich.console import Console

from benchmarks.measure import Figure, machine

FEATURES = 10
TIMES = 3
PEERS = {"isolation_forest": "iforest:IForest", "ecod": "ecod:ECOD", "hbos": "hbos:HBOS"}
"""Ours, and the PyOD class that does the same."""
JOBS = {"iforest:IForest": {"n_jobs": 2, "random_state": 0}, "ecod:ECOD": {"n_jobs": 2}}

PYOD = """
import importlib, json, sys
import pandas as pd
source, target, place, options = sys.argv[1:]
module, _, name = place.partition(":")
frame = pd.read_csv(source)
model = getattr(importlib.import_module(f"pyod.models.{module}"), name)(**json.loads(options))
model.fit(frame.to_numpy())
frame["score"] = model.decision_scores_
frame["prediction"] = model.labels_
frame.to_csv(target, index=False)
"""

WATCH = """
import json, resource, subprocess, sys, time
started = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
elapsed = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(json.dumps({"seconds": elapsed, "mib": peak, "code": done.returncode, "error": done.stderr[-2000:]}))
"""


def measure(rows: int = 1_000_000, algorithms: tuple[str, ...] = ("isolation_forest",)) -> list[Figure]:
    """Measure with each algorithm on `rows` generated rows of ten columns, one in a thousand far out."""
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "rows.csv"
        write_rows(source, rows)
        size = f"{rows:,} x {FEATURES}, {source.stat().st_size / 1e6:.0f} MB"
        for name in algorithms:
            figures += beside_pyod(name, source, Path(folder), size)
    return figures


def write_rows(path: Path, rows: int) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, FEATURES))
    X[rng.choice(rows, rows // 1_000, replace=False)] += 8.0
    pyarrow.csv.write_csv(pa.table({f"feature_{column}": X[:, column] for column in range(FEATURES)}), path)


def beside_pyod(name: str, source: Path, folder: Path, size: str) -> list[Figure]:
    """Run both in turn, so that they meet the same load; the first run of each warms the caches and does not count."""
    ours, theirs = folder / "ours.csv", folder / "theirs.csv"
    program = str(Path(sys.executable).with_name("anomaly-detection"))
    options = json.dumps(JOBS.get(PEERS[name], {}))
    commands = {
        "ours": [program, "detect", str(source), "-a", name, "-o", str(ours), "--force", "--quiet"],
        "theirs": [sys.executable, "-c", PYOD, str(source), str(theirs), PEERS[name], options],
    }
    runs: dict[str, list[dict[str, float]]] = {who: [] for who in commands}
    for turn in range(TIMES + 1):
        for who, command in commands.items():
            found = watch(command)
            if turn:
                runs[who].append(found)
    medians = {
        who: {key: float(np.median([run[key] for run in found])) for key in ("seconds", "mib")}
        for who, found in runs.items()
    }
    label = f"detect a CSV, {name}"
    return [
        Figure(label, medians["ours"]["seconds"], "s", note=f"{size}, {spread(runs['ours'])}"),
        Figure(f"pandas + PyOD: {label}", medians["theirs"]["seconds"], "s", note=spread(runs["theirs"])),
        Figure(f"times faster, {name}", medians["theirs"]["seconds"] / medians["ours"]["seconds"], "x", "10 x"),
        Figure(f"{label}: peak memory", medians["ours"]["mib"], "MiB", note="of the process"),
        Figure(f"pandas + PyOD: {label}: peak memory", medians["theirs"]["mib"], "MiB", note="of the process"),
        Figure(f"share of their peak memory, {name}", medians["ours"]["mib"] / medians["theirs"]["mib"], "x", "0.5 x"),
    ]


def spread(runs: list[dict[str, float]]) -> str:
    values = [run["seconds"] for run in runs]
    return f"whole process, median of {len(values)}, {min(values):.3g} to {max(values):.3g}"


def watch(command: list[str]) -> dict[str, float]:
    """Run a command and return its seconds and its peak memory in MiB."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *command], capture_output=True, text=True, check=True, env=environment
    )
    found = json.loads(done.stdout)
    if found["code"] != 0:
        raise RuntimeError(f"a measured process failed:\n{found['error']}")
    return dict(found)


def main() -> None:
    """Run this benchmark alone and print its table."""
    from benchmarks.__main__ import table_of

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the file")
    parser.add_argument("--algorithms", default=",".join(PEERS), help="which of ours, by comma")
    chosen = parser.parse_args()
    about = machine()
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(", ".join(f"{name} {number}" for name, number in about["versions"].items()))
    figures = measure(chosen.rows, tuple(chosen.algorithms.split(",")))
    console.print(table_of([("detect_csv", figure) for figure in figures]))


if __name__ == "__main__":
    main()
