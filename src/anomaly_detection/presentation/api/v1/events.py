"""Server-sent events: every change of the tenant's things, as it happens."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from anomaly_detection.configurations.basic.composition import Platform
from anomaly_detection.configurations.basic.operations import Caller
from anomaly_detection.enterprise.auth.proof import Proof
from anomaly_detection.infrastructure.events import Subscription
from anomaly_detection.presentation.api.dependencies import TheCaller, ThePlatform, TheProof
from anomaly_detection.presentation.api.v1.topics import TOPICS, describe
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import PlatformError

router = APIRouter(prefix="/events", tags=["events"])

PING_SECONDS = 15.0

_LOGGER = logging.getLogger(__name__)


@router.get(
    "",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": f"Events {', '.join(f'`{topic}`' for topic in TOPICS)}, each with what changed as its data (Detection, "
            "ModelVersion, DatasetSummary, Feedback; parameters and names of columns are left out where they are long); "
            "a comment every 15 seconds.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def listen(platform: ThePlatform, proof: TheProof, caller: TheCaller) -> StreamingResponse:
    """Follow what changes until the session ends. One user may have 20 streams."""
    subscription = platform.operations.subscribe(caller, proof.id)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    stream = _stream(platform, proof, caller, subscription)
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def _stream(platform: Platform, proof: Proof, caller: Caller, subscription: Subscription) -> AsyncIterator[str]:
    try:
        yield ": connected\n\n"
        checked = time.monotonic()
        while True:
            if time.monotonic() - checked >= PING_SECONDS:
                # A new password, or another process of the platform, ends a session without telling this stream.
                if not await run_in_threadpool(platform.proofs.holds, proof):
                    return
                checked = time.monotonic()
            left = (proof.expires_at - utc_now()).total_seconds()
            if left <= 0 or subscription.ended:
                return
            event = await subscription.next(min(PING_SECONDS, left))
            if event is not None:
                yield await run_in_threadpool(describe, platform.operations, caller, event.topic, event.id)
            elif not subscription.ended:
                yield ": ping\n\n"
    except PlatformError as error:
        # The database is away: the listener comes back and reads everything anew.
        _LOGGER.warning("an event stream was ended", extra={"code": error.code})
    finally:
        platform.events.unsubscribe(subscription)
