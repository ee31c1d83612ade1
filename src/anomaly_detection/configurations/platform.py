"""The platform configured from Python: one mapping with a section for each room, checked and put into effect at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from anomaly_detection.configurations.settings import Performance, Settings, configure
from anomaly_detection.shared.errors import InvalidInput, did_you_mean, nearest

DETECTION = ("algorithms", "performance")
SERVER = tuple(name for name in Settings.model_fields if name not in DETECTION)
SECTIONS: Mapping[str, tuple[str, ...]] = {
    "anomaly_detection": DETECTION,
    "server": SERVER,
    "machine_learning": (),
    "enterprise": (),
}
"""Section to the keys that have an effect in this version."""

_SHARES = {"high": 1.0, "balanced": 0.5, "low": 0.0}
_THREADS = Path("/proc/self/task")


def configure_platform(sections: Mapping[str, Mapping[str, Any]] | None = None) -> Settings:
    """Configure the platform for this process. What was configured before is replaced.

    Parameters
    ----------
    sections : mapping of str to mapping, optional
        - ``anomaly_detection``: ``algorithms``, the names that this process offers, the preferred ones first (where no algorithm
          is named and the usual one is not among them, the first that fits the data is taken); ``performance``, how many of the
          processors this process may use: ``high`` (all), ``balanced`` (half) or ``low`` (one).
        - ``server``: any other setting, such as ``port`` or ``database_url``.
        - ``machine_learning``, ``enterprise``: known, and empty in this version.

        Without it, environment, settings file and defaults hold again.

    Returns
    -------
    Settings
        Frozen, with what environment and settings file say about everything that is not named here.

    Raises
    ------
    InvalidInput
        ``platform.unknown_section``, ``platform.invalid_setting``, or ``platform.not_available`` for an option that this version
        does not have. Nothing is changed then.
    NotFound
        ``detection.unknown_algorithm``.

    Notes
    -----
    Values given here come before environment and file, and after the flags of a command. Other algorithms than those offered
    are not listed, not made and not loaded from model files (``platform.algorithm_not_offered``), in Python, on the command
    line and on the server alike. A Python process that never calls this is not limited. `performance` binds all threads of the process to some of its processors, where the system can (Linux).

    Examples
    --------
    >>> settings = configure_platform({"anomaly_detection": {"algorithms": ["knn", "stl"], "performance": "high"}})
    >>> settings.algorithms
    ('knn', 'stl')
    >>> configure_platform().algorithms is None
    True
    """
    values = _flatten({} if sections is None else sections)
    if "algorithms" in values:
        values["algorithms"] = _checked_names(values["algorithms"])
    if values.get("performance") in {"balanced", "low"}:
        _require_affinity(values["performance"])
    settings = configure(values)
    offer_chosen(settings)
    apply_performance(settings.performance)
    return settings


def offer_chosen(settings: Settings) -> None:
    """Put the setting `algorithms` into effect: see `anomaly_detection.detection.catalogue.offer`.

    Raises
    ------
    NotFound
        ``detection.unknown_algorithm``: the setting names one that does not exist.
    """
    from anomaly_detection.detection.catalogue import offer

    offer(check_algorithms(settings))


def check_algorithms(settings: Settings) -> tuple[str, ...] | None:
    """Return the algorithms that the settings offer, or None for all; errors are those of `offer_chosen`."""
    return None if settings.algorithms is None else _checked_names(settings.algorithms)


def apply_performance(level: Performance) -> int:
    """Bind the threads of this process to as many processors as the level says, and return how many.

    Raises
    ------
    InvalidInput
        ``platform.not_available``: the system cannot, and the level is not ``high``.
    """
    if not hasattr(os, "sched_setaffinity"):
        _require_affinity(level)
        return os.cpu_count() or 1
    everything = _all_processors()
    wanted = sorted(everything)[: max(1, round(_SHARES[level] * len(everything)))]
    if set(wanted) != os.sched_getaffinity(0):
        for thread in _threads():
            try:
                os.sched_setaffinity(thread, wanted)
            except ProcessLookupError:
                continue
    return len(wanted)


_before: list[frozenset[int]] = []


def _all_processors() -> frozenset[int]:
    """Return the processors that the process was given when it was first asked: it may be bound to fewer since."""
    if not _before:
        _before.append(frozenset(os.sched_getaffinity(0)))
    return _before[0]


def _threads() -> Iterable[int]:
    return [int(entry.name) for entry in _THREADS.iterdir()] if _THREADS.is_dir() else [0]


def _require_affinity(level: str) -> None:
    if level != "high" and not hasattr(os, "sched_setaffinity"):
        raise InvalidInput(
            f"performance {level!r} is not available on this system: a process cannot be bound to some processors.",
            code="platform.not_available",
            hint="Leave performance out, or choose 'high'.",
        )


def _flatten(sections: Any) -> dict[str, Any]:
    if not isinstance(sections, Mapping):
        raise InvalidInput(
            f"The configuration is {sections!r}; it must be a mapping of sections.",
            code="platform.invalid_setting",
            hint="Give for example {'anomaly_detection': {'algorithms': ['knn']}}.",
        )
    values: dict[str, Any] = {}
    for section, options in sections.items():
        if section not in SECTIONS:
            raise InvalidInput(
                f"There is no section {section!r}.",
                code="platform.unknown_section",
                hint=did_you_mean(str(section), SECTIONS),
                details={"section": str(section), "known": list(SECTIONS)},
            )
        if not isinstance(options, Mapping):
            raise InvalidInput(
                f"The section {section!r} is {options!r}; it must be a mapping of names to values.",
                code="platform.invalid_setting",
                hint=f"Known: {', '.join(SECTIONS[section])}." if SECTIONS[section] else "Leave it out.",
            )
        for name, value in options.items():
            _check_option(section, str(name))
            values[str(name)] = value
    return values


def _check_option(section: str, name: str) -> None:
    known = SECTIONS[section]
    if name in known:
        return
    elsewhere = next((other for other, names in SECTIONS.items() if name in names), None)
    if elsewhere is not None:
        hint = f"It belongs into the section {elsewhere!r}."
    elif known and nearest(name, known):
        hint = did_you_mean(name, known)
    else:
        hint = f"The section {section!r} takes {', '.join(known)}." if known else f"Leave the section {section!r} out."
    raise InvalidInput(
        f"The option {name!r} of the section {section!r} is not available in this version.",
        code="platform.not_available",
        hint=hint,
        details={"section": section, "option": name},
    )


def _checked_names(names: Any) -> tuple[str, ...]:
    from anomaly_detection.detection.catalogue import known_line

    if isinstance(names, str) or not isinstance(names, Iterable):
        raise InvalidInput(
            f"algorithms is {names!r}; it must be a list of names.",
            code="platform.invalid_setting",
            hint="Give for example ['knn', 'stl'].",
        )
    checked = tuple(dict.fromkeys(str(name) for name in names))
    for name in checked:
        known_line(name)
    if not checked:
        raise InvalidInput(
            "algorithms names no algorithm.",
            code="platform.invalid_setting",
            hint="Name at least one, or leave it out for all.",
        )
    return checked
