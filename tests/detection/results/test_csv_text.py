"""Lines of CSV from compiled loops are those of pyarrow, byte for byte."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import csv

from anomaly_detection.detection.results import csv_kernel as kernel
from anomaly_detection.detection.results import csv_text
from anomaly_detection.detection.results.csv_text import csv_parts


def by_pyarrow(table: pa.Table) -> bytes:
    kept = io.BytesIO()
    csv.write_csv(table, kept)
    return kept.getvalue()


def by_us(table: pa.Table, batch_rows: int = 1_000) -> bytes:
    batches = table.to_batches(max_chunksize=batch_rows)
    return b"".join(bytes(part) for part in csv_parts(batches, table.num_rows, table.schema))


def written(values: np.ndarray) -> list[str]:
    n = len(values)
    out = np.empty(n * kernel.WIDEST, dtype=np.uint8)
    end = kernel.put_rows(
        np.array([kernel.NUMBER], dtype=np.int8),
        np.array([0]),
        values[np.newaxis].view(np.uint64),
        np.empty((0, n), dtype=np.int64),
        np.empty((0, n + 1), dtype=np.int64),
        np.empty(0, dtype=np.uint8),
        out,
    )
    return out[:end].tobytes().decode().split("\n")[:-1]


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_text, "_WORTH_NUMBERS", 0)
    monkeypatch.setattr(csv_text, "_PIECE_ROWS", 64)


NUMBERS = {
    "any bits": np.random.default_rng(0).integers(0, 2**64, 200_000, dtype=np.uint64).view(np.float64),
    "usual": np.random.default_rng(1).normal(size=50_000),
    "few digits": np.random.default_rng(2).integers(-(10**6), 10**6, 50_000) / 1000,
    "whole": np.random.default_rng(3).integers(0, 2**53, 20_000).astype(np.float64),
    "powers of two": np.exp2(np.arange(-1074, 1024).astype(np.float64)),
    "below powers of two": np.nextafter(np.exp2(np.arange(-1022, 1024).astype(np.float64)), 0.0),
    "powers of ten": np.array([float(f"1e{power}") for power in range(-323, 309)]),
    "limits": np.array([0.0, -0.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, np.inf, -np.inf]),
    "where exponents begin": np.array([1e10, 9999999999.5, -1e10, 1e-6, 9.9e-7, -1.5e-7, 123456789.0, 100.0]),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers_are_written_as_by_pyarrow(case: str) -> None:
    values = NUMBERS[case]
    values = values[~np.isnan(values)]
    texts = written(values)
    assert texts == pa.array(values).cast(pa.string()).to_pylist()
    assert np.array_equal(np.array(texts, dtype=object).astype(np.float64), values)
    assert max(map(len, texts)) < kernel.WIDEST


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=50))
@settings(max_examples=100, deadline=None)
def test_any_number_reads_back_as_itself(values: list[float]) -> None:
    assert [float(text) for text in written(np.array(values))] == values


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


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("batch_rows", [1, 63, 64, 1_000])
def test_rows_are_written_as_by_pyarrow(batch_rows: int) -> None:
    rows = table()
    assert by_us(rows, batch_rows) == by_pyarrow(rows)
    assert by_us(rows.slice(7, 301), batch_rows) == by_pyarrow(rows.slice(7, 301))
    assert by_us(rows.slice(0, 0)) == by_pyarrow(rows.slice(0, 0))


def test_few_rows_need_no_compiled_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_text, "_compiled", None)
    assert by_us(table()) == by_pyarrow(table())


@pytest.mark.usefixtures("compiled")
def test_who_stops_reading_leaves_no_thread_behind() -> None:
    parts = csv_parts(iter(table().to_batches(10)), 1_000, table().schema)
    assert bytes(next(parts)).startswith(b'"index",')
    assert bytes(next(parts)).startswith(b"0,")
    parts.close()
    assert list(parts) == []


@pytest.mark.usefixtures("compiled")
def test_a_batch_that_cannot_be_made_is_told() -> None:
    def broken() -> object:
        yield table().to_batches()[0]
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(csv_parts(broken(), 1_000, table().schema))
