"""Learn what is normal in a stored data set, as a durable job, and keep it as one version of a model."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from anomaly_detection.detection.detector import Detector
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.batch_detection import after_loading, detect_dataset
from anomaly_detection.workflows.ports import (
    DatasetStore,
    JobContext,
    ModelStore,
    Outcome,
    StoredModel,
    TrainingRequest,
)


def run_training_job(
    scope: Scope,
    request: TrainingRequest,
    version_id: str,
    context: JobContext,
    *,
    datasets: DatasetStore,
    models: ModelStore,
) -> Outcome:
    """Do the work of a training job. It may be called again after a crash: it only ever adds a file under a new name.

    Parameters
    ----------
    scope : Scope
        On whose behalf.
    request : TrainingRequest
        What to learn from, and how.
    version_id : str
        The version that is trained.
    context : JobContext
        Told how far the work is.
    datasets, models
        Where the data lie, and where the model file goes.

    Returns
    -------
    dict
        ``summary`` (how the training rows were judged, each without its own influence) and what `describe` says. The file
        becomes visible together with it.

    Raises
    ------
    NotFound
        ``data.dataset_not_found``: the data set was removed meanwhile.
    InvalidData
        The data do not suit the algorithm.
    """
    context.progress(0.0, "reading")
    dataset = datasets.open(scope, request.dataset_id)
    detector, result = detect_dataset(
        dataset,
        algorithm=request.algorithm,
        parameters=request.parameters,
        columns=request.columns,
        time_column=request.time_column,
        threshold=request.threshold,
        explain=False,
        progress=after_loading(context.progress),
    )
    context.progress(0.95, "saving")
    stored = models.save(scope, version_id, detector)
    return {"summary": result.summary(), **describe(detector, stored)}


def describe(detector: Detector, stored: StoredModel) -> dict[str, Any]:
    """Return what a list of models shows of a model file.

    Returns
    -------
    dict
        ``file``, ``sha256``, ``size_bytes``, ``kind``, ``feature_names`` and ``fingerprint`` (of the training data).
    """
    return {
        **asdict(stored),
        "kind": detector.kind,
        "feature_names": list(detector.feature_names),
        "fingerprint": detector.trained_on["fingerprint"],
    }
