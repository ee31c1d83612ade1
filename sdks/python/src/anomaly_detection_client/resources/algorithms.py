"""The algorithms that the server knows."""

from __future__ import annotations

from anomaly_detection_client.operations import M, Operation, Resource
from anomaly_detection_client.request import Request, request_for
from anomaly_detection_client.values.work import Algorithm


def list_algorithms(*, kind: str | None = None) -> Request[list[Algorithm]]:
    """Return all algorithms, or those for one kind of data (``table``, ``series``)."""
    return request_for(
        "GET", "algorithms", lambda body: [Algorithm.of(item) for item in body["items"]], params={"kind": kind}
    )


class Algorithms(Resource[M]):
    """What can be detected with."""

    list = Operation(list_algorithms)
