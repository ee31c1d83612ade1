"""Detections of a tenant: ordered as jobs, and looked at with the threshold that was chosen last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from anomaly_detection.configurations.basic.requests import check_model_request, check_request
from anomaly_detection.configurations.basic.result_cache import ResultCache
from anomaly_detection.infrastructure.jobs.queue import DatabaseJobQueue
from anomaly_detection.infrastructure.logging import request_context
from anomaly_detection.infrastructure.persistence.datasets import DatasetRepository
from anomaly_detection.infrastructure.persistence.detections import (
    DetectionRecord,
    DetectionRepository,
    NewDetection,
)
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.models import ModelRepository
from anomaly_detection.infrastructure.persistence.result_store import FileResultStore
from anomaly_detection.shared.errors import Conflict, PlatformError
from anomaly_detection.shared.identity import new_id
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import (
    DatasetStore,
    DetectionRequest,
    EventPublisher,
    JobContext,
    JobHandler,
    ModelStore,
    Outcome,
    Priority,
    StoredResult,
)

if TYPE_CHECKING:
    from anomaly_detection.detection.results import DetectionResult

JOB_KIND = "detection"


class CurrentDetection(NamedTuple):
    """A detection, and the summary of what it found by the threshold that holds now (None before its end)."""

    record: DetectionRecord
    summary: Mapping[str, Any] | None

    @property
    def id(self) -> str:
        """The detection's id."""
        return self.record.id


class Detections:
    """What the outside may ask about detections."""

    def __init__(
        self,
        database: Database,
        records: DetectionRepository,
        datasets: DatasetRepository,
        jobs: DatabaseJobQueue,
        stored_datasets: DatasetStore,
        results: FileResultStore,
        models: ModelRepository,
        stored_models: ModelStore,
        events: EventPublisher,
    ) -> None:
        self._database = database
        self._records = records
        self._datasets = datasets
        self._jobs = jobs
        self._stored_datasets = stored_datasets
        self._results = results
        self._models = models
        self._stored_models = stored_models
        self._events = events
        self._cache = ResultCache()

    def handlers(self) -> Mapping[str, JobHandler]:
        """Return what the worker calls for the jobs made here."""
        return {JOB_KIND: self._run}

    def start(
        self, scope: Scope, request: DetectionRequest, *, name: str | None = None, priority: Priority = "normal"
    ) -> CurrentDetection:
        """Order a detection: the job and the detection are kept together, or neither is.

        Raises
        ------
        NotFound
            ``data.dataset_not_found``.
        InvalidInput
            ``detection.*`` or ``data.unknown_column``: what was asked for cannot work; no job is made.
        """
        dataset = self._datasets.get(scope, request.dataset_id)
        algorithm = check_request(dataset, request)
        order = replace(request, algorithm=algorithm)
        return self._submit(scope, order, name or f"{dataset.name} · {algorithm}", priority)

    def start_by_model(
        self,
        scope: Scope,
        request: DetectionRequest,
        model_id: str,
        version: int | None = None,
        *,
        name: str | None = None,
        priority: Priority = "normal",
    ) -> CurrentDetection:
        """Order a detection by what a stored model has learnt.

        Parameters
        ----------
        request : DetectionRequest
            The data set, and a threshold in the place of the model's own, or None; algorithm and columns are the model's.
        model_id : str
            The model.
        version : int, optional
            By default the one in production, else the newest that can judge rows.

        Raises
        ------
        NotFound
            ``data.dataset_not_found``, ``models.not_found``, ``models.version_not_found``.
        Conflict
            ``models.archived``, ``models.no_usable_version``.
        InvalidInput
            ``detection.missing_column``, ``detection.invalid_threshold``: it cannot work; no job is made.
        """
        dataset = self._datasets.get(scope, request.dataset_id)
        model = self._models.usable(scope, model_id, version)
        check_model_request(dataset, request, model)
        order = replace(request, algorithm=model.algorithm, parameters=model.parameters)
        usual = f"{dataset.name} · {model.model_name}, version {model.version}"
        return self._submit(scope, order, name or usual, priority, version_id=model.id)

    def _submit(
        self, scope: Scope, order: DetectionRequest, name: str, priority: Priority, version_id: str | None = None
    ) -> CurrentDetection:
        detection_id = new_id()
        payload = {"detection_id": detection_id, "request": asdict(order), "model_version_id": version_id}
        threshold = None if order.threshold is None else {"kind": order.threshold[0], "value": order.threshold[1]}
        with self._database.write():
            job = self._jobs.submit(scope, JOB_KIND, payload, priority=priority)
            new = NewDetection(
                id=detection_id,
                dataset_id=order.dataset_id,
                job_id=job.id,
                name=name,
                algorithm=str(order.algorithm),
                parameters=order.parameters,
                columns=order.columns,
                time_column=order.time_column,
                threshold=threshold,
                model_version_id=version_id,
            )
            return current(self._records.add(scope, new))

    def list(self, scope: Scope, /, *, limit: int, after: str, **filters: str) -> Sequence[CurrentDetection]:
        """Return one page, newest first; `filters` are those of `DetectionRepository.list`."""
        return [current(record) for record in self._records.list(scope, limit=limit, after=after, **filters)]

    def get(self, scope: Scope, detection_id: str) -> CurrentDetection:
        """Return one detection, or raise `NotFound`."""
        return current(self._records.get(scope, detection_id))

    def cancel(self, scope: Scope, detection_id: str) -> CurrentDetection:
        """Ask a detection to stop; one that has ended stays as it is."""
        self._jobs.cancel(scope, self._records.get(scope, detection_id).job.id)
        return self.get(scope, detection_id)

    def rename(self, scope: Scope, detection_id: str, name: str) -> CurrentDetection:
        """Give a detection another name, or raise `NotFound`."""
        renamed = current(self._records.rename(scope, detection_id, name))
        self._tell(scope, detection_id)
        return renamed

    def delete(self, scope: Scope, detection_id: str) -> None:
        """Remove a detection that has ended, with its job, its result and what was said about its rows.

        Raises
        ------
        NotFound
            ``detection.not_found``.
        Conflict
            ``detection.still_running``.
        """
        record = self._records.get(scope, detection_id)
        self._results.begin_removal(scope, detection_id)
        try:
            self._records.delete(scope, detection_id)
        except PlatformError:
            self._results.end_removal(scope, detection_id, kept=True)
            raise
        self._results.end_removal(scope, detection_id)
        self._forget(scope, record)

    def discard(self, scope: Scope, detection_id: str) -> None:
        """Remove what attempts of a detection left behind that ended without a result."""
        self._results.end_removal(scope, detection_id)

    def result(self, scope: Scope, detection_id: str) -> DetectionResult:
        """Return the result with the threshold that was chosen last.

        Raises
        ------
        NotFound
            ``detection.not_found``.
        Conflict
            ``detection.not_finished``: there is no result, or none yet.
        """
        return self._result(scope, self._records.get(scope, detection_id))

    def choose_threshold(self, scope: Scope, detection_id: str, kind: str, value: float) -> CurrentDetection:
        """Judge a result by another threshold and keep the choice (errors: `result`, and ``detection.*`` for the value)."""
        from anomaly_detection.detection.results.timeline import summary_with_timeline

        before = self._records.get(scope, detection_id)
        # From the first judgement, whose p-values every other one shares.
        result = self._original(scope, before).with_threshold(kind, value)
        chosen = {"kind": kind, "value": value}
        record = self._records.choose_threshold(scope, detection_id, chosen, summary_with_timeline(result))
        self._forget(scope, before, original=False)
        self._cache.get(_key(scope, record), lambda: result)
        self._tell(scope, detection_id)
        return current(record)

    def _tell(self, scope: Scope, detection_id: str) -> None:
        self._database.after_commit(lambda: self._events.publish(scope, "detection", {"id": detection_id}))

    def _result(self, scope: Scope, record: DetectionRecord) -> DetectionResult:
        chosen = record.chosen_threshold
        if chosen is None:
            return self._original(scope, record)
        kind, value = str(chosen["kind"]), float(chosen["value"])
        return self._cache.get(_key(scope, record), lambda: self._original(scope, record).with_threshold(kind, value))

    def _original(self, scope: Scope, record: DetectionRecord) -> DetectionResult:
        if record.job.status != "succeeded":
            raise _not_finished(record)
        return self._cache.get((scope.tenant_id, record.id), lambda: self._load(scope, record))

    def _forget(self, scope: Scope, record: DetectionRecord, *, original: bool = True) -> None:
        if original or record.chosen_threshold is not None:
            self._cache.drop(_key(scope, record))
        if original:
            self._cache.drop((scope.tenant_id, record.id))

    def _load(self, scope: Scope, record: DetectionRecord) -> DetectionResult:
        outcome = self._jobs.get(scope, record.job.id).outcome
        if outcome is None:
            raise _not_finished(record)
        return self._results.load(scope, StoredResult(outcome["document"], outcome["arrays"]))

    def _run(self, scope: Scope, payload: Mapping[str, Any], context: JobContext) -> Outcome:
        from anomaly_detection.workflows.batch_detection import run_detection_job
        from anomaly_detection.workflows.detection_by_model import run_model_detection_job

        order, detection_id = dict(payload["request"]), str(payload["detection_id"])
        # Files of an attempt that died; one that merely lost its lease cannot end the job any more.
        self._results.prune(scope, detection_id, attempt_id=context.attempt_id)
        for name in ("columns", "threshold"):
            order[name] = None if order[name] is None else tuple(order[name])
        request, version_id = DetectionRequest(**order), payload.get("model_version_id")
        datasets, results = self._stored_datasets, self._results
        with request_context(scope.request_id):
            if version_id is None:
                return run_detection_job(scope, request, detection_id, context, datasets=datasets, results=results)
            return run_model_detection_job(
                scope,
                request,
                str(version_id),
                detection_id,
                context,
                datasets=datasets,
                models=self._stored_models,
                results=results,
            )


def current(record: DetectionRecord) -> CurrentDetection:
    """Return a detection with the summary that holds now."""
    summary = record.chosen_summary
    if summary is None and record.job.outcome is not None:
        summary = record.job.outcome["summary"]
    return CurrentDetection(record, summary)


def _key(scope: Scope, record: DetectionRecord) -> tuple[str, ...]:
    chosen = record.chosen_threshold
    judged = () if chosen is None else (str(chosen["kind"]), repr(float(chosen["value"])))
    return (scope.tenant_id, record.id, *judged)


def _not_finished(record: DetectionRecord) -> Conflict:
    return Conflict(
        f"The detection has no result: its status is {record.job.status!r}.",
        code="detection.not_finished",
        hint="Wait until its status is 'succeeded'; follow it by GET /api/v1/events.",
        details={"status": record.job.status},
    )
