"""Seasonal-trend decomposition by LOESS: how far a value lies from the season and level of its time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.algorithms.timeseries.period import Season, infer_season
from anomaly_detection.detection.algorithms.timeseries.scale import column_units, level_drift, phase_scale
from anomaly_detection.detection.domain.series import Series
from anomaly_detection.detection.ports import FloatArray, Parameter, State

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
_KNOTS = 512
_LEAST_FREE = 0.1
_FARTHEST = 1e4
"""Beyond so many spreads a value is limited for the smoothing, not for its score: running sums would lose all others."""
_LARGEST = 1e140
_LEAST_ROWS_FOR_TREND = 8
_ROUNDING, _EPSILON = 1e-9, 1e-13
"""Shares of the spread and of the value below which a difference is the rounding of the smoothing, and no deviation."""


@dataclass(frozen=True, slots=True)
class Decomposition:
    """What a series consists of, each of shape (n, d) in the series' own units.

    Attributes
    ----------
    trend, seasonal : array
        The expected value is their sum.
    scale : array
        One robust standard deviation of value - expected at each step.
    """

    trend: FloatArray
    seasonal: FloatArray
    scale: FloatArray

    @property
    def expected(self) -> FloatArray:
        """The value that would have been normal."""
        return self.trend + self.seasonal


class STL:
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
    >>> step = np.arange(240)
    >>> values = 10.0 + np.sin(2 * np.pi * step / 24) + 0.1 * np.cos(step**2)
    >>> values[100] += 2.0
    >>> series = Series(values[:, None], np.ones(240, dtype=bool))
    >>> stl = STL()
    >>> scores = stl.fit_score(series)
    >>> stl.season_.period, int(scores.argmax()), bool(scores[100] > 10)
    (24, 100, True)
    """

    attribution = "squared deviation from season and level, as a share of the score"

    def __init__(
        self, *, period: int | None = None, seasonal: int = 7, trend: int | None = None, robust: bool = True
    ) -> None:
        self.period = period
        self.seasonal = seasonal
        self.trend = trend
        self.robust = robust
        self.notes: tuple[str, ...] = ()

    def fit(self, X: Series) -> Self:
        """Learn season, level and scale; see `fit_score`."""
        self._learn(X)
        return self

    def fit_score(self, X: Series) -> FloatArray:
        """Learn from X and return its steps' scores, shape (n,), corrected for each value's weight in its own fit.

        The same as ``fit(X).score(X)``, with the work done once: the correction is part of every decomposition.
        """
        parts = self._parts(*self._learn(X), np.arange(len(X)) % self.season_.period)
        return self._score(self._deviations(X, parts))

    def score(self, X: Series) -> FloatArray:
        """Return each step's distance from what was expected, shape (n,), at least 0; 0 where nothing was observed."""
        return self._score(self._deviations(X, self.decompose(X)))

    def contributions(self, X: Series) -> FloatArray:
        """Return each column's part of the score, shape (n, d); a row adds up to its score."""
        deviation = self._deviations(X, self.decompose(X))
        score = self._score(deviation)[:, None]
        return np.divide(deviation**2, score, out=np.zeros_like(deviation), where=score > 0.0)

    def expected(self, X: Series) -> FloatArray:
        """Return season + level at each step, shape (n, d)."""
        return self.decompose(X).expected

    def scale(self, X: Series) -> FloatArray:
        """Return one robust standard deviation around `expected` at each step, shape (n, d)."""
        return self.decompose(X).scale

    def decompose(self, X: Series) -> Decomposition:
        """Return trend, season and scale of X: what `score`, `expected`, `scale` and `contributions` are made of."""
        y = self._standardised(X)
        n = len(X)
        period = self.season_.period
        enough = 2 * period if period > 1 else max(min(self.trend_window_, self.n_train_), 1)
        phase = (X.origin - self.start_ + np.arange(n)) % period
        if n < enough:
            return self._compared(X, phase)
        phase = self._aligned(y, phase, X)
        missing = max(0, min(self.seasonal, self.n_train_ // period) - n // period) if period > 1 else 0
        return self._parts(*self._smooth_after(y, X.observed, phase, missing), phase)

    def state(self) -> State:
        """Return season, level and scales."""
        about = {"name": self.season_.name, "notes": list(self.notes)}
        return {
            "period": np.array(self.season_.period),
            "explained": np.array(self.season_.explained),
            "about": np.frombuffer(json.dumps(about).encode(), dtype=np.uint8).copy(),
            "n_train": np.array(self.n_train_),
            "start": np.array(self.start_),
            "trend_window": np.array(self.trend_window_),
            "center": self.center_,
            "unit": self.unit_,
            "profile": self.profile_,
            "phase_scale": self.phase_scale_,
            "knots": self.knots_,
            "levels": self.levels_,
            "drift": self.drift_,
            "level_rate": self.level_rate_,
        }

    def restore(self, state: State) -> None:
        """Take over season, level and scales."""
        about = json.loads(state["about"].tobytes())
        self.season_ = Season(int(state["period"]), float(state["explained"]), about["name"])
        self.notes = tuple(about["notes"])
        self.n_train_ = int(state["n_train"])
        self.start_ = int(state["start"])
        self.trend_window_ = int(state["trend_window"])
        self.center_, self.unit_ = state["center"], state["unit"]
        self.profile_, self.phase_scale_ = state["profile"], state["phase_scale"]
        self.knots_, self.levels_ = state["knots"], state["levels"]
        self.drift_, self.level_rate_ = state["drift"], state["level_rate"]

    def _learn(self, X: Series) -> tuple[FloatArray, FloatArray, FloatArray]:
        n, d = X.values.shape
        self.season_, notes = self._season(X)
        self.center_, self.unit_ = column_units(X.values, X.observed)
        self.n_train_, self.start_ = n, X.origin
        self.trend_window_ = self._trend_window(n)
        period = self.season_.period
        y = self._standardised(X)
        trend, seasonal, own = self._smooth(y, X.observed)
        residual = (y - trend - seasonal) / np.maximum(1.0 - own, _LEAST_FREE)
        self.phase_scale_ = phase_scale(residual, X.observed, period)
        self.profile_ = np.zeros((period, d))
        if period > 1:
            last = np.arange(n - period, n)
            self.profile_[last % period] = seasonal[last]
        knots = np.unique(np.linspace(0, n - 1, min(n, _KNOTS)).round().astype(np.int64))
        self.knots_, self.levels_ = knots, trend[knots]
        self.drift_, self.level_rate_ = level_drift(trend, max(period, self.trend_window_ // 2))
        if n < _LEAST_ROWS_FOR_TREND:
            notes.append(f"Only {n} steps: values are compared with their median alone.")
        self.notes = tuple(notes)
        return trend, seasonal, own

    def _season(self, X: Series) -> tuple[Season, list[str]]:
        if self.period is None:
            season = infer_season(X.values, X.observed, X.step_seconds)
            if season.period == 1:
                return season, ["No season was found: values are compared with a slowly changing level alone."]
            name = f" (one {season.name})" if season.name else ""
            share = f"{100.0 * season.explained:.0f} %"
            return season, [f"The season was found to be {season.period} steps{name}; it explains {share}."]
        if len(X) < 2 * self.period:
            return Season(1, 0.0), [
                f"{len(X)} steps are fewer than two seasons of {self.period}: values are compared with a slowly changing level alone."
            ]
        return Season(self.period, np.nan), []

    def _trend_window(self, n: int) -> int:
        period = self.season_.period
        if self.trend is not None:
            return _odd(self.trend)
        if period > 1:
            return _odd(int(np.ceil(1.5 * period / (1.0 - 1.5 / _odd(self.seasonal)))))
        return _odd(max(_LEAST_ROWS_FOR_TREND, n // 8))

    def _standardised(self, X: Series) -> FloatArray:
        return np.asarray((X.values - self.center_) / self.unit_)

    def _parts(
        self, trend: FloatArray, seasonal: FloatArray, own: FloatArray, phase: NDArray[np.int64]
    ) -> Decomposition:
        scale = self.phase_scale_[phase] * np.maximum(1.0 - own, _LEAST_FREE)
        return Decomposition(trend * self.unit_ + self.center_, seasonal * self.unit_, scale * self.unit_)

    def _compared(self, X: Series, phase: NDArray[np.int64]) -> Decomposition:
        """Take the fitted season and level for a piece that is too short for its own."""
        level, wider = self._continued_level(X)
        scale = np.sqrt(self.phase_scale_[phase] ** 2 + wider)
        return Decomposition(level * self.unit_ + self.center_, self.profile_[phase] * self.unit_, scale * self.unit_)

    def _smooth(self, y: FloatArray, observed: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return trend, season and each value's own weight, all (n, d)."""
        from anomaly_detection.detection.algorithms.timeseries import stl_kernel

        n, period = len(y), self.season_.period
        trend, seasonal, own = np.zeros_like(y), np.zeros_like(y), np.zeros_like(y)
        if n < _LEAST_ROWS_FOR_TREND:
            return trend, seasonal, own
        middle, spread = column_units(y, observed)
        y = np.clip(y, middle - _FARTHEST * spread, middle + _FARTHEST * spread)
        weights = observed.astype(np.float64)
        rounds = _ROBUST_PASSES if self.robust else 0
        low_pass = _odd(period + 1)
        windows = (_odd(self.seasonal), self.trend_window_, low_pass)
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

    def _smooth_after(
        self, y: FloatArray, observed: NDArray[np.bool_], phase: NDArray[np.int64], cycles: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
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

    def _aligned(self, y: FloatArray, phase: NDArray[np.int64], X: Series) -> NDArray[np.int64]:
        """Without a clock nothing tells the phase of later rows but the rows themselves."""
        period = self.season_.period
        if period == 1 or X.step_seconds is not None or X.origin == self.start_:
            return phase
        cycles = len(y) // period
        mean = np.median(y[: cycles * period].reshape(cycles, period, -1), axis=0)
        mean = mean - mean.mean(axis=0)
        likeness = np.fft.irfft(
            (np.conj(np.fft.rfft(mean, axis=0)) * np.fft.rfft(self.profile_, axis=0)).sum(axis=1), period
        )
        return np.asarray((int(likeness.argmax()) + np.arange(len(y))) % period)

    def _continued_level(self, X: Series) -> tuple[FloatArray, FloatArray]:
        """Return the level at X's steps, and by how much its variance has grown since training, both (n, d).

        Outside the training rows the level wanders on as it did: a random walk with the drift and variance that it had.
        """
        place = (X.origin - self.start_ + np.arange(len(X))).astype(np.float64)
        level = np.column_stack([np.interp(place, self.knots_, column) for column in self.levels_.T])
        ahead = np.maximum(place - (self.n_train_ - 1), 0.0) + np.minimum(place, 0.0)
        away = np.abs(ahead)
        wider = (away * (1.0 + away / self.n_train_))[:, None] * self.level_rate_
        return level + ahead[:, None] * self.drift_, wider

    def _deviations(self, X: Series, parts: Decomposition) -> FloatArray:
        difference = np.abs(X.values - parts.expected)
        rounding = np.maximum(_ROUNDING * self.unit_, _EPSILON * np.abs(X.values))
        deviation = np.minimum(difference / parts.scale, _LARGEST)
        return np.asarray(np.where(X.observed[:, None] & (difference > rounding), deviation, 0.0))

    @staticmethod
    def _score(deviation: FloatArray) -> FloatArray:
        return np.asarray(np.sqrt((deviation**2).sum(axis=1)))


def _odd(number: int) -> int:
    return number + 1 - number % 2


def _jump(window: int) -> int:
    return max(1, round(window / 10))
