"""A small receiver of webhooks: it is told that there is news, and what the news is it asks itself."""

from __future__ import annotations

import hmac
import io
import ipaddress
import logging
import secrets
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any, Self

from labeling.errors import PlatformError

logger = logging.getLogger(__name__)

HEADER = "X-Labeling-Secret"
LIMIT = 1 << 20  # bytes of a body; no more of one is read
SLOW = 5.0  # seconds that a whole request may take, however it is cut in pieces
AT_ONCE = 32  # requests that are read at the same time; others are not listened to
LULL = 0.5
"""Seconds between being told and being awake: answers come in bursts, and Label Studio tells of one
within the request that keeps it."""


class WebhookReceiver:
    """Listens for Label Studio's webhooks, each of which must bear the secret.

    What is sent is not read: it only wakes who waits. The answer is given at once, since Label Studio
    sends a webhook while the annotator waits for their own answer.

    Args:
        port: where to listen; 0 takes a free one.
        host: the address of this machine that the server can reach.
        secret: what each request must bear in the header `X-Labeling-Secret`; `None` draws one.

    Raises:
        PlatformError: the port is taken, or the address is not one of this machine's.

    >>> with Hook() as hook:
    ...     hook.wait(0.01)
    False
    """

    def __init__(self, port: int = 0, host: str = "127.0.0.1", secret: str | None = None) -> None:
        self.secret = secrets.token_urlsafe() if secret is None else secret
        self._woken = threading.Event()
        try:
            self._server = _Server(host, port)
        except (OSError, OverflowError) as error:
            raise PlatformError(
                f"Nothing can listen at {host}, port {port}: {error}. Is another `labeling` listening"
                " there? Give another port."
            ) from error
        self._server.secret, self._server.wake = self.secret, self._woken.set
        self._address: tuple[str, int] = self._server.socket.getsockname()[:2]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __repr__(self) -> str:
        return f"Hook({self.url!r})"

    @property
    def url(self) -> str:
        """Where webhooks are to be sent."""
        host, port = self._address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def wait(self, seconds: float) -> bool:
        """Wait until a webhook comes, or so many seconds; return whether one came.

        Those that come in a burst wake once; one that came before is not forgotten.
        """
        woken = self._woken.wait(seconds)
        if woken:
            time.sleep(LULL)
            self._woken.clear()
        return woken


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = AT_ONCE
    secret: str
    wake: Callable[[], object]

    def __init__(self, host: str, port: int) -> None:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        self.address_family = found[0][0]
        super().__init__(found[0][4][:2], _Request, bind_and_activate=False)  # type: ignore[arg-type]  # IPv6 has four parts
        self._free = threading.BoundedSemaphore(AT_ONCE)
        try:
            self.server_bind()
            _refuse_everywhere(host, self.socket.getsockname()[0])
            self.server_activate()
        except BaseException:
            self.server_close()
            raise

    def process_request(self, request: Any, client_address: Any) -> None:
        """Read a request in a thread of its own, unless too many are being read."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Read a request, and make room for the next."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what went wrong with a request; somebody who goes away is no fault of ours."""
        logger.debug("a request from %s was broken off", client_address, exc_info=True)


def _refuse_everywhere(host: str, bound: str) -> None:
    """Raise an error where an address is that of all interfaces, however it was written."""
    address = ipaddress.ip_address(bound.partition("%")[0])
    if (getattr(address, "ipv4_mapped", None) or address).is_unspecified:
        raise PlatformError(
            "A hook must listen at an address that Label Studio can reach, and not at all of"
            f" them. Got {host!r}; give this machine's own, or 127.0.0.1 for a server on it."
        )


class _UntilSlow(socket.SocketIO):
    """What is sent over a connection until a moment; who sends a byte a second is left then, too."""

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        super().__init__(connection, "r")
        self._connection = connection
        self._until = time.monotonic() + seconds

    def readinto(self, buffer: Any) -> int | None:
        """Read some bytes, or raise a TimeoutError."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the request takes too long")
        self._connection.settimeout(left)
        return super().readinto(buffer)


class _Request(BaseHTTPRequestHandler):
    server: _Server
    server_version, sys_version = "labeling", ""

    def setup(self) -> None:
        """Give the request its time."""
        super().setup()
        self.rfile.close()
        self.rfile = io.BufferedReader(_UntilSlow(self.connection, SLOW))

    def do_POST(self) -> None:
        """Wake who waits, if the secret is right; without it nothing more is read."""
        given = self.headers.get(HEADER, "").encode("latin-1")  # as it was sent
        is_right = hmac.compare_digest(given, self.server.secret.encode())
        if is_right:
            self.server.wake()
            length = self.headers.get("Content-Length", "")
            self.rfile.read(min(int(length), LIMIT) if length.isdecimal() else 0)
        self.send_response(204 if is_right else 403)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Log what was asked, for who looks for it."""
        logger.debug(format, *args)
