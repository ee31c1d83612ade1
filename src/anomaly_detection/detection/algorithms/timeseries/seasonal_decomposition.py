"""Classical seasonal decomposition: level by a centred moving average, one fixed season by the means of its phases."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.algorithms.timeseries.decomposition import (
    LEAST_ROWS_FOR_TREND,
    Decomposition,
    Parts,
    SeasonalModel,
    limited,
    odd,
)
from anomaly_detection.detection.algorithms.timeseries.moving_average import centred_average, half_window, own_weights
from anomaly_detection.detection.algorithms.timeseries.scale import robust_scale
from anomaly_detection.detection.domain.series import Series
from anomaly_detection.detection.errors import InvalidData
from anomaly_detection.detection.ports import FloatArray, Parameter

REFERENCE = (
    "Macaulay, F. R. (1931). The Smoothing of Time Series. National Bureau of Economic Research; Hyndman, R. J. and "
    "Athanasopoulos, G. (2021). Forecasting: Principles and Practice, 3rd edition, section 3.4. OTexts."
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
        "model",
        "string",
        "additive",
        "Whether the season is added to the level, or multiplies it: its swings then grow with the level.",
        choices=("additive", "multiplicative"),
    ),
    Parameter("robust", "boolean", True, "Keep anomalies out: medians for means, and extremes left out of the level."),
)

_EXTREME = 3.0
"""Residuals beyond so many robust scales are left out of the level and replaced by what was expected."""
_ROUNDS = 5
_LEAST_LEVEL = 1e-6


class SeasonalDecomposition(SeasonalModel):
    """Distance of each value from a fixed season and the level of its time, in robust standard deviations.

    Assumes one season that never changes its shape, around a level that changes slowly. Finds spikes, and missed or added
    cycles. Where the shape of the season drifts, or the level bends within a season, `stl` follows and this does not; in
    return all cycles together tell the season, which needs few rows and is the easiest to explain.

    Parameters
    ----------
    period : int, optional
        Steps of one season, 1 for none. Default: found by `infer_season`.
    model : {"additive", "multiplicative"}, default "additive"
        In a multiplicative model the expected value is level times season, and deviations are shares of it. It takes
        positive values only.
    robust : bool, default True
        Whether the season is made of medians over the cycles in the place of means, and values beyond three robust scales
        are left out of the level (they count as what was expected of them, in five rounds that start from medians over
        each period). False is the classical
        procedure.

    Attributes
    ----------
    season_ : Season
        The period used and how much it explains.
    notes : tuple of str
        What the user should know of the fit.

    Notes
    -----
    *Method.* The level is the mean over one period around each step (half weights at both ends of an even one). At both ends of
    the series, where no full period lies around a step, it goes on along the least-squares line through the last period
    of levels. The season is the mean of what the level leaves at each phase, away from the ends, and adds up to 0 (its
    factors average 1). Without a season the level is a mean over an eighth of the series. Steps without an observation count as
    what was expected of them.

    *Score.* The Euclidean norm over the columns of (value - expected) / scale, as in `stl`: for one column the number of robust
    standard deviations. The scale is the normal-consistent median absolute residual of the phase, shrunk towards that of all
    phases. Steps without an observation score 0.

    *Out of sample.* A value weighs h = 1 / period in its own level (more at the ends, worked out for each step) and 1 / c in the mean
    of its phase over c cycles; the scale of a training step is multiplied by (1 - h) (1 - 1 / c). For means that is the
    residual of the value left out, exactly where each window holds a phase once; for medians it holds on average.
    Values left out as extreme have no weight.

    *New rows.* The fitted season is taken away; pieces of two periods and more get a level of their own, shorter ones are
    compared with the fitted level, whose uncertainty grows after the end of the training rows. Without a clock,
    pieces of two periods and more are brought into phase.

    *Cost.* O(n) a column and round.

    References
    ----------
    Macaulay, F. R. (1931). The Smoothing of Time Series. National Bureau of Economic Research.
    Hyndman, R. J. and Athanasopoulos, G. (2021). Forecasting: Principles and Practice, 3rd edition, section 3.4. OTexts.

    Examples
    --------
    >>> step = np.arange(240)
    >>> values = 10.0 + np.sin(2 * np.pi * step / 24) + 0.1 * np.cos(step**2)
    >>> values[100] += 2.0
    >>> series = Series(values[:, None], np.ones(240, dtype=bool))
    >>> algorithm = SeasonalDecomposition()
    >>> scores = algorithm.fit_score(series)
    >>> algorithm.season_.period, int(scores.argmax()), bool(scores[100] > 10)
    (24, 100, True)
    """

    def __init__(self, *, period: int | None = None, model: str = "additive", robust: bool = True) -> None:
        self.period = period
        self.model = model
        self.robust = robust
        self.notes: tuple[str, ...] = ()

    @property
    def _multiplies(self) -> bool:
        return self.model == "multiplicative"

    def _smooth(self, y: FloatArray, observed: NDArray[np.bool_]) -> Parts:
        if self.n_train_ < LEAST_ROWS_FOR_TREND:
            flat = np.full_like(y, 1.0 if self._multiplies else 0.0)
            return flat, np.zeros_like(y), np.zeros_like(y)
        period = self.season_.period
        phase = np.arange(len(y)) % period
        trend, seasonal, left_out = self._rounds(limited(y, observed), observed, phase, None)
        own = self._level_weights(len(y))
        if period > 1:
            half = half_window(period)
            inside = np.arange(half, len(y) - half)
            cycles = np.bincount(phase[inside], minlength=period)[phase[inside]]
            own[inside] = 1.0 - (1.0 - own[inside]) * (1.0 - 1.0 / cycles)
        return trend, seasonal, np.where(left_out, 0.0, own[:, np.newaxis])

    def _smooth_later(self, y: FloatArray, observed: NDArray[np.bool_], phase: NDArray[np.int64]) -> Parts:
        if self.n_train_ < LEAST_ROWS_FOR_TREND:
            return self._smooth(y, observed)
        season = self.profile_[phase]
        trend, _, left_out = self._rounds(limited(y, observed), observed, phase, season)
        return trend, season, np.where(left_out, 0.0, self._level_weights(len(y))[:, np.newaxis])

    def _trend_window(self, n: int) -> int:
        if self.season_.period > 1:
            return odd(self.season_.period)
        return max(1, min(odd(max(LEAST_ROWS_FOR_TREND, n // 8)), odd(n) - 2))

    def _rounds(
        self, y: FloatArray, observed: NDArray[np.bool_], phase: NDArray[np.int64], season: FloatArray | None
    ) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
        """Return level, season (found unless it is given) and which values were left out, all (n, d)."""
        unseen = np.broadcast_to(~observed[:, np.newaxis], y.shape)
        left_out, filled = unseen, y
        if self.robust:
            # From means alone the steps around an anomaly would be left out with it, and its trace in the level stay.
            level = _level_by_medians(y, self._window())
            left_out = unseen | self._extreme(self._residual(y, *self._seasoned(y, level, phase, season)), observed)
            filled = np.where(left_out, self._expected(*self._seasoned(y, level, phase, season)), y)
        trend, seasonal = self._level_and_season(filled, phase, season)
        for _ in range(_ROUNDS if self.robust or unseen.any() else 0):
            if self.robust:
                left_out = unseen | self._extreme(self._residual(y, trend, seasonal), observed)
            filled = np.where(left_out, self._expected(trend, seasonal), y)
            trend, seasonal = self._level_and_season(filled, phase, season)
        return trend, seasonal, left_out

    def _level_and_season(
        self, y: FloatArray, phase: NDArray[np.int64], season: FloatArray | None
    ) -> tuple[FloatArray, FloatArray]:
        half = half_window(self._window())
        if season is not None:
            plain = y / (1.0 + season) if self._multiplies else y - season
            return self._level(plain), season
        trend = self._level(y)
        return self._seasoned(y, trend, phase, None, slice(half, len(y) - half))

    def _seasoned(
        self,
        y: FloatArray,
        trend: FloatArray,
        phase: NDArray[np.int64],
        season: FloatArray | None,
        inside: slice = slice(None),
    ) -> tuple[FloatArray, FloatArray]:
        """Return the level and its season, made of the steps inside unless it is given."""
        period = self.season_.period
        if season is not None or period == 1:
            return trend, np.zeros_like(y) if season is None else season
        left = y[inside] / trend[inside] if self._multiplies else y[inside] - trend[inside]
        profile = _profile(left, phase[inside], period, robust=self.robust)
        middle = profile.mean(axis=0)
        profile = profile / np.maximum(middle, _LEAST_LEVEL) - 1.0 if self._multiplies else profile - middle
        return trend, profile[phase]

    def _level(self, y: FloatArray) -> FloatArray:
        level = centred_average(y, self._window())
        return np.maximum(level, _LEAST_LEVEL) if self._multiplies else level

    def _window(self) -> int:
        return self.season_.period if self.season_.period > 1 else self.trend_window_

    def _level_weights(self, n: int) -> FloatArray:
        return own_weights(n, self._window())

    def _extreme(self, residual: FloatArray, observed: NDArray[np.bool_]) -> NDArray[np.bool_]:
        size = np.abs(residual)
        scale = np.array([robust_scale(column[observed]) if observed.any() else 0.0 for column in size.T])
        return np.asarray(size > _EXTREME * np.maximum(scale, 1e-9))

    def _expected(self, trend: FloatArray, seasonal: FloatArray) -> FloatArray:
        return trend * np.maximum(1.0 + seasonal, _LEAST_LEVEL) if self._multiplies else trend + seasonal

    def _units(self, X: Series) -> tuple[FloatArray, FloatArray]:
        if not self._multiplies:
            return super()._units(X)
        lowest = X.values[X.observed].min(initial=np.inf)
        if lowest <= 0.0:
            raise InvalidData(
                f"The series has the value {lowest:g}; a multiplicative model takes positive values only.",
                code="detection.not_positive",
                hint='Use model="additive", or add a constant to the values.',
            )
        seen = X.values[X.observed] if X.observed.any() else np.ones_like(X.values)
        return np.zeros(X.values.shape[1]), np.median(seen, axis=0)

    def _residual(self, y: FloatArray, trend: FloatArray, seasonal: FloatArray) -> FloatArray:
        expected = self._expected(trend, seasonal)
        return y / expected - 1.0 if self._multiplies else y - expected

    def _relative(self, variance: FloatArray, level: FloatArray) -> FloatArray:
        return variance / np.maximum(level, _LEAST_LEVEL) ** 2 if self._multiplies else variance

    def _composed(self, trend: FloatArray, seasonal: FloatArray, scale: FloatArray) -> Decomposition:
        if not self._multiplies:
            return super()._composed(trend, seasonal, scale)
        level = np.maximum(trend, _LEAST_LEVEL)
        expected = self._expected(level, seasonal)
        return Decomposition(level * self.unit_, (expected - level) * self.unit_, scale * expected * self.unit_)


def _level_by_medians(y: FloatArray, window: int) -> FloatArray:
    """Return straight lines through the medians of consecutive windows, shape (n, d); half of a window may be anomalous."""
    n = len(y)
    blocks = max(1, n // window)
    edges = np.linspace(0, n, blocks + 1).round().astype(np.int64)
    medians = [np.median(y[start:stop], axis=0) for start, stop in pairwise(edges)]
    centers = (edges[:-1] + edges[1:] - 1) / 2.0
    return np.column_stack([np.interp(np.arange(n), centers, column) for column in np.array(medians).T])


def _profile(left: FloatArray, phase: NDArray[np.int64], period: int, *, robust: bool) -> FloatArray:
    """Return the mean or median of each phase, shape (period, d)."""
    order = np.argsort(phase, kind="stable")
    starts = np.searchsorted(phase[order], np.arange(period))
    if not robust:
        counts = np.bincount(phase, minlength=period)
        return np.asarray(np.add.reduceat(left[order], starts, axis=0) / counts[:, np.newaxis])
    first, cycles = int(phase[0]), -(-len(left) // period)
    padded = np.full((cycles * period, left.shape[1]), np.nan)
    padded[: len(left)] = left
    medians = np.nanmedian(padded.reshape(cycles, period, -1), axis=0)
    return np.asarray(np.roll(medians, first, axis=0))
