"""The last part: look at the anomalies, page, explain one, change the sensitivity, save."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from anomaly_detection.presentation.cli import report
from anomaly_detection.presentation.cli.delivery import Delivery, check_not_read
from anomaly_detection.presentation.cli.failure import WrongOption
from anomaly_detection.presentation.cli.guided.asking import Asker, one_of, printable
from anomaly_detection.presentation.cli.guided.choices import Choices
from anomaly_detection.presentation.cli.guided.method import choose_sensitivity
from anomaly_detection.presentation.cli.options import Format
from anomaly_detection.presentation.cli.output import check_target
from anomaly_detection.presentation.cli.progress import progress_bar
from anomaly_detection.shared.errors import Conflict

if TYPE_CHECKING:
    from anomaly_detection.data_platform.dataset import Dataset
    from anomaly_detection.detection.detector import Detector
    from anomaly_detection.detection.results import DetectionResult

PAGE = 10
_KINDS = (
    ("--output", ".csv", "every row with its score, as CSV"),
    ("--output", ".parquet", "every row with its score, as Parquet"),
    ("--report", ".html", "a page with chart, table and reasons"),
    ("--save-model", ".adm", "the fitted detector, to score new rows with"),
)


class Viewer:
    """One result on the screen, until somebody quits or asks for another algorithm."""

    def __init__(
        self, asker: Asker, choices: Choices, data: Dataset, detector: Detector, result: DetectionResult
    ) -> None:
        self.asker = asker
        self.choices = choices
        self.data = data
        self.detector = detector
        self.result = result
        self.start = 0

    def look(self) -> bool:
        """Show and ask what is next; return whether another algorithm was asked for."""
        self.page()
        while True:
            actions = self.actions()
            read = partial(one_of, words=list(actions))
            answer = self.asker.ask(f"Next? {', '.join(actions)}", read, default="quit")
            if answer in {"quit", "algorithm"}:
                return answer == "algorithm"
            actions[answer]()

    def actions(self) -> dict[str, Callable[[], None]]:
        """Return what can be done now, by the word that asks for it."""
        found: dict[str, Callable[[], None]] = {}
        if self.start + PAGE < self.result.n_anomalies:
            found["next"] = lambda: self.page(self.start + PAGE)
        if self.start:
            found["previous"] = lambda: self.page(self.start - PAGE)
        found |= {"explain": self.explain, "sensitivity": self.change, "write": self.write}
        return found | {"algorithm": lambda: None, "quit": lambda: None}

    def page(self, start: int = 0) -> None:
        """Show the anomalies from a rank on, and what was found in one line."""
        self.start = start
        if self.result.n_anomalies:
            self.asker.console.print(report.anomalies_table(self.result, PAGE, start, self.data.parts))
        else:
            self.asker.console.print(report.highest_table(self.result, parts=self.data.parts))
        self.asker.say(report.summary(self.result))

    def explain(self) -> None:
        """Say why one row scores as it does."""
        first = int(self.result.ranking[self.start]) if self.result.n_anomalies else int(np.argmax(self.result.scores))
        row = self.asker.ask("Which row (the first column of the table)", self._row, default=str(first))
        found = self.result.explanations_of(np.array([row])).get(row)
        if found is None:
            self.asker.say(f"{self.result.algorithm} gives no reasons for row {row}.")
            return
        score, p_value = float(self.result.scores[row]), float(self.result.p_values[row])
        flagged = "an anomaly" if self.result.predictions[row] else "not flagged"
        self.asker.say(f"Row {row}, {flagged}: a score of {report.number(score)}, p-value {p_value:.2g}.", "bold")
        self.asker.say(found.sentence)
        self._contributions(found)
        for feature, value in (found.counterfactual or {}).items():
            self.asker.say(f"It would not be flagged with {feature} at {report.number(value)}.")
        if found.neighbours:
            self.asker.say(f"The rows nearest to it: {', '.join(found.neighbours)}.")

    def _row(self, typed: str) -> int:
        last = self.result.n_rows - 1
        if not typed.isdecimal() or int(typed) > last:
            raise WrongOption(f"There is no row {typed!r}.", f"Rows are numbered from 0 to {last}.")
        return int(typed)

    def _contributions(self, found: object) -> None:
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for head in ("column", "value", "normal would be", "adds to the score"):
            table.add_column(head, justify="left" if head == "column" else "right")
        for item in getattr(found, "contributions", ())[:PAGE]:
            cells = (item.feature, item.value, item.typical, item.contribution)
            table.add_row(*(Text(printable(report.number(cell))) for cell in cells))
        if table.row_count:
            self.asker.console.print(table)

    def change(self) -> None:
        """Judge the same scores by another threshold; nothing is learnt again."""
        rule = choose_sensitivity(self.asker, self.result.n_rows)
        self.choices.rule = rule
        self.result = self.result.with_default_threshold() if rule is None else self.result.with_threshold(*rule)
        self.page()

    def write(self) -> None:
        """Save the result or the detector under a name."""
        kind = self.asker.choose("What", [f"{what} ({ending})" for _, ending, what in _KINDS])
        option, ending, _ = _KINDS[kind]
        self.asker.ask("Under which name", lambda typed: self._save(option, ending, typed), default=self._free(ending))

    def _relearn(self) -> None:
        """Let the detector have the threshold that is on the screen: a model keeps the one that it was fitted with."""
        if self.detector.threshold != self.choices.rule:
            from anomaly_detection.workflows.batch_detection import detect_dataset

            with progress_bar(wanted=True) as progress:
                self.detector, _ = detect_dataset(
                    self.data,
                    algorithm=self.detector.algorithm,
                    columns=self.choices.columns,
                    time_column=self.choices.time_column,
                    threshold=self.choices.rule,
                    explain=False,
                    progress=progress,
                )

    def _free(self, ending: str) -> str:
        """Return a name that nothing has yet."""
        stem = "".join(c if c.isalnum() or c in "-_." else "_" for c in self.data.name) or "data"
        names = (f"{stem}-anomalies{'' if number == 1 else f'-{number}'}{ending}" for number in range(1, 10_000))
        return next(name for name in names if not Path(name).exists())

    def _save(self, option: str, ending: str, typed: str) -> None:
        if not typed:
            raise WrongOption("Nothing was typed.", "Type the path of a file.")
        path = Path(typed).expanduser()
        path = path if path.suffix.lower() == ending else path.with_name(path.name + ending)
        check_not_read(path, [self.choices.source])
        force = False
        try:
            check_target(path, force=False)
        except Conflict as error:
            force = self.asker.confirm(f"{error.message} Replace it?")
            if not force:
                raise WrongOption(f"{path} stays as it is.", "Type another name.") from error
        form = Format.PARQUET if ending == ".parquet" else Format.CSV
        if option == "--save-model":
            self._relearn()
        delivery = Delivery(
            form,
            output=path if option == "--output" else None,
            report=path if option == "--report" else None,
            model=path if option == "--save-model" else None,
            force=force,
        )
        delivery.write(self.data, self.detector, self.result)
        self.choices.saved[option] = path
        self.asker.say(f"It is in {path}", "green")
