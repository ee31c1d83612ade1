"""What a call does, step by step, without saying who carries the steps out.

A flow is a generator: it yields steps and gets what they brought about. One driver carries them out with blocking calls,
another one by awaiting, so that everything else (retries, renewed tokens, waiting, paging) is written once.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from anomaly_detection_client.content import Content
from anomaly_detection_client.download import FileSink
from anomaly_detection_client.errors import ApiError


@dataclass(frozen=True, slots=True)
class Send:
    """Send one HTTP request; brings an `Answer` or a `Lost`.

    Attributes
    ----------
    body : bytes or Content or None
        What is sent along.
    sink : FileSink or None
        Where the body of a success is written to.
    held_open : bool
        The body of a success is not read; `Answer.stream` gives it.
    patient : bool
        The answer may take long.
    """

    method: str
    path: str
    params: Mapping[str, Any]
    headers: Mapping[str, str]
    body: bytes | Content | None = None
    sink: FileSink | None = None
    held_open: bool = False
    patient: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; `headers` finds a name in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    stream: Any = None

    @property
    def is_success(self) -> bool:
        """Whether the server did what was asked."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer came. `sent` says whether the server may have got the request all the same."""

    error: ApiError
    sent: bool


@dataclass(frozen=True, slots=True)
class Pause:
    """Let some time pass; brings nothing."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Alone:
    """Carry out a flow while no other one is carried out alone; brings None, or the error that ended it."""

    flow: Flow[None]


Step: TypeAlias = Send | Pause | Alone
T = TypeVar("T")
Flow: TypeAlias = Generator[Step, Any, T]
