"""Models of a tenant: trained by jobs or imported, numbered, moved between stages, removed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from types import TracebackType
from typing import Any, BinaryIO, Self

from anomaly_detection.configurations.basic.requests import check_request
from anomaly_detection.infrastructure.jobs.queue import DatabaseJobQueue
from anomaly_detection.infrastructure.logging import request_context
from anomaly_detection.infrastructure.persistence.datasets import DatasetRepository
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.model_files import ModelFiles, too_large
from anomaly_detection.infrastructure.persistence.model_rows import ModelRecord, VersionRecord
from anomaly_detection.infrastructure.persistence.models import ModelRepository, NewVersion, Stage, no_use
from anomaly_detection.shared.errors import InvalidInput, NotFound, PlatformError
from anomaly_detection.shared.identity import new_id
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import (
    DatasetStore,
    JobContext,
    JobHandler,
    ModelStore,
    Outcome,
    Priority,
    TrainingRequest,
)

JOB_KIND = "training"

Changed = Callable[[Scope, VersionRecord], None]
"""Told after a version was made, moved to another stage or removed."""


class Models:
    """What the outside may ask about models.

    Parameters
    ----------
    database : Database
        Where the records are.
    records, files, store
        The models' records, their files, and both together.
    datasets, stored_datasets
        The data sets' records, and how they are opened.
    jobs : DatabaseJobQueue
        Where trainings are ordered.
    max_model_bytes : int
        Largest file that may be imported.
    changed : callable
        Told of each change that is no job's.
    """

    def __init__(
        self,
        database: Database,
        records: ModelRepository,
        files: ModelFiles,
        store: ModelStore,
        datasets: DatasetRepository,
        stored_datasets: DatasetStore,
        jobs: DatabaseJobQueue,
        *,
        max_model_bytes: int,
        changed: Changed,
    ) -> None:
        self._database = database
        self.records = records
        self.files = files
        self._store = store
        self._datasets = datasets
        self._stored_datasets = stored_datasets
        self._jobs = jobs
        self.max_model_bytes = max_model_bytes
        self.changed = changed

    def handlers(self) -> Mapping[str, JobHandler]:
        """Return what the worker calls for the jobs made here."""
        return {JOB_KIND: self._run}

    def train(
        self, scope: Scope, name: str, request: TrainingRequest, *, priority: Priority = "normal", version_id: str = ""
    ) -> VersionRecord:
        """Order a training: the job and the version are kept together, or neither is.

        Parameters
        ----------
        name : str
            The model's; one that exists gets a further version.
        request : TrainingRequest
            What to learn from, and how.
        priority : {"high", "normal", "low"}
            The queue.
        version_id : str, optional
            The new version's id, where the caller chose one.

        Raises
        ------
        NotFound
            ``data.dataset_not_found``.
        Conflict
            ``models.archived``.
        InvalidInput
            ``models.invalid_name``, ``detection.*`` or ``data.unknown_column``: nothing is made.
        """
        dataset = self._datasets.get(scope, request.dataset_id)
        algorithm = check_request(dataset, request)
        name = _checked_name(name)
        version_id = version_id or new_id()
        order = asdict(replace(request, algorithm=algorithm))
        with self._database.write():
            job = self._jobs.submit(scope, JOB_KIND, {"version_id": version_id, "request": order}, priority=priority)
            return self.records.add(
                scope,
                name,
                NewVersion(
                    id=version_id,
                    job_id=job.id,
                    dataset_id=dataset.id,
                    dataset_name=dataset.name,
                    algorithm=algorithm,
                    parameters=request.parameters,
                    columns=request.columns,
                    time_column=request.time_column,
                    threshold=_threshold(request.threshold),
                ),
            )

    def begin_import(
        self, scope: Scope, *, name: str, announced_bytes: int | None = None, version_id: str = ""
    ) -> ModelImport:
        """Begin to receive a model file that was trained elsewhere.

        Raises
        ------
        TooLarge
            ``models.too_large``: more was announced than is allowed; nothing was read.
        InvalidInput
            ``models.invalid_name``.
        """
        if announced_bytes is not None and announced_bytes > self.max_model_bytes:
            raise too_large(self.max_model_bytes)
        return ModelImport(self, scope, _checked_name(name), version_id or new_id())

    def list(self, scope: Scope, *, limit: int, after: str, search: str, archived: bool) -> Sequence[ModelRecord]:
        """Return one page, newest first."""
        return self.records.list(scope, limit=limit, after=after, search=search, archived=archived)

    def get(self, scope: Scope, model_id: str) -> ModelRecord:
        """Return one model, or raise `NotFound`."""
        return self.records.get(scope, model_id)

    def versions(self, scope: Scope, model_id: str, *, limit: int, after: str) -> Sequence[VersionRecord]:
        """Return one page of a model's versions, newest first."""
        return self.records.versions(scope, model_id, limit=limit, after=after)

    def version(self, scope: Scope, model_id: str, number: int) -> VersionRecord:
        """Return one version, or raise `NotFound`."""
        return self.records.version(scope, model_id, number)

    def version_by_id(self, scope: Scope, version_id: str) -> VersionRecord:
        """Return one version, or raise `NotFound`."""
        return self.records.version_by_id(scope, version_id)

    def set_stage(self, scope: Scope, model_id: str, number: int, stage: Stage) -> VersionRecord:
        """Move a version to a stage; whatever was in production before it is archived (errors: those of the repository)."""
        moved = self.records.set_stage(scope, model_id, number, stage)
        for version in moved:
            self.changed(scope, version)
        return moved[0]

    def archive_version(self, scope: Scope, model_id: str, number: int) -> VersionRecord:
        """Put a version away; where it was in production it is so no longer."""
        return self.set_stage(scope, model_id, number, "archived")

    def cancel(self, scope: Scope, model_id: str, number: int) -> VersionRecord:
        """Ask a training to stop; one that has ended stays as it is."""
        version = self.records.version(scope, model_id, number)
        if version.job is not None:
            self._jobs.cancel(scope, version.job.id)
        return self.records.version(scope, model_id, number)

    def remove_version(self, scope: Scope, model_id: str, number: int) -> None:
        """Remove a version with its file (errors: those of the repository)."""
        with self._going(scope, [self.records.version(scope, model_id, number).id]):
            version = self.records.remove_version(scope, model_id, number)
        self.changed(scope, version)

    def archive(self, scope: Scope, model_id: str) -> ModelRecord:
        """Put a model away: it judges no rows and learns nothing until it is restored."""
        return self._put_away(scope, model_id, away=True)

    def restore(self, scope: Scope, model_id: str) -> ModelRecord:
        """Take a model out again."""
        return self._put_away(scope, model_id, away=False)

    def remove(self, scope: Scope, model_id: str) -> None:
        """Remove a model with all its versions and files (errors: those of the repository)."""
        with self._going(scope, self.records.version_ids(scope, model_id)):
            removed = self.records.remove(scope, model_id)
        for version in removed:
            self.changed(scope, version)

    def open_file(self, scope: Scope, model_id: str, number: int) -> tuple[BinaryIO, VersionRecord]:
        """Open a version's model file for reading.

        Raises
        ------
        NotFound
            ``models.not_found``, ``models.version_not_found`` or ``models.file_not_found``.
        Conflict
            ``models.no_usable_version``: there is no file, or none yet.
        """
        version = self.records.version(scope, model_id, number)
        if version.stored is None:
            raise no_use(version)
        try:
            return self.files.path(scope, version.id, version.stored).open("rb"), version
        except FileNotFoundError as error:
            raise NotFound("The model file was removed.", code="models.file_not_found") from error

    @contextmanager
    def _going(self, scope: Scope, version_ids: Sequence[str]) -> Iterator[None]:
        """Remove the files of versions whose records go inside this block, also if the process dies in the middle."""
        for version_id in version_ids:
            self.files.unsettle(scope, version_id)
        try:
            yield
        except PlatformError:
            for version_id in version_ids:
                self.files.settle(scope, version_id)
            raise
        for version_id in version_ids:
            self.files.remove(scope, version_id)

    def _put_away(self, scope: Scope, model_id: str, *, away: bool) -> ModelRecord:
        model = self.records.put_away(scope, model_id, away=away)
        if model.latest is not None:
            self.changed(scope, model.latest)
        return model

    def _run(self, scope: Scope, payload: Mapping[str, Any], context: JobContext) -> Outcome:
        from anomaly_detection.workflows.train_and_register import run_training_job

        order, version_id = dict(payload["request"]), str(payload["version_id"])
        # Files of an attempt that died; one that merely lost its lease cannot end the job any more.
        self.files.prune(scope, version_id, attempt_id=context.attempt_id)
        for name in ("columns", "threshold"):
            order[name] = None if order[name] is None else tuple(order[name])
        with request_context(scope.request_id):
            return run_training_job(
                scope,
                TrainingRequest(**order),
                version_id,
                context,
                datasets=self._stored_datasets,
                models=self._store,
            )


class ModelImport:
    """A model file that is arriving. As a context manager it removes what did not become a version."""

    def __init__(self, models: Models, scope: Scope, name: str, version_id: str) -> None:
        self._models = models
        self._scope = scope
        self._name = name
        self._id = version_id
        self._upload = models.files.receive(scope, version_id, limit_bytes=models.max_model_bytes)

    @property
    def id(self) -> str:
        """The id that the version is going to have."""
        return self._id

    @property
    def sha256(self) -> str:
        """The fingerprint of the bytes that have come so far."""
        return self._upload.sha256

    def write(self, block: bytes) -> None:
        """Append some bytes (errors: ``models.too_large``, ``platform.disk_full``)."""
        self._upload.write(block)

    def finish(self) -> VersionRecord:
        """Check every byte of the file, and make it a version.

        Raises
        ------
        InvalidModelFile
            ``detection.invalid_model_file`` or ``detection.model_too_new``; nothing of it stays.
        Conflict
            ``models.archived``: the model of that name was put away.
        """
        from anomaly_detection.detection.detector import load_detector
        from anomaly_detection.workflows.train_and_register import describe

        path, stored = self._upload.finish()
        try:
            detector = load_detector(path)
        except PlatformError as error:
            # The reader knows the file by the name that we gave it; the user does not.
            error.message = error.message.replace(str(path), "The file")
            raise
        new = NewVersion(
            id=self._id,
            imported=describe(detector, stored),
            algorithm=detector.algorithm,
            parameters=detector.parameters,
            columns=detector.chosen.columns,
            time_column=detector.chosen.time,
            threshold=_threshold(detector.threshold),
        )
        _check_text(new)
        version = self._models.records.add(self._scope, self._name, new)
        self._upload.keep()
        self._models.changed(self._scope, version)
        return version

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._upload.__exit__(kind, error, trace)


def _threshold(rule: tuple[str, float] | None) -> dict[str, Any] | None:
    return None if rule is None else {"kind": rule[0], "value": rule[1]}


def _check_text(new: NewVersion) -> None:
    """Refuse a forged file whose names no answer could repeat: one such row would break every list that holds it."""
    from anomaly_detection.detection.errors import InvalidModelFile

    try:
        json.dumps(asdict(new), ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise InvalidModelFile(
            "The file is not a sound model file: a name in it is no Unicode text.",
            code="detection.invalid_model_file",
            hint="Name the columns in plain text, and train and save the detector again.",
        ) from error


def _checked_name(name: str) -> str:
    plain = name.strip()
    if not plain or not plain.isprintable() or len(plain) > 200:
        raise InvalidInput(
            f"{name[:200]!r} is no name for a model.",
            code="models.invalid_name",
            hint="Give 1 to 200 printable characters.",
        )
    return plain
