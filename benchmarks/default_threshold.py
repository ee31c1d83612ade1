"""What the default threshold flags: on clean tables, where every flag is false, and on labelled ones, beside peers' defaults.

Alone: ``python -m benchmarks.default_threshold [--data FOLDER] [--half 1|2] [--algorithms a,b] [--repeats N]``; the folder holds
labelled sets as ``.npz`` files with the arrays ``X`` and ``y`` (1 = anomaly). Without it only clean tables are drawn. ``--half``
takes every other set in the order of their names, so that a change can be chosen on one half and confirmed on the other.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from anomaly_detection import create_detector
from benchmarks.measure import Figure

FloatArray = NDArray[np.float64]
Law = Callable[[np.random.Generator, int, int], FloatArray]
Judge = Callable[[FloatArray], NDArray[np.bool_]]

ALGORITHMS = (
    "modified_zscore",
    "zscore",
    "iqr",
    "hbos",
    "ecod",
    "isolation_forest",
    "knn",
    "lof",
    "elliptic_envelope",
    "one_class_svm",
)
SIZES = {50: 2, 200: 2, 1_000: 2, 5_000: 1}
"""Rows of the clean tables, and what part of the repeats is drawn of each: twice as many small ones."""
COLUMNS = (1, 2, 6, 20)
HELD_OUT = 2_000
SLOW = 20_000
"""Above so many rows a kernel machine takes minutes."""


def _mixture(rng: np.random.Generator, n: int, d: int) -> FloatArray:
    """Draw five groups of uneven size and spread; the groups themselves depend on the number of columns only."""
    fixed = np.random.default_rng([5, d])
    centers, spreads = fixed.normal(size=(5, d)) * 4.0, fixed.uniform(0.4, 2.0, size=5)
    group = rng.choice(5, size=n, p=fixed.dirichlet(np.full(5, 5.0)))
    return np.asarray(centers[group] + rng.normal(size=(n, d)) * spreads[group][:, np.newaxis])


LAWS: Mapping[str, Law] = {
    "normal": lambda rng, n, d: rng.normal(size=(n, d)),
    "uniform": lambda rng, n, d: rng.uniform(size=(n, d)),
    "gamma, shape 2": lambda rng, n, d: rng.gamma(2.0, size=(n, d)),
    "Student's t, 5 degrees": lambda rng, n, d: rng.standard_t(5, size=(n, d)),
    "five groups": _mixture,
}


@dataclass(frozen=True, slots=True)
class Alarm:
    """What one clean table gave: flagged share, and held-out rows with a p-value of at most 0.05 and 0.01."""

    law: str
    n_columns: int
    flagged: float
    held_out: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was flagged in one labelled table."""

    dataset: str
    judge: str
    n_rows: int
    n_anomalies: int
    flagged: int
    hits: int

    @property
    def precision(self) -> float:
        """Share of anomalies among the rows flagged; NaN when none is."""
        return self.hits / self.flagged if self.flagged else float("nan")

    @property
    def recall(self) -> float:
        """Share of the anomalies that is flagged."""
        return self.hits / self.n_anomalies


def measure(
    data: Path | None = None,
    half: int | None = None,
    algorithms: tuple[str, ...] = ALGORITHMS,
    repeats: int = 1,
    console: Console | None = None,
) -> list[Figure]:
    """Measure false alarms on clean tables and, with a folder, what is found in labelled ones."""
    figures: list[Figure] = []
    for name in algorithms:
        alarms = list(clean_tables(name, repeats))
        figures += false_alarms(name, alarms)
        if console is not None:
            console.print(alarm_table(name, alarms))
    if data is None:
        return figures
    findings = list(labelled_tables(data, half, algorithms))
    if console is not None:
        console.print(finding_table(findings))
    for judge in dict.fromkeys(item.judge for item in findings):
        figures += found(judge, [item for item in findings if item.judge == judge])
    return figures


def clean_tables(name: str, repeats: int) -> Iterator[Alarm]:
    """Detect in tables without an anomaly, and score as many rows again that were not learnt from."""
    for law, draw in LAWS.items():
        for d in COLUMNS:
            for n, times in SIZES.items():
                for repeat in range(times * repeats):
                    rng = np.random.default_rng([repeat, n, d])
                    detector = create_detector(name)
                    result = detector.detect(draw(rng, n, d), explain=False)
                    p = detector.detect(draw(rng, HELD_OUT, d), explain=False).p_values
                    held_out = (float((p <= 0.05).mean()), float((p <= 0.01).mean()))
                    yield Alarm(law, d, result.n_anomalies / n, held_out)


def false_alarms(name: str, alarms: list[Alarm]) -> list[Figure]:
    """Sum up clean tables."""
    flagged = np.array([alarm.flagged for alarm in alarms])
    p05, p01 = np.mean([alarm.held_out for alarm in alarms], axis=0)
    note = f"{len(alarms)} clean tables of {min(SIZES)} to {max(SIZES)} rows"
    return [
        Figure(f"{name}: clean tables with any flag", 100 * float((flagged > 0).mean()), "%", "at most 10 %", note),
        Figure(f"{name}: share of clean rows flagged", 100 * float(flagged.mean()), "%", "at most 0.2 %", note),
        Figure(f"{name}: held-out P(p <= 0.05)", float(p05), "", "at most 0.06", note),
        Figure(f"{name}: held-out P(p <= 0.01)", float(p01), "", "at most 0.015", note),
    ]


def labelled_tables(folder: Path, half: int | None, algorithms: tuple[str, ...]) -> Iterator[Finding]:
    """Judge every labelled set by every algorithm's default, and by the defaults of peers."""
    paths = sorted(folder.glob("*.npz"))
    for path in paths if half is None else paths[half - 1 :: 2]:
        with np.load(path) as held:
            X, y = np.asarray(held["X"], dtype=np.float64), np.asarray(held["y"]) == 1
        judges: dict[str, Judge] = {name: _ours(name) for name in algorithms} | PEERS
        for name, judge in judges.items():
            if len(X) > SLOW and name == "one_class_svm":
                continue
            flags = judge(X)
            yield Finding(path.stem, name, len(X), int(y.sum()), int(flags.sum()), int((flags & y).sum()))


def found(judge: str, findings: list[Finding]) -> list[Figure]:
    """Sum up labelled tables."""
    some = [item.precision for item in findings if item.flagged]
    note = f"{len(findings)} labelled tables"
    precision = float(np.mean(some)) if some else float("nan")
    return [
        Figure(f"{judge}: labelled tables with any flag", len(some), "tables", note=note),
        Figure(f"{judge}: mean precision where it flags", precision, "", note=note),
        Figure(f"{judge}: mean recall", float(np.mean([item.recall for item in findings])), "", note=note),
        Figure(
            f"{judge}: share of normal rows flagged",
            100 * float(np.mean([(x.flagged - x.hits) / (x.n_rows - x.n_anomalies) for x in findings])),
            "%",
            note=note,
        ),
    ]


def _ours(name: str) -> Judge:
    return lambda X: create_detector(name).detect(X, explain=False).predictions == 1


def _pyod_knn(X: FloatArray) -> NDArray[np.bool_]:
    from pyod.models.knn import KNN

    return np.asarray(KNN().fit(X).labels_ == 1)


def _pyod_forest(X: FloatArray) -> NDArray[np.bool_]:
    from pyod.models.iforest import IForest

    return np.asarray(IForest(random_state=0).fit(X).labels_ == 1)


def _sklearn_forest(X: FloatArray) -> NDArray[np.bool_]:
    from sklearn.ensemble import IsolationForest

    return np.asarray(IsolationForest(random_state=0).fit_predict(X) == -1)


PEERS: dict[str, Judge] = {
    "PyOD KNN, contamination 0.1": _pyod_knn,
    "PyOD IForest, contamination 0.1": _pyod_forest,
    "scikit-learn IsolationForest, auto": _sklearn_forest,
}


def alarm_table(name: str, alarms: list[Alarm]) -> Table:
    """Return one algorithm's false alarms by law and number of columns: tables with any flag, and rows flagged."""
    table = Table("law", *(f"{d} columns" for d in COLUMNS), title=f"{name}: clean tables with any flag / rows flagged")
    for law in LAWS:
        cells = []
        for d in COLUMNS:
            flagged = np.array([alarm.flagged for alarm in alarms if (alarm.law, alarm.n_columns) == (law, d)])
            cells.append(f"{(flagged > 0).mean():.0%} / {flagged.mean():.2%}")
        table.add_row(law, *cells)
    return table


def finding_table(findings: list[Finding]) -> Table:
    """Return what every judge flagged in every labelled set."""
    table = Table("data set", "rows", "anomalies", "judged by", "flagged", "precision", "recall")
    for item in findings:
        precision = f"{item.precision:.2f}" if item.flagged else "-"
        counts = (str(item.n_rows), str(item.n_anomalies))
        table.add_row(item.dataset, *counts, item.judge, str(item.flagged), precision, f"{item.recall:.2f}")
    return table


def main() -> None:
    """Run this benchmark alone and print its tables."""
    from benchmarks.__main__ import table_of

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of labelled sets (.npz with X and y)")
    parser.add_argument("--half", type=int, choices=(1, 2), help="only every other labelled set, by name")
    parser.add_argument("--algorithms", default=",".join(ALGORITHMS), help="names, joined by commas")
    parser.add_argument("--repeats", type=int, default=1, help="multiplies the number of clean tables")
    chosen = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 160)
    with warnings.catch_warnings():
        # Peers warn of the libraries beneath them; nothing here depends on it.
        warnings.simplefilter("ignore", category=FutureWarning)
        names = tuple(chosen.algorithms.split(","))
        figures = measure(chosen.data, chosen.half, names, chosen.repeats, console)
    console.print(table_of([("default_threshold", figure) for figure in figures]))


if __name__ == "__main__":
    main()
