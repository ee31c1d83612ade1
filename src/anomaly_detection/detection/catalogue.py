"""Finds, describes, checks and makes algorithms by their names. Everything that lists or makes one asks here."""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from importlib.metadata import entry_points
from typing import Any

from anomaly_detection.detection.algorithm_table import DEFAULTS, LINES, CatalogueLine
from anomaly_detection.detection.errors import InvalidData
from anomaly_detection.detection.parameter import check_parameters
from anomaly_detection.detection.ports import Algorithm, AlgorithmInfo, Composed, Parameter
from anomaly_detection.shared.errors import Conflict, NotAllowed, NotFound, did_you_mean, nearest
from anomaly_detection.shared.lazy import resolve

ENTRY_POINTS = "anomaly_detection.algorithms"
"""Other distributions add algorithms under this entry point: a name that loads a `CatalogueLine`."""

_ROOT = "anomaly_detection.detection.algorithms"


LIBRARIES = ("sklearn", "pyod")
"""Other libraries whose detectors are algorithms, as ``library:Class``; also the extra that installs each."""

_REGISTERED: dict[str, CatalogueLine] = {}
_OFFERED: list[str] = []
"""Empty: all of them."""


@cache
def _lines() -> Mapping[str, CatalogueLine]:
    own = {line.name: line for line in LINES}
    foreign = {point.name: point.load() for point in entry_points(group=ENTRY_POINTS)}
    return {**foreign, **own}


def _all_lines(library: str | None = None) -> Mapping[str, CatalogueLine]:
    """Return the lines of one library's adapters, or all that are no adapters."""
    return _wrapped_lines(library) if library in LIBRARIES else {**_lines(), **_REGISTERED}


@cache
def _wrapped_lines(library: str) -> Mapping[str, CatalogueLine]:
    table = importlib.import_module(f"{_ROOT}.external.{library}").WRAPPED
    lines = (
        CatalogueLine(
            f"{library}:{item.name}",
            f"{_ROOT}.external.{library}:{item.name}",
            library,
            min_rows=item.min_rows,
            extra=library,
            needs=library,
            summary=item.summary,
            reference=item.reference,
        )
        for item in table.values()
    )
    return {line.name: line for line in lines}


def offer(names: Iterable[str] | None) -> None:
    """Offer only these algorithms in this process from now on: others are not listed, made or loaded from model files.

    Parameters
    ----------
    names : iterable of str, or None
        The preferred ones first; None or none at all offers everything.

    Raises
    ------
    NotFound
        ``detection.unknown_algorithm``: there is none of this name. What was offered stays.

    Notes
    -----
    The robust distance that stands in where rows are too few is always there. Members of an ensemble must be offered too.

    Examples
    --------
    >>> offer(["stl", "modified_zscore"])
    >>> [info.name for info in list_algorithms()], default_algorithm("table")
    (['modified_zscore', 'stl'], 'modified_zscore')
    >>> offer(None)
    """
    chosen = list(dict.fromkeys(names or ()))
    for name in chosen:
        known_line(name)
    _OFFERED[:] = chosen


def is_offered(name: str) -> bool:
    """Return whether an algorithm may be used in this process."""
    return not _OFFERED or name in _OFFERED


def default_algorithm(kind: str) -> str:
    """Return the algorithm for a kind of data where none is named: the usual one, or the first offered that takes it.

    Raises
    ------
    InvalidData
        ``detection.wrong_kind``: none of those offered does.
    """
    usual = DEFAULTS[kind]
    if is_offered(usual):
        return usual
    fitting = next((name for name in _OFFERED if kind in known_line(name).kinds), None)
    if fitting is None:
        raise InvalidData(
            f"None of the algorithms that are offered here takes a {kind}.",
            code="detection.wrong_kind",
            hint=f"The setting 'algorithms' allows {', '.join(_OFFERED)}; name one of them, or add {usual}.",
        )
    return fitting


def catalogue_line(name: str) -> CatalogueLine:
    """Return the line of an algorithm that is offered, for ``library:Class`` one that is made on the fly.

    Raises
    ------
    NotFound
        No algorithm has this name; the hint tells the nearest.
    NotAllowed
        ``platform.algorithm_not_offered``: `offer` leaves it out.

    Examples
    --------
    >>> catalogue_line("knn").family
    'neighbours'
    """
    line = known_line(name)
    if not is_offered(line.name):
        raise NotAllowed(
            f"The algorithm {name!r} is not offered here.",
            code="platform.algorithm_not_offered",
            hint=f"The setting 'algorithms' allows {', '.join(_OFFERED)}.",
            details={"offered": list(_OFFERED)},
        )
    return line


def known_line(name: str) -> CatalogueLine:
    """Return the line of an algorithm, offered or not; `NotFound` as from `catalogue_line`."""
    library, _, wanted = str(name).partition(":")
    lines = _all_lines(library)
    if str(name) not in lines:
        raise NotFound(
            f"There is no algorithm {name!r}.",
            code="detection.unknown_algorithm",
            hint=_left_out(library, wanted) or _nearest_line(str(name), lines),
            details={"known": sorted(lines)},
        )
    return lines[str(name)]


def _left_out(library: str, name: str) -> str:
    if library not in LIBRARIES:
        return ""
    reasons: Mapping[str, str] = importlib.import_module(f"{_ROOT}.external.{library}").LEFT_OUT
    return f"{name} is left out: {reasons[name]}." if name in reasons else ""


def _nearest_line(name: str, lines: Mapping[str, CatalogueLine]) -> str:
    """Return the hint; names of other libraries' classes are compared without regard to case."""
    folded = {known.lower(): known for known in lines}
    match = nearest(name, folded)
    return did_you_mean(name, lines) if match is None else f"Did you mean {folded[match]!r}?"


def algorithm_info(name: str) -> AlgorithmInfo:
    """Return what is known of one algorithm: kinds, parameters as JSON schema, reference.

    Raises
    ------
    NotFound
        No algorithm has this name.
    """
    line = catalogue_line(name)
    installed = line.needs is None or importlib.util.find_spec(line.needs) is not None
    return AlgorithmInfo(
        name=line.name,
        family=line.family,
        kinds=line.kinds,
        summary=line.summary or (resolve(line.target).__doc__ or "").strip().partition("\n")[0],
        parameters=_parameters(line, installed),
        online=line.online,
        causal=line.causal,
        independent_rows=line.independent_rows,
        min_rows=line.min_rows,
        extra=line.extra,
        installed=installed,
        reference=line.reference or str(_description(resolve(line.target)).REFERENCE),
    )


def saved_algorithm_info(name: str) -> AlgorithmInfo:
    """Return what is known of the algorithm that a model file names.

    Raises
    ------
    NotFound
        No algorithm has this name; the hint says what to do before loading.
    """
    try:
        return algorithm_info(name)
    except NotFound as error:
        raise NotFound(
            error.message,
            code=error.code,
            hint="The model was saved with an algorithm that this process does not know: before loading, register it again "
            "with register_adapter, or install the package that brings it.",
            details=error.details,
        ) from None


def _parameters(line: CatalogueLine, installed: bool) -> Mapping[str, Any]:
    if line.family not in LIBRARIES:
        return _schema(_description(resolve(line.target)).PARAMETERS)
    return ParameterSchema(line.target) if installed else _schema(())


class ParameterSchema(Mapping[str, Any]):
    """An algorithm's parameters as JSON schema, read when first asked for: names can be listed without any import."""

    def __init__(self, target: str) -> None:
        self._target = target

    @cached_property
    def _content(self) -> dict[str, Any]:
        return _schema(_description(resolve(self._target)).PARAMETERS)

    def __getitem__(self, key: str) -> Any:
        return self._content[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._content)

    def __len__(self) -> int:
        return len(self._content)

    def __repr__(self) -> str:
        return repr(self._content)


def _schema(parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {item.name: item.schema() for item in parameters},
        "additionalProperties": False,
    }


def _description(algorithm: Any) -> Any:
    """Return what holds ``PARAMETERS`` and ``REFERENCE``: the class where it does, else its module."""
    return algorithm if hasattr(algorithm, "PARAMETERS") else importlib.import_module(algorithm.__module__)


def list_algorithms(
    kind: str | None = None, family: str | None = None, online: bool | None = None, installed: bool | None = None
) -> list[AlgorithmInfo]:
    """List the algorithms, sorted by name: our own and those that were registered.

    Detectors of other libraries are listed when asked for, by ``family="sklearn"`` or ``family="pyod"``, whether or not the
    library is installed; this does not import it.

    Parameters
    ----------
    kind : str, optional
        Only those for this kind of data: ``table``, ``series``, ``image`` or ``text``.
    family : str, optional
        Only those of this family, such as ``trees``, ``sklearn`` or ``pyod``.
    online : bool, optional
        Only those that can (or cannot) go on learning row by row.
    installed : bool, optional
        Only those whose optional library is (or is not) installed.

    Examples
    --------
    >>> "stl" in [info.name for info in list_algorithms(kind="series")]
    True
    """
    found = [algorithm_info(name) for name in sorted(_all_lines(family)) if is_offered(name)]
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
    return _created(catalogue_line(name), parameters, seed)


def create_substitute(name: str) -> Algorithm:
    """Make an algorithm that stands in for another one, offered or not."""
    return _created(known_line(name), {}, 0)


def _created(line: CatalogueLine, parameters: Mapping[str, Any], seed: int) -> Algorithm:
    algorithm = resolve(line.target)
    checked = _checked(line.name, algorithm, parameters)
    known: tuple[Parameter, ...] = _description(algorithm).PARAMETERS
    for keyword in {"seed", "random_state"} & {item.name for item in known}:
        checked.setdefault(keyword, seed)
    made: Algorithm = algorithm(**checked)
    return made.compose(CataloguedMembers()) if isinstance(made, Composed) else made


def checked_parameters(name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters of an algorithm as plain values of their types, or say what is wrong with one.

    Raises
    ------
    NotFound
        No algorithm has this name.
    InvalidParameter
        A parameter is unknown, of the wrong type or out of its range.
    """
    algorithm = resolve(catalogue_line(name).target)
    checked = _checked(name, algorithm, parameters)
    if hasattr(algorithm, "compose"):
        algorithm(**checked).compose(CataloguedMembers())
    return checked


def _checked(name: str, algorithm: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Check parameters as the algorithm's class does where it has a way of its own."""
    check = getattr(algorithm, "checked_parameters", None)
    checked: dict[str, Any] = (
        check_parameters(name, _description(algorithm).PARAMETERS, given) if check is None else check(name, given)
    )
    return checked


class CataloguedMembers:
    """The catalogue as a composed algorithm sees it: fills the port `AlgorithmFactory`."""

    def info(self, name: str) -> AlgorithmInfo:
        """Return what is known of an algorithm."""
        return algorithm_info(name)

    def checked(self, name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters in their types."""
        return checked_parameters(name, parameters)

    def create(self, name: str, parameters: Mapping[str, Any], *, seed: int = 0) -> Algorithm:
        """Make an algorithm with checked parameters."""
        return create_algorithm(name, parameters, seed=seed)


def register_adapter(
    name: str,
    target: Callable[..., Any] | str,
    *,
    family: str = "registered",
    kinds: Sequence[str] = ("table",),
    independent_rows: bool = True,
    causal: bool = False,
    min_rows: int | None = None,
    higher_is_anomalous: bool | None = None,
    saved_types: Sequence[str] = (),
    reference: str = "",
) -> AlgorithmInfo:
    """Add an algorithm of your own to the catalogue of this process.

    Afterwards `create_detector`, `list_algorithms` and `check_algorithm` know it. A second call with the same name replaces
    the first. Model files of it load only where it was registered before.

    Parameters
    ----------
    name : str
        Its name: small letters, digits and underscores.
    target : class, callable or str
        A class with the methods of `Algorithm`; or a class or function that makes an estimator with ``fit`` and
        ``decision_function`` or ``score_samples``, all of whose arguments have defaults; or ``"package.module:name"`` of
        either. Its keywords become the algorithm's parameters.
    family : str, default "registered"
        Family under which it is listed.
    kinds : sequence of str, default ("table",)
        Kinds of data it takes. Estimators take tables.
    independent_rows : bool, default True
        Whether a row scores the same alone as among others.
    causal : bool, default False
        For series: the score of a prefix does not change when more comes.
    min_rows : int, optional
        Below, a robust distance stands in. 16 for an estimator, 2 otherwise.
    higher_is_anomalous : bool, optional
        Which way an estimator's scores point. Not needed for those of scikit-learn and PyOD.
    saved_types : sequence of str
        Full names of the types, beside the estimator's own, that a model file of it may hold. A file with any other type is
        refused.
    reference : str, optional
        Who described the method.

    Raises
    ------
    Conflict
        An algorithm of ours has this name.
    InvalidParameter
        The name or the target cannot be used.

    Examples
    --------
    >>> class Distance:
    ...     '''Distance from the mean.'''
    ...     def fit(self, X):
    ...         self.mean_ = X.mean(axis=0)
    ...         return self
    ...     def decision_function(self, X):
    ...         return abs(X - self.mean_).sum(axis=1)
    >>> register_adapter("mean_distance", Distance, higher_is_anomalous=True).summary
    'Distance from the mean.'
    >>> unregister_adapter("mean_distance")
    """
    from anomaly_detection.detection.algorithms.external import registered

    if not re.fullmatch(r"[a-z][a-z0-9_]*", str(name)):
        raise registered.wrong(str(name), f"the name is {name!r}.", "Use small letters, digits and underscores.")
    if name in _lines():
        raise Conflict(
            f"There is an algorithm {name!r} already.", code="detection.name_taken", hint="Choose another name."
        )
    try:
        made = resolve(target) if isinstance(target, str) else target
    except (ImportError, AttributeError, ValueError) as error:
        raise registered.wrong(name, f"{target!r} is not there: {error}.", "Write package.module:name.") from error
    own = isinstance(made, type) and registered.keeps_protocol(made)
    if not callable(made) or isinstance(kinds, str) or (not own and tuple(kinds) != ("table",)):
        raise registered.wrong(
            name, f"{made!r} cannot take {kinds!r}.", "Estimators take tables; a class of the protocol says its kinds."
        )
    least = (2 if own else 16) if min_rows is None else min_rows
    algorithm = registered.algorithm_of(
        name,
        made,
        reference=reference,
        higher_is_anomalous=higher_is_anomalous,
        independent_rows=independent_rows,
        min_rows=least,
        saved_types=saved_types,
    )
    _REGISTERED[name] = CatalogueLine(
        name,
        registered.keep(name, algorithm),
        family,
        kinds=tuple(kinds),
        independent_rows=independent_rows,
        causal=causal,
        min_rows=least,
        reference=reference,
    )
    return algorithm_info(name)


def unregister_adapter(name: str) -> None:
    """Take an algorithm that was registered in this process out of the catalogue again.

    Raises
    ------
    NotFound
        None of this name was registered.
    """
    if name not in _REGISTERED:
        raise NotFound(
            f"No algorithm {name!r} was registered.",
            code="detection.unknown_algorithm",
            hint=_nearest_line(str(name), _REGISTERED) if _REGISTERED else "Nothing was registered in this process.",
        )
    del _REGISTERED[name]
