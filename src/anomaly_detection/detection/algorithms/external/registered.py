"""Algorithms that a user registers in this process: classes of the protocol, or estimators of any library."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from anomaly_detection.detection.algorithms.external import pyod, sklearn
from anomaly_detection.detection.algorithms.external.adapter import make_adapter
from anomaly_detection.detection.algorithms.external.parameters import check_foreign, foreign_parameters
from anomaly_detection.detection.algorithms.external.wrapped import Wrapped
from anomaly_detection.detection.errors import InvalidParameter

_PROTOCOL = ("fit", "score", "fit_score", "state", "restore")
_CLASSES: dict[str, type] = {}


def __getattr__(name: str) -> Any:
    try:
        return _CLASSES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None


def keep(name: str, algorithm: type) -> str:
    """Keep a registered algorithm's class under its name and return the target that finds it again."""
    _CLASSES[name] = algorithm
    return f"{__name__}:{name}"


def algorithm_of(
    name: str,
    target: Callable[..., Any],
    *,
    reference: str,
    higher_is_anomalous: bool | None,
    independent_rows: bool,
    min_rows: int,
    saved_types: Sequence[str],
) -> type:
    """Return the class that makes the registered algorithm.

    Parameters
    ----------
    name : str
        Its name in the catalogue.
    target : class or callable
        A class with the methods of `Algorithm`, or whatever makes an estimator.
    reference : str
        Who described it; the target's own name when empty.
    higher_is_anomalous : bool or None
        Which way an estimator's scores point; None where its library is known.
    independent_rows, min_rows, saved_types
        As for `register_adapter`.

    Raises
    ------
    InvalidParameter
        The target is neither, or nobody can tell which way its scores point.
    """
    reference = reference or f"{target.__module__}.{getattr(target, '__qualname__', name)}"
    if isinstance(target, type) and keeps_protocol(target):
        return _described(target, reference)
    made = _made(name, target)
    method = next((one for one in ("decision_function", "score_samples") if callable(getattr(made, one, None))), None)
    if method is None or not callable(getattr(made, "fit", None)):
        raise wrong(
            name,
            f"{target!r} makes a {type(made).__name__}, which lacks fit, or decision_function and score_samples.",
            f"Give an estimator with both, or a class with the methods {', '.join(_PROTOCOL)}.",
        )
    upward = _points_upward(name, made, method) if higher_is_anomalous is None else higher_is_anomalous
    root = f"{type(made).__module__}.{type(made).__qualname__}"
    wrapped = Wrapped(
        name=name,
        module=type(made).__module__,
        summary=_summary(target) or f"{type(made).__name__}, registered as {name}.",
        reference=reference,
        types=(root, *_known_types(root), *saved_types),
        method=method,
        inverted=not upward,
        rows="blocks" if independent_rows else "together",
        min_rows=min_rows,
    )
    return make_adapter(wrapped, target, name, __name__)


def keeps_protocol(target: Any) -> bool:
    """Whether a class has the methods of an algorithm of ours."""
    return all(callable(getattr(target, method, None)) for method in _PROTOCOL)


def _described(target: type, reference: str) -> type:
    """Return the class with parameters and reference, where it does not name them itself."""
    module = sys.modules.get(target.__module__)
    if hasattr(target, "PARAMETERS") or (hasattr(module, "PARAMETERS") and hasattr(module, "REFERENCE")):
        return target
    known = foreign_parameters(target)

    def checked_parameters(name: str, given: dict[str, Any]) -> dict[str, Any]:
        return check_foreign(name, known, given)

    described = {
        "__doc__": target.__doc__,
        "__module__": target.__module__,
        "PARAMETERS": known,
        "REFERENCE": reference,
        "checked_parameters": staticmethod(checked_parameters),
    }
    return type(target.__name__, (target,), described)


def _made(name: str, target: Callable[..., Any]) -> Any:
    try:
        return target()
    except TypeError as error:
        raise wrong(
            name, f"{target!r} could not be called without arguments: {error}.", "Give every argument a default."
        ) from error


def _points_upward(name: str, made: Any, method: str) -> bool:
    """Tell by the estimator's library which way its scores point."""
    ancestors = {f"{base.__module__}.{base.__qualname__}" for base in type(made).__mro__}
    if "pyod.models.base.BaseDetector" in ancestors:
        return True
    if "sklearn.base.OutlierMixin" in ancestors or (
        method == "score_samples" and "sklearn.base.BaseEstimator" in ancestors
    ):
        return False
    raise wrong(
        name,
        f"Nothing tells whether a higher {method} of {type(made).__name__} is more anomalous or more normal.",
        "Say so: higher_is_anomalous=True or False.",
    )


def _known_types(root: str) -> tuple[str, ...]:
    """Return what a model file may hold of an estimator that is wrapped anyway."""
    for table in (sklearn.WRAPPED, pyod.WRAPPED):
        for wrapped in table.values():
            if wrapped.types[0] == root:
                return wrapped.types[1:]
    return ()


def _summary(target: Any) -> str:
    return (target.__doc__ or "").strip().partition("\n")[0]


def wrong(name: str, message: str, hint: str) -> InvalidParameter:
    """Return the error for an algorithm that cannot be registered."""
    return InvalidParameter(f"{name}: {message}", code="detection.invalid_adapter", hint=hint)
