"""One data set from file to anomalies, for a person and as a durable job."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anomaly_detection import DetectionResult, PlatformError, load_dataset
from anomaly_detection.data_platform.dataset import Dataset
from anomaly_detection.detection.algorithm_table import DEFAULTS
from anomaly_detection.shared.errors import Cancelled, NotFound
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.batch_detection import detect_dataset, detect_file, run_detection_job
from anomaly_detection.workflows.ports import DetectionRequest, StoredResult

SCOPE = Scope("tenant", "someone")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    lines = [f"{rng.normal(50, 5):.3f},{'fr' if rng.random() < 0.5 else 'de'}" for _ in range(300)]
    lines[150] = "9999,nowhere"
    path = tmp_path_factory.mktemp("data") / "orders.csv"
    path.write_text("amount,country\n" + "\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    start = np.datetime64("2026-01-05T00:00:00")
    lines = [f"{start + np.timedelta64(hour, 'h')},{10 + np.sin(hour / 24 * 6.283) + rng.normal(scale=0.1):.4f}" for hour in range(400)]  # fmt: skip
    lines[200] = lines[200].rpartition(",")[0] + ",30"
    path = tmp_path_factory.mktemp("data") / "load.csv"
    path.write_text("time,load\n" + "\n".join(lines) + "\n")
    return path


class Datasets:
    """Data sets of one tenant, in memory."""

    def __init__(self, sets: Mapping[str, Dataset]) -> None:
        self.sets = sets

    def open(self, scope: Scope, dataset_id: str) -> Dataset:
        if scope.tenant_id != SCOPE.tenant_id or dataset_id not in self.sets:
            raise NotFound("There is no such data set.", code="data.not_found", hint="List the data sets.")
        return self.sets[dataset_id]


@dataclass
class Results:
    """Results in memory, as they are kept: JSON and arrays."""

    kept: dict[str, tuple[str, dict[str, np.ndarray]]] = field(default_factory=dict)

    def save(self, scope: Scope, detection_id: str, result: DetectionResult) -> StoredResult:
        name = f"{detection_id}-{len(self.kept)}"
        document = json.dumps(result.to_dict(arrays=False, limit=100), allow_nan=False)
        self.kept[name] = (document, result.arrays())
        return StoredResult(json.loads(document), name)

    def load(self, scope: Scope, stored: StoredResult) -> DetectionResult:
        return DetectionResult.from_parts(stored.document, self.kept[stored.arrays][1])


@dataclass
class Context:
    """Records what a job says, and stops it where it should."""

    told: list[tuple[float, str]] = field(default_factory=list)
    stop_at: str = ""

    def progress(self, fraction: float, stage: str) -> None:
        self.told.append((fraction, stage))
        if stage == self.stop_at:
            raise Cancelled("Somebody asked to stop.", code="jobs.cancelled")


def test_a_table_is_judged_by_its_default_algorithm(table: Path) -> None:
    told: list[tuple[float, str]] = []
    dataset, detector, result = detect_file(table, progress=lambda fraction, stage: told.append((fraction, stage)))
    assert (dataset.name, dataset.kind, detector.algorithm) == ("orders", "table", DEFAULTS["table"])
    assert result.with_contamination(0.01).anomalies[0].values == {"amount": 9_999, "country": "nowhere"}
    assert result.dataset["name"] == "orders"
    assert result.dataset["fingerprint"] == dataset.fingerprint
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert told[0] == (0.0, "reading")
    assert 0.2 <= fractions[-1] <= 1.0


def test_a_series_is_judged_by_its_season(series: Path) -> None:
    dataset, detector, result = detect_file(series)
    assert (dataset.kind, detector.algorithm, result.kind) == ("series", "stl", "series")
    assert result.anomalies[0].time == "2026-01-13T08:00:00Z"
    assert result.anomalies[0].explanation is not None


def test_choices_reach_the_detector(table: Path) -> None:
    _, detector, result = detect_file(
        table,
        algorithm="knn",
        parameters={"n_neighbors": 5},
        columns=["amount"],
        threshold=("contamination", 0.02),
        seed=4,
        explain=False,
    )
    assert (detector.parameters, detector.feature_names, detector.seed) == ({"n_neighbors": 5}, ("amount",), 4)
    assert result.n_anomalies == 6
    assert result.anomalies[0].explanation is None


def test_a_seed_may_be_among_the_parameters(table: Path) -> None:
    _, detector, _ = detect_file(table, algorithm="isolation_forest", parameters={"seed": 7}, explain=False)
    assert (detector.seed, detector.parameters) == (7, {})


@pytest.mark.parametrize(
    ("choices", "code"),
    [
        ({"algorithm": "stl"}, "detection.wrong_kind"),
        ({"algorithm": "knnn"}, "detection.unknown_algorithm"),
        ({"algorithm": "knn", "parameters": {"k": 3}}, "detection.unknown_parameter"),
        ({"algorithm": "knn", "parameters": {"n_neighbors": 0}}, "detection.invalid_parameter"),
        ({"algorithm": "knn", "parameters": {"threshold": ["p_value", 0.1]}}, "detection.unknown_parameter"),
        ({"columns": ["amuont"]}, "data.unknown_column"),
        ({"time_column": "when"}, "data.unknown_column"),
        ({"threshold": ("p_value", 2.0)}, "detection.invalid_threshold"),
    ],
)
def test_wrong_choices_are_told(table: Path, choices: dict[str, Any], code: str) -> None:
    with pytest.raises(PlatformError) as caught:
        detect_file(table, **choices)
    assert caught.value.code == code
    assert caught.value.hint


def test_absent_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(PlatformError) as caught:
        detect_file(tmp_path / "absent.csv")
    assert caught.value.hint


def test_job_leaves_summary_document_and_arrays(table: Path) -> None:
    results, context = Results(), Context()
    request = DetectionRequest("orders", algorithm="knn", threshold=("contamination", 0.02))
    outcome = run_detection_job(
        SCOPE, request, "detection", context, datasets=Datasets({"orders": load_dataset(table)}), results=results
    )
    assert outcome["summary"]["n_anomalies"] == 6
    json.dumps(outcome, allow_nan=False)
    back = results.load(SCOPE, StoredResult(outcome["document"], outcome["arrays"]))
    assert {**back.summary(), "timeline": None} == outcome["summary"]
    assert all(anomaly.explanation for anomaly in back.anomalies), "the detector is gone, the reasons are kept"
    assert all(anomaly.explanation for anomaly in back.with_contamination(0.05).anomalies)
    fractions = [fraction for fraction, _ in context.told]
    assert fractions == sorted(fractions)
    assert (fractions[0], context.told[-1]) == (0.0, (0.95, "explaining"))


def test_job_may_run_again_and_only_adds(table: Path) -> None:
    results, datasets = Results(), Datasets({"orders": load_dataset(table)})
    request = DetectionRequest("orders", algorithm="modified_zscore")
    first, second = (
        run_detection_job(SCOPE, request, "detection", Context(), datasets=datasets, results=results) for _ in range(2)
    )
    assert first["arrays"] != second["arrays"]
    assert first["summary"] == second["summary"]
    assert len(results.kept) == 2


def test_job_stops_where_it_is_asked_to_and_leaves_nothing(table: Path) -> None:
    results = Results()
    with pytest.raises(Cancelled):
        run_detection_job(
            SCOPE,
            DetectionRequest("orders", algorithm="knn"),
            "detection",
            Context(stop_at="fitting"),
            datasets=Datasets({"orders": load_dataset(table)}),
            results=results,
        )
    assert results.kept == {}


def test_foreign_data_are_not_found(table: Path) -> None:
    with pytest.raises(NotFound):
        run_detection_job(
            Scope("other", "someone"),
            DetectionRequest("orders"),
            "detection",
            Context(),
            datasets=Datasets({"orders": load_dataset(table)}),
            results=Results(),
        )


def test_a_data_set_in_hand_is_judged_the_same(series: Path) -> None:
    dataset = load_dataset(series)
    detector, result = detect_dataset(dataset)
    assert np.array_equal(result.scores, detect_file(series)[2].scores)
    assert detector.fitted


def test_a_file_of_free_text_cannot_be_judged(tmp_path: Path) -> None:
    file = tmp_path / "notes.csv"
    file.write_text("note\n" + "\n".join(f"some free sentence number {row} written here" for row in range(50)))
    with pytest.raises(PlatformError, match="'note'") as caught:
        detect_file(file)
    assert caught.value.code == "detection.no_usable_column"
