"""Where a result goes: checked before the work begins, written when it is done, and told to the person who asked."""

from __future__ import annotations

import glob
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from anomaly_detection.presentation.cli.failure import WrongOption
from anomaly_detection.presentation.cli.options import Format

if TYPE_CHECKING:
    from anomaly_detection.data_platform.dataset import Dataset
    from anomaly_detection.detection.detector import Detector
    from anomaly_detection.detection.results import DetectionResult

STDIN = "-"
_CALLED = {"output": "The result", "report": "The report", "model": "The fitted detector"}
_PAGES = {".html", ".htm"}
_OPTIONS = {"output": "--output", "report": "--report", "model": "--save-model"}


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is written where.

    Attributes
    ----------
    form : Format
        How the result is written.
    output, report, model : Path or None
        Files to write; without an output, the result goes to the standard output.
    force : bool
        Whether files that exist are replaced.
    quiet : bool
        Whether nothing but the result is said.
    top : int
        How many anomalies a table shows.
    """

    form: Format
    output: Path | None = None
    report: Path | None = None
    model: Path | None = None
    force: bool = False
    quiet: bool = False
    top: int = 20

    @classmethod
    def asked(
        cls,
        form: Format | None,
        output: Path | None,
        *,
        as_json: bool = False,
        report: Path | None = None,
        model: Path | None = None,
        force: bool = False,
        quiet: bool = False,
        top: int = 20,
    ) -> Delivery:
        """Read the options of a command."""
        from anomaly_detection.presentation.cli.output import format_of

        if as_json and form not in {None, Format.JSON}:
            raise WrongOption(f"--json and --format {form} were given together.", "Give one of them.")
        chosen = Format.JSON if as_json else form
        if chosen is None:
            chosen = Format.TABLE if output is None else Format(format_of(output))
        return cls(chosen, output, report, model, force, quiet, top)

    @property
    def targets(self) -> dict[str, Path]:
        """The files that are written, by what they hold."""
        named = {"output": self.output, "report": self.report, "model": self.model}
        return {kind: path for kind, path in named.items() if path is not None}

    def check(self, inputs: Sequence[str | Path]) -> None:
        """Refuse what cannot be written, before the work is done; `inputs` are never written to.

        Raises
        ------
        WrongOption, Conflict, Unavailable
            A file exists, has an ending that promises another format, is one of those that are read, is named twice, or lies where nothing may be written.
        """
        from anomaly_detection.presentation.cli.output import check_target

        if self.report is not None and self.report.suffix.lower() not in _PAGES:
            raise WrongOption(
                f"--report is {self.report.name!r}; a report is an HTML page, so its name ends in .html or .htm.",
                f"Call it {self.report.stem}.html.",
            )
        taken: dict[Path, str] = {}
        for kind, path in self.targets.items():
            check_target(path, force=self.force)
            check_not_read(path, inputs)
            other = taken.setdefault(path.resolve(), kind)
            if other != kind:
                raise WrongOption(f"{_OPTIONS[other]} and {_OPTIONS[kind]} name the same file.", "Name two files.")

    def write(self, data: Dataset, detector: Detector | None, result: DetectionResult) -> None:
        """Write the files, each as a whole; what goes to the standard output is not written here."""
        from anomaly_detection.presentation.cli.output import write

        if self.model is not None and detector is not None:
            detector.save(self.model)
        if self.report is not None:
            result.write_report(self.report, title=data.name, force=self.force)
        if self.output is not None:
            write(self.form.value, data, result, self.output, force=self.force)

    def tell(
        self,
        data: Dataset,
        result: DetectionResult,
        *,
        inputs: Sequence[str],
        command: str = "detect",
        options: Sequence[str] = (),
        notes: Sequence[str] = (),
    ) -> None:
        """Say on the standard output what was found, and on the standard error what to know about it."""
        from anomaly_detection.presentation.cli import report
        from anomaly_detection.presentation.cli.output import write

        if self.output is None and self.form != Format.TABLE:
            write(self.form.value, data, result, None)
        saved = self.output is not None
        if not self.quiet:
            for note in dict.fromkeys([*data.warnings, *result.metadata["warnings"]]):
                typer.echo(f"Note: {note}", err=True)
        again = None if self.quiet or STDIN in inputs else shlex.join([command, *inputs, *options])
        if self.form == Format.TABLE or saved:
            if not (self.quiet and saved):
                report.show(result, again=again, top=self.top, saved=saved, notes=notes, parts=data.parts)
        elif not self.quiet:
            for line in (report.summary(result), *notes):
                typer.echo(line, err=True)
        if not self.quiet:
            for kind, path in self.targets.items():
                typer.echo(f"{_CALLED[kind]} is in {path}", err=True)


def check_not_read(path: Path, inputs: Sequence[str | Path]) -> None:
    """Refuse to write to a file that is read.

    Raises
    ------
    WrongOption
        The path is one of the inputs, or one that a pattern among them names.
    """
    if not path.exists():
        return
    for source in inputs:
        named = str(Path(source).expanduser())
        for found in (named, *glob.iglob(named, recursive=True)):  # noqa: PTH207 - the pattern is the user's, not below a path
            if Path(found).exists() and path.samefile(found):
                raise WrongOption(
                    f"{path} is the file that is read.", "Name another file: what is in it would be lost."
                )
