"""Counters and durations of one server; each server has its own registry, so that two in one process do not mix."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from anomaly_detection.shared.errors import Unavailable

_LOGGER = logging.getLogger(__name__)

METRICS_CONTENT_TYPE = CONTENT_TYPE_LATEST

_DURATIONS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)


class Metrics:
    """The platform's metrics.

    Parameters
    ----------
    count_jobs : callable
        Returns how many jobs there are of each status; called when somebody reads the metrics.
    """

    def __init__(self, count_jobs: Callable[[], Mapping[str, int]]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "anomaly_detection_http_requests",
            "Requests answered, by route template, method and status.",
            ("route", "method", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "anomaly_detection_http_request_seconds",
            "Time from a request's first byte to its answer's first byte.",
            ("route", "method"),
            buckets=_DURATIONS,
            registry=self._registry,
        )
        self._detections = Counter(
            "anomaly_detection_detections",
            "Detections that ended, by status.",
            ("status",),
            registry=self._registry,
        )
        self._trainings = Counter(
            "anomaly_detection_trainings", "Trainings that ended, by status.", ("status",), registry=self._registry
        )
        self._scored = Counter(
            "anomaly_detection_rows_scored",
            "Rows that stored models judged at once, by the format they came in and the verdict.",
            ("format", "verdict"),
            registry=self._registry,
        )
        self._scoring_seconds = Histogram(
            "anomaly_detection_scoring_seconds",
            "Time that a stored model took for the rows of one request.",
            ("format",),
            buckets=(0.0005, 0.001, 0.0025, *_DURATIONS),
            registry=self._registry,
        )
        self.add_gauge("anomaly_detection_jobs", "Jobs, by status.", "status", count_jobs)

    def request_answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route, method).observe(seconds)

    def detection_ended(self, status: str) -> None:
        """Count one detection that ended."""
        self._detections.labels(status).inc()

    def add_gauge(self, name: str, description: str, label: str, read: Callable[[], Mapping[str, float]]) -> None:
        """Add numbers that are read when somebody asks for the metrics: other processes change them too."""
        self._registry.register(_Gauge(name, description, label, read))

    def training_ended(self, status: str) -> None:
        """Count one training that ended."""
        self._trainings.labels(status).inc()

    def rows_scored(self, form: str, n_rows: int, n_anomalies: int, seconds: float) -> None:
        """Count the rows of one request; `form` is ``json`` or ``arrow``."""
        self._scored.labels(form, "normal").inc(n_rows - n_anomalies)
        self._scored.labels(form, "anomaly").inc(n_anomalies)
        self._scoring_seconds.labels(form).observe(seconds)

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)


class _Gauge(Collector):
    """Numbers by label, read anew each time."""

    def __init__(self, name: str, description: str, label: str, read: Callable[[], Mapping[str, float]]) -> None:
        self._name = name
        self._description = description
        self._label = label
        self._read = read

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return [GaugeMetricFamily(self._name, self._description, labels=[self._label])]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        family = GaugeMetricFamily(self._name, self._description, labels=[self._label])
        try:
            numbers = self._read()
        except Unavailable as error:
            # The other metrics are needed most while the database is away.
            _LOGGER.warning("cannot read a metric now", extra={"metric": self._name, "code": error.code})
            return []
        for label, number in sorted(numbers.items()):
            family.add_metric([label], number)
        return [family]
