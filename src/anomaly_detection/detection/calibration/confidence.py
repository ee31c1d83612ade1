"""How sure a verdict is: the chance that it stays the same with other training rows of the same kind."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def confidence(p_values: FloatArray, flags: NDArray[np.int8], n: int, n_flagged: int) -> FloatArray:
    """Return the probability that each row would get the same verdict again, shape (n_rows,), in [0, 1].

    Parameters
    ----------
    p_values : array of shape (n_rows,)
        Probability that a normal row scores as high.
    flags : array of shape (n_rows,)
        The verdicts, 0 or 1.
    n : int
        Number of training scores behind the p-values.
    n_flagged : int
        How many of `n` rows like these are flagged.

    Notes
    -----
    Of n training scores drawn anew, the number below the row's own is binomial with the smoothed probability
    ``(1 + n (1 - p)) / (2 + n)``; the row is flagged when at least ``n - n_flagged`` of them are. The binomial law is taken
    as normal with a continuity correction, which is accurate to about 0.01 from 20 rows on.

    References
    ----------
    Perini, L., Vercruyssen, V. and Davis, J. (2020). Quantifying the Confidence of Anomaly Detectors in Their Example-Wise
    Predictions. ECML PKDD.
    """
    below = (1.0 + n * (1.0 - p_values)) / (2.0 + n)
    mean = n * below
    spread = np.sqrt(n * below * (1.0 - below))
    flagged = _upper_normal((n - n_flagged - 0.5 - mean) / spread)
    return np.asarray(np.where(flags == 1, flagged, 1.0 - flagged))


def _upper_normal(z: FloatArray) -> FloatArray:
    """Return P(Z > z) of a standard normal Z by the approximation 26.2.17 of Abramowitz and Stegun (error below 1e-7)."""
    size = np.minimum(np.abs(z), 38.0)
    t = 1.0 / (1.0 + 0.2316419 * size)
    series = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    upper = np.exp(-0.5 * size**2) / np.sqrt(2.0 * np.pi) * series
    return np.asarray(np.where(z >= 0.0, upper, 1.0 - upper))
