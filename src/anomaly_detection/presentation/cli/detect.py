"""``anomaly-detection detect``: find the anomalies of a file."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from anomaly_detection.presentation.cli.failure import FOUND, WrongOption
from anomaly_detection.presentation.cli.progress import progress_bar

if TYPE_CHECKING:
    from anomaly_detection.data_platform.dataset import Dataset
    from anomaly_detection.detection.results import DetectionResult


class Format(StrEnum):
    """How a result is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    JSONL = "jsonl"


def detect(
    source: Annotated[
        str, typer.Argument(metavar="FILE", help="A CSV file (also .gz), or the bundled data set nyc_taxi.")
    ],
    algorithm: Annotated[
        str | None,
        typer.Option("--algorithm", "-a", help="By default stl for a series and knn for a table."),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", "-p", metavar="KEY=VALUE", help="A parameter of the algorithm; may be repeated."),
    ] = None,
    time: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column with the time; recognised by default.")
    ] = None,
    columns: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="The columns to judge rows by; all usable ones by default.")
    ] = None,
    contamination: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Flag this share of the rows, whatever they are.")
    ] = None,
    threshold: Annotated[
        str | None,
        typer.Option(
            metavar="KIND=VALUE",
            help="fdr=0.05 (default: share of false alarms among those flagged), p_value, alert_rate (false alarms in as "
            "many rows), contamination or score.",
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=0, help="How many anomalies the table shows.")] = 20,
    form: Annotated[
        Format | None, typer.Option("--format", "-f", help="What is written: table on the terminal by default.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write every row with its score; .csv, .jsonl or .json tells the format.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
    explain: Annotated[bool, typer.Option("--explain/--no-explain", help="Say why a row is an anomaly.")] = True,
    save_model: Annotated[
        Path | None, typer.Option(metavar="FILE.adm", help="Keep the fitted detector in a model file.")
    ] = None,
    fail_on_anomaly: Annotated[
        bool, typer.Option("--fail-on-anomaly", help="End with exit code 6 if there is an anomaly.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Repeats the same result.")] = 0,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Write nothing but the result, and nothing at all with --output.")
    ] = False,
) -> None:
    """Find the anomalies of a file and print them as a table."""
    from anomaly_detection.presentation.cli import output as files

    if contamination is not None and threshold is not None:
        raise WrongOption("--contamination and --threshold were both given.", "Give one of them.")
    rule = ("contamination", contamination) if contamination is not None else _threshold(threshold)
    written = _format(form, output)
    named = {"output": output, "model": save_model}
    targets = {kind: path for kind, path in named.items() if path is not None}
    for target in targets.values():
        files.check_target(target, force=force)
        if target.exists() and Path(source).exists() and target.samefile(source):
            raise WrongOption(f"{target} is the file that is read.", "Name another file: its rows would be lost.")
    if len({target.resolve() for target in targets.values()}) < len(targets):
        raise WrongOption("--output and --save-model name the same file.", "Name two files.")
    with progress_bar(wanted=not quiet) as progress:
        parameters = _checked(algorithm, param or [], rule)
        from anomaly_detection.workflows.batch_detection import detect_file

        data, detector, result = detect_file(
            source,
            algorithm=algorithm,
            parameters=parameters,
            columns=_split(columns),
            time_column=time,
            threshold=rule,
            seed=seed,
            explain=explain,
            progress=progress,
        )
        progress(0.95, "writing")
        if save_model is not None:
            detector.save(save_model)
        if output is not None:
            files.write(written.value, data, result, output, force=force)
    if output is None and written != Format.TABLE:
        files.write(written.value, data, result, None)
    _tell(data, result, written, source, targets, top=top, quiet=quiet)
    if fail_on_anomaly and result.n_anomalies:
        raise typer.Exit(FOUND)


def _format(form: Format | None, output: Path | None) -> Format:
    from anomaly_detection.presentation.cli.output import format_of

    if form is not None:
        return form
    return Format.TABLE if output is None else Format(format_of(output))


def _threshold(text: str | None) -> tuple[str, float] | None:
    if text is None:
        return None
    kind, equals, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not equals or not math.isfinite(number):
        raise WrongOption(f"--threshold is {text!r}.", "Write it as KIND=VALUE, such as p_value=0.001.")
    return kind.strip(), number


def _split(columns: str | None) -> tuple[str, ...] | None:
    if columns is None:
        return None
    import csv

    names = [name.strip() for name in next(csv.reader([columns]), []) if name.strip()]
    if not names:
        raise WrongOption("--columns names no column.", "Write it as --columns speed,load.")
    return tuple(names)


def _checked(algorithm: str | None, given: Sequence[str], rule: tuple[str, float] | None) -> dict[str, Any]:
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
        parameters[key.strip()] = parameter_value(value.strip(), known.get(key.strip(), {}))
    if algorithm is not None:
        create_algorithm(algorithm, parameters)
    return parameters


def parameter_value(text: str, schema: dict[str, Any]) -> Any:
    """Read a parameter's value as its schema says; what does not fit stays text, and is refused later by name.

    Examples
    --------
    >>> parameter_value("5", {"type": "integer"}), parameter_value("auto", {"type": ["number", "null"]})
    (5, None)
    """
    kinds = schema.get("type", ["boolean", "integer", "number", "null", "string"])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    lowered = text.lower()
    if "null" in kinds and lowered in {"none", "null", "auto", ""} and text not in (schema.get("enum") or ()):
        return None
    if "boolean" in kinds and lowered in {"true", "false", "yes", "no"}:
        return lowered in {"true", "yes"}
    for kind, reader in (("integer", int), ("number", float), ("integer", float)):
        if kind in kinds:
            try:
                return reader(text)
            except ValueError:
                continue
    return text


def _tell(
    data: Dataset,
    result: DetectionResult,
    written: Format,
    source: str,
    targets: dict[str, Path],
    *,
    top: int,
    quiet: bool,
) -> None:
    """Say on the standard output what was found, and on the standard error what to know about it."""
    from anomaly_detection.presentation.cli import report

    saved = "output" in targets
    if not quiet:
        for warning in dict.fromkeys([*data.warnings, *result.metadata["warnings"]]):
            typer.echo(f"Note: {warning}", err=True)
    if written == Format.TABLE or saved:
        if not (quiet and saved):
            report.show(result, source=None if quiet else shlex.quote(source), top=top, saved=saved)
    elif not quiet:
        typer.echo(report.summary(result), err=True)
    if not quiet:
        for kind, what in (("output", "The result"), ("model", "The fitted detector")):
            if kind in targets:
                typer.echo(f"{what} is in {targets[kind]}", err=True)
