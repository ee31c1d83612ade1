"""Work that the server does, and what it works with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from anomaly_detection_client.decoding import Decoded

_ENDED = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress(Decoded):
    """How far something is: a fraction in [0, 1] and the name of the stage."""

    fraction: float
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure(Decoded):
    """The error that ended something."""

    code: str
    message: str
    hint: str = ""


class Work(Decoded):
    """What runs on the server until it ends."""

    __slots__ = ()
    status: str
    progress: Progress | None
    error: Failure | None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in _ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSubject(Decoded):
    """What a job makes: a detection, or a version of a model."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Work):
    """A durable piece of work.

    Attributes
    ----------
    kind : {"detection", "training"}
    status : {"queued", "running", "succeeded", "failed", "cancelled"}
    priority : {"high", "normal", "low"}
    attempts : int
        How often a worker took it; more than 1 after a worker was lost.
    """

    id: str
    kind: str
    status: str
    progress: Progress
    attempts: int
    created_at: datetime
    priority: str = "normal"
    subject: JobSubject | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithm(Decoded):
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
