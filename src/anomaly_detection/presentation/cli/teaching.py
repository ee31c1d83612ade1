"""Help texts: a docstring's paragraphs as a terminal shows them, and what the exit codes say."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

PROGRAM = "anomaly-detection"
EXIT_CODES = (
    (0, "done"),
    (1, "a mistake of the program, or a part of it is not installed"),
    (2, "wrong usage: an option, a name or a value; a file that exists already"),
    (3, "bad input: a file, a column or a model that cannot be used"),
    (4, "not allowed"),
    (5, "a service, a port or the disk cannot be used now"),
    (6, "anomalies were found, and --fail-on-anomaly was given"),
    (130, "interrupted by Ctrl-C; no file is half written (143: by SIGTERM)"),
)
"""Exit code and meaning; 141 and the like never occur, as a reader that goes away is no error."""


def help_of(command: Callable[..., Any]) -> str:
    """Return a command's docstring with each paragraph in one line, which the terminal breaks where it needs to."""
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def exit_codes() -> str:
    """Return the exit codes as the last words of a help text."""
    lines = [f"{code:>5}  {meaning}" for code, meaning in EXIT_CODES]
    return "\n".join(["Exit codes:", *lines])


def examples(*commands: str) -> str:
    """Return examples as the last words of a help text; the program's name is put before those that do not hold it."""
    full = [command if PROGRAM in command.split() else f"{PROGRAM} {command}" for command in commands]
    # Square brackets are markup to the terminal, and a backslash takes that from them.
    return "\n".join(["Examples:", *(f"  {line}".replace("[", "\\[") for line in full)])
