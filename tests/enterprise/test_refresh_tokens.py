"""Refresh tokens: used once, forgiven for a moment, and the end of the session when they come again."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from anomaly_detection.enterprise.auth.refresh_tokens import LEEWAY
from anomaly_detection.enterprise.auth.tables import refresh_tokens, sessions
from anomaly_detection.enterprise.auth.tokens import hash_secret
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import NotSignedIn
from tests.enterprise.conftest import PASSWORD, House, scope_of


def refused(house: House, token: str) -> str:
    with pytest.raises(NotSignedIn) as caught:
        house.sessions.refresh(token)
    return caught.value.code


def let_leeway_pass(house: House) -> None:
    with house.database.write() as connection:
        earlier = utc_now() - LEEWAY - timedelta(seconds=1)
        connection.execute(
            sa.update(refresh_tokens).where(refresh_tokens.c.used_at.is_not(None)).values(used_at=earlier)
        )


def test_both_tokens_are_new_and_the_session_stays(house: House) -> None:
    house.add("ada")
    first = house.sessions.sign_in("ada", PASSWORD)
    second = house.sessions.refresh(first.refresh_token)
    third = house.sessions.refresh(second.refresh_token)
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
    assert len({first.access_token, second.access_token, third.access_token}) == 3
    assert {first.csrf_token, second.csrf_token} == {third.csrf_token}
    assert {first.session, second.session} == {third.session}
    assert house.sessions.check(third.access_token) == first.session


def test_no_token_outlives_its_session(house: House) -> None:
    house.add("ada")
    signing = house.signing(timedelta(minutes=10), access=timedelta(hours=1))
    signed_in = signing.sign_in("ada", PASSWORD)
    assert signed_in.access_expires_at == signed_in.session.expires_at
    assert signing.refresh(signed_in.refresh_token).access_expires_at == signed_in.session.expires_at


def test_a_token_that_comes_again_ends_the_session(house: House) -> None:
    house.add("ada")
    other = house.sessions.sign_in("ada", PASSWORD)
    first = house.sessions.sign_in("ada", PASSWORD)
    second = house.sessions.refresh(first.refresh_token)
    let_leeway_pass(house)
    assert refused(house, first.refresh_token) == "auth.refresh_token_reused"
    assert house.ended == [first.session.id]
    assert refused(house, second.refresh_token) == "auth.refresh_token_invalid"
    for token in (first.access_token, second.access_token):
        with pytest.raises(NotSignedIn):
            house.sessions.check(token)
    assert house.sessions.check(other.access_token) == other.session


def test_two_tabs_may_use_a_token_at_the_same_moment(house: House) -> None:
    house.add("ada")
    first = house.sessions.sign_in("ada", PASSWORD)
    tabs = [house.sessions.refresh(first.refresh_token) for _ in range(2)]
    let_leeway_pass(house)
    for tab in tabs:
        assert house.sessions.refresh(tab.refresh_token).session == first.session
    assert house.ended == []


def test_many_at_once_all_get_tokens_and_spend_the_old_one_once(house: House) -> None:
    house.add("ada")
    token = house.sessions.sign_in("ada", PASSWORD).refresh_token
    given: list[str] = []
    threads = [
        threading.Thread(target=lambda: given.append(house.sessions.refresh(token).refresh_token)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(given)) == 6
    with house.database.read() as connection:
        used = connection.scalars(sa.select(refresh_tokens.c.token_hash).where(refresh_tokens.c.used_at.is_not(None)))
        assert list(used) == [hash_secret(token)]


@pytest.mark.parametrize("token", ["", "adr_nothing", "\ud800", "x" * 10_000])
def test_what_is_no_token_gives_nothing(house: House, token: str) -> None:
    assert refused(house, token) == "auth.refresh_token_invalid"


def test_an_access_token_is_no_refresh_token(house: House) -> None:
    house.add("ada")
    assert refused(house, house.sessions.sign_in("ada", PASSWORD).access_token) == "auth.refresh_token_invalid"


def test_what_has_ended_cannot_be_refreshed(house: House) -> None:
    user = house.add("ada")
    signed_out, expired, locked_out = (house.sessions.sign_in("ada", PASSWORD) for _ in range(3))
    house.sessions.sign_out(signed_out.session)
    with house.database.write() as connection:
        this = sessions.c.id == expired.session.id
        connection.execute(sa.update(sessions).where(this).values(expires_at=utc_now() - timedelta(seconds=1)))
    house.users.change(scope_of(user), user.id, disabled=True)
    for signed_in in (signed_out, expired, locked_out):
        assert refused(house, signed_in.refresh_token) == "auth.refresh_token_invalid"


def test_the_database_holds_hashes_alone(house: House) -> None:
    house.add("ada")
    token = house.sessions.sign_in("ada", PASSWORD).refresh_token
    with house.database.read() as connection:
        rows = [str(tuple(row)) for row in connection.execute(sa.select(refresh_tokens))]
    assert len(rows) == 1
    assert token not in rows[0]
    assert hash_secret(token) in rows[0]


def test_tokens_go_with_their_session(house: House) -> None:
    house.add("ada")
    first = house.sessions.sign_in("ada", PASSWORD)
    with house.database.write() as connection:
        connection.execute(sa.update(sessions).values(expires_at=utc_now() - timedelta(days=1)))
    house.sessions.sign_in("ada", PASSWORD)
    with house.database.read() as connection:
        kept = set(connection.scalars(sa.select(refresh_tokens.c.session_id)))
    assert len(kept) == 1
    assert first.session.id not in kept
