"""The promises that every catalogued algorithm keeps, as checks that anybody can run on an algorithm of their own.

Examples
--------
>>> from anomaly_detection.detection.checks import CHECKS, check_algorithm
>>> check_algorithm("modified_zscore") == [check.__name__ for check in CHECKS]
True
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from anomaly_detection.detection.catalogue import algorithm_info, catalogue_line
from anomaly_detection.detection.detector import Detector, create_detector, load_detector
from anomaly_detection.detection.ports import AlgorithmInfo
from anomaly_detection.shared.lazy import resolve

Table = dict[str, Any]
Check = Callable[[AlgorithmInfo], None]


class BrokenPromise(AssertionError):
    """An algorithm does not keep what the catalogue says of it."""


def check_algorithm(name: str) -> list[str]:
    """Run every check on one algorithm of the catalogue and return the names of those that ran.

    Raises
    ------
    BrokenPromise
        A promise is broken; the message says which.
    NotFound
        No algorithm has this name.
    """
    info = algorithm_info(name)
    for check in CHECKS:
        check(info)
    return [check.__name__ for check in CHECKS]


def rows_with_anomaly(info: AlgorithmInfo, n: int = 400, seed: int = 7) -> tuple[Table, int]:
    """Return ordinary rows of the kind that the algorithm takes, and the index of the one anomaly among them."""
    rng = np.random.default_rng(seed)
    where = n // 2
    if "series" in info.kinds:
        hours = np.arange(n)
        values = 10.0 + 3.0 * np.sin(hours * 2 * np.pi / 24) + rng.normal(scale=0.3, size=n)
        values[where] += 15.0
        start = np.datetime64("2026-01-05T00:00:00", "s")
        return {"time": start + hours.astype("timedelta64[h]"), "load": values}, where
    table: Table = {name: rng.normal(size=n) for name in ("a", "b", "c")}
    for column in table.values():
        column[where] = 12.0
    return table, where


def hostile_rows(info: AlgorithmInfo, n: int = 60, seed: int = 3) -> Table:
    """Return rows with every kind of trouble: gaps, infinities, constants, huge and tiny values, unknown categories."""
    rng = np.random.default_rng(seed)
    gaps = np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n))
    gaps[3], gaps[4] = np.inf, -np.inf
    huge = rng.normal(size=n) * 1e300
    table: Table = {
        "gaps": gaps,
        "huge": huge,
        "tiny": rng.normal(size=n) * 1e-310,
        "constant": np.full(n, 7.0),
        "empty": np.full(n, np.nan),
        "flag": rng.random(n) < 0.5,
    }
    if "series" in info.kinds:
        start = np.datetime64("2026-01-05T00:00:00", "s")
        return {"time": start + np.arange(n).astype("timedelta64[m]"), **table}
    table["word"] = np.array([None if row % 7 == 0 else "ab"[row % 2] for row in range(n)], dtype=object)
    table["when"] = np.datetime64("2026-01-05T00:00:00", "s") + (np.arange(n) * 5_000).astype("timedelta64[s]")
    return table


def take(table: Table, rows: Any) -> Table:
    """Return some rows of a table."""
    return {name: column[rows] for name, column in table.items()}


def finds_the_anomaly(info: AlgorithmInfo) -> None:
    """The one row far away from all others scores highest, and higher means more anomalous."""
    table, where = rows_with_anomaly(info)
    result = _detector(info).detect(table)
    _promise(info, int(np.argmax(result.scores)) == where, "the row far from all others must score highest")
    _promise(info, result.with_contamination(0.01).predictions[where] == 1, "the highest score must be flagged")


def scores_are_finite(info: AlgorithmInfo) -> None:
    """Whatever comes in, a finite score comes out for every row."""
    table = hostile_rows(info)
    detector = _detector(info)
    result = detector.detect(table)
    _promise(info, bool(np.isfinite(result.scores).all()), "training scores must be finite")
    _promise(info, bool(np.isfinite(detector.score(table)).all()), "scores must be finite")
    _promise(info, bool(((result.p_values > 0) & (result.p_values <= 1)).all()), "p-values must lie in (0, 1]")


def scoring_changes_nothing(info: AlgorithmInfo) -> None:
    """Scoring twice gives the same."""
    table, _ = rows_with_anomaly(info)
    detector = _detector(info).fit(table)
    first = detector.score(table)
    detector.score(take(table, slice(0, 50)))
    _promise(info, bool(np.array_equal(first, detector.score(table))), "scoring must change nothing")


def a_seed_repeats(info: AlgorithmInfo) -> None:
    """The same seed and rows give the same scores."""
    table, _ = rows_with_anomaly(info)
    first, second = (_detector(info).fit(table).score(table) for _ in range(2))
    _promise(info, bool(np.array_equal(first, second)), "the same seed must give the same scores")


def rows_are_independent(info: AlgorithmInfo) -> None:
    """A row scores exactly the same alone as among others, where the catalogue says so."""
    if not info.independent_rows:
        return
    for table in (rows_with_anomaly(info)[0], hostile_rows(info)):
        detector = _detector(info).fit(table)
        together = detector.score(table)
        alone = np.concatenate([detector.score(take(table, slice(row, row + 1))) for row in (0, 7, 33, 59)])
        _promise(info, bool(np.array_equal(together[[0, 7, 33, 59]], alone)), "a row must score the same alone")


def the_past_stands(info: AlgorithmInfo) -> None:
    """For causal algorithms: the scores of a prefix do not change when more comes."""
    if not info.causal:
        return
    table, _ = rows_with_anomaly(info)
    detector = _detector(info).fit(table)
    whole, prefix = detector.score(table), detector.score(take(table, slice(0, 300)))
    _promise(info, bool(np.array_equal(whole[:300], prefix)), "later rows must not change earlier scores")


def few_rows_are_enough(info: AlgorithmInfo) -> None:
    """Even one row can be learnt from and judged, with a warning below the minimum."""
    for n in (1, 2, 3, 5, 9):
        table = take(rows_with_anomaly(info)[0], slice(0, n))
        result = _detector(info).detect(table)
        _promise(info, bool(np.isfinite(result.scores).all()), f"{n} rows must get finite scores")
        warned = bool(result.metadata["warnings"])
        _promise(info, warned or n >= info.min_rows, f"{n} rows are below the minimum: a warning must say so")
        _promise(info, result.n_anomalies == 0, f"{n} rows are too few to flag any")


def a_model_file_keeps_all(info: AlgorithmInfo) -> None:
    """Saved and loaded, the detector gives the same scores, p-values, verdicts and reasons."""
    table, _ = rows_with_anomaly(info)
    new = take(table, slice(150, 260))
    detector = _detector(info).fit(table)
    with tempfile.TemporaryDirectory() as folder:
        loaded = load_detector(detector.save(Path(folder) / "model.adm"))
    before, after = detector.detect(new), loaded.detect(new)
    _promise(info, bool(np.array_equal(before.scores, after.scores)), "a loaded model must give the same scores")
    _promise(info, bool(np.array_equal(before.p_values, after.p_values)), "a loaded model must give the same p-values")
    same = [item.to_dict() for item in before.anomalies] == [item.to_dict() for item in after.anomalies]
    _promise(info, same, "a loaded model must give the same anomalies and reasons")


def anomalies_say_why(info: AlgorithmInfo) -> None:
    """Every anomaly carries a contribution per column, finite and sorted."""
    table, where = rows_with_anomaly(info)
    result = _detector(info).detect(table).with_contamination(0.01)
    found = next(item for item in result.anomalies if item.index == where)
    _promise(info, found.explanation is not None, "an anomaly must be explained")
    assert found.explanation is not None
    parts = [item.contribution for item in found.explanation.contributions]
    features = {item.feature for item in found.explanation.contributions}
    _promise(info, features == set(table) - {"time"}, "every column must have its part")
    _promise(info, bool(np.isfinite(parts).all()) and parts == sorted(parts, reverse=True), "parts must be sorted")
    _promise(info, parts[0] > 0 and bool(found.explanation.sentence), "the largest part must be positive, and said")


def a_constant_table_is_normal(info: AlgorithmInfo) -> None:
    """Where nothing differs, nothing is anomalous."""
    table, _ = rows_with_anomaly(info)
    constant = {name: column if name == "time" else np.full(len(column), 5.0) for name, column in table.items()}
    result = _detector(info).detect(constant)
    _promise(info, result.n_anomalies == 0, "equal rows must not be flagged")
    _promise(info, bool(np.ptp(result.scores) < 1e-6), "equal rows must score equally")


def parameters_are_described(info: AlgorithmInfo) -> None:
    """The defaults of the parameter schema are those of the constructor, and every parameter says what it is for."""
    made = resolve(catalogue_line(info.name).target)()
    for name, schema in info.parameters["properties"].items():
        _promise(info, bool(schema["description"]), f"parameter {name} must be described")
        _promise(info, getattr(made, name, None) == schema["default"], f"parameter {name} must be kept as given")
    _promise(info, bool(info.summary) and bool(info.reference), "summary and reference must be given")


def _detector(info: AlgorithmInfo) -> Detector:
    return create_detector(info.name)


def _promise(info: AlgorithmInfo, kept: bool, promise: str) -> None:
    if not kept:
        raise BrokenPromise(f"{info.name}: {promise}")


CHECKS: tuple[Check, ...] = (
    finds_the_anomaly,
    scores_are_finite,
    scoring_changes_nothing,
    a_seed_repeats,
    rows_are_independent,
    the_past_stands,
    few_rows_are_enough,
    a_model_file_keeps_all,
    anomalies_say_why,
    a_constant_table_is_normal,
    parameters_are_described,
)
