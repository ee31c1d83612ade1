"""Accounts and sessions on real databases."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from anomaly_detection.enterprise.auth.accounts import Accounts
from anomaly_detection.enterprise.auth.passwords import verify_password
from anomaly_detection.enterprise.auth.sessions import FREE_ATTEMPTS, Sessions
from anomaly_detection.enterprise.auth.tables import one_time_tokens, sessions, users
from anomaly_detection.enterprise.auth.tokens import TokenSigner
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import Conflict, InvalidInput, NotFound, NotSignedIn

PASSWORD = "four words that stay"


@pytest.fixture
def accounts(database: Database) -> Accounts:
    return Accounts(database)


@pytest.fixture
def signing(database: Database, accounts: Accounts) -> Sessions:
    return Sessions(database, accounts, TokenSigner(b"k" * 32), timedelta(hours=1))


def test_the_first_start_makes_one_administrator(accounts: Accounts) -> None:
    first, made = accounts.ensure_administrator()
    second, made_again = accounts.ensure_administrator()
    assert (made, made_again) == (True, False)
    assert first == second
    assert (first.username, first.role, first.tenant.name, first.has_password) == ("admin", "admin", "default", False)


def test_a_user_without_password_cannot_sign_in(accounts: Accounts, signing: Sessions) -> None:
    accounts.ensure_administrator()
    for password in ("", "admin", PASSWORD):
        with pytest.raises(NotSignedIn):
            signing.sign_in("admin", password)


def test_usernames_are_one_for_all_tenants(accounts: Accounts) -> None:
    accounts.create_user(accounts.create_tenant("one"), "Ada", "viewer", PASSWORD)
    with pytest.raises(Conflict) as caught:
        accounts.create_user(accounts.create_tenant("two"), "ada", "viewer", PASSWORD)
    assert caught.value.code == "auth.username_taken"


@pytest.mark.parametrize("name", ["", " ", "a b", "-a", "a" * 65, "ä", "a\n"])
def test_odd_usernames_are_refused(accounts: Accounts, name: str) -> None:
    if name == "a\n":
        # Space around a name is a slip of the hand.
        assert accounts.create_user(accounts.create_tenant("one"), name, "viewer").username == "a"
        return
    with pytest.raises(InvalidInput) as caught:
        accounts.create_user(accounts.create_tenant("one"), name, "viewer")
    assert caught.value.code == "auth.invalid_username"


def test_nothing_secret_is_stored(accounts: Accounts, signing: Sessions, database: Database) -> None:
    user = accounts.create_user(accounts.create_tenant("one"), "ada", "viewer", PASSWORD)
    token, _ = accounts.make_one_time_token(user)
    access = signing.sign_in("ada", PASSWORD).access_token
    with database.read() as connection:
        rows = [
            str(row) for table in (users, sessions, one_time_tokens) for row in connection.execute(sa.select(table))
        ]
    assert len(rows) == 3
    assert not [row for row in rows for secret in (PASSWORD, token, access) if secret in row]


def test_a_one_time_token_ends_after_a_day(accounts: Accounts, database: Database) -> None:
    user, _ = accounts.ensure_administrator()
    token, expires_at = accounts.make_one_time_token(user)
    assert timedelta(hours=23) < expires_at - utc_now() <= timedelta(hours=24)
    with database.write() as connection:
        connection.execute(sa.update(one_time_tokens).values(expires_at=utc_now() - timedelta(seconds=1)))
    with pytest.raises(NotSignedIn) as caught:
        accounts.choose_password(token, PASSWORD)
    assert caught.value.code == "auth.one_time_token_invalid"


def test_a_one_time_token_works_for_one_of_many_at_once(accounts: Accounts) -> None:
    user, _ = accounts.ensure_administrator()
    token, _ = accounts.make_one_time_token(user)
    outcomes: list[str] = []

    def spend(number: int) -> None:
        try:
            accounts.choose_password(token, f"{PASSWORD} {number}")
            outcomes.append("won")
        except NotSignedIn:
            outcomes.append("lost")

    threads = [threading.Thread(target=spend, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["lost", "lost", "lost", "won"]


def test_reset_gives_a_way_back_and_lifts_the_lock(accounts: Accounts, signing: Sessions, database: Database) -> None:
    accounts.create_user(accounts.create_tenant("one"), "ada", "viewer", PASSWORD)
    for _ in range(FREE_ATTEMPTS + 3):
        with pytest.raises(NotSignedIn):
            signing.sign_in("ada", "wrong")
    token, _ = accounts.reset("ADA")
    assert accounts.choose_password(token, "another four words").username == "ada"
    assert signing.sign_in("ada", "another four words").session.user.username == "ada"
    with pytest.raises(NotSignedIn):
        signing.sign_in("ada", PASSWORD)
    with pytest.raises(NotFound):
        accounts.reset("nobody")


def test_wrong_attempts_wait_longer_and_longer(accounts: Accounts, signing: Sessions, database: Database) -> None:
    accounts.create_user(accounts.create_tenant("one"), "ada", "viewer", PASSWORD)
    for attempt in range(FREE_ATTEMPTS + 4):
        before = utc_now()
        with pytest.raises(NotSignedIn):
            signing.sign_in("ada", "wrong")
        after = utc_now()
        with database.write() as connection:
            row = connection.execute(sa.select(users.c.failed_sign_ins, users.c.locked_until)).one()
            connection.execute(sa.update(users).values(locked_until=None))
        assert row.failed_sign_ins == attempt + 1
        if attempt + 1 < FREE_ATTEMPTS:
            assert row.locked_until is None
        else:
            wait = timedelta(seconds=2 ** (attempt + 1 - FREE_ATTEMPTS))
            assert before + wait <= row.locked_until <= after + wait
    assert signing.sign_in("ada", PASSWORD).session.user.username == "ada"


def test_a_changed_role_holds_at_once(accounts: Accounts, signing: Sessions, database: Database) -> None:
    accounts.create_user(accounts.create_tenant("one"), "ada", "admin", PASSWORD)
    token = signing.sign_in("ada", PASSWORD).access_token
    with database.write() as connection:
        connection.execute(sa.update(users).values(role="viewer"))
    assert signing.check(token).user.role == "viewer"


def test_a_removed_user_is_signed_out(accounts: Accounts, signing: Sessions, database: Database) -> None:
    accounts.create_user(accounts.create_tenant("one"), "ada", "admin", PASSWORD)
    token = signing.sign_in("ada", PASSWORD).access_token
    with database.write() as connection:
        connection.execute(sa.delete(users))
    with pytest.raises(NotSignedIn):
        signing.check(token)


def test_guesses_made_at_once_all_meet_the_lock(
    accounts: Accounts, signing: Sessions, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts.create_user(accounts.create_tenant("one"), "ada", "viewer", PASSWORD)
    for _ in range(FREE_ATTEMPTS - 1):
        with pytest.raises(NotSignedIn):
            signing.sign_in("ada", "wrong")
    real = verify_password

    def while_another_guess_fails(password: str, password_hash: str | None) -> bool:
        monkeypatch.setattr("anomaly_detection.enterprise.auth.sessions.verify_password", real)
        with pytest.raises(NotSignedIn):
            signing.sign_in("ada", "wrong")
        return real(password, password_hash)

    monkeypatch.setattr("anomaly_detection.enterprise.auth.sessions.verify_password", while_another_guess_fails)
    with pytest.raises(NotSignedIn):
        signing.sign_in("ada", PASSWORD)


def test_a_session_holds_until_a_new_password(accounts: Accounts, signing: Sessions) -> None:
    accounts.create_user(accounts.create_tenant("one"), "ada", "viewer", PASSWORD)
    session = signing.sign_in("ada", PASSWORD).session
    assert signing.holds(session)
    accounts.choose_password(accounts.reset("ada")[0], "another four words")
    assert not signing.holds(session)
