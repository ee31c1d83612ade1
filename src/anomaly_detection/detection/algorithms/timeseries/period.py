"""Which season a series has: candidates from the calendar and the series itself, judged on values they have not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

CALENDAR_SECONDS = {
    "minute": 60.0,
    "hour": 3_600.0,
    "day": 86_400.0,
    "week": 604_800.0,
    "year": 365.2425 * 86_400.0,
}
MIN_CYCLES = 3
"""A season of the calendar must have been seen this often before it is believed."""
MIN_ECHOES = 5
"""Any other must have been seen this often: three waves of a wandering level look like a season."""
_MIN_PERIOD = 2
_LEAST_EXPLAINED = 0.1
_LEAST_ECHO = 0.3
"""Least share explained; a part of one cycle's share comes on top, because few cycles agree by chance more easily."""
_CALENDAR_GAIN = 0.1
_OTHER_GAIN = 0.25
"""A longer or less natural period must reduce the unexplained part by at least this share."""
_SEARCH_ROWS = 100_000
"""Periods outside the calendar are searched in the last so many steps, which bounds the cost."""
_SEARCH_PEAKS = 6
_FINER = 10
"""Where slow waves hide the season, the search is repeated around a moving mean of a window so many times shorter."""


@dataclass(frozen=True, slots=True)
class Season:
    """A period and how well it predicts.

    Attributes
    ----------
    period : int
        Steps; 1 means that no season was found.
    explained : float
        Share of the variance around the moving mean that the other cycles predict, at most 1.
    name : str
        ``day``, ``week``, ... for a calendar period, else ``""``.
    """

    period: int
    explained: float
    name: str = ""


def infer_season(values: FloatArray, observed: NDArray[np.bool_], step_seconds: float | None) -> Season:
    """Find the season of a series.

    Parameters
    ----------
    values : array of shape (n, d)
    observed : array of shape (n,), bool
    step_seconds : float or None
        With a clock, minute, hour, day, week and year are tried first.

    Returns
    -------
    Season
        A longer period wins over a shorter one only if it leaves clearly less unexplained: a week over a day when weekends
        differ from working days. Columns count alike.

    Notes
    -----
    Each value is predicted by the mean of the same phase in all other cycles, so a period does not gain by having more
    phases, and pure noise explains less than nothing. O(n log n) for the autocorrelation, O(n) a candidate.
    """
    n = len(values)
    best = Season(1, 0.0)
    if n < MIN_CYCLES * _MIN_PERIOD or not observed.any():
        return best
    named = _calendar(n, step_seconds)
    detrended = _detrend(values, observed, max(named, default=n // MIN_ECHOES))
    for period, name in sorted(named.items()):
        season = Season(period, _explained(detrended, observed, period), name)
        best = _better(best, season, _CALENDAR_GAIN, _LEAST_EXPLAINED + 0.5 * period / n)
    recent, seen = values[-_SEARCH_ROWS:], observed[-_SEARCH_ROWS:]
    longest = len(recent) // MIN_ECHOES
    for window in (longest, longest // _FINER):
        if window < _MIN_PERIOD or not seen.any():
            break
        around = _detrend(recent, seen, window)
        # Compare like with like: the calendar's season on the same rows around the same moving mean.
        rival = Season(best.period, _explained(around, seen, best.period) if best.period > 1 else 0.0, best.name)
        for period in sorted(_echoes(around, window)):
            season = _refined(around, seen, period, window)
            rival = _better(rival, season, _OTHER_GAIN, _LEAST_ECHO + season.period / len(recent))
        if rival.period != best.period:
            return rival
        if best.period > 1:
            break
    return best


def _better(best: Season, other: Season, gain: float, least: float) -> Season:
    if other.explained < least:
        return best
    return other if 1.0 - other.explained < (1.0 - gain) * (1.0 - best.explained) else best


def _calendar(n: int, step_seconds: float | None) -> dict[int, str]:
    found: dict[int, str] = {}
    if not step_seconds:
        return found
    for name, seconds in CALENDAR_SECONDS.items():
        exact = seconds / step_seconds
        period = round(exact)
        drift = abs(exact - period) * n / exact
        if _MIN_PERIOD <= period <= n // MIN_CYCLES and drift <= 0.05 * period:
            found[period] = name
    return found


def _detrend(values: FloatArray, observed: NDArray[np.bool_], window: int) -> FloatArray:
    """Take the moving mean away and limit what is left, so that single anomalies decide nothing."""
    limited = _limit(values, observed)
    limited = limited - _line(limited)
    reach = max(window // 2, 1)
    n = len(values)
    total = np.vstack([np.zeros((1, values.shape[1])), np.cumsum(limited, axis=0)])
    stop = np.minimum(np.arange(n) + reach + 1, n)
    start = np.maximum(np.arange(n) - reach, 0)
    mean = (total[stop] - total[start]) / (stop - start)[:, None]
    left = _limit(limited - mean, observed)
    spread = left[observed].std(axis=0)
    return np.asarray(np.divide(left, spread, out=np.zeros_like(left), where=spread > 1e-9))


def _line(values: FloatArray) -> FloatArray:
    """Return the least-squares line of each column; a moving mean alone leaves a steady trend in at both ends."""
    step = np.arange(len(values)) - (len(values) - 1) / 2.0
    slope = step @ values / max(float(step @ step), 1e-300)
    return np.asarray(values.mean(axis=0) + step[:, None] * slope)


def _limit(values: FloatArray, observed: NDArray[np.bool_]) -> FloatArray:
    low, middle, high = np.quantile(values[observed], [0.1, 0.5, 0.9], axis=0)
    width = np.maximum(high - low, 0.0)
    # Columns that rest at one value most of the time keep their bursts.
    rests = width == 0.0
    unit = np.where(rests, 1.0, width)
    scaled = np.clip((values - middle) / unit, -1.5, 1.5)
    spread = values[observed].std(axis=0)
    free = (values - middle) / np.where(spread > 0.0, spread, 1.0)
    return np.asarray(np.where(rests, np.clip(free, -5.0, 5.0), scaled))


def _explained(x: FloatArray, observed: NDArray[np.bool_], period: int) -> float:
    """Return the share of variance that the same phase of the other cycles explains, a mean over the columns."""
    phase = np.arange(len(x)) % period
    weight = observed.astype(np.float64)
    count = np.bincount(phase, weights=weight, minlength=period)[phase]
    usable = observed & (count >= 2)
    if usable.sum() < 2:
        return 0.0
    shares = []
    for column in x.T:
        total = np.bincount(phase, weights=weight * column, minlength=period)[phase]
        predicted = (total[usable] - column[usable]) / (count[usable] - 1.0)
        variance = float((column[usable] ** 2).sum())
        if variance > 0.0:
            shares.append(1.0 - float(((column[usable] - predicted) ** 2).sum()) / variance)
    return float(np.mean(shares)) if shares else 0.0


def _echoes(x: FloatArray, longest: int) -> set[int]:
    """Return lags at which the series resembles itself most, and the periods of its strongest waves."""
    n = len(x)
    size = 1 << (2 * n - 1).bit_length()
    spectrum = (np.abs(np.fft.rfft(x, size, axis=0)) ** 2).sum(axis=1)
    correlation = np.fft.irfft(spectrum, size)[: longest + 2]
    correlation = correlation / max(float(correlation[0]), 1e-300) * (n / (n - np.arange(len(correlation))))
    lags = np.arange(_MIN_PERIOD, len(correlation) - 1)
    peak = (correlation[lags] >= correlation[lags - 1]) & (correlation[lags] > correlation[lags + 1])
    lags = lags[peak & (correlation[lags] > _LEAST_EXPLAINED)]
    found = {int(lag) for lag in lags[np.argsort(-correlation[lags], kind="stable")[:_SEARCH_PEAKS]]}
    wave = (np.abs(np.fft.rfft(x, axis=0)) ** 2).sum(axis=1)
    wave[:MIN_CYCLES] = 0.0
    for frequency in np.argsort(-wave, kind="stable")[:_SEARCH_PEAKS]:
        period = round(n / int(frequency)) if frequency else 0
        if _MIN_PERIOD <= period <= longest:
            found.add(period)
    return found


def _refined(x: FloatArray, observed: NDArray[np.bool_], period: int, longest: int) -> Season:
    """Try the neighbours too: one step more or less drifts by a whole cycle over many."""
    reach = 1 if period < 20 else 2
    near = range(max(period - reach, _MIN_PERIOD), min(period + reach, longest) + 1)
    best = max(near, key=lambda candidate: _explained(x, observed, candidate))
    return Season(best, _explained(x, observed, best))
