"""Stored models: trained, kept in versions, put into production."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from anomaly_detection_client.content import Source, Told, content_of
from anomaly_detection_client.core import Core
from anomaly_detection_client.errors import TrainingFailed
from anomaly_detection_client.flow import Flow
from anomaly_detection_client.operations import Listing, M, Operation, Procedure, Resource
from anomaly_detection_client.request import Page, Request, creation, done, given, pages_of, part, request_for
from anomaly_detection_client.resources import scoring
from anomaly_detection_client.resources.detections import line
from anomaly_detection_client.resources.results import file_at, saved
from anomaly_detection_client.values.detections import Threshold
from anomaly_detection_client.values.models import Model, ModelVersion
from anomaly_detection_client.waiting import ProgressTold, ended


def train(
    name: str,
    dataset_id: str,
    *,
    algorithm: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    columns: Sequence[str] | None = None,
    time_column: str | None = None,
    threshold: Threshold | None = None,
    priority: str | None = None,
    idempotency_key: str | None = None,
) -> Request[ModelVersion]:
    """Order the training of a model: a new one, or the next version of the one that has this name.

    Parameters
    ----------
    algorithm : str, optional
        By default the one that fits the kind of data.
    columns : sequence of str, optional
        The features; by default those that were recognised.
    threshold : Threshold, optional
        Where the line is drawn for rows to come.
    priority : {"high", "normal", "low"}, optional
        Which jobs come first; normal by default.
    """
    body = given(
        {
            "name": name,
            "dataset_id": dataset_id,
            "algorithm": algorithm,
            "parameters": None if parameters is None else dict(parameters),
            "columns": None if columns is None else list(columns),
            "time_column": time_column,
            "threshold": line(threshold),
            "priority": priority,
        }
    )
    return creation("models", ModelVersion.of, body=body, idempotency_key=idempotency_key)


def import_file(
    source: Source, *, name: str, progress: Told | None = None, idempotency_key: str | None = None
) -> Request[ModelVersion]:
    """Upload a model file (``.adm``) that `Detector.save` wrote, as a new version of the model of this name.

    Raises
    ------
    InvalidInput
        The file is damaged, or no model file.
    TooLarge
        ``models.too_large``.
    """
    return creation(
        "models/import",
        ModelVersion.of,
        params={"name": name},
        headers={"Content-Type": "application/octet-stream"},
        content=content_of(source, progress=progress),
        patient=True,
        idempotency_key=idempotency_key,
    )


def list_models(*, q: str | None = None, archived: bool = False, page_size: int = 50) -> Request[Page[Model]]:
    """Yield models, newest first; `q` is a part of the name."""
    return pages_of("models", Model.of, limit=page_size, q=q, archived="true" if archived else None)


def get(model_id: str) -> Request[Model]:
    """Return one model."""
    return request_for("GET", f"models/{part(model_id)}", Model.of)


def versions(model_id: str, *, page_size: int = 50) -> Request[Page[ModelVersion]]:
    """Yield the versions of a model, newest first."""
    return pages_of(f"models/{part(model_id)}/versions", ModelVersion.of, limit=page_size)


def version(model_id: str, version: int) -> Request[ModelVersion]:
    """Return one version of a model."""
    return request_for("GET", _of(model_id, version), ModelVersion.of)


def wait(
    core: Core, model_id: str, version: int, *, timeout: float = 3600.0, progress: ProgressTold | None = None
) -> Flow[ModelVersion]:
    """Wait until a version is trained, by asking: first after 50 ms, later each second.

    Parameters
    ----------
    timeout : float, default 3600
        Seconds to wait at most; a server that restarts meanwhile is waited for.
    progress : callable, optional
        Is called with a fraction in [0, 1] and the name of the stage, when they change.

    Raises
    ------
    TrainingFailed
        It failed or was cancelled; ``code`` and ``hint`` are those of the failure.
    TimeoutError
        It has not ended in time; it goes on on the server.
    """
    what = f"Training of version {version} of model {model_id}"
    look = request_for("GET", _of(model_id, version), ModelVersion.of)
    return (yield from ended(core, look, what=what, failed=TrainingFailed, timeout=timeout, progress=progress))


def promote(model_id: str, version: int, stage: str) -> Request[ModelVersion]:
    """Give a version its stage; the one that was in production before is archived.

    Parameters
    ----------
    stage : {"staging", "production", "none"}
        A model has one version in production at most.
    """
    path = f"{_of(model_id, version)}/promote"
    return request_for("POST", path, ModelVersion.of, body={"stage": stage}, repeatable=True)


def archive_version(model_id: str, version: int) -> Request[ModelVersion]:
    """Put a version away; it can be promoted again."""
    return request_for("POST", f"{_of(model_id, version)}/archive", ModelVersion.of, repeatable=True)


def cancel(model_id: str, version: int) -> Request[ModelVersion]:
    """Ask a training to stop; one that has ended stays as it is."""
    return request_for("POST", f"{_of(model_id, version)}/cancel", ModelVersion.of, repeatable=True)


def delete_version(model_id: str, version: int) -> Request[None]:
    """Remove a version with its file.

    Raises
    ------
    Conflict
        ``models.in_production``, ``models.still_training``.
    """
    return done("DELETE", _of(model_id, version))


def archive(model_id: str) -> Request[Model]:
    """Put a model away; `restore` brings it back."""
    return request_for("POST", f"models/{part(model_id)}/archive", Model.of, repeatable=True)


def restore(model_id: str) -> Request[Model]:
    """Bring an archived model back."""
    return request_for("POST", f"models/{part(model_id)}/restore", Model.of, repeatable=True)


def delete(model_id: str) -> Request[None]:
    """Remove a model with all its versions.

    Raises
    ------
    Conflict
        ``models.in_production``.
    """
    return done("DELETE", f"models/{part(model_id)}")


def download(core: Core, model_id: str, version: int, path: str | Path, *, progress: Told | None = None) -> Flow[Path]:
    """Write a version's model file (``.adm``), which `load_detector` reads; it is there whole or not at all."""
    return (yield from saved(core, file_at(f"{_of(model_id, version)}/file"), Path(path), progress))


def _of(model_id: str, version: int) -> str:
    return f"models/{part(model_id)}/versions/{part(version)}"


class Models(Resource[M]):
    """The stored models of your tenant."""

    train = Operation(train)
    import_file = Operation(import_file)
    list = Listing(list_models)
    get = Operation(get)
    versions = Listing(versions)
    version = Operation(version)
    wait = Procedure(wait)
    promote = Operation(promote)
    archive_version = Operation(archive_version)
    cancel = Operation(cancel)
    delete_version = Operation(delete_version)
    archive = Operation(archive)
    restore = Operation(restore)
    delete = Operation(delete)
    download = Procedure(download)
    score = Operation(scoring.score)
    score_table = Operation(scoring.score_table)
