"""A small receiver of webhooks: it is told that there is news, and what the news is it asks itself."""

from __future__ import annotations

import hmac
import logging
import secrets
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from labeling.errors import PlatformError

logger = logging.getLogger(__name__)

HEADER = "X-Labeling-Secret"
LIMIT = 1 << 20  # bytes of a body; no more of one is read
SLOW = 5.0  # seconds after which somebody who sends nothing is left
LULL = 0.5
"""Seconds between being told and being awake: answers come in bursts, and Label Studio tells of one
within the request that keeps it."""


class Hook:
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
        if host in ("", "0.0.0.0", "::"):
            raise PlatformError(
                "A hook must listen at an address that Label Studio can reach, and not at all of"
                f" them. Got {host!r}; give this machine's own, or 127.0.0.1 for a server on it."
            )
        self.secret = secrets.token_urlsafe() if secret is None else secret
        self._woken = threading.Event()
        try:
            self._server = _Server((host, port), _Request)
        except (OSError, OverflowError) as error:
            raise PlatformError(
                f"Nothing can listen at {host}, port {port}: {error}. Is another `labeling` listening"
                " there? Give another port."
            ) from error
        self._server.secret, self._server.wake = self.secret, self._woken.set
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __repr__(self) -> str:
        return f"Hook({self.url!r})"

    @property
    def url(self) -> str:
        """Where webhooks are to be sent."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

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


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    secret: str
    wake: Callable[[], object]


class _Request(BaseHTTPRequestHandler):
    server: _Server
    server_version, sys_version = "labeling", ""
    timeout = SLOW

    def do_POST(self) -> None:
        """Wake who waits, if the secret is right."""
        length = self.headers.get("Content-Length", "")
        self.rfile.read(min(int(length), LIMIT) if length.isdecimal() else 0)
        given = self.headers.get(HEADER, "").encode("latin-1")  # as it was sent
        is_right = hmac.compare_digest(given, self.server.secret.encode())
        if is_right:
            self.server.wake()
        self.send_response(204 if is_right else 403)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Log what was asked, for who looks for it."""
        logger.debug(format, *args)
