"""Lists among an algorithm's parameters: what counts as one, and what the schema says of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from anomaly_detection.detection.errors import InvalidParameter
from anomaly_detection.detection.parameter import check_parameters
from anomaly_detection.detection.ports import Parameter

NAMES = Parameter("names", "array", ["a"], "Names.", minimum=1, maximum=3, items={"type": "string"})
NUMBERS = Parameter("numbers", "array", None, "Numbers.", items={"type": "number"}, automatic=True)
ANY = Parameter("any", "array", [], "Anything.")


@pytest.mark.parametrize(
    ("name", "given", "typed"),
    [
        ("names", ["a", "b"], ["a", "b"]),
        ("names", ("a",), ["a"]),
        ("names", np.array(["a", "b"]), ["a", "b"]),
        ("names", "a", ["a"]),
        ("names", " a, b ,", ["a", "b"]),
        ("names", '["a", "b, c"]', ["a", "b, c"]),
        ("names", "1, nan", ["1", "nan"]),
        ("numbers", None, None),
        ("numbers", [1, 2.5], [1.0, 2.5]),
        ("numbers", [np.int64(1), np.float32(2.5)], [1.0, 2.5]),
        ("numbers", "1, 2.5", [1.0, 2.5]),
        ("numbers", "[1, 2.5]", [1.0, 2.5]),
        ("any", [{"x": np.int64(1), "y": ("z",)}], [{"x": 1, "y": ["z"]}]),
        ("any", [], []),
    ],
)
def test_lists_become_plain_lists(name: str, given: Any, typed: Any) -> None:
    checked = check_parameters("algorithm", (NAMES, NUMBERS, ANY), {name: given})[name]
    assert checked == typed
    assert [type(item) for item in checked or ()] == [type(item) for item in typed or ()]


@pytest.mark.parametrize(
    ("name", "given", "allowed"),
    [
        ("names", [], "a list of strings with 1 to 3 items"),
        ("names", ["a"] * 4, "with 1 to 3 items"),
        ("names", None, "a list of strings"),
        ("names", 5, "a list of strings"),
        ("names", {"a": 1}, "a list of strings"),
        ("names", "[a, b]", "a list of strings"),
        ("names", ["a", 5], "a list of strings"),
        ("numbers", ["x"], "a list of numbers"),
        ("numbers", [True], "a list of numbers"),
        ("numbers", [float("nan")], "a list of numbers"),
        ("numbers", "1, x", "a list of numbers (or none"),
        ("any", [object()], "a list of values"),
        ("any", [{1, 2}], "a list of values"),
    ],
)
def test_what_is_no_such_list_is_told(name: str, given: Any, allowed: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        check_parameters("algorithm", (NAMES, NUMBERS, ANY), {name: given})
    assert allowed in caught.value.message
    assert caught.value.details == {"parameter": name}


def test_a_list_is_not_the_callers() -> None:
    given = [{"x": [1]}]
    checked = check_parameters("algorithm", (ANY,), {"any": given})["any"]
    given[0]["x"].append(2)
    assert checked == [{"x": [1]}]


def test_the_schema_bounds_the_number_of_items() -> None:
    assert NAMES.schema() == {
        "type": "array",
        "default": ["a"],
        "description": "Names.",
        "items": {"type": "string"},
        "minItems": 1,
        "maxItems": 3,
    }
    assert NUMBERS.schema()["type"] == ["array", "null"]
