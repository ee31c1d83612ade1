"""Where data come from: a path, a pattern, a list of paths, the standard input or an open file."""

from __future__ import annotations

import glob
import io
import re
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from anomaly_detection.data_platform.errors import UnreadableData
from anomaly_detection.data_platform.loading.bundled import BUNDLED, bundled_path
from anomaly_detection.data_platform.loading.packing import not_readable
from anomaly_detection.shared.errors import InvalidInput, NotFound, TooLarge, nearest

STDIN = "-"
_BLOCK = 1024**2
_PATTERN = re.compile(r"[*?\[]")


def find_files(source: str | Path | Sequence[str | Path]) -> list[Path]:
    """Return the files that a path, a pattern or a list of them names, in the order of their names.

    Raises
    ------
    NotFound
        ``data.file_not_found``, with the nearest file or bundled name.
    UnreadableData
        ``data.not_a_file``.
    InvalidInput
        ``data.unknown_source``: the list is empty, or what was given is no path.
    """
    if isinstance(source, str | Path):
        return _matches(str(source)) if _is_pattern(source) else [find_file(source)]
    if not isinstance(source, list | tuple) or not source or not all(isinstance(item, str | Path) for item in source):
        shown = "an empty list" if isinstance(source, list | tuple) and not source else type(source).__name__
        raise InvalidInput(
            f"{shown} is no source of data.",
            code="data.unknown_source",
            hint="Give a path, a pattern, a list of paths, '-' for the standard input, or a file opened in binary mode.",
        )
    return sorted((path for item in source for path in find_files(item)), key=_natural)


def find_file(source: str | Path) -> Path:
    """Return the path if there is a regular file, or the bundled data set of this name.

    Raises
    ------
    NotFound
        ``data.file_not_found``, with the nearest file or bundled name.
    UnreadableData
        ``data.not_a_file``, ``data.file_not_readable``.
    """
    if isinstance(source, str) and source in BUNDLED:
        return bundled_path(source)
    path = Path(source)
    try:
        path = path.expanduser()
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise _not_found(source, path) from None
    except (OSError, ValueError, RuntimeError) as error:
        raise not_readable(path, error if isinstance(error, OSError) else ValueError(str(error))) from error
    if not stat.S_ISREG(mode):
        folder = stat.S_ISDIR(mode)
        raise UnreadableData(
            f"{path} is {'a folder' if folder else 'no regular file'}.",
            code="data.not_a_file",
            hint=f"Name a file, or all files by a pattern such as {str(path / '*.csv')!r}."
            if folder
            else "Give the path of a file that is saved on disk, or '-' to read from the standard input.",
        )
    return path


@contextmanager
def opened(source: Path | BinaryIO, max_bytes: int) -> Iterator[tuple[str, BinaryIO]]:
    """Open a path, or bring an open file into a form that can be read more than once; yield its name and the file.

    Raises
    ------
    UnreadableData
        ``data.file_not_readable``, ``data.not_binary``.
    TooLarge
        ``data.too_large``: more than `max_bytes` came from a pipe.
    """
    if isinstance(source, Path):
        try:
            file = source.open("rb")
        except OSError as error:
            raise not_readable(source, error) from error
        with file:
            yield source.name, cast(BinaryIO, file)
        return
    name = _name_of(source)
    if isinstance(cast(object, source), io.TextIOBase):
        raise UnreadableData(
            f"{name} is opened as text.", code="data.not_binary", hint="Open it in binary mode: open(path, 'rb')."
        )
    if source.seekable():
        yield name, source
        return
    with tempfile.TemporaryFile() as spooled:
        _spool(name, source, cast(BinaryIO, spooled), max_bytes)
        yield name, cast(BinaryIO, spooled)


def standard_input() -> BinaryIO:
    """Return the standard input in binary mode.

    Raises
    ------
    UnreadableData
        ``data.not_a_file``: there is none.
    """
    if sys.stdin is None:
        raise UnreadableData("There is no standard input.", code="data.not_a_file", hint="Give the path of a file.")
    return cast(BinaryIO, getattr(sys.stdin, "buffer", sys.stdin))


def _spool(name: str, source: BinaryIO, target: BinaryIO, max_bytes: int) -> None:
    size = 0
    try:
        while block := source.read(_BLOCK):
            size += len(block)
            if size > max_bytes:
                raise TooLarge(
                    f"{name} has more than {max_bytes:,} bytes.",
                    code="data.too_large",
                    hint="Give a smaller part of the data.",
                    details={"limit_bytes": max_bytes},
                )
            target.write(block)
        target.seek(0)
    except OSError as error:
        raise not_readable(name, error) from error


def _name_of(file: object) -> str:
    if file in {getattr(sys.stdin, "buffer", None), sys.stdin}:
        return "standard input"
    name = getattr(file, "name", None)
    return Path(name).name if isinstance(name, str) and name else "data"


def _is_pattern(source: str | Path) -> bool:
    if not _PATTERN.search(str(source)):
        return False
    try:
        return not Path(source).expanduser().exists()
    except (OSError, ValueError, RuntimeError):
        return False


def _matches(pattern: str) -> list[Path]:
    found = [Path(name) for name in glob.glob(str(Path(pattern).expanduser()), recursive=True)]  # noqa: PTH207 - pathlib splits no absolute pattern
    files = sorted((path for path in found if path.is_file()), key=_natural)
    if files:
        return files
    folder = Path(pattern).expanduser().parent
    while _PATTERN.search(str(folder)):
        folder = folder.parent
    raise NotFound(
        f"No file matches {pattern!r}.",
        code="data.no_match",
        hint=_nearest_hint(Path(pattern).name, folder) or f"There are no files in {str(folder)!r}.",
        details={"pattern": pattern},
    )


def _nearest_hint(name: str, folder: Path) -> str | None:
    near = _files_in(folder)
    match = nearest(name, near) or (near[0] if near else None)
    return f"The nearest file is {str(folder / match)!r}." if match else None


def _natural(path: Path) -> tuple[tuple[int, int, str], ...]:
    """Order part-9 before part-10."""
    pieces = re.split(r"(\d+)", str(path))
    return tuple((0, int(piece), "") if number % 2 else (1, 0, piece) for number, piece in enumerate(pieces))


def _files_in(folder: Path) -> list[str]:
    try:
        return sorted(item.name for item in folder.iterdir() if item.is_file()) if folder.is_dir() else []
    except OSError:
        return []


def _not_found(source: str | Path, path: Path) -> NotFound:
    near = _files_in(path.parent)
    file = nearest(path.name, near) or next((name for name in near if name.lower() == path.name.lower()), None)
    bundled = nearest(str(source), BUNDLED)
    if bundled is not None and not path.suffix:
        hint = f"Did you mean the bundled data set {bundled!r}?"
    elif file is not None:
        hint = f"Did you mean {str(path.parent / file)!r}?"
    else:
        hint = f"Give the path of a file, or a bundled data set: {', '.join(BUNDLED)}."
    return NotFound(
        f"There is no file {str(source)!r}.", code="data.file_not_found", hint=hint, details={"source": str(source)}
    )
