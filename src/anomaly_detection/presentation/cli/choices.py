"""Options as typed, read into the values that the workflows take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from anomaly_detection.presentation.cli.failure import WrongOption

Rule = tuple[str, float]


def rule_of(*, contamination: float | None, alert_rate: float | None, threshold: str | None) -> Rule | None:
    """Return the one threshold that was asked for, or None for the default.

    Raises
    ------
    WrongOption
        Two were asked for, or one cannot be read.
    """
    given: list[tuple[str, Rule]] = []
    if contamination is not None:
        given.append(("--contamination", ("contamination", contamination)))
    if alert_rate is not None:
        given.append(("--alert-rate", ("alert_rate", alert_rate)))
    if threshold is not None:
        given.append(("--threshold", threshold_of(threshold)))
    if len(given) > 1:
        raise WrongOption(f"{' and '.join(name for name, _ in given)} were given together.", "Give one of them.")
    return given[0][1] if given else None


def threshold_of(text: str) -> Rule:
    """Return a threshold written as ``KIND=VALUE``.

    Examples
    --------
    >>> threshold_of("p_value=0.001")
    ('p_value', 0.001)
    """
    kind, equals, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not equals or not math.isfinite(number):
        raise WrongOption(f"--threshold is {text!r}.", "Write it as KIND=VALUE, such as p_value=0.001.")
    return kind.strip(), number


def columns_of(text: str | None) -> tuple[str, ...] | None:
    """Return column names written with commas; a name that holds one stands in quotation marks.

    Examples
    --------
    >>> columns_of('speed, "load, mean"')
    ('speed', 'load, mean')
    """
    if text is None:
        return None
    import csv

    names = [name.strip() for name in next(csv.reader([text], skipinitialspace=True), []) if name.strip()]
    if not names:
        raise WrongOption("--columns names no column.", "Write it as --columns speed,load.")
    return tuple(names)


def checked_parameters(algorithm: str | None, given: Sequence[str], rule: Rule | None) -> dict[str, Any]:
    """Return the parameters as typed values; what is known to be wrong is said before the data are read."""
    from anomaly_detection.detection.calibration.threshold import check_threshold
    from anomaly_detection.detection.catalogue import algorithm_info, create_algorithm

    if rule is not None:
        check_threshold(*rule)
    known = {} if algorithm is None else dict(algorithm_info(algorithm).parameters["properties"])
    parameters: dict[str, Any] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise WrongOption(f"--param is {text!r}.", "Write it as KEY=VALUE, such as n_neighbors=10.")
        if key.strip() in parameters:
            raise WrongOption(f"--param names {key.strip()!r} twice.", "Give it once.")
        parameters[key.strip()] = parameter_value(value.strip(), known.get(key.strip(), {}))
    if algorithm is not None:
        create_algorithm(algorithm, parameters)
    return parameters


def parameter_value(text: str, schema: dict[str, Any]) -> Any:
    """Read a parameter as the algorithm's schema types it; what does not fit stays a text, for the detector to refuse.

    Examples
    --------
    >>> parameter_value("10", {"type": "integer"}), parameter_value("auto", {"type": ["number", "null"]})
    (10, None)

    Arrays stay text too: their parameter reads them, as JSON or with commas.

    >>> parameter_value("knn, ecod", {"type": "array", "items": {"type": "string"}})
    'knn, ecod'
    """
    kinds = schema.get("type", ["integer", "number", "boolean", "string", "null"])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    lowered = text.lower()
    if "null" in kinds and lowered in {"none", "null", "auto", ""} and text not in (schema.get("enum") or ()):
        return None
    if "array" in kinds:
        return text
    if "boolean" in kinds and lowered in {"true", "false", "yes", "no"}:
        return lowered in {"true", "yes"}
    for kind, reader in (("integer", int), ("number", float), ("integer", float)):
        if kind in kinds:
            try:
                return reader(text)
            except ValueError:
                continue
    return text
