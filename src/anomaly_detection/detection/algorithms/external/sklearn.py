"""scikit-learn's outlier detectors and density estimators as algorithms: ``sklearn:<Class>``."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from anomaly_detection.detection.algorithms.external.adapter import adapter_class
from anomaly_detection.detection.algorithms.external.wrapped import SEARCH, TREES, Wrapped

EXTRA = "sklearn"


def _line(name: str, module: str, summary: str, reference: str, *types: str, **more: Any) -> Wrapped:
    return Wrapped(name, module, summary, reference, types, method="score_samples", inverted=True, **more)


WRAPPED = MappingProxyType(
    {
        line.name: line
        for line in (
            _line(
                "BayesianGaussianMixture",
                "sklearn.mixture",
                "scikit-learn's mixture of normal distributions that chooses its number of parts.",
                "Blei, D. and Jordan, M. (2006). Variational Inference for Dirichlet Process Mixtures. Bayesian Analysis.",
                "sklearn.mixture._bayesian_mixture.BayesianGaussianMixture",
                rows="blocks",
            ),
            _line(
                "EllipticEnvelope",
                "sklearn.covariance",
                "scikit-learn's robust Mahalanobis distance.",
                "Rousseeuw, P. and Van Driessen, K. (1999). A Fast Algorithm for the Minimum Covariance Determinant Estimator. Technometrics.",
                "sklearn.covariance._elliptic_envelope.EllipticEnvelope",
                rows="blocks",
                varying=True,
            ),
            _line(
                "GaussianMixture",
                "sklearn.mixture",
                "scikit-learn's mixture of normal distributions: rows of low density are anomalous.",
                "Dempster, A., Laird, N. and Rubin, D. (1977). Maximum Likelihood from Incomplete Data via the EM Algorithm. JRSS B.",
                "sklearn.mixture._gaussian_mixture.GaussianMixture",
                rows="blocks",
            ),
            _line(
                "IsolationForest",
                "sklearn.ensemble",
                "scikit-learn's isolation forest: rows that few random splits set apart.",
                "Liu, F., Ting, K. and Zhou, Z. (2008). Isolation Forest. ICDM.",
                "sklearn.ensemble._iforest.IsolationForest",
                *TREES,
            ),
            _line(
                "KernelDensity",
                "sklearn.neighbors",
                "scikit-learn's kernel density: rows of low density are anomalous.",
                "Parzen, E. (1962). On Estimation of a Probability Density Function and Mode. Annals of Mathematical Statistics.",
                "sklearn.neighbors._kde.KernelDensity",
                *SEARCH,
            ),
            _line(
                "LocalOutlierFactor",
                "sklearn.neighbors",
                "scikit-learn's local outlier factor: rows in sparser places than their neighbours.",
                "Breunig, M., Kriegel, H., Ng, R. and Sander, J. (2000). LOF: Identifying Density-Based Local Outliers. SIGMOD.",
                "sklearn.neighbors._lof.LocalOutlierFactor",
                *SEARCH,
                training="negative_outlier_factor_",
                fixed={"novelty": True},
            ),
            _line(
                "OneClassSVM",
                "sklearn.svm",
                "scikit-learn's one-class support vector machine.",
                "Schölkopf, B. et al. (2001). Estimating the Support of a High-Dimensional Distribution. Neural Computation.",
                "sklearn.svm._classes.OneClassSVM",
                grows=True,
            ),
            _line(
                "SGDOneClassSVM",
                f"{__package__}.kernel_sgd",
                "scikit-learn's one-class support vector machine by gradient steps on an approximated kernel, for many rows.",
                "Schölkopf, B. et al. (2001). Estimating the Support of a High-Dimensional Distribution. Neural Computation.",
                f"{__package__}.kernel_sgd.SGDOneClassSVM",
                "sklearn.kernel_approximation.Nystroem",
                "sklearn.linear_model._stochastic_gradient.SGDOneClassSVM",
                "sklearn.linear_model._sgd_fast.Hinge",
                rows="blocks",
            ),
        )
    }
)

LEFT_OUT = MappingProxyType({"MinCovDet": "it is the estimator inside EllipticEnvelope: take that"})
"""Classes that one might ask for, and why they are not here."""


def __getattr__(name: str) -> Any:
    if name not in WRAPPED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return adapter_class(WRAPPED[name], EXTRA)
