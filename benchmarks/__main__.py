"""Run the benchmarks: ``python -m benchmarks [NAME ...]``. Each is a module of this package with ``measure() -> list[Figure]``."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys

from rich.console import Console
from rich.table import Table

import benchmarks
from benchmarks.measure import Figure, busiest, load_average, machine, write

NOT_A_BENCHMARK = {"__main__", "load", "measure", "peer"}


def names() -> list[str]:
    """Return the names of all benchmarks."""
    return sorted(
        found.name for found in pkgutil.iter_modules(benchmarks.__path__) if found.name not in NOT_A_BENCHMARK
    )


def main() -> int:
    """Run the benchmarks named on the command line, or all; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure speed and accuracy.")
    parser.add_argument("name", nargs="*", help=f"benchmarks to run, of {', '.join(names())}; all if none is named")
    chosen = parser.parse_args().name or names()
    unknown = sorted(set(chosen) - set(names()))
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(names())}")
    console = Console(width=None if sys.stdout.isatty() else 160)
    about = machine()
    console.print(
        f"{about['processor']}, {about['cores']} cores, {about['memory_gib']} GiB, load {about['load_before']}; "
        f"Python {about['python']}, commit {about['commit']}"
    )
    rows: list[tuple[str, Figure]] = []
    for name in chosen:
        before = load_average()
        console.print(f"[dim]{name} ... (load {before:.1f}: {busiest()})[/dim]")
        figures = importlib.import_module(f"benchmarks.{name}").measure()
        console.print(f"[dim]{name} done (load {load_average():.1f})[/dim]")
        write(name, figures, {**about, "load_before": round(before, 2), "load_after": round(load_average(), 2)})
        rows += [(name, figure) for figure in figures]
    console.print(table_of(rows))
    return 0


def table_of(rows: list[tuple[str, Figure]]) -> Table:
    """Return the figures as one table."""
    table = Table("benchmark", "figure", "value", "aim", "how", title_justify="left")
    table.columns[2].justify = "right"
    for name, figure in rows:
        table.add_row(name, figure.name, f"{figure.value:.4g} {figure.unit}", figure.aim, figure.note)
    return table


if __name__ == "__main__":
    sys.exit(main())
