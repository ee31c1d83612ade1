"""Options that several commands share: the same name, the same help, the same meaning."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer


class Format(StrEnum):
    """How a result is written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


def complete_algorithm(ctx: Any, args: list[str], incomplete: str) -> list[tuple[str, str]]:
    """Return the algorithms that begin with what was typed, for a shell's completion."""
    del ctx, args
    from anomaly_detection.detection.catalogue import list_algorithms

    return [(info.name, info.summary) for info in list_algorithms() if info.name.startswith(incomplete)]


_INPUT, _OUTPUT, _RULE = "What is read", "What is written", "What counts as an anomaly"

Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE",
        help="Files (CSV, JSON, JSON lines, Parquet, Avro, Arrow; also compressed), patterns such as 'logs/*.csv', - for the "
        "standard input, or the bundled data set nyc_taxi.",
    ),
]
InputFormat = Annotated[
    str | None,
    typer.Option(
        "--input-format", metavar="NAME", help="How the input is written, where its ending does not tell.",
        rich_help_panel=_INPUT,
    ),
]  # fmt: skip
Encoding = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="How its characters are written, such as windows-1252; UTF-8 by default.",
                 rich_help_panel=_INPUT),
]  # fmt: skip
Time = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN", help="The column with the time, or none; recognised by default.", rich_help_panel=_INPUT
    ),
]
Columns = Annotated[
    str | None,
    typer.Option(
        metavar="A,B,...", help="The columns to judge rows by; all usable ones by default.", rich_help_panel=_INPUT
    ),
]
Label = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="The column of known anomalies (0 and 1): it is not judged by, and the result is compared with it.",
        rich_help_panel=_INPUT,
    ),
]
Algorithm = Annotated[
    str | None,
    typer.Option(
        "--algorithm", "-a", metavar="NAME", help="By default stl for a series and knn for a table.",
        autocompletion=complete_algorithm,
    ),
]  # fmt: skip
Param = Annotated[
    list[str] | None,
    typer.Option("--param", "-p", metavar="KEY=VALUE", help="A parameter of the algorithm; may be repeated."),
]
Seed = Annotated[int, typer.Option(min=0, help="Repeats the same result.")]
AlertRate = Annotated[
    float | None,
    typer.Option(
        metavar="N", help="Expect about N false alarms in as many rows as these.", rich_help_panel=_RULE
    ),
]  # fmt: skip
Contamination = Annotated[
    float | None,
    typer.Option(metavar="SHARE", help="Flag this share of the rows, whatever they are.", rich_help_panel=_RULE),
]
Threshold = Annotated[
    str | None,
    typer.Option(
        metavar="KIND=VALUE",
        help="fdr=0.05 (default: share of false alarms among those flagged), p_value, alert_rate (false alarms in as "
        "many rows), contamination or score.",
        rich_help_panel=_RULE,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE",
        help="Write every row with its score; .csv, .jsonl, .json or .parquet tells the format.",
        rich_help_panel=_OUTPUT,
    ),
]  # fmt: skip
Form = Annotated[
    Format | None,
    typer.Option("--format", "-f", help="What is written: table on the terminal by default.", rich_help_panel=_OUTPUT),
]
ResultAsJson = Annotated[bool, typer.Option("--json", help="Short for --format json.", rich_help_panel=_OUTPUT)]
Report = Annotated[
    Path | None,
    typer.Option(metavar="FILE.html", help="Write a page with chart, table and reasons.", rich_help_panel=_OUTPUT),
]
Force = Annotated[bool, typer.Option("--force", help="Replace files that exist.", rich_help_panel=_OUTPUT)]
Explain = Annotated[
    bool, typer.Option("--explain/--no-explain", help="Say why a row is an anomaly.", rich_help_panel=_OUTPUT)
]
Top = Annotated[int, typer.Option(min=0, help="How many anomalies the table shows.", rich_help_panel=_OUTPUT)]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", help="Write nothing but the result, and nothing at all with --output.", rich_help_panel=_OUTPUT
    ),
]
FailOnAnomaly = Annotated[
    bool, typer.Option("--fail-on-anomaly", help="End with exit code 6 if there is an anomaly.")
]  # fmt: skip
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]
