"""The upper tail that normal scores have, fitted so that the anomalies among them do not shape it.

A Weibull law with an exponent from 1 (exponential) to 2 (the tail of a normal distribution). It has no end, so no score is
called impossible, and it is never heavier than the exponential: scores of normal rows are taken to fall off at least that
fast, and what lies beyond counts as anomalous.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_EXPONENTS = np.linspace(1.0, 2.0, 21)
_SCALES = np.geomspace(0.05, 8.0, 120)
_PRIOR_SD = 0.5
"""Spread of the penalty on the exponent: with few scores the tail stays near the exponential (Coles and Dixon, 1999)."""
_KNOTS = 300
_LEAST_SCALE = 1e-290
"""Scores that differ by less have no shape that could be calculated: densities would overflow."""


@dataclass(frozen=True, slots=True)
class Tail:
    """P(score > s) = `share` * exp(-((s ** power - level ** power) / scale) ** exponent) above `level`."""

    level: float
    share: float
    scale: float
    exponent: float
    power: float = 1.0

    def survival(self, scores: FloatArray) -> FloatArray:
        """Return P(score > s) for scores above the level; those below it count as on it."""
        # A cutoff of somebody's choice may be negative, which has no power below 1.
        above = _powered(np.maximum(scores, self.level), self.power)
        # At the level itself the two powers may differ in the last bit.
        excess = np.maximum(above - _powered(self.level, self.power), 0.0)
        # A cutoff may also be beyond everything, where nothing is left of the tail.
        with np.errstate(over="ignore"):
            return np.asarray(self.share * np.exp(-((excess / self.scale) ** self.exponent)))

    def quantile(self, probability: float) -> float:
        """Return the score that is exceeded with this probability, at most `share`."""
        hazard = -np.log(max(probability, 1e-300) / self.share)
        score = _powered(self.level, self.power) + self.scale * hazard ** (1.0 / self.exponent)
        return float(score if self.power == 1.0 else score ** (1.0 / self.power))


def _powered(scores: Any, power: float) -> Any:
    return scores if power == 1.0 else scores**power


def fit_tail(scores: FloatArray, level: float, limit: float, power: float = 1.0) -> Tail:
    """Fit the excesses over `level` by penalised maximum likelihood; those beyond `limit` count as "at least that much".

    Parameters
    ----------
    scores : array of shape (n,)
        Out-of-sample scores.
    level : float
        Where the tail begins; at least one score lies above.
    limit : float
        Scores beyond may be anomalies: only that they lie beyond is used (censored), not how far.
    power : float, default 1.0
        The law holds for scores to this power, in (0, 1]; below 1 scores must not be negative.

    References
    ----------
    Gardes, L. and Girard, S. (2008). Estimation of the Weibull tail-coefficient. Journal of Statistical Planning and Inference.
    """
    base = _powered(level, power)
    excesses = _powered(np.sort(scores[scores > level]), power) - base
    share = excesses.size / scores.size
    window = _powered(limit, power) - base
    inside = excesses[excesses <= window]
    if inside.size == 0:
        inside, window = excesses, float(excesses[-1])
    beyond = float(excesses.size - inside.size)
    weight = 1.0
    if inside.size > _KNOTS:
        weight = inside.size / _KNOTS
        inside = np.quantile(inside, (np.arange(_KNOTS) + 0.5) / _KNOTS)
    inside = np.maximum(inside, 1e-9 * window)
    typical = float(inside.mean() + beyond / (inside.size * weight) * window)
    if typical < _LEAST_SCALE:
        return Tail(level, share, _LEAST_SCALE, 1.0, power)
    scales = (typical * _SCALES)[:, np.newaxis]
    # A grid over scale and exponent: under a million operations, and no optimiser that could fail.
    best, found = -np.inf, Tail(level, share, typical, 1.0, power)
    for exponent in _EXPONENTS:
        ratio = inside / scales
        log_density = np.log(exponent / scales) + (exponent - 1.0) * np.log(ratio) - ratio**exponent
        likelihood = weight * log_density.sum(axis=1) - beyond * (window / scales[:, 0]) ** exponent
        likelihood -= 0.5 * ((exponent - 1.0) / _PRIOR_SD) ** 2
        row = int(np.argmax(likelihood))
        if likelihood[row] > best:
            best, found = float(likelihood[row]), Tail(level, share, float(scales[row, 0]), float(exponent), power)
    return found
