"""The guided mode, in a real terminal: a person's whole way, wrong answers, Ctrl-C and the end of the input."""

from __future__ import annotations

import csv
import json
import os
import random
import shlex
import subprocess
from pathlib import Path

import pytest

from anomaly_detection import load_detector
from anomaly_detection.presentation.cli.choices import columns_of
from anomaly_detection.presentation.cli.failure import WrongOption
from anomaly_detection.presentation.cli.guided.asking import number_of, one_of, positive, printable, yes_or_no
from anomaly_detection.presentation.cli.guided.choices import Choices
from anomaly_detection.presentation.cli.guided.files import data_files
from tests.presentation.cli.terminal import PROGRAM, Terminal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one file of data, in which two machines shake."""
    numbers = random.Random(3)
    with (tmp_path / "machines.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["machine_id", "kind", "temperature", "vibration", "note"])
        for number in range(300):
            shaking = 0.96 if number in {77, 200} else round(numbers.gauss(0.31, 0.03), 3)
            temperature = "" if number % 9 == 8 else round(numbers.gauss(71, 2), 2)
            writer.writerow([f"m{number}", "AB"[number % 2], temperature, shaking, f"[red]{number % 7}[/red]"])
    return tmp_path


def test_a_whole_way(folder: Path) -> None:
    with Terminal(folder) as terminal:
        assert "1  machines.csv" in terminal.answer("A number, or the path of a file", "1")
        shown = terminal.answer("Is this right?", "columns")
        assert "300 rows, a table of rows" in shown
        assert "temperature   number" in shown
        assert "name of the row" in shown
        terminal.answer("The columns to judge rows by", "temperature,vibration")
        assert "left out" in terminal.answer("Is this right?")
        assert "knn, recommended" in terminal.answer("A number or a name")
        terminal.answer("A number")
        shown = terminal.answer("Next?", "sensitivity")
        assert " m77 " in shown
        assert "by knn. Threshold fdr" in shown
        terminal.answer("A number", "3")
        terminal.answer("Which share, in percent", "5")
        shown = terminal.answer("Next?", "next")
        assert "15 anomalies in 300 rows (5 %)" in shown
        assert "rank 11 to 15 of 15" in terminal.answer("Next?", "previous")
        terminal.answer("Next?", "explain")
        terminal.answer("Which row", "77")
        shown = terminal.answer("Next?", "write")
        assert "Row 77, an anomaly" in shown
        assert "vibration      0.96" in shown
        terminal.answer("What", "1")
        terminal.answer("Under which name (machines-anomalies.csv)")
        terminal.answer("Next?", "write")
        terminal.answer("What", "4")
        terminal.answer("Under which name", "machines")
        terminal.answer("Next?", "quit")
        terminal.expect("The same in one line:\n")
        assert terminal.end() == 0
        command = shlex.split(terminal.shown.strip().splitlines()[-1])
    assert command[1:] == [
        *("detect", "machines.csv", "--columns", "temperature,vibration", "--contamination", "0.05"),
        *("--output", "machines-anomalies.csv", "--save-model", "machines.adm"),
    ]
    assert load_detector(folder / "machines.adm").threshold == ("contamination", 0.05)
    with (folder / "machines-anomalies.csv").open() as file:
        assert sum(row["prediction"] == "1" for row in csv.DictReader(file)) == 15
    repeated = [*PROGRAM, *command[1:], "--force", "--quiet"]
    before = (folder / "machines-anomalies.csv").read_bytes()
    subprocess.run(repeated, cwd=folder, check=True, capture_output=True, timeout=120)
    assert (folder / "machines-anomalies.csv").read_bytes() == before


def test_wrong_answers_are_asked_again_and_nothing_is_lost(folder: Path) -> None:
    (folder / "bad.csv").write_text("a,b\n1\n")
    os.utime(folder / "bad.csv", (1, 1))
    (folder / "wide.dat").write_text("a,b\n1,2\n", encoding="utf-16")
    before = (folder / "machines.csv").read_bytes()
    with Terminal(folder) as terminal:
        file = "A number, or the path of a file"
        terminal.answer(file, "9")
        assert "Type a number from 1 to 3" in terminal.answer(file, "2")
        assert "line" in terminal.answer(file, "wide.dat")
        assert "--encoding utf-16" in " ".join(terminal.answer(file, "machine.csv").split())
        assert "Did you mean" in terminal.answer(file, "machines.csv")
        terminal.answer("Is this right?", "perhaps")
        terminal.expect("Type one of yes, time, columns")
        terminal.answer("Is this right?", "time")
        terminal.answer("The column with the time", "kind")
        terminal.expect("cannot be read as time")
        terminal.answer("The column with the time", "tempreature")
        terminal.expect("Did you mean 'temperature'?")
        terminal.answer("The column with the time", "")
        terminal.answer("Is this right?", "y")
        terminal.answer("A number or a name", "knnn")
        assert "Did you mean 'knn'?" in terminal.answer("A number or a name", "modified_zscore")
        terminal.answer("A number", "4")
        assert "Type a number from 1 to 3" in terminal.answer("A number", "2")
        terminal.answer("How many false alarms", "-1")
        assert "above 0" in terminal.answer("How many false alarms", "2")
        terminal.answer("Next?", "explain")
        terminal.answer("Which row", "300")
        assert "from 0 to 299" in terminal.answer("Which row", "0")
        assert "Row 0, not flagged" in terminal.answer("Next?", "write")
        terminal.answer("What", "1")
        terminal.answer("Under which name", "machines.csv")
        assert "is the file that is read" in terminal.answer("Under which name", "bad")
        terminal.answer("Replace it?", "n")
        assert "stays as it is" in terminal.answer("Under which name", "no_such_folder/out.csv")
        assert "There is no folder" in terminal.answer("Under which name", "out.csv")
        terminal.answer("Next?", "algorithm")
        terminal.answer("A number or a name", "1")
        assert "by knn" in terminal.answer("Next?", "quit")
        assert terminal.end() == 0
        assert "Traceback" not in terminal.shown
    assert (folder / "machines.csv").read_bytes() == before
    assert (folder / "bad.csv").read_text() == "a,b\n1\n"
    assert (folder / "out.csv").exists()


@pytest.mark.parametrize("questions", [[], ["A number, or the path of a file", "Is this right?"]])
@pytest.mark.parametrize(("key", "said"), [("\x03", "Interrupted; no file is half written."), ("\x04", "has ended")])
def test_ctrl_c_and_the_end_of_the_input(folder: Path, questions: list[str], key: str, said: str) -> None:
    with Terminal(folder) as terminal:
        for question in questions:
            terminal.answer(question)
        terminal.expect(": ")
        terminal.type(key)
        assert terminal.end() == 130, terminal.shown
        assert said in terminal.shown
        assert "Traceback" not in terminal.shown
    assert [path.name for path in folder.iterdir()] == ["machines.csv"]


def test_the_example_is_there_where_no_file_is(tmp_path: Path) -> None:
    with Terminal(tmp_path) as terminal:
        terminal.answer("A number, or the path of a file")
        assert "a series in time" in terminal.answer("Is this right?")
        assert "stl, recommended" in terminal.answer("A number or a name")
        terminal.answer("A number")
        assert "2015-01-01 01:30" in terminal.answer("Next?")
        assert terminal.end() == 0
        assert "detect nyc_taxi" in terminal.shown


def test_a_series_may_be_judged_as_a_table(tmp_path: Path) -> None:
    with Terminal(tmp_path) as terminal:
        terminal.answer("A number, or the path of a file")
        assert "a series in time" in terminal.answer("Is this right?", "time")
        terminal.answer("The column with the time, or none", "none")
        assert "a table of rows" in terminal.answer("Is this right?")
        assert "knn, recommended" in terminal.answer("A number or a name", "modified_zscore")
        terminal.answer("A number")
        assert "by modified_zscore" in terminal.answer("Next?") or "No anomaly" in terminal.shown
        assert terminal.end() == 0
        assert "detect nyc_taxi --time none --algorithm modified_zscore" in terminal.shown


def test_only_what_is_offered_is_offered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANOMALY_DETECTION_ALGORITHMS", "modified_zscore, stl")
    with Terminal(folder) as terminal:
        terminal.answer("A number, or the path of a file")
        terminal.answer("Is this right?")
        shown = terminal.answer("A number or a name")
        assert "1  modified_zscore, recommended" in shown
        assert "knn" not in shown
        terminal.answer("A number")
        assert "by modified_zscore" in terminal.answer("Next?")
        assert terminal.end() == 0


def test_without_a_terminal_it_shows_the_help(folder: Path) -> None:
    done = subprocess.run(PROGRAM, cwd=folder, input="1\n", capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "Usage: anomaly-detection" in done.stdout


# the parts


@pytest.mark.parametrize(
    ("choices", "command"),
    [
        (Choices("a b.csv"), "ad detect 'a b.csv'"),
        (Choices("x.csv", rule=("alert_rate", 3.0)), "ad detect x.csv --alert-rate 3"),
        (Choices("x.csv", rule=("fdr", 0.1)), "ad detect x.csv --threshold fdr=0.1"),
        (Choices("x.csv", time="when", algorithm="stl"), "ad detect x.csv --time when --algorithm stl"),
    ],
)
def test_the_command_that_does_the_same(choices: Choices, command: str) -> None:
    assert choices.command("ad") == command


@pytest.mark.parametrize("names", [("a", "b"), ("a,b", 'c"d'), (" padded ", "plain")])
def test_columns_of_any_name_are_read_back(names: tuple[str, ...]) -> None:
    typed = shlex.split(Choices("x", columns=names).command("ad"))
    back = columns_of(typed[typed.index("--columns") + 1])
    assert back == tuple(name.strip() for name in names)


@pytest.mark.parametrize("typed", ["", "0", "4", "x", "-1", "1.5"])
def test_numbers_outside_of_the_list(typed: str) -> None:
    with pytest.raises(WrongOption):
        number_of(typed, 3)


@pytest.mark.parametrize("typed", ["", "0", "-3", "nan", "inf", "many", "60"])
def test_amounts_that_cannot_be_used(typed: str) -> None:
    with pytest.raises(WrongOption):
        positive(typed, at_most=50.0)


def test_words_by_their_beginning() -> None:
    assert one_of("Pre", ["next", "previous"]) == "previous"
    for typed in ("", "x", "e"):
        with pytest.raises(WrongOption):
            one_of(typed, ["explain", "end"])
    assert [yes_or_no(typed, False) for typed in ("y", "NO", "")] == [True, False, False]
    with pytest.raises(WrongOption):
        yes_or_no("perhaps", True)


def test_files_that_hold_data_newest_first(tmp_path: Path) -> None:
    names = ["a.csv", "b.JSONL.GZ", "c.parquet", "notes.md", ".hidden.csv", "model.adm"]
    for age, name in enumerate(names):
        (tmp_path / name).write_text("x")
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    (tmp_path / "folder.csv").mkdir()
    assert [path.name for path in data_files(tmp_path)] == ["a.csv", "b.JSONL.GZ", "c.parquet"]
    assert data_files(tmp_path / "none") == []


def test_nothing_reaches_the_terminal_that_could_steer_it() -> None:
    assert printable("a\x1b[2Jb\nc") == "a�[2Jb\nc"


def test_completion_knows_the_algorithms() -> None:
    environment = {
        **os.environ,
        "_ANOMALY_DETECTION_COMPLETE": "complete_bash",
        "COMP_WORDS": "anomaly-detection detect x.csv -a isol",
        "COMP_CWORD": "4",
    }
    script = "import sys; from anomaly_detection.presentation.cli.application import run; sys.argv[1:] = []; run([])"
    done = subprocess.run(
        [PROGRAM[0], "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["isolation_forest"], json.dumps(done.stderr)
