"""Parquet, Arrow and Avro files: every type becomes what detectors take, and nothing decodes without a bound."""

from __future__ import annotations

import datetime as dt
import decimal
import io
import random
import sys
import uuid
from collections.abc import Callable
from typing import Any

import fastavro
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from anomaly_detection import PlatformError, load_dataset
from anomaly_detection.shared.errors import MissingExtra, TooLarge

TABLE = pa.table(
    {
        "whole": [1, 2, None],
        "word": pa.array(["x", "y", None]).dictionary_encode(),
        "lists": [[1], [2], []],
        "at": [{"u": 1, "v": [1]}, None, {"u": 3, "v": []}],
        "map": pa.array([[("k", 1)]] * 3, pa.map_(pa.string(), pa.int8())),
        "bytes": [b"x", b"y", b"z"],
        "money": pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("2.25")]),
        "took": pa.array([dt.timedelta(seconds=90)] * 3),
        "clock": pa.array([dt.time(1, 0)] * 3),
        "when": pa.array([1_767_225_600_000_000_000] * 3, pa.timestamp("ns", tz="UTC")),
        "day": pa.array([dt.date(2026, 1, 1)] * 3),
        "text_time": ["2026-01-01", "2026-01-02", "2026-01-03"],
        "half": pa.array([1.0, 2.0, float("nan")], pa.float16()),
        "large": pa.array(["p", "q", "r"], pa.large_string()),
        "nothing": pa.nulls(3),
    }
)
EXPECTED = {
    "whole": 1,
    "word": "x",
    "at.u": 1,
    "money": 1.5,
    "took": 90.0,
    "clock": 3600.0,
    "when": "2026-01-01T00:00:00Z",
    "day": "2026-01-01T00:00:00Z",
    "text_time": "2026-01-01T00:00:00Z",
    "half": 1.0,
    "large": "p",
    "nothing": None,
}


def parquet(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def feather(table: pa.Table, compression: str = "zstd") -> bytes:
    sink = io.BytesIO()
    pyarrow.feather.write_feather(table, sink, compression=compression)
    return sink.getvalue()


def stream(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


FIELDS: list[dict[str, Any]] = [
    {"name": "a", "type": ["null", "double"]},
    {"name": "when", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "day", "type": ["null", {"type": "int", "logicalType": "date"}]},
    {"name": "money", "type": {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2}},
    {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A", "B"]}},
    {"name": "lists", "type": {"type": "array", "items": "int"}},
    {"name": "at", "type": {"type": "record", "name": "At", "fields": [{"name": "x", "type": "int"}]}},
    {"name": "bytes", "type": "bytes"},
    {"name": "clock", "type": {"type": "int", "logicalType": "time-millis"}},
    {"name": "name", "type": {"type": "string", "logicalType": "uuid"}},
]
RECORDS = [
    {
        "a": None if number % 5 == 0 else number * 0.1,
        "when": dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=number),
        "day": None if number % 2 else dt.date(2026, 1, 1),
        "money": decimal.Decimal("1.25"),
        "kind": "A",
        "lists": [1],
        "at": {"x": number},
        "bytes": b"x",
        "clock": dt.time(1),
        "name": uuid.UUID(int=number),
    }
    for number in range(1000)
]


def avro(
    fields: list[dict[str, Any]] | Any = FIELDS, records: list[Any] = RECORDS, codec: str = "deflate", **options: Any
) -> bytes:
    sink = io.BytesIO()
    schema = {"type": "record", "name": "Row", "fields": fields} if isinstance(fields, list) else fields
    fastavro.writer(sink, schema, records, codec=codec, **options)
    return sink.getvalue()


def read(content: bytes, **options: Any) -> Any:
    return load_dataset(io.BytesIO(content), **options)


def refusal(content: bytes, **options: Any) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        read(content, **options)
    assert caught.value.hint
    return caught.value


WRITERS: dict[str, Callable[[pa.Table], bytes]] = {
    "parquet": parquet,
    "feather": feather,
    "feather, plain": lambda table: feather(table, "uncompressed"),
    "stream": stream,
}


@pytest.mark.parametrize("form", WRITERS)
def test_every_type(form: str) -> None:
    content = WRITERS[form](TABLE)
    data = read(content)
    assert data.head(1) == [{name: EXPECTED[name] for name in data.column_names}]
    assert set(data.column_names) == set(EXPECTED)
    left_out = [note for note in data.warnings if "left out" in note]
    assert sorted(note.split("'")[1] for note in left_out) == ["at.v", "bytes", "lists", "map"]
    for name in ("lists", "at.v", "bytes"):
        assert refusal(content, columns=["whole", name]).code == "data.unusable_column"
    assert read(content, columns=["money"]).roles.features == ("money",)


@pytest.mark.parametrize("form", WRITERS)
def test_truncated_and_without_rows(form: str) -> None:
    content = WRITERS[form](TABLE)
    assert refusal(content[:-200]).code == "data.truncated_file"
    assert refusal(WRITERS[form](TABLE.slice(0, 0))).code == "data.no_rows"
    assert refusal(WRITERS[form](TABLE.select(["lists"]))).code == "data.no_columns"
    assert refusal(content, max_bytes=500).code == "data.too_large"


@pytest.mark.parametrize("form", [*WRITERS, "avro"])
def test_damage_is_never_shown_raw(form: str) -> None:
    content = avro() if form == "avro" else WRITERS[form](TABLE)
    chance = random.Random(7)
    for _ in range(150):
        broken = bytearray(content)
        for _ in range(chance.randint(1, 8)):
            broken[chance.randrange(8, len(broken))] = chance.randrange(256)
        assert outcome(bytes(broken[: chance.choice([len(broken), chance.randrange(len(broken))])])) in {"read", "data"}


def outcome(content: bytes) -> str:
    try:
        read(content, max_bytes=50_000_000).info()
    except PlatformError as error:
        return error.code.partition(".")[0]
    return "read"


def test_lengths_of_time_beyond_what_numbers_hold_exactly() -> None:
    data = read(stream(pa.table({"took": pa.array([-(2**63), 5_000_000], pa.duration("us"))})))
    assert data.table["took"].to_pylist() == [-(2**63) / 1e6, 5.0]


def test_double_names_are_numbered() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    data = read(feather(pa.table({"x": [1]})))
    assert data.column_names == ["x"]
    data = read(stream(table))
    assert data.head() == [{"a": 1, "a_2": 2}]
    assert "numbered: 'a'" in data.warnings[0]


def test_parquet_that_is_small_and_means_very_much() -> None:
    zeros = parquet(pa.table({"x": pa.array([7]).take(pa.array([0] * 5_000_000))}))
    assert len(zeros) < 100_000
    assert isinstance(refusal(zeros, max_bytes=1 << 24), TooLarge)
    words = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), pa.array(["z" * 100_000]))
    for content in (parquet(pa.table({"x": words})), feather(pa.table({"x": words})), stream(pa.table({"x": words}))):
        assert len(content) < 250_000
        assert isinstance(refusal(content, max_bytes=1 << 28), TooLarge)
    packed = feather(pa.table({"x": pa.array([0.0] * 3_000_000)}))
    assert isinstance(refusal(packed, max_bytes=1 << 24), TooLarge)


def test_encrypted_parquet_and_old_feather_are_named() -> None:
    assert refusal(parquet(TABLE)[:-4] + b"PARE").code == "data.encrypted_file"
    assert "first version" in refusal(b"FEA1" + bytes(100)).message


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz"])
def test_avro(codec: str) -> None:
    data = read(avro(codec=codec))
    assert len(data) == 1000
    assert data.head(2)[1] == {
        "a": 0.1,
        "when": "2026-01-01T01:00:00Z",
        "day": None,
        "money": 1.25,
        "kind": "A",
        "at.x": 1,
        "clock": 3600.0,
        "name": "00000000-0000-0000-0000-000000000001",
    }
    assert (data.table["a"].null_count, data.kind) == (200, "table")
    assert refusal(avro(codec=codec), columns=["lists"]).code == "data.unusable_column"


@pytest.mark.parametrize("codec", ["snappy", "zstandard"])
def test_avro_by_other_codecs(codec: str) -> None:
    """Written here by hand, for fastavro needs further libraries to write them."""
    plain = avro([{"name": "a", "type": "long"}], [{"a": 5}, {"a": 6}], codec="null")
    head, sync = plain[:-20], plain[-16:]
    head = plain[: plain.index(sync) + 16]
    block = plain[len(head) + 2 : -16]
    import zlib

    packed = pa.Codec(codec.replace("zstandard", "zstd")).compress(block, asbytes=True)
    packed += zlib.crc32(block).to_bytes(4, "big") if codec == "snappy" else b""
    name = codec.encode()
    head = head.replace(b"\x08null", bytes([2 * len(name)]) + name)
    content = head + bytes([4, 2 * len(packed)]) + packed + sync
    assert read(content).table["a"].to_pylist() == [5, 6]


def test_avro_of_plain_values() -> None:
    assert read(avro({"type": "long"}, [1, 2, 3])).table["value"].to_pylist() == [1, 2, 3]


def test_broken_avro() -> None:
    content = avro()
    for cut in (4, 100, len(content) // 2, len(content) - 8):
        assert refusal(content[:cut]).code == "data.truncated_file"
    assert refusal(content[:-16] + bytes(16)).code == "data.damaged_file"
    assert refusal(avro(records=[])).code == "data.no_rows"
    assert refusal(content, max_bytes=1000).code == "data.too_large"


@pytest.mark.parametrize(
    "fields",
    [
        [{"name": "next", "type": ["null", "Row"]}],
        [{"name": "l", "type": {"type": "array", "items": "null"}}],
        [{"name": "l", "type": {"type": "array", "items": {"type": "record", "name": "E", "fields": []}}}],
    ],
)
def test_avro_schemas_that_stand_for_endless_data(fields: list[dict[str, Any]]) -> None:
    record = {fields[0]["name"]: None if "next" in str(fields) else []}
    assert refusal(avro(fields, [record])).code == "data.unusable_schema"


def test_an_avro_block_that_unpacks_to_very_much(monkeypatch: pytest.MonkeyPatch) -> None:
    from anomaly_detection.data_platform.loading import avro as module

    content = avro([{"name": "a", "type": "string"}], [{"a": "x" * 3_000_000}])
    assert len(content) < 10_000
    assert len(read(content)) == 1
    monkeypatch.setattr(module, "BLOCK_BYTES", 1_000_000)
    assert isinstance(refusal(content), TooLarge)


def test_avro_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastavro", None)
    error = refusal(avro())
    assert isinstance(error, MissingExtra)
    assert "[avro]" in error.hint


@pytest.mark.parametrize("compression", ["uncompressed", "zstd"])
def test_arrow_files_of_polars_are_read(compression: Any) -> None:
    words = ["abc" * (row % 9) if row % 7 else None for row in range(100)]
    frame = pl.DataFrame({"x": np.arange(100.0), "word": words}).with_columns(kind=pl.col("word").cast(pl.Categorical))
    content = io.BytesIO()
    frame.write_ipc(content, compression=compression)
    read = load_dataset(io.BytesIO(content.getvalue())).table
    assert read["x"].to_pylist() == frame["x"].to_list()
    assert read["word"].to_pylist() == read["kind"].to_pylist() == words


def test_damaged_arrow_files_of_polars_are_refused() -> None:
    packed = io.BytesIO()
    pl.DataFrame({"x": np.arange(50.0), "word": ["ab" * 20] * 50}).write_ipc(packed, compression="zstd")
    content, rng = packed.getvalue(), np.random.default_rng(0)
    refused = 0
    for place in rng.integers(8, len(content), 150):
        damaged = bytearray(content)
        damaged[place] ^= int(rng.integers(1, 256))
        try:
            load_dataset(io.BytesIO(bytes(damaged)))
        except PlatformError:
            refused += 1
    assert refused > 20


def test_views_count_by_what_they_show() -> None:
    column = pa.array([None, *["x" * 1_000] * 2_000], pa.string_view())
    content = io.BytesIO()
    with pa.ipc.new_stream(content, pa.schema([("word", pa.string_view())])) as writer:
        writer.write_batch(pa.record_batch({"word": column}))
    with pytest.raises(TooLarge):
        load_dataset(io.BytesIO(content.getvalue()), max_bytes=1_000_000)
