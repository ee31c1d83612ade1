"""The second question: whether the columns were understood."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from anomaly_detection.presentation.cli.choices import columns_of
from anomaly_detection.presentation.cli.failure import WrongOption
from anomaly_detection.presentation.cli.guided.asking import Asker, one_of, printable
from anomaly_detection.presentation.cli.guided.choices import Choices
from anomaly_detection.shared.errors import did_you_mean
from anomaly_detection.workflows.sources import NO_TIME

if TYPE_CHECKING:
    from anomaly_detection.data_platform.dataset import Dataset

_LISTED = 40
_ROLES = {
    "feature": "judged by",
    "time": "time",
    "label": "known anomalies, not judged by",
    "entity": "name of the row",
    "ignored": "left out",
}


def confirm_columns(asker: Asker, choices: Choices, data: Dataset) -> Dataset:
    """Show the columns and have time and columns corrected until they are right; return the data with these roles."""
    while True:
        show_columns(asker, data)
        asker.say("Enter goes on; time names the column with the time; columns chooses those to judge rows by.", "dim")
        answer = asker.ask("Is this right?", lambda typed: one_of(typed, ["yes", "time", "columns"]), default="yes")
        if answer == "yes":
            return data
        read = partial(_with_time if answer == "time" else _with_columns, data, choices)
        question = (
            "The column with the time, or none" if answer == "time" else "The columns to judge rows by, with commas"
        )
        data = asker.ask(f"{question} (Enter leaves it)", read)


def show_columns(asker: Asker, data: Dataset) -> None:
    """Print one line for each column: name, kind, role, missing values and range."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    about = data.info()
    kind = "a series in time" if data.kind == "series" else "a table of rows"
    asker.say(f"\n{data.name}: {len(data):,} rows, {kind}.", "bold")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head, justify in (
        ("column", "left"),
        ("kind", "left"),
        ("role", "left"),
        ("missing", "right"),
        ("range", "left"),
    ):
        table.add_column(head, justify=justify, overflow="fold")  # type: ignore[arg-type]
    columns = about["columns"]
    for column in columns[:_LISTED]:
        missing = f"{column['n_missing']:,}" if column["n_missing"] else ""
        cells = (column["name"], column["type"], _ROLES.get(column["role"], column["role"]), missing, _range(column))
        table.add_row(*(Text(printable(str(cell))) for cell in cells))
    asker.console.print(table)
    if len(columns) > _LISTED:
        asker.say(f"... and {len(columns) - _LISTED} more", "dim")
    for warning in data.warnings:
        asker.say(f"Note: {warning}", "dim")


def _range(column: dict[str, object]) -> str:
    from anomaly_detection.presentation.cli.report import number

    low, high = column["minimum"], column["maximum"]
    if low is not None and high is not None:
        return f"{number(low)} to {number(high)}"
    examples = column["examples"]
    shown = ", ".join(str(value) for value in examples) if isinstance(examples, list) else ""
    return f"{column['n_distinct']} different: {shown}" if shown else "no value"


def _with_time(data: Dataset, choices: Choices, typed: str) -> Dataset:
    if not typed:
        return data
    typed = NO_TIME if typed.lower() == NO_TIME else typed
    if typed != NO_TIME:
        _require(data, typed)
    changed = again(data, typed, choices.columns)
    choices.time = typed
    return changed


def _with_columns(data: Dataset, choices: Choices, typed: str) -> Dataset:
    names = columns_of(typed) if typed else None
    if names is None:
        return data
    for name in names:
        _require(data, name)
    changed = again(data, choices.time, names)
    if not changed.roles.features:
        raise WrongOption("None of these can be judged by.", "Name a column other than the time and the label.")
    choices.columns = names
    return changed


def again(data: Dataset, time: str | None, columns: tuple[str, ...] | None) -> Dataset:
    """Return the same data with their roles recognised anew, as reading them with ``--time`` and ``--columns`` does."""
    from anomaly_detection.data_platform.dataset import Dataset

    named = None if time == NO_TIME else time
    known = Dataset.from_arrow(data.table, name=data.name, time=named, columns=columns)
    if time == NO_TIME:
        known = known.with_roles(time=None)
    return replace(data, table=known.table, roles=known.roles, warnings=known.warnings)


def _require(data: Dataset, name: str) -> None:
    if name not in data.column_names:
        raise WrongOption(f"There is no column {name!r}.", did_you_mean(name, data.column_names))
