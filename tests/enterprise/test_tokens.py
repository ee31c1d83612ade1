"""The signing key on disk."""

from __future__ import annotations

import stat
from pathlib import Path

from anomaly_detection.enterprise.auth.tokens import TokenSigner, load_or_create_key


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    key = load_or_create_key(folder)
    assert len(key) == 32
    assert load_or_create_key(folder) == key
    assert load_or_create_key(tmp_path / "other") != key
    assert stat.S_IMODE((folder / "token.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_key_that_was_cut_off_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "token.key").write_bytes(b"half")
    key = load_or_create_key(tmp_path)
    assert len(key) == 32
    assert load_or_create_key(tmp_path) == key


def test_csrf_tokens_belong_to_one_session_and_one_key() -> None:
    signer, other = TokenSigner(b"a" * 32), TokenSigner(b"b" * 32)
    token = signer.csrf_token("session-1")
    assert signer.check_csrf("session-1", token)
    assert not signer.check_csrf("session-2", token)
    assert not other.check_csrf("session-1", token)
    assert not signer.check_csrf("session-1", "")
