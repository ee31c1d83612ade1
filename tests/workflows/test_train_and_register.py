"""A training job: it ends with a model file that judges as the library does, whatever died on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from anomaly_detection.data_platform.dataset import Dataset
from anomaly_detection.data_platform.loading import load_dataset
from anomaly_detection.detection.detector import Detector, create_detector, load_detector
from anomaly_detection.infrastructure.persistence.model_files import ModelFiles
from anomaly_detection.shared.errors import Cancelled, InvalidInput, NotFound
from anomaly_detection.shared.identity import new_id
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import StoredModel, TrainingRequest
from anomaly_detection.workflows.train_and_register import run_training_job

OURS = Scope(new_id(), "principal")


@dataclass
class OneDataset:
    """A store of one data set; fills the port `DatasetStore`."""

    id: str
    dataset: Dataset

    def open(self, scope: Scope, dataset_id: str) -> Dataset:
        if (scope.tenant_id, dataset_id) != (OURS.tenant_id, self.id):
            raise NotFound("none", code="data.dataset_not_found")
        return self.dataset


@dataclass
class Told:
    """Remembers what a job says; asks it to stop at a stage."""

    stop_at: str = ""
    stages: list[str] = field(default_factory=list)
    fractions: list[float] = field(default_factory=list)

    def progress(self, fraction: float, stage: str) -> None:
        self.stages.append(stage)
        self.fractions.append(fraction)
        if stage == self.stop_at:
            raise Cancelled("stop", code="jobs.cancelled")


class Files(ModelFiles):
    """Model files of one version, opened without records; fills the port `ModelStore`."""

    stored: StoredModel

    def save(self, scope: Scope, version_id: str, detector: Detector) -> StoredModel:
        self.stored = super().save(scope, version_id, detector)
        return self.stored

    def open(self, scope: Scope, version_id: str) -> Detector:
        return load_detector(self.path(scope, version_id, self.stored))


@pytest.fixture
def data(tmp_path: Path) -> OneDataset:
    rng = np.random.default_rng(0)
    path = tmp_path / "orders.csv"
    path.write_text("amount,items\n" + "\n".join(f"{a:.3f},{b}" for b, a in enumerate(rng.normal(size=200))))
    return OneDataset(new_id(), load_dataset(path))


def test_the_model_judges_as_one_that_was_fitted_at_hand(data: OneDataset, tmp_path: Path) -> None:
    files, version, told = Files(tmp_path), new_id(), Told()
    request = TrainingRequest(data.id, "knn", {"n_neighbors": 3}, ("amount",), threshold=("contamination", 0.1))
    outcome = run_training_job(OURS, request, version, told, datasets=data, models=files)
    model = files.open(OURS, version)
    by_hand = create_detector("knn", n_neighbors=3, columns=["amount"], threshold=("contamination", 0.1))
    by_hand.fit(data.dataset)
    rows = [{"amount": 0.1}, {"amount": -70}, {"amount": None}]
    assert model.score(rows).tolist() == by_hand.score(rows).tolist()
    assert model.predict(rows).tolist() == by_hand.predict(rows).tolist() == [0, 1, 0]
    assert outcome["feature_names"] == ["amount"]
    assert (outcome["kind"], outcome["fingerprint"]) == ("table", data.dataset.fingerprint)
    assert outcome["summary"]["n_rows"] == 200
    path = files.path(OURS, version, files.stored)
    assert (outcome["file"], outcome["size_bytes"]) == (path.name, path.stat().st_size)
    assert told.fractions == sorted(told.fractions)
    assert (told.stages[0], told.stages[-1]) == ("reading", "saving")


def test_an_attempt_that_is_repeated_adds_a_file_and_changes_none(data: OneDataset, tmp_path: Path) -> None:
    files, version = Files(tmp_path), new_id()
    request = TrainingRequest(data.id, "zscore")
    first = run_training_job(OURS, request, version, Told(), datasets=data, models=files)
    second = run_training_job(OURS, request, version, Told(), datasets=data, models=files)
    assert first["file"] != second["file"]
    assert first["sha256"] == second["sha256"]
    folder = tmp_path / OURS.tenant_id / version
    assert {path.name for path in folder.iterdir()} == {first["file"], second["file"]}


@pytest.mark.parametrize("stage", ["reading", "encoding", "fitting", "judging", "saving"])
def test_one_that_is_stopped_leaves_no_file(data: OneDataset, tmp_path: Path, stage: str) -> None:
    files, version = Files(tmp_path), new_id()
    with pytest.raises(Cancelled):
        run_training_job(OURS, TrainingRequest(data.id, "zscore"), version, Told(stage), datasets=data, models=files)
    assert not (tmp_path / OURS.tenant_id).exists()


def test_what_cannot_be_learnt_is_said(data: OneDataset, tmp_path: Path) -> None:
    files = Files(tmp_path)
    with pytest.raises(NotFound):
        run_training_job(OURS, TrainingRequest(new_id()), new_id(), Told(), datasets=data, models=files)
    with pytest.raises(InvalidInput) as caught:
        run_training_job(OURS, TrainingRequest(data.id, "stl"), new_id(), Told(), datasets=data, models=files)
    assert caught.value.code == "detection.wrong_kind"
    assert list(tmp_path.glob("*-*")) == []
