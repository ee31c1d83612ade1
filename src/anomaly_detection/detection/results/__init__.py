"""What a detection found, and the forms it is handed on in."""

from anomaly_detection.detection.results.result import DetectionResult
from anomaly_detection.detection.results.rows import Rows

__all__ = ["DetectionResult", "Rows"]
