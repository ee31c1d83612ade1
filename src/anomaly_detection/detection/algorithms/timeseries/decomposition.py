"""What the seasonal decompositions share: learning season, level and scale, judging new steps, scores and their parts."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.algorithms.timeseries.period import Season, infer_season
from anomaly_detection.detection.algorithms.timeseries.scale import column_units, level_drift, phase_scale
from anomaly_detection.detection.domain.series import Series
from anomaly_detection.detection.ports import FloatArray, State

Parts = tuple[FloatArray, FloatArray, FloatArray]
"""Trend, season and each value's weight in its own fit, all (n, d), of standardised values."""

LEAST_ROWS_FOR_TREND = 8
_KNOTS = 512
_LEAST_FREE = 0.1
_FARTHEST = 1e4
"""Beyond so many spreads a value is limited for the smoothing, not for its score: running sums would lose all others."""
_LARGEST = 1e140
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


class SeasonalModel(ABC):
    """Distance of each value from the season and level of its time, in robust standard deviations.

    A subclass says how a series is decomposed (`_smooth`), how a later piece of it is (`_smooth_later`), and over how many steps
    the level may change (`_trend_window`). Season and level add up unless it overrides `_units`, `_residual`, `_relative` and
    `_composed`.

    Attributes
    ----------
    period : int or None
        Steps of one season as asked for; None: found by `infer_season`.
    season_ : Season
        The period used and how much it explains.
    notes : tuple of str
        What the user should know of the fit.
    """

    attribution = "squared deviation from season and level, as a share of the score"
    period: int | None
    notes: tuple[str, ...] = ()

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
        return self._parts(*self._smooth_later(y, X.observed, phase), phase)

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
        """Take over season, level and scales.

        Raises
        ------
        KeyError, TypeError, ValueError
            The arrays do not belong together.
        """
        _check_state(state)
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

    @abstractmethod
    def _smooth(self, y: FloatArray, observed: NDArray[np.bool_]) -> Parts:
        """Decompose standardised training values of shape (n, d)."""

    @abstractmethod
    def _smooth_later(self, y: FloatArray, observed: NDArray[np.bool_], phase: NDArray[np.int64]) -> Parts:
        """Decompose a piece of at least two seasons, which the fitted season may help."""

    @abstractmethod
    def _trend_window(self, n: int) -> int:
        """Return the odd number of steps over which the level may change in a series of n."""

    def _units(self, X: Series) -> tuple[FloatArray, FloatArray]:
        """Return what is taken from the values and what they are divided by, both (d,)."""
        return column_units(X.values, X.observed)

    def _residual(self, y: FloatArray, trend: FloatArray, seasonal: FloatArray) -> FloatArray:
        """Return what season and level leave of standardised values."""
        return y - trend - seasonal

    def _relative(self, variance: FloatArray, level: FloatArray) -> FloatArray:
        """Return a variance of the level in the units of the residual."""
        del level
        return variance

    def _composed(self, trend: FloatArray, seasonal: FloatArray, scale: FloatArray) -> Decomposition:
        """Return the decomposition in the series' own units."""
        return Decomposition(trend * self.unit_ + self.center_, seasonal * self.unit_, scale * self.unit_)

    def _learn(self, X: Series) -> Parts:
        n, d = X.values.shape
        self.season_, notes = self._season(X)
        self.center_, self.unit_ = self._units(X)
        self.n_train_, self.start_ = n, X.origin
        self.trend_window_ = self._trend_window(n)
        period = self.season_.period
        y = self._standardised(X)
        trend, seasonal, own = self._smooth(y, X.observed)
        residual = self._residual(y, trend, seasonal) / np.maximum(1.0 - own, _LEAST_FREE)
        self.phase_scale_ = phase_scale(residual, X.observed, period)
        self.profile_ = np.zeros((period, d))
        if period > 1:
            last = np.arange(n - period, n)
            self.profile_[last % period] = seasonal[last]
        knots = np.unique(np.linspace(0, n - 1, min(n, _KNOTS)).round().astype(np.int64))
        self.knots_, self.levels_ = knots, trend[knots]
        self.drift_, self.level_rate_ = level_drift(trend, max(period, self.trend_window_ // 2))
        if n < LEAST_ROWS_FOR_TREND:
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

    def _standardised(self, X: Series) -> FloatArray:
        return np.asarray((X.values - self.center_) / self.unit_)

    def _parts(
        self, trend: FloatArray, seasonal: FloatArray, own: FloatArray, phase: NDArray[np.int64]
    ) -> Decomposition:
        scale = self.phase_scale_[phase] * np.maximum(1.0 - own, _LEAST_FREE)
        return self._composed(trend, seasonal, scale)

    def _compared(self, X: Series, phase: NDArray[np.int64]) -> Decomposition:
        """Take the fitted season and level for a piece that is too short for its own."""
        level, wider = self._continued_level(X)
        scale = np.sqrt(self.phase_scale_[phase] ** 2 + self._relative(wider, level))
        return self._composed(level, self.profile_[phase], scale)

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


def limited(y: FloatArray, observed: NDArray[np.bool_]) -> FloatArray:
    """Return the values without the size of extremes, which running sums would carry through the whole series."""
    middle, spread = column_units(y, observed)
    return np.asarray(np.clip(y, middle - _FARTHEST * spread, middle + _FARTHEST * spread))


def odd(number: int) -> int:
    """Return the number, or the next one where it is even."""
    return number + 1 - number % 2


def _check_state(state: State) -> None:
    period, width, knots = int(state["period"]), state["center"].size, state["knots"]
    shapes = {
        "center": (width,),
        "unit": (width,),
        "profile": (period, width),
        "phase_scale": (period, width),
        "levels": (knots.size, width),
        "drift": (width,),
        "level_rate": (width,),
    }
    sound = min(period, width, knots.size, int(state["n_train"]), int(state["trend_window"])) > 0 and knots.ndim == 1
    sound = sound and all(state[name].shape == shape for name, shape in shapes.items())
    sound = sound and all(state[name].dtype == np.float64 and np.isfinite(state[name]).all() for name in shapes)
    if not sound or min(state["unit"].min(), state["phase_scale"].min()) <= 0.0:
        raise ValueError(f"arrays of {period} steps a season and {width} columns are no state of a seasonal model")
