"""Isolation forest beside scikit-learn: speed with two threads for both, memory, ranking quality, one row, cold start.

Alone: ``python -m benchmarks.isolation_forest [--rows N] [--data FOLDER]``; the folder holds labelled sets as ``.npz`` files
with the arrays ``X`` and ``y`` (1 = anomaly). Without it, quality is compared on two sets that scikit-learn brings.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
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
    return [*beside_scikit_learn(X), *peaks(rows), *quality(data), *one_row(X), cold_start(X)]


def beside_scikit_learn(X: np.ndarray) -> list[Figure]:
    """Time fit, score and fit_score, run by run in turn, so that both meet the same load."""
    IsolationForest().fit(X[:5_000]).score(X[:5_000])
    times: dict[str, list[float]] = {name: [] for name in ("fit", "score", "fit_score", "their fit", "their score")}
    for _ in range(TIMES):
        ours = IsolationForest(n_threads=THREADS)
        theirs = Reference(n_estimators=100, max_samples=256, n_jobs=THREADS, random_state=0)
        times["fit"].append(seconds(lambda: ours.fit(X)))  # noqa: B023
        times["score"].append(seconds(lambda: ours.score(X)))  # noqa: B023
        times["fit_score"].append(seconds(lambda: ours.fit_score(X)))  # noqa: B023
        times["their fit"].append(seconds(lambda: theirs.fit(X)))  # noqa: B023
        times["their score"].append(seconds(lambda: theirs.score_samples(X)))  # noqa: B023
    size = f"{len(X):,} x {X.shape[1]}, {THREADS} threads"
    own = [fit + score for fit, score in zip(times["fit"], times["score"], strict=True)]
    other = [fit + score for fit, score in zip(times["their fit"], times["their score"], strict=True)]
    ratio = statistics.median(other) / statistics.median(own)
    return [
        _spread("fit", times["fit"]),
        _spread("score", times["score"]),
        _spread(f"fit + score, {size}", own),
        _spread("fit_score (out of bag)", times["fit_score"]),
        _spread("scikit-learn: fit", times["their fit"]),
        _spread("scikit-learn: score", times["their score"]),
        _spread(f"scikit-learn: fit + score, {size}", other),
        Figure("times faster than scikit-learn, fit + score", ratio, "x", "10 x", f"medians of {TIMES} runs in turn"),
    ]


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
    """Time single rows through a fitted forest in this process."""
    forest = IsolationForest().fit(X)
    taken = []
    for row in range(12_000):
        one = X[row % len(X)][np.newaxis]
        started = time.perf_counter_ns()
        forest.score(one)
        taken.append((time.perf_counter_ns() - started) / 1e3)
    p50, p99 = np.percentile(taken[2_000:], [50, 99])
    return [
        Figure("one row, p50", float(p50), "us", note="10 000 rows after warm-up"),
        Figure("one row, p99", float(p99), "us", "below 100 us", "10 000 rows after warm-up"),
    ]


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
    console = Console()
    console.print(
        f"{about['processor']}, {about['cores']} cores, load {about['load_before']}, Python {about['python']}"
    )
    console.print(", ".join(f"{name} {number}" for name, number in about["versions"].items()))
    console.print(table_of([("isolation_forest", figure) for figure in measure(chosen.rows, chosen.data)]))


if __name__ == "__main__":
    main()
