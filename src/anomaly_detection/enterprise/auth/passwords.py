"""Passwords: what is accepted, and the argon2 hashes that stand for them."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from anomaly_detection.shared.errors import InvalidInput, Unavailable

MINIMUM_LENGTH = 12
MAXIMUM_LENGTH = 1024

_HASH = PasswordHash((Argon2Hasher(),))
# One hash holds 64 MiB while it is computed: a burst of sign-ins must not take all the memory there is.
_SLOTS = threading.BoundedSemaphore(4)
# Whoever waits holds one of the server's threads: strangers who keep signing in must leave some to everybody else.
_ROOM = threading.BoundedSemaphore(16)
# The hash of 32 random bytes that nobody kept: checking against it costs what checking a real one costs.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$cLp8Cj5UUOdoVS3avMVk/w$E7kU73zUZtEORHSgRMbD3SIEb4S7H5ljPtmq/rCWRmQ"


def check_strength(password: str, username: str) -> None:
    """Refuse a password that is too short, too long or the username itself.

    Raises
    ------
    InvalidInput
        ``auth.weak_password``.
    """
    if not MINIMUM_LENGTH <= len(password) <= MAXIMUM_LENGTH:
        raise InvalidInput(
            f"The password has {len(password)} characters; {MINIMUM_LENGTH} to {MAXIMUM_LENGTH} are allowed.",
            code="auth.weak_password",
            hint="Take a longer one: four or five words that do not belong together are easy to remember.",
            details={"minimum_length": MINIMUM_LENGTH, "maximum_length": MAXIMUM_LENGTH},
        )
    if len(set(password)) < 4 or not password.casefold().replace(username.casefold(), ""):
        raise InvalidInput(
            "The password repeats the username or a few characters.",
            code="auth.weak_password",
            hint="Take four or five words that do not belong together.",
        )


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, with its own random salt.

    Raises
    ------
    Unavailable
        ``auth.busy``: too many sign-ins at once.
    """
    with _slot():
        return _HASH.hash(_normal(password))


def verify_password(password: str, password_hash: str | None) -> bool:
    """Tell whether the password is the one that was hashed.

    Without a hash (no such user, or no password yet) the same work is done and the answer is no, so that the time
    that it takes tells nobody which usernames exist.

    Raises
    ------
    Unavailable
        ``auth.busy``: too many sign-ins at once.
    """
    if len(password) > MAXIMUM_LENGTH:
        return False
    with _slot():
        matches = _HASH.verify(_normal(password), password_hash or _NOBODY)
    return matches and password_hash is not None


@contextmanager
def _slot() -> Iterator[None]:
    if not _ROOM.acquire(blocking=False):
        raise Unavailable("Too many people are signing in.", code="auth.busy", hint="Try again in a moment.")
    try:
        with _SLOTS:
            yield
    finally:
        _ROOM.release()


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)
