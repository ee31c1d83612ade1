"""Signing in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from anomaly_detection.presentation.api.dependencies import COOKIE, ThePlatform, TheSession
from anomaly_detection.presentation.api.v1.schemas.sessions import (
    CurrentSession,
    NewSession,
    OneTime,
    OneTimeSignIn,
    PasswordSignIn,
    User,
)

router = APIRouter(prefix="/sessions", tags=["sessions"])


@router.post("", status_code=201)
def sign_in(
    body: PasswordSignIn | OneTimeSignIn, request: Request, response: Response, platform: ThePlatform
) -> NewSession:
    """Sign in with a password, or with a one-time token and the password to set. Also sets the cookie."""
    if isinstance(body, PasswordSignIn):
        signed_in = platform.sessions.sign_in(body.username, body.password.get_secret_value())
    else:
        signed_in = platform.sessions.sign_in_once(
            body.one_time_token.get_secret_value(), body.new_password.get_secret_value()
        )
    response.set_cookie(
        COOKIE,
        signed_in.access_token,
        max_age=platform.settings.session_minutes * 60,
        httponly=True,
        samesite="strict",
        secure=platform.settings.secure_cookies or request.url.scheme == "https",
        path="/",
    )
    return NewSession(
        user=User.model_validate(signed_in.session.user),
        expires_at=signed_in.session.expires_at,
        csrf_token=signed_in.csrf_token,
        access_token=signed_in.access_token,
    )


@router.get("/one-time")
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
    """End the session: its token stops working at once, its event streams end."""
    platform.sessions.sign_out(session)
    platform.events.end(session.id)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
