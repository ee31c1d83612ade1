"""Rows judged at once by a stored model: the one endpoint that other programs call all day."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from anomaly_detection.configurations.basic.composition import Platform
from anomaly_detection.configurations.basic.operations import Caller
from anomaly_detection.configurations.basic.scoring import LoadedModel
from anomaly_detection.presentation.api.bodies import too_slow
from anomaly_detection.presentation.api.dependencies import Id, caller, proof
from anomaly_detection.presentation.api.judgements import arrow_answer, json_answer
from anomaly_detection.presentation.api.rows import ARROW, limit_of, read_rows, too_large
from anomaly_detection.presentation.api.v1.schemas.models import RowsToScore, Scores

if TYPE_CHECKING:
    from anomaly_detection.detection.results import DetectionResult

router = APIRouter(prefix="/models", tags=["models"])

SMALL_BYTES = 16 * 1024
"""A body of at most this size is read in the event loop, and judged there where the model is quick."""
LARGE_BYTES = 1024**2
"""From this size on, few bodies are in memory at the same time."""
LARGE_AT_ONCE = 2
LARGE_SECONDS = 120.0
"""How long a large body may take to come: whoever sends it drop by drop must not keep the others waiting."""

_BINARY = {"schema": {"type": "string", "format": "binary"}}


@router.post(
    "/{model_id}/score",
    response_model=Scores,
    responses={200: {"description": "How the rows were judged.", "content": {ARROW: _BINARY}}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "At most 10,000 rows as JSON, or 1,000,000 as an Arrow stream without compression.",
            "content": {"application/json": {"schema": RowsToScore.model_json_schema()}, ARROW: _BINARY},
        }
    },
)
async def score_rows(
    model_id: Id,
    request: Request,
    version: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="null: the one in production, else the newest.")
    ] = None,
    explain: Annotated[bool, Query(description="Say why rows were flagged.")] = False,
) -> Response:
    """Judge rows as new ones. What is missing in a row is null; unknown columns and wrong types are refused."""
    # Called by hand: on the way through the framework the dependencies alone would take longer than most models.
    platform: Platform = request.app.state.platform
    who = await caller(request, await proof(request, platform, request.app.state.limits))
    media_type = request.headers.get("Content-Type", "")
    limit = limit_of(media_type)
    asked = _Asked(
        platform,
        who,
        model_id,
        version,
        explain,
        media_type.startswith(ARROW),
        ARROW in request.headers.get("Accept", ""),
    )
    announced = request.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) <= LARGE_BYTES:
        return await asked.answer(await _body(request, LARGE_BYTES))
    if announced.isdecimal() and int(announced) > limit:
        raise too_large(limit)
    large: CapacityLimiter = request.app.state.large_bodies
    async with large:
        try:
            async with asyncio.timeout(LARGE_SECONDS):
                body = await _body(request, limit)
        except TimeoutError as error:
            raise too_slow() from error
        return await asked.answer(body)


class _Asked:
    """One request: its body into rows, the rows judged, the judgement into an answer."""

    def __init__(
        self,
        platform: Platform,
        caller: Caller,
        model_id: str,
        version: int | None,
        explain: bool,
        from_arrow: bool,
        to_arrow: bool,
    ) -> None:
        self._platform = platform
        self._caller = caller
        self._model_id = model_id
        self._version = version
        self._explain = explain
        self._from_arrow = from_arrow
        self._to_arrow = to_arrow

    async def answer(self, body: bytes) -> Response:
        model = self._platform.operations.ready_model(self._caller, self._model_id, self._version)
        if model is None or self._explain or len(body) > SMALL_BYTES:
            return await to_thread.run_sync(self._load_and_judge, body)
        rows = read_rows(body, arrow=self._from_arrow)
        if model.is_quick(len(rows)):
            return self._judge(model, rows)
        return await to_thread.run_sync(self._judge, model, rows)

    def _load_and_judge(self, body: bytes) -> Response:
        model = self._platform.operations.load_model(self._caller, self._model_id, self._version)
        return self._judge(model, read_rows(body, arrow=self._from_arrow))

    def _judge(self, model: LoadedModel, rows: Any) -> Response:
        started = time.perf_counter()
        result: DetectionResult = model.judge(rows, explain=self._explain)
        content: Any = arrow_answer if self._to_arrow else json_answer
        answer = content(model, result, explain=self._explain)
        form = "arrow" if self._from_arrow else "json"
        self._platform.metrics.rows_scored(form, result.n_rows, result.n_anomalies, time.perf_counter() - started)
        return Response(
            answer,
            media_type=ARROW if self._to_arrow else "application/json",
            # Scores do not compress: the header keeps the compressing layer from trying.
            headers={"Content-Encoding": "identity"},
        )


async def _body(request: Request, limit_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit_bytes:
            raise too_large(limit_bytes)
        parts.append(part)
    return b"".join(parts)
