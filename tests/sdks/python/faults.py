"""A proxy between client and server that loses, delays and refuses what it is told to."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Fault:
    """What happens to one request, where its method and path are these.

    Attributes
    ----------
    status : int
        Answers with it in the place of the server; 0 lets the server answer.
    lose_request_after : int or None
        Closes the connection after so many bytes of the body; the server gets nothing.
    lose_answer_after : int or None
        Closes the connection after so many bytes of the answer's body (0: before its head); the server did its work.
    hurry : bool
        Loses the answer without waiting for it: the server is still at work.
    """

    method: str = ""
    path: str = ""
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    code: str = "test.fault"
    lose_request_after: int | None = None
    lose_answer_after: int | None = None
    hurry: bool = False

    def meets(self, method: str, path: str) -> bool:
        return (not self.method or self.method == method) and self.path in path


@dataclass
class Seen:
    """A request that came by."""

    method: str
    path: str
    headers: dict[str, str]


class Faulty:
    """A proxy with the faults that are still to happen, each once, and the requests that it has seen.

    Attributes
    ----------
    expired : set of str
        Tokens that are refused as too old.
    ahead : timedelta
        How much later it is by the clock that answers name.
    """

    def __init__(self, upstream: str, port: int = 0) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.faults: list[Fault] = []
        self.expired: set[str] = set()
        self.ahead = timedelta()
        self.requests: list[Seen] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.proxy = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def add(self, *faults: Fault) -> None:
        self.faults += faults

    def paths(self, method: str) -> list[str]:
        """Return the paths asked for by a method, without what comes before the resource and after the path."""
        return [urlsplit(item.path).path.removeprefix("/api/v1/") for item in self.requests if item.method == method]

    def note(self, seen: Seen) -> Fault:
        with self._lock:
            self.requests.append(seen)
            if seen.headers.get("Authorization", "").removeprefix("Bearer ") in self.expired:
                return Fault(status=401, code="auth.token_expired")
            for fault in self.faults:
                if fault.meets(seen.method, seen.path):
                    self.faults.remove(fault)
                    return fault
        return Fault()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def faulty(upstream: str) -> Iterator[Faulty]:
    proxy = Faulty(upstream)
    try:
        yield proxy
    finally:
        proxy.close()


class _Server(ThreadingHTTPServer):
    proxy: Faulty


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def proxy(self) -> Faulty:
        assert isinstance(self.server, _Server)
        return self.server.proxy

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def serve(self) -> None:
        fault = self.proxy.note(Seen(self.command, self.path, dict(self.headers.items())))
        body = self.body(fault.lose_request_after)
        if body is None:
            return self.cut()
        if fault.status:
            return self.refuse(fault)
        if fault.hurry:
            threading.Thread(target=self.forward, args=(body,)).start()
            # Long enough for the server to have begun.
            time.sleep(0.05)
            return self.cut()
        status, headers, answer = self.forward(body)
        if fault.lose_answer_after is None:
            return self.hand_on(status, headers, answer)
        if fault.lose_answer_after:
            self.hand_on(status, headers, answer, fault.lose_answer_after)
        return self.cut()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve  # noqa: N815 - what http.server looks for

    def body(self, most: int | None) -> bytes | None:
        """Return what was sent, or None where the connection shall break in the middle of it."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            received = b""
            while size := int(self.rfile.readline(), 16):
                received += self.rfile.read(size + 2)[:-2]
                if most is not None and len(received) > most:
                    return None
            self.rfile.readline()
            return received
        length = int(self.headers.get("Content-Length", 0))
        received = self.rfile.read(length if most is None else min(most, length))
        return received if most is None else None

    def forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = http.client.HTTPConnection(self.proxy.upstream, timeout=60)
        kept = {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in {"host", "connection", "transfer-encoding", "content-length"}
        }
        upstream.request(self.command, self.path, body, {**kept, "Connection": "close"})
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        return answer.status, answer.getheaders(), content

    def hand_on(self, status: int, headers: list[tuple[str, str]], answer: bytes, most: int | None = None) -> None:
        self.send_response_only(status)
        self.send_header("Date", format_datetime(datetime.now(UTC) + self.proxy.ahead, usegmt=True))
        for name, value in headers:
            if name.lower() not in {"content-length", "transfer-encoding", "connection", "date"}:
                self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer if most is None else answer[:most])

    def refuse(self, fault: Fault) -> None:
        document: dict[str, Any] = {"status": fault.status, "code": fault.code, "detail": "Refused.", "hint": ""}
        headers = [("Content-Type", "application/problem+json"), *fault.headers.items()]
        self.hand_on(fault.status, headers, json.dumps(document).encode())

    def cut(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: Any) -> None:
        return
