"""Detection and ensembles as services: thin facades over the detector, under the names of the platform's design."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.algorithm_table import DEFAULTS
from anomaly_detection.detection.catalogue import default_algorithm, register_adapter
from anomaly_detection.detection.detector import Detector, create_detector
from anomaly_detection.detection.ports import AlgorithmInfo
from anomaly_detection.detection.results import DetectionResult
from anomaly_detection.shared.errors import NotFound, did_you_mean

Members = Sequence[str | Mapping[str, Any]]
"""Names in the catalogue, or objects with ``algorithm``, ``parameters`` and ``weight``."""


class DetectionService:
    """Detects in data, and keeps the detectors that learnt, by the name of their algorithm.

    It adds nothing to `create_detector` but the keeping: for a detector of your own, with a file or a threshold, use that.

    Examples
    --------
    >>> service = DetectionService()
    >>> fitted = service.fit({"load": list(range(100))}, "modified_zscore")
    >>> service.predict({"load": [50, 1e9]}, "modified_zscore").tolist()
    [0, 1]
    """

    def __init__(self) -> None:
        self._detectors: dict[str, Detector] = {}

    def detect_anomalies(self, data: Any, algorithm: str | None = None, **parameters: Any) -> DetectionResult:
        """Learn from the rows and find the anomalies among them, each judged without its own influence.

        Parameters
        ----------
        data : array, table, data set, list of dicts or dict of lists
            Rows as they are.
        algorithm : str, optional
            Name in the catalogue; by default `stl` for a `Dataset` that is a series, and `knn` for any table.
        **parameters
            Those of `create_detector`: the algorithm's own, ``contamination``, ``threshold``, ``seed``, ``time``, ``columns``.

        Raises
        ------
        NotFound
            No algorithm has this name.
        InvalidParameter
            A parameter is unknown, of the wrong type or out of its range.
        InvalidData
            No table, no row, or no usable column.
        """
        return create_detector(_name_for(data, algorithm), **parameters).fit_detect(data)

    def fit(self, data: Any, algorithm: str | None = None, **parameters: Any) -> Detector:
        """Learn what is normal; the detector is kept for `predict` in the place of an earlier one of the same algorithm.

        Parameters and errors are those of `detect_anomalies`. When learning fails, the earlier one stays.
        """
        name = _name_for(data, algorithm)
        fitted = create_detector(name, **parameters).fit(data)
        self._detectors[name] = fitted
        return fitted

    def predict(self, data: Any, algorithm: str | None = None) -> NDArray[np.int8]:
        """Return 1 for anomalies and 0 for normal rows, shape (n_rows,), by the detector that `fit` kept.

        Parameters
        ----------
        data : array, table, data set, list of dicts or dict of lists
            Rows as they are.
        algorithm : str, optional
            Which detector; by default the only one that is kept.

        Raises
        ------
        NotFound
            No detector of this algorithm was fitted, or several were and none is named.
        InvalidData
            The rows do not fit those that were learnt from.
        """
        return self._kept(algorithm).predict(data)

    def register_adapter(self, name: str, adapter: Callable[..., Any] | str, **options: Any) -> AlgorithmInfo:
        """Add an algorithm of your own to the catalogue; parameters and errors are those of `register_adapter`.

        It is added for the whole process, not for this service alone.
        """
        return register_adapter(name, adapter, **options)

    def _kept(self, algorithm: str | None) -> Detector:
        if algorithm is None and len(self._detectors) == 1:
            return next(iter(self._detectors.values()))
        if algorithm is None or algorithm not in self._detectors:
            known = did_you_mean(str(algorithm), self._detectors) if self._detectors and algorithm else ""
            seen = "No algorithm is named" if algorithm is None else f"No detector of {algorithm!r} was fitted here"
            raise NotFound(
                f"{seen}; fitted: {', '.join(sorted(self._detectors)) or 'none'}.",
                code="detection.not_fitted_here",
                hint=known or "Call fit(data, algorithm) first, and name it.",
                details={"fitted": sorted(self._detectors)},
            )
        return self._detectors[algorithm]


class EnsembleService:
    """Several algorithms as one detector.

    Averaging and voting need no labels. Stacking learns how far to trust each member from labelled anomalies; there is none of it
    here, because rows come without labels.

    Parameters
    ----------
    detection_service : DetectionService, optional
        Does the detecting; one of its own by default.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = np.vstack([rng.normal(size=(300, 2)), [[9.0, -9.0]]])
    >>> EnsembleService().detect_with_ensemble(X, ["knn", "modified_zscore"]).anomalies[0].index
    300
    """

    def __init__(self, detection_service: DetectionService | None = None) -> None:
        self._service = detection_service or DetectionService()

    def detect_with_ensemble(
        self,
        data: Any,
        algorithms: Members,
        method: str = "average",
        weights: Sequence[float] | None = None,
        **parameters: Any,
    ) -> DetectionResult:
        """Learn from the rows by several algorithms and find the anomalies among them.

        Parameters
        ----------
        data : array, table, data set, list of dicts or dict of lists
            Rows as they are.
        algorithms : sequence of str or mapping
            Names in the catalogue, or ``{"algorithm": name, "parameters": {...}, "weight": number}``.
        method : {"average", "weighted", "max", "vote"}, default "average"
            How the members' standardised scores become one.
        weights : sequence of float, optional
            One for each member, for ``weighted`` and ``vote``.
        **parameters
            ``contamination``, ``threshold``, ``seed``, ``time``, ``columns`` of `create_detector`.

        Raises
        ------
        NotFound
            No algorithm has one of the names.
        InvalidParameter
            A member, the method or a weight is not as described.
        InvalidData
            No table, no row, no usable column, or every member failed.
        """
        chosen = {"members": list(algorithms), "method": method, "weights": _listed(weights)}
        return self._service.detect_anomalies(data, "ensemble", **chosen, **parameters)

    def create_voting_ensemble(
        self, algorithms: Members, weights: Sequence[float] | None = None, **parameters: Any
    ) -> Detector:
        """Return a detector, not fitted, whose members vote by their own calibrated verdicts.

        Parameters and errors are those of `detect_with_ensemble`.
        """
        return create_detector(
            "ensemble", members=list(algorithms), method="vote", weights=_listed(weights), **parameters
        )

    def create_averaging_ensemble(
        self, algorithms: Members, weights: Sequence[float] | None = None, **parameters: Any
    ) -> Detector:
        """Return a detector, not fitted, whose score is the mean of its members', weighted where weights are given.

        Parameters and errors are those of `detect_with_ensemble`.
        """
        entries = list(algorithms)
        own = any(isinstance(entry, Mapping) and "weight" in entry for entry in entries)
        method = "weighted" if own or weights is not None else "average"
        return create_detector("ensemble", members=entries, method=method, weights=_listed(weights), **parameters)


def _listed(weights: Sequence[float] | None) -> list[float] | None:
    return None if weights is None else list(weights)


def _name_for(data: Any, algorithm: str | None) -> str:
    if algorithm is not None:
        return algorithm
    kind = getattr(data, "kind", None)
    return default_algorithm(kind if isinstance(kind, str) and kind in DEFAULTS else "table")
