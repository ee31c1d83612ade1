"""What people say about single rows: an opinion replaces the one before, and nothing is lost."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from anomaly_detection.presentation.api.dependencies import After, Id, Limit, TheCaller, TheOperations
from anomaly_detection.presentation.api.idempotency import TheIdempotency
from anomaly_detection.presentation.api.v1.paging import page
from anomaly_detection.presentation.api.v1.schemas.anomalies import Feedback, FeedbackPage, NewFeedback, VerdictFilter

router = APIRouter(prefix="/feedback", tags=["feedback"])


@router.post("", status_code=201)
def give_feedback(
    body: NewFeedback,
    request: Request,
    response: Response,
    caller: TheCaller,
    operations: TheOperations,
    keyed: TheIdempotency,
) -> Feedback:
    """Say what a row is. It replaces what was said before, which stays as history."""
    # Into memory before the transaction begins: nobody else is to wait for a file.
    operations.prepare_feedback(caller, body.detection_id)
    said = keyed.make(
        body,
        lambda: Feedback.of(
            operations.give_feedback(caller, body.detection_id, body.index, body.verdict, body.note or "")
        ),
        lambda feedback_id: Feedback.of(operations.get_feedback(caller, feedback_id)),
    )
    response.headers["Location"] = f"{request.url.path}/{said.id}"
    return said


@router.get("")
def list_feedback(
    caller: TheCaller,
    operations: TheOperations,
    limit: Limit = 50,
    after: After = None,
    detection_id: Annotated[str, Query(max_length=64)] = "",
    verdict: Annotated[VerdictFilter | None, Query(description="none: mere notes.")] = None,
) -> FeedbackPage:
    """List what holds, newest first."""
    found = operations.list_feedback(
        caller, limit=limit + 1, after=after or "", detection_id=detection_id, verdict=verdict or ""
    )
    items, cursor = page(found, limit)
    return FeedbackPage(items=[Feedback.of(record) for record in items], next=cursor)


@router.delete("/{feedback_id}", status_code=204)
def withdraw_feedback(feedback_id: Id, caller: TheCaller, operations: TheOperations) -> None:
    """Withdraw what was said; it stays in the history."""
    operations.withdraw_feedback(caller, feedback_id)
