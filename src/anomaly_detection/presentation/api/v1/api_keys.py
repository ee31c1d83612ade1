"""API keys: proofs for programs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from anomaly_detection.presentation.api.dependencies import (
    After,
    Id,
    Limit,
    TheCaller,
    TheOperations,
    TheSession,
)
from anomaly_detection.presentation.api.idempotency import TheIdempotency
from anomaly_detection.presentation.api.v1.paging import page
from anomaly_detection.presentation.api.v1.schemas.api_keys import ApiKey, ApiKeyPage, ApiKeyRequest, NewApiKey

router = APIRouter(prefix="/api-keys", tags=["users"])


@router.get("")
def list_api_keys(
    caller: TheCaller,
    operations: TheOperations,
    everybodys: Annotated[bool, Query(alias="all", description="The whole tenant's, for administrators.")] = False,
    limit: Limit = 50,
    after: After = None,
) -> ApiKeyPage:
    """List one's own API keys, newest first; also those that have ended."""
    listing = operations.list_all_api_keys if everybodys else operations.list_own_api_keys
    items, cursor = page(listing(caller, limit=limit + 1, after=after or ""), limit)
    return ApiKeyPage(items=[ApiKey.model_validate(key) for key in items], next=cursor)


@router.post("", status_code=201)
def create_api_key(
    body: ApiKeyRequest, session: TheSession, caller: TheCaller, operations: TheOperations, keyed: TheIdempotency
) -> NewApiKey:
    """Make an API key. Its secret is in this answer and nowhere else. Only people make keys, not other keys."""
    del session
    key, secret = keyed.make_secret(
        body,
        lambda: operations.create_api_key(caller, body.name, role=body.role, expires_at=body.expires_at),
        lambda made: made[0].id,
    )
    return NewApiKey(key=ApiKey.model_validate(key), secret=secret)


@router.delete("/{api_key_id}", status_code=204)
def revoke_api_key(api_key_id: Id, caller: TheCaller, operations: TheOperations) -> None:
    """End an API key at once: one's own, or as an administrator anybody's in the tenant."""
    operations.revoke_api_key(caller, api_key_id)
