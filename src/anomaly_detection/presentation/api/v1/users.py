"""The users of a tenant, for its administrators."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from anomaly_detection.presentation.api.dependencies import After, Id, Limit, TheCaller, TheOperations, TheSession
from anomaly_detection.presentation.api.idempotency import TheIdempotency
from anomaly_detection.presentation.api.v1.paging import page
from anomaly_detection.presentation.api.v1.schemas.users import (
    NewUser,
    OneTimeLink,
    User,
    UserChange,
    UserPage,
    UserRequest,
)

router = APIRouter(prefix="/users", tags=["users"])


@router.get("")
def list_users(caller: TheCaller, operations: TheOperations, limit: Limit = 50, after: After = None) -> UserPage:
    """List the tenant's users, newest first."""
    items, cursor = page(operations.list_users(caller, limit=limit + 1, after=after or ""), limit)
    return UserPage(items=[User.model_validate(account) for account in items], next=cursor)


@router.post("", status_code=201)
def create_user(
    body: UserRequest,
    request: Request,
    response: Response,
    _session: TheSession,
    caller: TheCaller,
    operations: TheOperations,
    keyed: TheIdempotency,
) -> NewUser:
    """Add a user. They have no password yet: hand them the one-time link, with which they choose one.

    An API key cannot: whoever holds one could let themselves in for good.
    """
    account, link = keyed.make_secret(
        body, lambda: operations.create_user(caller, body.username, body.role), lambda made: made[0].id
    )
    response.headers["Location"] = f"{request.url.path}/{account.id}"
    return NewUser(user=User.model_validate(account), one_time_token=link.one_time_token, expires_at=link.expires_at)


@router.get("/{user_id}")
def get_user(user_id: Id, caller: TheCaller, operations: TheOperations) -> User:
    """Return one user."""
    return User.model_validate(operations.get_user(caller, user_id))


@router.patch("/{user_id}")
def change_user(user_id: Id, body: UserChange, caller: TheCaller, operations: TheOperations) -> User:
    """Give a user another role, lock them out, or let them in again."""
    return User.model_validate(operations.change_user(caller, user_id, role=body.role, disabled=body.disabled))


@router.delete("/{user_id}", status_code=204)
def delete_user(user_id: Id, caller: TheCaller, operations: TheOperations) -> None:
    """Remove a user with sessions and API keys. What they made stays."""
    operations.delete_user(caller, user_id)


@router.post("/{user_id}/one-time-token", status_code=201)
def make_one_time_token(user_id: Id, _session: TheSession, caller: TheCaller, operations: TheOperations) -> OneTimeLink:
    """Return a link with which a user chooses a new password. The links before it stop working. An API key cannot."""
    return OneTimeLink.model_validate(operations.make_one_time_link(caller, user_id))
