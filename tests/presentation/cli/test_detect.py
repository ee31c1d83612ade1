"""``detect``: what it prints and writes."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from anomaly_detection import create_detector, load_dataset, load_detector
from anomaly_detection.detection.algorithm_table import DEFAULTS
from anomaly_detection.presentation.cli.application import app


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Machines, one of which shakes."""
    numbers = random.Random(1)
    path = tmp_path / "machines.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["machine_id", "kind", "temperature", "score"])
        for number in range(400):
            writer.writerow([f"m{number}", "AB"[number % 2], round(numbers.gauss(70, 2), 2), numbers.gauss(0, 1)])
        writer.writerow(["m400", "A", 250.0, 40.0])
    return path


@pytest.fixture
def calm(tmp_path: Path) -> Path:
    path = tmp_path / "calm.csv"
    path.write_text("a,b\n" + "".join(f"{number % 7},{number % 5}\n" for number in range(300)))
    return path


def test_the_taxi_series() -> None:
    done = run("detect", "nyc_taxi", "--top", "5")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0].strip() == "The 5 highest scores"
    assert lines[2].split() == ["row", "time", "value", "expected", "score", "p-value", "severity"]
    assert "2015-01-01 01:30 " in done.stdout
    assert "critical" in done.stdout
    assert "Events" in done.stdout
    assert "anomalies in 10,320 rows" in done.stdout
    assert "at most 5 % of what is flagged should be normal rows" in done.stdout
    assert "anomaly-detection detect nyc_taxi --output scores.csv" in done.stdout
    assert "Note: " in done.stderr
    assert "Note: " not in done.stdout


def test_all_tables_fit_a_terminal_of_eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = run("detect", "nyc_taxi", "--top", "5")
    tables = done.stdout.partition("anomalies in 10,320 rows")[0].splitlines()[:-1]
    assert len([line for line in tables if line.split()[:1] == ["2015-01-01"]]) == 1, "an event takes one line"
    assert max(len(line.rstrip()) for line in tables) <= 80


def test_the_file_that_is_read_is_never_replaced(table: Path) -> None:
    before = table.read_bytes()
    for option in ("--output", "--save-model"):
        done = run("detect", table, option, table, "--force")
        assert done.exit_code == 2
        assert "is the file that is read" in done.stderr
    assert table.read_bytes() == before


def test_columns_that_were_not_asked_for_are_no_news(table: Path) -> None:
    done = run("detect", table, "--columns", "temperature")
    assert done.exit_code == 0
    assert "ignored" not in done.stderr


def test_the_table_says_what_python_says() -> None:
    result = create_detector("stl").detect(load_dataset("nyc_taxi"))
    document = json.loads(run("detect", "nyc_taxi", "--format", "json").stdout)
    assert document["n_anomalies"] == result.n_anomalies
    assert document["scores"] == result.scores.tolist()
    assert [item["index"] for item in document["anomalies"]] == result.ranking.tolist()
    assert document["dataset"]["fingerprint"] == load_dataset("nyc_taxi").fingerprint


def test_a_table_says_why(table: Path) -> None:
    done = run("detect", table, "-a", "modified_zscore")
    assert done.exit_code == 0
    row = next(line for line in done.stdout.splitlines() if " m400 " in line)
    assert "temperature" in row
    assert done.stdout.splitlines()[2].split()[-1] == "why"
    unexplained = run("detect", table, "-a", "modified_zscore", "--no-explain").stdout
    assert "why" not in unexplained.splitlines()[2].split()
    assert "m400" in unexplained


def test_no_anomaly_is_an_answer(calm: Path) -> None:
    done = run("detect", calm, "-a", "modified_zscore", "--fail-on-anomaly")
    assert done.exit_code == 0
    assert "No anomaly found in 300 rows" in done.stdout
    assert "--contamination 0.01" in done.stdout
    lines = done.stdout.splitlines()
    assert lines[0].strip() == "Not flagged; the highest scores"
    assert lines[2].split() == ["row", "score", "p-value", "why"]
    assert [line.split()[0] for line in lines[4:9]] == ["0", "4", "5", "9", "10"]
    assert "b is 4, typical is 2; a is 4, typical is 3." in lines[5]
    assert "Not flagged" not in run("detect", calm, "-a", "modified_zscore", "--top", "0").stdout
    assert "Not flagged" in run("detect", calm, "-a", "modified_zscore", "--no-explain").stdout
    assert json.loads(run("detect", calm, "-a", "modified_zscore", "--json", "-q").stdout)["anomalies"] == []


def test_a_series_without_anomalies_shows_its_highest_scores() -> None:
    done = run("detect", "nyc_taxi", "--threshold", "score=1e9")
    lines = done.stdout.splitlines()
    assert lines[0].strip() == "Not flagged; the highest scores"
    assert lines[2].split() == ["row", "time", "value", "expected", "score", "p-value"]
    assert "2015-01-01 01:30 " in lines[4]


def test_there_may_be_no_time() -> None:
    document = json.loads(run("detect", "nyc_taxi", "--time", "none", "-a", "modified_zscore", "--json", "-q").stdout)
    assert (document["kind"], document["dataset"]["roles"]["time"]) == ("table", None)
    assert document["dataset"]["roles"]["features"] == ["value"]


def test_members_of_an_ensemble_are_read_as_json_or_with_commas(table: Path) -> None:
    members = '["knn", {"algorithm": "ecod", "weight": 2}]'
    done = run("detect", table, "-a", "ensemble", "-p", f"members={members}", "-p", "method=weighted", "--json", "-q")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["parameters"]["members"] == ["knn", {"algorithm": "ecod", "weight": 2}]
    done = run("detect", table, "-a", "ensemble", "-p", "members=knn, ecod", "--json", "-q")
    assert json.loads(done.stdout)["parameters"]["members"] == ["knn", "ecod"]
    done = run("detect", table, "-a", "ensemble", "-p", 'members=["knn"')
    assert done.exit_code == 2
    assert "[detection.invalid_parameter]" in done.stderr


def test_fail_on_anomaly(table: Path) -> None:
    assert run("detect", table, "-a", "knn", "--fail-on-anomaly").exit_code == 6


def test_rows_as_csv(table: Path) -> None:
    done = run("detect", table, "-a", "knn", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert list(rows[0]) == [
        "index",
        "machine_id",
        "kind",
        "temperature",
        "data_score",
        "score",
        "p_value",
        "confidence",
        "prediction",
        "severity",
    ]
    assert len(rows) == 401
    worst = max(rows, key=lambda row: float(row["score"]))
    assert (worst["machine_id"], worst["prediction"], worst["data_score"]) == ("m400", "1", "40")
    assert worst["severity"] in {"low", "medium", "high", "critical"}
    assert rows[0]["severity"] == ""
    assert "of what is flagged" in done.stderr


def test_rows_as_json_lines_agree_with_csv() -> None:
    lines = [json.loads(line) for line in run("detect", "nyc_taxi", "-f", "jsonl", "-q").stdout.splitlines()]
    rows = list(csv.DictReader(io.StringIO(run("detect", "nyc_taxi", "-f", "csv", "-q").stdout)))
    assert len(lines) == len(rows) == 10320
    assert lines[0]["timestamp"] == rows[0]["timestamp"] == "2014-07-01T00:00:00Z"
    assert [line["score"] for line in lines] == [float(row["score"]) for row in rows]
    assert [line["severity"] or "" for line in lines] == [row["severity"] for row in rows]


@pytest.mark.parametrize("ending", ["csv", "json", "jsonl"])
def test_a_file_is_written_whole_and_not_twice(table: Path, tmp_path: Path, ending: str) -> None:
    target = tmp_path / f"out.{ending}"
    done = run("detect", table, "-o", target)
    assert done.exit_code == 0
    assert f"The result is in {target}" in done.stderr
    assert "anomal" in done.stdout
    content = target.read_text()
    assert content == run("detect", table, "-f", ending, "-q").stdout or ending == "json"
    assert run("detect", table, "-o", target).exit_code == 2
    assert target.read_text() == content
    target.write_text("old")
    assert run("detect", table, "-o", target, "--force").exit_code == 0
    assert target.read_text() != "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["machines.csv", f"out.{ending}"]


def test_a_table_in_a_file(tmp_path: Path) -> None:
    target = tmp_path / "report.txt"
    assert run("detect", "nyc_taxi", "-o", target, "-f", "table", "-q").stdout == ""
    assert "anomalies in 10,320 rows" in target.read_text()


def test_quiet_says_only_the_result(table: Path, tmp_path: Path) -> None:
    done = run("detect", table, "-q", "-o", tmp_path / "out.csv")
    assert (done.stdout, done.stderr) == ("", "")
    done = run("detect", table, "-q")
    assert done.stderr == ""
    assert "In the browser" not in done.stdout


def test_the_model_is_kept(table: Path, tmp_path: Path) -> None:
    model = tmp_path / "machines.adm"
    assert run("detect", table, "-a", "knn", "-p", "n_neighbors=7", "--save-model", model).exit_code == 0
    detector = load_detector(model)
    assert detector.parameters == {"n_neighbors": 7}
    assert detector.predict(load_dataset(table))[400] == 1
    assert run("detect", table, "--save-model", model).exit_code == 2


def test_thresholds_and_seeds(table: Path) -> None:
    def document(*options: str) -> dict[str, object]:
        return dict(json.loads(run("detect", table, "-f", "json", *options).stdout))

    assert document("--contamination", "0.1")["n_anomalies"] == 40
    assert document("--threshold", "contamination=0.05")["n_anomalies"] == 20
    assert document("--threshold", "score=1e9")["n_anomalies"] == 0
    forest = ("-a", "isolation_forest", "--seed")
    assert document(*forest, "1")["scores"] == document(*forest, "1")["scores"]
    assert document(*forest, "1")["scores"] != document(*forest, "2")["scores"]


def test_columns_and_time(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    rows = "".join(f"{60 * number},{number % 24},{number % 5}\n" for number in range(200))
    path.write_text(f"second,load,other\n{rows}")
    document = json.loads(run("detect", path, "--time", "second", "--columns", "load", "-f", "json").stdout)
    assert document["algorithm"] == DEFAULTS["series"]
    assert document["dataset"]["roles"] == {"time": "second", "label": None, "entity": None, "features": ["load"]}
    document = json.loads(run("detect", path, "--columns", "load, other", "-f", "json").stdout)
    assert (document["algorithm"], document["dataset"]["roles"]["features"]) == ("knn", ["load", "other"])


@pytest.mark.parametrize(
    ("options", "exit_code", "words"),
    [
        (["--nope"], 2, "No such option"),
        (["-a", "isolation_forrest"], 2, "Did you mean 'isolation_forest'?"),
        (["-a", "knn", "-p", "n_neighbor=3"], 2, "Did you mean 'n_neighbors'?"),
        (["-a", "knn", "-p", "n_neighbors=0"], 2, "n_neighbors is 0"),
        (["-a", "knn", "-p", "n_neighbors=many"], 2, "n_neighbors is 'many'"),
        (["-p", "broken"], 2, "KEY=VALUE"),
        (["-p", "nope=1"], 2, "nope"),
        (["--threshold", "p_value"], 2, "KIND=VALUE"),
        (["--threshold", "p_valu=0.1"], 2, "Did you mean 'p_value'?"),
        (["--threshold", "p_value=2"], 2, "above 0 and below 1"),
        (["--contamination", "0.9"], 2, "at most 0.5"),
        (["--contamination", "0.1", "--threshold", "fdr=0.1"], 2, "Give one of them"),
        (["--columns", "temprature"], 2, "Did you mean 'temperature'?"),
        (["--columns", ","], 2, "names no column"),
        (["--time", "kind"], 3, "cannot be read as time"),
        (["-a", "stl"], 3, "knn"),
        (["-o", "no_such_folder/out.csv"], 2, "There is no folder"),
        (["-o", "out.xls"], 2, "names no format"),
        (["-o", "."], 2, "is a folder"),
        (["-a", "knn", "-p", "n_neighbors=5", "-p", "n_neighbors=6"], 2, "names 'n_neighbors' twice"),
        (["--report", "page.pdf"], 2, "Call it page.html"),
        (["-o", "/dev/null", "-f", "csv", "--force"], 2, "no regular file"),
        (["-o", "same.csv", "--save-model", "same.csv"], 2, "Name two files"),
    ],
)
def test_what_cannot_be_done(table: Path, options: list[str], exit_code: int, words: str) -> None:
    done = run("detect", table, *options)
    assert done.exit_code == exit_code, done.stderr
    assert words in " ".join(done.stderr.split())
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "data.empty_file"),
        (b"a,b\n", "data.no_rows"),
        (b"a,b\n1,2\n3\n4,5\n", "data.ragged_row"),
        (b"PK\x03\x04", "data.not_text"),
        (b"a,b\n\xff,1\n", "data.wrong_encoding"),
        (b"<!DOCTYPE html>\n<html>\n", "data.not_text"),
        (b'a,b\n"1,2\n', "data.truncated_file"),
    ],
)
def test_bad_files(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    done = run("detect", path, "-o", tmp_path / "out.csv")
    assert done.exit_code == 3
    assert f"[{code}]" in done.stderr
    assert sorted(item.name for item in tmp_path.iterdir()) == ["bad.csv"]
    assert run("detect", tmp_path / "bat.csv").exit_code == 3


def test_what_to_do_is_said_in_options(tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_bytes("größe,n\n1,2\n".encode("latin-1"))
    assert "--encoding windows-1252" in run("detect", path).stderr
    assert "command train" in run("score", path, "--model", tmp_path / "none.adm").stderr


def test_control_characters_of_a_file_do_not_reach_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    rows = "".join(f"n{number},{number % 10}\n" for number in range(100))
    path.write_text(f"id,load\n{rows}\x1b[31mred[/bold],1000\n")
    done = run("detect", path, "-a", "modified_zscore")
    assert "[31mred[/bold]" in done.stdout
    assert "\x1b" not in done.stdout


def test_several_files_are_one_data_set_whose_rows_know_their_file(tmp_path: Path) -> None:
    numbers = random.Random(4)
    for name in ("monday", "tuesday"):
        rows = [{"load": round(numbers.gauss(10, 1), 3), "name": f"{name}-{number}"} for number in range(150)]
        if name == "tuesday":
            rows[42]["load"] = 99.0
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    both = [tmp_path / "monday.jsonl", tmp_path / "tuesday.jsonl"]
    for sources in (both, [tmp_path / "*.jsonl"]):
        done = run("detect", *sources, "-a", "knn", "--top", "1")
        assert done.exit_code == 0
        assert "192   tuesday.jsonl:42" in done.stdout
        written = list(csv.DictReader(io.StringIO(run("detect", *sources, "-q", "-f", "csv").stdout)))
        assert list(written[0])[-3:] == ["severity", "file", "file_row"]
        assert (Path(written[192]["file"]).name, written[192]["file_row"]) == ("tuesday.jsonl", "42")
        assert (Path(written[149]["file"]).name, written[149]["file_row"]) == ("monday.jsonl", "149")
        assert "in 300 rows" in done.stdout
    assert run("detect", *both, "-o", both[0], "--force", "-f", "jsonl").exit_code == 2
    assert run("detect", tmp_path / "*.jsonl", "-o", both[0], "--force").exit_code == 2
    assert len(both[0].read_text().splitlines()) == 150


def test_the_standard_input_stands_alone(table: Path) -> None:
    done = run("detect", "-", table)
    assert done.exit_code == 2
    assert "one pipe" in done.stderr


def test_parquet_in_and_out(table: Path, tmp_path: Path) -> None:
    from pyarrow import parquet

    first, second = tmp_path / "rows.parquet", tmp_path / "again.pq"
    assert run("detect", table, "-a", "knn", "-o", first).exit_code == 0
    found = parquet.read_table(first)
    assert found.num_rows == 401
    assert found["prediction"].to_pylist()[400] == 1
    assert run("detect", first, "--columns", "temperature", "-o", second, "-q").exit_code == 0
    assert parquet.read_table(second).num_rows == 401


def test_a_report_is_written_beside_the_table(table: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    done = run("detect", table, "-a", "knn", "--report", target)
    assert done.exit_code == 0
    assert "m400" in done.stdout
    page = target.read_text()
    assert page.lstrip().lower().startswith("<!doctype html")
    assert "m400" in page
    assert run("detect", table, "--report", target).exit_code == 2
    assert target.read_text() == page


def test_known_labels_are_compared_with(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("load,bad\n" + "".join(f"{number % 7},0\n" for number in range(200)) + "500,1\n")
    done = run("detect", path, "--label", "bad", "--contamination", "0.005")
    assert "Against the 1 known in 'bad': precision 1, recall 1, AUROC 1." in done.stdout
    quiet = run("detect", path, "--label", "bad", "--json")
    assert "Against the 1 known" in quiet.stderr
    assert json.loads(quiet.stdout)["dataset"]["roles"]["label"] == "bad"


def test_the_format_and_the_encoding_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.data"
    path.write_bytes("größe\tart\n".encode("windows-1252") + b"".join(b"%d\tx\n" % (n % 9) for n in range(100)))
    done = run("detect", path, "--encoding", "windows-1252", "--input-format", "tsv", "--json")
    assert json.loads(done.stdout)["dataset"]["roles"]["features"][0] == "größe"
    assert run("detect", path, "--input-format", "tsb").exit_code == 2


def test_the_next_steps_repeat_what_was_chosen(table: Path) -> None:
    done = run("detect", table, "-a", "knn", "-p", "n_neighbors=7", "--columns", "temperature")
    chosen = "--algorithm knn --columns temperature --param n_neighbors=7"
    assert f"detect {table} {chosen} --output scores.csv" in done.stdout
