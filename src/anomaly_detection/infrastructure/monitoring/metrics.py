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
        self._registry.register(_Jobs(count_jobs))

    def request_answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route, method).observe(seconds)

    def detection_ended(self, status: str) -> None:
        """Count one detection that ended."""
        self._detections.labels(status).inc()

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)


class _Jobs(Collector):
    """Reads the numbers of jobs from the database, because other processes change them too."""

    def __init__(self, count: Callable[[], Mapping[str, int]]) -> None:
        self._count = count

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return [GaugeMetricFamily("anomaly_detection_jobs", "Jobs, by status.", labels=["status"])]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        family = GaugeMetricFamily("anomaly_detection_jobs", "Jobs, by status.", labels=["status"])
        try:
            counts = self._count()
        except Unavailable as error:
            # The other metrics are needed most while the database is away.
            _LOGGER.warning("cannot count the jobs now", extra={"code": error.code})
            return []
        for status, number in sorted(counts.items()):
            family.add_metric([status], number)
        return [family]
