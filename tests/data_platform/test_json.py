"""JSON in its usual shapes becomes the table that its writer meant, or is refused with the place."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomaly_detection import PlatformError, load_dataset
from anomaly_detection.data_platform.dataset import Dataset


def read(text: str | bytes, **options: Any) -> Dataset:
    return load_dataset(io.BytesIO(text.encode() if isinstance(text, str) else text), **options)


def refusal(text: str | bytes, **options: Any) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        read(text, **options)
    assert caught.value.hint
    return caught.value


ROWS = [{"a": 1, "b": "x"}, {"a": 2, "b": None}]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ROWS),
        json.dumps(ROWS, indent=2),
        "\ufeff" + json.dumps(ROWS),
        '{"a": 1, "b": "x"}\n\n{"a": 2}\n',
        '{"a": 1, "b": "x"}\r\n{"b": null, "a": 2}',
        '{"a": [1, 2], "b": ["x", null]}',
        '{"a": {"0": 1, "1": 2}, "b": {"0": "x", "1": null}}',
        '{"status": "ok", "page": {"data": [{"a": 1, "b": "x"}, {"a": 2}], "next": null}}',
        '{"units": {"a": "kW"}, "hourly": {"a": [1, 2], "b": ["x", null]}}',
    ],
)
def test_shapes(text: str) -> None:
    assert read(text).table.to_pylist() == ROWS


def test_where_rows_were_found_is_told() -> None:
    assert read('{"page": {"data": [{"a": 1}, {"a": 2}]}}').warnings == ("The rows were taken from 'page.data'.",)


def test_plain_values_are_one_column() -> None:
    assert read("[1, 2.5, null]", format="json").table.to_pylist() == [{"value": 1}, {"value": 2.5}, {"value": None}]
    assert read("1\n2\n", format="jsonl").table.to_pylist() == [{"value": 1}, {"value": 2}]


def test_objects_inside_of_objects_have_dotted_names() -> None:
    data = read('[{"at": {"x": 1, "deep": {"y": 2}}, "l": [1]}, {"at": null, "z": true}]')
    assert data.column_names == ["at.x", "at.deep.y", "z"]
    assert data.table.to_pylist()[1] == {"at.x": None, "at.deep.y": None, "z": True}
    assert data.warnings[0] == "Column 'l' was left out: a column of lists cannot be used."
    assert refusal('[{"l": [1], "a": 1}]', columns=["l"]).code == "data.unusable_column"
    assert refusal('[{"l": [1]}]').code == "data.no_columns"


def test_values_beyond_json() -> None:
    data = read('[{"a": NaN, "b": 123456789012345678901234567890}, {"a": Infinity, "b": 1}, {"a": -1, "b": 1e999}]')
    assert data.table["a"].to_pylist() == [None, float("inf"), -1.0]
    assert data.table["b"].to_pylist() == [123456789012345678901234567890.0, 1.0, float("inf")]
    assert read('[{"a": "\\ud800x"}, {"a": "y"}]').table["a"].to_pylist() == ["?x", "y"]


def test_text_that_is_numbers_or_times_is_read_as_such() -> None:
    data = read('[{"t": "2026-01-01T00:00:00Z", "n": "1.5", "zip": "01234"}, {"t": "", "n": "N/A", "zip": "98765"}]')
    assert [str(kind) for kind in data.table.schema.types] == ["timestamp[us, tz=UTC]", "double", "string"]
    assert data.table["n"].to_pylist() == [1.5, None]


def test_mixed_types_become_text_and_the_odd_one_is_named() -> None:
    data = read('[{"a": 1}, {"a": 2}, {"a": "oops"}, {"a": 3}]')
    assert data.table["a"].to_pylist() == ["1", "2", "oops", "3"]
    assert data.warnings[0].startswith("Column 'a' holds mostly numbers, but 'oops' in record 3: it was read as text.")
    assert read('[{"a": {"b": 1}}, {"a": 2}, {"a": 1, "c": 1}]').column_names == ["c"]


def test_types_that_change_after_many_records() -> None:
    lines = [json.dumps({"whole": i, "late": None, "mixed": i}) for i in range(60_000)]
    lines[7] = json.dumps({"whole": 2**62 + 1, "late": None, "mixed": 7})
    lines += [json.dumps({"whole": 0.5, "late": "x", "mixed": "word", "new": True})]
    data = read("\n".join(lines))
    assert [str(kind) for kind in data.table.schema.types] == ["double", "string", "string", "bool"]
    assert (data.table["new"].null_count, data.table["late"].null_count) == (60_000, 60_000)


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ('{"a": 1}\n{"a": }\n{"a": 3}\n', "data.invalid_json", 2, 7),
        ('{"a": 1}\n{"a": 1} x\n', "data.invalid_json", 2, 10),
        ('[{"a": 1},\n {"a" 2}]', "data.invalid_json", 2, 7),
        ('[{"a": 1},\n {"a": 2}\n {"a": 3}]', "data.invalid_json", 3, 2),
        ('[{"a": 1},\n]', "data.invalid_json", 2, 1),
        ('[{"a": 1}]\nx', "data.invalid_json", 2, 1),
        ('{"a": [1,\n 2 3]}', "data.invalid_json", 2, 4),
        ('[{"a": 1},\n {"a": 2', "data.truncated_file", 2, 9),
        ('[{"a": 1}', "data.truncated_file", 1, 10),
        ('[{"a": "wor', "data.truncated_file", 1, 8),
        ('{"a": 1}\n{"a": ', "data.truncated_file", 2, 7),
        ('{"a": [1, 2', "data.truncated_file", 1, 12),
    ],
)
def test_broken_json_names_the_place(text: str, code: str, line: int, column: int) -> None:
    error = refusal(text)
    assert error.code == code
    assert error.details == {"line": line, "column": column}


def test_the_place_is_right_far_into_a_file() -> None:
    rows = ",\n".join(json.dumps({"number": number, "word": "x" * 50}) for number in range(100_000))
    error = refusal(f'[{rows},\n{{"number" 1}}]')
    assert error.details == {"line": 100_001, "column": 11}
    error = refusal(rows.replace(",\n", "\n") + '\n{"number" 1}\n')
    assert error.details == {"line": 100_001, "column": 11}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"a": 1, "a": 2}\n{"a": 1}\n', "data.duplicate_key"),
        ('[{"b": {"a": 1, "a": 2}}]', "data.duplicate_key"),
        ('[{"a.b": 1, "a": {"b": 2}}]', "data.duplicate_column"),
        ("[" * 100_000, "data.too_deep"),
        ('{"a":' * 100_000, "data.too_deep"),
        ('[{"a": ' + '{"b": ' * 50 + "1" + "}" * 50 + "}]", "data.too_deep"),
        ('[{"a": ' + "1" * 5000 + "}]", "data.invalid_json"),
        ('{"a": 1}', "data.unclear_json"),
        ('{"a": [1, 2], "b": [1]}', "data.unclear_json"),
        ('{"a": [{"x": 1}], "b": [{"x": 1}]}', "data.unclear_json"),
        ("{}", "data.unclear_json"),
        ("[[1, 2], [3, 4]]", "data.unclear_json"),
        ('[{"a": 1}, null]', "data.unclear_json"),
        ('[{"a": 1}]\n[{"a": 2}]\n', "data.unclear_json"),
        ('{"a": 1}\n5\n', "data.unclear_json"),
        ("[]", "data.no_rows"),
        ("[{}, {}]", "data.no_rows"),
        (b'[{"a": "\xff"}]', "data.wrong_encoding"),
        (json.dumps(ROWS).encode("utf-16"), "data.wrong_encoding"),
        ("[" + ",".join(json.dumps({f"key{i}": i}) for i in range(60_000)) + "]", "data.too_large"),
    ],
)
def test_what_is_no_clear_table(text: str | bytes, code: str) -> None:
    assert refusal(text).code == code


def test_other_encodings_and_limits() -> None:
    assert read(json.dumps(ROWS).encode("utf-16"), encoding="utf-16").table.to_pylist() == ROWS
    assert refusal(json.dumps(ROWS), max_bytes=20).code == "data.too_large"
    assert refusal("a,b\n1,2\n", format="json").code == "data.invalid_json"


CELLS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5)
VALUES = st.recursive(
    CELLS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)


def outcome(content: str, form: str | None) -> str:
    try:
        return f"read {read(content, format=form).info()['n_rows']}"
    except PlatformError as error:
        return error.code


@settings(max_examples=100, deadline=None)
@given(VALUES, st.booleans(), st.integers(0, 60))
def test_any_json_is_read_or_refused_by_name(value: Any, in_lines: bool, cut: int) -> None:
    text = "\n".join(map(json.dumps, value)) if in_lines and isinstance(value, list) else json.dumps(value)
    for content in (text, text[:cut]):
        for form in (None, "json", "jsonl"):
            assert outcome(content, form).startswith(("data.", "read"))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.fixed_dictionaries({"w": st.text(max_size=6), "n": st.floats(allow_nan=False)}), min_size=1))
def test_lines_and_list_give_the_same(rows: list[dict[str, Any]]) -> None:
    lines = read("".join(json.dumps(row) + "\n" for row in rows), format="jsonl")
    assert lines.table.equals(read(json.dumps(rows), format="json").table)
    assert lines.table["n"].to_pylist() == [row["n"] for row in rows]
