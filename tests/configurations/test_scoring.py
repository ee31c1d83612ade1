"""Models in memory: loaded once, found without the database, and never stale after a change."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from anomaly_detection.configurations.basic.scoring import FRESH_SECONDS, Scoring
from anomaly_detection.detection.detector import create_detector
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.model_files import ModelFiles
from anomaly_detection.infrastructure.persistence.model_rows import VersionRecord
from anomaly_detection.infrastructure.persistence.models import ModelRepository, NewVersion
from anomaly_detection.infrastructure.persistence.stored_models import StoredModels
from anomaly_detection.infrastructure.persistence.tenants import TenantRepository
from anomaly_detection.shared.errors import NotFound
from anomaly_detection.shared.identity import new_id
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.train_and_register import describe

ROWS = [{"x": 0.5}, {"x": 99.0}]


class Registry:
    """Models of one tenant, with a clock that tests turn."""

    def __init__(self, url: str, folder: Path) -> None:
        self.database = Database(url)
        self.scope = Scope(TenantRepository(self.database).ensure("ours").id, "principal")
        self.records = ModelRepository(self.database)
        self.files = ModelFiles(folder)
        self.store = StoredModels(self.records, self.files)
        self.now = 0.0
        self.scoring = self.make()

    def make(self, limit_bytes: int = 1 << 30) -> Scoring:
        return Scoring(self.records, self.store, limit_bytes=limit_bytes, clock=lambda: self.now)

    def add(self, algorithm: str = "zscore", name: str = "m") -> VersionRecord:
        detector = create_detector(algorithm).fit({"x": np.arange(50.0)})
        version_id = new_id()
        stored = self.files.save(self.scope, version_id, detector)
        new = NewVersion(version_id, algorithm, {}, imported=describe(detector, stored))
        return self.records.add(self.scope, name, new)


@pytest.fixture
def registry(sqlite_url: str, tmp_path: Path) -> Iterator[Registry]:
    registry = Registry(sqlite_url, tmp_path / "models")
    yield registry
    registry.database.dispose()


def test_a_model_is_read_once_and_then_at_hand(registry: Registry) -> None:
    version, scoring = registry.add(), registry.scoring
    assert scoring.ready(registry.scope, version.model_id, None) is None
    model = scoring.load(registry.scope, version.model_id, None)
    registry.files.remove(registry.scope, version.id)
    assert scoring.ready(registry.scope, version.model_id, None) is model
    assert scoring.load(registry.scope, version.model_id, 1) is model
    assert (model.version, model.algorithm, model.version_id) == (1, "zscore", version.id)
    assert scoring.size_bytes == model.size_bytes
    assert model.judge(ROWS).predictions.tolist() == [0, 1]


def test_what_is_at_hand_is_the_tenants_own(registry: Registry) -> None:
    version = registry.add()
    registry.scoring.load(registry.scope, version.model_id, None)
    stranger = Scope(TenantRepository(registry.database).ensure("theirs").id, "somebody")
    assert registry.scoring.ready(stranger, version.model_id, None) is None
    with pytest.raises(NotFound):
        registry.scoring.load(stranger, version.model_id, None)


def test_a_change_that_was_told_holds_at_once(registry: Registry) -> None:
    version = registry.add()
    scope, scoring = registry.scope, registry.scoring
    assert scoring.load(scope, version.model_id, None).version == 1
    registry.add("modified_zscore")
    assert scoring.load(scope, version.model_id, None).version == 1
    scoring.forget(scope.tenant_id, version.model_id)
    assert scoring.ready(scope, version.model_id, None) is None
    assert scoring.load(scope, version.model_id, None).version == 2


def test_a_change_by_another_server_is_noticed_soon(registry: Registry) -> None:
    version = registry.add()
    registry.add()
    scope, scoring = registry.scope, registry.scoring
    assert scoring.load(scope, version.model_id, None).version == 2
    registry.records.set_stage(scope, version.model_id, 1, "production")
    registry.now += FRESH_SECONDS
    assert scoring.load(scope, version.model_id, None).version == 2
    registry.now += 0.001
    assert scoring.ready(scope, version.model_id, None) is None
    assert scoring.load(scope, version.model_id, None).version == 1


def test_who_asked_before_a_change_does_not_bring_back_the_state_before_it(registry: Registry) -> None:
    version = registry.add()
    scope, scoring = registry.scope, registry.scoring
    default = registry.records.usable

    def overtaken(scope: Scope, model_id: str, number: int | None = None) -> VersionRecord:
        found = default(scope, model_id, number)
        registry.add()
        scoring.forget(scope.tenant_id, model_id)
        return found

    registry.records.usable = overtaken  # type: ignore[method-assign]
    assert scoring.load(scope, version.model_id, None).version == 1
    registry.records.usable = default  # type: ignore[method-assign]
    assert scoring.ready(scope, version.model_id, None) is None
    assert scoring.load(scope, version.model_id, None).version == 2


def test_memory_is_bounded_by_bytes(registry: Registry) -> None:
    first, second = registry.add(name="a"), registry.add(name="b")
    one = registry.scoring.load(registry.scope, first.model_id, None).size_bytes
    scoring = registry.make(limit_bytes=one + 1)
    scoring.load(registry.scope, first.model_id, None)
    scoring.load(registry.scope, second.model_id, None)
    assert scoring.size_bytes <= one + 1
    assert scoring.ready(registry.scope, first.model_id, None) is None
    assert scoring.ready(registry.scope, second.model_id, None) is not None
    assert scoring.load(registry.scope, first.model_id, None).judge(ROWS).n_rows == 2


def test_many_who_ask_at_once_share_one_model(registry: Registry) -> None:
    version = registry.add()
    found: list[object] = []
    start = threading.Barrier(8)

    def ask() -> None:
        start.wait()
        found.append(registry.scoring.load(registry.scope, version.model_id, None))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(map(id, found))) == 1


def test_a_model_is_quick_once_it_has_shown_it(registry: Registry) -> None:
    version = registry.add()
    model = registry.scoring.load(registry.scope, version.model_id, None)
    assert not model.is_quick(1)
    model.judge({"x": np.arange(1000.0)})
    assert not model.is_quick(1)
    model.judge(ROWS, explain=True)
    assert not model.is_quick(1)
    for _ in range(200):
        model.judge(ROWS[:1])
        if model.is_quick(1):
            break
    assert model.is_quick(1)
    assert not model.is_quick(10**9)
