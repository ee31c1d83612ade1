"""The algorithms that the server knows."""

from __future__ import annotations

from anomaly_detection_client.operations import M, Operation, Resource
from anomaly_detection_client.request import Request, request_for
from anomaly_detection_client.values.work import Algorithm


def list_algorithms(*, kind: str | None = None, family: str | None = None) -> Request[list[Algorithm]]:
    """Return the algorithms.

    Parameters
    ----------
    kind : {"table", "series"}, optional
        Only those for this kind of data.
    family : str, optional
        Only those of this family, such as ``trees``; ``sklearn`` and ``pyod`` are the detectors of those libraries.
    """
    params = {"kind": kind, "family": family}
    return request_for("GET", "algorithms", lambda body: [Algorithm.of(item) for item in body["items"]], params=params)


class Algorithms(Resource[M]):
    """What can be detected with."""

    list = Operation(list_algorithms)
