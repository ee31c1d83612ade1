"""Models: trained or imported, promoted, put away, handed out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Annotated, BinaryIO
from urllib.parse import quote

from anyio import to_thread
from fastapi import APIRouter, Header, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from anomaly_detection.presentation.api.dependencies import After, Id, Limit, TheCaller, TheOperations
from anomaly_detection.presentation.api.idempotency import TheIdempotency
from anomaly_detection.presentation.api.v1.paging import page
from anomaly_detection.presentation.api.v1.schemas.models import (
    Model,
    ModelPage,
    ModelVersion,
    ModelVersionPage,
    NewModel,
    StageChoice,
)
from anomaly_detection.workflows.ports import TrainingRequest

router = APIRouter(prefix="/models", tags=["models"])

Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="The version's number.")]

_BLOCK_BYTES = 1 << 20


@router.post("", status_code=202)
def train_model(
    body: NewModel,
    request: Request,
    response: Response,
    caller: TheCaller,
    operations: TheOperations,
    keyed: TheIdempotency,
) -> ModelVersion:
    """Order a training: a new model, or the next version of the one with that name. It runs as a durable job."""
    order = TrainingRequest(
        dataset_id=body.dataset_id,
        algorithm=body.algorithm,
        parameters=body.parameters,
        columns=None if body.columns is None else tuple(body.columns),
        time_column=body.time_column,
        threshold=None if body.threshold is None else (body.threshold.kind, body.threshold.value),
    )
    operations.load_algorithm_to_train(caller, body.algorithm, body.parameters)
    version = ModelVersion.of(
        keyed.make(
            body,
            lambda: operations.train_model(caller, body.name, order, priority=body.priority),
            partial(operations.find_model_version, caller),
        )
    )
    response.headers["Location"] = f"{request.url.path}/{version.model_id}/versions/{version.version}"
    return version


@router.post(
    "/import",
    status_code=201,
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The bytes of a model file, as `detector.save` writes it.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def import_model(
    request: Request,
    response: Response,
    caller: TheCaller,
    operations: TheOperations,
    keyed: TheIdempotency,
    name: Annotated[str, Query(min_length=1, max_length=200)],
    content_length: Annotated[int | None, Header(ge=0)] = None,
) -> ModelVersion:
    """Import a model file that was trained elsewhere. Every byte is checked before anybody sees it; no code of it is run."""
    upload = await run_in_threadpool(operations.begin_model_import, caller, name=name, announced_bytes=content_length)
    with upload:
        block = bytearray()
        async for chunk in request.stream():
            block += chunk
            if len(block) >= _BLOCK_BYTES:
                await run_in_threadpool(upload.write, bytes(block))
                block.clear()
        await run_in_threadpool(upload.write, bytes(block))
        # The whole file is in memory while it is checked: few may do so at the same time.
        record = await to_thread.run_sync(
            lambda: keyed.make_slowly(
                upload.sha256, upload.id, upload.finish, partial(operations.find_model_version, caller)
            ),
            limiter=request.app.state.readers,
        )
    version = ModelVersion.of(record)
    base = request.url.path.removesuffix("/import")
    response.headers["Location"] = f"{base}/{version.model_id}/versions/{version.version}"
    return version


@router.get("")
def list_models(
    caller: TheCaller,
    operations: TheOperations,
    limit: Limit = 50,
    after: After = None,
    q: Annotated[str | None, Query(max_length=200, description="Part of the name.")] = None,
    archived: Annotated[bool, Query(description="The archived ones in the place of the others.")] = False,
) -> ModelPage:
    """List the tenant's models, newest first."""
    found = operations.list_models(caller, limit=limit + 1, after=after or "", search=q or "", archived=archived)
    items, cursor = page(found, limit)
    return ModelPage(items=[Model.of(record) for record in items], next=cursor)


@router.get("/{model_id}")
def get_model(model_id: Id, caller: TheCaller, operations: TheOperations) -> Model:
    """Return one model."""
    return Model.of(operations.get_model(caller, model_id))


@router.post("/{model_id}/archive")
def archive_model(model_id: Id, caller: TheCaller, operations: TheOperations) -> Model:
    """Put a model away: it judges no rows and learns nothing until it is restored."""
    return Model.of(operations.archive_model(caller, model_id))


@router.post("/{model_id}/restore")
def restore_model(model_id: Id, caller: TheCaller, operations: TheOperations) -> Model:
    """Take a model out again."""
    return Model.of(operations.restore_model(caller, model_id))


@router.delete("/{model_id}", status_code=204)
def delete_model(model_id: Id, caller: TheCaller, operations: TheOperations) -> None:
    """Remove a model with all its versions and their files."""
    operations.delete_model(caller, model_id)


@router.get("/{model_id}/versions")
def list_model_versions(
    model_id: Id, caller: TheCaller, operations: TheOperations, limit: Limit = 50, after: After = None
) -> ModelVersionPage:
    """List a model's versions, newest first."""
    found = operations.list_model_versions(caller, model_id, limit=limit + 1, after=after or "")
    items, cursor = page(found, limit)
    return ModelVersionPage(items=[ModelVersion.of(record) for record in items], next=cursor)


@router.get("/{model_id}/versions/{version}")
def get_model_version(model_id: Id, version: Number, caller: TheCaller, operations: TheOperations) -> ModelVersion:
    """Return one version."""
    return ModelVersion.of(operations.get_model_version(caller, model_id, version))


@router.post("/{model_id}/versions/{version}/promote")
def promote_model_version(
    model_id: Id, version: Number, body: StageChoice, caller: TheCaller, operations: TheOperations
) -> ModelVersion:
    """Move a version to a stage. One version is in production; the one before it is archived in the same step."""
    return ModelVersion.of(operations.promote_model_version(caller, model_id, version, body.stage))


@router.post("/{model_id}/versions/{version}/archive")
def archive_model_version(model_id: Id, version: Number, caller: TheCaller, operations: TheOperations) -> ModelVersion:
    """Put a version away; where it was in production it is so no longer. Promoting it takes it out again."""
    return ModelVersion.of(operations.archive_model_version(caller, model_id, version))


@router.post("/{model_id}/versions/{version}/cancel", status_code=202)
def cancel_training(model_id: Id, version: Number, caller: TheCaller, operations: TheOperations) -> ModelVersion:
    """Ask a training to stop. One that has ended stays as it is."""
    return ModelVersion.of(operations.cancel_training(caller, model_id, version))


@router.delete("/{model_id}/versions/{version}", status_code=204)
def delete_model_version(model_id: Id, version: Number, caller: TheCaller, operations: TheOperations) -> None:
    """Remove a version with its file. Its number is never given again."""
    operations.delete_model_version(caller, model_id, version)


@router.get(
    "/{model_id}/versions/{version}/file",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The model file; `load_detector` opens it.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
def download_model(model_id: Id, version: Number, caller: TheCaller, operations: TheOperations) -> StreamingResponse:
    """Return the model file."""
    file, record = operations.open_model_file(caller, model_id, version)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(f'{record.model_name}-{version}.adm', safe='')}",
        "Content-Length": str(record.facts["size_bytes"]),
        # Arrays do not compress: the header keeps the compressing layer from trying.
        "Content-Encoding": "identity",
    }
    return StreamingResponse(_blocks(file), media_type="application/octet-stream", headers=headers)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while block := file.read(_BLOCK_BYTES):
            yield block
