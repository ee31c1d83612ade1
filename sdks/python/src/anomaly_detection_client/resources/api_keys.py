"""API keys: what programs prove themselves with."""

from __future__ import annotations

from datetime import datetime

from anomaly_detection_client.operations import Listing, M, Operation, Resource
from anomaly_detection_client.request import Page, Request, creation, done, given, pages_of, part
from anomaly_detection_client.values.accounts import ApiKey, NewApiKey


def list_api_keys(*, all_users: bool = False, page_size: int = 50) -> Request[Page[ApiKey]]:
    """Yield your keys, newest first; those of all users for an administrator who asks for them."""
    return pages_of("api-keys", ApiKey.of, limit=page_size, all="true" if all_users else None)


def create(
    name: str, *, role: str | None = None, expires_at: datetime | None = None, idempotency_key: str | None = None
) -> Request[NewApiKey]:
    """Make a key. Its secret is told once, here.

    Parameters
    ----------
    role : str, optional
        What the key may do; at most, and by default, what you may.
    expires_at : datetime, optional
        An aware moment; by default the key holds until it is revoked.

    Raises
    ------
    NotAllowed
        ``auth.role_too_high``; ``auth.session_needed``: a key cannot make keys.
    Conflict
        ``api.secret_already_shown``: the answer to an earlier attempt was lost and with it the secret. Revoke that key and
        make another one.
    """
    body = given({"name": name, "role": role, "expires_at": expires_at})
    return creation("api-keys", NewApiKey.of, body=body, idempotency_key=idempotency_key)


def revoke(api_key_id: str) -> Request[None]:
    """Make a key worthless at once."""
    return done("DELETE", f"api-keys/{part(api_key_id)}")


class ApiKeys(Resource[M]):
    """Your API keys."""

    list = Listing(list_api_keys)
    create = Operation(create)
    revoke = Operation(revoke)
