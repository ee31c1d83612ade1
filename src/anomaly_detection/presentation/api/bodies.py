"""What a JSON body may be before anything looks into it: bounded in size and depth, and strict JSON in UTF-8."""

from __future__ import annotations

import asyncio
import json
import re

from starlette.types import Message, Receive

from anomaly_detection.shared.errors import InvalidInput, TooLarge, Unavailable

MAXIMUM_DEPTH = 32
IDLE_SECONDS = 60.0

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NOT_BRACKET = re.compile(rb"[^\[\]{}]+")
_NO_JSON_NUMBER = re.compile(rb"NaN|Infinity")


def too_large(limit: int) -> TooLarge:
    """Return the error for a JSON body above the limit."""
    return TooLarge(
        f"The JSON body is larger than {limit:,} bytes.",
        code="api.body_too_large",
        hint="Data sets are uploaded as raw bytes to /api/v1/datasets.",
        details={"limit_bytes": limit},
    )


def too_slow() -> Unavailable:
    """Return the error for a body that stopped coming."""
    return Unavailable("The body stopped coming, or came too slowly.", code="api.body_too_slow", hint="Send it again.")


def patient(receive: Receive) -> Receive:
    """Return a `receive` that waits for each part of a body no longer than `IDLE_SECONDS`."""
    complete = False

    async def next_message() -> Message:
        nonlocal complete
        if complete:
            return await receive()
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                message = await receive()
        except TimeoutError as error:
            raise too_slow() from error
        complete = not message.get("more_body", False)
        return message

    return next_message


def check_json(body: bytes) -> None:
    """Refuse what Python's JSON reader takes and JSON does not know, and nesting that nobody needs.

    Raises
    ------
    InvalidInput
        ``api.malformed_json``.
    """
    if b"\x00" in body:
        # Also what UTF-16 and UTF-32 look like, which Python's reader takes and what follows would not look through.
        raise _malformed("The body holds the byte 0.")
    outside = _STRING.sub(b"", body)
    if _NO_JSON_NUMBER.search(outside):
        raise _malformed("NaN and Infinity are no JSON numbers.")
    depth = 0
    for bracket in _NOT_BRACKET.sub(b"", outside):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAXIMUM_DEPTH:
            raise _malformed(f"The body is nested more than {MAXIMUM_DEPTH} levels deep.")
    if rb"\u" in body:
        _check_text(body)


def _check_text(body: bytes) -> None:
    try:
        value = json.loads(body)
    except ValueError:
        # Not JSON at all: the endpoint's own reader says where.
        return
    try:
        text = json.dumps(value, ensure_ascii=False)
        text.encode()
    except UnicodeEncodeError as error:
        raise _malformed("The body holds half of a surrogate pair.") from error
    if rb"\u0000" in body and any("\x00" in part for part in _texts(value)):
        raise _malformed("The body holds the character U+0000.")


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in (*value, *value.values()) for text in _texts(item)]
    return [text for item in value for text in _texts(item)] if isinstance(value, list) else []


def _malformed(detail: str) -> InvalidInput:
    return InvalidInput(detail, code="api.malformed_json", hint="Send a JSON document in UTF-8.")
