"""Signing in and out, and new tokens while one is signed in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from anomaly_detection.configurations.basic.composition import Platform
from anomaly_detection.enterprise.auth.sessions import SignedIn
from anomaly_detection.presentation.api.dependencies import (
    COOKIE,
    CSRF_HEADER,
    REFRESH_COOKIE,
    ThePlatform,
    TheSession,
    count_sign_in,
)
from anomaly_detection.presentation.api.v1.schemas.sessions import (
    CurrentSession,
    NewSession,
    OneTime,
    OneTimeSignIn,
    PasswordChange,
    PasswordSignIn,
    Refresh,
)
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import NotAllowed, NotSignedIn

router = APIRouter(prefix="/sessions", tags=["sessions"])

_PATHS = {COOKIE: "/", REFRESH_COOKIE: "/api/v1/sessions"}
_Counted = [Depends(count_sign_in)]


@router.post("", status_code=201, dependencies=_Counted)
def sign_in(
    body: PasswordSignIn | OneTimeSignIn, request: Request, response: Response, platform: ThePlatform
) -> NewSession:
    """Sign in with a password, or with a one-time token and the password to set. Also sets the cookies."""
    if isinstance(body, PasswordSignIn):
        signed_in = platform.sessions.sign_in(body.username, body.password.get_secret_value())
    else:
        signed_in = platform.sessions.sign_in_once(
            body.one_time_token.get_secret_value(), body.new_password.get_secret_value()
        )
    _set_cookies(request, response, platform, signed_in)
    return NewSession.begun(signed_in)


@router.post("/refresh", dependencies=_Counted)
def refresh_session(
    request: Request, response: Response, platform: ThePlatform, body: Refresh | None = None
) -> NewSession:
    """Trade a refresh token for new tokens of the same session.

    A program sends the token in the body. A browser sends none, has it in its cookie, and adds the header `X-CSRF-Token` with
    any value: another site cannot.
    """
    signed_in = platform.sessions.refresh(_refresh_token(request, body))
    _set_cookies(request, response, platform, signed_in)
    return NewSession.begun(signed_in)


@router.get("/one-time", dependencies=_Counted)
def look_at_one_time_token(token: Annotated[str, Query(max_length=200)], platform: ThePlatform) -> OneTime:
    """Tell whom a one-time token signs in, so that the page can say it. The token stays unused."""
    username, expires_at = platform.accounts.look_at_one_time_token(token)
    return OneTime(username=username, expires_at=expires_at)


@router.get("/current")
def get_current_session(session: TheSession, platform: ThePlatform) -> CurrentSession:
    """Tell who is signed in."""
    return CurrentSession.of(session, platform.sessions.csrf_token(session))


@router.delete("/current", status_code=204)
def sign_out(session: TheSession, response: Response, platform: ThePlatform) -> None:
    """End the session: its tokens stop working at once, its event streams end."""
    platform.sessions.sign_out(session)
    for name, path in _PATHS.items():
        response.delete_cookie(name, path=path, httponly=True, samesite="strict")


@router.put("/current/password", status_code=204, dependencies=_Counted)
def change_password(body: PasswordChange, session: TheSession, platform: ThePlatform) -> None:
    """Choose another password. One's other sessions and one-time links end; API keys stay."""
    platform.sessions.change_password(
        session, body.current_password.get_secret_value(), body.new_password.get_secret_value()
    )


def _refresh_token(request: Request, body: Refresh | None) -> str:
    if body is not None and body.refresh_token is not None:
        return body.refresh_token.get_secret_value()
    cookie = request.cookies.get(REFRESH_COOKIE)
    if not cookie:
        raise NotSignedIn(
            "There is no refresh token in the body and none in the cookie.",
            code="auth.refresh_token_invalid",
            hint="Sign in: POST /api/v1/sessions.",
        )
    if not request.headers.get(CSRF_HEADER):
        raise NotAllowed(
            f"The header {CSRF_HEADER} is missing.",
            code="auth.csrf_token_missing",
            hint="Send it with any value: it shows that no other site sends this request.",
        )
    return cookie


def _set_cookies(request: Request, response: Response, platform: Platform, signed_in: SignedIn) -> None:
    # Both last as long as the session: an access token that has expired is what tells a page to refresh.
    left = max(int((signed_in.session.expires_at - utc_now()).total_seconds()), 0)
    for name, value in {COOKIE: signed_in.access_token, REFRESH_COOKIE: signed_in.refresh_token}.items():
        response.set_cookie(
            name,
            value,
            max_age=left,
            httponly=True,
            samesite="strict",
            secure=platform.settings.secure_cookies or request.url.scheme == "https",
            path=_PATHS[name],
        )
