"""``anomaly-detection algorithms``: what can be chosen, and with which parameters."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from anomaly_detection.presentation.cli import options
from anomaly_detection.presentation.cli.failure import WrongOption
from anomaly_detection.presentation.cli.platform import configure_here
from anomaly_detection.shared.errors import did_you_mean

if TYPE_CHECKING:
    from anomaly_detection.detection.ports import AlgorithmInfo


class Kind(StrEnum):
    """Kind of data."""

    TABLE = "table"
    SERIES = "series"


ADAPTERS = ("sklearn", "pyod")
"""Families whose algorithms come from another library, by the name of their class."""
EXAMPLES = (
    "algorithms",
    "algorithms isolation_forest",
    "algorithms --kind series --json",
    "algorithms sklearn:OneClassSVM",
)


def algorithms(
    name: Annotated[
        str | None,
        typer.Argument(help="Show this one with its parameters.", autocompletion=options.complete_algorithm),
    ] = None,
    kind: Annotated[Kind | None, typer.Option(help="Only those for this kind of data.")] = None,
    family: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only those of this family, such as trees; sklearn and pyod are adapters."),
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """List the algorithms that are offered, or show one with its parameters, their ranges and their meaning.

    Beside those of the catalogue, every outlier detector of scikit-learn and of PyOD can be used, under the name
    sklearn:CLASS or pyod:CLASS, where its library is installed; --family sklearn and --family pyod list them.
    """
    from anomaly_detection.detection.catalogue import algorithm_info, list_algorithms

    configure_here()
    if name is None:
        found = list_algorithms(kind=None if kind is None else kind.value, family=family)
        if not found and family is not None:
            _check_family(family)
        if as_json:
            typer.echo(json.dumps([info.to_dict() for info in found], indent=2))
        else:
            _show_all(found)
    else:
        info = algorithm_info(name)
        if as_json:
            typer.echo(json.dumps(info.to_dict(), indent=2))
        else:
            _show_one(info)


def _check_family(family: str) -> None:
    """Refuse a family that does not exist; one whose members are all left out here is only empty."""
    from anomaly_detection.detection.algorithm_table import LINES
    from anomaly_detection.detection.catalogue import list_algorithms

    families = {line.family for line in LINES} | {info.family for info in list_algorithms()} | set(ADAPTERS)
    if family not in families:
        raise WrongOption(f"There is no family {family!r}.", did_you_mean(family, families))


def _show_all(found: list[AlgorithmInfo]) -> None:
    from rich import box
    from rich.table import Table

    from anomaly_detection.presentation.cli.report import console

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("name", "for", "family", "what it does"):
        table.add_column(head, no_wrap=head != "what it does")
    for info in found:
        missing = "" if info.installed else f" (needs the extra {info.extra})"
        table.add_row(info.name, ", ".join(info.kinds), info.family, info.summary + missing)
    out = console()
    out.print(table)
    out.print("One with its parameters: anomaly-detection algorithms NAME", style="dim")
    if not any(info.family in ADAPTERS for info in found):
        out.print(
            "More, from scikit-learn and PyOD: anomaly-detection algorithms --family sklearn (or pyod)", style="dim"
        )


def _show_one(info: AlgorithmInfo) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from anomaly_detection.presentation.cli.report import console, say

    out = console()
    say(out, Text.assemble((info.name, "bold"), f": {info.summary}"))
    facts = [
        f"for {' and '.join(info.kinds)} data",
        f"family {info.family}",
        f"at least {info.min_rows} rows",
        "a row scores the same alone as among others" if info.independent_rows else "rows are judged together",
    ]
    say(out, f"{'; '.join(facts)}.")
    if not info.installed:
        out.print(f"Not installed: pip install 'anomaly-detection[{info.extra}]'", soft_wrap=True, markup=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("parameter", "default", "allowed", "meaning"):
        table.add_column(head, no_wrap=head in {"parameter", "default"})
    properties: dict[str, dict[str, Any]] = dict(info.parameters["properties"])
    for parameter, schema in properties.items():
        default = schema.get("default")
        shown = "auto" if default is None else json.dumps(default)
        table.add_row(*[Text(cell) for cell in (parameter, shown, allowed(schema), schema.get("description", ""))])
    if properties:
        out.print(table)
        first = next(iter(properties))
        out.print(
            f"Set one: anomaly-detection detect FILE -a {info.name} -p {first}=VALUE", style="dim", soft_wrap=True
        )
    if info.reference:
        say(out, f"Reference: {info.reference}")


def allowed(schema: dict[str, Any]) -> str:
    """Say in words which values a parameter's schema allows.

    Examples
    --------
    >>> allowed({"type": "integer", "minimum": 1, "maximum": 1000000})
    'integer, 1 to 1000000'
    """
    kinds = schema.get("type", "string")
    words = [kinds] if isinstance(kinds, str) else list(kinds)
    text = " or ".join("auto" if word == "null" else word for word in words)
    if "array" in words:
        items = allowed(schema.get("items", {}))
        return f"list of {items}, written as A,B or as JSON" + (" or auto" if "null" in words else "")
    if "enum" in schema:
        return ", ".join("auto" if choice is None else str(choice) for choice in schema["enum"])
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"{text}, {low} to {high}"
    if low is not None:
        return f"{text}, {low} or more"
    return text if high is None else f"{text}, {high} or less"
