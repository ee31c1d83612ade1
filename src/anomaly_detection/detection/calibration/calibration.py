"""Calibration that is done when somebody first asks for it: fitting and scoring alone do not pay for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.calibration.calibrator import Calibrator
from anomaly_detection.detection.calibration.threshold import Threshold, default_threshold, make_threshold

Settled = tuple[Calibrator, Threshold]


class Calibration:
    """What normal rows score, and the threshold that was settled on the training rows.

    Made by `of_scores` after fitting, or by `kept` from a model file.

    Examples
    --------
    >>> calibration = Calibration.of_scores(np.arange(100.0), ("contamination", 0.05))
    >>> calibration.threshold.score_cutoff
    95.0
    """

    def __init__(self, settle: Callable[[], Settled]) -> None:
        self._settle = settle

    @classmethod
    def of_scores(
        cls, scores: NDArray[np.float64], asked: tuple[str, float] | None, *, power: float = 1.0
    ) -> Calibration:
        """Calibrate by out-of-sample scores of the training rows, shape (n,), when it is needed.

        Parameters
        ----------
        scores : array of shape (n,)
            Out-of-sample scores.
        asked : tuple of (kind, value) or None
            The threshold that the user wants; None for the default one.
        power : float, default 1.0
            As for `Calibrator.learn`.
        """

        def settle() -> Settled:
            calibrator = Calibrator.learn(scores, power=power)
            if asked is None:
                return calibrator, default_threshold(calibrator)
            return calibrator, make_threshold(*asked, scores, calibrator)

        return cls(settle)

    @classmethod
    def kept(cls, calibrator: Calibrator, threshold: Threshold) -> Calibration:
        """Take over what was settled before."""
        return cls(lambda: (calibrator, threshold))

    @cached_property
    def _settled(self) -> Settled:
        return self._settle()

    @property
    def calibrator(self) -> Calibrator:
        """What normal rows score."""
        return self._settled[0]

    @property
    def threshold(self) -> Threshold:
        """Which rows are anomalies."""
        return self._settled[1]
