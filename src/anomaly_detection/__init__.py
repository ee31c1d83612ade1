"""Anomaly detection that goes from a notebook to a governed production system without a rewrite.

Names are imported when they are first used: importing this package loads no numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anomaly_detection.shared.lazy import lazy_names

if TYPE_CHECKING:
    from anomaly_detection.configurations.platform import configure_platform as configure_platform
    from anomaly_detection.data_platform.loading import load_dataset as load_dataset
    from anomaly_detection.detection.catalogue import list_algorithms as list_algorithms
    from anomaly_detection.detection.catalogue import register_adapter as register_adapter
    from anomaly_detection.detection.detector import Detector as Detector
    from anomaly_detection.detection.detector import create_detector as create_detector
    from anomaly_detection.detection.detector import load_detector as load_detector
    from anomaly_detection.detection.domain.anomaly import Anomaly as Anomaly
    from anomaly_detection.detection.domain.explanation import Explanation as Explanation
    from anomaly_detection.detection.domain.severity import Severity as Severity
    from anomaly_detection.detection.results import DetectionResult as DetectionResult
    from anomaly_detection.detection.service import DetectionService as DetectionService
    from anomaly_detection.detection.service import EnsembleService as EnsembleService
    from anomaly_detection.shared.errors import PlatformError as PlatformError

__version__ = "0.1.0"

_NAMES = {
    "Anomaly": "anomaly_detection.detection.domain.anomaly:Anomaly",
    "DetectionResult": "anomaly_detection.detection.results:DetectionResult",
    "DetectionService": "anomaly_detection.detection.service:DetectionService",
    "Detector": "anomaly_detection.detection.detector:Detector",
    "EnsembleService": "anomaly_detection.detection.service:EnsembleService",
    "Explanation": "anomaly_detection.detection.domain.explanation:Explanation",
    "PlatformError": "anomaly_detection.shared.errors:PlatformError",
    "Severity": "anomaly_detection.detection.domain.severity:Severity",
    "configure_platform": "anomaly_detection.configurations.platform:configure_platform",
    "create_detector": "anomaly_detection.detection.detector:create_detector",
    "list_algorithms": "anomaly_detection.detection.catalogue:list_algorithms",
    "load_dataset": "anomaly_detection.data_platform.loading:load_dataset",
    "load_detector": "anomaly_detection.detection.detector:load_detector",
    "register_adapter": "anomaly_detection.detection.catalogue:register_adapter",
}

__getattr__, __dir__ = lazy_names(__name__, _NAMES)
__all__ = sorted(_NAMES)  # noqa: PLE0605
