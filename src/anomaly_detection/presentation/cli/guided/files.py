"""The first question: which data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from anomaly_detection.presentation.cli.failure import WrongOption
from anomaly_detection.presentation.cli.guided.asking import Asker, number_of
from anomaly_detection.presentation.cli.guided.choices import Choices
from anomaly_detection.presentation.cli.progress import progress_bar
from anomaly_detection.shared.errors import PlatformError

if TYPE_CHECKING:
    from anomaly_detection.data_platform.dataset import Dataset

EXAMPLE = "nyc_taxi"
_ENDINGS = (
    ".csv",
    ".tsv",
    ".txt",
    ".json",
    ".jsonl",
    ".ndjson",
    ".parquet",
    ".pq",
    ".avro",
    ".arrow",
    ".feather",
    ".ipc",
)
_PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
_LISTED = 20


def choose_data(asker: Asker, folder: Path) -> tuple[Choices, Dataset]:
    """Ask for data until they can be read; return what was chosen and what it holds."""
    found = data_files(folder)
    asker.say("Which data?", "bold")
    for number, path in enumerate(found, 1):
        asker.say(f"  {number}  {path.name}  ({_size(path.stat().st_size)})")
    asker.say(f"  {len(found) + 1}  {EXAMPLE}, an example: taxi rides in New York, half a year of half hours")
    question = "A number, or the path of a file"
    return asker.ask(question, lambda typed: _read(typed, found), default="1")


def data_files(folder: Path) -> list[Path]:
    """Return the files of a folder whose names say that they hold data, the newest first, at most 20."""
    try:
        files = [path for path in folder.iterdir() if path.is_file() and _holds_data(path.name)]
        files.sort(key=lambda path: (-path.stat().st_mtime, path.name))
    except OSError:
        return []
    return files[:_LISTED]


def _holds_data(name: str) -> bool:
    lowered = name.lower()
    packing = next((ending for ending in _PACKED if lowered.endswith(ending)), "")
    return not name.startswith(".") and lowered.removesuffix(packing).endswith(_ENDINGS)


def _read(typed: str, found: list[Path]) -> tuple[Choices, Dataset]:
    from anomaly_detection.workflows.sources import Source

    source = typed
    if typed.isdecimal() and not Path(typed).exists():
        number = number_of(typed, len(found) + 1)
        source = EXAMPLE if number > len(found) else found[number - 1].name
    if not source:
        raise WrongOption("Nothing was typed.", "Type a number of the list, or the path of a file.")
    with progress_bar(wanted=True) as progress:
        progress(0.0, "reading")
        data = Source.of(source).read()
    if not data.roles.features:
        raise _useless(data)
    return Choices(source), data


def _useless(data: Dataset) -> PlatformError:
    return WrongOption(
        f"{data.name} has no column that rows could be judged by.", "; ".join(data.warnings) or "Choose other data."
    )


def _size(count: int) -> str:
    if count < 1024:
        return f"{count} bytes"
    value = count / 1024
    for unit in ("KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            break
        value /= 1024
    return f"{value:.1f} {unit}"
