"""What is read, and how: the part of a request that becomes a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anomaly_detection.data_platform.dataset import Dataset
from anomaly_detection.data_platform.loading import load_dataset
from anomaly_detection.shared.errors import InvalidInput

NO_TIME = "none"
"""Named as the time's column: there is none, whatever the columns look like."""


@dataclass(frozen=True, slots=True)
class Source:
    """Files to read as one data set, and what is said about them.

    Attributes
    ----------
    files : tuple of str or Path
        Paths, patterns such as ``logs/*.csv``, the name of a bundled data set, or ``-`` for the standard input.
    format : str, optional
        How the files are written; by default their endings tell.
    encoding : str, optional
        How the characters of text files are written; UTF-8 by default.
    time, label : str, optional
        The columns with the time and with the known anomalies; recognised by default. ``none`` says that there is no time.
    columns : tuple of str, optional
        The columns to judge rows by; all usable ones by default.
    """

    files: tuple[str | Path, ...]
    format: str | None = None
    encoding: str | None = None
    time: str | None = None
    label: str | None = None
    columns: tuple[str, ...] | None = None

    @classmethod
    def of(cls, source: str | Path | Sequence[str | Path] | Source, **said: Any) -> Source:
        """Return a source made of one file, of several, or of what is one already."""
        if isinstance(source, Source):
            return source
        files = (source,) if isinstance(source, str | Path) else tuple(source)
        return cls(files, **said)

    @property
    def time_column(self) -> str | None:
        """The column that was named, None where none was."""
        return None if self.time == NO_TIME else self.time

    def read(self) -> Dataset:
        """Read the files; errors are those of `load_dataset`.

        Raises
        ------
        InvalidInput
            ``data.unknown_source``: the standard input was named beside files.
        """
        if len(self.files) > 1 and "-" in self.files:
            raise InvalidInput(
                "The standard input was named beside other files.",
                code="data.unknown_source",
                hint="Put all of it into one pipe: cat a.csv b.csv | anomaly-detection detect -",
            )
        said = {
            "format": self.format,
            "encoding": self.encoding,
            "time": self.time_column,
            "label": self.label,
            "columns": self.columns,
        }
        options: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
        # One path is a file, a pattern or a bundled name; several are read as one table.
        files: Any = self.files[0] if len(self.files) == 1 else list(self.files)
        dataset = load_dataset(files, **options)
        return dataset.with_roles(time=None) if self.time == NO_TIME else dataset
