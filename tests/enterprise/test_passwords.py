"""Passwords: what is accepted, and what the hashes give away."""

from __future__ import annotations

import threading

import pytest

from anomaly_detection.enterprise.auth import passwords
from anomaly_detection.shared.errors import InvalidInput, Unavailable


def test_a_hash_knows_its_password_and_no_other() -> None:
    first, second = passwords.hash_password("four words that stay"), passwords.hash_password("four words that stay")
    assert first != second
    assert "four" not in first
    assert passwords.verify_password("four words that stay", first)
    assert not passwords.verify_password("four words that Stay", first)


def test_the_same_text_in_another_form_is_the_same_password() -> None:
    assert passwords.verify_password("Caf\u00e9 mit Zucker", passwords.hash_password("Cafe\u0301 mit Zucker"))


def test_nobody_costs_what_somebody_costs() -> None:
    parameters = passwords.hash_password("four words that stay").split("$")[:4]
    assert passwords._NOBODY.split("$")[:4] == parameters
    assert not passwords.verify_password("four words that stay", None)


@pytest.mark.parametrize("password", ["", "short", "elevenchars", "x" * 1025, "aaaaaaaaaaaaaa", "ababababababab"])
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        passwords.check_strength(password, "somebody")
    assert caught.value.code == "auth.weak_password"
    assert not password or password not in caught.value.message.replace("characters", "")


def test_the_username_is_no_password() -> None:
    with pytest.raises(InvalidInput):
        passwords.check_strength("administrator", "Administrator")
    passwords.check_strength("administrator and more", "administrator")


def test_an_endless_password_is_not_even_hashed() -> None:
    assert not passwords.verify_password("x" * 10_000_000, passwords.hash_password("four words that stay"))


def test_few_wait_to_be_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_ROOM", threading.BoundedSemaphore(1))
    with passwords._slot(), pytest.raises(Unavailable) as caught:
        passwords.verify_password("four words that stay", None)
    assert caught.value.code == "auth.busy"
    assert not passwords.verify_password("four words that stay", None)
