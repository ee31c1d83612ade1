"""The one table of algorithms: name, place and capabilities. Everything that lists or makes algorithms reads it."""

from __future__ import annotations

import importlib
import importlib.util
import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.metadata import entry_points
from numbers import Real
from typing import Any

from anomaly_detection.detection.errors import InvalidParameter
from anomaly_detection.detection.ports import Algorithm, AlgorithmInfo, Parameter
from anomaly_detection.shared.errors import NotFound, did_you_mean
from anomaly_detection.shared.lazy import resolve

ENTRY_POINTS = "anomaly_detection.algorithms"
"""Other distributions add algorithms under this entry point: a name that loads a `CatalogueLine`."""

_ROOT = "anomaly_detection.detection.algorithms"


@dataclass(frozen=True, slots=True)
class CatalogueLine:
    """Where an algorithm is and what it can do.

    Attributes
    ----------
    target : str
        ``package.module:Class``. The module also holds ``PARAMETERS`` and ``REFERENCE``.
    kinds : tuple of str
        Kinds of data it takes, of ``table``, ``series``, ``image``, ``text``.
    independent_rows : bool
        A row scores the same alone as among others.
    causal : bool
        For series: the score of a prefix does not change when more comes.
    min_rows : int
        Below, fitting falls back to a robust distance.
    """

    name: str
    target: str
    family: str
    kinds: tuple[str, ...] = ("table",)
    independent_rows: bool = True
    causal: bool = False
    online: bool = False
    deterministic: bool = True
    min_rows: int = 2
    extra: str | None = None
    needs: str | None = None
    """The module of the optional library, when there is one."""


_LINES = (
    CatalogueLine("modified_zscore", f"{_ROOT}.statistical.modified_zscore:ModifiedZScore", "statistical", min_rows=1),
    CatalogueLine("isolation_forest", f"{_ROOT}.trees.isolation_forest:IsolationForest", "trees", min_rows=8),
    CatalogueLine("knn", f"{_ROOT}.neighbours.knn:KNearestNeighbours", "neighbours", min_rows=4),
    CatalogueLine(
        "stl", f"{_ROOT}.timeseries.stl:STL", "timeseries", kinds=("series",), independent_rows=False, min_rows=4
    ),
)

DEFAULTS = {"table": "knn", "series": "stl"}
"""The algorithm for each kind of data when the user names none.

For tables not the forest, although it is faster: its scores saturate, so that no row far out can have a small p-value, and
the default threshold, which bounds the share of false alarms, would next to never flag one.
"""


@cache
def _lines() -> Mapping[str, CatalogueLine]:
    own = {line.name: line for line in _LINES}
    foreign = {point.name: point.load() for point in entry_points(group=ENTRY_POINTS)}
    return {**foreign, **own}


def catalogue_line(name: str) -> CatalogueLine:
    """Return the line of an algorithm.

    Raises
    ------
    NotFound
        No algorithm has this name; the hint tells the nearest.

    Examples
    --------
    >>> catalogue_line("knn").family
    'neighbours'
    """
    lines = _lines()
    if str(name) not in lines:
        raise NotFound(
            f"There is no algorithm {name!r}.",
            code="detection.unknown_algorithm",
            hint=did_you_mean(str(name), lines),
            details={"known": sorted(lines)},
        )
    return lines[name]


def algorithm_info(name: str) -> AlgorithmInfo:
    """Return what is known of one algorithm: kinds, parameters as JSON schema, reference.

    Raises
    ------
    NotFound
        No algorithm has this name.
    """
    line = catalogue_line(name)
    installed = line.needs is None or importlib.util.find_spec(line.needs) is not None
    algorithm = resolve(line.target)
    module = importlib.import_module(algorithm.__module__)
    parameters: tuple[Parameter, ...] = module.PARAMETERS
    return AlgorithmInfo(
        name=line.name,
        family=line.family,
        kinds=line.kinds,
        summary=(algorithm.__doc__ or "").strip().partition("\n")[0],
        parameters={
            "type": "object",
            "properties": {item.name: item.schema() for item in parameters},
            "additionalProperties": False,
        },
        online=line.online,
        causal=line.causal,
        independent_rows=line.independent_rows,
        min_rows=line.min_rows,
        extra=line.extra,
        installed=installed,
        reference=str(module.REFERENCE),
    )


def list_algorithms(
    kind: str | None = None, family: str | None = None, online: bool | None = None, installed: bool | None = None
) -> list[AlgorithmInfo]:
    """List the algorithms, sorted by name.

    Parameters
    ----------
    kind : str, optional
        Only those for this kind of data: ``table``, ``series``, ``image`` or ``text``.
    family : str, optional
        Only those of this family, such as ``trees``.
    online : bool, optional
        Only those that can (or cannot) go on learning row by row.
    installed : bool, optional
        Only those whose optional library is (or is not) installed.

    Examples
    --------
    >>> [info.name for info in list_algorithms(kind="series")]
    ['stl']
    """
    found = [algorithm_info(name) for name in sorted(_lines())]
    return [
        info
        for info in found
        if (kind is None or kind in info.kinds)
        and (family is None or family == info.family)
        and (online is None or online == info.online)
        and (installed is None or installed == info.installed)
    ]


def create_algorithm(name: str, parameters: Mapping[str, Any], *, seed: int = 0) -> Algorithm:
    """Make an algorithm with checked parameters.

    Raises
    ------
    NotFound
        No algorithm has this name.
    InvalidParameter
        A parameter is unknown, of the wrong type or out of its range.
    """
    line = catalogue_line(name)
    algorithm = resolve(line.target)
    known: tuple[Parameter, ...] = importlib.import_module(algorithm.__module__).PARAMETERS
    checked = check_parameters(name, known, parameters)
    if any(item.name == "seed" for item in known):
        checked.setdefault("seed", seed)
    made: Algorithm = algorithm(**checked)
    return made


def checked_parameters(name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters of an algorithm as plain values of their types, or say what is wrong with one.

    Raises
    ------
    NotFound
        No algorithm has this name.
    InvalidParameter
        A parameter is unknown, of the wrong type or out of its range.
    """
    module = importlib.import_module(resolve(catalogue_line(name).target).__module__)
    return check_parameters(name, module.PARAMETERS, parameters)


def check_parameters(name: str, known: tuple[Parameter, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given parameters as the constructor takes them, or say what is wrong with one.

    Raises
    ------
    InvalidParameter
        A parameter is unknown, of the wrong type or out of its range.
    """
    by_name = {item.name: item for item in known}
    unknown = [key for key in given if key not in by_name]
    if unknown:
        raise InvalidParameter(
            f"{name} has no parameter {unknown[0]!r}.",
            code="detection.unknown_parameter",
            hint=did_you_mean(unknown[0], by_name) if by_name else f"{name} takes no parameters.",
            details={"parameter": unknown[0], "known": sorted(by_name)},
        )
    return {key: _checked(name, by_name[key], value) for key, value in given.items()}


def _checked(name: str, parameter: Parameter, value: Any) -> Any:
    if value is None and parameter.automatic:
        return None
    typed = _typed(parameter, value)
    low, high = parameter.minimum, parameter.maximum
    in_range = typed is not None and (
        isinstance(typed, bool | str) or ((low is None or typed >= low) and (high is None or typed <= high))
    )
    if not in_range or (parameter.choices is not None and typed not in parameter.choices):
        raise InvalidParameter(
            f"{name}: {parameter.name} is {value!r}; it must be {_allowed(parameter)}.",
            code="detection.invalid_parameter",
            hint=parameter.description,
            details={"parameter": parameter.name},
        )
    return typed


def _typed(parameter: Parameter, value: Any) -> Any:
    """Return the value in the parameter's type, None when it has another."""
    flag = isinstance(value, bool) or getattr(getattr(value, "dtype", None), "kind", "") == "b"
    if parameter.kind == "boolean":
        return bool(value) if flag else None
    if parameter.kind == "string":
        return str(value) if isinstance(value, str) else None
    if flag or not isinstance(value, Real | Decimal):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    if not math.isfinite(number):
        return None
    if parameter.kind == "integer":
        return int(number) if number.is_integer() else None
    return number


def _allowed(parameter: Parameter) -> str:
    if parameter.choices is not None:
        text = "one of " + ", ".join(map(repr, parameter.choices))
    elif parameter.kind == "boolean":
        text = "true or false"
    elif parameter.kind == "string":
        text = "a text"
    else:
        text = "a whole number" if parameter.kind == "integer" else "a number"
        low, high = parameter.minimum, parameter.maximum
        if low is not None and high is not None:
            text += f" from {low:g} to {high:g}"
        elif low is not None:
            text += f" of at least {low:g}"
        elif high is not None:
            text += f" of at most {high:g}"
    return text + (" (or none: chosen from the data)" if parameter.automatic else "")
