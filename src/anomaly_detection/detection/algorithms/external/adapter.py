"""An estimator of another library as an algorithm of ours: score direction, single rows, calibration, model file."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, ClassVar, Self

import numpy as np

from anomaly_detection.detection.algorithms.external.estimator_file import MEMBER, dump_estimator, load_estimator
from anomaly_detection.detection.algorithms.external.parameters import check_foreign, foreign_parameters
from anomaly_detection.detection.algorithms.external.preparation import Finite, Preparation
from anomaly_detection.detection.algorithms.external.quiet import QUIET
from anomaly_detection.detection.algorithms.external.rows import scored
from anomaly_detection.detection.algorithms.external.wrapped import Wrapped
from anomaly_detection.detection.algorithms.statistical.modified_zscore import ModifiedZScore
from anomaly_detection.detection.errors import InvalidData, InvalidParameter
from anomaly_detection.detection.ports import FloatArray, Parameter, State
from anomaly_detection.shared.optional import require

FOLDS = 5

_log = logging.getLogger(__name__)
_STAND_IN = "stand_in_"
_FAILURES = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What other libraries raise when rows or parameters do not suit them."""


class ExternalAlgorithm:
    """An estimator with ``fit`` and ``decision_function`` or ``score_samples``.

    Notes
    -----
    Scores point upward: higher is more anomalous, whatever the library does. Columns reach it as they are, in their own
    units; only those beyond 1e15, or with a range too small to calculate with, are rescaled. Parameters named
    ``n_neighbors`` are cut to the number of training rows less one, with a note. Where all training rows are equal, a
    robust distance stands in.

    `fit_score` costs six times a fit: the rows are split into five folds at random, and each is scored by an estimator that
    was fitted to the other four; the estimator that is kept has seen all rows. Where the library itself leaves a row out
    (local outlier factor, nearest neighbours), its own training scores are taken instead, at the cost of one fit.

    A score that is no finite number is replaced: infinity by one above all training scores, no number at all by their median.
    """

    attribution = "occlusion in the row and in a typical one"

    wrapped: ClassVar[Wrapped]
    make: ClassVar[Callable[..., Any]]
    label: ClassVar[str]
    PARAMETERS: ClassVar[tuple[Parameter, ...]]
    REFERENCE: ClassVar[str]

    def __init__(self, **given: Any) -> None:
        values = {item.name: item.default for item in self.PARAMETERS} | given
        for name, value in values.items():
            setattr(self, name, value)
        self._values = values
        self.notes: list[str] = []
        self._estimator: Any = None
        self._stand_in: ModifiedZScore | None = None

    @classmethod
    def checked_parameters(cls, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the given parameters in their types, or say what is wrong with one.

        Raises
        ------
        InvalidParameter
            A parameter is unknown or of the wrong type.
        """
        return check_foreign(name, cls.PARAMETERS, given)

    def fit(self, X: FloatArray) -> Self:
        """Fit the estimator to X, shape (n, d)."""
        self._fit(X)
        if self._stand_in is None:
            self._finite = self._range_of(self._raw(self._estimator, self._preparation.apply(X)))
        return self

    def score(self, X: FloatArray) -> FloatArray:
        """Return the score of each row, shape (n,)."""
        if self._stand_in is not None:
            return self._stand_in.score(X)
        scores = self._raw(self._estimator, self._preparation.apply(X))
        missing = len(scores) - int(np.isfinite(scores).sum())
        if missing:
            _log.warning("scores not finite", extra={"algorithm": self.label, "rows": missing})
        return self._finite.apply(scores)

    def fit_score(self, X: FloatArray) -> FloatArray:
        """Fit the estimator to X and return its rows' scores without each row's own influence, shape (n,)."""
        self._fit(X)
        if self._stand_in is not None:
            return self._stand_in.score(X)
        scores = self._own_scores() if self.wrapped.training else self._by_folds(self._preparation.apply(X))
        self._finite = self._range_of(scores)
        return self._finite.apply(scores)

    def contributions(self, X: FloatArray) -> FloatArray:
        """Return each feature's part of the score, shape (n, d): the mean of two changes of the score.

        One is the score lost when only this feature takes its typical value, the other the score won when only this feature
        of a typical row takes the row's value. The first alone is zero for scores that level off far away, where no single
        change brings a row back, and below zero, which does not count, where the estimator remembers the row itself from
        the training and finds any other stranger. The parts do not add up to the score. Costs 2 d scores a row.
        """
        if self._stand_in is not None:
            return self._stand_in.contributions(X)
        n, d = X.shape
        own, normal = self.score(X), float(self.score(self._typical[np.newaxis])[0])
        parts = np.empty((n, d))
        for feature in range(d):
            without, only = X.copy(), np.tile(self._typical, (n, 1))
            without[:, feature], only[:, feature] = self._typical[feature], X[:, feature]
            lost, won = own - self.score(without), self.score(only) - normal
            parts[:, feature] = (np.maximum(lost, 0.0) + won) / 2
        return parts

    def state(self) -> State:
        """Return the estimator as bytes, with what stands between it and the rows.

        Raises
        ------
        Conflict
            The estimator holds a type that is not on its list.
        """
        if self._stand_in is not None:
            return {f"{_STAND_IN}{name}": array for name, array in self._stand_in.state().items()}
        content = dump_estimator(self._estimator, self.wrapped.types, self.label)
        return {**self._preparation.state(), **self._finite.state(), "typical": self._typical, MEMBER: content}

    def restore(self, state: State) -> None:
        """Take over what `state` returned.

        Raises
        ------
        ValueError
            The parts do not belong together, or the estimator holds a type that is not on its list.
        """
        if MEMBER not in state:
            self._stand_in = ModifiedZScore()
            self._stand_in.restore({name.removeprefix(_STAND_IN): array for name, array in state.items()})
            return
        self._preparation, self._finite = Preparation.restored(state), Finite.restored(state)
        self._typical = state["typical"]
        if self._typical.ndim != 1 or self._preparation.kept.max() >= len(self._typical):
            raise ValueError("the typical row has another number of columns")
        self._estimator = load_estimator(state[MEMBER], self.wrapped.types, self.wrapped.types[0])
        try:
            self._raw(self._estimator, np.zeros((1, len(self._preparation.kept))))
        except InvalidData as error:
            raise ValueError(error.message) from error

    def _fit(self, X: FloatArray) -> None:
        self.notes = []
        self._stand_in = None
        if not np.ptp(X, axis=0).any():
            self._note(f"All rows are equal: a robust distance from them was used instead of {self.label}.")
            self._stand_in = ModifiedZScore().fit(X)
            return
        self._preparation = Preparation.learn(X, varying=self.wrapped.varying)
        self._typical = np.median(X, axis=0)
        if self._preparation.rescales:
            self._note(f"Columns of extreme size were rescaled before {self.label} saw them.")
        self._estimator = self._fitted(self._preparation.apply(X))

    def _fitted(self, X: FloatArray) -> Any:
        values = dict(self._values)
        asked = values.get("n_neighbors")
        if isinstance(asked, int) and asked > len(X) - 1:
            values["n_neighbors"] = len(X) - 1
            self._note(f"{self.label}: n_neighbors was cut from {asked} to {len(X) - 1}, as there are no more rows.")
        with self._guarded("could not learn from these rows"):
            made = type(self).make(**values, **self.wrapped.fixed)
            made.fit(X)
        return made

    def _raw(self, estimator: Any, X: FloatArray) -> FloatArray:
        """Return the library's scores, turned upward, as they come: they may be infinite."""
        with self._guarded("could not score these rows"):
            method = getattr(estimator, self.wrapped.method)
            scores = scored(lambda rows: np.asarray(method(rows), dtype=np.float64), X, self.wrapped.rows)
        if scores.shape != (len(X),):
            raise self._failure("could not score these rows", f"{len(X)} rows got scores of shape {scores.shape}")
        return -scores if self.wrapped.inverted else scores

    def _own_scores(self) -> FloatArray:
        scores = np.array(getattr(self._estimator, str(self.wrapped.training)), dtype=np.float64)
        return -scores if self.wrapped.inverted else scores

    def _by_folds(self, X: FloatArray) -> FloatArray:
        scores = np.empty(len(X))
        order = np.random.default_rng(self._values.get("random_state", 0)).permutation(len(X))
        for held in np.array_split(order, min(FOLDS, len(X))):
            rest = np.setdiff1d(order, held)
            part = self._raw(self._fitted(X[rest]), X[held])
            scores[held] = part * (len(X) / len(rest)) if self.wrapped.grows else part
        return scores

    def _range_of(self, scores: FloatArray) -> Finite:
        missing = len(scores) - int(np.isfinite(scores).sum())
        if missing == len(scores):
            raise self._failure("could not learn from these rows", "no row got a finite score")
        if missing:
            self._note(
                f"{self.label} gave no finite score to {missing} of {len(scores)} rows: infinite ones count as beyond all "
                "others, the rest as typical."
            )
        return Finite.learn(scores)

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    @contextmanager
    def _guarded(self, what: str) -> Iterator[None]:
        """Turn the library's errors into ours, and keep its warnings from the user: they speak of its own inside."""
        try:
            with QUIET, np.errstate(all="ignore"):
                yield
        except _FAILURES as error:
            if isinstance(error, InvalidData | InvalidParameter):
                raise
            raise self._failure(what, str(error).partition("\n")[0] or type(error).__name__) from error

    def _failure(self, what: str, reason: str) -> InvalidData:
        return InvalidData(
            f"{self.label} {what}: {reason.rstrip('.')}.",
            code="detection.external_failed",
            hint="The message is the library's own. Check the parameters, or choose another algorithm.",
        )


@cache
def adapter_class(wrapped: Wrapped, extra: str) -> type[ExternalAlgorithm]:
    """Return the algorithm that wraps a class of an installed library.

    Raises
    ------
    MissingExtra
        The library is not installed.
    """
    require("skops", extra=extra)
    target = getattr(require(wrapped.module, extra=extra), wrapped.name)
    return make_adapter(wrapped, target, f"{extra}:{wrapped.name}", f"{__package__}.{extra}")


def make_adapter(wrapped: Wrapped, target: Callable[..., Any], label: str, home: str) -> type[ExternalAlgorithm]:
    """Return the algorithm that wraps a class, or a function that makes estimators.

    Parameters
    ----------
    wrapped : Wrapped
        What its code does not say.
    target : callable
        Makes the estimator.
    label : str
        Name in the catalogue.
    home : str
        The module that finds the returned class by its name, so that copies and other processes find it.
    """
    return type(
        wrapped.name,
        (ExternalAlgorithm,),
        {
            "__doc__": wrapped.summary,
            "__module__": home,
            "wrapped": wrapped,
            "make": staticmethod(target),
            "label": label,
            "PARAMETERS": foreign_parameters(target, wrapped.fixed),
            "REFERENCE": wrapped.reference,
        },
    )
