"""Isolation forest beside scikit-learn, PyOD and isotree: speed with two threads each, memory, quality, one row, cold start.

Alone: ``python -m benchmarks.isolation_forest [--rows N] [--data FOLDER]``; the folder holds labelled sets as ``.npz`` files
with the arrays ``X`` and ``y`` (1 = anomaly). Without it, quality is compared on two sets that scikit-learn brings.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import IsolationForest as Reference
from sklearn.metrics import roc_auc_score

from anomaly_detection.detection.algorithms.trees.isolation_forest import IsolationForest
from benchmarks.measure import Figure, fresh_process, machine, repeat, seconds

THREADS = 2
FEATURES = 10
TIMES = 3
SEEDS = range(3)

PEAK = """
import json, sys
from pathlib import Path
import numpy as np
def status(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024
X = np.random.default_rng(0).normal(size=(int(sys.argv[2]), int(sys.argv[3])))
if sys.argv[1] == "ours":
    from anomaly_detection.detection.algorithms.trees.isolation_forest import IsolationForest
    run = lambda rows: IsolationForest(n_threads=2).fit(rows).score(rows)
else:
    from sklearn.ensemble import IsolationForest
    run = lambda rows: IsolationForest(n_jobs=2, random_state=0).fit(rows).score_samples(rows)
run(X[:5000])
before = status("VmRSS")
Path("/proc/self/clear_refs").write_text("5")  # the peak of the parent is inherited otherwise
run(X)
print(json.dumps({"mib": status("VmHWM") - before}))
"""

COLD = """
import json, sys, time
started = time.perf_counter()
import numpy as np
from anomaly_detection.detection.algorithms.trees.isolation_forest import IsolationForest
forest = IsolationForest()
with np.load(sys.argv[1]) as state:
    forest.restore(dict(state))
forest.score(np.zeros((1, forest.state()["n_features"])))
print(json.dumps({"elapsed": time.perf_counter() - started}))
"""


def measure(rows: int = 1_000_000, data: Path | None = None) -> list[Figure]:
    """Measure all figures on `rows` generated rows, and the quality on the labelled sets in `data`."""
    X = np.random.default_rng(0).normal(size=(rows, FEATURES))
    return [*beside_peers(X), *peaks(rows), *quality(data), *one_row(X), cold_start(X)]


def beside_peers(X: np.ndarray) -> list[Figure]:
    """Time fit and score of everybody, run by run in turn, so that all meet the same load."""
    IsolationForest().fit(X[:5_000]).score(X[:5_000])
    forests = {"": _ours, "scikit-learn: ": _scikit_learn, "PyOD: ": _pyod}
    if importlib.util.find_spec("isotree") is not None:
        forests["isotree: "] = _isotree
    times: dict[str, list[tuple[float, float]]] = {who: [] for who in forests}
    out_of_bag = []
    for _ in range(TIMES):
        for who, make in forests.items():
            fit, score = make(X)
            times[who].append((seconds(fit), seconds(score)))
        out_of_bag.append(seconds(lambda: IsolationForest(n_threads=THREADS).fit_score(X)))
    size = f"{len(X):,} x {X.shape[1]}, {THREADS} threads"
    figures = []
    for who, runs in times.items():
        figures += [
            _spread(f"{who}fit", [fit for fit, _ in runs]),
            _spread(f"{who}score", [score for _, score in runs]),
        ]
        figures.append(_spread(f"{who}fit + score, {size}", [sum(run) for run in runs]))
    figures.append(_spread("fit_score (out of bag)", out_of_bag))
    own = statistics.median(sum(run) for run in times[""])
    for who, runs in times.items():
        if who:
            ratio = statistics.median(sum(run) for run in runs) / own
            aim = "10 x" if who.startswith("scikit") else ""
            note = f"medians of {TIMES} runs in turn"
            figures.append(Figure(f"times faster than {who[:-2]}, fit + score", ratio, "x", aim, note))
    return figures


def _ours(X: np.ndarray) -> tuple[Callable[[], object], Callable[[], object]]:
    forest = IsolationForest(n_threads=THREADS)
    return lambda: forest.fit(X), lambda: forest.score(X)


def _scikit_learn(X: np.ndarray) -> tuple[Callable[[], object], Callable[[], object]]:
    forest = Reference(n_estimators=100, max_samples=256, n_jobs=THREADS, random_state=0)
    return lambda: forest.fit(X), lambda: forest.score_samples(X)


def _pyod(X: np.ndarray) -> tuple[Callable[[], object], Callable[[], object]]:
    from pyod.models.iforest import IForest

    forest = IForest(n_estimators=100, max_samples=256, n_jobs=THREADS, random_state=0)
    return lambda: forest.fit(X), lambda: forest.decision_function(X)


def _isotree(X: np.ndarray) -> tuple[Callable[[], object], Callable[[], object]]:
    import isotree

    forest = isotree.IsolationForest(
        ntrees=100, sample_size=256, ndim=1, missing_action="fail", nthreads=THREADS, random_seed=0
    )
    return lambda: forest.fit(X), lambda: forest.predict(X)


def _spread(name: str, values: list[float]) -> Figure:
    note = f"median of {len(values)}, {min(values):.3g} to {max(values):.3g}"
    return Figure(name, statistics.median(values), "s", note=note)


def peaks(rows: int) -> list[Figure]:
    """Measure the memory that fit + score take beyond the data, each in a process of its own."""
    found = {who: fresh_process(PEAK, who, str(rows), str(FEATURES))["mib"] for who in ("ours", "theirs")}
    return [
        Figure("memory for fit + score beyond the data", found["ours"], "MiB", note="growth of the peak"),
        Figure("scikit-learn: memory for fit + score", found["theirs"], "MiB", note="growth of the peak"),
    ]


def quality(data: Path | None) -> list[Figure]:
    """Compare the mean AUROC over seeds with scikit-learn's, set by set and over all sets."""
    figures = []
    pairs = []
    for name, X, y in labelled(data):
        ours = np.mean([roc_auc_score(y, IsolationForest(seed=seed).fit(X).score(X)) for seed in SEEDS])
        theirs = np.mean(
            [roc_auc_score(y, -Reference(n_jobs=THREADS, random_state=seed).fit(X).score_samples(X)) for seed in SEEDS]
        )
        pairs.append((ours, theirs))
        figures.append(Figure(f"AUROC {name}", float(ours), "", note=f"scikit-learn {theirs:.4f}"))
    mean = np.mean(pairs, axis=0)
    note = f"scikit-learn {mean[1]:.4f}; mean of {len(SEEDS)} seeds"
    return [*figures, Figure(f"AUROC, mean of {len(pairs)} sets", float(mean[0]), "", "as scikit-learn's", note)]


def labelled(data: Path | None) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield name, rows and labels of each set in the folder, or of the labelled sets that scikit-learn brings."""
    if data is None:
        cells = load_breast_cancer()
        malignant = cells.target == 0
        # A tenth of the malignant ones: anomalies are rare.
        kept = ~malignant | (np.cumsum(malignant) % 10 == 1)
        yield "breast cancer", np.ascontiguousarray(cells.data[kept]), malignant[kept].astype(np.int64)
        digits = load_digits()
        kept = (digits.target == 0) | ((digits.target == 1) & (np.cumsum(digits.target == 1) % 18 == 1))
        yield "digits, a few ones among zeros", np.ascontiguousarray(digits.data[kept]), digits.target[kept]
        return
    for path in sorted(data.glob("*.npz")):
        with np.load(path) as file:
            yield path.stem, np.ascontiguousarray(file["X"], dtype=np.float64), file["y"]


def one_row(X: np.ndarray) -> list[Figure]:
    """Time single rows through fitted forests in this process."""
    from pyod.models.iforest import IForest

    theirs = IForest(n_estimators=100, max_samples=256, n_jobs=1, random_state=0).fit(X[:20_000])
    p50, p99 = single_rows(IsolationForest().fit(X).score, X, warm=2_000, rows=10_000)
    their_p50, their_p99 = single_rows(theirs.decision_function, X, warm=20, rows=200)
    return [
        Figure("one row, p50", p50, "us", note="10 000 rows after warm-up"),
        Figure("one row, p99", p99, "us", "below 100 us", "10 000 rows after warm-up"),
        Figure("PyOD: one row, p50", their_p50, "us", note="200 rows after warm-up, one thread"),
        Figure("PyOD: one row, p99", their_p99, "us", note="200 rows after warm-up, one thread"),
    ]


def single_rows(score: Callable[[np.ndarray], object], X: np.ndarray, *, warm: int, rows: int) -> tuple[float, float]:
    """Return the median and the 99th percentile of the time for one row, in microseconds."""
    taken = []
    for row in range(warm + rows):
        one = X[row % len(X)][np.newaxis]
        started = time.perf_counter_ns()
        score(one)
        taken.append((time.perf_counter_ns() - started) / 1e3)
    p50, p99 = np.percentile(taken[warm:], [50, 99])
    return float(p50), float(p99)


def cold_start(X: np.ndarray) -> Figure:
    """Time a fresh process up to the first scored row of a restored forest."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "forest.npz"
        np.savez(path, **IsolationForest().fit(X).state())  # type: ignore[arg-type]
        value, note = repeat(lambda: fresh_process(COLD, str(path))["elapsed"], TIMES)
    return Figure("fresh process, imports to the first scored row", value, "s", "1 s", note)


def main() -> None:
    """Run this benchmark alone and print its table."""
    from benchmarks.__main__ import table_of

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the timed table")
    parser.add_argument("--data", type=Path, help="folder of labelled sets (.npz with X and y)")
    chosen = parser.parse_args()
    about = machine()
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(
        f"{about['processor']}, {about['cores']} cores, load {about['load_before']}, Python {about['python']}"
    )
    console.print(", ".join(f"{name} {number}" for name, number in about["versions"].items()))
    console.print(table_of([("isolation_forest", figure) for figure in measure(chosen.rows, chosen.data)]))


if __name__ == "__main__":
    main()
