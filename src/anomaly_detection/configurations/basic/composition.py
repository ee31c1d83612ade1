"""The embedded platform, put together: every concrete class is named here and nowhere else."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from types import TracebackType
from typing import Literal, Self

from anomaly_detection.configurations.basic.access import Access
from anomaly_detection.configurations.basic.data_folder import DataFolder, FolderLock
from anomaly_detection.configurations.basic.datasets import Datasets
from anomaly_detection.configurations.basic.detections import Detections
from anomaly_detection.configurations.basic.feedback import Feedback
from anomaly_detection.configurations.basic.job_service import JobService
from anomaly_detection.configurations.basic.models import JOB_KIND as TRAINING
from anomaly_detection.configurations.basic.models import Models
from anomaly_detection.configurations.basic.operations import Operations
from anomaly_detection.configurations.basic.overview import Overview
from anomaly_detection.configurations.basic.parts import Algorithms, Events, Jobs, Parts
from anomaly_detection.configurations.basic.scoring import Scoring
from anomaly_detection.configurations.migrations import migrate
from anomaly_detection.configurations.platform import offer_chosen
from anomaly_detection.configurations.settings import Settings
from anomaly_detection.infrastructure.events import EventBroker
from anomaly_detection.infrastructure.jobs.instance import instance_id, is_dead
from anomaly_detection.infrastructure.jobs.queue import DatabaseJobQueue
from anomaly_detection.infrastructure.monitoring import Metrics
from anomaly_detection.infrastructure.persistence.dataset_files import DatasetFiles
from anomaly_detection.infrastructure.persistence.datasets import DatasetRepository, StoredDatasets
from anomaly_detection.infrastructure.persistence.detections import DetectionRepository
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.feedback import FeedbackRepository
from anomaly_detection.infrastructure.persistence.idempotency import IdempotencyKeys
from anomaly_detection.infrastructure.persistence.installation import join_installation
from anomaly_detection.infrastructure.persistence.model_files import ModelFiles
from anomaly_detection.infrastructure.persistence.model_rows import VersionRecord
from anomaly_detection.infrastructure.persistence.models import ModelRepository
from anomaly_detection.infrastructure.persistence.overview import OverviewRepository
from anomaly_detection.infrastructure.persistence.result_store import FileResultStore
from anomaly_detection.infrastructure.persistence.rows import PRIORITIES
from anomaly_detection.infrastructure.persistence.stored_models import StoredModels
from anomaly_detection.shared.errors import NotFound, PlatformError
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import Job, Priority

Role = Literal["server", "worker", "tool"]


class Platform:
    """The platform in this process: use it as a context manager to let it work, or call `close` at the end.

    Parameters
    ----------
    settings : Settings
        What the administrator chose.
    role : {"server", "worker", "tool"}, default "server"
        What this process is. There is one server for a data folder: it holds the folder's lock. Workers and tools join an
        installation whether a server runs or not.
    queues : sequence of {"high", "normal", "low"}, default all
        Which jobs a worker does.

    Raises
    ------
    Conflict
        ``platform.data_dir_in_use``: another server uses the data folder; ``platform.other_data_folder``: the database was begun
        with another one.
    Unavailable
        The folder or the database cannot be used.
    """

    def __init__(self, settings: Settings, role: Role = "server", *, queues: Sequence[Priority] = PRIORITIES) -> None:
        self.settings = settings
        self.role = role
        self._queues = queues
        self.folder = DataFolder(settings.data_dir)
        self.folder.create()
        with ExitStack() as held:
            if role == "server":
                held.enter_context(FolderLock(self.folder.root))
            self.database = Database(settings.database())
            held.callback(self.database.dispose)
            self._compose()
            self._held = held.pop_all()

    def _compose(self) -> None:
        settings, folder = self.settings, self.folder
        offer_chosen(settings)
        migrate(self.database)
        self.installation_id = join_installation(self.database, folder.root)
        self.events = EventBroker()
        self.access = Access(self.database, self.events, settings, folder.keys)
        self.accounts, self.sessions, self.proofs = self.access.accounts, self.access.sessions, self.access.proofs
        self.idempotency = IdempotencyKeys(self.database, holder=instance_id(), is_dead=is_dead)
        self.jobs = DatabaseJobQueue(self.database, lease_seconds=settings.job_lease_seconds)
        files, records = DatasetFiles(folder.datasets), DatasetRepository(self.database)
        if self.role == "server":
            # Uploads come through the one server only, so what is arriving there has lost its process.
            files.sweep(records.has, older_than_seconds=0)
        self.datasets = Datasets(
            self.database,
            records,
            files,
            self.events,
            max_upload_bytes=settings.max_upload_bytes,
            max_decompressed_bytes=settings.max_decompressed_bytes,
        )
        stored_datasets = StoredDatasets(records, files, max_decompressed_bytes=settings.max_decompressed_bytes)
        self._compose_models(records, stored_datasets)
        self._detection_records = DetectionRepository(self.database)
        results = FileResultStore(folder.results)
        if self.role == "server":
            results.sweep(self._detection_records.statuses())
        self.detections = Detections(
            self.database,
            self._detection_records,
            records,
            self.jobs,
            stored_datasets,
            results,
            self._model_records,
            self._model_store,
            self.events,
        )
        said = FeedbackRepository(self.database)
        self.operations = Operations(
            Parts(
                Algorithms(),
                self.datasets,
                self.detections,
                self.models,
                self.scoring,
                Jobs(self.jobs),
                Events(self.events),
                Feedback(self.database, said, self.detections, self.events),
                Overview(OverviewRepository(self.database), self._detection_records, said),
                self.access,
            )
        )
        self.metrics = Metrics(self.jobs.counts)
        handlers = {**self.detections.handlers(), **self.models.handlers()}
        self.service = JobService(
            self.database, self.jobs, handlers, settings, is_server=self.role == "server", queues=self._queues
        )
        self.worker = self.service.worker
        self.service.show(self.metrics)

    def _compose_models(self, datasets: DatasetRepository, stored_datasets: StoredDatasets) -> None:
        files, self._model_records = ModelFiles(self.folder.models), ModelRepository(self.database)
        if self.role == "server":
            files.sweep(self._model_records.has, older_than_seconds=0)
        self._model_store = store = StoredModels(self._model_records, files)
        self.scoring = Scoring(self._model_records, store)
        self.models = Models(
            self.database,
            self._model_records,
            files,
            store,
            datasets,
            stored_datasets,
            self.jobs,
            max_model_bytes=self.settings.max_model_bytes,
            changed=self._model_changed,
        )

    def __enter__(self) -> Self:
        """Begin to work."""
        self._unlisten = self.jobs.listen(self._announce)
        self.service.start()
        if self.service.works:
            threading.Thread(target=_load_detection, name="load-detection", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop in good order: running jobs go back to the queue, listeners are sent away, files are closed."""
        self.events.end()
        self.service.stop()
        self._unlisten()
        self.close()

    def close(self) -> None:
        """Let go of database and folder; for a platform that was never begun."""
        self._held.close()

    def first_sign_in(self) -> tuple[str, datetime] | None:
        """Return a new one-time token while the administrator has no password, else None."""
        administrator, _ = self.accounts.ensure_administrator()
        return None if administrator.has_password else self.accounts.make_one_time_token(administrator)

    def checks(self) -> dict[str, str]:
        """Return the state of what every request needs: ``ok``, or what is wrong."""
        return {
            "database": _state(self.database.check),
            "worker": self.service.state(),
            "data_folder": _state(self.folder.check),
        }

    def _model_changed(self, scope: Scope, version: VersionRecord) -> None:
        self.scoring.forget(scope.tenant_id, version.model_id)
        self.events.publish(scope, "model", {"id": version.id})

    def _announce_training(self, job: Job) -> None:
        if job.status in {"succeeded", "failed", "cancelled"}:
            self.metrics.training_ended(job.status)
        scope = Scope(job.tenant_id, job.principal_id)
        try:
            version = self._model_records.version_of_job(scope, job.id)
        except NotFound:
            # Told before the version's own row is kept; nobody can know of it yet.
            return
        self._model_changed(scope, version)

    def _announce(self, job: Job) -> None:
        if job.kind == TRAINING:
            self._announce_training(job)
            return
        if job.status in {"succeeded", "failed", "cancelled"}:
            self.metrics.detection_ended(job.status)
        scope = Scope(job.tenant_id, job.principal_id)
        try:
            record = self._detection_records.of_job(scope, job.id)
        except NotFound:
            # Told before the detection's own row is kept; nobody can know of it yet.
            return
        if job.status in {"failed", "cancelled"}:
            self.detections.discard(scope, record.id)
        self.events.publish(scope, "detection", {"id": record.id})


def _state(check: Callable[[], object]) -> str:
    try:
        check()
    except PlatformError as error:
        return error.message
    return "ok"


def _load_detection() -> None:
    """Import what detections need while nobody waits: the first one then takes no longer than the next."""
    for module in ("workflows.batch_detection", "detection.algorithms.timeseries.stl_kernel"):
        importlib.import_module(f"anomaly_detection.{module}")
