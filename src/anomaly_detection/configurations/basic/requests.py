"""What is asked of a data set is looked at before a job is made: what cannot work is refused at once."""

from __future__ import annotations

from anomaly_detection.infrastructure.persistence.datasets import DatasetRecord
from anomaly_detection.infrastructure.persistence.model_rows import VersionRecord
from anomaly_detection.shared.errors import InvalidInput, did_you_mean
from anomaly_detection.workflows.ports import DetectionRequest, TrainingRequest


def check_request(dataset: DatasetRecord, request: DetectionRequest | TrainingRequest) -> str:
    """Refuse now what the job would refuse later; return the algorithm's name.

    Raises
    ------
    InvalidInput
        ``data.unknown_column`` or ``detection.*``.
    """
    from anomaly_detection.detection.catalogue import algorithm_info, default_algorithm
    from anomaly_detection.workflows.batch_detection import make_detector

    algorithm = request.algorithm or default_algorithm(dataset.kind)
    kinds = algorithm_info(algorithm).kinds
    make_detector(
        algorithm,
        request.parameters,
        columns=request.columns,
        time_column=request.time_column,
        threshold=request.threshold,
    )
    known = {str(column["name"]): None for column in dataset.columns}
    for column in (*(request.columns or ()), *([request.time_column] if request.time_column else [])):
        if column not in known:
            raise InvalidInput(
                f"The data set has no column {column!r}.",
                code="data.unknown_column",
                hint=did_you_mean(column, known),
                details={"column": column, "columns": list(known)},
            )
    if "table" not in kinds and not (request.time_column or dataset.roles["time"]):
        raise InvalidInput(
            f"{algorithm} takes a series, and {dataset.name!r} has no column of times.",
            code="detection.wrong_kind",
            hint="Name the time column, or choose an algorithm for tables such as knn.",
        )
    return algorithm


def check_model_request(dataset: DatasetRecord, request: DetectionRequest, model: VersionRecord) -> None:
    """Refuse now what the job of a stored model would refuse later.

    Raises
    ------
    InvalidInput
        ``detection.missing_column``, ``detection.unknown_threshold`` or ``detection.invalid_threshold``.
    """
    from anomaly_detection.detection.calibration.threshold import check_threshold
    from anomaly_detection.workflows.trained_models import missing_column

    if request.threshold is not None:
        check_threshold(*request.threshold)
    known = {str(column["name"]): None for column in dataset.columns}
    for column in model.facts.get("feature_names", ()):
        if column not in known:
            raise missing_column(model.facts["feature_names"], column, known)
