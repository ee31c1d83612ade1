"""Files that are there as a whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from anomaly_detection.shared.errors import Conflict, InvalidInput, PlatformError, Unavailable


@contextmanager
def whole_file(path: str | os.PathLike[str], *, force: bool = False) -> Iterator[BinaryIO]:
    """Open a file that appears under its name when all of it is written and durable, and otherwise never.

    Parameters
    ----------
    path : str or path
        Where to. A symbolic link is followed, so that the link stays.
    force : bool, default False
        Whether a file that is there already is replaced. Its permissions are kept.

    Yields
    ------
    BinaryIO
        What to write to.

    Raises
    ------
    InvalidInput
        ``platform.invalid_path``: the path is none, or names a folder or a device.
    Conflict
        ``platform.file_exists``: it is there already, or somebody made it meanwhile.
    Unavailable
        ``platform.file_not_written``: no such folder, no permission, or no space. What was there before is unchanged.

    Notes
    -----
    The content goes to a hidden file in the same folder, is flushed to the disk, and then takes the name in one step.

    Examples
    --------
    >>> with whole_file("greeting.txt") as file:
    ...     file.write(b"hello")
    5
    >>> with whole_file("greeting.txt") as file:
    ...     file.write(b"again")
    Traceback (most recent call last):
        ...
    anomaly_detection.shared.errors.Conflict: ... exists already. Give force=True to replace it, or another path.
    """
    target = checked_target(path, force=force)
    temporary = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _take_name(temporary, target, force=force)
    except OSError as error:
        if isinstance(error, PlatformError):
            raise
        raise _not_written(target, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def checked_target(path: Any, *, force: bool = False) -> Path:
    """Return where to write, or say why that is impossible, before any work is done. Errors are those of `whole_file`."""
    if not isinstance(path, str | os.PathLike) or not (text := os.fsdecode(path)) or "\0" in text:
        raise InvalidInput(
            f"The path is {path!r}; it must be the path of a file.",
            code="platform.invalid_path",
            hint="Give for example 'anomalies.csv'.",
        )
    try:
        target = Path(text).resolve()
        there = target.exists()
        if not target.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, f"there is no folder {target.parent}")
    except (OSError, RuntimeError) as error:
        raise _not_written(Path(text), error) from error
    if there and not target.is_file():
        raise InvalidInput(
            f"{target} is {'a folder' if target.is_dir() else 'no regular file'}.",
            code="platform.invalid_path",
            hint="Give the path of a file.",
        )
    if there and not force:
        raise _exists(target)
    return target


def _take_name(temporary: Path, target: Path, *, force: bool) -> None:
    if force:
        if target.exists():
            temporary.chmod(target.stat().st_mode & 0o777)
        temporary.replace(target)
    else:
        try:
            target.hardlink_to(temporary)
        except FileExistsError:
            raise _exists(target) from None
        except OSError:
            # Some file systems have no hard links.
            if target.exists():
                raise _exists(target) from None
            temporary.replace(target)
    _sync(target.parent)


def _sync(folder: Path) -> None:
    """Make the new name durable, where a folder can be opened."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _exists(target: Path) -> Conflict:
    return Conflict(
        f"{target} exists already.",
        code="platform.file_exists",
        hint="Give force=True to replace it, or another path.",
        details={"path": str(target)},
    )


def _not_written(target: Path, error: OSError | RuntimeError) -> Unavailable:
    reason = getattr(error, "strerror", None) or str(error)
    return Unavailable(
        f"{target} could not be written: {reason}.",
        code="platform.file_not_written",
        hint="Choose a folder that exists, may be written to and has space. No file was changed.",
        details={"path": str(target)},
    )
