"""Stored models that judge rows at once: kept in memory, and found without asking the database each time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from anomaly_detection.configurations.basic.bounded_cache import BoundedCache
from anomaly_detection.infrastructure.persistence.model_rows import VersionRecord
from anomaly_detection.infrastructure.persistence.models import ModelRepository
from anomaly_detection.infrastructure.persistence.stored_models import StoredModels
from anomaly_detection.shared.scope import Scope

if TYPE_CHECKING:
    from anomaly_detection.detection.detector import Detector
    from anomaly_detection.detection.results import DetectionResult

LIMIT_BYTES = 1024**3
FRESH_SECONDS = 5.0
"""How long it may take until another server on the same database is noticed; changes made by this one hold at once."""
QUICK_SECONDS = 0.004
"""Rows that take a model less than this are judged in the event loop: handing them over to a thread costs more."""

_MOST_KNOWN = 10_000
_FEW_ROWS = 4
"""So many rows tell what one of them costs at most: over more, what each request costs would be spread too thin."""
_FORGETTING = 1.1
_OBJECT_BYTES = 1 << 16
"""About what a detector takes beside its arrays."""


class LoadedModel:
    """A version of a model in memory, ready to judge rows; threads may share it.

    Attributes
    ----------
    model_id, version_id : str
        What it is.
    version : int
        Its number.
    """

    def __init__(self, record: VersionRecord, detector: Detector) -> None:
        self.model_id = record.model_id
        self.version_id = record.id
        self.version = record.version
        self.algorithm = record.algorithm
        self.size_bytes = 2 * int(record.facts["size_bytes"]) + _OBJECT_BYTES
        self._detector = detector
        self._seconds_per_row = float("inf")

    def is_quick(self, n_rows: int) -> bool:
        """Tell whether so many rows are judged in no time; false before the first ones."""
        return self._seconds_per_row * n_rows < QUICK_SECONDS

    def judge(self, rows: Any, *, explain: bool = False) -> DetectionResult:
        """Judge rows as new ones.

        Parameters
        ----------
        rows : table, list of dicts or dict of lists
            Rows as they are.
        explain : bool, default False
            Whether anomalies say why.

        Raises
        ------
        InvalidData
            A column is missing, strange or of the wrong type, or there is no row.
        """
        started = time.perf_counter()
        result = self._detector.detect(rows, explain=explain, strict=True)
        if result.n_rows <= _FEW_ROWS and not explain:
            seconds = (time.perf_counter() - started) / result.n_rows
            # The least of the last ones: slow answers on a busy machine say nothing of the model.
            self._seconds_per_row = min(seconds, self._seconds_per_row * _FORGETTING)
        return result


class Scoring:
    """What the outside may ask of models beside their administration.

    Parameters
    ----------
    records : ModelRepository
        Which versions there are.
    store : StoredModels
        Opens their files.
    limit_bytes : int, default 1 GiB
        What the models in memory may take together.
    clock : callable, optional
        Returns seconds that never go back.
    """

    def __init__(
        self,
        records: ModelRepository,
        store: StoredModels,
        *,
        limit_bytes: int = LIMIT_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._records = records
        self._store = store
        self._clock = clock
        self._loaded: BoundedCache[LoadedModel] = BoundedCache(limit_bytes, lambda model: model.size_bytes)
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str, int], tuple[VersionRecord, float]] = {}
        self._generation = 0

    @property
    def size_bytes(self) -> int:
        """About what the models in memory take."""
        return self._loaded.size_bytes

    def ready(self, scope: Scope, model_id: str, number: int | None) -> LoadedModel | None:
        """Return a model if it is in memory and known to be the one asked for; asks no database and reads no file.

        Parameters
        ----------
        model_id : str
            The model.
        number : int or None
            Its version; None for the one in production, else the newest that can judge rows.
        """
        known = self._known.get((scope.tenant_id, model_id, number or 0))
        if known is None or known[1] < self._clock():
            return None
        return self._loaded.find((scope.tenant_id, known[0].id))

    def load(self, scope: Scope, model_id: str, number: int | None) -> LoadedModel:
        """Return a model, read from its file where it is not in memory; parameters as for `ready`.

        Raises
        ------
        NotFound
            ``models.not_found`` or ``models.version_not_found``.
        Conflict
            ``models.no_usable_version``, ``models.archived`` or ``models.damaged``.
        """
        record = self._resolve(scope, model_id, number)
        return self._loaded.get(
            (scope.tenant_id, record.id), lambda: LoadedModel(record, self._store.read(scope, record))
        )

    def forget(self, tenant_id: str, model_id: str) -> None:
        """Look again for what a model's versions are: one of them has changed."""
        with self._lock:
            # Who is asking the database right now may have got the state before the change: it must not keep that.
            self._generation += 1
            for key in [key for key in self._known if key[:2] == (tenant_id, model_id)]:
                del self._known[key]

    def _resolve(self, scope: Scope, model_id: str, number: int | None) -> VersionRecord:
        key = (scope.tenant_id, model_id, number or 0)
        known = self._known.get(key)
        if known is not None and known[1] >= self._clock():
            return known[0]
        generation = self._generation
        record = self._records.usable(scope, model_id, number)
        with self._lock:
            if generation == self._generation:
                if len(self._known) >= _MOST_KNOWN:
                    self._known.clear()
                self._known[key] = (record, self._clock() + FRESH_SECONDS)
        return record
