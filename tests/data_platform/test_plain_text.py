"""Long text without quotation marks is parsed in pieces, and reads like any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from anomaly_detection import load_dataset
from anomaly_detection.data_platform.dataset import Dataset
from anomaly_detection.data_platform.errors import UnreadableData
from anomaly_detection.data_platform.gathering import Gathering, block_of
from anomaly_detection.data_platform.loading import plain_text


@pytest.fixture
def pieces_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_text, "_FIRST_BYTES", 300)
    monkeypatch.setattr(plain_text, "_PIECE_BYTES", 170)
    monkeypatch.setattr(plain_text, "_LEAST_BYTES", 0)
    monkeypatch.setattr(plain_text, "_SPARE", 2.0)


def both_ways(path: Path, text: str | bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[Dataset, Dataset, bool]:
    """Return what is read in pieces and as a stream, and whether the pieces were enough."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    enough = []
    in_pieces = plain_text.read_plain

    def watched(*given: Any) -> pa.Table:
        enough.append(False)
        table = in_pieces(*given)
        enough[-1] = True
        return table

    with monkeypatch.context() as patch:
        patch.setattr("anomaly_detection.data_platform.loading.delimited.read_plain", watched)
        fast = load_dataset(path)
    with monkeypatch.context() as patch:
        patch.setattr(plain_text, "_LEAST_BYTES", 1 << 40)
        slow = load_dataset(path)
    return fast, slow, enough[-1]


ROWS = [
    f"{number / 7!r},{number},{'abc'[number % 3]},{number % 2 == 0},2026-01-01 00:{number % 60:02}"
    for number in range(200)
]
CASES = {
    "every type": "\n".join(["x,n,word,flag,at", *ROWS, ""]),
    "no line feed at the end": "\n".join(["x,n,word,flag,at", *ROWS]),
    "carriage returns": "\r\n".join(["x,n,word,flag,at", *ROWS, ""]),
    "names in quotation marks": "\n".join(['"x","n","word","flag","at"', *ROWS, ""]),
    "semicolons and decimal commas": "\n".join(["x;y", *(f"{number},5;-{number},25" for number in range(200))]),
    "a mark of UTF-8": b"\xef\xbb\xbf" + "\n".join(["größe,y", *(f"{number}.5,ä" for number in range(200))]).encode(),
    "missing numbers late": "\n".join(["x,y", *("1.5,2.5" for _ in range(100)), "NA,2.5", *("3.5,2.5" for _ in range(50))]),
    "blank lines": "\n".join(["x,y", *("1.5,2.5\n" for _ in range(100))]),
    "longer lines late": "\n".join(["x,y", *("1.5,2.5" for _ in range(60)), *("1.12345678901234,2.12345678901" for _ in range(60))]),
    "shorter lines late": "\n".join(["x,y", *("1.12345678901234,2.12345678901" for _ in range(60)), *("1.5,2.5" for _ in range(300))]),
}  # fmt: skip


@pytest.mark.usefixtures("pieces_are_short")
@pytest.mark.parametrize("case", CASES)
def test_text_in_pieces_reads_like_a_stream(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fast, slow, enough = both_ways(tmp_path / "rows.csv", CASES[case], monkeypatch)
    assert enough
    assert fast.table.equals(slow.table)
    assert (fast.roles, fast.warnings, fast.fingerprint) == (slow.roles, slow.warnings, slow.fingerprint)


UNSUITED = {
    "quoted rows": "\n".join(["x,word", *(f'{number}.5,"a\nb"' for number in range(200))]),
    "another type late": "\n".join(["x,y", *("1,2.5" for _ in range(100)), "1.5,2.5", "word,2.5"]),
    "a cell longer than a piece": "\n".join(["x,word", *("1.5,a" for _ in range(100)), "2.5," + "b" * 1000, "3.5,c"]),
    "carriage returns alone": "\r".join(["x,y", *("1.5,2.5" for _ in range(200))]),
}


@pytest.mark.usefixtures("pieces_are_short")
@pytest.mark.parametrize("case", UNSUITED)
def test_other_text_is_left_to_the_stream(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fast, slow, enough = both_ways(tmp_path / "rows.csv", UNSUITED[case], monkeypatch)
    assert not enough
    assert fast.table.equals(slow.table)


@pytest.mark.usefixtures("pieces_are_short")
def test_what_is_wrong_is_said_as_of_a_stream(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(["x,y", *("1.5,2.5" for _ in range(150)), "1.5", "1.5,2.5"]))
    with pytest.raises(UnreadableData, match="152") as caught:
        load_dataset(path)
    assert caught.value.code == "data.ragged_row"
    path.write_bytes(b"x,word\n" + b"1.5,a\n" * 150 + b"1.5,\xff\n")
    with pytest.raises(UnreadableData) as caught:
        load_dataset(path)
    assert caught.value.code == "data.wrong_encoding"


@pytest.mark.usefixtures("pieces_are_short")
def test_numbers_of_a_long_file_stand_in_one_block(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(300, 4))
    (tmp_path / "rows.csv").write_text("a,b,c,d\n" + "\n".join(",".join(map(repr, row)) for row in rows.tolist()))
    data = load_dataset(tmp_path / "rows.csv")
    assert data.owned
    assert np.array_equal(data.block, rows)
    assert data.block.strides[0] == 8
    assert np.array_equal(data.select(["c", "d"]).block, rows[:, 2:])
    assert data.select(["b", "a"]).block is None
    assert np.shares_memory(data.block, data.table["c"].chunk(0).to_numpy())
    with pytest.raises(ValueError, match="read-only"):
        data.block[0, 0] = 1.0


def test_only_columns_of_one_piece_of_memory_are_a_block() -> None:
    batch = pa.record_batch({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    gathering = Gathering(batch.schema, rows=2)
    gathering.add(batch)
    assert block_of(gathering.table()).tolist() == [[1.0, 3.0], [2.0, 4.0]]
    gathering.add(batch)
    assert gathering.table()["b"].to_pylist() == [3.0, 4.0, 3.0, 4.0]
    assert block_of(gathering.table()) is None
    apart = pa.table({"a": np.array([1.0, 2.0]), "b": np.array([3.0, 4.0])})
    assert block_of(apart) is None
    assert block_of(pa.table({"a": ["x"]})) is None
    assert block_of(pa.table({})) is None


def test_data_of_others_are_not_owned() -> None:
    assert not Dataset.from_arrow(pa.table({"a": np.arange(3.0)})).owned
    assert not Dataset.from_records([{"a": 1.0}]).owned
