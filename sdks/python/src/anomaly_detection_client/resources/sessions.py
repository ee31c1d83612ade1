"""Signing in and out."""

from __future__ import annotations

from anomaly_detection_client.models import Session
from anomaly_detection_client.transport import Transport


class Sessions:
    """Sign in once; the calls that follow are made in your name."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def sign_in(self, username: str, password: str) -> Session:
        """Sign in with a password.

        Raises
        ------
        NotSignedIn
            User name or password is wrong.
        """
        return self._begin({"username": username, "password": password})

    def sign_in_once(self, one_time_token: str, new_password: str) -> Session:
        """Choose the first password with the one-time token that the server printed, and sign in.

        Raises
        ------
        NotSignedIn
            The token is wrong, used or too old.
        InvalidInput
            The password is shorter than 12 characters.
        """
        return self._begin({"one_time_token": one_time_token, "new_password": new_password})

    def current(self) -> Session:
        """Return who is signed in.

        Raises
        ------
        NotSignedIn
            Nobody is.
        """
        return self._transport.read("GET", "sessions/current", Session.of)

    def sign_out(self) -> None:
        """End the session; its token is worth nothing afterwards."""
        self._transport.send("DELETE", "sessions/current")
        self._transport.token = ""

    def _begin(self, body: dict[str, str]) -> Session:
        session = self._transport.read("POST", "sessions", Session.of, json=body)
        self._transport.token = session.access_token
        return session
