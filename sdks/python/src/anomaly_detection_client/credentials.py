"""How the client proves who calls: a token, an API key, or a session whose tokens it renews by itself."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from anomaly_detection_client.errors import InvalidInput, NotSignedIn
from anomaly_detection_client.flow import Answer, Flow
from anomaly_detection_client.request import NO_LIMIT, Request, encoded
from anomaly_detection_client.values.accounts import Session

T = TypeVar("T")
Ask = Callable[[Request[Any]], Flow[Any]]

_KEY_PREFIX = "adk_"
_MARGIN_SECONDS = 20.0
_REPLAY_SECONDS = 8.0
"""A refresh token that is sent twice ends the session, except shortly after its first use (10 s)."""


@dataclass(frozen=True, slots=True)
class Granted:
    """A session, and how long its access token holds by the server's own clock."""

    session: Session
    seconds: float


class Credentials:
    """What proves the caller, and how it is renewed.

    Parameters
    ----------
    token : str
        An access token or an API key; nothing of it is renewed.
    username, password : str
        Signed in with when the first request needs it, and again when the session has ended.
    """

    def __init__(self, *, token: str = "", username: str = "", password: str = "") -> None:
        self._bearer = token
        self._refresh = ""
        self._renew_at = NO_LIMIT
        self._username = username
        self._password = password

    def __repr__(self) -> str:
        kind = "nobody"
        if self._username:
            kind = f"user {self._username!r}"
        elif self._refresh:
            kind = "a session"
        elif self._bearer:
            kind = "an API key" if self._bearer.startswith(_KEY_PREFIX) else "a token"
        return f"<{kind}>"

    @property
    def bearer(self) -> str:
        """What a request proves itself with now; empty for nobody."""
        return self._bearer

    @property
    def renewable(self) -> bool:
        """Whether `renewed` can bring another proof."""
        return bool(self._refresh or self._password)

    @property
    def is_due(self) -> bool:
        """Whether the proof should be renewed before the next request."""
        return self.renewable and (not self._bearer or time.monotonic() >= self._renew_at)

    def begin(self, granted: Granted) -> Session:
        """Take the tokens of a session, in the place of what there was; return the session."""
        session = granted.session
        self._bearer, self._refresh = session.access_token, session.refresh_token
        margin = min(_MARGIN_SECONDS, granted.seconds / 10)
        self._renew_at = time.monotonic() + granted.seconds - margin if self.renewable else NO_LIMIT
        return session

    def forget(self) -> None:
        """Be nobody."""
        self.__init__()  # type: ignore[misc]

    def renewed(self, stale: str, ask: Ask) -> Flow[None]:
        """Get another proof in the place of one that has become too old, unless somebody else did so already.

        Raises
        ------
        NotSignedIn
            The session has ended, and there is no password to begin another one with.
        """
        if self._bearer != stale:
            return
        if self._refresh:
            try:
                self.begin((yield from ask(refresh(self._refresh))))
                return
            except NotSignedIn:
                self._bearer = self._refresh = ""
                if not self._password:
                    raise
        self.begin((yield from ask(sign_in(username=self._username, password=self._password))))


def sign_in(**proof: str) -> Request[Granted]:
    """Describe a sign-in, by ``username`` and ``password`` or by ``one_time_token`` and ``new_password``."""
    return _session_request("sessions", proof, repeatable_for=0.0)


def refresh(token: str) -> Request[Granted]:
    """Describe how new tokens are got for a refresh token."""
    return _session_request("sessions/refresh", {"refresh_token": token}, repeatable_for=_REPLAY_SECONDS)


def _session_request(path: str, body: dict[str, str], *, repeatable_for: float) -> Request[Granted]:
    return Request(
        method="POST",
        path=path,
        parse=_granted,
        headers={"Content-Type": "application/json"},
        body=encoded(body),
        repeatable_for=repeatable_for,
        signed=False,
    )


def _granted(answer: Answer) -> Granted:
    session = Session.of(json.loads(answer.body))
    end = session.access_expires_at or session.expires_at
    return Granted(session, max((end - _moment_of(answer)).total_seconds(), 0.0))


def _moment_of(answer: Answer) -> datetime:
    """Return the server's time: the clock here may go wrong."""
    try:
        moment = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (TypeError, ValueError):
        return datetime.now(UTC)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def credentials_of(*, token: str, api_key: str, username: str, password: str) -> Credentials:
    """Return the one way to prove oneself that was given, or that of nobody.

    Raises
    ------
    InvalidInput
        ``client.two_proofs``, ``client.half_a_proof``: more than one way was given, or a name without its password.
    """
    ways = [bool(token), bool(api_key), bool(username or password)]
    if sum(ways) > 1:
        raise InvalidInput(
            "More than one way to sign in was given.",
            code="client.two_proofs",
            hint="Give a token, an API key, or a user name with its password.",
        )
    if bool(username) != bool(password):
        raise InvalidInput(
            "A user name needs its password, and a password its user name.",
            code="client.half_a_proof",
            hint="Give both, or sign in later by client.sessions.",
        )
    proof = token or api_key
    if not proof.isascii() or not proof.isprintable() or " " in proof:
        raise InvalidInput(
            "The token or API key has characters that none has.",
            code="client.damaged_proof",
            hint="Copy it again, without line breaks or spaces.",
        )
    return Credentials(token=proof, username=username, password=password)
