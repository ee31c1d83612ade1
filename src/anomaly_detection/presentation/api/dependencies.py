"""Who asks: a browser by its cookie and a token beside it, a program by its bearer token."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Path, Query, Request
from starlette.concurrency import run_in_threadpool

from anomaly_detection.configurations.basic.composition import Platform
from anomaly_detection.configurations.basic.operations import Caller, Operations
from anomaly_detection.enterprise.auth.api_keys import KeyProof
from anomaly_detection.enterprise.auth.proof import Proof
from anomaly_detection.enterprise.auth.proofs import Proofs
from anomaly_detection.enterprise.auth.sessions import Session
from anomaly_detection.enterprise.auth.tokens import token_invalid
from anomaly_detection.presentation.api.limits import RequestLimits
from anomaly_detection.shared.errors import NotAllowed, NotSignedIn
from anomaly_detection.shared.scope import Scope

COOKIE = "anomaly_session"
REFRESH_COOKIE = "anomaly_refresh"
CSRF_HEADER = "X-CSRF-Token"

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


async def platform(request: Request) -> Platform:
    """Return the composition that this application serves."""
    return cast(Platform, request.app.state.platform)


async def limits(request: Request) -> RequestLimits:
    """Return what counts requests."""
    return cast(RequestLimits, request.app.state.limits)


async def proof(
    request: Request,
    platform: Annotated[Platform, Depends(platform)],
    limits: Annotated[RequestLimits, Depends(limits)],
) -> Proof:
    """Return what the request proves: a session, or an API key.

    What was checked a moment ago is answered here, in the event loop; a check asks the database, in a thread.

    A bearer token comes before a cookie. Browsers add cookies by themselves, also when another site asks them to, so an
    unsafe method with a cookie needs the session's CSRF token beside it.

    Raises
    ------
    NotSignedIn
        ``auth.not_signed_in``, ``auth.token_expired``, ``auth.token_invalid``.
    NotAllowed
        ``auth.csrf_token_missing``.
    TooManyRequests
        ``api.too_many_requests``.
    """
    token = _bearer(request)
    cookie = "" if token else request.cookies.get(COOKIE, "")
    if not token and not cookie:
        raise NotSignedIn(
            "Nobody is signed in.", code="auth.not_signed_in", hint="POST /api/v1/sessions gives a token and a cookie."
        )
    found = await _check(platform.proofs, limits, token or cookie, address_of(request))
    if cookie and not isinstance(found, Session):
        raise token_invalid()
    csrf_token = request.headers.get(CSRF_HEADER, "")
    if cookie and request.method not in _SAFE and not platform.sessions.check_csrf(found, csrf_token):
        raise NotAllowed(
            f"The header {CSRF_HEADER} is missing or wrong.",
            code="auth.csrf_token_missing",
            hint="Send the csrf_token of GET /api/v1/sessions/current with it.",
        )
    limits.count_request(found.id if isinstance(found, KeyProof) else found.user.id)
    return found


async def session(proof: Annotated[Proof, Depends(proof)]) -> Session:
    """Return the session that the request proves; an API key is none.

    Raises
    ------
    NotAllowed
        ``auth.session_needed``.
    """
    if not isinstance(proof, Session):
        raise NotAllowed(
            "An API key cannot do this.",
            code="auth.session_needed",
            hint="Sign in with username and password: POST /api/v1/sessions.",
        )
    return proof


async def count_sign_in(request: Request, limits: Annotated[RequestLimits, Depends(limits)]) -> None:
    """Count an attempt to sign in.

    Raises
    ------
    TooManyRequests
        ``api.too_many_requests``.
    """
    limits.count_sign_in(address_of(request))


async def caller(request: Request, proof: Annotated[Proof, Depends(proof)]) -> Caller:
    """Return on whose behalf the request acts."""
    user = proof.user
    return Caller(Scope(user.tenant.id, user.id, request.state.request_id), user.role)


async def operations(platform: Annotated[Platform, Depends(platform)]) -> Operations:
    """Return what may be asked."""
    return platform.operations


ThePlatform = Annotated[Platform, Depends(platform)]
TheProof = Annotated[Proof, Depends(proof)]
TheSession = Annotated[Session, Depends(session)]
TheCaller = Annotated[Caller, Depends(caller)]
TheOperations = Annotated[Operations, Depends(operations)]
Limit = Annotated[int, Query(ge=1, le=200, description="How many items a page holds.")]
After = Annotated[str | None, Query(max_length=64, description="The `next` of the page before.")]
NamePart = Annotated[str, Query(max_length=200, description="Part of the name, in any case.")]
Id = Annotated[str, Path(max_length=64)]


def address_of(request: Request) -> str:
    """Return where the request comes from: the other end of the connection, or what a trusted proxy says of it."""
    return request.client.host if request.client is not None else "local"


def _bearer(request: Request) -> str:
    authorization = request.headers.get("Authorization")
    if authorization is None:
        return ""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn(
            "The header Authorization names no bearer token.",
            code="auth.token_invalid",
            hint="Send Authorization: Bearer <access_token>, or an API key in its place.",
        )
    return token.strip()


async def _check(proofs: Proofs, limits: RequestLimits, token: str, address: str) -> Proof:
    remembered = proofs.recall(token)
    if remembered is not None:
        return remembered
    limits.check_stranger(address)
    try:
        return await run_in_threadpool(proofs.check, token)
    except NotSignedIn:
        limits.count_stranger(address)
        raise
