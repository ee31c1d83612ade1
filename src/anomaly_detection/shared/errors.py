"""The one root of all errors, and the families that callers catch.

Every error carries a stable ``code`` (``room.reason``), a message that names what was seen and what is allowed, and a hint
that says what to do. Each family also inherits the builtin that a Python user would expect to catch.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any


class PlatformError(Exception):
    """Root of every error that the platform raises on purpose.

    Parameters
    ----------
    message : str
        What was seen, and what is allowed.
    code : str
        Stable identifier ``room.reason`` in snake_case, for programs.
    hint : str, optional
        What the reader can do about it.
    details : mapping, optional
        Further JSON-compatible facts (names, limits, positions).
    """

    def __init__(self, message: str, *, code: str, hint: str = "", details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint
        self.details: dict[str, Any] = dict(details or {})

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InvalidInput(PlatformError, ValueError):
    """The data or a value given cannot be used."""


class NotFound(PlatformError, LookupError):
    """No such thing for this caller (also: it belongs to somebody else)."""


class Conflict(PlatformError):
    """The thing exists already, or its state does not allow the call."""


class NotSignedIn(PlatformError):
    """Nobody, or somebody whose proof is wrong or too old."""


class NotAllowed(PlatformError, PermissionError):
    """Signed in, but without the right to do this."""


class TooLarge(PlatformError, ValueError):
    """More data than the limit allows."""


class TooManyRequests(PlatformError):
    """More requests than the limit allows; ``details["retry_after_seconds"]`` says when to come back."""


class Unavailable(PlatformError, ConnectionError):
    """A service, a port or the disk that is needed cannot be used now."""


class Cancelled(PlatformError):
    """The caller asked to stop."""


class MissingExtra(PlatformError, ImportError):
    """An optional dependency is not installed."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like `name`, or None if none is alike.

    Examples
    --------
    >>> nearest("isolation_forrest", ["knn", "isolation_forest"])
    'isolation_forest'
    """
    matches = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.55)
    return matches[0] if matches else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint that names the nearest known name, else all of them."""
    names = sorted(known)
    match = nearest(name, names)
    return f"Did you mean {match!r}?" if match else f"Known: {', '.join(names)}."
