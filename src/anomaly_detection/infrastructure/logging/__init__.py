"""Log lines with key-values and the request that they belong to: JSON for machines, short text for a terminal."""

from anomaly_detection.infrastructure.logging.configure import configure_logging
from anomaly_detection.infrastructure.logging.context import current_request_id, request_context
from anomaly_detection.infrastructure.logging.formats import JsonFormatter, TextFormatter

__all__ = ["JsonFormatter", "TextFormatter", "configure_logging", "current_request_id", "request_context"]
