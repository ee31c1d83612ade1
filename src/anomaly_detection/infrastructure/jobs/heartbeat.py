"""A process's sign of life in the database, and whose signs are heard."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from anomaly_detection.infrastructure.jobs.instance import is_dead
from anomaly_detection.infrastructure.persistence.processes import SILENT_SECONDS, Process, ProcessRepository
from anomaly_detection.shared.errors import Unavailable

_logger = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
FORGOTTEN_SECONDS = 3600.0
"""What was silent for so long is no more shown as dead, but forgotten."""


class Heartbeat:
    """Says in the database that this process lives, until it ends.

    Parameters
    ----------
    processes : ProcessRepository
        Where it is said.
    process : Process
        Who lives.
    beat_seconds : float, default 5
        How often.
    """

    def __init__(self, processes: ProcessRepository, process: Process, *, beat_seconds: float = BEAT_SECONDS) -> None:
        self.process = process
        self._processes = processes
        self._seconds = beat_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether it beats."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Join the installation.

        Raises
        ------
        Unavailable
            The database does not answer.
        """
        self._processes.beat(self.process)
        self._thread.start()

    def stop(self) -> None:
        """Leave the installation."""
        self._stopping.set()
        self._thread.join()
        try:
            self._processes.remove(self.process.id)
        except Unavailable as error:
            # The others see it by the silence.
            _logger.warning("cannot say that this process ends", extra={"code": error.code})

    def _beat(self) -> None:
        while not self._stopping.wait(self._seconds):
            try:
                self._processes.beat(self.process)
                for process_id in self._processes.known():
                    if is_dead(process_id):
                        self._processes.remove(process_id)
                self._processes.prune(older_than_seconds=FORGOTTEN_SECONDS)
            except Unavailable as error:
                _logger.warning("cannot say that this process lives", extra={"code": error.code})
            except Exception:
                _logger.exception("cannot say that this process lives; trying again")


def living_workers(processes: ProcessRepository, *, silent_seconds: float = SILENT_SECONDS) -> Sequence[Process]:
    """Return the processes that do jobs: heard of lately, and not known to have ended."""
    return [
        process
        for process in processes.alive(silent_seconds=silent_seconds)
        if process.queues and not is_dead(process.id)
    ]
