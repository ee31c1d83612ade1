"""Detections of a tenant: ordered as jobs, and looked at with the threshold that was chosen last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from anomaly_detection.configurations.basic.requests import check_request
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
from anomaly_detection.infrastructure.persistence.result_store import FileResultStore
from anomaly_detection.shared.errors import Conflict
from anomaly_detection.shared.identity import new_id
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import (
    DatasetStore,
    DetectionRequest,
    JobContext,
    JobHandler,
    Outcome,
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
    ) -> None:
        self._database = database
        self._records = records
        self._datasets = datasets
        self._jobs = jobs
        self._stored_datasets = stored_datasets
        self._results = results
        self._cache = ResultCache()

    def handlers(self) -> Mapping[str, JobHandler]:
        """Return what the worker calls for the jobs made here."""
        return {JOB_KIND: self._run}

    def start(self, scope: Scope, request: DetectionRequest, *, name: str | None = None) -> CurrentDetection:
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
        detection_id = new_id()
        order = asdict(replace(request, algorithm=algorithm))
        with self._database.write():
            job = self._jobs.submit(scope, JOB_KIND, {"detection_id": detection_id, "request": order})
            record = self._records.add(
                scope,
                NewDetection(
                    id=detection_id,
                    dataset_id=dataset.id,
                    job_id=job.id,
                    name=name or f"{dataset.name} · {algorithm}",
                    algorithm=algorithm,
                    parameters=request.parameters,
                    columns=request.columns,
                    time_column=request.time_column,
                    threshold=None
                    if request.threshold is None
                    else {"kind": request.threshold[0], "value": request.threshold[1]},
                ),
            )
        return _current(record)

    def list(self, scope: Scope, *, limit: int, after: str, dataset_id: str = "") -> Sequence[CurrentDetection]:
        """Return one page, newest first."""
        return [
            _current(record) for record in self._records.list(scope, limit=limit, after=after, dataset_id=dataset_id)
        ]

    def get(self, scope: Scope, detection_id: str) -> CurrentDetection:
        """Return one detection, or raise `NotFound`."""
        return _current(self._records.get(scope, detection_id))

    def cancel(self, scope: Scope, detection_id: str) -> CurrentDetection:
        """Ask a detection to stop; one that has ended stays as it is."""
        self._jobs.cancel(scope, self._records.get(scope, detection_id).job.id)
        return self.get(scope, detection_id)

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
        result = self._result(scope, self._records.get(scope, detection_id)).with_threshold(kind, value)
        record = self._records.choose_threshold(scope, detection_id, {"kind": kind, "value": value}, result.summary())
        return _current(record)

    def _result(self, scope: Scope, record: DetectionRecord) -> DetectionResult:
        if record.job.status != "succeeded":
            raise _not_finished(record)
        chosen = record.chosen_threshold
        if chosen is None:
            return self._original(scope, record)
        kind, value = str(chosen["kind"]), float(chosen["value"])
        key = (scope.tenant_id, record.id, kind, repr(value))
        return self._cache.get(key, lambda: self._original(scope, record).with_threshold(kind, value))

    def _original(self, scope: Scope, record: DetectionRecord) -> DetectionResult:
        return self._cache.get((scope.tenant_id, record.id), lambda: self._load(scope, record))

    def _load(self, scope: Scope, record: DetectionRecord) -> DetectionResult:
        outcome = self._jobs.get(scope, record.job.id).outcome
        if outcome is None:
            raise _not_finished(record)
        return self._results.load(scope, StoredResult(outcome["document"], outcome["arrays"]))

    def _run(self, scope: Scope, payload: Mapping[str, Any], context: JobContext) -> Outcome:
        from anomaly_detection.workflows.batch_detection import run_detection_job

        order, detection_id = dict(payload["request"]), str(payload["detection_id"])
        # Files of an attempt that died; one that merely lost its lease cannot end the job any more.
        self._results.prune(scope, detection_id, attempt_id=context.attempt_id)
        for name in ("columns", "threshold"):
            order[name] = None if order[name] is None else tuple(order[name])
        with request_context(scope.request_id):
            return run_detection_job(
                scope,
                DetectionRequest(**order),
                detection_id,
                context,
                datasets=self._stored_datasets,
                results=self._results,
            )


def _current(record: DetectionRecord) -> CurrentDetection:
    summary = record.chosen_summary
    if summary is None and record.job.outcome is not None:
        summary = record.job.outcome["summary"]
    return CurrentDetection(record, summary)


def _not_finished(record: DetectionRecord) -> Conflict:
    return Conflict(
        f"The detection has no result: its status is {record.job.status!r}.",
        code="detection.not_finished",
        hint="Wait until its status is 'succeeded'; follow it by GET /api/v1/events.",
        details={"status": record.job.status},
    )
