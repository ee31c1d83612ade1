"""Learn from one file and keep what was learnt; judge the rows of another file by it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from anomaly_detection.data_platform.dataset import Dataset
from anomaly_detection.data_platform.errors import UnknownColumn
from anomaly_detection.detection.detector import Detector, load_detector
from anomaly_detection.detection.errors import InvalidData
from anomaly_detection.detection.ports import Progress
from anomaly_detection.detection.results import DetectionResult
from anomaly_detection.shared.errors import nearest
from anomaly_detection.workflows.batch_detection import after_loading, detect_file
from anomaly_detection.workflows.sources import Source


def train_file(
    source: str | Path | Sequence[str | Path] | Source,
    *,
    algorithm: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    threshold: tuple[str, float] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[Dataset, Detector, DetectionResult]:
    """Read files and learn what is normal in them; parameters as for `detect_file`.

    Returns
    -------
    tuple of (Dataset, Detector, DetectionResult)
        The result judges the rows that were learnt from, each without its own influence; it holds no explanations.
    """
    return detect_file(
        source,
        algorithm=algorithm,
        parameters=parameters,
        threshold=threshold,
        seed=seed,
        explain=False,
        progress=progress,
    )


def score_file(
    source: str | Path | Sequence[str | Path] | Source,
    model: str | Path | Detector,
    *,
    threshold: tuple[str, float] | None = None,
    explain: bool = True,
    progress: Progress | None = None,
) -> tuple[Dataset, Detector, DetectionResult]:
    """Judge the rows of files, as new ones, by a detector that was saved.

    Parameters
    ----------
    source : str, Path, sequence of them or Source
        As for `detect_file`. The model knows its columns itself.
    model : str, Path or Detector
        A model file, or a fitted detector.
    threshold : tuple of (kind, value), optional
        Another rule than the model's own.
    explain : bool, default True
        Whether anomalies say why.
    progress : callable, optional
        Called with a fraction in [0, 1] and the name of the stage.

    Raises
    ------
    NotFound
        ``detection.model_not_found``.
    InvalidModelFile
        The model file is damaged, was changed, or comes from a later version.
    InvalidData
        ``detection.missing_column``: the rows lack a column that the model needs.
    """
    if progress is not None:
        progress(0.0, "reading")
    # A model that cannot be used is said before the data are read.
    detector = model if isinstance(model, Detector) else load_detector(model)
    dataset = _read_for(detector, Source.of(source))
    say = None if progress is None else after_loading(progress)
    return dataset, detector, score_dataset(detector, dataset, threshold=threshold, explain=explain, progress=say)


def score_dataset(
    detector: Detector,
    dataset: Dataset,
    *,
    threshold: tuple[str, float] | None = None,
    explain: bool = True,
    progress: Progress | None = None,
) -> DetectionResult:
    """Judge the rows of a data set, as new ones, by a fitted detector; parameters and errors as for `score_file`."""
    try:
        result = detector.detect(dataset, explain=explain, progress=progress)
    except InvalidData as error:
        if error.code == "detection.unknown_column":
            raise missing_column(detector.feature_names, error.details["column"], dataset.column_names) from error
        raise
    return result if threshold is None else result.with_threshold(*threshold)


def _read_for(detector: Detector, source: Source) -> Dataset:
    """Read the columns that the detector learnt from; what the file holds beside them is of no interest."""
    wanted = replace(source, columns=detector.feature_names, time=source.time or detector.chosen.time)
    try:
        return wanted.read()
    except UnknownColumn as error:
        column = error.details.get("column")
        if column is None or column == source.time:
            raise
        raise missing_column(detector.feature_names, column, error.details["columns"]) from error


def missing_column(features: Sequence[str], column: str, there: Collection[str]) -> InvalidData:
    """Return the error for rows that lack a column which a model needs."""
    needed = ", ".join(features)
    near = nearest(column, there)
    return InvalidData(
        f"The rows have no column {column!r}, which the model needs.",
        code="detection.missing_column",
        hint=f"It judges rows by {needed}. The rows have {', '.join(there)}{f': is {near!r} meant?' if near else '.'}",
        details={"column": column, "needed": list(features), "columns": list(there)},
    )
