"""The clients: one attribute for each resource; one makes its calls at once, the other one's calls are awaited."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Any, Generic, Self

import httpx

from anomaly_detection_client.async_transport import AsyncTransport
from anomaly_detection_client.core import Core
from anomaly_detection_client.credentials import credentials_of
from anomaly_detection_client.errors import InvalidInput
from anomaly_detection_client.operations import Awaiting, Blocking, M
from anomaly_detection_client.resources.algorithms import Algorithms
from anomaly_detection_client.resources.anomalies import Anomalies
from anomaly_detection_client.resources.api_keys import ApiKeys
from anomaly_detection_client.resources.datasets import Datasets
from anomaly_detection_client.resources.detections import Detections
from anomaly_detection_client.resources.events import Events
from anomaly_detection_client.resources.feedback import Feedback
from anomaly_detection_client.resources.jobs import Jobs
from anomaly_detection_client.resources.models import Models
from anomaly_detection_client.resources.overview import Overview
from anomaly_detection_client.resources.roles import Roles
from anomaly_detection_client.resources.sessions import Sessions
from anomaly_detection_client.resources.users import Users
from anomaly_detection_client.retries import Retries
from anomaly_detection_client.transport import Transport
from anomaly_detection_client.wire import Wire

DEFAULT_URL = "http://127.0.0.1:8000"
URL_VARIABLE = "ANOMALY_DETECTION_URL"
KEY_VARIABLE = "ANOMALY_DETECTION_API_KEY"


class _Resources(Generic[M]):
    """What both clients have."""

    def __init__(self, transport: Transport | AsyncTransport) -> None:
        self.sessions: Sessions[M] = Sessions(transport)
        self.users: Users[M] = Users(transport)
        self.roles: Roles[M] = Roles(transport)
        self.api_keys: ApiKeys[M] = ApiKeys(transport)
        self.datasets: Datasets[M] = Datasets(transport)
        self.detections: Detections[M] = Detections(transport)
        self.anomalies: Anomalies[M] = Anomalies(transport)
        self.feedback: Feedback[M] = Feedback(transport)
        self.models: Models[M] = Models(transport)
        self.jobs: Jobs[M] = Jobs(transport)
        self.algorithms: Algorithms[M] = Algorithms(transport)
        self.events: Events[M] = Events(transport)
        self.overview: Overview[M] = Overview(transport)
        self._shown = f"<{type(self).__name__} of {transport.wire.shown}, {{}}>"
        self._credentials = transport.core.credentials

    def __repr__(self) -> str:
        return self._shown.format(repr(self._credentials).strip("<>"))

    @classmethod
    def from_environment(cls, **options: Any) -> Self:
        """Make a client from the variables ``ANOMALY_DETECTION_URL`` and ``ANOMALY_DETECTION_API_KEY``.

        Parameters
        ----------
        **options
            As for the class; what is given here comes before the environment.

        Raises
        ------
        InvalidInput
            ``client.no_api_key``: the variable is missing.
        """
        key = os.environ.get(KEY_VARIABLE, "").strip()
        if not key and "api_key" not in options:
            raise InvalidInput(
                f"The variable {KEY_VARIABLE} is not set.",
                code="client.no_api_key",
                hint="Make a key in the dashboard or with client.api_keys.create, and set the variable to it.",
            )
        url = os.environ.get(URL_VARIABLE, "").strip() or DEFAULT_URL
        return cls(**{"url": url, "api_key": key, **options})


class Client(_Resources[Blocking]):
    """Talks to one server. Use it as a context manager, or close it. Several threads may share one.

    Parameters
    ----------
    url : str, default "http://127.0.0.1:8000"
        Address of the server.
    token : str, optional
        An access token.
    api_key : str, optional
        A key such as ``adk_...``; also from the environment, by `from_environment`.
    username, password : str, optional
        Signed in with when the first call needs it, and again when the session has ended. Without any of these, sign in by
        ``client.sessions``.
    timeout : float, default 60
        Seconds to wait until an answer begins or goes on; uploads, downloads and scores may take 10 minutes.
    retries : int, default 3
        How often a request is sent again that was lost or that a busy server put off (429, 502, 503, 504), where sending it
        twice does no harm: reading, replacing, deleting, and what carries an idempotency key, as all that creates does.
    transport : httpx.BaseTransport, optional
        For a proxy or certificates of your own: ``httpx.HTTPTransport(verify=..., proxy=...)``.

    Raises
    ------
    InvalidInput
        ``client.invalid_address``, ``client.two_proofs``, ``client.half_a_proof``, ``client.damaged_proof``.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        token: str = "",
        api_key: str = "",
        username: str = "",
        password: str = "",
        timeout: float = 60.0,
        retries: int = 3,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        credentials = credentials_of(token=token, api_key=api_key, username=username, password=password)
        self._transport = Transport(Core(credentials, Retries(limit=retries)), Wire(url, timeout), transport)
        super().__init__(self._transport)

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


class AsyncClient(_Resources[Awaiting]):
    """As `Client`, with calls to await (under asyncio) and lists to read by ``async for``. Several tasks may share one.

    Parameters
    ----------
    url, token, api_key, username, password, timeout, retries
        As for `Client`.
    transport : httpx.AsyncBaseTransport, optional
        For a proxy or certificates of your own: ``httpx.AsyncHTTPTransport(verify=..., proxy=...)``.

    Raises
    ------
    InvalidInput
        As for `Client`.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        token: str = "",
        api_key: str = "",
        username: str = "",
        password: str = "",
        timeout: float = 60.0,
        retries: int = 3,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        credentials = credentials_of(token=token, api_key=api_key, username=username, password=password)
        self._transport = AsyncTransport(Core(credentials, Retries(limit=retries)), Wire(url, timeout), transport)
        super().__init__(self._transport)

    async def __aenter__(self) -> Self:
        """Return the client itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()
