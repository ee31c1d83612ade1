"""What the anomaly domain asks of an algorithm, and what it tells about one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.domain.series import Series

FloatArray = NDArray[np.float64]
Input = NDArray[np.float64] | Series
State = dict[str, NDArray[Any]]
Progress = Callable[[float, str], None]
"""Called with a fraction in [0, 1] and the name of the stage; may raise to stop the work."""

ParameterKind = Literal["integer", "number", "boolean", "string", "array"]


@runtime_checkable
class Algorithm(Protocol):
    """An anomaly score that can be learnt. Higher is more anomalous, always.

    Input is a finite float64 C-ordered matrix of shape (n, d), or a `Series`, as the catalogue says; it was validated and
    encoded before. An algorithm with a true attribute ``any_layout`` gets matrices in any order of memory, also read-only ones.
    Scoring changes nothing, the input included, a seed repeats, and scores are finite.
    """

    def fit(self, X: Any) -> Self:
        """Learn what is normal from X and return self."""
        ...

    def score(self, X: Any) -> FloatArray:
        """Return the score of each row, shape (n,)."""
        ...

    def fit_score(self, X: Any) -> FloatArray:
        """Learn from X and return its rows' scores without each row's own influence, where the method allows."""
        ...

    def state(self) -> State:
        """Return all that `score` needs, as arrays."""
        ...

    def restore(self, state: State) -> None:
        """Take over what `state` returned."""
        ...


@runtime_checkable
class Attributing(Protocol):
    """An algorithm that can tell what each feature adds to a row's score."""

    attribution: str
    """Name of the method, as explanations state it."""

    def contributions(self, X: Any) -> FloatArray:
        """Return each feature's part of the score, shape (n, d), in score units."""
        ...


@runtime_checkable
class Expecting(Protocol):
    """An algorithm that knows which values would have been normal."""

    def expected(self, X: Any) -> FloatArray:
        """Return the normal values in the place of X's rows, shape (n, d)."""
        ...


@runtime_checkable
class Powered(Protocol):
    """An algorithm whose scores have a heavier upper tail than the exponential, and fall off like it to a smaller power.

    Calibration extrapolates the tail of normal rows' scores, and must not take a heavy tail for anomalies.
    """

    calibration_power: float
    """In (0, 1], known once fitted. Scores must not be negative."""


class AlgorithmFactory(Protocol):
    """Makes algorithms by name. What is composed of others gets them through it and knows no catalogue."""

    def info(self, name: str) -> AlgorithmInfo:
        """Return what is known of an algorithm; `NotFound` where there is none of that name."""
        ...

    def checked(self, name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters in their types; `InvalidParameter` where one is wrong."""
        ...

    def create(self, name: str, parameters: Mapping[str, Any], *, seed: int = 0) -> Algorithm:
        """Make an algorithm with checked parameters."""
        ...


@runtime_checkable
class Composed(Protocol):
    """An algorithm that is made of others."""

    def compose(self, factory: AlgorithmFactory) -> Self:
        """Take the place that its members come from, and check that it has them."""
        ...

    def composition(self) -> list[dict[str, Any]]:
        """Return for each member its ``name``, ``weight`` and ``status`` (``ok`` or ``failed``, then with a ``reason``)."""
        ...


@dataclass(frozen=True, slots=True)
class Parameter:
    """One constructor keyword of an algorithm: type, range, default and meaning."""

    name: str
    kind: ParameterKind
    default: Any
    description: str
    minimum: float | None = None
    maximum: float | None = None
    """Range of a number; of an array, how many items it may hold."""
    choices: tuple[str, ...] | None = None
    automatic: bool = False
    """True when None is allowed and means: chosen from the data."""
    items: Mapping[str, Any] | None = None
    """JSON schema of an array's items."""

    def schema(self) -> dict[str, Any]:
        """Return the parameter as JSON schema."""
        low, high = ("minItems", "maxItems") if self.kind == "array" else ("minimum", "maximum")
        schema: dict[str, Any] = {
            "type": [self.kind, "null"] if self.automatic else self.kind,
            "default": self.default,
            "description": self.description,
        }
        if self.items is not None:
            schema["items"] = dict(self.items)
        if self.minimum is not None:
            schema[low] = self.minimum
        if self.maximum is not None:
            schema[high] = self.maximum
        if self.choices is not None:
            schema["enum"] = [*self.choices, None] if self.automatic else list(self.choices)
        return schema


@dataclass(frozen=True, slots=True)
class AlgorithmInfo:
    """What the catalogue tells of one algorithm."""

    name: str
    family: str
    kinds: tuple[str, ...]
    summary: str
    parameters: Mapping[str, Any]
    online: bool = False
    causal: bool = False
    independent_rows: bool = True
    min_rows: int = 2
    extra: str | None = None
    installed: bool = True
    reference: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values in the published format."""
        return {
            "name": self.name,
            "family": self.family,
            "kinds": list(self.kinds),
            "summary": self.summary,
            "parameters": dict(self.parameters),
            "online": self.online,
            "causal": self.causal,
            "independent_rows": self.independent_rows,
            "min_rows": self.min_rows,
            "extra": self.extra,
            "installed": self.installed,
            "reference": self.reference,
        }


@dataclass(slots=True)
class Notes:
    """Warnings gathered on the way to a result, each once, in the order of their coming."""

    warnings: list[str] = field(default_factory=list)

    def warn(self, text: str) -> None:
        """Add a warning unless it is there already."""
        if text not in self.warnings:
            self.warnings.append(text)
