"""What went wrong, as a message for a person and an exit code for a script."""

from __future__ import annotations

import errno
import re
import sys
import tempfile
import traceback
from dataclasses import dataclass

import typer

from anomaly_detection.detection.errors import InvalidParameter
from anomaly_detection.presentation.cli.interruption import Interrupted, cause_of
from anomaly_detection.shared.errors import (
    Cancelled,
    InvalidInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    PlatformError,
    TooLarge,
    Unavailable,
)

DONE, FAILED, WRONG_USAGE, BAD_INPUT, NOT_ALLOWED, UNREACHABLE, FOUND, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 130

_HINTS = {
    "detection.model_not_found": "Check the path; the command train writes one.",
    "platform.file_exists": "Add --force to replace it, or name another file.",
    "platform.no_such_file": "Check the path and its permissions; the command config init writes a new file.",
}
"""What to do, where it is done by other means than in Python."""
_ARGUMENT = re.compile(r"\b(encoding|format)='([\w-]+)'")
_OPTION = {"encoding": "--encoding", "format": "--input-format"}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_BY_CODE = {
    "auth.invalid_tenant_name": WRONG_USAGE,
    "auth.invalid_username": WRONG_USAGE,
    "auth.last_administrator": NOT_ALLOWED,
    "auth.unknown_role": WRONG_USAGE,
    "auth.unknown_user": WRONG_USAGE,
    "auth.user_disabled": WRONG_USAGE,
    "auth.username_taken": WRONG_USAGE,
    "data.unknown_column": WRONG_USAGE,
    "data.unknown_encoding": WRONG_USAGE,
    "data.unknown_format": WRONG_USAGE,
    "data.unknown_source": WRONG_USAGE,
    "detection.unknown_algorithm": WRONG_USAGE,
    "detection.unknown_column": WRONG_USAGE,
    "detection.model_not_readable": BAD_INPUT,
    "platform.data_dir_in_use": UNREACHABLE,
    "platform.file_exists": WRONG_USAGE,
    "platform.invalid_path": WRONG_USAGE,
    "platform.invalid_setting": WRONG_USAGE,
    "platform.no_such_file": WRONG_USAGE,
    "platform.not_available": WRONG_USAGE,
    "platform.other_data_folder": WRONG_USAGE,
    "platform.wrong_option": WRONG_USAGE,
}
_BY_FAMILY: tuple[tuple[type[PlatformError], int], ...] = (
    (InvalidParameter, WRONG_USAGE),
    (InvalidInput, BAD_INPUT),
    (TooLarge, BAD_INPUT),
    (NotFound, BAD_INPUT),
    (NotSignedIn, NOT_ALLOWED),
    (NotAllowed, NOT_ALLOWED),
    (Unavailable, UNREACHABLE),
    (Cancelled, INTERRUPTED),
)


class WrongOption(InvalidInput):
    """An option's value cannot be used."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, code="platform.wrong_option", hint=hint)


@dataclass(frozen=True, slots=True)
class Failure:
    """How an error ends the program."""

    exit_code: int
    output_broken: bool = False
    """Whether nothing more can be written to the standard output."""


def exit_code_of(error: PlatformError) -> int:
    """Return the exit code for an error of the platform."""
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    return next((code for family, code in _BY_FAMILY if isinstance(error, family)), FAILED)


def report(error: BaseException, *, debug: bool) -> Failure:
    """Tell a person what went wrong, on the standard error, and return how the program ends.

    Parameters
    ----------
    error : exception
        What a command raised.
    debug : bool
        Whether to show where it arose.
    """
    if debug:
        typer.echo("".join(traceback.format_exception(error)).rstrip(), err=True)
    error = cause_of(error)
    if isinstance(error, KeyboardInterrupt):
        _say("Interrupted; no file is half written.")
        # What waits in the output's buffer is dropped: writing it at exit may take as long as its reader likes.
        return Failure(128 + error.number if isinstance(error, Interrupted) else INTERRUPTED, output_broken=True)
    if isinstance(error, BrokenPipeError):
        return Failure(DONE, output_broken=True)
    if _is_full(error) or _is_full(error.__cause__):
        _say("The disk is full; no file was changed.", "Free some space and try again.", "platform.disk_full")
        return Failure(UNREACHABLE, output_broken=True)
    if isinstance(error, PlatformError):
        _say(error.message, hint_of(error), error.code)
        return Failure(exit_code_of(error))
    if isinstance(error, MemoryError):
        _say("There is not enough memory.", "Give fewer columns with --columns, or fewer rows.", "platform.no_memory")
        return Failure(FAILED)
    _unexpected(error, debug=debug)
    return Failure(FAILED)


def hint_of(error: PlatformError) -> str:
    """Return what to do, with the arguments of `load_dataset` written as the options that stand for them."""
    hint = _HINTS.get(error.code, error.hint)
    return _ARGUMENT.sub(lambda found: f"{_OPTION[found[1]]} {found[2]}", hint)


def _is_full(error: BaseException | None) -> bool:
    return isinstance(error, OSError) and error.errno in _FULL


def _say(message: str, hint: str = "", code: str = "") -> None:
    from rich.console import Console

    colour = None if Console(stderr=True).no_color else "red"
    prefix = typer.style("Error:", fg=colour, bold=True) if code else ""
    tail = typer.style(f" [{code}]", dim=True) if code else ""
    typer.echo(f"{prefix} {message}{tail}".strip(), err=True)
    if hint:
        typer.echo(hint, err=True)


def _unexpected(error: BaseException, *, debug: bool) -> None:
    """Keep the details of a mistake of ours in a file, where they can be sent from."""
    what = f"{type(error).__name__}: {error}".partition("\n")[0]
    if debug:
        _say(f"Unexpected error: {what}", code="platform.unexpected")
        return
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="anomaly-detection-", suffix=".log", delete=False, encoding="utf-8"
        ) as file:
            file.write(f"Python {sys.version}\n")
            file.writelines(traceback.format_exception(error))
        where = f"This is a mistake of the program, not yours. The details are in {file.name}"
    except OSError:
        where = "This is a mistake of the program, not yours. Run it again as: anomaly-detection --debug ..."
    _say(f"Unexpected error: {what}", where, code="platform.unexpected")
