"""New tokens while somebody is signed in, from a program and from a browser; and choosing another password."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from anomaly_detection.enterprise.auth.refresh_tokens import LEEWAY
from anomaly_detection.enterprise.auth.tables import refresh_tokens, users
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.identity import new_id
from tests.presentation.api.running import PASSWORD, Running, code_of

SAME = ("user", "expires_at", "csrf_token", "token_type")
NEW = ("access_token", "refresh_token")


def sign_in(client: httpx.Client, username: str = "the-analyst", password: str = PASSWORD) -> dict[str, Any]:
    answer = client.post("/sessions", json={"username": username, "password": password})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def let_leeway_pass(running: Running) -> None:
    with running.platform.database.write() as connection:
        earlier = utc_now() - LEEWAY - timedelta(seconds=1)
        used = refresh_tokens.c.used_at.is_not(None)
        connection.execute(sa.update(refresh_tokens).where(used).values(used_at=earlier))


def test_a_program_refreshes(running: Running, anonymous: httpx.Client) -> None:
    first = sign_in(anonymous)
    anonymous.cookies.clear()
    answer = anonymous.post("/sessions/refresh", json={"refresh_token": first["refresh_token"]})
    second = answer.json()
    assert answer.status_code == 200
    assert set(second) == set(first)
    assert [second[name] for name in SAME] == [first[name] for name in SAME]
    assert all(second[name] != first[name] for name in NEW)
    assert first["access_expires_at"] <= second["access_expires_at"] < second["expires_at"]
    for session in (first, second):
        answer = running.anonymous().get("/sessions/current", headers=bearer(session["access_token"]))
        assert answer.status_code == 200


def test_a_browser_refreshes_by_its_cookie(anonymous: httpx.Client) -> None:
    first = sign_in(anonymous)
    assert code_of(anonymous.post("/sessions/refresh"), 403) == "auth.csrf_token_missing"
    answer = anonymous.post("/sessions/refresh", headers={"X-CSRF-Token": "anything"})
    assert answer.status_code == 200
    assert answer.json()["csrf_token"] == first["csrf_token"]
    assert anonymous.cookies["anomaly_session"] == answer.json()["access_token"]
    assert anonymous.cookies["anomaly_refresh"] == answer.json()["refresh_token"]
    assert anonymous.get("/sessions/current").status_code == 200


def test_the_refresh_cookie_goes_nowhere_else(anonymous: httpx.Client) -> None:
    answer = anonymous.post("/sessions", json={"username": "the-analyst", "password": PASSWORD})
    cookies = {cookie.partition("=")[0]: cookie for cookie in answer.headers.get_list("set-cookie")}
    assert set(cookies) == {"anomaly_session", "anomaly_refresh"}
    for cookie in cookies.values():
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        age = next(part for part in cookie.split("; ") if part.startswith("Max-Age="))
        assert 0 < int(age.removeprefix("Max-Age=")) <= 480 * 60
    assert "Path=/api/v1/sessions;" in f"{cookies['anomaly_refresh']};"
    assert "Path=/;" in f"{cookies['anomaly_session']};"
    sent = anonymous.build_request("GET", "/datasets").headers["cookie"]
    assert "anomaly_refresh" not in sent


def test_signing_out_takes_both_cookies_and_the_refresh_token(running: Running, anonymous: httpx.Client) -> None:
    session = sign_in(anonymous)
    assert anonymous.delete("/sessions/current", headers={"X-CSRF-Token": session["csrf_token"]}).status_code == 204
    assert not anonymous.cookies
    answer = anonymous.post("/sessions/refresh", json={"refresh_token": session["refresh_token"]})
    assert code_of(answer, 401) == "auth.refresh_token_invalid"


def test_a_stolen_token_ends_the_session(running: Running, anonymous: httpx.Client) -> None:
    first = sign_in(anonymous)
    second = anonymous.post("/sessions/refresh", json={"refresh_token": first["refresh_token"]}).json()
    assert running.anonymous().get("/datasets", headers=bearer(second["access_token"])).status_code == 200
    let_leeway_pass(running)
    again = running.anonymous().post("/sessions/refresh", json={"refresh_token": first["refresh_token"]})
    assert code_of(again, 401) == "auth.refresh_token_reused"
    answer = running.anonymous().get("/datasets", headers=bearer(second["access_token"]))
    assert code_of(answer, 401) == "auth.token_invalid"
    answer = running.anonymous().post("/sessions/refresh", json={"refresh_token": second["refresh_token"]})
    assert code_of(answer, 401) == "auth.refresh_token_invalid"


def test_two_tabs_refresh_at_the_same_moment(running: Running, anonymous: httpx.Client) -> None:
    first = sign_in(anonymous)
    answers: list[int] = []

    def refresh() -> None:
        body = {"refresh_token": first["refresh_token"]}
        answers.append(running.anonymous().post("/sessions/refresh", json=body).status_code)

    threads = [threading.Thread(target=refresh) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200, 200, 200]


@pytest.mark.parametrize("body", [None, {}, {"refresh_token": None}, {"refresh_token": "adr_nothing"}])
def test_nothing_to_refresh(anonymous: httpx.Client, body: dict[str, Any] | None) -> None:
    answer = anonymous.post("/sessions/refresh", json=body, headers={"X-CSRF-Token": "anything"})
    assert code_of(answer, 401) == "auth.refresh_token_invalid"


def test_a_refresh_token_is_no_bearer_token_and_the_other_way_round(running: Running, anonymous: httpx.Client) -> None:
    session = sign_in(anonymous)
    answer = running.anonymous().get("/datasets", headers=bearer(session["refresh_token"]))
    assert code_of(answer, 401) == "auth.token_invalid"
    answer = running.anonymous().post("/sessions/refresh", json={"refresh_token": session["access_token"]})
    assert code_of(answer, 422) == "api.invalid_request"


@pytest.fixture
def somebody(running: Running) -> str:
    name = f"u-{new_id()}"
    running.add_user(name)
    return name


def test_another_password(running: Running, somebody: str) -> None:
    client, elsewhere = running.client(somebody), running.client(somebody)
    token, _ = running.platform.accounts.reset(somebody)
    body = {"current_password": PASSWORD, "new_password": "another four words"}
    assert elsewhere.get("/sessions/current").status_code == 200
    assert client.put("/sessions/current/password", json=body).status_code == 204
    assert client.get("/sessions/current").status_code == 200
    assert code_of(elsewhere.get("/sessions/current"), 401) == "auth.token_invalid"
    assert code_of(running.anonymous().get("/sessions/one-time", params={"token": token}), 401)
    sign_in(running.anonymous(), somebody, "another four words")
    old = running.anonymous().post("/sessions", json={"username": somebody, "password": PASSWORD})
    assert code_of(old, 401) == "auth.invalid_credentials"


def test_a_password_is_changed_by_who_knows_it(running: Running, somebody: str) -> None:
    client = running.client(somebody)
    for current, new, code in (
        ("wrong", "another four words", "auth.wrong_password"),
        (PASSWORD, "short", "auth.weak_password"),
        (PASSWORD, somebody, "auth.weak_password"),
    ):
        answer = client.put("/sessions/current/password", json={"current_password": current, "new_password": new})
        assert code_of(answer, 422) == code
    sign_in(running.anonymous(), somebody)


def test_guessing_from_inside_meets_the_same_lock(running: Running, somebody: str) -> None:
    client = running.client(somebody)
    with running.platform.database.write() as connection:
        later = utc_now() + timedelta(hours=1)
        connection.execute(sa.update(users).where(users.c.username == somebody).values(locked_until=later))
    body = {"current_password": PASSWORD, "new_password": "another four words"}
    assert code_of(client.put("/sessions/current/password", json=body), 422) == "auth.wrong_password"


def test_many_guesses_at_once_meet_the_lock(running: Running, somebody: str) -> None:
    answers: list[str] = []

    def guess(number: int) -> None:
        body = {"username": somebody, "password": f"guess number {number}"}
        answer = running.anonymous().post("/sessions", json=body)
        answers.append(answer.json()["code"])

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) == {"auth.invalid_credentials"}
    with running.platform.database.read() as connection:
        row = connection.execute(sa.select(users).where(users.c.username == somebody)).one()
    assert row.failed_sign_ins >= 5
    assert row.locked_until is not None
