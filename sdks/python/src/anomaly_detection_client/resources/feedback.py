"""What people say of anomalies."""

from __future__ import annotations

from anomaly_detection_client.operations import Listing, M, Operation, Resource
from anomaly_detection_client.request import Page, Request, creation, done, pages_of, part
from anomaly_detection_client.values import detections


def give(
    detection_id: str,
    index: int,
    verdict: bool | str | None,
    *,
    note: str | None = None,
    idempotency_key: str | None = None,
) -> Request[detections.Feedback]:
    """Confirm or dismiss an anomaly. It replaces what was said before, which is kept as history.

    Parameters
    ----------
    index : int
        Of the row in the data, from 0.
    verdict : bool or None
        True for a true anomaly, False for a false alarm, None for a note alone.
    note : str, optional
        In your own words.
    """
    said = {True: "true", False: "false"}.get(verdict) if isinstance(verdict, bool) else verdict
    body = {"detection_id": detection_id, "index": index, "verdict": said}
    if note is not None:
        body["note"] = note
    return creation("feedback", detections.Feedback.of, body=body, idempotency_key=idempotency_key)


def list_feedback(
    *, detection_id: str | None = None, verdict: str | None = None, page_size: int = 50
) -> Request[Page[detections.Feedback]]:
    """Yield what holds, newest first."""
    return pages_of("feedback", detections.Feedback.of, limit=page_size, detection_id=detection_id, verdict=verdict)


def withdraw(feedback_id: str) -> Request[None]:
    """Take back what was said."""
    return done("DELETE", f"feedback/{part(feedback_id)}")


class Feedback(Resource[M]):
    """Confirmations and dismissals."""

    give = Operation(give)
    list = Listing(list_feedback)
    withdraw = Operation(withdraw)
