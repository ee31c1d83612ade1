"""The algorithms that the server knows."""

from __future__ import annotations

from anomaly_detection_client.models import Algorithm
from anomaly_detection_client.transport import Transport


class Algorithms:
    """What can be detected with."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, *, kind: str | None = None) -> list[Algorithm]:
        """Return all algorithms, or those for one kind of data (``table``, ``series``)."""
        return self._transport.read(
            "GET",
            "algorithms",
            lambda body: [Algorithm.of(item) for item in body["items"]],
            params={"kind": kind},
        )
