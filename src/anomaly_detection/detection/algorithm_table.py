"""The one table of our own algorithms: name, place and capabilities."""

from __future__ import annotations

from dataclasses import dataclass

_ROOT = "anomaly_detection.detection.algorithms"


@dataclass(frozen=True, slots=True)
class CatalogueLine:
    """Where an algorithm is and what it can do.

    Attributes
    ----------
    target : str
        ``package.module:Class``. The class or its module also holds ``PARAMETERS`` and ``REFERENCE``.
    kinds : tuple of str
        Kinds of data it takes, of ``table``, ``series``, ``image``, ``text``.
    independent_rows : bool
        A row scores the same alone as among others.
    causal : bool
        For series: the score of a prefix does not change when more comes.
    min_rows : int
        Below, fitting falls back to a robust distance.
    """

    name: str
    target: str
    family: str
    kinds: tuple[str, ...] = ("table",)
    independent_rows: bool = True
    causal: bool = False
    online: bool = False
    deterministic: bool = True
    min_rows: int = 2
    extra: str | None = None
    needs: str | None = None
    """The module of the optional library, when there is one."""
    summary: str = ""
    reference: str = ""
    """What is said of it where that must be known without importing its library."""


LINES = (
    CatalogueLine("modified_zscore", f"{_ROOT}.statistical.modified_zscore:ModifiedZScore", "statistical", min_rows=1),
    CatalogueLine("zscore", f"{_ROOT}.statistical.zscore:ZScore", "statistical", min_rows=3),
    CatalogueLine("iqr", f"{_ROOT}.statistical.iqr:InterquartileRange", "statistical", min_rows=4),
    CatalogueLine("hbos", f"{_ROOT}.statistical.hbos:HistogramOutlierScore", "statistical", min_rows=8),
    CatalogueLine("ecod", f"{_ROOT}.statistical.ecod:EmpiricalTails", "statistical", min_rows=8),
    CatalogueLine("isolation_forest", f"{_ROOT}.trees.isolation_forest:IsolationForest", "trees", min_rows=8),
    CatalogueLine("knn", f"{_ROOT}.neighbours.knn:KNearestNeighbours", "neighbours", min_rows=4),
    CatalogueLine("lof", f"{_ROOT}.neighbours.lof:LocalOutlierFactor", "neighbours", min_rows=4),
    CatalogueLine(
        "elliptic_envelope", f"{_ROOT}.statistical.elliptic_envelope:EllipticEnvelope", "statistical", min_rows=8
    ),
    CatalogueLine("robust_mcd", f"{_ROOT}.statistical.robust_mcd:RobustCovariance", "statistical", min_rows=8),
    CatalogueLine("one_class_svm", f"{_ROOT}.linear.one_class_svm:OneClassSVM", "linear", min_rows=8),
    CatalogueLine(
        "seasonal_decomposition",
        f"{_ROOT}.timeseries.seasonal_decomposition:SeasonalDecomposition",
        "timeseries",
        kinds=("series",),
        independent_rows=False,
        min_rows=4,
    ),
    CatalogueLine(
        "stl", f"{_ROOT}.timeseries.stl:STL", "timeseries", kinds=("series",), independent_rows=False, min_rows=4
    ),
    CatalogueLine("ensemble", "anomaly_detection.detection.ensemble.ensemble:Ensemble", "ensemble", min_rows=1),
)

DEFAULTS = {"table": "knn", "series": "stl"}
"""The algorithm for each kind of data when the user names none.

For tables not the forest, although it is faster: its scores saturate, so that no row far out can have a small p-value, and
the default threshold, which bounds the share of false alarms, would next to never flag one.
"""
