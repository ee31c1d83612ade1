"""Start-up times, each in fresh processes: importing the root, ``--help``, the first scored row."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import Figure, fresh_process, repeat, seconds

IMPORT_ROOT = """
import json, sys, time
before = set(sys.modules); started = time.perf_counter()
import anomaly_detection
elapsed = time.perf_counter() - started; loaded = set(sys.modules) - before
print(json.dumps({"elapsed": elapsed, "modules": len(loaded), "numpy": int("numpy" in loaded)}))
"""

MAKE_ROWS = """
import random
source = random.Random(7)
rows = [[source.gauss(0.0, 1.0) for _ in range(10)] for _ in range(1000)]
"""

FIT_AND_SCORE = f"""
import json, time
{MAKE_ROWS}
started = time.perf_counter()
import numpy as np
from anomaly_detection import create_detector
data = np.asarray(rows)
scores = create_detector("isolation_forest").fit(data).score(data[:1])
print(json.dumps({{"elapsed": time.perf_counter() - started, "finite": int(np.isfinite(scores).all())}}))
"""

SAVE = f"""
import json, sys
{MAKE_ROWS}
import numpy as np
from anomaly_detection import create_detector
create_detector("isolation_forest").fit(np.asarray(rows)).save(sys.argv[1])
print(json.dumps({{}}))
"""

LOAD_AND_SCORE = """
import json, sys, time
started = time.perf_counter()
import numpy as np
from anomaly_detection import load_detector
scores = load_detector(sys.argv[1]).score(np.zeros((1, 10)))
print(json.dumps({"elapsed": time.perf_counter() - started, "finite": int(np.isfinite(scores).all())}))
"""


def measure() -> list[Figure]:
    """Measure the start-up times; the first process of each kind warms the caches and does not count."""
    return [*import_of_the_root(), help_of_the_command_line(), first_row_fitted(), first_row_loaded()]


def import_of_the_root() -> list[Figure]:
    first = fresh_process(IMPORT_ROOT)
    median, note = repeat(lambda: fresh_process(IMPORT_ROOT)["elapsed"] * 1e3, 15)
    return [
        Figure("import of the root", median, "ms", "50 ms", note),
        Figure(
            "modules that the import loads",
            first["modules"],
            "",
            "no numpy",
            "with numpy" if first["numpy"] else "no numpy",
        ),
    ]


def help_of_the_command_line() -> Figure:
    program = Path(sys.executable).with_name("anomaly-detection")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def run() -> None:
        subprocess.run([program, "--help"], check=True, capture_output=True, env=environment)

    run()
    median, note = repeat(lambda: seconds(run) * 1e3, 9)
    return Figure("anomaly-detection --help, whole process", median, "ms", "", note)


def first_row_fitted() -> Figure:
    fresh_process(FIT_AND_SCORE)
    median, note = repeat(lambda: fresh_process(FIT_AND_SCORE)["process"], 5)
    return Figure("fresh process: fit a forest on 1000 x 10, score a row", median, "s", "1 s", f"whole process, {note}")


def first_row_loaded() -> Figure:
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "forest.adm")
        fresh_process(SAVE, path)
        fresh_process(LOAD_AND_SCORE, path)
        median, note = repeat(lambda: fresh_process(LOAD_AND_SCORE, path)["process"], 5)
    return Figure("fresh process: load a forest, score a row", median, "s", "1 s", f"whole process, {note}")
