"""Users, roles and API keys over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from anomaly_detection.enterprise.auth.roles import ROLES, Permission
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.identity import new_id
from tests.presentation.api.running import PASSWORD, Running, code_of


@pytest.fixture
def admin(running: Running) -> httpx.Client:
    return running.known("the-admin")


def invite(admin: httpx.Client, role: str = "analyst") -> dict[str, Any]:
    answer = admin.post("/users", json={"username": f"u-{new_id()}", "role": role})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def arrive(running: Running, invited: dict[str, Any]) -> httpx.Client:
    """Let somebody who was invited choose a password; return their client."""
    client = running.anonymous()
    body = {"one_time_token": invited["one_time_token"], "new_password": PASSWORD}
    answer = client.post("/sessions", json=body)
    assert answer.status_code == 201, answer.text
    client.cookies.clear()
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return client


def with_key(running: Running, client: httpx.Client, **body: Any) -> tuple[httpx.Client, dict[str, Any]]:
    answer = client.post("/api-keys", json={"name": "a program", **body})
    assert answer.status_code == 201, answer.text
    program = running.anonymous()
    program.headers["Authorization"] = f"Bearer {answer.json()['secret']}"
    return program, dict(answer.json())


def test_an_administrator_invites_somebody(running: Running, admin: httpx.Client) -> None:
    invited = invite(admin)
    assert set(invited) == {"user", "one_time_token", "expires_at"}
    user = invited["user"]
    assert (user["role"], user["disabled"], user["has_password"], user["last_sign_in_at"]) == (
        "analyst",
        False,
        False,
        None,
    )
    client = arrive(running, invited)
    assert client.get("/sessions/current").json()["user"]["id"] == user["id"]
    shown = admin.get(f"/users/{user['id']}").json()
    assert shown["has_password"]
    assert shown["last_sign_in_at"] is not None
    assert "one_time_token" not in shown


def test_users_page_by_cursor(admin: httpx.Client) -> None:
    for _ in range(3):
        invite(admin)
    ids: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = admin.get("/users", params={"limit": 2, **after}).json()
        ids += [user["id"] for user in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert ids == sorted(ids, reverse=True)
    assert {user["id"] for user in admin.get("/users", params={"limit": 200}).json()["items"]} == set(ids)


def test_a_taken_name_says_so_and_no_more(running: Running, admin: httpx.Client, stranger: httpx.Client) -> None:
    name = invite(admin)["user"]["username"]
    for client in (admin, stranger):
        answer = client.post("/users", json={"username": name.upper(), "role": "viewer"})
        assert code_of(answer, 409) == "auth.username_taken"
    assert name not in stranger.get("/users", params={"limit": 200}).text


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"username": "a b", "role": "viewer"}, "auth.invalid_username"),
        ({"username": "", "role": "viewer"}, "auth.invalid_username"),
        ({"username": "fine", "role": "root"}, "auth.unknown_role"),
        ({"username": "fine"}, "api.invalid_request"),
        ({"username": "fine", "role": "viewer", "tenant": "another"}, "api.invalid_request"),
    ],
)
def test_what_is_no_user(admin: httpx.Client, body: dict[str, str], code: str) -> None:
    assert code_of(admin.post("/users", json=body), 422) == code


def test_disabling_ends_everything_at_once(running: Running, admin: httpx.Client) -> None:
    invited = invite(admin)
    user_id, client = invited["user"]["id"], arrive(running, invited)
    program, _ = with_key(running, client)
    assert program.get("/datasets").status_code == client.get("/datasets").status_code == 200
    with client.stream("GET", "/events") as mine, program.stream("GET", "/events") as theirs:
        assert (mine.status_code, theirs.status_code) == (200, 200)
        answer = admin.patch(f"/users/{user_id}", json={"disabled": True})
        assert answer.json()["disabled"]
        for stream in (mine, theirs):
            assert "".join(stream.iter_text()).startswith(": connected")
    assert code_of(client.get("/datasets"), 401) == "auth.token_invalid"
    assert code_of(program.get("/datasets"), 401) == "auth.token_invalid"
    body = {"username": invited["user"]["username"], "password": PASSWORD}
    assert code_of(running.anonymous().post("/sessions", json=body), 401) == "auth.invalid_credentials"
    assert not admin.patch(f"/users/{user_id}", json={"disabled": False}).json()["disabled"]
    assert running.anonymous().post("/sessions", json=body).status_code == 201


def test_another_role_holds_from_the_next_request_on(running: Running, admin: httpx.Client) -> None:
    invited = invite(admin, "viewer")
    client = arrive(running, invited)
    assert code_of(client.get("/users"), 403) == "auth.not_allowed"
    admin.patch(f"/users/{invited['user']['id']}", json={"role": "admin"})
    assert client.get("/users").status_code == 200
    admin.patch(f"/users/{invited['user']['id']}", json={"role": "analyst"})
    assert code_of(client.get("/users"), 403) == "auth.not_allowed"


def test_a_new_link_replaces_the_password(running: Running, admin: httpx.Client) -> None:
    invited = invite(admin)
    old = arrive(running, invited)
    first = admin.post(f"/users/{invited['user']['id']}/one-time-token")
    second = admin.post(f"/users/{invited['user']['id']}/one-time-token")
    assert first.status_code == second.status_code == 201
    body = {"one_time_token": first.json()["one_time_token"], "new_password": "another four words"}
    assert code_of(running.anonymous().post("/sessions", json=body), 401) == "auth.one_time_token_invalid"
    assert old.get("/sessions/current").status_code == 200
    body["one_time_token"] = second.json()["one_time_token"]
    assert running.anonymous().post("/sessions", json=body).status_code == 201
    assert code_of(old.get("/sessions/current"), 401) == "auth.token_invalid"


def test_a_removed_user_is_gone(running: Running, admin: httpx.Client) -> None:
    invited = invite(admin)
    client = arrive(running, invited)
    program, _ = with_key(running, client)
    address = f"/users/{invited['user']['id']}"
    assert admin.delete(address).status_code == 204
    assert code_of(admin.get(address), 404) == "auth.user_not_found"
    assert code_of(admin.delete(address), 404) == "auth.user_not_found"
    for gone in (client, program):
        assert code_of(gone.get("/datasets"), 401) == "auth.token_invalid"


def test_the_last_administrator_stays(stranger: httpx.Client) -> None:
    own = f"/users/{stranger.get('/sessions/current').json()['user']['id']}"
    for answer in (
        stranger.patch(own, json={"role": "viewer"}),
        stranger.patch(own, json={"disabled": True}),
        stranger.delete(own),
    ):
        assert code_of(answer, 409) == "auth.last_administrator"
    assert stranger.get(own).json()["role"] == "admin"


def test_roles_are_data(client: httpx.Client) -> None:
    answer = client.get("/roles").json()
    assert {role["name"]: set(role["permissions"]) for role in answer["items"]} == ROLES
    assert [permission["name"] for permission in answer["permissions"]] == list(Permission)
    assert all(entry["description"] for entry in (*answer["items"], *answer["permissions"]))


def test_a_program_works_with_a_key(running: Running, client: httpx.Client) -> None:
    program, made = with_key(running, client)
    assert made["secret"].startswith(made["key"]["prefix"])
    assert made["key"]["role"] == "analyst"
    assert program.get("/algorithms").status_code == 200
    answer = program.post("/datasets", params={"filename": "a.csv"}, content=b"a,b\n1,2\n3,4\n")
    assert answer.status_code == 201
    listed = next(key for key in client.get("/api-keys").json()["items"] if key["id"] == made["key"]["id"])
    assert listed["last_used_at"] is not None
    assert made["secret"] not in client.get("/api-keys").text


def test_a_key_cannot_make_itself_a_session_or_a_key(running: Running, client: httpx.Client) -> None:
    program, _ = with_key(running, client)
    for answer in (
        program.get("/sessions/current"),
        program.delete("/sessions/current"),
        program.put("/sessions/current/password", json={"current_password": PASSWORD, "new_password": PASSWORD + "!"}),
        program.post("/api-keys", json={"name": "child"}),
    ):
        assert code_of(answer, 403) == "auth.session_needed"


def test_a_key_is_no_cookie(running: Running, client: httpx.Client) -> None:
    _, made = with_key(running, client)
    browser = running.anonymous()
    browser.cookies.set("anomaly_session", made["secret"])
    assert code_of(browser.get("/datasets"), 401) == "auth.token_invalid"


def test_a_key_may_hold_less_than_its_user(running: Running, client: httpx.Client) -> None:
    program, made = with_key(running, client, role="viewer")
    assert made["key"]["role"] == "viewer"
    assert program.get("/datasets").status_code == 200
    answer = program.post("/datasets", params={"filename": "a.csv"}, content=b"a\n1\n")
    assert code_of(answer, 403) == "auth.not_allowed"
    answer = client.post("/api-keys", json={"name": "more", "role": "admin"})
    assert code_of(answer, 403) == "auth.role_too_high"


def test_a_key_with_an_end(running: Running, client: httpx.Client) -> None:
    end = utc_now().replace(microsecond=0) + timedelta(days=1)
    _, made = with_key(running, client, expires_at=end.isoformat())
    assert made["key"]["expires_at"].startswith(end.strftime("%Y-%m-%dT%H:%M:%S"))
    _, made = with_key(running, client, expires_at="9999-12-31T23:59:59-23:00")
    assert made["key"]["expires_at"].startswith("9999-12-31T23:59:59")
    for moment in ("2020-01-01T00:00:00Z", "0001-01-01T00:00:00+23:00"):
        past = client.post("/api-keys", json={"name": "late", "expires_at": moment})
        assert code_of(past, 422) == "auth.invalid_expiry"
    naive = client.post("/api-keys", json={"name": "where?", "expires_at": "2100-01-01T00:00:00"})
    assert code_of(naive, 422) == "api.invalid_request"


def test_keys_are_revoked_by_their_user_and_by_administrators(
    running: Running, client: httpx.Client, admin: httpx.Client, stranger: httpx.Client
) -> None:
    viewer = running.known("the-viewer")
    for remover in (client, admin):
        program, made = with_key(running, client)
        address = f"/api-keys/{made['key']['id']}"
        for other in (viewer, stranger):
            assert code_of(other.delete(address), 404) == "auth.api_key_not_found"
        assert program.get("/datasets").status_code == 200
        assert remover.delete(address).status_code == 204
        assert code_of(program.get("/datasets"), 401) == "auth.token_invalid"


def test_everybodys_keys_are_for_administrators(
    running: Running, client: httpx.Client, admin: httpx.Client, stranger: httpx.Client
) -> None:
    _, made = with_key(running, client)
    assert made["key"]["id"] in admin.get("/api-keys", params={"all": True, "limit": 200}).text
    assert made["key"]["id"] not in admin.get("/api-keys").text
    assert made["key"]["id"] not in stranger.get("/api-keys", params={"all": True}).text
    assert code_of(client.get("/api-keys", params={"all": True}), 403) == "auth.not_allowed"
