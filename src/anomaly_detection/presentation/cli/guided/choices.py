"""What was chosen so far, and the one-line command that does the same."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path

from anomaly_detection.presentation.cli.choices import Rule
from anomaly_detection.workflows.sources import NO_TIME


@dataclass(slots=True)
class Choices:
    """The answers, as the workflows take them.

    Attributes
    ----------
    source : str
        A path, a pattern or the name of a bundled data set.
    time, columns
        As corrected by hand; None where they were recognised. The time is ``none`` where there is to be none.
    algorithm : str or None
        As chosen by hand; None for the recommended one.
    rule : tuple or None
        The threshold; None for the default.
    saved : dict
        Files written, by the option that writes them.
    """

    source: str
    time: str | None = None
    columns: tuple[str, ...] | None = None
    algorithm: str | None = None
    rule: Rule | None = None
    saved: dict[str, Path] = field(default_factory=dict)

    @property
    def time_column(self) -> str | None:
        """The column that was named as the time, None where none was."""
        return None if self.time == NO_TIME else self.time

    def command(self, program: str) -> str:
        """Return the command that does the same in one line."""
        words = [program, "detect", shlex.quote(self.source)]
        if self.time is not None:
            words += ["--time", shlex.quote(self.time)]
        if self.columns is not None:
            words += ["--columns", shlex.quote(",".join(_quoted(name) for name in self.columns))]
        if self.algorithm is not None:
            words += ["--algorithm", self.algorithm]
        if self.rule is not None:
            kind, value = self.rule
            named = {"alert_rate": f"--alert-rate {value:g}", "contamination": f"--contamination {value:g}"}
            words.append(named.get(kind, f"--threshold {kind}={value:g}"))
        words += [f"{option} {shlex.quote(str(path))}" for option, path in self.saved.items()]
        return " ".join(words)


def _quoted(name: str) -> str:
    """Return a column's name as ``--columns`` reads it."""
    if any(c in name for c in ',"\n') or name != name.strip():
        doubled = name.replace('"', '""')
        return f'"{doubled}"'
    return name
