"""``anomaly-detection detect``: find the anomalies of files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from anomaly_detection.presentation.cli import options
from anomaly_detection.presentation.cli.choices import checked_parameters, columns_of, rule_of
from anomaly_detection.presentation.cli.delivery import Delivery
from anomaly_detection.presentation.cli.failure import FOUND
from anomaly_detection.presentation.cli.progress import progress_bar

EXAMPLES = (
    "detect nyc_taxi",
    "detect machines.csv --alert-rate 3 --output scores.parquet",
    "detect 'logs/*.jsonl.gz' --time ts --report report.html",
    "cat rows.jsonl | anomaly-detection detect - --json | jq .n_anomalies",
)


def detect(
    files: options.Files,
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
    top: options.Top = 20,
    form: options.Form = None,
    as_json: options.ResultAsJson = False,
    output: options.Output = None,
    report: options.Report = None,
    force: options.Force = False,
    explain: options.Explain = True,
    save_model: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.adm", help="Keep the fitted detector in a model file.", rich_help_panel="What is written"
        ),
    ] = None,
    fail_on_anomaly: options.FailOnAnomaly = False,
    seed: options.Seed = 0,
    quiet: options.Quiet = False,
) -> None:
    """Find the anomalies of files and print them as a table.

    It learns what is normal from the rows themselves, and judges each row without its own influence. By default a row is
    flagged where that should be wrong for at most 5 % of the rows flagged; a file may well have no anomaly.
    """
    rule = rule_of(contamination=contamination, alert_rate=alert_rate, threshold=threshold)
    delivery = Delivery.asked(
        form, output, as_json=as_json, report=report, model=save_model, force=force, quiet=quiet, top=top
    )
    delivery.check(files)
    chosen = columns_of(columns)
    with progress_bar(wanted=not quiet) as progress:
        from anomaly_detection.presentation.cli.platform import configure_here

        configure_here()
        parameters = checked_parameters(algorithm, param or [], rule)
        from anomaly_detection.workflows.agreement import agreement
        from anomaly_detection.workflows.batch_detection import detect_file
        from anomaly_detection.workflows.sources import Source

        data, detector, result = detect_file(
            Source(tuple(files), input_format, encoding, time, label, chosen),
            algorithm=algorithm,
            parameters=parameters,
            threshold=rule,
            seed=seed,
            explain=explain,
            progress=progress,
        )
        progress(0.95, "writing")
        delivery.write(data, detector, result)
    known = agreement(data, result)
    named = {
        "--algorithm": algorithm,
        "--input-format": input_format,
        "--encoding": encoding,
        "--time": time,
        "--columns": columns,
        "--label": label,
    }
    repeated = [word for name, value in named.items() if value is not None for word in (name, value)]
    repeated += [word for value in param or [] for word in ("--param", value)]
    delivery.tell(data, result, inputs=files, options=repeated, notes=[] if known is None else [known.sentence()])
    if fail_on_anomaly and result.n_anomalies:
        raise typer.Exit(FOUND)
