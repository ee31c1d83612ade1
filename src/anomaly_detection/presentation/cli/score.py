"""``anomaly-detection score``: judge new rows by a model that was saved."""

from __future__ import annotations

from typing import Annotated

import typer

from anomaly_detection.presentation.cli import options
from anomaly_detection.presentation.cli.choices import rule_of
from anomaly_detection.presentation.cli.delivery import STDIN, Delivery
from anomaly_detection.presentation.cli.failure import FOUND, WrongOption
from anomaly_detection.presentation.cli.progress import progress_bar

EXAMPLES = (
    "score february.csv --model january.adm",
    "score today.jsonl -m january.adm --output scores.csv",
    "tail -n 100 rows.csv | anomaly-detection score - -m rows.adm --json",
)


def score(
    files: options.Files,
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="FILE.adm", help="A model that train wrote.", show_default=False)
    ],
    input_format: options.InputFormat = None,
    encoding: options.Encoding = None,
    time: options.Time = None,
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
    fail_on_anomaly: options.FailOnAnomaly = False,
    quiet: options.Quiet = False,
) -> None:
    """Judge new rows by a model that was saved.

    The rows need the columns that the model learnt from, in any order; others are kept and not looked at. The threshold is the
    model's own, unless one is given here.
    """
    if model == STDIN:
        raise WrongOption("--model is -: a model is read from a file.", "Name the file that train wrote.")
    rule = rule_of(contamination=contamination, alert_rate=alert_rate, threshold=threshold)
    delivery = Delivery.asked(form, output, as_json=as_json, report=report, force=force, quiet=quiet, top=top)
    delivery.check([*files, model])
    with progress_bar(wanted=not quiet) as progress:
        from anomaly_detection.presentation.cli.choices import checked_parameters
        from anomaly_detection.presentation.cli.platform import configure_here
        from anomaly_detection.workflows.agreement import agreement
        from anomaly_detection.workflows.sources import Source
        from anomaly_detection.workflows.trained_models import score_file

        configure_here()
        checked_parameters(None, [], rule)
        data, _, result = score_file(
            Source(tuple(files), input_format, encoding, time, label),
            model,
            threshold=rule,
            explain=explain,
            progress=progress,
        )
        progress(0.95, "writing")
        delivery.write(data, None, result)
    known = agreement(data, result)
    notes = [] if known is None else [known.sentence()]
    delivery.tell(data, result, inputs=files, command="score", options=["--model", model], notes=notes)
    if fail_on_anomaly and result.n_anomalies:
        raise typer.Exit(FOUND)
