"""API keys: never more than their user, ended at once, and nowhere to be read again."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from anomaly_detection.enterprise.auth import api_keys as module
from anomaly_detection.enterprise.auth.api_keys import MAXIMUM_KEYS, USE_INTERVAL
from anomaly_detection.enterprise.auth.proof import NEVER
from anomaly_detection.enterprise.auth.tables import api_keys
from anomaly_detection.enterprise.auth.tokens import hash_secret
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import Conflict, InvalidInput, NotAllowed, NotFound, NotSignedIn, Unavailable
from tests.enterprise.conftest import House, scope_of


def refused(house: House, secret: str) -> str:
    with pytest.raises(NotSignedIn) as caught:
        house.keys.prove(secret)
    return caught.value.code


def test_a_key_proves_its_user(house: House) -> None:
    ada = house.add("ada", "analyst")
    key, secret = house.keys.create(scope_of(ada), "nightly")
    assert (key.name, key.role, key.user.username, key.revoked_at) == ("nightly", "analyst", "ada", None)
    assert secret.startswith(key.prefix)
    assert len(secret) - len(key.prefix) >= 35
    proof, end = house.keys.prove(secret)
    assert (proof.id, proof.user, end) == (key.id, ada, NEVER)
    assert house.keys.holds(proof)


def test_the_database_holds_the_hash_alone(house: House) -> None:
    _, secret = house.keys.create(scope_of(house.add("ada")), "nightly")
    with house.database.read() as connection:
        row = connection.execute(sa.select(api_keys)).one()
    assert secret not in str(tuple(row))
    assert row.key_hash == hash_secret(secret)


@pytest.mark.parametrize(("own", "wanted"), [("viewer", "analyst"), ("viewer", "admin"), ("analyst", "admin")])
def test_a_key_cannot_hold_more_than_its_maker(house: House, own: str, wanted: str) -> None:
    ada = house.add("ada", own)
    with pytest.raises(NotAllowed) as caught:
        house.keys.create(scope_of(ada), "nightly", role=wanted)
    assert caught.value.code == "auth.role_too_high"
    assert house.keys.list_own(scope_of(ada)) == []


def test_a_key_falls_and_rises_with_its_user_and_never_above_itself(house: House) -> None:
    admin, ada = house.add("root", "admin"), house.add("ada", "analyst")
    _, secret = house.keys.create(scope_of(ada), "nightly")
    for role, holds in (("viewer", "viewer"), ("admin", "analyst"), ("analyst", "analyst")):
        house.users.change(scope_of(admin), ada.id, role=role)
        assert house.keys.prove(secret)[0].user.role == holds
        assert house.keys.list_own(scope_of(ada))[0].role == holds


def test_a_key_ends_at_its_time(house: House) -> None:
    ada = house.add("ada")
    end = utc_now() + timedelta(hours=1)
    key, secret = house.keys.create(scope_of(ada), "short", expires_at=end)
    proof, _ = house.keys.prove(secret)
    assert proof.expires_at == end
    with house.database.write() as connection:
        past = utc_now() - timedelta(seconds=1)
        connection.execute(sa.update(api_keys).where(api_keys.c.id == key.id).values(expires_at=past))
    assert refused(house, secret) == "auth.token_expired"
    with pytest.raises(InvalidInput) as caught:
        house.keys.create(scope_of(ada), "late", expires_at=utc_now() - timedelta(seconds=1))
    assert caught.value.code == "auth.invalid_expiry"


def test_a_revoked_key_is_dead(house: House) -> None:
    ada = house.add("ada")
    key, secret = house.keys.create(scope_of(ada), "nightly")
    proof, _ = house.keys.prove(secret)
    house.keys.revoke_own(scope_of(ada), key.id)
    assert refused(house, secret) == "auth.token_invalid"
    assert not house.keys.holds(proof)
    assert house.ended == [key.id]
    first = house.keys.list_own(scope_of(ada))[0].revoked_at
    house.keys.revoke_own(scope_of(ada), key.id)
    assert house.keys.list_own(scope_of(ada))[0].revoked_at == first


@pytest.mark.parametrize("secret", ["adk_", "adk_" + "A" * 43, "adk_\ud800", "adk_" + "x" * 10_000])
def test_what_nobody_made_proves_nothing(house: House, secret: str) -> None:
    assert refused(house, secret) == "auth.token_invalid"


def test_whose_keys_are_seen_and_ended_by_whom(house: House) -> None:
    ada, ben, stranger = house.add("ada"), house.add("ben", "admin"), house.add("eve", "admin", "two")
    key, secret = house.keys.create(scope_of(ada), "ada's")
    other, _ = house.keys.create(scope_of(ben), "ben's")
    assert [found.id for found in house.keys.list_own(scope_of(ada))] == [key.id]
    assert {found.id for found in house.keys.list_all(scope_of(ben))} == {key.id, other.id}
    assert house.keys.list_all(scope_of(stranger)) == []
    for act in (
        lambda: house.keys.revoke_own(scope_of(ada), other.id),
        lambda: house.keys.revoke_any(scope_of(stranger), key.id),
        lambda: house.keys.revoke_own(scope_of(stranger), key.id),
    ):
        with pytest.raises(NotFound) as caught:
            act()
        assert caught.value.code == "auth.api_key_not_found"
    house.keys.revoke_any(scope_of(ben), key.id)
    assert refused(house, secret) == "auth.token_invalid"


def test_the_last_use_is_known_to_the_minute(house: House) -> None:
    ada = house.add("ada")
    key, secret = house.keys.create(scope_of(ada), "nightly")
    assert key.last_used_at is None

    def last_use() -> object:
        return house.keys.list_own(scope_of(ada))[0].last_used_at

    house.keys.prove(secret)
    first = last_use()
    assert first is not None
    house.keys.prove(secret)
    assert last_use() == first
    with house.database.write() as connection:
        connection.execute(sa.update(api_keys).values(last_used_at=utc_now() - USE_INTERVAL))
    house.keys.prove(secret)
    assert last_use() > first  # type: ignore[operator]


def test_a_full_disk_does_not_keep_out_who_only_reads(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret = house.keys.create(scope_of(house.add("ada")), "nightly")

    def full() -> object:
        raise Unavailable("The disk is full.", code="platform.disk_full")

    monkeypatch.setattr(house.database, "write", full)
    assert house.keys.prove(secret)[0].user.username == "ada"


def test_one_user_has_room_for_so_many(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAXIMUM_KEYS == 100
    monkeypatch.setattr(module, "MAXIMUM_KEYS", 2)
    ada = house.add("ada")
    key, _ = house.keys.create(scope_of(ada), "one")
    house.keys.create(scope_of(ada), "two")
    with pytest.raises(Conflict) as caught:
        house.keys.create(scope_of(ada), "three")
    assert caught.value.code == "auth.too_many_api_keys"
    house.keys.create(scope_of(house.add("ben")), "ben's")
    house.keys.revoke_own(scope_of(ada), key.id)
    house.keys.create(scope_of(ada), "three")
