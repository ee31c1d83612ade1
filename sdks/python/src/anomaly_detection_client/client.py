"""The client: one object, one attribute for each resource."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from anomaly_detection_client.resources.algorithms import Algorithms
from anomaly_detection_client.resources.datasets import Datasets
from anomaly_detection_client.resources.detections import Detections
from anomaly_detection_client.resources.jobs import Jobs
from anomaly_detection_client.resources.sessions import Sessions
from anomaly_detection_client.transport import Transport


class Client:
    """Talks to one server. Use it as a context manager, or close it.

    Parameters
    ----------
    url : str, default "http://127.0.0.1:8000"
        Address of the server.
    token : str, optional
        An access token; without one, sign in by ``client.sessions``.
    timeout : float, default 60
        Seconds to wait for one answer.
    retries : int, default 2
        How often a connection is tried again.
    """

    def __init__(
        self, url: str = "http://127.0.0.1:8000", *, token: str = "", timeout: float = 60.0, retries: int = 2
    ) -> None:
        self._transport = Transport(url, token=token, timeout=timeout, retries=retries)
        self.sessions = Sessions(self._transport)
        self.datasets = Datasets(self._transport)
        self.detections = Detections(self._transport)
        self.jobs = Jobs(self._transport)
        self.algorithms = Algorithms(self._transport)

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()
