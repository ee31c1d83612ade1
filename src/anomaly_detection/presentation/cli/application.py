"""The commands under one name, and the one place where errors become exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from anomaly_detection.presentation.cli import (
    algorithms,
    config,
    detect,
    doctor,
    score,
    serve,
    tenants,
    train,
    users,
    worker,
)
from anomaly_detection.presentation.cli.failure import WRONG_USAGE, Failure, report
from anomaly_detection.presentation.cli.teaching import PROGRAM, examples, exit_codes, help_of


class Commands(typer.core.TyperGroup):
    """The group of all commands: what goes wrong in one is told in one manner."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; turn what it raises into a message and an exit code."""
        try:
            outcome = super().invoke(ctx)
            sys.stdout.flush()
        except (Exception, KeyboardInterrupt) as error:  # every error of a command ends here
            if isinstance(error, typer.Exit | typer.Abort) or hasattr(error, "format_message"):
                raise
            failure = report(error, debug=bool(ctx.params.get("debug")))
            raise typer.Exit(_settle(failure)) from error
        return outcome


app = typer.Typer(
    name=PROGRAM,
    cls=Commands,
    add_completion=True,
    epilog=exit_codes(),
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"{PROGRAM} {version('anomaly-detection')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _main(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where in the program an error arose.")] = False,
) -> None:
    """Find anomalies in tables and time series.

    Without a command, in a terminal, it asks for a file and leads through it.
    """
    del version, debug
    if ctx.invoked_subcommand is not None:
        return
    if sys.stdin.isatty() and sys.stdout.isatty():
        from anomaly_detection.presentation.cli.guided.session import lead

        lead()
        return
    typer.echo(ctx.get_help())
    raise typer.Exit(WRONG_USAGE)


for _command, _examples in (
    (detect.detect, detect.EXAMPLES),
    (train.train, train.EXAMPLES),
    (score.score, score.EXAMPLES),
    (algorithms.algorithms, algorithms.EXAMPLES),
    (serve.serve, serve.EXAMPLES),
    (worker.worker, worker.EXAMPLES),
    (doctor.doctor, doctor.EXAMPLES),
):
    app.command(_command.__name__, help=help_of(_command), epilog=examples(*_examples))(_command)
app.add_typer(tenants.app, name="tenants")
app.add_typer(users.app, name="users")
app.add_typer(config.app, name="config")


def run(arguments: Sequence[str]) -> int:
    """Run the program and return its exit code."""
    try:
        app(args=list(arguments), prog_name=PROGRAM)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    else:
        code = 0
    try:
        sys.stdout.flush()
    except OSError as error:
        failure = report(error, debug=False)
        code = _settle(failure)
    return code


def _settle(failure: Failure) -> int:
    if failure.output_broken:
        # Python would write the rest of its buffer at exit, and complain once more about the same pipe or disk.
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, sys.stdout.fileno())
        os.close(sink)
    return failure.exit_code
