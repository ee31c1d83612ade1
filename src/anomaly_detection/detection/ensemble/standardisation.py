"""Scores of different algorithms on one scale, so that they can be combined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from anomaly_detection.detection.ports import FloatArray, State

_KNOTS = 256
_CENSORED_SHARE = 0.1
_LARGEST_SCORE = 1e150
_SMALLEST_SCORE = 1e-280
_LARGEST = 1e100


@dataclass(frozen=True, slots=True, eq=False)
class ScoreScale:
    """What one algorithm's scores of normal rows look like; turns its scores into *surprise*.

    Surprise is ``-log`` of the share of normal rows that score at least as high, in nats: 0 for the most ordinary row, 0.69 at
    the median, 2.3 where one row in ten scores higher, whatever the algorithm measures.

    Attributes
    ----------
    knots : array of shape (k,)
        Evenly spaced quantiles of the training scores from the lowest to the median.
    scale : float
        Mean excess of normal scores over the median, above 0.

    Notes
    -----
    Learnt from out-of-sample scores of the training rows. Up to the median the share is empirical. Above, scores are taken to
    fall off exponentially, so that surprise grows in proportion to the score and does not end at ``log(n)`` as ranks would: the
    far row stays ahead of the merely high one. The mean excess is the maximum-likelihood estimate with the top tenth censored, so
    that anomalies among the training rows do not stretch it. Kriegel et al. unify scores by a fitted distribution and stop at
    probabilities; logarithms of them are kept here because probabilities of far rows all round to 1. Cost O(n log n) to
    learn, O(n log k) to apply.

    References
    ----------
    Kriegel, H.-P., Kröger, P., Schubert, E. and Zimek, A. (2011). Interpreting and Unifying Outlier Scores. SDM.
    Gao, J. and Tan, P.-N. (2006). Converting Output Scores from Outlier Detection Algorithms into Probability Estimates. ICDM.

    Examples
    --------
    >>> scale = ScoreScale.learn(np.arange(101.0))
    >>> scale.surprise(np.array([0.0, 50.0, 75.0, 1000.0])).round(2).tolist()
    [0.0, 0.69, 1.51, 31.84]
    """

    knots: FloatArray
    scale: float

    @classmethod
    def learn(cls, scores: FloatArray) -> Self:
        """Learn from out-of-sample scores of shape (n,), finite, n at least 1."""
        scores = _tamed(scores)
        knots = np.quantile(scores, np.linspace(0.0, 0.5, min(_KNOTS, scores.size)))
        knots[-1] = level = float(np.median(scores))
        return cls(np.maximum.accumulate(knots), _mean_excess(scores, level))

    def surprise(self, scores: FloatArray) -> FloatArray:
        """Return the surprise of each score, shape (n,), finite, at least 0; higher scores never get less."""
        scores = _tamed(scores)
        level, at_knots = self.knots[-1], -np.log1p(-np.linspace(0.0, 0.5, self.knots.size))
        # One knot alone is the median; where several are tied with it, interpolation would take the lower end of them.
        body = np.where(scores >= level, np.log(2.0), np.interp(scores, self.knots, at_knots))
        with np.errstate(over="ignore"):
            beyond = np.minimum(np.maximum(scores - level, 0.0) / self.scale, _LARGEST)
        return np.asarray(body + beyond)

    def state(self) -> State:
        """Return what was learnt, as arrays."""
        return {"knots": self.knots, "scale": np.array([self.scale])}

    @classmethod
    def restore(cls, state: State) -> Self:
        """Make the scale from what `state` returned.

        Raises
        ------
        ValueError
            It is no such state.
        """
        knots, scale = state["knots"], state["scale"]
        sound = knots.dtype == scale.dtype == np.float64 and knots.ndim == 1 and knots.size > 0 and scale.shape == (1,)
        if not sound or not np.isfinite(knots).all() or (np.diff(knots) < 0.0).any() or not 0.0 < scale[0] < np.inf:
            raise ValueError(f"arrays of shapes {knots.shape}, {scale.shape} are no scale of scores")
        return cls(knots, float(scale[0]))


def _tamed(scores: FloatArray) -> FloatArray:
    """Cut scores whose differences or slopes would not be finite: huge ones, and those that differ by a subnormal number."""
    cut = np.clip(scores, -_LARGEST_SCORE, _LARGEST_SCORE)
    return np.asarray(np.where(np.abs(cut) < _SMALLEST_SCORE, 0.0, cut))


def _mean_excess(scores: FloatArray, level: float) -> float:
    """Return the scale of an exponential tail above `level`; scores beyond the top tenth count as "at least that much"."""
    excess = scores[scores > level] - level
    window = float(np.quantile(scores, 1.0 - _CENSORED_SHARE)) - level
    inside = excess[excess <= window]
    if inside.size:
        found = float(inside.mean()) + (excess.size - inside.size) * window / inside.size
    elif excess.size:
        found = float(np.median(excess))
    else:
        found = abs(level) or 1.0
    return float(np.clip(found, max(1e-9 * abs(level), 1e-300), 1e300))
