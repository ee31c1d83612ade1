"""What proves who somebody is: JSON Web Tokens (RFC 7519) with one algorithm and one key of our own, and opaque secrets.

References
----------
M. Jones, J. Bradley, N. Sakimura, "JSON Web Token (JWT)", RFC 7519, 2015. Y. Sheffer, D. Hardt, M. Jones, "JSON Web Token
Best Current Practices", RFC 8725, 2020.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import OctKey

from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import NotSignedIn

_ALGORITHM = "HS256"
_ISSUER = "anomaly-detection"
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Claims:
    """What an access token says: the session that it proves, until when."""

    session_id: str
    user_id: str
    tenant_id: str
    expires_at: datetime


class TokenSigner:
    """Makes and checks access tokens and the tokens against cross-site requests.

    Parameters
    ----------
    key : bytes
        32 secret random bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._key = OctKey.import_key(key)
        self._csrf_key = hmac.digest(key, b"anomaly-detection csrf", "sha256")
        self._registry = jwt.JWTClaimsRegistry(
            now=lambda: int(utc_now().timestamp()),
            iss={"essential": True, "value": _ISSUER},
            exp={"essential": True},
            sub={"essential": True},
            sid={"essential": True},
            tid={"essential": True},
        )

    def issue(self, claims: Claims) -> str:
        """Return a signed token; no two are alike, even of one session in one second."""
        content = {
            "iss": _ISSUER,
            "sub": claims.user_id,
            "sid": claims.session_id,
            "tid": claims.tenant_id,
            "jti": secrets.token_urlsafe(12),
            "iat": int(utc_now().timestamp()),
            "exp": int(claims.expires_at.timestamp()),
        }
        return jwt.encode({"alg": _ALGORITHM}, content, self._key, algorithms=[_ALGORITHM])

    def read(self, token: str) -> Claims:
        """Return what a token says if it is ours and still holds.

        Raises
        ------
        NotSignedIn
            ``auth.token_expired``, or ``auth.token_invalid`` for everything that we did not sign like this.
        """
        try:
            # Only the one expected algorithm: "none" and algorithms with public keys never reach the signature check.
            content = jwt.decode(token, self._key, algorithms=[_ALGORITHM]).claims
            self._registry.validate(content)
            session_id, user_id, tenant_id = (str(content[name]) for name in ("sid", "sub", "tid"))
            expires_at = datetime.fromtimestamp(content["exp"], UTC)
        except ExpiredTokenError as error:
            raise token_expired() from error
        except (JoseError, ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            raise token_invalid() from error
        return Claims(session_id, user_id, tenant_id, expires_at)

    def csrf_token(self, session_id: str) -> str:
        """Return the token that a browser must send beside its cookie; it follows from the session and our key."""
        return hmac.digest(self._csrf_key, session_id.encode(), "sha256").hex()

    def check_csrf(self, session_id: str, token: str) -> bool:
        """Tell whether `token` is the session's, in constant time."""
        return hmac.compare_digest(self.csrf_token(session_id).encode(), token.encode())


def load_or_create_key(folder: Path) -> bytes:
    """Return the signing key in `folder`, made at the first start and readable by its owner alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "token.key"
    key = secrets.token_bytes(_KEY_BYTES)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_bytes()
        if len(key) == _KEY_BYTES:
            return key
        # Half written when the disk was full: nobody can hold a token signed with it.
        key = secrets.token_bytes(_KEY_BYTES)
        descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key


def new_secret(prefix: str = "") -> str:
    """Return 256 random bits as text; a prefix lets scanners find one that was published by mistake."""
    return prefix + secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """Return what the database keeps of a secret of `new_secret`: it has 256 random bits, so no slow hash is needed."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def token_expired() -> NotSignedIn:
    """Return the error for an access token that has run out."""
    return NotSignedIn(
        "The access token has expired.",
        code="auth.token_expired",
        hint="POST /api/v1/sessions/refresh gives a new one while the session lasts; else sign in again.",
    )


def token_invalid() -> NotSignedIn:
    """Return the error for a token that proves nothing."""
    return NotSignedIn(
        "The token is not one of ours, was changed, or was ended.",
        code="auth.token_invalid",
        hint="Sign in again, or ask for a new API key.",
    )
