"""Log lines: one each, with their key-values and their request."""

from __future__ import annotations

import io
import json
import logging
import sys

import pytest

from anomaly_detection.infrastructure.logging import JsonFormatter, TextFormatter, configure_logging, request_context


def record(message: str, **values: object) -> logging.LogRecord:
    made = logging.getLogger("test").makeRecord("test", logging.INFO, __file__, 1, message, (), None, extra=values)
    made.created = 1_700_000_000.25
    return made


def test_json_lines() -> None:
    with request_context("r-1"):
        line = json.loads(JsonFormatter().format(record("done", n_rows=3)))
    assert line == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "info",
        "logger": "test",
        "message": "done",
        "request_id": "r-1",
        "n_rows": 3,
    }


def test_outside_of_a_request_there_is_no_id() -> None:
    assert "request_id" not in JsonFormatter().format(record("done"))


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
def test_nobody_can_forge_a_line(formatter: logging.Formatter) -> None:
    text = formatter.format(record("first\nsecond", name_of_file="a\r\nforged line"))
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
def test_exceptions_are_there(formatter: logging.Formatter) -> None:
    made = record("failed")
    try:
        raise ValueError("the reason")
    except ValueError:
        made.exc_info = sys.exc_info()
    assert "the reason" in formatter.format(made)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "log_format", "json_lines"),
    [
        (io.StringIO(), "auto", True),
        (Terminal(), "auto", False),
        (Terminal(), "json", True),
        (io.StringIO(), "text", False),
    ],
)
def test_a_terminal_gets_text(stream: io.StringIO, log_format: str, json_lines: bool) -> None:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        configure_logging("warning", log_format, stream)  # type: ignore[arg-type]
        logging.getLogger("anything").info("not shown")
        logging.getLogger("anything").warning("shown", extra={"key": 1})
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().startswith("{") is json_lines


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
def test_nobody_can_command_the_terminal(formatter: logging.Formatter) -> None:
    sent = "\x1b[31m \x9b2J \u202e \ud800 \x7f \U000e0001 \u2028 é 漢"
    text = formatter.format(record(sent, path=sent))
    assert text.isprintable()
    assert text.count("é 漢") == 2
    if isinstance(formatter, JsonFormatter):
        assert json.loads(text)["path"] == sent
