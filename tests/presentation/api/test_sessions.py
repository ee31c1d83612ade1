"""Signing in, proving it, and everything that must not pass for it."""

from __future__ import annotations

import base64
import json
import secrets
import time
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from anomaly_detection.enterprise.auth.accounts import Accounts
from anomaly_detection.enterprise.auth.sessions import Sessions
from anomaly_detection.enterprise.auth.tables import users
from anomaly_detection.enterprise.auth.tokens import TokenSigner, load_or_create_key
from anomaly_detection.shared.clock import utc_now
from tests.presentation.api.running import PASSWORD, Running, code_of, serving


def browser(running: Running, username: str = "the-analyst") -> tuple[httpx.Client, str]:
    client = running.anonymous()
    answer = client.post("/sessions", json={"username": username, "password": PASSWORD})
    assert answer.status_code == 201
    return client, answer.json()["csrf_token"]


def test_signing_in_gives_token_and_cookie(anonymous: httpx.Client) -> None:
    answer = anonymous.post("/sessions", json={"username": "The-Analyst", "password": PASSWORD})
    session = answer.json()
    assert answer.status_code == 201
    assert session["token_type"] == "bearer"
    assert session["user"]["username"] == "the-analyst"
    assert session["user"]["role"] == "analyst"
    assert session["user"]["tenant"]["name"] == "default"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/" in cookie
    assert "no-store" in answer.headers["cache-control"]


def test_the_cookie_tells_who_is_signed_in(running: Running) -> None:
    client, csrf = browser(running)
    current = client.get("/sessions/current").json()
    assert current["user"]["username"] == "the-analyst"
    assert current["csrf_token"] == csrf


@pytest.mark.parametrize(
    "body",
    [{"username": "the-analyst", "password": "wrong"}, {"username": "nobody-of-this-name", "password": PASSWORD}],
    ids=["password", "username"],
)
def test_wrong_credentials_get_one_answer(anonymous: httpx.Client, body: dict[str, str]) -> None:
    answer = anonymous.post("/sessions", json=body)
    assert code_of(answer, 401) == "auth.invalid_credentials"
    assert answer.json()["detail"] == "The username or the password is wrong."
    assert "set-cookie" not in answer.headers


def test_a_name_that_must_wait_gets_the_same_answer(running: Running, anonymous: httpx.Client) -> None:
    running.add_user("often-wrong")
    wrong, right = ({"username": "often-wrong", "password": password} for password in ("no", PASSWORD))

    def wait_until(moment: datetime) -> None:
        with running.platform.database.write() as connection:
            connection.execute(sa.update(users).where(users.c.username == "often-wrong").values(locked_until=moment))

    refused = anonymous.post("/sessions", json=wrong)
    wait_until(utc_now() + timedelta(hours=1))
    waiting = anonymous.post("/sessions", json=right)
    assert code_of(waiting, 401) == code_of(refused, 401)
    assert waiting.json()["detail"] == refused.json()["detail"]
    wait_until(utc_now() - timedelta(seconds=1))
    assert anonymous.post("/sessions", json=right).status_code == 201


def test_nobody_is_signed_in(anonymous: httpx.Client) -> None:
    answer = anonymous.get("/sessions/current")
    assert code_of(answer, 401) == "auth.not_signed_in"
    assert answer.headers["www-authenticate"] == "Bearer"


def forged(running: Running, **changes: object) -> dict[str, str]:
    """Return the claims' tokens that an attacker could make from a real session."""
    session = running.platform.sessions.sign_in("the-analyst", PASSWORD).session
    claims = {
        "iss": "anomaly-detection",
        "sub": session.user.id,
        "sid": session.id,
        "tid": session.user.tenant.id,
        "exp": int(time.time()) + 600,
        **changes,
    }
    foreign = OctKey.import_key(secrets.token_bytes(32))
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    good = running.platform.sessions.sign_in("the-analyst", PASSWORD).access_token
    head, body, signature = good.split(".")
    return {
        "foreign key": jwt.encode({"alg": "HS256"}, claims, foreign),
        "public key algorithm": jwt.encode({"alg": "ES256"}, claims, ECKey.generate_key("P-256")),
        "alg none": f"{header}.{payload}.",
        "no signature": f"{head}.{body}.",
        "other claims": f"{head}.{payload}.{signature}",
        "other algorithm of our key": jwt.encode(
            {"alg": "HS512"}, claims, OctKey.import_key(load_or_create_key(running.platform.folder.keys)), ["HS512"]
        ),
        "garbage": "not-a-token",
    }


def test_forged_tokens_are_refused(running: Running, anonymous: httpx.Client) -> None:
    for name, token in forged(running).items():
        answer = anonymous.get("/sessions/current", headers={"Authorization": f"Bearer {token}"})
        assert code_of(answer, 401) == "auth.token_invalid", name


def test_a_token_with_our_key_for_another_tenant_is_refused(running: Running, anonymous: httpx.Client) -> None:
    key = OctKey.import_key(load_or_create_key(running.platform.folder.keys))
    session = running.platform.sessions.sign_in("the-analyst", PASSWORD).session
    claims = {"iss": "anomaly-detection", "sub": session.user.id, "sid": session.id, "exp": int(time.time()) + 600}
    for tenant in ("another", "", None):
        token = jwt.encode({"alg": "HS256"}, {**claims, "tid": tenant}, key)
        answer = anonymous.get("/sessions/current", headers={"Authorization": f"Bearer {token}"})
        assert code_of(answer, 401) == "auth.token_invalid"


def test_an_expired_token_says_so(running: Running, anonymous: httpx.Client) -> None:
    platform = running.platform
    signer = TokenSigner(load_or_create_key(platform.folder.keys))
    short = Sessions(platform.database, Accounts(platform.database), signer, timedelta(seconds=1))
    token = short.sign_in("the-analyst", PASSWORD).access_token
    time.sleep(1.1)
    answer = anonymous.get("/sessions/current", headers={"Authorization": f"Bearer {token}"})
    assert code_of(answer, 401) == "auth.token_expired"


def test_signing_out_ends_the_token_everywhere(running: Running, anonymous: httpx.Client) -> None:
    client, csrf = browser(running)
    token = client.cookies["anomaly_session"]
    answer = client.delete("/sessions/current", headers={"X-CSRF-Token": csrf})
    assert answer.status_code == 204
    assert "anomaly_session" not in client.cookies
    again = anonymous.get("/sessions/current", headers={"Authorization": f"Bearer {token}"})
    assert code_of(again, 401) == "auth.token_invalid"


def test_a_cookie_alone_changes_nothing(running: Running) -> None:
    client, csrf = browser(running)
    other = browser(running, "the-viewer")[1]
    for headers in ({}, {"X-CSRF-Token": "0" * 64}, {"X-CSRF-Token": other}, {"X-CSRF-Token": "ü".encode()}):
        for call in (
            client.build_request("DELETE", "/sessions/current", headers=headers),
            client.build_request("POST", "/datasets", params={"filename": "a.csv"}, content=b"a\n1\n", headers=headers),
            client.build_request("POST", "/detections", json={"dataset_id": "x"}, headers=headers),
        ):
            assert code_of(client.send(call), 403) == "auth.csrf_token_missing"
    assert client.get("/sessions/current").status_code == 200
    assert client.delete("/sessions/current", headers={"X-CSRF-Token": csrf}).status_code == 204


def test_first_sign_in(tmp_path: Path) -> None:
    with serving(tmp_path) as running, running.anonymous() as client:
        first = running.platform.first_sign_in()
        second = running.platform.first_sign_in()
        assert first is not None
        assert second is not None
        code_of(client.get("/sessions/one-time", params={"token": first[0]}), 401)
        whom = client.get("/sessions/one-time", params={"token": second[0]})
        assert whom.json()["username"] == "admin"
        weak = client.post("/sessions", json={"one_time_token": second[0], "new_password": "short"})
        assert code_of(weak, 422) == "auth.weak_password"
        assert "short" not in weak.text.replace("too short", "")
        body = {"one_time_token": second[0], "new_password": PASSWORD}
        session = client.post("/sessions", json=body)
        assert session.status_code == 201
        assert session.json()["user"]["role"] == "admin"
        assert code_of(client.post("/sessions", json=body), 401) == "auth.one_time_token_invalid"
        assert client.post("/sessions", json={"username": "admin", "password": PASSWORD}).status_code == 201
        assert running.platform.first_sign_in() is None


def test_a_new_password_ends_the_old_sessions(running: Running, anonymous: httpx.Client) -> None:
    running.add_user("forgetful")
    old = running.client("forgetful")
    token, _ = running.platform.accounts.reset("forgetful")
    body = {"one_time_token": token, "new_password": "another four words"}
    assert anonymous.post("/sessions", json=body).status_code == 201
    assert code_of(old.get("/sessions/current"), 401) == "auth.token_invalid"


@pytest.mark.parametrize("header", ["Basic dXNlcjpwYXNz", "Bearer", "Token abc", "Bearer a b c"])
def test_other_authorisations_are_refused(anonymous: httpx.Client, header: str) -> None:
    assert code_of(anonymous.get("/datasets", headers={"Authorization": header}), 401) == "auth.token_invalid"
