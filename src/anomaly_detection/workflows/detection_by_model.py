"""Judge a stored data set by a stored model, as a durable job."""

from __future__ import annotations

from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.batch_detection import after_loading, outcome_of
from anomaly_detection.workflows.ports import (
    DatasetStore,
    DetectionRequest,
    JobContext,
    ModelStore,
    Outcome,
    ResultStore,
)
from anomaly_detection.workflows.trained_models import score_dataset


def run_model_detection_job(
    scope: Scope,
    request: DetectionRequest,
    version_id: str,
    detection_id: str,
    context: JobContext,
    *,
    datasets: DatasetStore,
    models: ModelStore,
    results: ResultStore,
) -> Outcome:
    """Do the work of a detection job that learns nothing. It may be called again after a crash, as `run_detection_job`.

    Parameters
    ----------
    scope : Scope
        On whose behalf.
    request : DetectionRequest
        The data set, and a threshold in the place of the model's own, or None.
    version_id : str
        The version of the model.
    detection_id : str
        The detection that the job works for.
    context : JobContext
        Told how far the work is.
    datasets, models, results
        Where things lie.

    Returns
    -------
    dict
        As of `run_detection_job`.

    Raises
    ------
    NotFound
        The data set or the model was removed meanwhile.
    InvalidData
        The rows do not fit those that were learnt from.
    """
    context.progress(0.0, "reading")
    detector = models.open(scope, version_id)
    dataset = datasets.open(scope, request.dataset_id)
    result = score_dataset(detector, dataset, threshold=request.threshold, progress=after_loading(context.progress))
    return outcome_of(scope, detection_id, result, context, results)
