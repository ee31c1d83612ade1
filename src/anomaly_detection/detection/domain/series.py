"""Values on a regular grid of time: what algorithms for series take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Series:
    """A regular series.

    Attributes
    ----------
    values : array of shape (n, d), float64, finite, C-ordered
        One row per step of the grid. Steps without an observation hold an interpolated value.
    observed : array of shape (n,), bool
        False where no observation fell on the step.
    step_seconds : float or None
        Distance of two steps in seconds; None when the data have no time column (the steps are then the rows).
    origin : int
        Grid position of the first step, counted from the first step of the data that the detector was fitted on.
    start_epoch : float or None
        Time of the first step in seconds since 1970-01-01 UTC; None without a time column.
    """

    values: NDArray[np.float64]
    observed: NDArray[np.bool_]
    step_seconds: float | None = None
    origin: int = 0
    start_epoch: float | None = None

    def __len__(self) -> int:
        return int(self.values.shape[0])
