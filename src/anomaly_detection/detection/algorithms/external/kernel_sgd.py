"""scikit-learn's linear one-class support vector machine behind a kernel approximation, without which it is of no use here."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from anomaly_detection.detection.ports import FloatArray


class SGDOneClassSVM:
    """A one-class support vector machine with radial kernel whose cost grows with the rows, not with their square.

    Parameters
    ----------
    nu : float, default=0.5
        Upper bound on the share of training rows outside, in (0, 1].
    gamma : float or str, default='scale'
        Width of the kernel: 'scale' takes 1 / (number of columns times variance), 'auto' leaves the variance out.
    n_components : int, default=100
        How many training rows the kernel is approximated by.
    max_iter : int, default=1000
        Most passes over the training rows.
    tol : float or None, default=0.001
        Gain below which learning stops.
    learning_rate : {'constant', 'optimal', 'invscaling', 'adaptive'}, default='optimal'
        How the steps shrink.
    eta0 : float, default=0.01
        First step, for other schedules than 'optimal'.
    power_t : float, default=0.5
        Exponent of 'invscaling'.
    average : bool, default=False
        Whether the weights are averaged over the steps.
    random_state : int, default=0
        Seed.

    Notes
    -----
    scikit-learn's class draws a plane between the rows and the origin: by itself it takes a row far out on the other side
    for the most normal one. Its guide puts a Nyström approximation in front, and so does this.
    """

    def __init__(
        self,
        nu: float = 0.5,
        gamma: float | str = "scale",
        n_components: int = 100,
        max_iter: int = 1000,
        tol: float | None = 1e-3,
        learning_rate: str = "optimal",
        eta0: float = 0.01,
        power_t: float = 0.5,
        average: bool = False,
        random_state: int = 0,
    ) -> None:
        self.gamma = gamma
        self.n_components = n_components
        self.random_state = random_state
        self.keywords: dict[str, Any] = {
            "nu": nu,
            "max_iter": max_iter,
            "tol": tol,
            "learning_rate": learning_rate,
            "eta0": eta0,
            "power_t": power_t,
            "average": average,
        }

    def fit(self, X: FloatArray) -> Self:
        """Fit the kernel approximation and the machine behind it."""
        from sklearn.kernel_approximation import Nystroem
        from sklearn.linear_model import SGDOneClassSVM as Linear

        count = min(self.n_components, len(X))
        self.kernel_ = Nystroem(gamma=self._width(X), n_components=count, random_state=self.random_state)
        self.linear_ = Linear(random_state=self.random_state, **self.keywords)
        self.linear_.fit(self.kernel_.fit_transform(X))
        return self

    def score_samples(self, X: FloatArray) -> FloatArray:
        """Return how normal each row is, shape (n,)."""
        return np.asarray(self.linear_.score_samples(self.kernel_.transform(X)))

    def _width(self, X: FloatArray) -> float:
        width = float(X.shape[1])
        if self.gamma == "scale":
            return 1.0 / (width * max(float(X.var()), 1e-300))
        return 1.0 / width if self.gamma == "auto" else float(self.gamma)
