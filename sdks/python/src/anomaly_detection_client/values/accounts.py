"""Who uses the platform, and how they prove it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from anomaly_detection_client.decoding import Decoded


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant(Decoded):
    """The organisation that users and data belong to."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Decoded):
    """The user that a session belongs to."""

    id: str
    username: str
    role: str
    tenant: Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Decoded):
    """A sign-in. The tokens are empty where the server was only asked who is signed in; none is shown in `repr`.

    Attributes
    ----------
    expires_at : datetime
        End of the session, however often its tokens are refreshed.
    access_token : str
        What each request proves itself with, until `access_expires_at`.
    refresh_token : str
        What new tokens are given for, once.
    """

    user: SignedIn
    expires_at: datetime
    access_token: str = field(default="", repr=False)
    access_expires_at: datetime | None = None
    refresh_token: str = field(default="", repr=False)
    csrf_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTime(Decoded):
    """Whom a one-time token signs in, and until when."""

    username: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Decoded):
    """An account of your tenant.

    Attributes
    ----------
    role : {"viewer", "analyst", "admin"}
        What the user may do.
    has_password : bool
        Whether the one-time token has been used.
    locked_until : datetime or None
        After too many wrong passwords.
    """

    id: str
    username: str
    role: str
    disabled: bool
    has_password: bool
    created_at: datetime
    last_sign_in_at: datetime | None = None
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation(Decoded):
    """What a user signs in with for the first time: once, and before it expires. Not shown in `repr`."""

    one_time_token: str = field(repr=False)
    expires_at: datetime
    user: User | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission(Decoded):
    """The right to do one kind of thing."""

    name: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role(Decoded):
    """A set of permissions, by their names."""

    name: str
    description: str
    permissions: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles(Decoded):
    """All roles, and all permissions that they are made of."""

    items: list[Role]
    permissions: list[Permission]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person(Decoded):
    """The user in whose name something was done or is allowed; the name is None where the user is gone."""

    id: str
    username: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey(Decoded):
    """What a program proves itself with; `prefix` is the part of it that may be seen."""

    id: str
    name: str
    prefix: str
    role: str
    user: Person
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApiKey(Decoded):
    """A key with its secret, which the server tells this once. Not shown in `repr`."""

    key: ApiKey
    secret: str = field(repr=False)
