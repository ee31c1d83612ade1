"""Lines of CSV from several threads are those of pyarrow, byte for byte and in order."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv

from anomaly_detection.detection.results import csv_text
from anomaly_detection.detection.results.csv_text import csv_parts


def by_pyarrow(table: pa.Table) -> bytes:
    kept = io.BytesIO()
    csv.write_csv(table, kept)
    return kept.getvalue()


def by_us(table: pa.Table, batch_rows: int = 1_000) -> bytes:
    batches = table.to_batches(max_chunksize=batch_rows)
    return b"".join(bytes(part) for part in csv_parts(batches, table.schema))


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_text, "_PIECE_ROWS", 64)


def table(n: int = 1_000) -> pa.Table:
    rng = np.random.default_rng(5)
    return pa.table(
        {
            "index": np.arange(n),
            'quoted "name", with more': rng.normal(size=n),
            "gaps": pa.array(rng.normal(size=n), mask=rng.random(n) < 0.3),
            "no numbers": pa.array([float("nan"), None] * (n // 2)),
            "text": pa.array([None, 'ä\n"x",', "", "plain"] * (n // 4)),
            "flags": pa.array([None, True, False, True] * (n // 4)),
            "small": pa.array(rng.integers(-9, 9, n), pa.int8()),
            "whole": pa.array([-(2**63), 2**63 - 1, 0, -5] * (n // 4)),
            "whole with gaps": pa.array([None, 2**63 - 1, 0, -5] * (n // 4)),
            "beyond": pa.array([2**64 - 1, 0] * (n // 2), pa.uint64()),
            "single": pa.array(rng.normal(size=n), pa.float32()),
            "nothing": pa.nulls(n, pa.float64()),
        }
    )


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("batch_rows", [1, 63, 64, 1_000])
def test_rows_are_written_as_by_pyarrow(batch_rows: int) -> None:
    rows = table()
    assert by_us(rows, batch_rows) == by_pyarrow(rows)
    assert by_us(rows.slice(7, 301), batch_rows) == by_pyarrow(rows.slice(7, 301))
    assert by_us(rows.slice(0, 0)) == by_pyarrow(rows.slice(0, 0))


@pytest.mark.usefixtures("small_pieces")
def test_who_stops_reading_leaves_no_thread_behind() -> None:
    parts = csv_parts(iter(table().to_batches(10)), table().schema)
    assert bytes(next(parts)).startswith(b'"index",')
    assert bytes(next(parts)).startswith(b"0,")
    parts.close()
    assert list(parts) == []


@pytest.mark.usefixtures("small_pieces")
def test_a_batch_that_cannot_be_made_is_told() -> None:
    def broken() -> object:
        yield table().to_batches()[0]
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(csv_parts(broken(), table().schema))
