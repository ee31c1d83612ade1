"""What can be uploaded, as the bytes that are sent."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import anomaly_detection_client as sdk
from anomaly_detection_client.content import CHUNK_BYTES, content_of
from tests.presentation.api.running import Running
from tests.sdks.python.either import Either

TEXT = b"a,b\n1,2\n"


def sent(source: Any, **options: Any) -> bytes:
    return b"".join(content_of(source, **options).chunks())


def table_of(source: Any) -> pa.Table:
    return pa.ipc.open_stream(sent(source)).read_all()


def frame(rows: int = 5) -> pd.DataFrame:
    return pd.DataFrame({"x": np.arange(rows, dtype=float), "name": [f"n{row % 3}" for row in range(rows)]})


def test_a_path(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(TEXT * 100_000)
    content = content_of(file)
    assert (content.name, content.size) == ("rows.csv", len(TEXT) * 100_000)
    chunks = list(content.chunks())
    assert max(len(chunk) for chunk in chunks) == CHUNK_BYTES
    assert b"".join(chunks) == TEXT * 100_000
    assert content.sendable
    assert sent(str(file)) == TEXT * 100_000


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        content_of(tmp_path / "missing.csv")


@pytest.mark.parametrize("source", [TEXT, bytearray(TEXT), memoryview(TEXT)])
def test_bytes(source: Any) -> None:
    content = content_of(source, filename="mine.csv")
    assert (content.name, content.size) == ("mine.csv", len(TEXT))
    assert b"".join(content.chunks()) == TEXT
    assert content.sendable


def test_an_open_file_is_sent_from_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes(b"skip" + TEXT)
    with (tmp_path / "rows.csv").open("rb") as file:
        file.seek(4)
        content = content_of(file)
        assert (content.name, content.size) == ("rows.csv", len(TEXT))
        assert [b"".join(content.chunks()) for _ in range(2)] == [TEXT, TEXT]


def test_a_pipe_is_sent_once() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source:
        with os.fdopen(writing, "wb") as sink:
            sink.write(TEXT)
        content = content_of(source, filename="piped.csv")
        assert content.size is None
        assert content.sendable
        assert b"".join(content.chunks()) == TEXT
        assert not content.sendable


def test_an_iterable_of_bytes_is_sent_once() -> None:
    content = content_of(iter([b"a,b\n", b"", bytearray(b"1,2\n")]))
    assert b"".join(content.chunks()) == TEXT
    assert not content.sendable
    assert sent([]) == b""


@pytest.mark.parametrize(
    "make",
    [
        frame,
        lambda: pl.from_pandas(frame()),
        lambda: pa.Table.from_pandas(frame()),
        lambda: pa.RecordBatch.from_pandas(frame()),
    ],
    ids=["pandas", "polars", "table", "batch"],
)
def test_a_table(make: Any) -> None:
    found = table_of(make())
    assert found.column_names == ["x", "name"]
    assert found["x"].to_pylist() == [0, 1, 2, 3, 4]
    assert found["name"].to_pylist() == ["n0", "n1", "n2", "n0", "n1"]
    assert content_of(make()).name == "data.arrows"


def test_a_table_can_be_sent_again_and_a_reader_cannot() -> None:
    content = content_of(frame())
    assert len({b"".join(content.chunks()) for _ in range(2)}) == 1
    content = content_of(pa.Table.from_pandas(frame()).to_reader())
    list(content.chunks())
    assert not content.sendable


def test_a_large_table_is_made_while_it_is_sent() -> None:
    chunks = list(content_of(frame(200_000)).chunks())
    assert len(chunks) >= 4
    assert pa.ipc.open_stream(b"".join(chunks)).read_all().num_rows == 200_000


def test_tables_one_after_the_other() -> None:
    parts = (frame().iloc[start : start + 2] for start in (0, 2, 4))
    assert table_of(parts)["x"].to_pylist() == [0, 1, 2, 3, 4]


def test_a_later_table_takes_the_types_of_the_first() -> None:
    parts = [pd.DataFrame({"x": [1.0, None]}), pd.DataFrame({"x": [3, 4]})]
    assert table_of(parts)["x"].to_pylist() == [1.0, None, 3.0, 4.0]


@pytest.mark.parametrize("later", [{"y": [1.0]}, {"x": ["no number"]}])
def test_tables_that_differ(later: dict[str, list[Any]]) -> None:
    with pytest.raises(sdk.InvalidInput) as caught:
        sent([pd.DataFrame({"x": [1.0]}), pd.DataFrame(later)])
    assert caught.value.code == "client.tables_differ"


@pytest.mark.parametrize(
    "source",
    [3, None, io.StringIO("a,b\n"), [1, 2], ["a,b\n"]],
    ids=["number", "nothing", "open text", "numbers", "texts"],
)
def test_what_cannot_be_sent(source: Any) -> None:
    with pytest.raises(sdk.InvalidInput) as caught:
        sent(source)
    assert caught.value.code == "client.unknown_source"
    assert caught.value.hint


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.ipc", None)
    with pytest.raises(sdk.MissingExtra, match="pip install pyarrow") as caught:
        sent(frame())
    assert caught.value.code == "client.missing_extra"


def bytes_in_pieces() -> Iterator[bytes]:
    yield b"x,name\n"
    for row in range(100):
        yield f"{row}.5,n{row % 3}\n".encode()


@pytest.mark.parametrize(
    "make",
    [
        lambda: frame(100),
        lambda: pl.from_pandas(frame(100)),
        lambda: (frame(100).iloc[start : start + 30] for start in range(0, 100, 30)),
        bytes_in_pieces,
        lambda: io.BytesIO(b"".join(bytes_in_pieces())),
    ],
    ids=["pandas", "polars", "tables", "bytes in pieces", "file"],
)
def test_the_server_reads_what_is_sent(either: Either, running: Running, token: str, make: Any) -> None:
    client = either.client(running.url, token=token)
    told: list[int] = []
    uploaded = either.get(client.datasets.upload(make(), name="sent", progress=lambda done, _: told.append(done)))
    assert (uploaded.n_rows, uploaded.n_columns) == (100, 2)
    assert [column.name for column in uploaded.columns] == ["x", "name"]
    assert told == sorted(told)
    assert told[-1] > 500
