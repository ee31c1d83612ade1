"""What is read from a file is judged where it lies; what belongs to others is copied before it is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from anomaly_detection import create_detector, load_dataset
from anomaly_detection.data_platform.dataset import Dataset
from anomaly_detection.data_platform.loading import plain_text
from anomaly_detection.detection.algorithms.neighbours import knn
from anomaly_detection.detection.encoding.reading import read_columns

ROWS = np.random.default_rng(0).normal(size=(3_000, 4))
ROWS[:5] += 8.0


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    monkeypatch.setattr(plain_text, "_LEAST_BYTES", 0)
    path = tmp_path / "rows.csv"
    path.write_text("a,b,c,d\n" + "\n".join(",".join(map(repr, row)) for row in ROWS.tolist()))
    return load_dataset(path)


def test_rows_of_a_file_are_not_copied(loaded: Dataset) -> None:
    columns = read_columns(loaded)
    assert columns.owned() is columns
    assert columns.matrix is not None
    assert np.shares_memory(columns.matrix, loaded.block)
    result = create_detector("isolation_forest").detect(loaded)
    assert np.shares_memory(result.rows.values["b"], loaded.block)


@pytest.mark.parametrize("algorithm", ["isolation_forest", "knn", "zscore", "ecod"])
def test_scores_do_not_depend_on_where_the_rows_lie(algorithm: str, loaded: Dataset) -> None:
    by_name = {name: ROWS[:, place].copy() for place, name in enumerate("abcd")}
    first, second = create_detector(algorithm), create_detector(algorithm)
    assert np.array_equal(first.detect(loaded).scores, second.detect(by_name).scores)
    assert np.array_equal(first.score(loaded), second.score(by_name))
    assert np.array_equal(first.score(loaded.select(["c", "d", "a", "b"])), second.score(by_name))
    assert np.array_equal(create_detector(algorithm).detect(np.asfortranarray(ROWS)).scores, first.fit_detect(loaded).scores)  # fmt: skip


def test_a_result_does_not_follow_what_its_owner_does_to_the_data() -> None:
    values = ROWS[:, 0].copy()
    for data in (values, {"a": values}, pa.table({"a": values}), Dataset.from_arrow(pa.table({"a": values}))):
        result = create_detector("zscore").detect(data)
        before = [kept.copy() for kept in result.rows.values.values()]
        values[:] = 0.0
        assert all(map(np.array_equal, result.rows.values.values(), before))
        values[:] = ROWS[:, 0]


def test_neighbours_of_many_rows_are_sought_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = create_detector("knn").fit_detect(ROWS)
    monkeypatch.setattr(knn, "_ROWS_AT_ONCE", 700)
    parts = create_detector("knn")
    assert np.array_equal(parts.fit_detect(ROWS).scores, whole.scores)
    assert np.array_equal(parts.score(ROWS), create_detector("knn").fit(ROWS).score(ROWS))
