"""The server process: one platform, one port, a clean end."""

from __future__ import annotations

import errno
import ipaddress
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import FrameType

import uvicorn

from anomaly_detection.configurations.basic.composition import Platform
from anomaly_detection.configurations.settings import Settings, environment_of
from anomaly_detection.infrastructure.jobs.supervisor import Supervisor
from anomaly_detection.infrastructure.logging import configure_logging
from anomaly_detection.presentation.api.app import create_app
from anomaly_detection.presentation.api.patience import HEAD_BYTES, PatientProtocol
from anomaly_detection.shared.errors import Unavailable

_LOGGER = logging.getLogger(__name__)

GRACE_SECONDS = 5


def run(
    settings: Settings,
    *,
    demo: bool = False,
    announce: Callable[[str], None] | None = None,
    ready: Callable[[RunningServer], None] | None = None,
) -> int:
    """Serve the platform until somebody stops it.

    Parameters
    ----------
    settings : Settings
        What the administrator chose.
    demo : bool, default False
        Put the bundled taxi series with a finished detection into the default tenant, once.
    announce : callable, optional
        Takes the lines that tell people the address and how to sign in; by default they go to standard output.
    ready : callable, optional
        Called in the server's thread once requests are answered.

    Returns
    -------
    int
        The signal that ended it (2 for Ctrl-C), or 0.

    Raises
    ------
    Unavailable
        ``platform.port_taken``.
    Conflict
        ``platform.data_dir_in_use``.
    """
    configure_logging(settings.log_level, settings.log_format)
    listener = bind(settings.host, settings.port)
    with listener, Platform(settings) as platform, _workers(settings):
        server = RunningServer(platform, listener)
        if demo:
            from anomaly_detection.configurations.basic.demo import load_demo

            load_demo(platform)
        server.on_start = lambda: _started(server, announce or _say, ready)
        return server.serve()


def _workers(settings: Settings) -> AbstractContextManager[object]:
    """Return what keeps the worker processes running that the settings ask for."""
    if not settings.worker_processes:
        return nullcontext()
    command = [sys.executable, "-P", "-m", "anomaly_detection.presentation.cli", "worker", "--with-input"]
    return Supervisor(command, settings.worker_processes, environment=environment_of(settings))


def bind(host: str, port: int) -> socket.socket:
    """Take the port before anything else is touched.

    Raises
    ------
    Unavailable
        ``platform.port_taken``, ``platform.port_not_allowed`` or ``platform.address_unusable``.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _unusable(host, port, error) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise Unavailable(
                f"Port {port} on {host} is taken by another program.",
                code="platform.port_taken",
                hint=f"Find it with `ss -ltnp 'sport = :{port}'` and stop it, or choose another port with --port.",
                details={"port": port},
            ) from error
        raise _unusable(host, port, error) from error
    return listener


class RunningServer:
    """A server over a platform; `serve` blocks, `stop` ends it from any thread."""

    def __init__(self, platform: Platform, listener: socket.socket) -> None:
        self.platform = platform
        self._listener = listener
        self.on_start: Callable[[], object] = lambda: None
        config = uvicorn.Config(
            create_app(platform),
            log_config=None,
            access_log=False,
            server_header=False,
            # Anybody can write these headers; only who was named as a proxy is believed.
            proxy_headers=bool(platform.settings.trusted_proxies),
            forwarded_allow_ips=list(platform.settings.trusted_proxies or ()),
            lifespan="off",
            ws="none",
            http=PatientProtocol,
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_keep_alive=30,
            h11_max_incomplete_event_size=HEAD_BYTES,
        )
        self._server = _Server(config, self)
        self._signal = 0

    @property
    def url(self) -> str:
        """The address that a browser opens."""
        host, port = self._listener.getsockname()[:2]
        if ipaddress.ip_address(host).is_unspecified:
            host = "127.0.0.1"
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def serve(self) -> int:
        """Answer requests until a signal or `stop`; return the signal, or 0."""
        main = threading.current_thread() is threading.main_thread()
        previous = {
            number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM) if main
        }
        try:
            self._server.run(sockets=[self._listener])
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
        _LOGGER.info("server stopped", extra={"signal": self._signal})
        return self._signal

    def stop(self) -> None:
        """End the server."""
        self._server.should_exit = True

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        # A second signal does not wait for requests that are under way.
        self._server.force_exit = self._server.should_exit
        self._signal = self._signal or number
        self.stop()


class _Server(uvicorn.Server):
    """Uvicorn with our own signals, and with event streams that end before it waits for open connections."""

    def __init__(self, config: uvicorn.Config, owner: RunningServer) -> None:
        super().__init__(config)
        self._owner = owner

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        """Leave the signals alone: the owner has them."""
        return nullcontext()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            self._owner.on_start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._owner.platform.events.end()
        await super().shutdown(sockets)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _started(
    server: RunningServer, announce: Callable[[str], None], ready: Callable[[RunningServer], None] | None
) -> None:
    _greet(server.platform, server.url, announce)
    if ready is not None:
        ready(server)


def _greet(platform: Platform, url: str, announce: Callable[[str], None]) -> None:
    _LOGGER.info("server ready", extra={"url": url, "database": platform.database.dialect})
    announce(f"The platform runs at {url}")
    first = platform.first_sign_in()
    if first is None:
        announce("Sign in with your username and password.")
    else:
        token, expires_at = first
        announce(f"Sign in for the first time as administrator: {url}/sign-in?one_time={token}")
        announce(f"The link works once, until {expires_at.astimezone():%Y-%m-%d %H:%M}.")
    announce("Ctrl-C stops it.")


def _unusable(host: str, port: int, error: OSError) -> Unavailable:
    if error.errno == errno.EACCES:
        return Unavailable(
            f"This user may not listen on port {port}.",
            code="platform.port_not_allowed",
            hint="Choose a port above 1023 with --port.",
            details={"port": port},
        )
    return Unavailable(
        f"The address {host}, port {port}, cannot be listened on: {error.strerror or error}.",
        code="platform.address_unusable",
        hint="Name an address of this machine with --host.",
    )
