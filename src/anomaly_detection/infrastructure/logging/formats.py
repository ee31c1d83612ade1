"""How a log record is written."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from anomaly_detection.infrastructure.logging.context import current_request_id

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, request id, and the record's own key-values."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_key_values(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _visible(json.dumps(line, default=str, ensure_ascii=False))


class TextFormatter(logging.Formatter):
    """One short line for people: local time, level, message, key-values; line breaks in values are escaped."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text."""
        moment = datetime.fromtimestamp(record.created, UTC).astimezone()
        words = [moment.strftime("%H:%M:%S"), f"{record.levelname.lower():<8}", _one_line(record.getMessage())]
        words += [f"{name}={_one_line(str(value))}" for name, value in _key_values(record).items()]
        text = " ".join(words)
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


def _key_values(record: logging.LogRecord) -> dict[str, Any]:
    values = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    request_id = current_request_id()
    return {"request_id": request_id, **values} if request_id else values


def _one_line(text: str) -> str:
    return _visible(text.replace("\r", "\\r").replace("\n", "\\n"))


def _visible(text: str) -> str:
    """Escape what would command a terminal, turn the direction of writing, or be no character at all."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    # As JSON writes it: beyond the first plane as two halves.
    return json.dumps(character)[1:-1].replace("\x7f", "\\u007f")
