"""Where the tenant stands."""

from __future__ import annotations

from anomaly_detection_client.operations import M, Operation, Resource
from anomaly_detection_client.request import Request, request_for
from anomaly_detection_client.values import charts


def get() -> Request[charts.Overview]:
    """Return what there is, what runs, and the newest finding of each data set."""
    return request_for("GET", "overview", charts.Overview.of)


class Overview(Resource[M]):
    """Where the tenant stands."""

    get = Operation(get)
