"""A data set's roles, kind, fingerprint and description."""

from __future__ import annotations

import dataclasses
import itertools
import json
import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomaly_detection import load_dataset
from anomaly_detection.data_platform.dataset import Dataset
from anomaly_detection.data_platform.errors import UnknownColumn

START = datetime(2026, 1, 1)  # noqa: DTZ001 - times without a zone


def hours(*numbers: float) -> list[datetime]:
    return [START + timedelta(hours=number) for number in numbers]


def dataset(**columns: Any) -> Dataset:
    return Dataset.from_arrow(pa.table(columns), name="demo")


def test_it_never_changes() -> None:
    data = dataset(a=[1, 2])
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.name = "other"  # type: ignore[misc]


def test_roles_of_a_series() -> None:
    data = dataset(id=["a", "b", "c", "d"], when=hours(0, 1, 2, 3), load=[1.0, 2.0, 3.0, 2.0], label=[0, 0, 1, 0])
    assert data.roles.to_dict() == {
        "time": "when",
        "label": "label",
        "entity": None,
        "row_id": "id",
        "features": ["load"],
    }
    assert data.kind == "series"
    assert "'label' was taken as the label" in data.warnings[0]


@pytest.mark.parametrize("name", ["label", "Label", "is_anomaly", "anomaly", "target", "class"])
@pytest.mark.parametrize("cells", [[0, 1, 0], [False, True, False], [0.0, 1.0, None], [0, 0, 0]])
def test_labels_are_no_features(name: str, cells: list[Any]) -> None:
    data = dataset(a=[1.0, 2.0, 3.0], **{name: cells})
    assert data.roles.label == name
    assert data.roles.features == ("a",)


@pytest.mark.parametrize("cells", [[0, 1, 2], ["normal", "odd", "odd"], [None, None, None], [0.5, 1.0, 0.0]])
def test_not_every_label_is_one(cells: list[Any]) -> None:
    assert dataset(a=[1.0, 2.0, 3.0], label=pa.array(cells)).roles.label is None


@pytest.mark.parametrize("name", ["id", "ID", "uuid", "order_id", "OrderId", "row"])
def test_names_of_rows(name: str) -> None:
    assert dataset(**{name: [7, 3, 9]}, a=[1.0, 2.0, 2.0]).roles.row_id == name
    assert dataset(**{name: [7, 3, 7]}, a=[1.0, 2.0, 2.0]).roles.row_id is None
    assert dataset(**{name: [7.5, 3.5, 1.5]}, a=[1.0, 2.0, 2.0]).roles.row_id is None


def test_a_numbered_first_column_without_a_name() -> None:
    assert dataset(column_1=[0, 1, 2], a=[1.0, 5.0, 2.0]).roles.row_id == "column_1"
    assert dataset(column_1=[0, 5, 2], a=[1.0, 5.0, 2.0]).roles.row_id is None


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"t": hours(*range(20)), "v": [1.0] * 20}, "series"),
        ({"t": hours(*reversed(range(20))), "v": [1.0] * 20}, "series"),
        ({"t": hours(*range(10), *range(15, 25)), "v": [1.0] * 20}, "series"),
        ({"t": hours(*range(20)), "v": [1.0] * 20, "on": [True] * 20}, "series"),
        ({"t": hours(*range(20)), "v": ["a", "b"] * 10}, "table"),
        ({"t": hours(*range(20)), "v": [1.0] * 20, "c": ["a", "b"] * 10}, "table"),
        ({"t": hours(*[0, 1, 2, 3] * 5), "v": [1.0] * 20}, "table"),
        ({"t": hours(*[number**3 for number in range(20)]), "v": [1.0] * 20}, "table"),
        ({"t": [None, *hours(*range(19))], "v": [1.0] * 20}, "table"),
        ({"v": [1.0] * 20}, "table"),
        ({"t": hours(0, 1), "v": [1.0, 2.0]}, "table"),
    ],
)
def test_kind(columns: dict[str, Any], kind: str) -> None:
    assert dataset(**columns).kind == kind


def test_disorder_and_missing_times_are_told() -> None:
    warnings = dataset(t=[*hours(3, 1, 2), None], v=[1.0, 2.0, 3.0, 4.0]).warnings
    assert warnings == ("1 row has no time in column 't'.", "The rows are not in the order of 't'.")


def test_text_is_told_from_categories() -> None:
    data = dataset(
        kind=["a", "b"] * 50, note=[f"message number {number} of many" for number in range(100)], empty=[None] * 100
    )
    assert [column["type"] for column in data.info()["columns"]] == ["category", "text", "number"]
    assert data.roles.features == ("kind",)
    assert [column["role"] for column in data.info()["columns"]] == ["feature", "ignored", "ignored"]


def test_columns_named_by_the_user() -> None:
    table = pa.table({"id": [1, 2, 3], "label": [0, 1, 0], "a": [1.0, 2.0, 3.0]})
    data = Dataset.from_arrow(table, columns=["id", "a"])
    assert data.roles.features == ("id", "a")
    assert data.roles.row_id is None


def test_a_time_named_by_the_user() -> None:
    table = pa.table({"second": [0, 60, 120, 180], "v": [1.0, 2.0, 3.0, 4.0]})
    assert Dataset.from_arrow(table).roles.time is None
    data = Dataset.from_arrow(table, time="second")
    assert data.kind == "series"
    assert data.head(2)[1] == {"second": "1970-01-01T00:01:00Z", "v": 2.0}
    assert data.warnings[0] == "The time column 'second' holds numbers: they were read as seconds since 1970-01-01 UTC."


def test_the_unit_of_numbers_taken_for_times_is_told() -> None:
    milliseconds = pa.table({"t": [1_767_225_600_000, 1_767_225_660_000], "v": [1.0, 2.0]})
    assert "milliseconds since" in Dataset.from_arrow(milliseconds, time="t").warnings[0]
    assert Dataset.from_arrow(pa.table({"t": hours(1, 2), "v": [1.0, 2.0]}), time="t").warnings == ()


def test_with_roles_and_select() -> None:
    data = dataset(a=[1.0, 2.0], b=[3.0, 4.0], c=["x", "y"])
    named = data.with_roles(entity="c")
    assert (named.roles.entity, named.roles.features) == ("c", ("a", "b"))
    assert data.roles.entity is None
    assert named.with_roles(entity=None, features=["b"]).roles.features == ("b",)
    chosen = named.select(["c", "b"])
    assert (chosen.column_names, chosen.roles.entity, chosen.roles.features) == (["c", "b"], "c", ("b",))
    assert named.select(["a"]).roles.entity is None
    with pytest.raises(UnknownColumn, match="'a'"):
        data.select(["aa"])
    with pytest.raises(UnknownColumn, match="There is no column 'z'"):
        data.with_roles(label="z")


def test_other_arrow_types_are_brought_to_the_usual_ones() -> None:
    table = pa.table(
        {
            "small": pa.array([1, None], pa.int8()),
            "huge": pa.array([2**63, 1], pa.uint64()),
            "half": pa.array([0.5, float("nan")], pa.float32()),
            "day": pa.array([20_000, 20_001], pa.date32()),
            "berlin": pa.array(hours(0, 1), pa.timestamp("ns", tz="Europe/Berlin")),
            "clock": pa.array([3_600, 7_200], pa.time32("s")),
            "word": pa.array(["x", "y"]).dictionary_encode(),
            "long": pa.array(["x", "y"], pa.large_string()),
            "nested": [[1], [2]],
        }
    )
    data = Dataset.from_arrow(table)
    assert {name: str(kind) for name, kind in zip(data.column_names, data.table.schema.types, strict=True)} == {
        "small": "int64",
        "huge": "double",
        "half": "double",
        "day": "timestamp[us]",
        "berlin": "timestamp[us, tz=UTC]",
        "clock": "double",
        "word": "string",
        "long": "string",
    }
    assert data.head(2)[1]["half"] is None
    assert data.head(1)[0]["clock"] == 3600.0
    assert "'nested' was left out" in data.warnings[0]


def test_any_arrow_consumer_takes_it() -> None:
    import polars as pl

    data = load_dataset("nyc_taxi")
    assert pa.table(data).equals(data.table)
    assert pl.DataFrame(data).shape == (10320, 2)


def test_info_is_plain_json() -> None:
    data = dataset(t=hours(0, 1, 2), v=[float("inf"), 1.5, None], b=[True, False, True], c=["x" * 90, None, "é"])
    info = data.info()
    assert json.loads(json.dumps(info, allow_nan=False)) == info
    by_name = {column["name"]: column for column in info["columns"]}
    assert by_name["v"] == {
        "name": "v",
        "type": "number",
        "role": "feature",
        "n_missing": 1,
        "n_distinct": 2,
        "minimum": 1.5,
        "maximum": 1.5,
        "examples": ["Infinity", 1.5],
    }
    assert (by_name["t"]["minimum"], by_name["t"]["maximum"]) == ("2026-01-01T00:00:00Z", "2026-01-01T02:00:00Z")
    assert (by_name["b"]["type"], by_name["b"]["minimum"]) == ("boolean", None)
    assert len(by_name["c"]["examples"][0]) == 80


CELLS = {
    "float": (st.none() | st.floats(allow_nan=False), pa.float64()),
    "int": (st.none() | st.integers(-1000, 1000), pa.int64()),
    "bool": (st.none() | st.booleans(), pa.bool_()),
    "text": (st.none() | st.text(max_size=4), pa.string()),
}


@st.composite
def columns(draw: st.DrawFn) -> tuple[str, list[Any], list[int]]:
    kind = draw(st.sampled_from(sorted(CELLS)))
    cells = draw(st.lists(CELLS[kind][0], max_size=12))
    cuts = sorted(draw(st.lists(st.integers(0, len(cells)), max_size=3)))
    return kind, cells, cuts


@settings(max_examples=200, deadline=None)
@given(columns())
def test_the_fingerprint_knows_no_chunks(column: tuple[str, list[Any], list[int]]) -> None:
    kind, cells, cuts = column
    whole = pa.chunked_array([pa.array([*cells, None, *cells], CELLS[kind][1]).slice(len(cells) + 1)])
    bounds = [0, *cuts, len(cells)]
    parts = [pa.array(cells[low:high], CELLS[kind][1]) for low, high in itertools.pairwise(bounds)]
    chunked = pa.chunked_array(parts, type=CELLS[kind][1])
    assert Dataset(pa.table({"a": whole}), "x").fingerprint == Dataset(pa.table({"a": chunked}), "y").fingerprint


@settings(max_examples=200, deadline=None)
@given(columns(), columns())
def test_different_content_has_different_fingerprints(
    first: tuple[str, list[Any], list[int]], second: tuple[str, list[Any], list[int]]
) -> None:
    tables = [pa.table({"a": pa.array(cells, CELLS[kind][1])}) for kind, cells, _ in (first, second)]
    same = tables[0].equals(tables[1])
    assert (Dataset(tables[0], "x").fingerprint == Dataset(tables[1], "x").fingerprint) == same


def test_fingerprints_tell_names_types_and_borders() -> None:
    variants = [
        {"a": ["ab", "c"]},
        {"a": ["a", "bc"]},
        {"b": ["ab", "c"]},
        {"a": [1, 2]},
        {"a": [1.0, 2.0]},
        {"a": [1, None]},
        {"a": [1, 0]},
        {"a": [1], "b": [2]},
        {"a": [None, ""]},
        {"a": ["", None]},
    ]
    prints = {Dataset(pa.table(variant), "x").fingerprint for variant in variants}
    assert len(prints) == len(variants)
    assert all(text.startswith("blake2b:") and len(text) == 40 for text in prints)


def test_importing_the_module_loads_no_arrow() -> None:
    code = (
        "import sys, anomaly_detection.data_platform.loading; print('pyarrow' in sys.modules, 'numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False"
