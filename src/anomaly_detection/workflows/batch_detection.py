"""Detect the anomalies of one data set: from a file for a person, or of a stored data set as a durable job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from anomaly_detection.data_platform.dataset import Dataset
from anomaly_detection.detection.catalogue import algorithm_info, default_algorithm
from anomaly_detection.detection.detector import Detector, create_detector
from anomaly_detection.detection.errors import InvalidData
from anomaly_detection.detection.ports import Progress
from anomaly_detection.detection.results import DetectionResult
from anomaly_detection.detection.results.timeline import summary_with_timeline
from anomaly_detection.shared.errors import InvalidInput
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import DatasetStore, DetectionRequest, JobContext, Outcome, ResultStore
from anomaly_detection.workflows.sources import Source

_LOADING_SHARE = 0.2
_SAID_BESIDE = {"algorithm": "algorithm", "threshold": "threshold", "time": "time_column", "columns": "columns"}
"""Keywords of `create_detector` that are no algorithm's parameters, by the name under which a request says them."""


def detect_file(
    source: str | Path | Sequence[str | Path] | Source,
    *,
    algorithm: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    columns: Sequence[str] | None = None,
    time_column: str | None = None,
    threshold: tuple[str, float] | None = None,
    seed: int = 0,
    explain: bool = True,
    progress: Progress | None = None,
) -> tuple[Dataset, Detector, DetectionResult]:
    """Read files or a bundled data set and find the anomalies.

    Parameters
    ----------
    source : str, Path, sequence of them or Source
        A path, a pattern, the name of a bundled data set, several of them, or all of that with how to read it; a `Source`
        names columns and time itself.
    algorithm : str, optional
        Name in the catalogue; by default `stl` for a series and `knn` for a table.
    parameters, columns, time_column, threshold, seed
        As for `create_detector`.
    explain : bool, default True
        Whether anomalies say why.
    progress : callable, optional
        Called with a fraction in [0, 1] and the name of the stage.

    Returns
    -------
    tuple of (Dataset, Detector, DetectionResult)
    """
    if progress is not None:
        progress(0.0, "reading")
    chosen = Source.of(source, time=time_column, columns=None if columns is None else tuple(columns))
    dataset = chosen.read()
    detector, result = detect_dataset(
        dataset,
        algorithm=algorithm,
        parameters=parameters or {},
        columns=chosen.columns,
        time_column=chosen.time_column,
        threshold=threshold,
        seed=seed,
        explain=explain,
        progress=None if progress is None else after_loading(progress),
    )
    return dataset, detector, result


def detect_dataset(
    dataset: Dataset,
    *,
    algorithm: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    columns: Sequence[str] | None = None,
    time_column: str | None = None,
    threshold: tuple[str, float] | None = None,
    seed: int = 0,
    explain: bool = True,
    progress: Progress | None = None,
) -> tuple[Detector, DetectionResult]:
    """Find the anomalies of a data set; parameters as for `detect_file`.

    Raises
    ------
    InvalidData
        The algorithm takes another kind of data.
    """
    name = algorithm or default_algorithm(dataset.kind)
    _check_kind(name, dataset)
    detector = make_detector(
        name, parameters or {}, columns=columns, time_column=time_column, threshold=threshold, seed=seed
    )
    return detector, detector.fit_detect(dataset, explain=explain, progress=progress)


def make_detector(
    algorithm: str,
    parameters: Mapping[str, Any],
    *,
    columns: Sequence[str] | None = None,
    time_column: str | None = None,
    threshold: tuple[str, float] | None = None,
    seed: int = 0,
) -> Detector:
    """Make the detector that a request asks for; a ``seed`` among its parameters comes before the other.

    Raises
    ------
    InvalidInput
        ``detection.*``: the algorithm is unknown, or a parameter, column or threshold cannot be.
    """
    for name in parameters:
        if name in _SAID_BESIDE:
            raise InvalidInput(
                f"{name!r} is no parameter of {algorithm}.",
                code="detection.unknown_parameter",
                hint=f"Give {_SAID_BESIDE[name]} beside the parameters, not among them.",
                details={"parameter": name},
            )
    return create_detector(
        algorithm, threshold=threshold, time=time_column, columns=columns, **{"seed": seed, **parameters}
    )


def run_detection_job(
    scope: Scope,
    request: DetectionRequest,
    detection_id: str,
    context: JobContext,
    *,
    datasets: DatasetStore,
    results: ResultStore,
) -> Outcome:
    """Do the work of a detection job. It may be called again after a crash: it only ever adds a result under a new name.

    Returns
    -------
    dict
        ``summary`` (counts, and where in time the anomalies lie), ``document`` (the result without its long arrays) and ``arrays`` (where these lie).
    """
    context.progress(0.0, "reading")
    dataset = datasets.open(scope, request.dataset_id)
    _, result = detect_dataset(
        dataset,
        algorithm=request.algorithm,
        parameters=request.parameters,
        columns=request.columns,
        time_column=request.time_column,
        threshold=request.threshold,
        progress=after_loading(context.progress),
    )
    return outcome_of(scope, detection_id, result, context, results)


def outcome_of(
    scope: Scope, detection_id: str, result: DetectionResult, context: JobContext, results: ResultStore
) -> Outcome:
    """Explain and keep a result; return what the job leaves behind, as `run_detection_job` does."""
    context.progress(0.95, "explaining")
    stored = results.save(scope, detection_id, result.with_explanations())
    return {"summary": summary_with_timeline(result), "document": dict(stored.document), "arrays": stored.arrays}


def _check_kind(name: str, dataset: Dataset) -> None:
    kinds = algorithm_info(name).kinds
    if "series" in kinds and dataset.roles.time is None and dataset.kind == "table":
        raise InvalidData(
            f"{name} takes a series, and {dataset.name!r} has no column of times.",
            code="detection.wrong_kind",
            hint="Name the time column, or choose an algorithm for tables such as knn.",
        )


def after_loading(progress: Progress) -> Progress:
    """Return what tells the progress of the work after reading, as part of the whole."""

    def say(fraction: float, stage: str) -> None:
        progress(_LOADING_SHARE + (0.9 - _LOADING_SHARE) * fraction, stage)

    return say
