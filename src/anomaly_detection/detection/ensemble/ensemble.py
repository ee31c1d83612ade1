"""The algorithm `ensemble`: several algorithms that judge together."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np

from anomaly_detection.detection.ensemble.combination import METHODS, WEIGHTED, combine
from anomaly_detection.detection.ensemble.member import FittedMember, Member, check_members, read_members, within
from anomaly_detection.detection.errors import InvalidData, NotFitted
from anomaly_detection.detection.ports import (
    Algorithm,
    AlgorithmFactory,
    Attributing,
    FloatArray,
    Notes,
    Parameter,
    State,
)
from anomaly_detection.shared.errors import Cancelled, PlatformError

REFERENCE = "Aggarwal, C. and Sathe, S. (2017). Outlier Ensembles: An Introduction. Springer."

DEFAULT_MEMBERS = ("knn", "isolation_forest", "ecod")
STAND_IN = "modified_zscore"
"""Judges when there are too few rows for every member."""

_MEMBER_SCHEMA = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {
                "algorithm": {"type": "string"},
                "parameters": {"type": "object"},
                "weight": {"type": "number", "minimum": 1e-6, "maximum": 1e6},
            },
            "required": ["algorithm"],
            "additionalProperties": False,
        },
    ]
}

PARAMETERS = (
    Parameter(
        "members",
        "array",
        list(DEFAULT_MEMBERS),
        "The algorithms: names, or objects with algorithm, parameters and weight.",
        minimum=1,
        maximum=50,
        items=_MEMBER_SCHEMA,
    ),
    Parameter(
        "method",
        "string",
        "average",
        "How standardised scores become one: their mean, their weighted mean, the largest, or the share of members that flag.",
        choices=METHODS,
    ),
    Parameter(
        "weights",
        "array",
        None,
        "One number above 0 for each member, for the methods weighted and vote; none: all count alike.",
        minimum=1,
        maximum=50,
        items={"type": "number"},
        automatic=True,
    ),
    Parameter("seed", "integer", 0, "Seed of the members, each of which gets one of its own.", 0, 2**32 - 1),
)

_ATTRIBUTION = "mean of the members' contributions, each in units of its surprise"

_LOGGER = logging.getLogger(__name__)


class Ensemble:
    """Several algorithms that judge together: their scores on one scale, combined.

    Members of different families err in different rows; their mean errs less than most of them. It is not better than its best
    member where that one is known: an ensemble is for data of which one does not know which algorithm fits.

    Parameters
    ----------
    members : sequence of str or mapping, default ("knn", "isolation_forest", "ecod")
        Names in the catalogue, or ``{"algorithm": name, "parameters": {...}, "weight": number}``. The default takes one that looks at
        distances, one that looks at splits and one that looks at each column by itself; all are fast.
    method : {"average", "weighted", "max", "vote"}, default "average"
        ``average`` is the steadiest. ``max`` follows whichever member is most surprised: it finds what only one sees, and is led
        astray by the one that errs. ``vote`` counts the members whose own calibrated verdict flags the row.
    weights : sequence of float, optional
        One for each member, for ``weighted`` and ``vote``. By default those among `members`, else all count alike.
    seed : int, default 0
        Seed of the members; the one at place i gets ``seed + i``, so that the same algorithm twice is not the same twice.

    Raises
    ------
    InvalidParameter
        A member or a weight is not as described.

    Notes
    -----
    Distances, depths and probabilities cannot be averaged as they are. Each member's scores are standardised by its own out-of-sample
    scores of the training rows to *surprise*, in nats; see `ScoreScale`. Cost: the sum of the members' costs.

    A member that fails, or needs more rows than there are, is left out with a warning, and the weights of the others count as
    if it had never been named. Where there are too few rows for all, a robust distance from the median stands in. Only when
    nothing is left does fitting fail.

    Contributions are the weighted mean over the members that can tell theirs; each member's are scaled so that their
    absolute values add up to its surprise.

    References
    ----------
    Aggarwal, C. and Sathe, S. (2017). Outlier Ensembles: An Introduction. Springer.
    Kriegel, H.-P., Kröger, P., Schubert, E. and Zimek, A. (2011). Interpreting and Unifying Outlier Scores. SDM.

    Examples
    --------
    >>> from anomaly_detection.detection.catalogue import create_algorithm
    >>> ensemble = create_algorithm("ensemble", {"members": ["knn", "modified_zscore"], "method": "max"})
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> X[7] = 9.0
    >>> int(ensemble.fit_score(X).argmax())
    7
    """

    attribution: str
    """Gone once fitted where no member can tell what each feature adds."""

    def __init__(
        self,
        *,
        members: Sequence[str | Mapping[str, Any]] = DEFAULT_MEMBERS,
        method: str = "average",
        weights: Sequence[float] | None = None,
        seed: int = 0,
    ) -> None:
        self.members = list(members)
        self.method = method
        self.weights = weights
        self.seed = seed
        self._asked = read_members(self.members, weights, method)
        self._factory: AlgorithmFactory | None = None
        self._fitted: dict[int, FittedMember] = {}
        self._failed: dict[int, str] = {}
        self.notes: list[str] = []
        self.attribution = _ATTRIBUTION

    def compose(self, factory: AlgorithmFactory) -> Self:
        """Take the place that members come from, and check that it has them.

        Raises
        ------
        NotFound
            There is no algorithm of such a name.
        InvalidParameter
            A member is itself an ensemble, takes another kind of data, or has a wrong parameter.
        """
        self._asked = check_members(self._asked, factory)
        self._factory = factory
        return self

    def composition(self) -> list[dict[str, Any]]:
        """Return for each member its name, weight and status, for a failed one also the reason."""
        record: list[dict[str, Any]] = []
        for place, member in self._slots():
            failed = self._failed.get(place)
            reason = {} if failed is None else {"reason": failed}
            weight = member.weight if self.method in WEIGHTED else 1.0
            status = "ok" if failed is None else "failed"
            record.append({"name": member.name, "weight": weight, "status": status, **reason})
        return record

    def fit(self, X: FloatArray) -> Self:
        """Let every member learn from X, shape (n, d).

        Raises
        ------
        InvalidData
            Every member failed.
        """
        self.fit_score(X)
        return self

    def fit_score(self, X: FloatArray) -> FloatArray:
        """Learn from X and return its rows' scores, shape (n,), out of sample where the members' are.

        Raises
        ------
        InvalidData
            Every member failed.
        """
        self._fitted, self._failed = {}, {}
        notes = Notes()
        scores: dict[int, FloatArray] = {}
        short = [place for place, member in enumerate(self._asked) if self._info_rows(member) > len(X)]
        for place, member in enumerate(self._asked):
            if place in short:
                self._failed[place] = f"it needs {self._info_rows(member)} rows and there are {len(X)}"
            else:
                self._learn(place, member, X, scores, notes)
        if len(short) == len(self._asked):
            notes.warn("There are too few rows for every member: a robust distance from the median was used instead.")
            self._learn(len(self._asked), Member(STAND_IN), X, scores, notes)
        for place, reason in self._failed.items():
            notes.warn(f"The member {self._asked[place].name!r} was left out: {reason}.")
        if not self._fitted:
            raise self._nobody_left()
        self.notes = notes.warnings
        self._settle()
        return self._combined(scores)

    def score(self, X: FloatArray) -> FloatArray:
        """Return the combined score of each row, shape (n,), at least 0.

        Raises
        ------
        NotFitted
            Nothing was learnt yet.
        """
        return self._combined({place: member.algorithm.score(X) for place, member in self._known().items()})

    def contributions(self, X: FloatArray) -> FloatArray:
        """Return each feature's part of the score, shape (n, d), as a weighted mean over the members that can tell.

        Raises
        ------
        NotFitted
            Nothing was learnt yet.
        """
        total, weight = np.zeros(X.shape), 0.0
        for place, member in self._known().items():
            if isinstance(member.algorithm, Attributing):
                parts = member.algorithm.contributions(X)
                surprise = member.scale.surprise(member.algorithm.score(X))
                # By the largest first: the sum of parts near the largest double would not be finite.
                largest = np.maximum(np.abs(parts).max(axis=1, keepdims=True), 1e-300)
                shares = parts / largest
                shares /= np.maximum(np.abs(shares).sum(axis=1, keepdims=True), 1e-300)
                total += self._weight(place) * shares * surprise[:, np.newaxis]
                weight += self._weight(place)
        return total / max(weight, 1e-300)

    def state(self) -> State:
        """Return the arrays of all members, each name with the member's place before it.

        Raises
        ------
        NotFitted
            Nothing was learnt yet.
        """
        arrays = {
            f"{place}.{key}": array for place, member in self._known().items() for key, array in member.state().items()
        }
        return {"places": np.array(sorted(self._fitted), dtype=np.int64), **arrays}

    def restore(self, state: State) -> None:
        """Take over what `state` returned.

        Raises
        ------
        KeyError, ValueError
            The arrays do not belong together.
        """
        places = state["places"]
        count = len(self._asked)
        sound = places.dtype == np.int64 and places.ndim == 1 and places.size > 0 and bool((np.diff(places) > 0).all())
        if not sound or places[0] < 0 or places[-1] > count or (places[-1] == count and places.size > 1):
            raise ValueError(f"an ensemble of {count} cannot have members at {places.tolist()}")
        fitted = {}
        for place in places.tolist():
            member = self._asked[place] if place < count else Member(STAND_IN)
            fitted[place] = FittedMember.restore(self._make(place, member), within(state, f"{place}."))
        self._fitted = fitted
        self._failed = {
            place: "it was left out when the ensemble learnt" for place in range(count) if place not in fitted
        }
        self._settle()

    def _learn(self, place: int, member: Member, X: FloatArray, scores: dict[int, FloatArray], notes: Notes) -> None:
        """Let one member learn; what goes wrong with it, of whatever kind, is kept as the reason why it is left out."""
        try:
            algorithm = self._make(place, member)
            found = np.asarray(algorithm.fit_score(X), dtype=np.float64)
            if found.shape != (len(X),) or not np.isfinite(found).all():
                self._failed[place] = "its scores are not one finite number for each row"
                return
            self._fitted[place] = FittedMember.learn(algorithm, found)
        except Cancelled:
            raise
        except Exception as error:
            # Not as an error: without a configured log Python would print the traceback to the user.
            _LOGGER.info("ensemble member failed", extra={"member": member.name}, exc_info=True)
            self._failed[place] = _reason(error)
            return
        scores[place] = found
        for note in getattr(algorithm, "notes", ()):
            notes.warn(f"{member.name}: {note}")

    def _make(self, place: int, member: Member) -> Algorithm:
        return self._members_from().create(member.name, member.parameters, seed=(self.seed + place) % 2**32)

    def _info_rows(self, member: Member) -> int:
        return self._members_from().info(member.name).min_rows

    def _members_from(self) -> AlgorithmFactory:
        if self._factory is None:
            raise NotFitted(
                "This ensemble has no place to take its members from.",
                code="detection.not_composed",
                hint="Make it with create_detector('ensemble'), or call compose(factory) first.",
            )
        return self._factory

    def _known(self) -> dict[int, FittedMember]:
        if not self._fitted:
            raise NotFitted(
                "This ensemble has learnt nothing yet.", code="detection.not_fitted", hint="Call fit(X) first."
            )
        return self._fitted

    def _slots(self) -> Iterator[tuple[int, Member]]:
        yield from enumerate(self._asked)
        if len(self._asked) in self._fitted:
            yield len(self._asked), Member(STAND_IN)

    def _settle(self) -> None:
        """Say that parts can be told only if some member can; else the caller finds them by trying."""
        vars(self).pop("attribution", None)
        if any(isinstance(member.algorithm, Attributing) for member in self._fitted.values()):
            self.attribution = _ATTRIBUTION

    def _weight(self, place: int) -> float:
        return self._asked[place].weight if place < len(self._asked) and self.method in WEIGHTED else 1.0

    def _combined(self, scores: Mapping[int, FloatArray]) -> FloatArray:
        known = self._known()
        surprise = np.column_stack([known[place].scale.surprise(found) for place, found in scores.items()])
        flags = np.column_stack([found >= known[place].cutoff for place, found in scores.items()])
        weights = np.array([self._weight(place) for place in scores])
        return combine(surprise, flags, weights, self.method)

    def _nobody_left(self) -> InvalidData:
        record = self.composition()
        reasons = "; ".join(f"{item['name']}: {item['reason']}" for item in record if "reason" in item)
        return InvalidData(
            f"Every member of the ensemble failed: {reasons}.",
            code="detection.all_members_failed",
            hint="Give more rows, install what members need, or choose other members.",
            details={"members": record},
        )


def _reason(error: Exception) -> str:
    """Return what went wrong as the end of a sentence."""
    text = f"{error.message} {error.hint}" if isinstance(error, PlatformError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split()).rstrip(". ")[:300]
