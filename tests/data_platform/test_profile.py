"""A look at each column: how full, how spread, which values are frequent."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from anomaly_detection import PlatformError
from anomaly_detection.data_platform.dataset import Dataset
from anomaly_detection.data_platform.profile import DISTINCT_LIMIT


def profiled(**columns: Any) -> dict[str, Any]:
    return {column.name: column for column in Dataset.from_arrow(pa.table(columns)).profile(top=2)}


def test_numbers() -> None:
    column = profiled(v=[3.0, None, float("inf"), 1.0, 3.0])["v"]
    assert (column.type, column.role, column.n_missing, column.n_distinct) == ("number", "feature", 1, 3)
    assert (column.minimum, column.median, column.maximum) == (1.0, 3.0, 3.0)
    assert column.most_frequent[0] == (3.0, 2)
    assert json.loads(json.dumps(column.to_dict(), allow_nan=False))["most_frequent"][0] == [3.0, 2]


def test_other_types() -> None:
    start = datetime(2026, 1, 1)  # noqa: DTZ001 - times without a zone
    found = profiled(
        t=[start + timedelta(hours=number) for number in range(4)],
        kind=["a", "b", "b", None],
        on=[True, False, True, True],
        empty=pa.nulls(4),
    )
    assert (found["t"].minimum, found["t"].median) == ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z")
    assert found["t"].most_frequent == ()
    assert found["kind"].most_frequent == (("b", 2), ("a", 1))
    assert (found["kind"].minimum, found["kind"].role) == (None, "feature")
    assert found["on"].most_frequent == ((True, 3), (False, 1))
    assert (found["empty"].n_missing, found["empty"].n_distinct, found["empty"].median) == (4, 0, None)


@pytest.mark.parametrize("rows", [DISTINCT_LIMIT + 1, 60_000])
def test_many_values_are_not_counted(rows: int) -> None:
    column = profiled(v=list(range(rows)))["v"]
    assert (column.n_distinct, column.more_distinct, column.most_frequent) == (DISTINCT_LIMIT, True, ())
    assert column.median == (rows - 1) // 2
    exact = profiled(v=list(range(DISTINCT_LIMIT)))["v"]
    assert (exact.n_distinct, exact.more_distinct) == (DISTINCT_LIMIT, False)


def test_frames_and_records_become_data_sets() -> None:
    rows = [{"a": 1.5, "b": "x"}, {"a": 2.5, "b": None}]
    for made in (
        Dataset.from_arrow(pd.DataFrame(rows)),
        Dataset.from_arrow(pl.DataFrame(rows)),
        Dataset.from_records(rows),
        Dataset.from_records(iter(rows), name="mine", label=None),
    ):
        assert made.head() == rows
    with pytest.raises(PlatformError, match="no table"):
        Dataset.from_arrow(5)
    with pytest.raises(PlatformError, match="no table"):
        Dataset.from_records([{"a": 1}, 5])  # type: ignore[list-item]
