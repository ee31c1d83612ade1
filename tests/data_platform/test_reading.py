"""Delimited text in all its forms comes back as the values that were written."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anomaly_detection import PlatformError, load_dataset
from anomaly_detection.data_platform.dataset import Dataset
from anomaly_detection.data_platform.text_columns import MISSING, MISSING_IN_TEXT


def write(folder: Path, text: str | bytes, name: str = "data.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def values(data: Dataset, column: str) -> list[object]:
    return list(data.table[column].to_pylist())


CELL = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12)
WORD = st.text("abcdefgh ,;|\t\"'\r\n", min_size=1, max_size=10).map(lambda text: f"w{text}w")
CELLS = {
    "number": st.floats(allow_nan=False),
    "integer": st.integers(-(2**63), 2**63 - 1),
    "text": WORD,
    "boolean": st.booleans(),
}


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[str], list[list[object]]]:
    kinds = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=2, max_size=5))
    names = draw(st.lists(WORD.map(str.strip), min_size=len(kinds), max_size=len(kinds), unique=True))
    rows = draw(st.lists(st.tuples(*[st.none() | CELLS[kind] for kind in kinds]).map(list), min_size=1, max_size=20))
    return kinds, names, rows


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables(), st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_what_the_csv_module_writes_comes_back(
    tmp_path: Path, table: tuple[list[str], list[str], list[list[object]]], delimiter: str, end: str, packed: bool
) -> None:
    kinds, names, rows = table
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(names)
    writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
    content = out.getvalue().encode()
    data = load_dataset(write(tmp_path, gzip.compress(content) if packed else content))
    assert data.column_names == names
    for position, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        expected = [row[position] for row in rows]
        seen = values(data, name)
        if kind in {"number", "integer"}:
            assert [None if cell is None else float(cell) for cell in seen] == [
                None if cell is None else float(cell) for cell in expected
            ]
        else:
            assert seen == expected


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=15))
def test_any_text_survives(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    """Every cell that is text for certain, because its column holds a word, comes back letter for letter."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerows([("first", "second"), ("a word", "another"), *rows])
    data = load_dataset(write(tmp_path, out.getvalue()))
    for position, name in enumerate(("first", "second")):
        expected = [None if row[position] in MISSING_IN_TEXT else row[position] for row in rows]
        assert values(data, name)[1:] == expected


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300) | st.text('ab1,;"\n\r\t.-', max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused_by_name(tmp_path: Path, content: bytes) -> None:
    try:
        data = load_dataset(write(tmp_path, content))
    except PlatformError as refused:
        error = refused
    else:
        error = None
    if error is not None:
        assert error.code.startswith("data.")
        assert error.hint
    else:
        assert len(data) >= 1
        assert data.info()["n_rows"] == len(data)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(tmp_path: Path, delimiter: str, end: str) -> None:
    text = end.join([delimiter.join(line) for line in (["a", "b", "c"], ["1", "2.5", "x"], ["3", "4.5", "y"])]) + end
    data = load_dataset(write(tmp_path, text))
    assert data.table.to_pylist() == [{"a": 1, "b": 2.5, "c": "x"}, {"a": 3, "b": 4.5, "c": "y"}]


def test_types_are_found_over_all_rows_not_over_the_first_ones(tmp_path: Path) -> None:
    rows = "".join(f"{number},{number},{number}\n" for number in range(400_000))
    data = load_dataset(write(tmp_path, f"whole,later_float,later_word\n{rows}1,0.5,oops\n"))
    assert [str(kind) for kind in data.table.schema.types] == ["int64", "double", "string"]
    assert len(data) == 400_001
    mixed, unused = data.warnings
    assert mixed.startswith(
        "Column 'later_word' holds mostly numbers, but 'oops' in line 400,002: it was read as text."
    )
    assert unused == "Column 'later_word' holds free text and is not used."


@pytest.mark.parametrize("word", sorted(MISSING))
def test_missing_numbers(tmp_path: Path, word: str) -> None:
    assert values(load_dataset(write(tmp_path, f"a,b\n1,2\n{word},3\n")), "a") == [1, None]


def test_words_for_missing_stay_where_they_are_words(tmp_path: Path) -> None:
    data = load_dataset(write(tmp_path, "kind,b\nNone,1\n-,2\nNA,3\n,4\nplain,5\n"))
    assert values(data, "kind") == ["None", "-", None, None, "plain"]


def test_infinities(tmp_path: Path) -> None:
    data = load_dataset(write(tmp_path, "a,b\ninf,1\n-Infinity,2\n1.5,3\nNAN,4\n"))
    assert values(data, "a") == [float("inf"), float("-inf"), 1.5, None]
    column = data.info()["columns"][0]
    assert (column["minimum"], column["maximum"], column["n_missing"]) == (1.5, 1.5, 1)
    assert column["examples"] == ["Infinity", "-Infinity", 1.5]


def test_byte_order_mark_and_blank_lines(tmp_path: Path) -> None:
    data = load_dataset(write(tmp_path, b"\xef\xbb\xbf\n\na,b\n\n1,2\n\n3,4\n\n"))
    assert data.table.to_pylist() == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]


def test_header_with_quoted_line_ends(tmp_path: Path) -> None:
    data = load_dataset(write(tmp_path, '"load\n(kW)",b\n1,2\n3,4\n'))
    assert data.column_names == ["load\n(kW)", "b"]
    assert len(data) == 2


def test_decimal_commas(tmp_path: Path) -> None:
    data = load_dataset(write(tmp_path, "wert;zahl\n1,5;3\n-2,25;4\n"))
    assert values(data, "wert") == [1.5, -2.25]
    assert values(data, "zahl") == [3, 4]


def test_one_column(tmp_path: Path) -> None:
    assert values(load_dataset(write(tmp_path, "value\n1.5\n2.5\n")), "value") == [1.5, 2.5]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1.5,2\n3,4\n", ["column_1", "column_2"]),
        ("tcp,0.5,7\nudp,0.25,9\n", ["column_1", "column_2", "column_3"]),
        ("2026-01-01,4\n2026-01-02,5\n", ["column_1", "column_2"]),
    ],
)
def test_no_header(tmp_path: Path, text: str, names: list[str]) -> None:
    data = load_dataset(write(tmp_path, text))
    assert data.column_names == names
    assert len(data) == 2
    assert "No header was found" in data.warnings[0]


@pytest.mark.parametrize("header", ["0,1,2", "name,2019,2020", "a,b,c"])
def test_headers_that_hold_numbers(tmp_path: Path, header: str) -> None:
    data = load_dataset(write(tmp_path, f"{header}\n7,8.5,9\n7,8.5,9.5\n"))
    assert data.column_names == header.split(",")
    assert len(data) == 2


def test_doubled_and_missing_names(tmp_path: Path) -> None:
    data = load_dataset(write(tmp_path, "a,a,,a_2,a\nx,2,3,4,5\n"))
    assert data.column_names == ["a", "a_3", "column_3", "a_2", "a_4"]
    assert data.warnings[:2] == (
        "Column names that stand twice were numbered: 'a'.",
        "Columns without a name are called column_3.",
    )


def test_other_encodings_by_name(tmp_path: Path) -> None:
    path = write(tmp_path, "straße,€\nköln,1\n".encode("windows-1252"))
    assert load_dataset(path, encoding="windows-1252").column_names == ["straße", "€"]
    path = write(tmp_path, ("größe,b\n" + "ä,1\n" * 700_000).encode("utf-16"))
    data = load_dataset(path, encoding="utf-16")
    assert data.column_names == ["größe", "b"]
    assert len(data) == 700_000


def test_a_packed_file_is_known_by_its_content(tmp_path: Path) -> None:
    packed = write(tmp_path, gzip.compress(b"a,b\n1,2\n"), "packed.csv")
    plain = write(tmp_path, "a,b\n1,2\n", "plain.csv.gz")
    members = write(tmp_path, gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n"), "two.csv.gz")
    assert len(load_dataset(packed)) == len(load_dataset(plain)) == 1
    assert len(load_dataset(members)) == 2


def test_long_rows_need_larger_blocks(tmp_path: Path) -> None:
    data = load_dataset(write(tmp_path, f'a,b\n1,"{"x" * 9_000_000}"\n2,short\n'))
    assert [len(str(cell)) for cell in values(data, "b")] == [9_000_000, 5]


def test_the_bundled_series() -> None:
    data = load_dataset("nyc_taxi")
    assert (len(data), data.kind, data.name, data.roles.time) == (10320, "series", "nyc_taxi", "timestamp")
    assert data.warnings == ()
    assert values(data, "timestamp")[0] == datetime(2014, 7, 1)  # noqa: DTZ001 - the file names no zone
    assert values(data, "value")[:2] == [10844, 8127]


def test_very_many_columns_of_one_name(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("\n".join(",".join([field] * 20_000) for field in ("x", "1", "2.5")))
    info = load_dataset(path).info()
    assert [column["name"] for column in info["columns"]] == ["x", *(f"x_{number}" for number in range(2, 20_001))]
    assert {column["role"] for column in info["columns"]} == {"feature"}
    assert {column["type"] for column in info["columns"]} == {"number"}
