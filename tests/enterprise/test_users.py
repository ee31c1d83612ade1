"""What administrators do to users: in their own tenant alone, at once, and never to the last of themselves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from anomaly_detection.enterprise.auth.accounts import User
from anomaly_detection.enterprise.auth.sessions import Session
from anomaly_detection.enterprise.auth.tables import sessions, users
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import Conflict, InvalidInput, NotFound, NotSignedIn
from tests.enterprise.conftest import PASSWORD, House, hashed, scope_of


def test_a_new_user_comes_in_by_a_link(house: House) -> None:
    admin = house.add("root", "admin")
    account, link = house.users.create(scope_of(admin), " Ada ", "analyst")
    assert (account.username, account.role, account.disabled, account.has_password) == ("ada", "analyst", False, False)
    assert account.last_sign_in_at is None
    session = house.sessions.sign_in_once(link.one_time_token, PASSWORD).session
    assert (session.user.id, session.user.tenant.id) == (account.id, admin.tenant.id)
    later = house.users.get(scope_of(admin), account.id)
    assert later.has_password
    assert later.last_sign_in_at is not None


def test_users_are_listed_newest_first_and_by_pages(house: House) -> None:
    admin = house.add("root", "admin")
    house.add("stranger", "admin", "two")
    ids = [house.users.create(scope_of(admin), f"user-{number}", "viewer")[0].id for number in range(4)]
    first = house.users.list(scope_of(admin), limit=3)
    rest = house.users.list(scope_of(admin), limit=3, after=first[-1].id)
    assert [account.id for account in (*first, *rest)] == sorted([*ids, admin.id], reverse=True)


def test_names_are_unique_over_all_tenants(house: House) -> None:
    one, two = house.add("root", "admin"), house.add("chief", "admin", "two")
    house.users.create(scope_of(one), "ada", "viewer")
    with pytest.raises(Conflict) as caught:
        house.users.create(scope_of(two), "ADA", "viewer")
    assert caught.value.code == "auth.username_taken"
    assert len(house.users.list(scope_of(two))) == 1


def test_odd_names_and_roles_are_refused(house: House) -> None:
    admin = house.add("root", "admin")
    for name, role, code in (("a b", "viewer", "auth.invalid_username"), ("ada", "owner", "auth.unknown_role")):
        with pytest.raises(InvalidInput) as caught:
            house.users.create(scope_of(admin), name, role)
        assert caught.value.code == code
    with pytest.raises(InvalidInput):
        house.users.change(scope_of(admin), admin.id, role="owner")


def test_another_tenants_user_is_nobody(house: House) -> None:
    ada, chief = house.add("ada", "viewer"), house.add("chief", "admin", "two")
    for act in (
        lambda: house.users.get(scope_of(chief), ada.id),
        lambda: house.users.change(scope_of(chief), ada.id, role="admin"),
        lambda: house.users.change(scope_of(chief), ada.id, disabled=True),
        lambda: house.users.delete(scope_of(chief), ada.id),
        lambda: house.users.make_one_time_link(scope_of(chief), ada.id),
    ):
        with pytest.raises(NotFound) as caught:
            act()
        assert caught.value.code == "auth.user_not_found"
    assert house.accounts.find("ada") == ada


def test_who_is_disabled_is_out_at_once_and_may_come_back(house: House) -> None:
    admin, ada = house.add("root", "admin"), house.add("ada")
    signed_in = house.sessions.sign_in("ada", PASSWORD)
    key, secret = house.keys.create(scope_of(ada), "program")
    link = house.users.make_one_time_link(scope_of(admin), ada.id)
    account = house.users.change(scope_of(admin), ada.id, disabled=True)
    assert account.disabled
    assert set(house.ended) == {signed_in.session.id, key.id}
    for act in (
        lambda: house.sessions.check(signed_in.access_token),
        lambda: house.sessions.refresh(signed_in.refresh_token),
        lambda: house.sessions.sign_in("ada", PASSWORD),
        lambda: house.sessions.sign_in_once(link.one_time_token, "another four words"),
        lambda: house.keys.prove(secret),
    ):
        with pytest.raises(NotSignedIn):
            act()
    assert not house.sessions.holds(signed_in.session)
    with pytest.raises(Conflict) as caught:
        house.users.make_one_time_link(scope_of(admin), ada.id)
    assert caught.value.code == "auth.user_disabled"
    assert not house.users.change(scope_of(admin), ada.id, disabled=False).disabled
    assert house.sessions.sign_in("ada", PASSWORD).session.user.id == ada.id
    with pytest.raises(NotSignedIn):
        house.keys.prove(secret)


def test_the_answer_to_a_disabled_user_is_that_to_a_wrong_password(house: House) -> None:
    admin, ada = house.add("root", "admin"), house.add("ada")
    house.users.change(scope_of(admin), ada.id, disabled=True)
    said = []
    for name, password in (("ada", PASSWORD), ("ada", "wrong"), ("nobody", PASSWORD)):
        with pytest.raises(NotSignedIn) as caught:
            house.sessions.sign_in(name, password)
        said.append((caught.value.code, caught.value.message))
    assert len(set(said)) == 1


def test_another_role_holds_from_the_next_request_on(house: House) -> None:
    admin, ada = house.add("root", "admin"), house.add("ada", "analyst")
    signed_in = house.sessions.sign_in("ada", PASSWORD)
    assert house.users.change(scope_of(admin), ada.id, role="viewer").role == "viewer"
    assert house.ended == [signed_in.session.id]
    assert house.sessions.check(signed_in.access_token).user.role == "viewer"


def test_a_change_of_nothing_changes_nothing(house: House) -> None:
    admin, ada = house.add("root", "admin"), house.add("ada")
    before = house.users.get(scope_of(admin), ada.id)
    assert house.users.change(scope_of(admin), ada.id) == before
    assert house.users.change(scope_of(admin), ada.id, disabled=False) == before
    house.users.change(scope_of(admin), ada.id, disabled=True)
    with house.database.read() as connection:
        first = connection.scalar(sa.select(users.c.disabled_at).where(users.c.id == ada.id))
    house.users.change(scope_of(admin), ada.id, disabled=True)
    with house.database.read() as connection:
        assert connection.scalar(sa.select(users.c.disabled_at).where(users.c.id == ada.id)) == first


def test_a_removed_user_leaves_nothing_that_lets_them_in(house: House) -> None:
    admin, ada = house.add("root", "admin"), house.add("ada")
    signed_in = house.sessions.sign_in("ada", PASSWORD)
    key, secret = house.keys.create(scope_of(ada), "program")
    house.users.delete(scope_of(admin), ada.id)
    assert set(house.ended) == {signed_in.session.id, key.id}
    for act in (
        lambda: house.sessions.check(signed_in.access_token),
        lambda: house.sessions.refresh(signed_in.refresh_token),
        lambda: house.keys.prove(secret),
        lambda: house.sessions.sign_in("ada", PASSWORD),
    ):
        with pytest.raises(NotSignedIn):
            act()
    with pytest.raises(NotFound):
        house.users.get(scope_of(admin), ada.id)


@pytest.mark.parametrize("how", ["demote", "disable", "delete"])
def test_the_last_administrator_stays(house: House, how: str) -> None:
    admin = house.add("root", "admin")
    house.add("chief", "admin", "two")
    invited = house.add("invited", "admin", password=None)
    gone = house.add("gone", "admin")
    house.users.change(scope_of(admin), gone.id, disabled=True)

    def take_away(user_id: str) -> None:
        if how == "demote":
            house.users.change(scope_of(admin), user_id, role="analyst")
        elif how == "disable":
            house.users.change(scope_of(admin), user_id, disabled=True)
        else:
            house.users.delete(scope_of(admin), user_id)

    with pytest.raises(Conflict) as caught:
        take_away(admin.id)
    assert caught.value.code == "auth.last_administrator"
    take_away(invited.id)
    take_away(gone.id)
    second = house.add("second", "admin")
    take_away(second.id)
    with pytest.raises(Conflict):
        take_away(admin.id)


def demote_each_other(house: House, pair: tuple[User, User]) -> list[str]:
    """Let two administrators take each other's role at the same moment; return what came of it."""
    start, outcomes = threading.Barrier(2), list[str]()

    def demote(actor: User, victim: User) -> None:
        start.wait()
        try:
            house.users.change(scope_of(actor), victim.id, role="viewer")
            outcomes.append("done")
        except Conflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=demote, args=order) for order in (pair, pair[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def test_two_administrators_cannot_take_each_other_away_at_once(house: House) -> None:
    for tenant in ("t1", "t2", "t3", "t4", "t5"):
        pair = (house.add(f"a-{tenant}", "admin", tenant), house.add(f"b-{tenant}", "admin", tenant))
        assert demote_each_other(house, pair) == ["done", "refused"]


def test_a_lock_is_shown_while_it_lasts(house: House) -> None:
    admin, ada = house.add("root", "admin"), house.add("ada")
    for moment in (utc_now() + timedelta(minutes=1), utc_now() - timedelta(minutes=1)):
        with house.database.write() as connection:
            connection.execute(sa.update(users).where(users.c.id == ada.id).values(locked_until=moment))
        shown = house.users.get(scope_of(admin), ada.id).locked_until
        assert shown == (moment if moment > utc_now() else None)


def test_disabling_while_a_link_is_used_ends_one_way_or_the_other(house: House) -> None:
    admin = house.add("root", "admin")
    for number in range(4):
        account, link = house.users.create(scope_of(admin), f"ada-{number}", "viewer")
        outcomes: list[str] = []

        def come_in(token: str = link.one_time_token, outcomes: list[str] = outcomes) -> None:
            try:
                house.sessions.sign_in_once(token, PASSWORD)
                outcomes.append("in")
            except NotSignedIn:
                outcomes.append("out")

        thread = threading.Thread(target=come_in)
        thread.start()
        house.users.change(scope_of(admin), account.id, disabled=True)
        thread.join()
        assert len(outcomes) == 1
        with house.database.read() as connection:
            open_sessions = sa.select(sessions.c.id).where(
                sessions.c.user_id == account.id, sessions.c.revoked_at.is_(None)
            )
            assert connection.execute(open_sessions).first() is None


def while_replaced(house: House, attempt: Callable[[], object]) -> list[str]:
    """Make an attempt with the old password while a transaction replaces it; return the codes of its refusal."""
    user = house.add("ada")
    refused: list[str] = []

    def try_it() -> None:
        try:
            attempt()
        except (NotSignedIn, InvalidInput) as error:
            refused.append(error.code)

    thread = threading.Thread(target=try_it)
    with house.database.write() as connection:
        connection.execute(sa.update(users).where(users.c.id == user.id).values(password_hash=hashed("another one")))
        thread.start()
        # Until it has checked the old password and waits for this transaction; where it is slower, it is refused as well.
        thread.join(1.5)
    thread.join()
    return refused


def test_a_password_that_was_just_replaced_begins_no_session(house: House) -> None:
    assert while_replaced(house, lambda: house.sessions.sign_in("ada", PASSWORD)) == ["auth.invalid_credentials"]
    with house.database.read() as connection:
        assert connection.execute(sa.select(sessions.c.id)).all() == []


def test_a_password_is_changed_by_one_of_two_at_once(house: House) -> None:
    def change() -> None:
        session = Session("a session", house.accounts.find("ada"), utc_now() + timedelta(hours=1))
        house.sessions.change_password(session, PASSWORD, "the password of a thief")

    assert while_replaced(house, change) == ["auth.wrong_password"]
    assert house.sessions.sign_in("ada", "another one").session.user.username == "ada"
