"""The accounts of your tenant; for administrators."""

from __future__ import annotations

from anomaly_detection_client.operations import Listing, M, Operation, Resource
from anomaly_detection_client.request import Page, Request, creation, done, given, pages_of, part, request_for
from anomaly_detection_client.values.accounts import Invitation, User


def list_users(*, page_size: int = 50) -> Request[Page[User]]:
    """Yield all users, newest first."""
    return pages_of("users", User.of, limit=page_size)


def create(username: str, role: str, *, idempotency_key: str | None = None) -> Request[Invitation]:
    """Make an account; the answer's one-time token is what the user signs in with, at ``/sign-in?one_time=TOKEN``.

    Parameters
    ----------
    role : {"viewer", "analyst", "admin"}
        What the user may do.

    Raises
    ------
    Conflict
        There is a user of this name; or ``api.secret_already_shown``: the answer to an earlier attempt was lost and with it
        the token. Make another one with `new_one_time_token`.
    """
    body = {"username": username, "role": role}
    return creation("users", Invitation.of, body=body, idempotency_key=idempotency_key)


def get(user_id: str) -> Request[User]:
    """Return one user."""
    return request_for("GET", f"users/{part(user_id)}", User.of)


def update(user_id: str, *, role: str | None = None, disabled: bool | None = None) -> Request[User]:
    """Change what a user may do. Disabling ends the user's sessions and API keys.

    Raises
    ------
    Conflict
        ``auth.last_administrator``: nobody would be left to manage the accounts.
    """
    return request_for("PATCH", f"users/{part(user_id)}", User.of, body=given({"role": role, "disabled": disabled}))


def new_one_time_token(user_id: str) -> Request[Invitation]:
    """Make another one-time token, for a user who has lost the first one or the password."""
    return request_for("POST", f"users/{part(user_id)}/one-time-token", Invitation.of)


def delete(user_id: str) -> Request[None]:
    """Remove an account; what the user made stays.

    Raises
    ------
    Conflict
        ``auth.last_administrator``: nobody would be left to manage the accounts.
    """
    return done("DELETE", f"users/{part(user_id)}")


class Users(Resource[M]):
    """The accounts of your tenant."""

    list = Listing(list_users)
    create = Operation(create)
    get = Operation(get)
    update = Operation(update)
    new_one_time_token = Operation(new_one_time_token)
    delete = Operation(delete)
