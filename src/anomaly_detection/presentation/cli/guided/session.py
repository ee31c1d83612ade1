"""From a file to its anomalies by questions and answers, and the command that does the same at the end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from anomaly_detection.presentation.cli.failure import INTERRUPTED
from anomaly_detection.presentation.cli.guided.asking import Asker
from anomaly_detection.presentation.cli.guided.choices import Choices
from anomaly_detection.presentation.cli.progress import progress_bar
from anomaly_detection.shared.errors import PlatformError

if TYPE_CHECKING:
    from anomaly_detection.data_platform.dataset import Dataset
    from anomaly_detection.presentation.cli.guided.results import Viewer


def lead() -> None:
    """Lead a person through a detection.

    Raises
    ------
    Exit
        With 130, where the input ends before the person does.
    """
    from rich.console import Console

    asker = Asker(Console(highlight=False))
    try:
        _lead(asker)
    except EOFError:
        asker.say("\nThe input has ended; no file is half written.")
        raise typer.Exit(INTERRUPTED) from None
    except KeyboardInterrupt:
        asker.console.print()
        raise


def _lead(asker: Asker) -> None:
    asker.say("Find the anomalies of a file. Ctrl-C ends at any time; anomaly-detection --help shows the commands.\n")
    from anomaly_detection.presentation.cli.guided.columns import confirm_columns
    from anomaly_detection.presentation.cli.guided.files import choose_data
    from anomaly_detection.presentation.cli.guided.method import choose_algorithm, choose_sensitivity
    from anomaly_detection.presentation.cli.platform import configure_here
    from anomaly_detection.presentation.cli.report import program_name

    configure_here()
    choices, data = choose_data(asker, Path.cwd())
    data = confirm_columns(asker, choices, data)
    choices.algorithm = choose_algorithm(asker, data)
    choices.rule = choose_sensitivity(asker, len(data))
    while True:
        viewer = _detect(asker, choices, data)
        if viewer is not None and not viewer.look():
            break
        choices.algorithm = choose_algorithm(asker, data)
    asker.say("\nThe same in one line:", "bold")
    asker.console.print(choices.command(program_name()), soft_wrap=True, markup=False)


def _detect(asker: Asker, choices: Choices, data: Dataset) -> Viewer | None:
    """Find the anomalies; None where the algorithm cannot judge these data, which is said."""
    from anomaly_detection.presentation.cli.guided.results import Viewer
    from anomaly_detection.workflows.batch_detection import detect_dataset

    try:
        with progress_bar(wanted=True) as progress:
            detector, result = detect_dataset(
                data,
                algorithm=choices.algorithm,
                columns=choices.columns,
                time_column=choices.time_column,
                threshold=choices.rule,
                progress=progress,
            )
    except PlatformError as error:
        asker.problem(error)
        return None
    for note in result.metadata["warnings"]:
        asker.say(f"Note: {note}", "dim")
    return Viewer(asker, choices, data, detector, result)
