"""Scores as p-values: how likely a normal row is to score this high."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.calibration.tail import Tail, fit_tail

FloatArray = NDArray[np.float64]

VERSION = 2
"""Version 1 knew no power of the scores; its states are read as having the power 1."""
METHOD = "conformal_fitted_tail"

_TAIL_SHARE = 0.5
_TAIL_ROWS = 20
"""Below so many excesses no tail is fitted: p-values then end at 1 / (n + 1), the honest limit of so few rows."""
_CENSORED_SHARE = 0.1
_ROUNDS = 10
_LEAST_KNOT = 1e-290
_KNOTS = 512
SMALLEST = 1e-16
"""No p-value is smaller: a tail fitted to rows seen says nothing about rarer ones."""
FALSE_DISCOVERY_RATE = 0.05
"""Default bound on the share of normal rows among those flagged."""


def benjamini_hochberg(p_values: FloatArray, rate: float, n: int | None = None) -> float:
    """Return the p-value up to which rows may be flagged so that at most `rate` of them are normal on average.

    Parameters
    ----------
    p_values : array
        Of the rows; those above `rate` change nothing and may be left out.
    rate : float
        In (0, 1).
    n : int, optional
        How many rows there are, where some were left out.

    Returns
    -------
    float
        ``rate * k / n``, the critical value of the k rows out of n that may be flagged; 0 when none may be.

    References
    ----------
    Benjamini, Y. and Hochberg, Y. (1995). Controlling the False Discovery Rate. Journal of the Royal Statistical Society B.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.001, 0.2, 0.5, 0.9]), 0.05)
    0.0125
    >>> benjamini_hochberg(np.array([0.1, 0.2, 0.5, 0.9]), 0.05)
    0.0
    """
    ordered = np.sort(p_values[p_values <= rate])
    critical = rate * np.arange(1, ordered.size + 1) / (p_values.size if n is None else n)
    passed = np.flatnonzero(ordered <= critical)
    return float(critical[passed[-1]]) if passed.size else 0.0


@dataclass(frozen=True, slots=True)
class Calibrator:
    """What scores of normal rows look like, learnt from out-of-sample scores of the training rows.

    Attributes
    ----------
    n : int
        How many scores it was made from.
    knots : tuple of float
        Evenly spaced quantiles of the scores, the body of the distribution.
    tail : Tail or None
        The fitted upper tail.
    p_cutoff : float
        The default threshold as a p-value: Benjamini-Hochberg on the training rows, or, where that flags none, what one
        row alone would need among so many.

    Notes
    -----
    The body is the conformal p-value ``(1 + #{training scores >= s}) / (n + 1)`` (Vovk et al., 2005). Ranks alone cannot tell
    whether the highest training score is an anomaly: some row is always the highest. Above the median a fitted tail therefore
    takes over. It is fitted to the scores below the suspects: the top tenth counts as censored at first, then only those
    that Benjamini-Hochberg flags, until the set stays the same. If the training rows hold many anomalies (more than about a
    tenth) the tail grows long and fewer rows are flagged, never more. The p-values rest on normal scores falling off at least
    exponentially above their median; where they fall off more slowly, the rows far out are flagged although they belong to
    the same distribution (of rows with three t-distributed columns, about 1 %).

    References
    ----------
    Vovk, V., Gammerman, A. and Shafer, G. (2005). Algorithmic Learning in a Random World. Springer.
    Bates, S. et al. (2023). Testing for Outliers with Conformal p-Values. Annals of Statistics.
    """

    n: int
    knots: tuple[float, ...]
    tail: Tail | None
    p_cutoff: float
    _turned: tuple[FloatArray, FloatArray] = field(init=False, repr=False, compare=False)
    """The knots turned round, and their places: made once, because for one row they take longer than all else."""

    def __post_init__(self) -> None:
        turned = -np.array(self.knots, dtype=np.float64)[::-1]
        object.__setattr__(self, "_turned", (turned, np.linspace(0, 1, turned.size)))

    @classmethod
    def learn(cls, scores: FloatArray, *, rate: float = FALSE_DISCOVERY_RATE, power: float = 1.0) -> Self:
        """Learn from out-of-sample scores.

        Parameters
        ----------
        scores : array of shape (n,)
            At least one.
        rate : float
            Bound on the share of normal rows among those flagged by default.
        power : float, default 1.0
            To which power, in (0, 1], scores of normal rows fall off at least exponentially; below 1 they must not be
            negative. The algorithm knows it (see `ports.Powered`).
        """
        ordered = np.sort(scores)
        positions = np.linspace(0, 1, min(_KNOTS, ordered.size))
        quantiles = np.quantile(ordered, positions)
        # Between knots nearer to each other than that no slope could be calculated.
        knots = tuple(np.where(np.abs(quantiles) < _LEAST_KNOT, 0.0, quantiles).tolist())
        level = float(np.quantile(ordered, 1 - _TAIL_SHARE))
        plain = cls(scores.size, knots, None, rate / scores.size)
        if np.count_nonzero(ordered > level) < _TAIL_ROWS:
            return plain
        limit = float(np.quantile(ordered, 1 - _CENSORED_SHARE))
        fitted = cls(scores.size, knots, fit_tail(ordered, level, limit, power), rate / scores.size)
        cutoff = benjamini_hochberg(fitted.p_values(ordered), rate)
        for _ in range(_ROUNDS):
            kept = ordered if cutoff == 0.0 else ordered[fitted.p_values(ordered) > cutoff]
            limit = max(float(kept[-1]), level) if kept.size else level
            fitted = cls(scores.size, knots, fit_tail(ordered, level, limit, power), fitted.p_cutoff)
            again = benjamini_hochberg(fitted.p_values(ordered), rate)
            if again == cutoff or np.count_nonzero(fitted.p_values(ordered) <= again) == ordered.size - kept.size:
                cutoff = again
                break
            cutoff = again
        return cls(scores.size, knots, fitted.tail, cutoff if cutoff > 0.0 else rate / scores.size)

    def p_values(self, scores: FloatArray) -> FloatArray:
        """Return the probability that a normal row scores at least this high, shape (n,), in (0, 1]."""
        turned, places = self._turned
        # Turned round, the interpolation takes the lower end where scores are tied: a tie is "at least as high".
        # Between knots that differ by a subnormal number its slope is infinite.
        place = 1.0 - np.clip(np.interp(-scores, turned, places), 0.0, 1.0)
        share_below = np.where(scores > self.knots[-1], 1.0, place * (self.n - 1) / self.n)
        body = (1.0 + self.n * (1.0 - share_below)) / (self.n + 1.0)
        if self.tail is None:
            return np.asarray(body)
        in_tail = scores > self.tail.level
        return np.where(in_tail, np.maximum(self.tail.survival(scores), SMALLEST), np.maximum(body, self.tail.share))

    def score_at(self, p_value: float) -> float:
        """Return the lowest score with a p-value of at most this; where they end before, one just beyond the highest seen."""
        if self.tail is not None and p_value < self.tail.share:
            return self.tail.quantile(p_value)
        share_below = 1.0 - (p_value * (self.n + 1.0) - 1.0) / self.n
        if share_below * self.n > self.n - 1:
            return self.knots[-1] + max(abs(self.knots[-1]), 1.0) * 1e-9
        place = share_below * self.n / max(self.n - 1, 1)
        score = float(np.interp(place, np.linspace(0, 1, len(self.knots)), self.knots))
        reached = float(self.p_values(np.array([score]))[0]) <= p_value * (1.0 + 1e-9)
        return score if reached else float(np.nextafter(score, np.inf))

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain values, with method and version."""
        return {
            "method": METHOD,
            "version": VERSION,
            "n": self.n,
            "knots": list(self.knots),
            "tail": None if self.tail is None else asdict(self.tail),
            "p_cutoff": self.p_cutoff,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """Make the calibrator from what `to_dict` returned.

        Raises
        ------
        KeyError, TypeError, ValueError
            It is no such state.
        """
        tail = None if state["tail"] is None else Tail(**{name: float(value) for name, value in state["tail"].items()})
        knots = tuple(float(knot) for knot in state["knots"])
        made = cls(int(state["n"]), knots, tail, float(state["p_cutoff"]))
        sound = (
            1 <= made.n < 2**63
            and bool(knots)
            and bool(np.isfinite(knots).all())
            and bool((np.diff(knots) >= 0.0).all())
        )
        sound = sound and state["method"] == METHOD and state["version"] in {1, VERSION} and 0.0 < made.p_cutoff <= 1.0
        if tail is not None:
            sound = (
                sound
                and tail.scale > 0.0
                and 0.0 < tail.share <= 1.0
                and tail.exponent > 0.0
                and 0.0 < tail.power <= 1.0
            )
        if not sound:
            raise ValueError("this is no state of a calibrator")
        return made

    @property
    def reference(self) -> str:
        """A digest of the state, so that a result can name the calibration that it used."""
        text = json.dumps(self.to_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
