"""One request from its description to its value: signed, sent again where that is safe, its tokens renewed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TypeVar

from anomaly_detection_client.content import Content
from anomaly_detection_client.credentials import Credentials
from anomaly_detection_client.decoding import answers_only
from anomaly_detection_client.errors import ApiError, error_of
from anomaly_detection_client.flow import Alone, Answer, Flow, Lost, Pause, Send
from anomaly_detection_client.request import Request
from anomaly_detection_client.retries import IN_PROGRESS, Retries

T = TypeVar("T")


@dataclass(slots=True)
class _Attempts:
    """What has been tried so far for one request."""

    started: float = field(default_factory=time.monotonic)
    number: int = 0
    renewed: bool = False
    # An attempt was lost that the server may have carried out.
    uncertain: bool = False

    @property
    def waited(self) -> float:
        return time.monotonic() - self.started


@dataclass(frozen=True, slots=True)
class Core:
    """What all calls of a client share.

    Attributes
    ----------
    credentials : Credentials
        How requests are signed.
    retries : Retries
        How often one is sent again.
    """

    credentials: Credentials
    retries: Retries

    def exchange(self, request: Request[T]) -> Flow[T]:
        """Send a request until it is answered; return the value of the answer.

        Raises
        ------
        ApiError
            The answer is no success, or none came; ``client.unexpected_answer`` where it is none of the platform's.
        """
        tried = _Attempts()
        while True:
            if request.signed and self.credentials.is_due:
                yield from self._renew(self.credentials.bearer)
            proof = self.credentials.bearer if request.signed else ""
            outcome: Answer | Lost = yield _send(request, proof)
            if isinstance(outcome, Answer) and (outcome.is_success or _is_gone(request, outcome, tried)):
                return _value(request, outcome)
            error = (
                outcome.error if isinstance(outcome, Lost) else error_of(outcome.status, outcome.headers, outcome.body)
            )
            if not _is_sendable(request):
                raise error
            if error.status == 401 and request.signed and self.credentials.renewable and not tried.renewed:
                tried.renewed = True
                yield from self._renew(proof)
                continue
            pause = self._pause(request, error, outcome, tried)
            if pause is None:
                raise error
            yield Pause(pause)

    def _pause(self, request: Request[T], error: ApiError, outcome: Answer | Lost, tried: _Attempts) -> float | None:
        lost = isinstance(outcome, Lost)
        unsent = isinstance(outcome, Lost) and not outcome.sent
        pause = self.retries.after(
            error,
            attempt=tried.number + 1,
            waited=tried.waited,
            repeatable=tried.waited < request.repeatable_for,
            unsent=unsent,
        )
        # Waiting for an earlier attempt's answer is no further attempt.
        tried.number += error.code != IN_PROGRESS
        tried.uncertain = tried.uncertain or (lost and not unsent) or error.status in {502, 504}
        return pause

    def _renew(self, stale: str) -> Flow[None]:
        error: ApiError | None = yield Alone(self.credentials.renewed(stale, self.exchange))
        if error is not None:
            raise error


def _send(request: Request[T], proof: str) -> Send:
    headers = dict(request.headers)
    if proof:
        headers["Authorization"] = f"Bearer {proof}"
    if isinstance(request.body, Content) and request.body.size is not None:
        headers["Content-Length"] = str(request.body.size)
    return Send(
        request.method,
        request.path,
        request.params,
        headers,
        body=request.body,
        sink=request.sink,
        held_open=request.held_open,
        patient=request.patient,
    )


def _is_sendable(request: Request[T]) -> bool:
    return not isinstance(request.body, Content) or request.body.sendable


def _is_gone(request: Request[T], answer: Answer, tried: _Attempts) -> bool:
    """Whether what a DELETE should remove is gone because of an attempt of ours whose answer was lost."""
    return request.method == "DELETE" and answer.status == 404 and tried.uncertain


def _value(request: Request[T], answer: Answer) -> T:
    what = f"The answer to {request.method} /api/v1/{request.path}"
    with answers_only(what, status=answer.status, request_id=answer.headers.get("X-Request-ID", "")):
        return request.parse(answer)
