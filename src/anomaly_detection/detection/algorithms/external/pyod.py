"""PyOD's detectors for tables as algorithms: ``pyod:<Class>``."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from anomaly_detection.detection.algorithms.external.adapter import adapter_class
from anomaly_detection.detection.algorithms.external.wrapped import DISTANCES, NEAREST, SEARCH, TREES, Wrapped

EXTRA = "pyod"


def _line(name: str, summary: str, reference: str, *types: str, module: str = "", **more: Any) -> Wrapped:
    path = f"pyod.models.{module or name.lower()}"
    return Wrapped(name, path, f"PyOD's {summary}", reference, (f"{path}.{name}", *types), **more)


WRAPPED = MappingProxyType(
    {
        line.name: line
        for line in (
            _line(
                "ABOD",
                "angle-based outlier detection: rows from which the others lie in one direction.",
                "Kriegel, H., Schubert, M. and Zimek, A. (2008). Angle-Based Outlier Detection in High-Dimensional Data. KDD.",
                *NEAREST,
            ),
            _line(
                "CBLOF",
                "distance from the large clusters.",
                "He, Z., Xu, X. and Deng, S. (2003). Discovering Cluster-Based Local Outliers. Pattern Recognition Letters.",
                "sklearn.cluster._kmeans.KMeans",
                min_rows=40,
                rows="blocks",
            ),
            _line(
                "COPOD",
                "copula-based outlier detection: how far in the tails of the columns a row lies.",
                "Li, Z. et al. (2020). COPOD: Copula-Based Outlier Detection. ICDM.",
                rows="alone",
            ),
            _line(
                "ECOD",
                "outlier detection by empirical distribution functions.",
                "Li, Z. et al. (2022). ECOD: Unsupervised Outlier Detection Using Empirical Cumulative Distribution Functions. TKDE.",
                rows="alone",
            ),
            _line(
                "GMM",
                "mixture of normal distributions: rows of low density are anomalous.",
                "Dempster, A., Laird, N. and Rubin, D. (1977). Maximum Likelihood from Incomplete Data via the EM Algorithm. JRSS B.",
                "sklearn.mixture._gaussian_mixture.GaussianMixture",
                rows="blocks",
            ),
            _line(
                "HBOS",
                "histogram-based outlier score.",
                "Goldstein, M. and Dengel, A. (2012). Histogram-Based Outlier Score (HBOS). KI.",
            ),
            _line(
                "IForest",
                "isolation forest: rows that few random splits set apart.",
                "Liu, F., Ting, K. and Zhou, Z. (2008). Isolation Forest. ICDM.",
                "sklearn.ensemble._iforest.IsolationForest",
                *TREES,
            ),
            _line(
                "INNE",
                "isolation by nearest-neighbour ensembles.",
                "Bandaragoda, T. et al. (2018). Isolation-Based Anomaly Detection Using Nearest-Neighbor Ensembles. Computational Intelligence.",
                rows="blocks",
            ),
            _line(
                "KDE",
                "kernel density: rows of low density are anomalous.",
                "Latecki, L., Lazarevic, A. and Pokrajac, D. (2007). Outlier Detection with Kernel Density Functions. MLDM.",
                "sklearn.neighbors._kde.KernelDensity",
                *SEARCH,
            ),
            _line(
                "KNN",
                "distance to the nearest neighbours.",
                "Ramaswamy, S., Rastogi, R. and Shim, K. (2000). Efficient Algorithms for Mining Outliers from Large Data Sets. SIGMOD.",
                *NEAREST,
                training="decision_scores_",
            ),
            _line(
                "KPCA",
                "kernel principal components: what they leave over of a row.",
                "Hoffmann, H. (2007). Kernel PCA for Novelty Detection. Pattern Recognition.",
                "pyod.models.kpca.PyODKernelPCA",
                "sklearn.preprocessing._data.KernelCenterer",
                "numpy.random.mtrand.RandomState",
                rows="blocks",
            ),
            _line(
                "LOF",
                "local outlier factor: rows in sparser places than their neighbours.",
                "Breunig, M., Kriegel, H., Ng, R. and Sander, J. (2000). LOF: Identifying Density-Based Local Outliers. SIGMOD.",
                "sklearn.neighbors._lof.LocalOutlierFactor",
                *SEARCH,
                training="decision_scores_",
                fixed={"novelty": True},
            ),
            _line(
                "MCD",
                "robust Mahalanobis distance.",
                "Hardin, J. and Rocke, D. (2004). Outlier Detection in the Multiple Cluster Setting Using the Minimum Covariance Determinant Estimator. CSDA.",
                "sklearn.covariance._robust_covariance.MinCovDet",
                rows="blocks",
                varying=True,
            ),
            _line(
                "OCSVM",
                "one-class support vector machine.",
                "Schölkopf, B. et al. (2001). Estimating the Support of a High-Dimensional Distribution. Neural Computation.",
                "sklearn.svm._classes.OneClassSVM",
                grows=True,
            ),
            _line(
                "PCA",
                "distance along the principal components, each in units of its variance.",
                "Shyu, M. et al. (2003). A Novel Anomaly Detection Scheme Based on Principal Component Classifier. ICDM.",
                "sklearn.decomposition._pca.PCA",
                "sklearn.preprocessing._data.StandardScaler",
                rows="blocks",
                varying=True,
            ),
            _line(
                "Sampling",
                "distance to the nearest of a few sampled rows.",
                "Sugiyama, M. and Borgwardt, K. (2013). Rapid Distance-Based Outlier Detection via Sampling. NeurIPS.",
                *DISTANCES,
                min_rows=40,
            ),
        )
    }
)

_BATCH = "it judges a batch of rows among themselves and cannot judge a new one"
_DEEP = "it needs PyTorch and is not wrapped"
_BLIND = "a row far from all others does not score highest with it"
_TEAM = "it is made of other detectors: use an ensemble instead"

LEFT_OUT = MappingProxyType(
    {
        **dict.fromkeys(("CD", "COF", "LMDD", "LOCI", "RGraph", "ROD", "SOD", "SOS"), _BATCH),
        **dict.fromkeys(
            ("AE1SVM", "ALAD", "AnoGAN", "AutoEncoder", "DIF", "DeepSVDD", "LUNAR", "MO_GAAL", "SO_GAAL", "VAE"), _DEEP
        ),
        **dict.fromkeys(("HDBSCAN", "LODA", "QMCD"), _BLIND),
        **dict.fromkeys(("FeatureBagging", "LSCP", "SUOD"), _TEAM),
        "DevNet": "it learns from labels",
        "XGBOD": "it learns from labels",
        "MAD": "it takes a single column: use modified_zscore, which takes any number",
    }
)
"""Classes that one might ask for, and why they are not here."""


def __getattr__(name: str) -> Any:
    if name not in WRAPPED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return adapter_class(WRAPPED[name], EXTRA)
