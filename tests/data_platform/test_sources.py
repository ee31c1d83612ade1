"""Paths, patterns, lists, pipes and open files give data sets, and their rows can be traced back."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from anomaly_detection import PlatformError, load_dataset
from anomaly_detection.data_platform.loading import register_format
from anomaly_detection.data_platform.loading.source import FileSource
from anomaly_detection.data_platform.parts import Part


def refusal(source: Any, **options: Any) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        load_dataset(source, **options)
    assert caught.value.hint
    return caught.value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "part-10.csv").write_text("b,a\nx,3.5\n")
    (tmp_path / "part-9.csv").write_text("a,b\n1,u\n2,v\n")
    return tmp_path


def test_a_pattern_is_one_data_set_in_natural_order(folder: Path) -> None:
    data = load_dataset(str(folder / "part-*.csv"))
    assert data.table.to_pylist() == [{"a": 1.0, "b": "u"}, {"a": 2.0, "b": "v"}, {"a": 3.5, "b": "x"}]
    assert data.parts == (Part(str(folder / "part-9.csv"), 2), Part(str(folder / "part-10.csv"), 1))
    assert data.part_of(2) == (data.parts[1], 0)
    assert data.select(["a"]).parts == data.parts
    with pytest.raises(IndexError):
        data.part_of(3)
    with pytest.raises(IndexError):
        data.part_of(-1)
    assert data.name == "part-9"


def test_lists_of_paths_and_patterns(folder: Path) -> None:
    paths = [folder / "part-10.csv", folder / "part-9.csv"]
    assert load_dataset(paths).fingerprint == load_dataset([str(folder / "part-*.csv")]).fingerprint
    assert load_dataset(folder / "part-9.csv").parts == (Part(str(folder / "part-9.csv"), 2),)


def test_a_file_whose_name_looks_like_a_pattern(tmp_path: Path) -> None:
    (tmp_path / "a[1].csv").write_text("a,b\n1,2\n")
    assert len(load_dataset(str(tmp_path / "a[1].csv"))) == 1


def test_columns_must_agree(folder: Path) -> None:
    (folder / "part-11.csv").write_text("a,c\n1,2\n")
    error = refusal(str(folder / "*.csv"))
    assert error.code == "data.columns_differ"
    assert error.details == {"file": str(folder / "part-11.csv"), "missing": ["b"], "extra": ["c"]}
    assert "lacks column 'b' and has column 'c'" in error.message


def test_types_are_brought_together(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("n,empty,t,mixed\n1,,2026-01-01 00:00:00,5\n")
    (tmp_path / "2.csv").write_text("n,empty,t,mixed\n1.5,7,2026-01-02T00:00:00+02:00,word\n")
    data = load_dataset(str(tmp_path / "*.csv"))
    assert [str(kind) for kind in data.table.schema.types] == ["double", "int64", "timestamp[us, tz=UTC]", "string"]
    assert data.table["mixed"].to_pylist() == ["5", "word"]
    assert "with a zone and without one" in data.warnings[0]
    assert data.warnings[1].startswith("Column 'mixed' holds numbers in ")


def test_formats_may_differ(tmp_path: Path) -> None:
    (tmp_path / "1.jsonl").write_text('{"a": 1, "b": "x"}\n')
    pq.write_table(pa.table({"a": [2], "b": ["y"]}), tmp_path / "2.parquet")
    assert load_dataset(str(tmp_path / "*")).table.to_pylist() == [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]


def test_the_limit_is_for_all_files(folder: Path) -> None:
    assert refusal(str(folder / "*.csv"), max_bytes=20).code == "data.too_large"


def test_no_match_names_the_nearest(folder: Path) -> None:
    error = refusal(str(folder / "prat-*.csv"))
    assert error.code == "data.no_match"
    assert "part-" in error.hint
    assert refusal([]).code == refusal(5).code == refusal([5]).code == "data.unknown_source"


def test_folders_suggest_a_pattern(folder: Path) -> None:
    error = refusal(folder)
    assert error.code == "data.not_a_file"
    assert "*.csv" in error.hint


class Pipe(io.RawIOBase):
    """A stream that cannot go back."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._content.readinto(buffer)


def test_open_files(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("skip\na,b\n1,2\n")
    with path.open("rb") as file:
        file.readline()
        data = load_dataset(file)
        assert not file.closed
    assert (data.head(), data.name) == ([{"a": 1, "b": 2}], "x")
    assert load_dataset(Pipe(b"a,b\n1,2\n"), name="mine").name == "mine"  # type: ignore[arg-type]
    assert refusal(Pipe(b"a,b\n" + b"1,2\n" * 100), max_bytes=100).code == "data.too_large"
    assert refusal(io.StringIO("a,b\n1,2\n")).code == "data.not_binary"


def test_the_standard_input() -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"a": [1, 2, 3]}), sink)
    code = (
        "from anomaly_detection import load_dataset; data = load_dataset('-'); print(len(data), data.name, data.parts)"
    )
    for content in (sink.getvalue(), b"a\n1\n2\n3\n"):
        done = subprocess.run([sys.executable, "-c", code], input=content, capture_output=True, check=True)
        assert done.stdout.decode().strip() == "3 standard input (Part(name='standard input', n_rows=3),)"


def test_content_comes_before_the_name(tmp_path: Path) -> None:
    path = tmp_path / "really.csv"
    pq.write_table(pa.table({"a": [1, 2]}), path)
    data = load_dataset(path)
    assert data.warnings == ("really.csv was read as parquet: that is what it holds, whatever its name says.",)
    (tmp_path / "text.parquet").write_text("a,b\n1,2\n")
    assert "was read as csv" in load_dataset(tmp_path / "text.parquet").warnings[0]
    (tmp_path / "x.log").write_text("a,b\n1,2\n")
    assert load_dataset(tmp_path / "x.log").warnings == ()
    assert refusal(path, format="parqet").hint == "Did you mean 'parquet'?"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (bytes(range(256)) * 20, "csv, tsv, json, jsonl, parquet, arrow, avro"),
        (os.urandom(4096) + b"\xff\x00\x01", "avro"),
        (b"\x89HDF\r\n\x1a\n" + bytes(50), "HDF5"),
        (b"x" * 257 + b"ustar" + bytes(300), "tar"),
    ],
)
def test_binary_data_say_what_is_known(tmp_path: Path, content: bytes, word: str) -> None:
    (tmp_path / "rubbish.csv").write_bytes(content)
    error = refusal(tmp_path / "rubbish.csv")
    assert error.code == "data.not_text"
    assert word in error.message


def test_a_format_of_ones_own(tmp_path: Path) -> None:
    def read_numbers(file: BinaryIO) -> dict[str, list[int]]:
        file.seek(0)
        return {"number": [int(line) for line in file], "bytes": [len(line) for line in io.BytesIO(b"x\nyy\n")]}

    register_format("numbers", read_numbers, endings=["num"])
    (tmp_path / "two.num").write_bytes(b"5\n7\n")
    assert load_dataset(tmp_path / "two.num").head() == [{"number": 5, "bytes": 2}, {"number": 7, "bytes": 3}]
    assert load_dataset(io.BytesIO(b"1\n2\n"), format="numbers").table["number"].to_pylist() == [1, 2]
    register_format("broken", lambda file: 5)
    assert refusal(io.BytesIO(b"x"), format="broken").code == "data.not_a_table"
    with pytest.raises(PlatformError, match="built in"):
        register_format("csv", read_numbers)


def test_a_file_that_changes(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with path.open("rb") as file:
        source = FileSource("x.csv", file)
        assert source.check_unchanged() is None
        with path.open("a") as more:
            more.write("3,4\n")
        assert "grew" in str(source.check_unchanged())
        path.write_text("a\n")
        assert source.is_changed
        with pytest.raises(PlatformError, match="changed"):
            source.check_unchanged()


def test_a_file_that_vanishes_or_is_replaced_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with path.open("rb") as file:
        source = FileSource("x.csv", file)
        path.unlink()
        with source.open_bytes() as stream:
            assert stream.read() == b"a,b\n1,2\n"


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    error = refusal(path)
    assert error.code == "data.file_not_readable"
    assert "Permission denied" in error.message
