"""Identifiers that sort by the time of their making."""

from __future__ import annotations

import os
import time
import uuid


def new_id() -> str:
    """Return a new UUID of version 7 (RFC 9562, section 5.7) as a string of 36 characters."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return str(uuid.UUID(int=value))


def made_at(identifier: str) -> float:
    """Return when an identifier of `new_id` was made, in seconds since 1970, to the millisecond.

    Examples
    --------
    >>> made_at("01900000-0000-7000-8000-000000000000")
    1717986918.4
    """
    return int(identifier.replace("-", "")[:12], 16) / 1000
