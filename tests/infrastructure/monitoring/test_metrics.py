"""Metrics as Prometheus reads them."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from anomaly_detection.infrastructure.monitoring import Metrics
from anomaly_detection.shared.errors import Unavailable


def samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
    }


def test_what_is_counted_is_rendered() -> None:
    jobs = {"queued": 2}
    metrics = Metrics(lambda: jobs)
    metrics.request_answered("/api/v1/jobs", "GET", 200, 0.02)
    metrics.request_answered("/api/v1/jobs", "GET", 200, 0.2)
    metrics.detection_ended("succeeded")
    jobs["queued"] = 3
    found = samples(metrics)
    assert found["anomaly_detection_http_requests_total", "GET", "/api/v1/jobs", "200"] == 2
    assert found["anomaly_detection_http_request_seconds_count", "GET", "/api/v1/jobs"] == 2
    assert found["anomaly_detection_detections_total", "succeeded"] == 1
    assert found["anomaly_detection_jobs", "queued"] == 3


def test_two_servers_do_not_share_counters() -> None:
    first, second = Metrics(dict), Metrics(dict)
    first.detection_ended("failed")
    assert ("anomaly_detection_detections_total", "failed") not in samples(second)


def test_the_counters_are_there_while_the_database_is_away() -> None:
    def count() -> dict[str, int]:
        raise Unavailable("It does not answer.", code="platform.database_unreachable")

    metrics = Metrics(count)
    metrics.detection_ended("failed")
    assert samples(metrics) == {("anomaly_detection_detections_total", "failed"): 1}
