"""What the server answers, as values. Fields that a later server adds are left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self


class _Answer:
    """A value that is made from the JSON of an answer."""

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """Make the value from an answer."""
        known = {item.name for item in fields(cls)}  # type: ignore[arg-type]
        return cls(**{name: _moment(name, value) for name, value in body.items() if name in known})


def _moment(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if name.endswith("_at") and isinstance(value, str) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class User(_Answer):
    """Who is signed in."""

    id: str
    username: str
    role: str
    tenant: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(_Answer):
    """A sign-in."""

    user: User
    expires_at: datetime
    access_token: str = ""

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """Make the value from an answer."""
        return cls(
            user=User.of(body["user"]),
            expires_at=datetime.fromisoformat(body["expires_at"]),
            access_token=body.get("access_token", ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset(_Answer):
    """Data that were uploaded, with what was recognised in them."""

    id: str
    name: str
    filename: str
    kind: str
    n_rows: int
    n_columns: int
    size_bytes: int
    fingerprint: str
    roles: dict[str, Any]
    columns: list[dict[str, Any]]
    warnings: list[str]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview(_Answer):
    """The first rows of a data set."""

    columns: list[str]
    rows: list[list[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Where the line is drawn.

    Attributes
    ----------
    kind : {"fdr", "p_value", "score", "contamination", "alert_rate"}
        Unit of `value`.
    """

    kind: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection(_Answer):
    """A detection, from its order to its end.

    Attributes
    ----------
    status : {"queued", "running", "succeeded", "failed", "cancelled"}
    progress : dict
        ``fraction`` in [0, 1] and ``stage``.
    summary : dict or None
        ``n_rows``, ``n_anomalies``, ``threshold`` and ``severities``, once it succeeded.
    error : dict or None
        ``code``, ``message`` and ``hint``, once it failed.
    """

    id: str
    name: str
    dataset: dict[str, Any]
    algorithm: str
    parameters: dict[str, Any]
    status: str
    progress: dict[str, Any]
    job_id: str
    created_at: datetime
    columns: list[str] | None = None
    time_column: str | None = None
    error: dict[str, Any] | None = None
    summary: dict[str, Any] | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in {"succeeded", "failed", "cancelled"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly(_Answer):
    """A row that is unlikely to be normal, with its rank from 1."""

    rank: int
    index: int
    score: float
    p_value: float | None
    confidence: float | None
    severity: str
    values: dict[str, Any]
    row_id: str | None = None
    time: str | None = None
    entity: str | None = None
    explanation: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithm(_Answer):
    """What is known of an algorithm; `parameters` is a JSON schema."""

    name: str
    family: str
    kinds: list[str]
    summary: str
    parameters: dict[str, Any]
    online: bool
    causal: bool
    independent_rows: bool
    min_rows: int
    installed: bool
    reference: str
    extra: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(_Answer):
    """A durable piece of work."""

    id: str
    kind: str
    status: str
    progress: dict[str, Any]
    attempts: int
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: dict[str, Any] | None = None
