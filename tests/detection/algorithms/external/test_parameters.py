"""Parameters of other libraries, read from signature and docstring."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from anomaly_detection.detection.algorithms.external.parameters import (
    HIDDEN,
    METRICS,
    ForeignParameter,
    check_foreign,
    foreign_parameters,
)
from anomaly_detection.detection.errors import InvalidParameter


class Described:
    """A class of a library.

    Parameters
    ----------
    count : int, optional (default=10)
        How many. More than one sentence
        follows here.

    share : int or float, default=0.5
        A share of the rows, see :class:`~library.Rows`
        or a number of them.

        - 'never read': this.

    way : {'first', 'last'} or callable, default='first'
        Which way.

    auto : int or 'auto', default='auto'
        A number or a choice.

    maybe : float, default=None
        May be left out.

    method : str, optional (default='mean')
        {'mean', 'max'}

    odd : dict, optional (default=None)
        No value that can be written down.

    Attributes
    ----------
    count_ : str
        Not a parameter.
    """

    def __init__(
        self,
        needed: Any = (),
        count: int = 10,
        share: float = 0.5,
        way: str = "first",
        auto: Any = "auto",
        maybe: float | None = None,
        method: str = "mean",
        odd: Any = None,
        plain: bool = False,
        n_neighbors: int = 5,
        random_state: int | None = None,
        metric: str = "euclidean",
        contamination: float = 0.1,
        n_jobs: int = 1,
        fixed: int = 3,
        *args: Any,
        **others: Any,
    ) -> None:
        """Nothing is kept."""


KNOWN = foreign_parameters(Described, {"fixed": 4})
BY_NAME = {item.name: item for item in KNOWN}


def test_only_what_can_be_written_down_is_offered() -> None:
    assert set(BY_NAME) == {
        *("count", "share", "way", "auto", "maybe", "method", "plain", "n_neighbors", "random_state", "metric")
    }
    assert not HIDDEN & set(BY_NAME)


def test_types_defaults_and_meanings() -> None:
    schemas = {name: item.schema() for name, item in BY_NAME.items()}
    assert schemas["count"] == {"type": "integer", "default": 10, "description": "How many."}
    assert schemas["share"]["type"] == ["integer", "number"]
    assert schemas["share"]["description"] == "A share of the rows, see library.Rows or a number of them."
    assert schemas["way"]["enum"] == ["first", "last"]
    assert schemas["auto"]["type"] == ["integer", "string"]
    assert schemas["maybe"] == {"type": ["number", "null"], "default": None, "description": "May be left out."}
    assert schemas["method"]["enum"] == ["mean", "max"]
    assert schemas["plain"]["description"] == "Parameter plain of Described."
    assert schemas["n_neighbors"]["minimum"] == 1
    assert (schemas["random_state"]["default"], schemas["random_state"]["type"]) == (0, "integer")
    assert schemas["metric"]["enum"] == list(METRICS)


@pytest.mark.parametrize(
    ("name", "given", "typed"),
    [
        ("count", 3.0, 3),
        ("share", 3, 3),
        ("share", 0.25, 0.25),
        ("share", np.float64(0.25), 0.25),
        ("auto", "auto", "auto"),
        ("auto", np.int64(4), 4),
        ("maybe", None, None),
        ("maybe", 2, 2.0),
        ("plain", True, True),
        ("random_state", 7, 7),
    ],
)
def test_values_become_the_first_type_that_fits(name: str, given: Any, typed: Any) -> None:
    checked = check_foreign("x", KNOWN, {name: given})[name]
    assert checked == typed
    assert type(checked) is type(typed)


@pytest.mark.parametrize(
    ("name", "given", "allowed"),
    [
        ("count", "many", "x: count is 'many'; it must be a whole number"),
        ("share", "half", "x: share is 'half'; it must be a whole number or a number"),
        ("share", None, "a whole number or a number"),
        ("way", "middle", "one of 'first', 'last'"),
        ("maybe", "x", "a number"),
        ("n_neighbors", 0, "at least 1"),
        ("random_state", -1, "from 0 to"),
        ("contamination", 0.1, "has no parameter 'contamination'"),
        ("counts", 1, "has no parameter 'counts'"),
    ],
)
def test_other_values_are_refused(name: str, given: Any, allowed: str) -> None:
    with pytest.raises(InvalidParameter, match=allowed) as caught:
        check_foreign("x", KNOWN, {name: given})
    assert caught.value.hint


def test_choices_hold_for_texts_only() -> None:
    both = ForeignParameter("n", "integer", 1, "N.", choices=("auto",), kinds=("integer", "string"))
    assert check_foreign("x", (both,), {"n": 3}) == {"n": 3}
    assert check_foreign("x", (both,), {"n": "auto"}) == {"n": "auto"}
    with pytest.raises(InvalidParameter, match="a whole number or one of 'auto'"):
        check_foreign("x", (both,), {"n": "none"})


def test_a_function_without_docstring_has_parameters_too() -> None:
    def factory(depth: int = 3) -> Any: ...

    (only,) = foreign_parameters(factory)
    assert (only.name, only.kind, only.description) == ("depth", "integer", "Parameter depth of factory.")
