"""``anomaly-detection worker``: do the jobs of an installation in a process of its own."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anomaly_detection.presentation.cli.failure import WrongOption
from anomaly_detection.presentation.cli.serve import SERVER_MODULES
from anomaly_detection.shared.optional import require

if TYPE_CHECKING:
    from types import FrameType

    from anomaly_detection.workflows.ports import Priority

_LOGGER = logging.getLogger(__name__)

EXAMPLES = (
    "worker",
    "worker --queues high,normal --threads 2 --data-dir /srv/anomaly-detection",
    "worker --database-url postgresql://user@host/name",
)
QUEUES: tuple[Priority, ...] = ("high", "normal", "low")


def worker(
    queues: Annotated[
        str, typer.Option(metavar="NAMES", help="Whose jobs it does: high, normal, low, with commas between.")
    ] = ",".join(QUEUES),
    threads: Annotated[int | None, typer.Option(min=1, max=64, help="Jobs at the same time; 1 by default.")] = None,
    data_dir: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Folder of everything kept.")] = None,
    database_url: Annotated[
        str | None, typer.Option(metavar="URL", help="postgresql://user:password@host/name; SQLite by default.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Settings; anomaly-detection.toml in the data folder by default."),
    ] = None,
    with_input: Annotated[bool, typer.Option("--with-input", hidden=True, help="End with the standard input.")] = False,
) -> None:
    """Do the jobs of an installation until Ctrl-C, beside its server or without one.

    It needs the server's data folder and its database. Several may run, on one machine or on many that share the folder.
    """
    for module in SERVER_MODULES:
        require(module, extra="server")
    from anomaly_detection.configurations.basic.composition import Platform
    from anomaly_detection.configurations.platform import apply_performance
    from anomaly_detection.configurations.settings import load_settings
    from anomaly_detection.infrastructure.logging import configure_logging

    served = read_queues(queues)
    settings = load_settings(config, worker_threads=threads, data_dir=data_dir, database_url=database_url)
    apply_performance(settings.performance)
    configure_logging(settings.log_level, settings.log_format)
    end = _End()
    if with_input:
        threading.Thread(target=end.await_input, name="input", daemon=True).start()
    with Platform(settings, "worker", queues=served):
        _LOGGER.info("worker ready", extra={"queues": ",".join(served), "threads": max(1, settings.worker_threads)})
        typer.echo(f"A worker of {settings.data_dir} does the jobs of {', '.join(served)}.")
        typer.echo("Ctrl-C stops it.")
        sys.stdout.flush()
        end.wait()
    _LOGGER.info("worker stopped", extra={"signal": end.signal})
    if end.signal:
        raise typer.Exit(128 + end.signal)


def read_queues(text: str) -> tuple[Priority, ...]:
    """Return the queues that a text names, the most urgent first.

    Raises
    ------
    InvalidInput
        ``platform.wrong_option``: it names none, or one that there is not.

    Examples
    --------
    >>> read_queues("low, high")
    ('high', 'low')
    """
    named = {name.strip() for name in text.split(",") if name.strip()}
    if not named or not named <= set(QUEUES):
        raise WrongOption(f"--queues is {text!r}; it takes {', '.join(QUEUES)}, with commas between.")
    return tuple(queue for queue in QUEUES if queue in named)


class _End:
    """Why and when the worker ends: a signal, or the end of the process that started it."""

    def __init__(self) -> None:
        self.signal = 0
        self._asked = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def wait(self) -> None:
        self._asked.wait()

    def await_input(self) -> None:
        while os.read(0, 1024):
            """What comes says nothing; its end does, and comes even where the other side was killed."""
        self._asked.set()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self.signal = self.signal or number
        self._asked.set()
