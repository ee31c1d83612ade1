"""The third and fourth questions: by which algorithm, and how many alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anomaly_detection.presentation.cli.choices import Rule
from anomaly_detection.presentation.cli.failure import WrongOption
from anomaly_detection.presentation.cli.guided.asking import Asker, number_of, positive
from anomaly_detection.shared.errors import PlatformError, did_you_mean

if TYPE_CHECKING:
    from anomaly_detection.data_platform.dataset import Dataset
    from anomaly_detection.detection.ports import AlgorithmInfo

REASONS = {
    "stl": "it learns the season and the level of a series, and judges what these do not explain",
    "knn": "it takes no shape for granted, and rows far out score without a ceiling, so that few alarms are false",
}
"""Why the default of each kind of data is recommended."""


def choose_algorithm(asker: Asker, data: Dataset) -> str | None:
    """Ask for the algorithm; return its name, or None for the recommended one."""
    from anomaly_detection.detection.catalogue import default_algorithm

    recommended = default_algorithm(data.kind)
    found = candidates(data)
    found.sort(key=lambda info: info.name != recommended)
    asker.say("By which algorithm?", "bold")
    for number, info in enumerate(found, 1):
        why = REASONS.get(info.name, info.summary)
        asker.say(f"  {number}  {info.name}" + (f", recommended: {why}" if number == 1 else f": {info.summary}"))
    names = [info.name for info in found]
    name = asker.ask("A number or a name", lambda typed: _named(typed, names, data), default="1")
    return None if name == recommended else name


def candidates(data: Dataset) -> list[AlgorithmInfo]:
    """Return the algorithms that can judge the data now: for a series those for series first, and those for its rows."""
    from anomaly_detection.detection.catalogue import list_algorithms

    kinds = ["series", "table"] if data.kind == "series" else ["table"]
    found = {info.name: info for kind in kinds for info in list_algorithms(kind=kind, installed=True)}
    return list(found.values())


def _named(typed: str, names: list[str], data: Dataset) -> str:
    if typed.isdecimal():
        return names[number_of(typed, len(names)) - 1]
    if typed not in names:
        raise WrongOption(f"{typed!r} is no algorithm for this {data.kind}.", did_you_mean(typed, names))
    return typed


def choose_sensitivity(asker: Asker, n_rows: int) -> Rule | None:
    """Ask in plain words how many alarms there may be; return the threshold, or None for the default."""
    asker.say("How sensitive?", "bold")
    answer = asker.choose(
        "A number",
        [
            "only what clearly stands out, recommended: at most 5 % of what is flagged should be normal; it may be nothing",
            f"as many false alarms as I can look at, in {n_rows:,} rows",
            "the most unusual share of the rows, whatever they are",
        ],
    )
    if answer == 1:
        return asker.ask("How many false alarms", lambda typed: checked(("alert_rate", positive(typed))), default="3")
    if answer == 2:
        return asker.ask(
            "Which share, in percent",
            lambda typed: checked(("contamination", positive(typed, at_most=50.0) / 100.0)),
            default="1",
        )
    return None


def checked(rule: Rule) -> Rule:
    """Return a threshold that makes sense, or say why it does not."""
    from anomaly_detection.detection.calibration.threshold import check_threshold

    try:
        check_threshold(*rule)
    except PlatformError as error:
        raise WrongOption(error.message, error.hint) from error
    return rule
