"""Python client of the Anomaly Detection Platform."""

from anomaly_detection_client.client import AsyncClient, Client
from anomaly_detection_client.errors import (
    ApiError,
    Conflict,
    DetectionFailed,
    InvalidInput,
    JobFailed,
    MissingExtra,
    NotAllowed,
    NotFound,
    NotSignedIn,
    ServerError,
    TooLarge,
    TooManyRequests,
    TrainingFailed,
    Unavailable,
)
from anomaly_detection_client.resources.events import Event
from anomaly_detection_client.values.accounts import (
    ApiKey,
    Invitation,
    NewApiKey,
    OneTime,
    Role,
    Roles,
    Session,
    User,
)
from anomaly_detection_client.values.charts import Distribution, Importance, Overview, Scatter
from anomaly_detection_client.values.datasets import Column, Dataset, DatasetSummary, Preview, Profile
from anomaly_detection_client.values.detections import (
    Anomaly,
    AnomalyDetail,
    Detection,
    Feedback,
    SeriesView,
    Summary,
    Threshold,
)
from anomaly_detection_client.values.models import Model, ModelVersion, Scores
from anomaly_detection_client.values.work import Algorithm, Job
from anomaly_detection_client.version import __version__

__all__ = [
    "Algorithm",
    "Anomaly",
    "AnomalyDetail",
    "ApiError",
    "ApiKey",
    "AsyncClient",
    "Client",
    "Column",
    "Conflict",
    "Dataset",
    "DatasetSummary",
    "Detection",
    "DetectionFailed",
    "Distribution",
    "Event",
    "Feedback",
    "Importance",
    "InvalidInput",
    "Invitation",
    "Job",
    "JobFailed",
    "MissingExtra",
    "Model",
    "ModelVersion",
    "NewApiKey",
    "NotAllowed",
    "NotFound",
    "NotSignedIn",
    "OneTime",
    "Overview",
    "Preview",
    "Profile",
    "Role",
    "Roles",
    "Scatter",
    "Scores",
    "SeriesView",
    "ServerError",
    "Session",
    "Summary",
    "Threshold",
    "TooLarge",
    "TooManyRequests",
    "TrainingFailed",
    "Unavailable",
    "User",
    "__version__",
]
