"""Remembering who asks: quick, bounded, and forgotten the moment that it ends."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from anomaly_detection.enterprise.auth.proofs import Proofs
from anomaly_detection.enterprise.auth.sessions import SignedIn
from anomaly_detection.enterprise.auth.tables import users
from anomaly_detection.shared.errors import NotSignedIn
from tests.enterprise.conftest import PASSWORD, House, scope_of


@pytest.fixture
def proofs(house: House) -> Proofs:
    return Proofs(house.sessions, house.keys, house.endings, seconds=600)


def refused(proofs: Proofs, token: str) -> str:
    assert proofs.recall(token) is None
    with pytest.raises(NotSignedIn) as caught:
        proofs.check(token)
    return caught.value.code


def test_a_check_is_remembered_without_the_database(house: House, proofs: Proofs) -> None:
    ada = house.add("ada")
    signed_in, (_, secret) = house.sessions.sign_in("ada", PASSWORD), house.keys.create(scope_of(ada), "nightly")
    for token in (signed_in.access_token, secret):
        assert proofs.recall(token) is None
        proof = proofs.check(token)
        assert proofs.recall(token) is proof
        assert proofs.check(token) is proof
        assert proofs.holds(proof)


def test_only_what_proved_something_is_remembered(house: House, proofs: Proofs) -> None:
    for token in ("nothing", "adk_nothing", "", "\ud800"):
        assert refused(proofs, token) == "auth.token_invalid"
    assert len(proofs) == 0


@pytest.mark.parametrize("how", ["sign out", "disable", "role", "delete", "new password", "own password", "stolen"])
def test_what_ends_is_forgotten_at_once(house: House, proofs: Proofs, how: str) -> None:
    admin, ada = house.add("root", "admin"), house.add("ada", "analyst")
    signed_in, other = (house.sessions.sign_in("ada", PASSWORD) for _ in range(2))
    proofs.check(signed_in.access_token)
    if how == "sign out":
        house.sessions.sign_out(signed_in.session)
    elif how == "disable":
        house.users.change(scope_of(admin), ada.id, disabled=True)
    elif how == "role":
        house.users.change(scope_of(admin), ada.id, role="viewer")
        assert proofs.recall(signed_in.access_token) is None
        assert proofs.check(signed_in.access_token).user.role == "viewer"
        return
    elif how == "delete":
        house.users.delete(scope_of(admin), ada.id)
    elif how == "new password":
        house.accounts.choose_password(house.accounts.reset("ada")[0], "another four words")
    elif how == "own password":
        house.sessions.change_password(other.session, PASSWORD, "another four words")
        assert proofs.check(other.access_token).id == other.session.id
    else:
        steal(house, signed_in)
    assert refused(proofs, signed_in.access_token) == "auth.token_invalid"


def steal(house: House, signed_in: SignedIn) -> None:
    from anomaly_detection.enterprise.auth.tables import refresh_tokens

    house.sessions.refresh(signed_in.refresh_token)
    with house.database.write() as connection:
        earlier = signed_in.access_expires_at - timedelta(days=1)
        connection.execute(
            sa.update(refresh_tokens).where(refresh_tokens.c.used_at.is_not(None)).values(used_at=earlier)
        )
    with pytest.raises(NotSignedIn):
        house.sessions.refresh(signed_in.refresh_token)


def test_a_revoked_key_is_forgotten_at_once(house: House, proofs: Proofs) -> None:
    ada = house.add("ada")
    key, secret = house.keys.create(scope_of(ada), "nightly")
    proofs.check(secret)
    house.keys.revoke_own(scope_of(ada), key.id)
    assert refused(proofs, secret) == "auth.token_invalid"


def test_what_ends_while_it_is_read_is_not_remembered(
    house: House, proofs: Proofs, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.add("ada")
    signed_in = house.sessions.sign_in("ada", PASSWORD)
    prove = house.sessions.prove

    def sign_out_meanwhile(token: str) -> object:
        read = prove(token)
        house.sessions.sign_out(signed_in.session)
        return read

    monkeypatch.setattr(house.sessions, "prove", sign_out_meanwhile)
    proofs.check(signed_in.access_token)
    monkeypatch.undo()
    assert refused(proofs, signed_in.access_token) == "auth.token_invalid"


def test_a_token_ends_at_its_time_remembered_or_not(house: House) -> None:
    house.add("ada")
    signing = house.signing(timedelta(hours=1), access=timedelta(seconds=2))
    proofs = Proofs(signing, house.keys, house.endings, seconds=600)
    token = signing.sign_in("ada", PASSWORD).access_token
    proofs.check(token)
    deadline = time.monotonic() + 30
    while proofs.recall(token) is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert refused(proofs, token) == "auth.token_expired"


def test_what_another_process_changed_is_seen_when_the_time_is_up(house: House) -> None:
    proofs = Proofs(house.sessions, house.keys, house.endings, seconds=0.2)
    house.add("ada")
    token = house.sessions.sign_in("ada", PASSWORD).access_token
    proofs.check(token)
    with house.database.write() as connection:
        connection.execute(sa.update(users).values(role="viewer"))
    deadline = time.monotonic() + 30
    while proofs.check(token).user.role != "viewer":
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_memory_is_bounded_and_the_oldest_makes_room(house: House) -> None:
    proofs = Proofs(house.sessions, house.keys, house.endings, seconds=600, capacity=3)
    house.add("ada")
    first = house.sessions.sign_in("ada", PASSWORD)
    tokens = [first.access_token]
    tokens += [house.sessions.refresh(first.refresh_token).access_token for _ in range(4)]
    for token in tokens:
        proofs.check(token)
    assert len(proofs) == 3
    assert [proofs.recall(token) is not None for token in tokens] == [False, False, True, True, True]


def test_nothing_is_remembered_where_that_is_switched_off(house: House) -> None:
    proofs = Proofs(house.sessions, house.keys, house.endings, seconds=0)
    house.add("ada")
    token = house.sessions.sign_in("ada", PASSWORD).access_token
    proofs.check(token)
    assert proofs.recall(token) is None
