"""The header Idempotency-Key: whoever repeats a request with the same key gets what the first one made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Annotated, Any, Protocol, TypeVar

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from anomaly_detection.infrastructure.persistence.idempotency import IdempotencyKeys, KeyedRequest, Replayed
from anomaly_detection.presentation.api.dependencies import TheCaller, ThePlatform
from anomaly_detection.shared.errors import Conflict, NotFound
from anomaly_detection.shared.scope import Scope

KEY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


A = TypeVar("A")
I = TypeVar("I", bound=_Identified)  # noqa: E741


class Idempotency:
    """What an endpoint makes things by; without a key it makes them as ever.

    Parameters
    ----------
    keys : IdempotencyKeys
        Where keys are kept.
    scope : Scope
        On whose behalf; nobody meets the keys of others.
    request : Request
        The request; its operation and query belong to what a repetition must repeat.
    response : Response
        Where a repetition is marked.
    key : str or None
        The header as it was sent.
    """

    def __init__(
        self, keys: IdempotencyKeys, scope: Scope, request: Request, response: Response, key: str | None
    ) -> None:
        self._keys = keys
        self._scope = scope
        self._operation = str(request.scope["route"].name)
        self._query = sorted(request.query_params.multi_items())
        self._response = response
        self._key = key

    def make(self, body: BaseModel, create: Callable[[], I], present: Callable[[str], I]) -> I:
        """Make something by one transaction, or return what an earlier request made.

        Parameters
        ----------
        body : BaseModel
            What was asked for.
        create : callable
            Makes it and returns the answer.
        present : callable
            Returns the answer for what there is, by its id.
        """
        if self._key is None:
            return create()
        try:
            return self._keys.make(self._scope, self._request(_plain(body)), create, lambda made: made.id)
        except Replayed as replayed:
            return self._replay(replayed.resource_id, present)

    def make_secret(self, body: BaseModel, create: Callable[[], A], identify: Callable[[A], str]) -> A:
        """Make something whose secret is shown once: a repetition cannot show it again.

        Raises
        ------
        Conflict
            ``api.secret_already_shown``, with the id of what was made.
        """
        if self._key is None:
            return create()
        try:
            return self._keys.make(self._scope, self._request(_plain(body)), create, identify)
        except Replayed as replayed:
            raise _already_shown(replayed.resource_id) from None

    def make_slowly(
        self, fingerprint: str, resource_id: str, create: Callable[[], A], present: Callable[[str], A]
    ) -> A:
        """Make something that takes long, under an id that is known before.

        Parameters
        ----------
        fingerprint : str
            Tells the bytes that were sent from others.
        resource_id : str
            The id of what `create` makes.
        create, present : callable
            As for `make`.
        """
        if self._key is None:
            return create()
        request = self._request(fingerprint)
        try:
            self._keys.claim(self._scope, request, resource_id, lambda earlier: _exists(earlier, present))
        except Replayed as replayed:
            return self._replay(replayed.resource_id, present)
        try:
            made = create()
        except BaseException:
            self._keys.free(self._scope, request, resource_id)
            raise
        self._keys.complete(self._scope, request, resource_id)
        return made

    def _request(self, content: Any) -> KeyedRequest:
        assert self._key is not None
        text = json.dumps([self._operation, self._query, content], sort_keys=True)
        return KeyedRequest(self._key, self._operation, hashlib.sha256(text.encode()).hexdigest())

    def _replay(self, resource_id: str, present: Callable[[str], A]) -> A:
        answer = present(resource_id)
        self._response.headers[REPLAYED_HEADER] = "true"
        return answer


async def idempotency(
    request: Request,
    response: Response,
    platform: ThePlatform,
    caller: TheCaller,
    key: Annotated[
        str | None,
        Header(
            alias=KEY_HEADER,
            min_length=1,
            max_length=200,
            pattern=r"^[ -~]+$",
            description="A text of your own choice, for instance a UUID. Sent again within 24 hours with the same "
            "request, it answers with what the first one made and the header Idempotency-Replayed.",
        ),
    ] = None,
) -> Idempotency:
    """Return what the request's endpoint makes things by."""
    return Idempotency(platform.idempotency, caller.scope, request, response, key)


TheIdempotency = Annotated[Idempotency, Depends(idempotency)]


def _plain(body: BaseModel) -> Any:
    return body.model_dump(mode="json")


def _exists(resource_id: str, present: Callable[[str], Any]) -> bool:
    try:
        present(resource_id)
    except NotFound:
        return False
    return True


def _already_shown(resource_id: str) -> Conflict:
    return Conflict(
        "This was made already, and its secret was shown then; it cannot be shown again.",
        code="api.secret_already_shown",
        hint="Take the secret from the first answer, or make a new one with another key.",
        details={"id": resource_id},
    )
