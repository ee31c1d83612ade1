"""Python client of the Anomaly Detection Platform."""

from anomaly_detection_client.client import Client
from anomaly_detection_client.errors import (
    ApiError,
    Conflict,
    DetectionFailed,
    InvalidInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    ServerError,
    TooLarge,
    TooManyRequests,
    Unavailable,
)
from anomaly_detection_client.models import (
    Algorithm,
    Anomaly,
    Dataset,
    Detection,
    Job,
    Preview,
    Session,
    Threshold,
    User,
)

__all__ = [
    "Algorithm",
    "Anomaly",
    "ApiError",
    "Client",
    "Conflict",
    "Dataset",
    "Detection",
    "DetectionFailed",
    "InvalidInput",
    "Job",
    "NotAllowed",
    "NotFound",
    "NotSignedIn",
    "Preview",
    "ServerError",
    "Session",
    "Threshold",
    "TooLarge",
    "TooManyRequests",
    "Unavailable",
    "User",
]
