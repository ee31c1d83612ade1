"""The one place that tells Python's logging where to write."""

from __future__ import annotations

import logging
import sys
from typing import Literal, TextIO

from anomaly_detection.infrastructure.logging.formats import JsonFormatter, TextFormatter

LogFormat = Literal["auto", "json", "text"]

_QUIET = {
    # Its access lines hold query strings, and with them one-time tokens; the platform writes its own.
    "uvicorn.access": logging.CRITICAL,
    "uvicorn.error": logging.WARNING,
    "alembic": logging.WARNING,
    "numba": logging.WARNING,
    "asyncio": logging.WARNING,
}


def configure_logging(level: str = "info", log_format: LogFormat = "auto", stream: TextIO | None = None) -> None:
    """Write all log lines of this process to `stream`.

    Parameters
    ----------
    level : str
        ``debug``, ``info``, ``warning`` or ``error``.
    log_format : {"auto", "json", "text"}
        ``auto`` is text where the stream is a terminal, else JSON.
    stream : file, optional
        Standard error by default: standard output belongs to the answers of commands.
    """
    target = sys.stderr if stream is None else stream
    text = log_format == "text" or (log_format == "auto" and target.isatty())
    handler = logging.StreamHandler(target)
    handler.setFormatter(TextFormatter() if text else JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, quiet_level in _QUIET.items():
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(quiet_level)
