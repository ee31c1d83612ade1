"""A bar for work that takes longer than a moment."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from anomaly_detection.presentation.cli import interruption

_PATIENCE_SECONDS = 1.0


@contextmanager
def progress_bar(*, wanted: bool) -> Iterator[Callable[[float, str], None]]:
    """Show progress on the standard error, once the work has taken a second, and only on a terminal.

    Parameters
    ----------
    wanted : bool
        Whether to show anything at all.

    Yields
    ------
    callable
        Takes a fraction in [0, 1] and the name of the stage; raises `Interrupted` if a signal came.
    """
    if not wanted or not sys.stderr.isatty():
        yield lambda _fraction, _stage: interruption.check()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task("starting", total=1.0)
    timer = threading.Timer(_PATIENCE_SECONDS, bar.start)
    timer.daemon = True
    timer.start()

    def say(fraction: float, stage: str) -> None:
        interruption.check()
        bar.update(task, completed=fraction, description=stage)

    try:
        yield say
    finally:
        timer.cancel()
        timer.join()
        bar.stop()
