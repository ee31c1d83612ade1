"""A member of an ensemble: what the user asked for, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from anomaly_detection.detection.calibration.calibrator import Calibrator
from anomaly_detection.detection.calibration.threshold import default_threshold
from anomaly_detection.detection.ensemble.combination import WEIGHTED
from anomaly_detection.detection.ensemble.standardisation import ScoreScale
from anomaly_detection.detection.errors import InvalidParameter
from anomaly_detection.detection.ports import Algorithm, AlgorithmFactory, FloatArray, State

FAMILY = "ensemble"


@dataclass(frozen=True, slots=True)
class Member:
    """One algorithm that was asked for.

    Attributes
    ----------
    name : str
        Name in the catalogue.
    parameters : mapping
        The algorithm's own.
    weight : float
        Above 0.
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class FittedMember:
    """An algorithm that has learnt, the scale of its scores, and the score from which on it calls a row an anomaly."""

    algorithm: Algorithm
    scale: ScoreScale
    cutoff: float

    @classmethod
    def learn(cls, algorithm: Algorithm, scores: FloatArray) -> FittedMember:
        """Learn scale and verdict from out-of-sample scores of the training rows."""
        cutoff = default_threshold(Calibrator.learn(scores)).score_cutoff
        return cls(algorithm, ScoreScale.learn(scores), cutoff)

    def state(self) -> State:
        """Return all of it, as arrays."""
        standard = {f"standard.{key}": array for key, array in self.scale.state().items()}
        own = {f"algorithm.{key}": array for key, array in self.algorithm.state().items()}
        return {**own, **standard, "standard.cutoff": np.array([self.cutoff])}

    @classmethod
    def restore(cls, algorithm: Algorithm, state: State) -> FittedMember:
        """Make a member of an algorithm that has learnt nothing yet and of what `state` returned.

        Raises
        ------
        KeyError, ValueError
            It is no such state.
        """
        algorithm.restore(within(state, "algorithm."))
        scale = ScoreScale.restore(within(state, "standard."))
        cutoff = state["standard.cutoff"]
        if cutoff.shape != (1,) or not np.isfinite(cutoff).all():
            raise ValueError("an ensemble's member has no cutoff")
        return cls(algorithm, scale, float(cutoff[0]))


def within(state: State, prefix: str) -> State:
    """Return the part of a state whose names begin so, without the beginning."""
    return {key.removeprefix(prefix): array for key, array in state.items() if key.startswith(prefix)}


def read_members(entries: Sequence[Any], weights: Sequence[float] | None, method: str) -> tuple[Member, ...]:
    """Return the members that were asked for.

    Parameters
    ----------
    entries : sequence of str or mapping
        Names, or ``{"algorithm": name, "parameters": {...}, "weight": number}``.
    weights : sequence of float or None
        One for each, in place of weights among the entries.
    method : str
        The way of combining; not all count weights.

    Raises
    ------
    InvalidParameter
        An entry is neither, a weight is not above 0, or weights are given that would not count.
    """
    members = tuple(_read_member(entry) for entry in entries)
    if not members:
        raise _wrong("members is empty.", "Name at least one algorithm.", "members")
    own = any(isinstance(entry, Mapping) and "weight" in entry for entry in entries)
    if (own or weights is not None) and method not in WEIGHTED:
        raise _wrong(
            f"Weights are given, but the method {method!r} does not count them.",
            "Leave the weights out, or use method='weighted' or method='vote'.",
            "weights",
        )
    if weights is None:
        return members
    if own:
        raise _wrong("Weights are given twice: in members and in weights.", "Give them in one place.", "weights")
    if len(weights) != len(members):
        text = f"There are {len(weights)} weights for {len(members)} members."
        raise _wrong(text, "Give one weight for each member.", "weights")
    return tuple(
        replace(member, weight=_weight(member.name, weight)) for member, weight in zip(members, weights, strict=True)
    )


def check_members(members: Sequence[Member], factory: AlgorithmFactory) -> tuple[Member, ...]:
    """Return the members with checked parameters.

    Raises
    ------
    NotFound
        There is no algorithm of such a name.
    InvalidParameter
        A member is itself an ensemble, takes another kind of data, or has a wrong parameter.
    """
    return tuple(_check(member, factory) for member in members)


def _check(member: Member, factory: AlgorithmFactory) -> Member:
    info = factory.info(member.name)
    if info.family == FAMILY:
        raise _wrong(
            f"{member.name!r} is itself an ensemble: ensembles do not nest.",
            "Name its members instead; their weights say how much each counts.",
            "members",
        )
    if "table" not in info.kinds:
        raise _wrong(
            f"{member.name!r} takes {' and '.join(info.kinds)} data; an ensemble judges the rows of a table.",
            "Choose members from list_algorithms(kind='table').",
            "members",
        )
    return replace(member, parameters=factory.checked(member.name, member.parameters))


def _read_member(entry: Any) -> Member:
    if isinstance(entry, str):
        return Member(entry)
    if not isinstance(entry, Mapping) or not isinstance(entry.get("algorithm"), str):
        raise _wrong(
            f"A member is {entry!r}; it must be a name, or an object with 'algorithm'.",
            'Give for example "knn" or {"algorithm": "knn", "parameters": {"n_neighbors": 5}, "weight": 2}.',
            "members",
        )
    name = entry["algorithm"]
    unknown = sorted(set(entry) - {"algorithm", "parameters", "weight"})
    if unknown:
        known = "It may have 'algorithm', 'parameters' and 'weight'; what the algorithm takes goes into 'parameters'."
        raise _wrong(f"The member {name!r} has {unknown[0]!r}.", known, "members")
    parameters = {} if entry.get("parameters") is None else entry["parameters"]
    if not isinstance(parameters, Mapping):
        raise _wrong(f"The parameters of the member {name!r} are {parameters!r}.", "Give an object.", "members")
    return Member(name, dict(parameters), _weight(name, entry.get("weight", 1.0)))


def _weight(name: str, weight: Any) -> float:
    number = isinstance(weight, int | float) and not isinstance(weight, bool)
    if not number or not 1e-6 <= weight <= 1e6:
        raise _wrong(
            f"The weight of the member {name!r} is {weight!r}; it must be a number from 1e-6 to 1e6.",
            "Leave a member out that shall not count.",
            "weights",
        )
    return float(weight)


def _wrong(message: str, hint: str, parameter: str) -> InvalidParameter:
    return InvalidParameter(
        f"ensemble: {message}", code="detection.invalid_parameter", hint=hint, details={"parameter": parameter}
    )
