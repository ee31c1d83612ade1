"""What the platform counts of itself, in Prometheus' text format."""

from anomaly_detection.infrastructure.monitoring.metrics import METRICS_CONTENT_TYPE, Metrics

__all__ = ["METRICS_CONTENT_TYPE", "Metrics"]
