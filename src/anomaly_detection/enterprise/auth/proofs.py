"""Checking who asks, on every request: what was checked a moment ago is remembered, until it ends.

Checking costs a signature and a query. A program that scores a row a hundred times in a second pays that once in
`REMEMBERED_SECONDS`. What ends in this process is forgotten before the answer to whoever ended it; what ends elsewhere (the
command line, another server on the same database) holds here for at most `REMEMBERED_SECONDS` more.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass
from datetime import datetime

from anomaly_detection.enterprise.auth.api_keys import PREFIX, ApiKeys, KeyProof
from anomaly_detection.enterprise.auth.endings import Endings
from anomaly_detection.enterprise.auth.proof import Proof
from anomaly_detection.enterprise.auth.sessions import Sessions
from anomaly_detection.shared.clock import utc_now

REMEMBERED_SECONDS = 5.0
CAPACITY = 10_000
"""So many tokens are remembered; the oldest makes room."""


@dataclass(frozen=True, slots=True)
class _Remembered:
    proof: Proof
    ends_at: datetime
    until: float


class Proofs:
    """What tokens prove, whatever their kind.

    Parameters
    ----------
    sessions : Sessions
        Checks access tokens.
    api_keys : ApiKeys
        Checks API keys.
    endings : Endings
        Tells what to forget.
    seconds : float, default 5
        How long a check is remembered; 0 checks every time.
    capacity : int, default 10 000
        How many are remembered.
    """

    def __init__(
        self,
        sessions: Sessions,
        api_keys: ApiKeys,
        endings: Endings,
        *,
        seconds: float = REMEMBERED_SECONDS,
        capacity: int = CAPACITY,
    ) -> None:
        self._sessions = sessions
        self._api_keys = api_keys
        self._seconds = seconds
        self._capacity = capacity
        self._lock = threading.Lock()
        self._remembered: dict[bytes, _Remembered] = {}
        self._endings_seen = 0
        endings.listen(self.forget)

    def __len__(self) -> int:
        """Return how many checks are remembered."""
        return len(self._remembered)

    def recall(self, token: str) -> Proof | None:
        """Return what a token proves if that was checked a moment ago; asks no database."""
        found = self._remembered.get(_digest(token))
        if found is None or time.monotonic() >= found.until or utc_now() >= found.ends_at:
            return None
        return found.proof

    def check(self, token: str) -> Proof:
        """Return what a token proves.

        Raises
        ------
        NotSignedIn
            ``auth.token_invalid``, ``auth.token_expired``.
        """
        proof = self.recall(token)
        if proof is not None:
            return proof
        seen = self._endings_seen
        proof, ends_at = (self._api_keys if token.startswith(PREFIX) else self._sessions).prove(token)
        self._remember(token, proof, ends_at, seen)
        return proof

    def holds(self, proof: Proof) -> bool:
        """Ask the database whether a proof that was checked before still holds."""
        return (self._api_keys if isinstance(proof, KeyProof) else self._sessions).holds(proof)

    def forget(self, proof_id: str) -> None:
        """Forget what was remembered of a session or an API key."""
        with self._lock:
            self._endings_seen += 1
            for digest in [key for key, kept in self._remembered.items() if kept.proof.id == proof_id]:
                del self._remembered[digest]

    def _remember(self, token: str, proof: Proof, ends_at: datetime, seen: int) -> None:
        with self._lock:
            # Something ended while this was read: it may be what was read.
            if seen != self._endings_seen or not self._seconds:
                return
            digest = _digest(token)
            self._remembered.pop(digest, None)
            self._remembered[digest] = _Remembered(proof, ends_at, time.monotonic() + self._seconds)
            while len(self._remembered) > self._capacity:
                del self._remembered[next(iter(self._remembered))]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
