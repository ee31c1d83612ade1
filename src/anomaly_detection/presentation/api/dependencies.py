"""Who asks: a browser by its cookie and a token beside it, a program by its bearer token."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Path, Query, Request

from anomaly_detection.configurations.basic.composition import Platform
from anomaly_detection.configurations.basic.operations import Caller, Operations
from anomaly_detection.enterprise.auth.sessions import Session
from anomaly_detection.shared.errors import NotAllowed, NotSignedIn
from anomaly_detection.shared.scope import Scope

COOKIE = "anomaly_session"
CSRF_HEADER = "X-CSRF-Token"

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


async def platform(request: Request) -> Platform:
    """Return the composition that this application serves."""
    return cast(Platform, request.app.state.platform)


def session(request: Request, platform: Annotated[Platform, Depends(platform)]) -> Session:
    """Return the session that the request proves.

    A bearer token comes before a cookie. Browsers add cookies by themselves, also when another site asks them to, so an
    unsafe method with a cookie needs the session's CSRF token beside it.

    Raises
    ------
    NotSignedIn
        ``auth.not_signed_in``, ``auth.token_expired``, ``auth.token_invalid``.
    NotAllowed
        ``auth.csrf_token_missing``.
    """
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise NotSignedIn(
                "The header Authorization names no bearer token.",
                code="auth.token_invalid",
                hint="Send Authorization: Bearer <access_token>.",
            )
        return platform.sessions.check(token.strip())
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        raise NotSignedIn(
            "Nobody is signed in.", code="auth.not_signed_in", hint="POST /api/v1/sessions gives a token and a cookie."
        )
    found = platform.sessions.check(cookie)
    csrf_token = request.headers.get(CSRF_HEADER, "")
    if request.method not in _SAFE and not platform.sessions.check_csrf(found, csrf_token):
        raise NotAllowed(
            f"The header {CSRF_HEADER} is missing or wrong.",
            code="auth.csrf_token_missing",
            hint="Send the csrf_token of GET /api/v1/sessions/current with it.",
        )
    return found


async def caller(request: Request, session: Annotated[Session, Depends(session)]) -> Caller:
    """Return on whose behalf the request acts."""
    user = session.user
    return Caller(Scope(user.tenant.id, user.id, request.state.request_id), user.role)


async def operations(platform: Annotated[Platform, Depends(platform)]) -> Operations:
    """Return what may be asked."""
    return platform.operations


ThePlatform = Annotated[Platform, Depends(platform)]
TheSession = Annotated[Session, Depends(session)]
TheCaller = Annotated[Caller, Depends(caller)]
TheOperations = Annotated[Operations, Depends(operations)]
Limit = Annotated[int, Query(ge=1, le=200, description="How many items a page holds.")]
After = Annotated[str | None, Query(max_length=64, description="The `next` of the page before.")]
Id = Annotated[str, Path(max_length=64)]
