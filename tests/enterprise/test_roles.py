"""Roles as data: what each holds, and that nothing is allowed by accident."""

from __future__ import annotations

import pytest

from anomaly_detection.enterprise.auth.roles import ROLES, Permission, check_role, require
from anomaly_detection.shared.errors import InvalidInput, NotAllowed


def test_each_role_holds_the_rights_of_the_one_before() -> None:
    assert ROLES["viewer"] < ROLES["analyst"] < ROLES["admin"]
    assert ROLES["admin"] == set(Permission)


def test_a_viewer_changes_nothing() -> None:
    assert {permission.partition(".")[2] for permission in ROLES["viewer"]} == {"read", "own"}


def test_what_is_not_held_is_refused_and_says_who_holds_it() -> None:
    require("analyst", Permission.WRITE_DATASETS)
    with pytest.raises(NotAllowed) as caught:
        require("viewer", Permission.WRITE_DATASETS)
    assert caught.value.code == "auth.not_allowed"
    assert "analyst, admin" in caught.value.hint


@pytest.mark.parametrize("permission", list(Permission))
def test_an_unknown_role_holds_nothing(permission: Permission) -> None:
    with pytest.raises(NotAllowed):
        require("owner", permission)


def test_an_unknown_role_cannot_be_given() -> None:
    with pytest.raises(InvalidInput, match="Did you mean 'admin'"):
        check_role("admn")
