"""``tenants`` and ``users``: on both databases, beside a running server, and with wrong input."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from anomaly_detection.presentation.cli.application import run
from tests.presentation.api.running import PASSWORD, code_of, serving


class Shell:
    """The program, called in this process on one folder."""

    def __init__(self, capsys: pytest.CaptureFixture[str], options: Sequence[str]) -> None:
        self._capsys = capsys
        self._options = options

    def __call__(self, *words: str, code: int = 0) -> str:
        """Run a command that must end with `code`; return what it printed, errors where it failed."""
        self._capsys.readouterr()
        ended = run([*words, *self._options])
        out, err = self._capsys.readouterr()
        assert ended == code, (out, err)
        assert "Traceback" not in err
        return err if code else out

    def json(self, *words: str) -> dict[str, Any]:
        return dict(json.loads(self(*words, "--json")))


@pytest.fixture
def shell(tmp_path: Path, empty_database_url: str, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys, ["--data-dir", str(tmp_path / "platform"), "--database-url", empty_database_url])


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys, ["--data-dir", str(tmp_path)])


def test_a_tenant_with_its_first_administrator(shell: Shell) -> None:
    made = shell.json("tenants", "create", "acme", "--admin", "Ada")
    assert (made["tenant"]["name"], made["created"]) == ("acme", True)
    administrator = made["administrator"]
    assert administrator["username"] == "ada"
    assert administrator["link"].endswith(f"/sign-in?one_time={administrator['one_time_token']}")
    again = shell.json("tenants", "create", "acme")
    assert (again["tenant"], again["created"], again["administrator"]) == (made["tenant"], False, None)
    assert "exists already" in shell("tenants", "create", "acme")
    assert shell("tenants", "create", "Zebra GmbH") == "Made the tenant 'Zebra GmbH'.\n"
    assert shell("tenants", "list") == "Zebra GmbH\nacme\n"
    assert [tenant["name"] for tenant in shell.json("tenants", "list")["tenants"]] == ["Zebra GmbH", "acme"]


def test_users_from_the_command_line(shell: Shell) -> None:
    shell("tenants", "create", "acme")
    shell("tenants", "create", "other", "--admin", "root")
    said = shell("users", "create", "ben", "--role", "analyst", "--tenant", "acme")
    assert "/sign-in?one_time=" in said
    made = shell.json("users", "create", "cleo", "--tenant", "acme")
    assert (made["user"]["role"], made["user"]["has_password"]) == ("viewer", False)
    listed = shell.json("users", "list")["users"]
    assert {(user["username"], user["tenant"]) for user in listed} == {
        ("ben", "acme"),
        ("cleo", "acme"),
        ("root", "other"),
    }
    assert {user["username"] for user in shell.json("users", "list", "--tenant", "acme")["users"]} == {"ben", "cleo"}
    assert "no password yet" in shell("users", "list")
    assert shell("users", "disable", "ben") == "ben is disabled.\n"
    assert "auth.user_disabled" in shell("users", "reset", "ben", code=2)
    assert shell.json("users", "enable", "ben")["user"]["disabled"] is False
    assert shell.json("users", "reset", "BEN")["username"] == "ben"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("users", "create", "root"), 2, "auth.username_taken"),
        (("users", "create", "a b"), 2, "auth.invalid_username"),
        (("users", "create", "eve", "--role", "owner"), 2, "auth.unknown_role"),
        (("users", "create", "eve", "--tenant", "defualt"), 2, "Did you mean 'default'?"),
        (("users", "reset", "nobody"), 2, "auth.unknown_user"),
        (("users", "disable", "nobody"), 2, "auth.unknown_user"),
        (("users", "disable", "root"), 4, "auth.last_administrator"),
        (("users", "list", "--tenant", "nowhere"), 2, "There is no tenant 'nowhere'"),
        (("tenants", "create", " "), 2, "auth.invalid_tenant_name"),
        (("tenants", "create", "x" * 201), 2, "auth.invalid_tenant_name"),
        (("tenants", "create", "a\x1b[31m"), 2, "auth.invalid_tenant_name"),
        (("tenants", "create", "acme", "--admin", "root"), 2, "auth.username_taken"),
    ],
)
def test_wrong_input(at: Shell, words: tuple[str, ...], code: int, said: str) -> None:
    at("tenants", "create", "default", "--admin", "root")
    assert said in at(*words, code=code)


@pytest.mark.parametrize("words", [("users", "list"), ("tenants", "list"), ("users", "reset", "admin")])
def test_a_folder_without_a_platform_stays_empty(tmp_path: Path, at: Shell, words: tuple[str, ...]) -> None:
    assert "There is no platform in the folder" in at(*words, code=2)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database(tmp_path: Path, at: Shell) -> None:
    (tmp_path / "platform.db").write_bytes(b"this is no database, however one looks at it" * 100)
    assert "platform.database_damaged" in at("users", "list", code=5)


def test_beside_a_running_server(tmp_path: Path, at: Shell) -> None:
    with serving(tmp_path) as running:
        made = at.json("tenants", "create", "acme", "--admin", "ada")
        client = running.anonymous()
        body = {"one_time_token": made["administrator"]["one_time_token"], "new_password": PASSWORD}
        session = client.post("/sessions", json=body)
        assert session.status_code == 201
        assert session.json()["user"]["tenant"]["name"] == "acme"
        at("users", "create", "second", "--role", "admin", "--tenant", "acme")
        token = at.json("users", "reset", "second")["one_time_token"]
        body["one_time_token"] = token
        assert running.anonymous().post("/sessions", json=body).status_code == 201
        at("users", "disable", "ada")
        refused = running.anonymous().post("/sessions", json={"username": "ada", "password": PASSWORD})
        assert code_of(refused, 401) == "auth.invalid_credentials"
