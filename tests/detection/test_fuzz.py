"""Raw tables at random, through every algorithm for tables: a finite score for every row, or an error that says what to do."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anomaly_detection import PlatformError, create_detector, list_algorithms

ALGORITHMS = [info.name for info in list_algorithms(kind="table")]
TABLES = 10_000 if os.environ.get("ANOMALY_DETECTION_TEST_FULL") else 600
EXPECTED = {"detection.no_usable_column", "detection.column_type"}
"""A table may hold nothing by which rows can be told apart, or nothing that can be read."""

WORDS = [
    "",
    " ",
    "a",
    "A",
    "é",
    "e\u0301",
    "日本",
    "🙂",
    "\u202eabc",
    "nan",
    "None",
    "1",
    "-0",
    "true",
    "a\0b",
    "\ud800",
]
TIMES = [
    dt.datetime(1, 1, 1, tzinfo=dt.UTC),
    dt.datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=dt.UTC),
    dt.datetime(2026, 3, 29, 1, tzinfo=dt.UTC),
    dt.datetime(2026, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=-13))),
    dt.date(1969, 12, 31),
]
Column = Callable[[np.random.Generator, int], Any]


def gaps(rng: np.random.Generator, values: np.ndarray) -> np.ndarray:
    values[rng.random(values.size) < rng.choice([0.05, 0.5, 0.95])] = np.nan
    return values


def infinities(rng: np.random.Generator, n: int) -> np.ndarray:
    values = rng.normal(size=n)
    values[rng.random(n) < 0.2] = rng.choice([np.inf, -np.inf])
    return gaps(rng, values)


def picked(rng: np.random.Generator, n: int, choices: list[Any]) -> list[Any]:
    return [choices[place] for place in rng.integers(len(choices), size=n)]


COLUMNS: dict[str, Column] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "heavy tail": lambda rng, n: rng.standard_cauchy(size=n),
    "gaps": lambda rng, n: gaps(rng, rng.normal(size=n)),
    "infinities": infinities,
    "constant": lambda rng, n: np.full(n, rng.choice([0.0, -7.0, 1e300, 5e-324])),
    "empty": lambda rng, n: np.full(n, np.nan),
    "few values": lambda rng, n: rng.integers(3, size=n),
    "one apart": lambda rng, n: np.arange(n) == rng.integers(n),
    "huge": lambda rng, n: rng.normal(size=n) * 1e307,
    "tiny": lambda rng, n: rng.normal(size=n) * 1e-310,
    "all sizes": lambda rng, n: rng.choice([-1.0, 1.0], n) * 10.0 ** rng.integers(-300, 300, n).astype(float),
    "offset": lambda rng, n: 1e15 + rng.integers(5, size=n).astype(float),
    "sequence": lambda rng, n: np.arange(n),
    "flags": lambda rng, n: picked(rng, n, [True, False, None]),
    "words": lambda rng, n: picked(rng, n, [*WORDS, None]),
    "names": lambda rng, n: [f"name {place}" for place in rng.permutation(n)],
    "times": lambda rng, n: picked(rng, n, [*TIMES, None]),
    "moments": lambda rng, n: rng.integers(-(2**62), 2**62, size=n).astype("datetime64[us]"),
    "durations": lambda rng, n: rng.integers(-(2**40), 2**40, size=n).astype("timedelta64[s]"),
    "numbers and words": lambda rng, n: picked(rng, n, [1, 2.5, -(10**400), None, "x", *TIMES]),
    "nested": lambda rng, n: [[1, 2]] * n,
}  # fmt: skip


def framed(values: Any) -> pd.Series:
    """Return a pandas column; its own text type cannot hold lone surrogates."""
    return pd.Series(values, dtype=object if isinstance(values, list) else None)


MAKES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "dict": lambda table: table,
    "dicts": lambda table: [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)],
    "pandas": lambda table: pd.DataFrame({name: framed(values) for name, values in table.items()}),
}


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, Any], int]:
    """Draw a table: its shape and the kinds of its columns; the cells follow from a seed, which keeps drawing cheap."""
    n = draw(st.sampled_from([1, 2, 3, 5, 8, 9, 20, 60, 150]))
    kinds = draw(st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    table = {f"c{place}": COLUMNS[kind](rng, n) for place, kind in enumerate(kinds)}
    wide = draw(st.sampled_from([0, 0, 0, 40, 150]))
    table |= {f"wide {place}": rng.normal(size=n) for place in range(wide)}
    if draw(st.booleans()):
        rows = rng.integers(max(n // 4, 1), size=n)
        table = {name: [values[row] for row in rows] for name, values in table.items()}
    return table, n


@given(name=st.sampled_from(ALGORITHMS), drawn=tables(), make=st.sampled_from(sorted(MAKES)))
@settings(max_examples=TABLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_table_is_judged_or_refused_in_words(name: str, drawn: tuple[dict[str, Any], int], make: str) -> None:
    table, n = drawn
    data = MAKES[make](table)
    detector = create_detector(name, contamination=0.2)
    try:
        found = detector.detect(data)
    except PlatformError as error:
        if error.code not in EXPECTED or not error.hint:
            raise
        return
    assert found.scores.shape == (n,)
    assert np.isfinite(found.scores).all()
    assert ((found.p_values > 0.0) & (found.p_values <= 1.0)).all()
    assert np.isfinite(detector.score(data)).all()
    json.dumps(found.to_dict(limit=2), allow_nan=False)


@pytest.mark.parametrize("kind", COLUMNS)
def test_every_kind_of_column_comes_in_every_make(kind: str) -> None:
    """Kinds that only ever were refused would make the test above an empty one."""
    table = {"a": np.arange(40.0) % 7, "c": COLUMNS[kind](np.random.default_rng(0), 40)}
    for make in MAKES.values():
        assert np.isfinite(create_detector("modified_zscore").detect(make(table)).scores).all()
