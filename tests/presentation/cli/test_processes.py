"""The program as a real process: exit codes, signals, broken pipes and full disks."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import random
import re
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-m", "anomaly_detection.presentation.cli"]


def run(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=120, **options)  # type: ignore[call-overload,no-any-return]


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Enough rows that nearest neighbours take many seconds."""
    numbers = random.Random(0)
    path = tmp_path / "large.csv"
    with path.open("w") as file:
        file.write(",".join(f"f{position}" for position in range(10)) + "\n")
        for _ in range(60_000):
            file.write(",".join(f"{numbers.random():.4f}" for _ in range(10)) + "\n")
    return path


def test_the_next_steps_can_be_typed_as_they_stand(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("anomaly-detection")
    series = tmp_path / "few.csv"
    series.write_text("a\n1\n2\n1\n3\n")
    for path, shown in ((f"{program.parent}:/usr/bin", "anomaly-detection"), ("/usr/bin", str(program))):
        done = subprocess.run(
            [program, "detect", series], capture_output=True, text=True, timeout=120, env={**os.environ, "PATH": path}
        )
        assert f" {shown} detect {series} --output scores.csv" in done.stdout, done.stderr


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_no_colour_where_none_is_wanted(tmp_path: Path, no_color: str, coloured: bool) -> None:
    outer, inner = pty.openpty()
    environment = {**os.environ, "NO_COLOR": no_color, "TERM": "xterm-256color"}
    environment.pop("FORCE_COLOR", None)
    done = subprocess.run(
        [*PROGRAM, "detect", tmp_path / "none.csv"], stdout=inner, stderr=inner, env=environment, timeout=120
    )
    os.close(inner)
    shown = rest(outer)
    assert done.returncode == 3
    assert "data.file_not_found" in shown
    assert ("\x1b[31m" in shown) == coloured


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (["--version"], 0),
        (["--help"], 0),
        (["detect", "--help"], 0),
        ([], 2),
        (["detct"], 2),
        (["detect"], 2),
        (["detect", "nyc_taxi", "--nope"], 2),
        (["detect", "nyc_taxi", "--algorithm", "nope"], 2),
        (["detect", "no_such_file.csv"], 3),
        (["algorithms", "nope"], 2),
        (["serve", "--port", "http"], 2),
    ],
)
def test_exit_codes(arguments: list[str], exit_code: int) -> None:
    done = run(*arguments)
    assert done.returncode == exit_code, done.stderr
    assert "Traceback" not in done.stderr
    if exit_code:
        assert done.stderr.strip() or not arguments


def test_detection_in_a_process(tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    done = run("detect", "nyc_taxi", "--fail-on-anomaly", "-o", target)
    assert done.returncode == 6
    assert json.loads(target.read_text())["n_rows"] == 10320
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_in_the_middle_of_a_detection_leaves_nothing(
    large: Path, tmp_path: Path, number: signal.Signals, exit_code: int
) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    terminal, inner = pty.openpty()
    command = [*PROGRAM, "detect", str(large), "-a", "knn", "-o", str(folder / "out.csv")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=inner, start_new_session=True) as process:
        os.close(inner)
        seen = wait_for(terminal, "fitting", process)
        process.send_signal(number)
        deadline = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < deadline:
            seen += rest(terminal)
        assert process.wait(1) == exit_code, seen
        seen += rest(terminal)
        assert process.stdout is not None
        assert process.stdout.read() == b""
    os.close(terminal)
    assert list(folder.iterdir()) == []
    assert "Traceback" not in seen
    assert "Interrupted; no file is half written." in seen


def wait_for(terminal: int, word: str, process: subprocess.Popen[bytes]) -> str:
    seen = ""
    deadline = time.monotonic() + 60
    while word not in seen:
        assert process.poll() is None, seen
        assert time.monotonic() < deadline, seen
        if select.select([terminal], [], [], 0.2)[0]:
            seen += os.read(terminal, 65536).decode(errors="replace")
    return seen


def rest(terminal: int) -> str:
    seen = ""
    while select.select([terminal], [], [], 0.2)[0]:
        try:
            seen += os.read(terminal, 65536).decode(errors="replace")
        except OSError:  # EIO: the other side has gone
            break
    return seen


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = " ".join([*PROGRAM, "detect nyc_taxi -q -f csv"])
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{command} | head -n 2"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2
    assert done.stderr == ""


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_a_full_disk_behind_the_output(form: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, "detect", "nyc_taxi", "-q", "-f", form],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
        )
    assert done.returncode == 5
    assert "platform.disk_full" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_disk_that_fills_up_leaves_the_old_file(tmp_path: Path) -> None:
    """The system refuses to let the file grow beyond 64 KiB, as a quota does."""
    target = tmp_path / "out.csv"
    target.write_text("old")
    command = " ".join([*PROGRAM, f"detect nyc_taxi -q --force -o {target}"])
    script = f"trap '' XFSZ; ulimit -f 64; {command}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 5, done.stderr
    assert "platform.disk_full" in done.stderr
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_an_error_of_ours_is_kept_in_a_file_and_shown_on_demand(tmp_path: Path) -> None:
    """A broken installation: the catalogue's module fails while it is imported."""
    script = (
        "import sys; sys.modules['anomaly_detection.detection.catalogue'] = None; "
        "from anomaly_detection.presentation.cli.application import run; sys.exit(run(sys.argv[1:]))"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script, "algorithms"], capture_output=True, text=True, env=environment, timeout=60
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    found = re.search(r"details are in (\S+)", done.stderr)
    assert found
    assert "Traceback" in Path(found[1]).read_text()
    done = subprocess.run(
        [sys.executable, "-c", script, "--debug", "algorithms"],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
    )
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_debug_shows_where_an_error_of_the_user_arose() -> None:
    done = run("--debug", "detect", "no_such_file.csv")
    assert done.returncode == 3
    assert "Traceback" in done.stderr
    assert "find_file" in done.stderr


def test_help_loads_no_arrays() -> None:
    code = (
        "import sys\nfrom anomaly_detection.presentation.cli.application import run\nrun(['detect', '--help'])\n"
        "print(sorted({'numpy', 'scipy', 'numba', 'pyarrow', 'sqlalchemy', 'fastapi'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_signal_whose_exception_is_lost_still_ends_the_work() -> None:
    """Compiled code swallows exceptions in its callbacks; so does ``__del__``, as here."""
    script = (
        "import os, signal, sys\n"
        "from anomaly_detection.presentation.cli import interruption\n"
        "from anomaly_detection.presentation.cli.progress import progress_bar\n"
        "interruption.listen()\n"
        "sys.unraisablehook = lambda _: None\n"
        "class Deaf:\n    def __del__(self): os.kill(os.getpid(), signal.SIGINT)\n"
        "with progress_bar(wanted=True) as progress:\n"
        "    progress(0.1, 'before'); Deaf(); print('lost', flush=True)\n"
        "    try: progress(0.2, 'after')\n"
        "    except interruption.Interrupted as end: sys.exit(128 + end.number)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (130, "lost\n")


def test_ctrl_c_while_the_standard_input_is_read(tmp_path: Path) -> None:
    """The other side of the pipe sends a few rows and then nothing."""
    command = [*PROGRAM, "detect", "-", "-o", str(tmp_path / "out.csv")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(b"a,b\n1,2\n")
        process.stdin.flush()
        wait_until_taken(process.stdin.fileno(), process)
        process.send_signal(signal.SIGINT)
        ended(process, 130)
        said = process.stderr.read().decode()
    assert list(tmp_path.iterdir()) == []
    assert "Interrupted; no file is half written." in said
    assert "Traceback" not in said


def wait_until_taken(pipe: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the program has read all that was sent to it."""
    deadline = time.monotonic() + 60
    while int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ended(process: subprocess.Popen[bytes], exit_code: int) -> None:
    """Wait for the end; a program that does not come to it is ended, and the test with it."""
    try:
        assert process.wait(30) == exit_code
    finally:
        process.kill()


@pytest.mark.parametrize("form", ["csv", "jsonl", "json", "parquet"])
def test_ctrl_c_while_nobody_takes_the_output(form: str) -> None:
    """The pipe is full: the program waits in the middle of writing."""
    command = [*PROGRAM, "detect", "nyc_taxi", "-q", "-f", form]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=False, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.read(100)
        time.sleep(0.5)  # the rest of the pipe fills up
        process.send_signal(signal.SIGINT)
        ended(process, 130)
        said = process.stderr.read().decode()
    assert len(first) == 100
    assert "Traceback" not in said
    assert "Interrupted" in said


@pytest.mark.parametrize(
    "arguments",
    [
        "detect nyc_taxi -q --force -o FOLDER/old.parquet",
        "detect nyc_taxi -q --force --report FOLDER/old.html -o FOLDER/other.csv",
        "train nyc_taxi -q --force -o FOLDER/old.adm",
    ],
)
def test_a_full_disk_leaves_every_kind_of_file_as_it_was(tmp_path: Path, arguments: str) -> None:
    """The system refuses to let any file grow beyond 16 KiB."""
    for name in ("old.parquet", "old.html", "old.adm"):
        (tmp_path / name).write_text("old")
    command = " ".join([*PROGRAM, arguments.replace("FOLDER", str(tmp_path))])
    script = f"trap '' XFSZ; ulimit -f 16; {command}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 5, done.stderr
    assert "Traceback" not in done.stderr
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == dict.fromkeys(
        ("old.parquet", "old.html", "old.adm"), "old"
    )


def test_what_goes_into_a_pipe_is_for_a_program_alone(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"load": number % 7, "name": f"n{number}"}) + "\n" for number in range(200)))
    command = " ".join(PROGRAM)
    script = f"cat {rows} | {command} detect - --json | {sys.executable} -m json.tool --compact"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", script], capture_output=True, text=True, timeout=120, env={**os.environ}
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["n_rows"] == 200
    assert "rows" in done.stderr, "what a person should know stands on the standard error"
