"""Seasonal-trend decomposition by LOESS: how far a value lies from the season and level of its time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.algorithms.timeseries.decomposition import (
    LEAST_ROWS_FOR_TREND,
    Parts,
    SeasonalModel,
    limited,
    odd,
)
from anomaly_detection.detection.ports import FloatArray, Parameter

REFERENCE = (
    "Cleveland, R. B., Cleveland, W. S., McRae, J. E. and Terpenning, I. (1990). STL: A Seasonal-Trend Decomposition "
    "Procedure Based on Loess. Journal of Official Statistics 6, 3-73."
)

PARAMETERS = (
    Parameter(
        "period",
        "integer",
        None,
        "Steps of one season; 1 is no season. Automatic: the day, week, ... or echo that predicts best.",
        minimum=1,
        maximum=1_000_000,
        automatic=True,
    ),
    Parameter(
        "seasonal",
        "integer",
        7,
        "Cycles over which the season may change, an odd number; larger keeps it stiffer. 7 is the least the authors advise.",
        minimum=3,
        maximum=10_001,
    ),
    Parameter(
        "trend",
        "integer",
        None,
        "Steps over which the level may change, an odd number. Automatic: about one and a half to two seasons.",
        minimum=3,
        maximum=10_000_001,
        automatic=True,
    ),
    Parameter("robust", "boolean", True, "Keep anomalies out of season and level by robust weights."),
)

_DEGREES = (0, 1, 1)
_INNER, _ROBUST_PASSES, _PLAIN_INNER = 2, 6, 5
_TOLERANCE = 0.02


class STL(SeasonalModel):
    """Distance of each value from the season and level of its time, in robust standard deviations.

    Assumes one season that repeats with a fixed period and changes slowly, around a level that changes slowly. Finds spikes,
    missed or added cycles, and the borders of level shifts; inside a shift that lasts longer than the trend window the new level
    is normal. A second, longer season (a year over a week) goes into the level.

    Parameters
    ----------
    period : int, optional
        Steps of one season, 1 for none. Default: found by `infer_season`.
    seasonal : int, default 7
        Cycles over which the season may change; an even number counts as the next odd one.
    trend : int, optional
        Steps over which the level may change; an even number counts as the next odd one. Default: the authors' rule
        1.5 period / (1 - 1.5 / seasonal), and an eighth of the series where there is no season.
    robust : bool, default True
        Whether anomalies are kept out of season and level by up to six rounds of robust weights.

    Attributes
    ----------
    season_ : Season
        The period used and how much it explains.
    notes : tuple of str
        What the user should know of the fit.

    Notes
    -----
    *Score.* The Euclidean norm over the columns of (value - expected) / scale: for one column the number of robust standard
    deviations. It ranks like the root mean square, but a deviation in one column counts in full however many calm columns
    stand beside it, and several moderate deviations add up, which a maximum would not see. Steps without an observation score 0.

    *Out of sample.* A smoother is drawn towards the very value that it judges: a weight h of the value in its own fit shrinks
    the residual by 1 - h. The kernel hands h back (season and level, with the robust weights), and the scale of each step is
    multiplied by 1 - h, so that scores of training rows are those of values left out. Measured against leaving values out
    one by one: within 1 per cent without, and 2 to 7 per cent with robust weights, where plain residuals are 30 to 50 per cent
    too small.

    *Scale.* The normal-consistent median absolute residual of the phase (rush hours vary more than nights), shrunk towards that
    of all phases by the number of residuals it rests on.

    *New rows.* From two seasons on they are decomposed themselves, with cycles of the fitted season in front where there
    are fewer than the training had; shorter pieces, down to one row, are compared with the fitted season at their phase and the
    fitted level, whose uncertainty grows after the end of the training rows. Without a clock, pieces of two seasons and more
    are brought into phase with the fitted season.

    *Departures from the paper.* The seasonal smoother is locally constant (as in the authors' later software), steps without an observation have
    weight 0, and the robust loop stops when no weight changes by more than 0.02.

    *Cost.* O(n (seasonal + 20)) a pass, with at most 14 passes; windows that grow with the period are evaluated at every tenth
    part of their width.

    References
    ----------
    Cleveland, R. B., Cleveland, W. S., McRae, J. E. and Terpenning, I. (1990). STL: A Seasonal-Trend Decomposition
    Procedure Based on Loess. Journal of Official Statistics 6, 3-73.

    Examples
    --------
    >>> from anomaly_detection.detection.domain.series import Series
    >>> step = np.arange(240)
    >>> values = 10.0 + np.sin(2 * np.pi * step / 24) + 0.1 * np.cos(step**2)
    >>> values[100] += 2.0
    >>> series = Series(values[:, None], np.ones(240, dtype=bool))
    >>> stl = STL()
    >>> scores = stl.fit_score(series)
    >>> stl.season_.period, int(scores.argmax()), bool(scores[100] > 10)
    (24, 100, True)
    """

    def __init__(
        self, *, period: int | None = None, seasonal: int = 7, trend: int | None = None, robust: bool = True
    ) -> None:
        self.period = period
        self.seasonal = seasonal
        self.trend = trend
        self.robust = robust
        self.notes: tuple[str, ...] = ()

    def _smooth_later(self, y: FloatArray, observed: NDArray[np.bool_], phase: NDArray[np.int64]) -> Parts:
        period = self.season_.period
        missing = max(0, min(self.seasonal, self.n_train_ // period) - len(y) // period) if period > 1 else 0
        return self._smooth_after(y, observed, phase, missing)

    def _trend_window(self, n: int) -> int:
        period = self.season_.period
        if self.trend is not None:
            return odd(self.trend)
        if period > 1:
            return odd(int(np.ceil(1.5 * period / (1.0 - 1.5 / odd(self.seasonal)))))
        return odd(max(LEAST_ROWS_FOR_TREND, n // 8))

    def _smooth(self, y: FloatArray, observed: NDArray[np.bool_]) -> Parts:
        """Return trend, season and each value's own weight, all (n, d)."""
        from anomaly_detection.detection.algorithms.timeseries import stl_kernel

        n, period = len(y), self.season_.period
        trend, seasonal, own = np.zeros_like(y), np.zeros_like(y), np.zeros_like(y)
        if n < LEAST_ROWS_FOR_TREND:
            return trend, seasonal, own
        y = limited(y, observed)
        weights = observed.astype(np.float64)
        rounds = _ROBUST_PASSES if self.robust else 0
        low_pass = odd(period + 1)
        windows = (odd(self.seasonal), self.trend_window_, low_pass)
        jumps = (1, _jump(self.trend_window_), _jump(low_pass))
        for column in range(y.shape[1]):
            values = np.ascontiguousarray(y[:, column])
            if period == 1:
                trend[:, column], _, own[:, column] = stl_kernel.smooth(
                    values, weights, self.trend_window_, 1, jumps[1], rounds, _TOLERANCE
                )
                continue
            inner = _INNER if self.robust else _PLAIN_INNER
            trend[:, column], seasonal[:, column], _, first, second = stl_kernel.decompose(
                values, weights, period, windows, _DEGREES, jumps, inner, rounds, _TOLERANCE
            )
            own[:, column] = 1.0 - (1.0 - first) * (1.0 - second)
        return trend, seasonal, own

    def _smooth_after(self, y: FloatArray, observed: NDArray[np.bool_], phase: NDArray[np.int64], cycles: int) -> Parts:
        """Smooth y with `cycles` cycles of the fitted season at y's first level in front."""
        if cycles == 0:
            return self._smooth(y, observed)
        period = self.season_.period
        first = y[:period] - self.profile_[phase[:period]]
        level = np.median(first[observed[:period]], axis=0) if observed[:period].any() else np.zeros(y.shape[1])
        front = np.tile(self.profile_[phase[:period]] + level, (cycles, 1))
        seen = np.concatenate([np.ones(len(front), dtype=np.bool_), observed])
        parts = self._smooth(np.concatenate([front, y]), seen)
        return parts[0][len(front) :], parts[1][len(front) :], parts[2][len(front) :]


def _jump(window: int) -> int:
    return max(1, round(window / 10))
