"""``train`` and ``score``: what is kept, what it says of new rows, and what is refused."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from anomaly_detection import load_dataset, load_detector
from anomaly_detection.presentation.cli.application import app


def run(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin, catch_exceptions=False)


def write_rows(path: Path, seed: int, *, hot: bool = False) -> Path:
    numbers = random.Random(seed)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["machine_id", "kind", "temperature", "load"])
        for number in range(300):
            temperature = 250.0 if hot and number == 7 else round(numbers.gauss(70, 2), 2)
            writer.writerow([f"m{number}", "AB"[number % 2], temperature, round(numbers.gauss(0, 1), 3)])
    return path


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "old.csv", 1)


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "new.csv", 2, hot=True)


@pytest.fixture
def model(old: Path, tmp_path: Path) -> Path:
    path = tmp_path / "old.adm"
    assert run("train", old, "-a", "knn", "-p", "n_neighbors=7", "-o", path, "-q").exit_code == 0
    return path


def test_what_was_learnt_is_said(old: Path, tmp_path: Path) -> None:
    target = tmp_path / "model.adm"
    done = run("train", old, "--algorithm", "knn", "--param", "n_neighbors=7", "--alert-rate", "2", "-o", target)
    assert done.exit_code == 0
    shown = " ".join(done.stdout.split())
    assert "knn n_neighbors=7" in shown
    assert "rows 300" in shown
    assert "kind (category), temperature (number), load (number)" in shown
    assert "threshold alert_rate 2, a score of" in shown
    assert f"score FILE --model {target}" in done.stdout
    detector = load_detector(target)
    assert detector.parameters == {"n_neighbors": 7}
    assert detector.threshold == ("alert_rate", 2.0)


def test_what_was_learnt_as_json(old: Path, tmp_path: Path) -> None:
    done = run("train", old, "-o", tmp_path / "model.adm", "--columns", "temperature,load", "--json")
    learnt = json.loads(done.stdout)
    assert (learnt["algorithm"], learnt["n_rows"], learnt["kind"]) == ("knn", 300, "table")
    assert [column["name"] for column in learnt["columns"]] == ["temperature", "load"]
    assert learnt["bytes"] == (tmp_path / "model.adm").stat().st_size


def test_quiet_says_nothing(old: Path, tmp_path: Path) -> None:
    done = run("train", old, "-o", tmp_path / "model.adm", "-q")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")


def test_new_rows_are_judged_as_python_judges_them(model: Path, new: Path) -> None:
    done = run("score", new, "--model", model, "--json")
    document = json.loads(done.stdout)
    result = load_detector(model).detect(load_dataset(new))
    assert document["scores"] == result.scores.tolist()
    assert document["threshold"] == result.threshold.to_dict()
    assert document["anomalies"][0]["index"] == 7
    shown = run("score", new, "--model", model).stdout
    assert " m7 " in shown
    assert f"anomaly-detection score {new} --model {model} --output scores.csv" in shown


def test_the_threshold_can_be_another(model: Path, new: Path) -> None:
    document = json.loads(run("score", new, "-m", model, "--contamination", "0.1", "-f", "json", "-q").stdout)
    assert document["n_anomalies"] == 30


def test_one_row_from_the_standard_input(model: Path) -> None:
    done = run("score", "-", "-m", model, "--json", stdin="load,temperature,kind\n0,250,A\n")
    document = json.loads(done.stdout)
    assert (document["n_rows"], document["n_anomalies"]) == (1, 1)
    assert run("score", "-", "-m", model, "--fail-on-anomaly", stdin="load,temperature,kind\n0,250,A\n").exit_code == 6
    assert run("score", "-", "-m", model, "--fail-on-anomaly", stdin="load,temperature,kind\n0,70,A\n").exit_code == 0


def test_a_share_of_all_rows_has_no_exponent(model: Path, new: Path) -> None:
    said = " ".join(run("score", new, "--model", model, "--threshold", "score=1e-9").stdout.split())
    assert "(100 %)" in said


def test_a_series_goes_on(tmp_path: Path) -> None:
    def rows(hours: range, wrong: int = -1) -> str:
        lines = [
            f"2026-01-{1 + hour // 24:02d}T{hour % 24:02d}:00:00,{40 if hour == wrong else hour % 24}" for hour in hours
        ]
        return "when,load\n" + "\n".join(lines) + "\n"

    (tmp_path / "old.csv").write_text(rows(range(480)))
    (tmp_path / "new.csv").write_text(rows(range(480, 600), wrong=530))
    assert run("train", tmp_path / "old.csv", "-o", tmp_path / "m.adm").exit_code == 0
    document = json.loads(run("score", tmp_path / "new.csv", "-m", tmp_path / "m.adm", "--json").stdout)
    assert document["algorithm"] == "stl"
    assert [item["time"] for item in document["anomalies"]] == ["2026-01-23T02:00:00Z"]


def test_rows_that_do_not_fit_the_model(model: Path, tmp_path: Path) -> None:
    lacking = tmp_path / "lacking.csv"
    lacking.write_text("machine_id,kind,temperatur\nm1,A,70\nm2,B,71\n")
    done = run("score", lacking, "-m", model)
    assert done.exit_code == 3
    assert "[detection.missing_column]" in done.stderr
    assert "no column 'temperature'" in done.stderr
    assert "is 'temperatur' meant?" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("change", ["one byte", "half", "text", "empty"])
def test_a_model_that_was_changed_is_refused(model: Path, new: Path, tmp_path: Path, change: str) -> None:
    content = bytearray(model.read_bytes())
    if change == "one byte":
        content[len(content) // 2] ^= 1
    wrong = {"one byte": content, "half": content[: len(content) // 2], "text": b"a,b\n1,2\n", "empty": b""}[change]
    other = tmp_path / "other.adm"
    other.write_bytes(bytes(wrong))
    done = run("score", new, "-m", other, "-o", tmp_path / "out.csv")
    assert done.exit_code == 3
    assert "[detection.invalid_model_file]" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("options", "exit_code", "words"),
    [
        (["--model", "none.adm"], 3, "no model file"),
        (["--model", "-"], 2, "read from a file"),
        (["--threshold", "p_value=2"], 2, "above 0 and below 1"),
        (["--alert-rate", "3", "--contamination", "0.1"], 2, "Give one of them"),
        (["--json", "--format", "csv"], 2, "Give one of them"),
    ],
)
def test_what_cannot_be_scored(model: Path, new: Path, options: list[str], exit_code: int, words: str) -> None:
    given = options if "--model" in options else ["--model", str(model), *options]
    done = run("score", new, *given)
    assert done.exit_code == exit_code, done.stderr
    assert words in " ".join(done.stderr.split())
    assert done.stdout == ""


def test_neither_rows_nor_models_are_written_over(model: Path, new: Path, old: Path) -> None:
    before = model.read_bytes(), new.read_bytes()
    assert run("score", new, "-m", model, "-o", model, "-f", "csv", "--force").exit_code == 2
    assert run("score", new, "-m", model, "-o", new, "--force").exit_code == 2
    assert run("train", new, "-o", new, "--force").exit_code == 2
    assert run("train", old, "-o", model).exit_code == 2
    assert (model.read_bytes(), new.read_bytes()) == before
    assert run("train", new, "-o", model, "--force", "-q").exit_code == 0
    assert model.read_bytes() != before[0]


def test_only_offered_algorithms_are_trained(old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANOMALY_DETECTION_ALGORITHMS", "modified_zscore,stl")
    done = run("train", old, "-a", "knn", "-o", tmp_path / "m.adm")
    assert done.exit_code == 4
    assert "[platform.algorithm_not_offered]" in done.stderr
    assert run("train", old, "-o", tmp_path / "m.adm").exit_code == 0
    assert load_detector(tmp_path / "m.adm").algorithm == "modified_zscore"
    monkeypatch.setenv("ANOMALY_DETECTION_ALGORITHMS", "stl")
    done = run("detect", old)
    assert done.exit_code == 3
    assert "None of the algorithms that are offered here takes a table" in done.stderr
    shown = json.loads(run("algorithms", "--json").stdout)
    assert [info["name"] for info in shown] == ["stl"]
