"""The anomalies of a detection: ranked, filtered, and one of them with all that helps to judge it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from starlette.responses import JSONResponse

from anomaly_detection.presentation.api.dependencies import After, Id, Limit, TheCaller, TheOperations
from anomaly_detection.presentation.api.v1.schemas.anomalies import (
    AnomalyPage,
    AnomalyStory,
    Feedback,
    Severity,
    VerdictFilter,
)
from anomaly_detection.shared.errors import InvalidInput

router = APIRouter(prefix="/detections", tags=["detections"])


@router.get("/{detection_id}/anomalies", response_model=AnomalyPage)
def list_anomalies(
    detection_id: Id,
    caller: TheCaller,
    operations: TheOperations,
    limit: Limit = 50,
    after: After = None,
    min_severity: Annotated[Severity | None, Query(description="The least severity.")] = None,
    verdict: Annotated[VerdictFilter | None, Query(description="What people said; none: nothing yet.")] = None,
) -> Response:
    """List the anomalies, the highest score first. Pages go on by rank, also while verdicts are given."""
    from anomaly_detection.presentation.api.anomaly_view import matching, ranked_rows

    start = _rank(after)
    result = operations.get_result(caller, detection_id)
    said = operations.verdicts(caller, detection_id) if verdict is not None else {}
    places = matching(result, min_severity, verdict, {row: holds for row, (holds, _) in said.items()})
    left = places[places >= start]
    items = ranked_rows(result, left[:limit])
    feedback = operations.feedback_of_rows(caller, detection_id, [item["index"] for item in items])
    for item in items:
        found = feedback.get(item["index"])
        item["feedback"] = None if found is None else Feedback.of(found).model_dump(mode="json")
    cursor = str(items[-1]["rank"]) if len(left) > limit else None
    return JSONResponse({"items": items, "next": cursor, "total": result.n_anomalies, "n_matching": len(places)})


@router.get("/{detection_id}/anomalies/{row}", response_model=AnomalyStory)
def get_anomaly(
    detection_id: Id,
    row: Annotated[int, Path(ge=0, lt=2**63, description="Position in the data; any row, flagged or not.")],
    caller: TheCaller,
    operations: TheOperations,
) -> Response:
    """Return one row with its explanation, what people said, its like, and the normal rows that lie nearest."""
    from anomaly_detection.presentation.api.anomaly_view import story

    told = story(operations.get_result(caller, detection_id), row)
    rows = [row, *(item["index"] for item in told["similar"])]
    holds = operations.feedback_of_rows(caller, detection_id, rows)
    for item in told["similar"]:
        found = holds.get(item["index"])
        item["verdict"] = None if found is None else found.verdict
    history = operations.feedback_history(caller, detection_id, row)
    own = holds.get(row)
    return JSONResponse(
        {
            **told,
            "feedback": None if own is None else Feedback.of(own).model_dump(mode="json"),
            "history": [Feedback.of(record).model_dump(mode="json") for record in history],
        }
    )


def _rank(after: str | None) -> int:
    if after is None:
        return 0
    if not after.isdecimal() or len(after) > 12:
        raise InvalidInput(
            f"{after!r} is no cursor of this list.", code="api.invalid_cursor", hint="Take `next` of the page before."
        )
    return int(after)
