"""Data sets: streamed in, described, shown."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from anyio import to_thread
from fastapi import APIRouter, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from anomaly_detection.presentation.api.dependencies import After, Id, Limit, NamePart, TheCaller, TheOperations
from anomaly_detection.presentation.api.idempotency import TheIdempotency
from anomaly_detection.presentation.api.v1.paging import page
from anomaly_detection.presentation.api.v1.schemas.common import Name
from anomaly_detection.presentation.api.v1.schemas.datasets import (
    Dataset,
    DatasetChanges,
    DatasetPage,
    DatasetSummary,
    Preview,
    Profile,
)

router = APIRouter(prefix="/datasets", tags=["datasets"])

_BLOCK_BYTES = 1 << 20


@router.post(
    "",
    status_code=201,
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The file's bytes as they are.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def upload_dataset(
    request: Request,
    response: Response,
    caller: TheCaller,
    operations: TheOperations,
    keyed: TheIdempotency,
    filename: Annotated[
        str, Query(min_length=1, max_length=255, description="Shown, and its ending tells the format.")
    ],
    name: Annotated[Name | None, Query()] = None,
    content_length: Annotated[int | None, Header(ge=0)] = None,
) -> Dataset:
    """Upload a file of data. It is streamed to disk, read, and described; one that cannot be read leaves nothing."""
    upload = await run_in_threadpool(
        operations.begin_upload, caller, filename=filename, name=name, announced_bytes=content_length
    )
    with upload:
        block = bytearray()
        async for chunk in request.stream():
            block += chunk
            if len(block) >= _BLOCK_BYTES:
                await run_in_threadpool(upload.write, bytes(block))
                block.clear()
        await run_in_threadpool(upload.write, bytes(block))
        # Reading takes long and few may read at once: whoever waits for that holds no thread that others need.
        record = await to_thread.run_sync(
            lambda: keyed.make_slowly(upload.sha256, upload.id, upload.finish, partial(operations.get_dataset, caller)),
            limiter=request.app.state.readers,
        )
    response.headers["Location"] = f"{request.url.path}/{record.id}"
    return Dataset.model_validate(record)


@router.get("")
def list_datasets(
    caller: TheCaller,
    operations: TheOperations,
    limit: Limit = 50,
    after: After = None,
    q: NamePart = "",
    kind: Literal["series", "table"] | None = None,
) -> DatasetPage:
    """List the tenant's data sets, newest first. Each names at most 50 of its features."""
    found = operations.list_datasets(caller, limit=limit + 1, after=after or "", q=q, kind=kind or "")
    items, cursor = page(found, limit)
    return DatasetPage(items=[DatasetSummary.of(record) for record in items], next=cursor)


@router.get("/{dataset_id}")
def get_dataset(dataset_id: Id, caller: TheCaller, operations: TheOperations) -> Dataset:
    """Return one data set's description."""
    return Dataset.model_validate(operations.get_dataset(caller, dataset_id))


@router.patch("/{dataset_id}")
def change_dataset(dataset_id: Id, body: DatasetChanges, caller: TheCaller, operations: TheOperations) -> Dataset:
    """Give a data set another name."""
    return Dataset.model_validate(operations.rename_dataset(caller, dataset_id, body.name))


@router.delete("/{dataset_id}", status_code=204)
def delete_dataset(dataset_id: Id, caller: TheCaller, operations: TheOperations) -> None:
    """Remove a data set, with its file. While detections use it, it stays: `data.in_use`."""
    operations.delete_dataset(caller, dataset_id)


@router.get("/{dataset_id}/profile")
async def profile_dataset(dataset_id: Id, request: Request, caller: TheCaller, operations: TheOperations) -> Profile:
    """Return what each column holds: counts, middle and ends, frequent values, a histogram."""
    kept = await run_in_threadpool(operations.profile_dataset, caller, dataset_id, compute=False)
    if kept is None:
        # Of data from an earlier version: the whole file is read, once, and few may read at once.
        make = partial(operations.profile_dataset, caller, dataset_id)
        kept = await to_thread.run_sync(make, limiter=request.app.state.readers)
    return Profile.model_validate(kept)


@router.get("/{dataset_id}/preview")
def preview_dataset(
    dataset_id: Id, caller: TheCaller, operations: TheOperations, rows: Annotated[int, Query(ge=1, le=100)] = 20
) -> Preview:
    """Return the first rows."""
    columns, values = operations.preview_dataset(caller, dataset_id, rows)
    return Preview(columns=columns, rows=values)
