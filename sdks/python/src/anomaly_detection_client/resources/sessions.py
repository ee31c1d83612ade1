"""Signing in and out."""

from __future__ import annotations

from anomaly_detection_client import credentials
from anomaly_detection_client.core import Core
from anomaly_detection_client.flow import Flow
from anomaly_detection_client.operations import M, Operation, Procedure, Resource
from anomaly_detection_client.request import Request, done, request_for
from anomaly_detection_client.values.accounts import OneTime, Session


def sign_in(core: Core, username: str, password: str) -> Flow[Session]:
    """Sign in with a password; the calls that follow are made in this user's name.

    The password is not kept: when the session ends after some hours, sign in again. (A client that was made with user name
    and password does so by itself.)

    Raises
    ------
    NotSignedIn
        User name or password is wrong.
    TooManyRequests
        Too many attempts; `retry_after` says when to come back.
    """
    return (yield from _begun(core, username=username, password=password))


def sign_in_once(core: Core, one_time_token: str, new_password: str) -> Flow[Session]:
    """Choose a password with the one-time token that the server printed or an administrator gave, and sign in.

    Raises
    ------
    NotSignedIn
        The token is wrong, used or too old.
    InvalidInput
        The password is shorter than 12 characters.
    """
    return (yield from _begun(core, one_time_token=one_time_token, new_password=new_password))


def _begun(core: Core, **proof: str) -> Flow[Session]:
    granted = yield from core.exchange(credentials.sign_in(**proof))
    core.credentials.forget()
    return core.credentials.begin(granted)


def sign_out(core: Core) -> Flow[None]:
    """End the session; its tokens are worth nothing afterwards, and the client is nobody's."""
    yield from core.exchange(done("DELETE", "sessions/current"))
    core.credentials.forget()


def current() -> Request[Session]:
    """Return who is signed in.

    Raises
    ------
    NotSignedIn
        Nobody is.
    """
    return request_for("GET", "sessions/current", Session.of)


def look_at_one_time_token(token: str) -> Request[OneTime]:
    """Return whom a one-time token would sign in; it stays unused.

    Raises
    ------
    NotSignedIn
        The token is wrong, used or too old.
    """
    return request_for("GET", "sessions/one-time", OneTime.of, params={"token": token}, signed=False)


def change_password(current_password: str, new_password: str) -> Request[None]:
    """Choose another password; the user's other sessions end.

    Raises
    ------
    InvalidInput
        ``auth.wrong_password``, ``auth.weak_password``.
    """
    body = {"current_password": current_password, "new_password": new_password}
    return done("PUT", "sessions/current/password", body=body, repeatable=False)


class Sessions(Resource[M]):
    """Sign in once; the calls that follow are made in your name."""

    sign_in = Procedure(sign_in)
    sign_in_once = Procedure(sign_in_once)
    sign_out = Procedure(sign_out)
    current = Operation(current)
    look_at_one_time_token = Operation(look_at_one_time_token)
    change_password = Operation(change_password)
