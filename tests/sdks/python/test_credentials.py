"""How a client proves who calls, keeps its session alive, and tells nobody its secrets."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import anomaly_detection_client as sdk
from tests.presentation.api.running import Running
from tests.sdks.python.either import Either
from tests.sdks.python.faults import Fault, Faulty


def bearers(proxy: Faulty) -> list[str]:
    return [item.headers.get("Authorization", "").removeprefix("Bearer ") for item in proxy.requests]


def test_name_and_password_sign_in_when_they_are_needed(either: Either, proxy: Faulty, password: str) -> None:
    client = either.client(proxy.url, username="ann", password=password)
    assert proxy.requests == []
    answers = either.at_once([client.sessions.current] * 8)
    assert [answer.user.username for answer in answers] == ["ann"] * 8
    assert proxy.paths("POST") == ["sessions"]


def test_a_token_that_is_too_old_is_renewed_once_for_all(either: Either, proxy: Faulty, password: str) -> None:
    client = either.client(proxy.url)
    old = either.get(client.sessions.sign_in("ann", password)).access_token
    proxy.expired.add(old)
    answers = either.at_once([client.roles.list] * 8)
    assert [len(answer.items) for answer in answers] == [3] * 8
    assert proxy.paths("POST").count("sessions/refresh") == 1
    assert old not in bearers(proxy)[-1]


def test_a_token_is_renewed_before_it_becomes_too_old(either: Either, tmp_path: Any, password: str) -> None:
    from tests.presentation.api.running import serving
    from tests.sdks.python.faults import faulty

    # A minute's token is due 6 s before its end, by the server's clock; the proxy's answers say that it is later there.
    with serving(tmp_path, access_token_minutes=1) as running, faulty(running.url) as proxy:
        running.add_user("ann", "viewer")
        proxy.ahead = timedelta(seconds=70)
        client = either.client(proxy.url, username="ann", password=password)
        either.get(client.sessions.current())
        either.get(client.sessions.current())
        assert proxy.paths("POST") == ["sessions", "sessions/refresh"]


def test_a_lost_refresh_is_asked_for_again(either: Either, proxy: Faulty, password: str) -> None:
    client = either.client(proxy.url)
    proxy.expired.add(either.get(client.sessions.sign_in("ann", password)).access_token)
    proxy.add(Fault("POST", "refresh", lose_answer_after=0))
    assert either.get(client.sessions.current()).user.username == "ann"
    assert proxy.paths("POST").count("sessions/refresh") == 2


def test_a_session_that_has_ended_is_begun_anew_by_the_password(
    either: Either, proxy: Faulty, running: Running, password: str
) -> None:
    client = either.client(proxy.url, username="ann", password=password)
    either.get(client.sessions.current())
    with sdk.Client(running.url, token=bearers(proxy)[-1]) as other:
        other.sessions.sign_out()
    assert either.get(client.sessions.current()).user.username == "ann"
    assert proxy.paths("POST") == ["sessions", "sessions/refresh", "sessions"]


def test_a_session_that_has_ended_is_ended_without_a_password(
    either: Either, proxy: Faulty, running: Running, password: str
) -> None:
    client = either.client(proxy.url)
    session = either.get(client.sessions.sign_in("ann", password))
    with sdk.Client(running.url, token=session.access_token) as other:
        other.sessions.sign_out()
    for _ in range(2):
        with pytest.raises(sdk.NotSignedIn):
            either.get(client.sessions.current())
    assert proxy.paths("POST").count("sessions/refresh") == 1


def test_signed_out_is_signed_out(either: Either, proxy: Faulty, password: str) -> None:
    client = either.client(proxy.url, username="ann", password=password)
    either.get(client.sessions.current())
    either.get(client.sessions.sign_out())
    with pytest.raises(sdk.NotSignedIn) as caught:
        either.get(client.sessions.current())
    assert caught.value.code == "auth.not_signed_in"
    assert bearers(proxy)[-1] == ""


def test_a_wrong_password_is_tried_once(either: Either, proxy: Faulty) -> None:
    client = either.client(proxy.url, username="nobody.at.all", password="not the password")
    with pytest.raises(sdk.NotSignedIn) as caught:
        either.get(client.sessions.current())
    assert caught.value.code == "auth.invalid_credentials"
    assert proxy.paths("POST") == ["sessions"]
    assert proxy.paths("GET") == []


def test_an_api_key_proves_its_owner(
    either: Either, proxy: Faulty, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = either.client(proxy.url, token=token)
    made = either.get(owner.api_keys.create("nightly", role="viewer", expires_at=datetime.now(UTC) + timedelta(days=1)))
    assert made.key.prefix in made.secret
    program = either.client(proxy.url, api_key=made.secret)
    assert either.get(program.jobs.list()) == []
    with pytest.raises(sdk.NotAllowed) as caught:
        either.get(program.api_keys.create("another"))
    assert caught.value.code == "auth.session_needed"
    monkeypatch.setenv("ANOMALY_DETECTION_URL", proxy.url)
    monkeypatch.setenv("ANOMALY_DETECTION_API_KEY", made.secret)
    with sdk.Client.from_environment(retries=0) as client:
        assert len(client.roles.list().items) == 3
    assert bearers(proxy)[-1] == made.secret
    either.get(owner.api_keys.revoke(made.key.id))
    with pytest.raises(sdk.NotSignedIn):
        either.get(program.jobs.list())


def test_the_environment_needs_a_key() -> None:
    with pytest.raises(sdk.InvalidInput) as caught:
        sdk.Client.from_environment()
    assert caught.value.code == "client.no_api_key"


@pytest.mark.parametrize(
    ("proofs", "code"),
    [
        ({"token": "a", "api_key": "b"}, "client.two_proofs"),
        ({"api_key": "b", "username": "c", "password": "d"}, "client.two_proofs"),
        ({"username": "c"}, "client.half_a_proof"),
        ({"password": "d"}, "client.half_a_proof"),
        ({"api_key": "adk_in two"}, "client.damaged_proof"),
        ({"token": "a\nHost: elsewhere"}, "client.damaged_proof"),
    ],
)
def test_one_whole_proof_is_needed(proofs: dict[str, str], code: str) -> None:
    with pytest.raises(sdk.InvalidInput) as caught:
        sdk.Client(**proofs)  # type: ignore[arg-type]
    assert caught.value.code == code
    assert not any(value in str(caught.value) for value in proofs.values() if len(value) > 1)


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://127.0.0.1", "http://", "", "http://[::1"])
def test_an_address_is_needed(url: str) -> None:
    with pytest.raises(sdk.InvalidInput) as caught:
        sdk.Client(url)
    assert caught.value.code == "client.invalid_address"


def test_secrets_are_not_shown(either: Either, proxy: Faulty, password: str) -> None:
    client = either.client(proxy.url, username="ann", password=password, retries=0)
    session = either.get(client.sessions.sign_in("ann", password))
    invitation = either.get(client.users.create(f"user.of.{type(client).__name__}", "viewer"))
    key = either.get(client.api_keys.create("shown"))
    shown = [repr(item) for item in (client, client.sessions, session, invitation, key)]
    proxy.add(Fault(status=403), Fault(lose_answer_after=0))
    for _ in range(2):
        with pytest.raises(sdk.ApiError) as caught:
            either.get(client.jobs.list())
        shown += ["".join(traceback.format_exception(caught.value)), repr(caught.value), str(vars(caught.value))]
    secrets = [password, session.access_token, session.refresh_token, session.csrf_token, key.secret]
    secrets += [invitation.one_time_token]
    assert all(len(secret) > 10 for secret in secrets)
    assert not [text for text in shown if any(secret in text for secret in secrets)]


def test_a_password_in_the_address_is_not_shown(either: Either) -> None:
    client = either.client("http://ann:the-secret-word@127.0.0.1:9", retries=0)
    with pytest.raises(sdk.Unavailable) as caught:
        either.get(client.roles.list())
    assert "the-secret-word" not in f"{caught.value}{client}{client.roles}"
    assert "127.0.0.1:9" in str(caught.value)


def test_no_cookie_is_kept(either: Either, proxy: Faulty, password: str) -> None:
    client = either.client(proxy.url)
    either.get(client.sessions.sign_in("ann", password))
    either.get(client.sessions.current())
    assert not [item for item in proxy.requests if "Cookie" in item.headers]
