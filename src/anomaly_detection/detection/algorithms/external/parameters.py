"""Parameters of another library's class, read from its constructor and its docstring."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from anomaly_detection.detection.errors import InvalidParameter
from anomaly_detection.detection.parameter import check_parameters
from anomaly_detection.detection.ports import Parameter, ParameterKind

HIDDEN = frozenset(
    {
        *("contamination", "novelty", "behaviour"),  # the threshold lives on the result
        *("verbose", "verbose_interval", "n_jobs", "warm_start", "copy", "copy_X", "cache_size", "check_estimator"),
    }
)
"""Keywords that are not offered: they do not change a score, or would take over what belongs to the detector around."""

METRICS = ("euclidean", "manhattan", "chebyshev", "minkowski", "l1", "l2", "cityblock")
"""Distances without parameters of their own; a model file can hold all of them."""

_WORDS: tuple[tuple[str, ParameterKind], ...] = (
    (r"\bint(eger)?\b", "integer"),
    (r"\bfloat\b", "number"),
    (r"\bbool(ean)?\b", "boolean"),
    (r"\bstr(ing)?\b|['\"‘]", "string"),
)
_ENTRY = re.compile(r"^(\w+)\s*:\s*(.*)$")


@dataclass(frozen=True, slots=True)
class ForeignParameter(Parameter):
    """A keyword that may take values of several types, as other libraries' often do."""

    kinds: tuple[ParameterKind, ...] = ()

    def schema(self) -> dict[str, Any]:
        """Return the parameter as JSON schema."""
        schema = Parameter.schema(self)
        if len(self.kinds) > 1:
            schema["type"] = [*self.kinds, "null"] if self.automatic else list(self.kinds)
            schema.pop("enum", None)
        return schema

    def checked(self, algorithm: str, value: Any) -> Any:
        """Return the value in the first of the types that it fits.

        Raises
        ------
        InvalidParameter
            It fits none.
        """
        refused: InvalidParameter | None = None
        for kind in self.kinds:
            choices = self.choices if kind == "string" else None
            single = Parameter(
                self.name, kind, self.default, self.description, self.minimum, None, choices, self.automatic
            )
            try:
                return check_parameters(algorithm, (single,), {self.name: value})[self.name]
            except InvalidParameter as error:
                refused = refused or error
        assert refused is not None
        if len(self.kinds) == 1:
            raise refused
        allowed = " or ".join(_named(kind, self.choices) for kind in self.kinds)
        raise InvalidParameter(
            f"{algorithm}: {self.name} is {value!r}; it must be {allowed}{' or none' if self.automatic else ''}.",
            code=refused.code,
            hint=self.description,
            details=refused.details,
        ) from None


def check_foreign(algorithm: str, known: tuple[Parameter, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given parameters in their types, or say what is wrong with one.

    Raises
    ------
    InvalidParameter
        A parameter is unknown or of the wrong type.
    """
    by_name = {item.name: item for item in known}
    check_parameters(algorithm, known, {name: value for name, value in given.items() if name not in by_name})
    checked = {}
    for name, value in given.items():
        item = by_name[name]
        if isinstance(item, ForeignParameter):
            checked[name] = item.checked(algorithm, value)
        else:
            checked.update(check_parameters(algorithm, (item,), {name: value}))
    return checked


def foreign_parameters(target: Any, fixed: Mapping[str, Any] | None = None) -> tuple[Parameter, ...]:
    """Return the parameters of a class or function, of those kinds that can be written down.

    Parameters
    ----------
    target : class or callable
        Its signature gives names and defaults; the ``Parameters`` section of its docstring (numpydoc) gives types and
        meanings where it has one.
    fixed : mapping, optional
        Keywords that are chosen already.
    """
    documented = _documented(target)
    found = []
    for name, item in inspect.signature(target).parameters.items():
        keyword = item.kind in (item.POSITIONAL_OR_KEYWORD, item.KEYWORD_ONLY) and item.default is not item.empty
        if keyword and name not in HIDDEN and name not in (fixed or {}):
            declared, meaning = documented.get(name, ("", ""))
            made = _parameter(
                name,
                item.default,
                declared,
                meaning or f"Parameter {name} of {getattr(target, '__name__', 'the estimator')}.",
            )
            found.extend([] if made is None else [made])
    return tuple(found)


def _parameter(name: str, default: Any, declared: str, meaning: str) -> Parameter | None:
    if name == "random_state":
        return Parameter(name, "integer", 0, "The same seed repeats the same result.", 0, 2**32 - 1)
    if name == "metric":
        return Parameter(name, "string", default, meaning, choices=METRICS) if default in METRICS else None
    kinds = _kinds(default, declared)
    if not kinds:
        return None
    quoted = re.search(r"\{(.*?)\}", declared) or re.match(r"\{(.*?)\}", meaning)
    choices = tuple(re.findall(r"['\"‘](\w+)['\"’]", quoted.group(1))) if quoted else ()
    named = choices if choices and (default in choices or not isinstance(default, str)) else None
    least = 1 if name == "n_neighbors" else None
    automatic = default is None or bool(re.search(r"\bNone\b", declared))
    return ForeignParameter(name, kinds[0], default, meaning, least, None, named, automatic, kinds=kinds)


def _kinds(default: Any, declared: str) -> tuple[ParameterKind, ...]:
    own: dict[type, ParameterKind] = {bool: "boolean", int: "integer", float: "number", str: "string"}
    if default is not None and type(default) not in own:
        return ()
    # "default=None" and "(default='auto')" say nothing of the types allowed beside.
    text = re.sub(r"\(?\bdefault\b.*", "", declared)
    kinds = [kind for pattern, kind in _WORDS if re.search(pattern, text)]
    if type(default) in own:
        kinds = [*kinds, own[type(default)]]
        if type(default) is float and "integer" in kinds and not re.search(_WORDS[0][0], text):
            kinds.remove("integer")
    return tuple(dict.fromkeys(kinds))


def _documented(target: Any) -> dict[str, tuple[str, str]]:
    """Return type and meaning of each keyword that the docstring describes."""
    lines = (inspect.getdoc(target) or "").splitlines()
    starts = [
        at for at, line in enumerate(lines[:-1]) if line.strip() == "Parameters" and lines[at + 1].startswith("---")
    ]
    if not starts:
        return {}
    found: dict[str, tuple[str, list[str]]] = {}
    name = ""
    body = lines[starts[0] + 2 :]
    for at, line in enumerate(body):
        if at + 1 < len(body) and body[at + 1].startswith("---"):
            break
        entry = _ENTRY.match(line)
        if entry:
            name = entry.group(1)
            found[name] = (entry.group(2), [])
        elif name:
            found[name][1].append(line.strip())
    return {name: (declared, _first_sentence(text)) for name, (declared, text) in found.items()}


def _first_sentence(lines: list[str]) -> str:
    paragraph = " ".join(lines).strip() if "" not in lines else " ".join(lines[: lines.index("")]).strip()
    plain = re.sub(r":\w+:`~?([^`<]*?)\s*(<[^`]*>)?`", r"\1", paragraph).replace("`", "")
    sentence = re.split(r"(?<=\w[.])\s+(?=[A-Z])|:\s+-|\s-\s", plain, maxsplit=1)[0].strip().rstrip(":")
    return sentence if not sentence or sentence.endswith(".") else f"{sentence}."


def _named(kind: str, choices: tuple[str, ...] | None) -> str:
    if kind == "string" and choices:
        return "one of " + ", ".join(map(repr, choices))
    return {"integer": "a whole number", "number": "a number", "boolean": "true or false"}.get(kind, "a text")
