"""``anomaly-detection train``: learn what is normal and keep it in a model file."""

from __future__ import annotations

import json
import time as clock
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from anomaly_detection.presentation.cli import options
from anomaly_detection.presentation.cli.choices import checked_parameters, columns_of, rule_of
from anomaly_detection.presentation.cli.delivery import check_not_read
from anomaly_detection.presentation.cli.progress import progress_bar

if TYPE_CHECKING:
    from anomaly_detection.data_platform.dataset import Dataset
    from anomaly_detection.detection.detector import Detector
    from anomaly_detection.detection.results import DetectionResult

EXAMPLES = (
    "train january.csv --output january.adm",
    "train 'days/*.parquet' -a knn -p n_neighbors=10 -o days.adm",
    "score february.csv --model january.adm",
)


def train(
    files: options.Files,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE.adm", help="The model file to write.", show_default=False)
    ],
    algorithm: options.Algorithm = None,
    param: options.Param = None,
    input_format: options.InputFormat = None,
    encoding: options.Encoding = None,
    time: options.Time = None,
    columns: options.Columns = None,
    label: options.Label = None,
    alert_rate: options.AlertRate = None,
    contamination: options.Contamination = None,
    threshold: options.Threshold = None,
    force: options.Force = False,
    seed: options.Seed = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Learn what is normal in files and keep it in a model file.

    The file holds no code: opening one runs nothing. Judge new rows by it with the command [bold]score[/bold], or in Python with
    load_detector.
    """
    from anomaly_detection.presentation.cli.output import check_target

    rule = rule_of(contamination=contamination, alert_rate=alert_rate, threshold=threshold)
    check_target(output, force=force)
    check_not_read(output, files)
    chosen = columns_of(columns)
    started = clock.perf_counter()
    with progress_bar(wanted=not quiet) as progress:
        from anomaly_detection.presentation.cli.platform import configure_here

        configure_here()
        parameters = checked_parameters(algorithm, param or [], rule)
        from anomaly_detection.workflows.sources import Source
        from anomaly_detection.workflows.trained_models import train_file

        data, detector, result = train_file(
            Source(tuple(files), input_format, encoding, time, label, chosen),
            algorithm=algorithm,
            parameters=parameters,
            threshold=rule,
            seed=seed,
            progress=progress,
        )
        progress(0.95, "writing")
        detector.save(output)
    learnt = _learnt(data, detector, result, output, clock.perf_counter() - started)
    if as_json:
        typer.echo(json.dumps(learnt, indent=2, allow_nan=False))
    elif not quiet:
        _show(learnt)
    if not quiet:
        for note in dict.fromkeys([*data.warnings, *result.metadata["warnings"]]):
            typer.echo(f"Note: {note}", err=True)


def _learnt(data: Dataset, detector: Detector, result: DetectionResult, output: Path, seconds: float) -> dict[str, Any]:
    kinds = {column["name"]: column["type"] for column in data.info()["columns"]}
    return {
        "model": str(output),
        "bytes": output.stat().st_size,
        "algorithm": detector.algorithm,
        "parameters": dict(detector.parameters),
        "dataset": data.name,
        "kind": data.kind,
        "n_rows": len(data),
        "time": data.roles.time,
        "columns": [{"name": name, "type": kinds[name]} for name in detector.feature_names],
        "threshold": result.threshold.to_dict(),
        "n_anomalies": result.n_anomalies,
        "seconds": round(seconds, 3),
    }


def _show(learnt: dict[str, Any]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from anomaly_detection.presentation.cli.report import console, number, say

    threshold = learnt["threshold"]
    columns = ", ".join(f"{column['name']} ({column['type']})" for column in learnt["columns"][:20])
    more = len(learnt["columns"]) - 20
    facts = [
        (
            "algorithm",
            " ".join([learnt["algorithm"], *(f"{key}={value}" for key, value in learnt["parameters"].items())]),
        ),
        ("rows", f"{learnt['n_rows']:,}, of which {learnt['n_anomalies']:,} lie beyond the threshold"),
        ("columns", columns + (f" and {more} more" if more > 0 else "")),
        *([("time", learnt["time"])] if learnt["time"] else []),
        ("threshold", f"{threshold['kind']} {threshold['value']:g}, a score of {number(threshold['score_cutoff'])}"),
        ("took", f"{learnt['seconds']:.2f} s"),
        ("model file", f"{learnt['model']} ({number(learnt['bytes'] / 1024)} KiB)"),
    ]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(name, Text("".join(c if c.isprintable() else "�" for c in value)))
    out = console()
    out.print(table)
    say(out, f"Judge new rows by it: anomaly-detection score FILE --model {learnt['model']}")
