"""What nobody may read in a log, however much is logged: passwords, tokens, keys."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from anomaly_detection.infrastructure.logging.formats import JsonFormatter
from tests.presentation.api.running import PASSWORD, serving

NEW_PASSWORD = "another four words"


def test_the_log_holds_no_secret(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = {PASSWORD, NEW_PASSWORD, "a wrong password"}
    with serving(tmp_path) as running:
        running.add_user("ada", "admin")
        client = running.anonymous()

        def sent(**headers: str) -> dict[str, str]:
            secrets.update(headers.values())
            return headers

        client.post("/sessions", json={"username": "ada", "password": "a wrong password"})
        session = client.post("/sessions", json={"username": "ada", "password": PASSWORD}).json()
        refreshed = client.post("/sessions/refresh", json={"refresh_token": session["refresh_token"]}).json()
        for tokens in (session, refreshed):
            secrets.update(tokens[name] for name in ("access_token", "refresh_token", "csrf_token"))
        csrf = {"X-CSRF-Token": session["csrf_token"]}
        made = client.post("/api-keys", json={"name": "nightly"}, headers=csrf).json()
        invited = client.post("/users", json={"username": "ben", "role": "viewer"}, headers=csrf).json()
        secrets.update((made["secret"], invited["one_time_token"]))
        client.get("/sessions/one-time", params={"token": invited["one_time_token"]})
        client.post("/sessions", json={"one_time_token": invited["one_time_token"], "new_password": "short"})
        body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        client.put("/sessions/current/password", json=body, headers=csrf)
        program = running.anonymous()
        for authorization in (made["secret"], "adk_a-forged-api-key-of-somebody", "not.a.jwt-at-all"):
            program.get("/datasets", headers={"Authorization": f"Bearer {authorization}"})
            secrets.add(authorization)
        program.get("/datasets", headers={"Authorization": f"Basic {made['secret']}"})
        # A mistake of the caller's, which some frameworks answer and log with the whole body.
        program.post("/sessions", json={"username": "ada", "password": PASSWORD, "more": made["secret"]})
        program.post("/sessions", content=f'{{"password": "{PASSWORD}"'.encode())
    formatter = JsonFormatter()
    # The test's own client tells all that it sends.
    ours = [record for record in caplog.records if not record.name.startswith("http")]
    lines = [formatter.format(record) + str(record.__dict__) for record in ours]
    assert any('"/api/v1/sessions"' in line for line in lines)
    assert any("api_keys.create" in line for line in lines)
    for secret in secrets:
        assert not [line for line in lines if secret in line]


def test_answers_to_mistakes_repeat_no_secret(tmp_path: Path) -> None:
    with serving(tmp_path) as running, running.anonymous() as client:
        for body in (
            {"username": "ada", "password": PASSWORD, "more": 1},
            {"username": "ada", "password": [PASSWORD]},
            {"one_time_token": PASSWORD, "new_password": {"it is": PASSWORD}},
            {"username": "ada", "password": PASSWORD * 300},
        ):
            answer = client.post("/sessions", json=body)
            assert answer.status_code == 422
            assert PASSWORD not in answer.text
        answer = client.get("/datasets", headers={"Authorization": f"Bearer {PASSWORD.replace(' ', '')}"})
        assert answer.status_code == 401
        assert PASSWORD.replace(" ", "") not in answer.text
