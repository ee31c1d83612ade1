"""Writing files so that a reader sees all of one or nothing of it, and so that a full disk is an error with a name."""

from __future__ import annotations

import errno
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from anomaly_detection.shared.errors import NotFound, PlatformError, Unavailable
from anomaly_detection.shared.identity import new_id

_LOGGER = logging.getLogger(__name__)

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_IDENTIFIER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def folder(root: Path, *identifiers: str, code: str) -> Path:
    """Return a folder below `root` whose parts are identifiers of ours; anything else names nothing.

    Raises
    ------
    NotFound
        A part is no identifier; it could lead out of the root.
    """
    for identifier in identifiers:
        if not _IDENTIFIER.fullmatch(identifier):
            raise NotFound(f"{identifier!r} is no identifier of this platform.", code=code)
    return root.joinpath(*identifiers)


def sync_folder(path: Path) -> None:
    """Make a rename inside a folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Write a small file whose folder is there, so that a reader sees all of it or none; what can be made again may be lost."""
    temporary = path.with_name(f".{path.name}.{new_id()}")
    try:
        temporary.write_text(text)
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn the disk's refusals into errors of the platform.

    Raises
    ------
    Unavailable
        ``platform.disk_full`` or ``platform.disk_not_writable``.
    """
    try:
        yield
    except PlatformError:
        raise
    except OSError as error:
        raise disk_error(error, path) from error


def disk_error(error: OSError, path: Path) -> Unavailable:
    """Return the platform's error for a failed write below `path`; the place itself is the log's to name, not the answer's."""
    _LOGGER.error("the disk refuses", extra={"path": str(path), "error": error.strerror or str(error)})
    if error.errno in _FULL:
        return Unavailable(
            "The disk is full; what was being written was removed again.",
            code="platform.disk_full",
            hint="Free some space where the data folder lies and try again; the server's log names the place.",
        )
    return Unavailable(
        f"The data folder cannot be used: {error.strerror or error}.",
        code="platform.disk_not_writable",
        hint="Check that it exists and that the server's user may write to it; the server's log names the place.",
    )
