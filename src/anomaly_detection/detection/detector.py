"""The detector that users hold: raw rows in, scores and anomalies out."""

from __future__ import annotations

import time as clock
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.calibration.calibration import Calibration
from anomaly_detection.detection.calibration.threshold import (
    read_threshold,
)
from anomaly_detection.detection.catalogue import algorithm_info, checked_parameters, saved_algorithm_info
from anomaly_detection.detection.domain.explanation import Explanation
from anomaly_detection.detection.encoding.columns import Columns, column_name
from anomaly_detection.detection.encoding.door import Chosen, Encoded, SeriesDoor, TableDoor
from anomaly_detection.detection.encoding.reading import read_columns
from anomaly_detection.detection.errors import InvalidModelFile, InvalidParameter, NotFitted
from anomaly_detection.detection.learnt import Learnt, calibration_power, input_of, laid_out, make_algorithm
from anomaly_detection.detection.model_file import read_model, write_model
from anomaly_detection.detection.ports import AlgorithmInfo, Composed, FloatArray, Notes, Progress
from anomaly_detection.detection.results import DetectionResult
from anomaly_detection.detection.results.record import dataset_record, library_version, make_rows
from anomaly_detection.shared.errors import PlatformError


class Detector:
    """An algorithm with everything around it: encoding of raw rows, calibration, threshold and explanation.

    Made by `create_detector` or `load_detector`.

    Attributes
    ----------
    info : AlgorithmInfo
        What the algorithm is.
    parameters : dict
        The algorithm's parameters that were given.
    fitted : bool
        Whether it has learnt from data.

    Examples
    --------
    >>> from anomaly_detection import create_detector
    >>> detector = create_detector("modified_zscore").fit([{"load": value} for value in range(100)])
    >>> detector.predict([{"load": 50}, {"load": None}, {"load": 1e9}]).tolist()
    [0, 0, 1]
    """

    def __init__(
        self,
        info: AlgorithmInfo,
        parameters: Mapping[str, Any],
        *,
        threshold: tuple[str, float] | None = None,
        seed: int = 0,
        chosen: Chosen | None = None,
        learnt: Learnt | None = None,
    ) -> None:
        self.info = info
        self.parameters = checked_parameters(info.name, parameters)
        self.seed = seed
        self.chosen = chosen or Chosen()
        self.threshold = threshold
        self._learnt = learnt

    def __repr__(self) -> str:
        state = f"fitted on {self._learnt.trained['n_rows']} rows" if self._learnt else "not fitted"
        return f"Detector({self.info.name!r}, {state})"

    @property
    def algorithm(self) -> str:
        """Name of the algorithm."""
        return self.info.name

    @property
    def kind(self) -> str:
        """Kind of data it takes: ``table`` or ``series``."""
        return self.info.kinds[0]

    @property
    def fitted(self) -> bool:
        """Whether the detector has learnt from data."""
        return self._learnt is not None

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The columns that rows are judged by.

        Raises
        ------
        NotFitted
            Nothing was learnt yet.
        """
        return self._known().door.names

    @property
    def trained_on(self) -> Mapping[str, Any]:
        """What identifies the data it learnt from: name, fingerprint, size and roles.

        Raises
        ------
        NotFitted
            Nothing was learnt yet.
        """
        record: Mapping[str, Any] = self._known().trained["dataset"]
        return record

    def fit(self, data: Any) -> Self:
        """Learn what is normal.

        Parameters
        ----------
        data : array, table, data set, list of dicts or dict of lists
            Rows as they are: gaps, infinities, categories and times included. Some anomalies among them do little harm.

        Raises
        ------
        InvalidData
            No table, no row, or no usable column.
        """
        self._learn(self._read(data).owned())
        return self

    def score(self, data: Any) -> FloatArray:
        """Return the score of each row, shape (n_rows,). Higher is more anomalous.

        Raises
        ------
        NotFitted
            Nothing was learnt yet.
        InvalidData
            The rows do not fit those that were learnt from.
        """
        learnt = self._known()
        encoded = learnt.door.encode(self._read(data))
        return learnt.score(encoded)

    def predict(self, data: Any) -> NDArray[np.int8]:
        """Return 1 for anomalies and 0 for normal rows, shape (n_rows,). Parameters and errors are those of `score`."""
        return self._known().calibration.threshold.flags(self.score(data))

    def detect(
        self, data: Any, *, explain: bool = True, progress: Progress | None = None, strict: bool = False
    ) -> DetectionResult:
        """Find the anomalies.

        A detector that was not fitted learns from the rows first and judges each without its own influence, as
        `fit_detect` does. A fitted one judges the rows as new.

        Parameters
        ----------
        data : array, table, data set, list of dicts or dict of lists
            Rows as they are.
        explain : bool, default True
            Whether anomalies say why.
        progress : callable, optional
            Called with a fraction in [0, 1] and the name of the stage.
        strict : bool, default False
            Whether a fitted detector refuses columns that it does not know, and text where it learnt something else. They
            are otherwise ignored, or count as missing, with a warning on the result.

        Raises
        ------
        InvalidData
            No table, no row, no usable column, or a row that does not fit those that were learnt from.
        """
        if self._learnt is None:
            return self.fit_detect(data, explain=explain, progress=progress)
        learnt = self._learnt
        say = progress or _silent
        say(0.0, "reading")
        columns = self._read(data).owned()
        if strict:
            learnt.door.check(columns)
        encoded = learnt.door.encode(columns)
        say(0.3, "scoring")
        started = clock.perf_counter()
        scores = learnt.score(encoded)
        seconds = {"fit_seconds": 0.0, "score_seconds": clock.perf_counter() - started}
        return self._result(columns, encoded, scores, seconds, explain, say)

    def fit_detect(self, data: Any, *, explain: bool = True, progress: Progress | None = None) -> DetectionResult:
        """Learn from the rows and find the anomalies among them.

        Each row is judged without its own influence where the algorithm allows, so that a row cannot hide by having been
        learnt from. Parameters and errors are those of `detect`.
        """
        say = progress or _silent
        say(0.0, "reading")
        columns = self._read(data).owned()
        started = clock.perf_counter()
        encoded, scores = self._learn(columns, say)
        seconds = {"fit_seconds": clock.perf_counter() - started, "score_seconds": 0.0}
        return self._result(columns, encoded, scores, seconds, explain, say)

    def explain(self, data: Any, rows: Sequence[int] | NDArray[np.int64] | None = None) -> list[Explanation]:
        """Say why rows score as they do.

        Parameters
        ----------
        data : array, table, data set, list of dicts or dict of lists
            The rows, for a series with those around them.
        rows : sequence of int, optional
            Which rows; all by default.
        """
        columns = self._read(data)
        encoded = self._known().door.encode(columns)
        indices = _checked_rows(rows, columns.n_rows)
        return self._known().explain(columns, encoded, indices, self._known().calibration.threshold.score_cutoff)

    def save(self, path: str | Path) -> Path:
        """Write the fitted detector to a model file (customary suffix ``.adm``), all of it or nothing.

        Raises
        ------
        NotFitted
            Nothing was learnt yet.
        Unavailable
            The disk is full or the folder cannot be written to.
        """
        learnt = self._known()
        manifest = {
            "algorithm": self.info.name,
            "parameters": self.parameters,
            "seed": self.seed,
            "chosen": {"columns": self.chosen.columns, "time": self.chosen.time},
            "threshold": self.threshold,
            "library_version": library_version(),
            **learnt.to_dict(),
        }
        return write_model(path, manifest, learnt.algorithm.state())

    def _read(self, data: Any) -> Columns:
        time = self.chosen.time
        if self._learnt is not None and isinstance(self._learnt.door, SeriesDoor):
            time = self._learnt.door.time
        return read_columns(data, time=time)

    def _learn(self, columns: Columns, say: Progress | None = None) -> tuple[Encoded, FloatArray]:
        """Learn encoding, algorithm and calibration; returns the encoded rows and their out-of-sample scores."""
        say = say or _silent
        say(0.05, "encoding")
        doors: dict[str, type[TableDoor] | type[SeriesDoor]] = {"table": TableDoor, "series": SeriesDoor}
        door, notes = doors[self.kind].learn(columns, self.chosen)
        encoded = door.encode(columns, training=True)
        gathered = Notes([*notes, *encoded.notes])
        fallback = columns.n_rows < self.info.min_rows
        algorithm = make_algorithm(self.info, self.parameters, self.seed, fallback=fallback)
        if fallback:
            gathered.warn(
                f"{columns.n_rows} {'row is' if columns.n_rows == 1 else 'rows are'} too few for {self.info.name} (it needs {self.info.min_rows}): "
                "a robust distance from the median was used instead."
            )
        say(0.15, "fitting")
        scores = encoded.per_row(algorithm.fit_score(laid_out(input_of(encoded, fallback), algorithm)))
        for note in getattr(algorithm, "notes", ()):
            gathered.warn(note)
        trained = {
            "n_rows": columns.n_rows,
            "dataset": dataset_record(columns, door.names),
            "notes": gathered.warnings,
            "members": algorithm.composition() if isinstance(algorithm, Composed) else [],
        }
        calibration = Calibration.of_scores(scores, self.threshold, power=calibration_power(algorithm))
        self._learnt = Learnt(door, algorithm, fallback, calibration, trained)
        return encoded, scores

    def _result(
        self,
        columns: Columns,
        encoded: Encoded,
        scores: FloatArray,
        seconds: Mapping[str, float],
        explain: bool,
        say: Progress,
    ) -> DetectionResult:
        say(0.75, "calibrating")
        learnt = self._known()
        calibration = learnt.calibration
        threshold = calibration.threshold
        say(0.85, "judging")
        expected, scale = learnt.band(encoded)
        result = DetectionResult(
            scores=scores,
            calibrator=calibration.calibrator,
            threshold=threshold,
            algorithm=self.info.name,
            parameters=self.parameters,
            rows=make_rows(columns, self._time_name(columns), learnt.door.names, expected, scale),
            dataset=dataset_record(columns, learnt.door.names),
            kind=self.kind,
            metadata={
                "library_version": library_version(),
                "seed": self.seed,
                **seconds,
                "warnings": list(dict.fromkeys([*learnt.trained["notes"], *encoded.notes])),
                "members": learnt.trained["members"],
            },
            explain=(lambda rows, cutoff: learnt.explain(columns, encoded, rows, cutoff)) if explain else None,
        )
        say(1.0, "done")
        return result

    def _time_name(self, columns: Columns) -> str | None:
        door = self._known().door
        if isinstance(door, SeriesDoor):
            return door.time
        declared = self.chosen.time or columns.roles.get("time")
        return str(declared) if declared else None

    def _known(self) -> Learnt:
        if self._learnt is None:
            raise NotFitted(
                "This detector has learnt nothing yet.",
                code="detection.not_fitted",
                hint="Call fit(data) first; detect(data) learns by itself.",
            )
        return self._learnt


def create_detector(
    algorithm: str,
    *,
    contamination: float | None = None,
    threshold: tuple[str, float] | None = None,
    seed: int = 0,
    time: str | None = None,
    columns: Sequence[str] | None = None,
    **parameters: Any,
) -> Detector:
    """Make a detector.

    Parameters
    ----------
    algorithm : str
        Name in the catalogue; `list_algorithms` lists them.
    contamination : float, optional
        Share of the training rows to flag, in (0, 0.5]. Without it, and without `threshold`, the threshold bounds the
        expected share of false alarms, and may flag nothing.
    threshold : tuple of (kind, value), optional
        Another rule, such as ``("p_value", 0.001)``; kinds are those of `DetectionResult.with_threshold`.
    seed : int, default 0
        Repeats the same result.
    time : str, optional
        The column that tells when a row happened; recognised by itself when only one holds times.
    columns : sequence of str, optional
        The columns to judge rows by; all others than time, label and names by default.
    **parameters
        The algorithm's own parameters.

    Raises
    ------
    NotFound
        No algorithm has this name; the hint names the nearest.
    InvalidParameter
        A parameter is unknown, of the wrong type or out of its range.

    Examples
    --------
    >>> create_detector("knn", n_neighbors=5)
    Detector('knn', not fitted)
    """
    if contamination is not None:
        if threshold is not None:
            raise InvalidParameter(
                f"Both contamination ({contamination!r}) and threshold ({threshold!r}) are given.",
                code="detection.invalid_parameter",
                hint="contamination is a kind of threshold: give one of the two.",
            )
        threshold = ("contamination", contamination)
    checked = None if threshold is None else read_threshold(threshold)
    info = algorithm_info(algorithm)
    chosen = Chosen(_checked_columns(columns), None if time is None else column_name(time))
    return Detector(info, parameters, threshold=checked, seed=_checked_seed(seed), chosen=chosen)


def load_detector(path: str | Path) -> Detector:
    """Read a detector from a model file. Reading runs no code of the file.

    Raises
    ------
    NotFound
        There is no such file, or its algorithm is not installed.
    InvalidModelFile
        The file is damaged, was changed, or comes from a later version.
    """
    manifest, arrays = read_model(path)
    try:
        return _restored(manifest, arrays)
    except PlatformError:
        raise
    except (KeyError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        raise InvalidModelFile(
            f"{path} lacks a part that a detector needs: {error}.",
            code="detection.invalid_model_file",
            hint="Nothing was loaded. Save the detector again with this version.",
        ) from error


def _restored(manifest: Mapping[str, Any], arrays: dict[str, NDArray[Any]]) -> Detector:
    info = saved_algorithm_info(manifest["algorithm"])
    columns, time, threshold = manifest["chosen"]["columns"], manifest["chosen"]["time"], manifest["threshold"]
    return Detector(
        info,
        manifest["parameters"],
        threshold=None if threshold is None else read_threshold(threshold),
        seed=_checked_seed(manifest["seed"]),
        chosen=Chosen(_checked_columns(columns), None if time is None else column_name(time)),
        learnt=Learnt.from_dict(manifest, info, arrays),
    )


def _checked_seed(seed: Any) -> int:
    whole = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
    if not whole or not 0 <= seed < 2**32:
        raise InvalidParameter(
            f"The seed is {seed!r}; it must be a whole number from 0 to {2**32 - 1}.",
            code="detection.invalid_parameter",
            hint="The same seed repeats the same result.",
            details={"parameter": "seed"},
        )
    return int(seed)


def _checked_columns(columns: Any) -> tuple[str, ...] | None:
    if columns is None:
        return None
    if isinstance(columns, str) or not isinstance(columns, Iterable):
        raise InvalidParameter(
            f"columns is {columns!r}; it must be a list of names.",
            code="detection.invalid_parameter",
            hint=f"Give columns=[{columns!r}].",
            details={"parameter": "columns"},
        )
    names = tuple(dict.fromkeys(column_name(label) for label in columns))
    if not names:
        raise InvalidParameter(
            "columns names no column.",
            code="detection.invalid_parameter",
            hint="Name at least one, or leave columns out to use all that can be used.",
            details={"parameter": "columns"},
        )
    return names


def _checked_rows(rows: Any, n_rows: int) -> NDArray[np.int64]:
    if rows is None:
        return np.arange(n_rows)
    picked = np.atleast_1d(np.asarray(rows))
    if picked.dtype == np.bool_ and picked.shape == (n_rows,):
        return np.flatnonzero(picked)
    if picked.size == 0:
        return np.empty(0, dtype=np.int64)
    if picked.ndim != 1 or picked.dtype.kind not in "iu" or picked.min() < 0 or picked.max() >= n_rows:
        raise InvalidParameter(
            f"rows is {rows!r}; it must hold positions from 0 to {n_rows - 1}, or one true or false for each row.",
            code="detection.invalid_parameter",
            hint="Give for example rows=[anomaly.index for anomaly in result.anomalies].",
            details={"parameter": "rows"},
        )
    return picked.astype(np.int64)


def _silent(fraction: float, stage: str) -> None:
    del fraction, stage
