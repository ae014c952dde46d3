"""Webhooks: a small HTTP receiver, and their registration on the Label Studio server."""

from __future__ import annotations

import contextlib
import hmac
import io
import ipaddress
import logging
import secrets
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Self

from labeling.errors import PlatformError
from labeling.label_studio.client import NotFoundError, StudioClient

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio as Sdk

logger = logging.getLogger(__name__)

HEADER = "X-Labeling-Secret"
MAX_BODY = 1 << 20  # bytes of a body that are read
REQUEST_TIMEOUT = 5.0  # seconds for a whole request, however many packets it arrives in
MAX_CONCURRENT = 32  # requests read at the same time; more are refused
DEBOUNCE = 0.5
"""Seconds between a webhook and the wake-up: annotations come in bursts, and Label Studio sends the
webhook inside the request that saves the annotation."""

ACTIONS = ("ANNOTATION_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_DELETED")
REFUSED = "reserved network address"  # the server's error for an address that it does not send to


class WebhookReceiver:
    """Receives Label Studio's webhooks; a request without the secret is refused.

    The payload is ignored: a webhook only wakes up `wait`, and the annotations are pulled. The
    response is sent at once, because Label Studio sends the webhook while the annotator waits.

    Args:
        port: the port to listen on; 0 takes a free one.
        host: the address of this machine that the server can reach.
        secret: the required value of the header `X-Labeling-Secret`; `None` generates one.

    Raises:
        PlatformError: the port is taken, or the address is not one of this machine's.

    >>> with WebhookReceiver() as receiver:
    ...     receiver.wait(0.01)
    False
    """

    def __init__(self, port: int = 0, host: str = "127.0.0.1", secret: str | None = None) -> None:
        self.secret = secrets.token_urlsafe() if secret is None else secret
        self._received = threading.Event()
        try:
            self._server = _Server(host, port)
        except (OSError, OverflowError) as error:
            raise PlatformError(
                f"Cannot listen at {host}, port {port}: {error}. Is another `labeling` listening"
                " there? Give another port."
            ) from error
        self._server.secret, self._server.on_webhook = self.secret, self._received.set
        self._address: tuple[str, int] = self._server.socket.getsockname()[:2]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __repr__(self) -> str:
        return f"WebhookReceiver({self.url!r})"

    @property
    def url(self) -> str:
        """The address that webhooks are sent to."""
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
        """Wait for a webhook, at most this many seconds; return whether one came.

        A burst of webhooks wakes up once; one that came before the call counts.
        """
        received = self._received.wait(seconds)
        if received:
            time.sleep(DEBOUNCE)
            self._received.clear()
        return received


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = MAX_CONCURRENT
    secret: str
    on_webhook: Callable[[], object]

    def __init__(self, host: str, port: int) -> None:
        addresses = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        self.address_family = addresses[0][0]
        super().__init__(addresses[0][4][:2], _Request, bind_and_activate=False)  # type: ignore[arg-type]  # IPv6 has four parts
        self._slots = threading.BoundedSemaphore(MAX_CONCURRENT)
        try:
            self.server_bind()
            _refuse_wildcard(host, self.socket.getsockname()[0])
            self.server_activate()
        except BaseException:
            self.server_close()
            raise

    def process_request(self, request: Any, client_address: Any) -> None:
        """Handle a request in its own thread, unless too many are being handled."""
        if self._slots.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Handle a request, then free its slot."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log a failed request; a client that disconnects is not an error."""
        logger.debug("a request from %s failed", client_address, exc_info=True)


def _refuse_wildcard(host: str, bound: str) -> None:
    """Raise a PlatformError for the wildcard address (all interfaces), however it is written."""
    address = ipaddress.ip_address(bound.partition("%")[0])
    if (getattr(address, "ipv4_mapped", None) or address).is_unspecified:
        raise PlatformError(
            "A webhook receiver must listen at one address that Label Studio can reach, not at all"
            f" interfaces. Got {host!r}; give this machine's own, or 127.0.0.1 for a server on it."
        )


class _DeadlineSocketIO(socket.SocketIO):
    """Reads a connection until a deadline, so that a slow sender cannot hold a thread."""

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        super().__init__(connection, "r")
        self._connection = connection
        self._deadline = time.monotonic() + seconds

    def readinto(self, buffer: Any) -> int | None:
        """Read some bytes, or raise a TimeoutError."""
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the request takes too long")
        self._connection.settimeout(remaining)
        return super().readinto(buffer)


class _Request(BaseHTTPRequestHandler):
    server: _Server
    server_version, sys_version = "labeling", ""

    def setup(self) -> None:
        """Set the request's deadline."""
        super().setup()
        self.rfile.close()
        self.rfile = io.BufferedReader(_DeadlineSocketIO(self.connection, REQUEST_TIMEOUT))

    def do_POST(self) -> None:
        """Accept a webhook if its secret is right; otherwise the body is not read."""
        given = self.headers.get(HEADER, "").encode("latin-1")  # the bytes that were sent
        is_authorized = hmac.compare_digest(given, self.server.secret.encode())
        if is_authorized:
            self.server.on_webhook()
            length = self.headers.get("Content-Length", "")
            self.rfile.read(min(int(length), MAX_BODY) if length.isdecimal() else 0)
        self.send_response(204 if is_authorized else 403)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Write the access log to the debug level."""
        logger.debug(format, *args)


@contextlib.contextmanager
def registered_webhooks(
    client: StudioClient, project_ids: Iterable[int], url: str, secret: str
) -> Iterator[None]:
    """Register a webhook for each project while the context lasts.

    The server then calls the address for each annotation that is created, changed or deleted.

    Args:
        client: the server's client.
        project_ids: the projects.
        url: the receiver's address; older webhooks to it are removed.
        secret: the value of the header `X-Labeling-Secret`.

    Raises:
        PlatformError: the server does not send to this address.
        UnreachableError: the server does not answer.
    """
    with contextlib.ExitStack() as stack:
        for project_id in project_ids:
            _register(client, project_id, url, secret)
            stack.callback(_unregister, client, project_id, url)
        yield


def _register(client: StudioClient, project_id: int, url: str, secret: str) -> None:
    action = f"registering a webhook of project {project_id}"

    def create(sdk: Sdk) -> object:
        return sdk.webhooks.create(
            project=project_id,
            url=url,
            actions=ACTIONS,
            headers={HEADER: secret},
            send_payload=False,
            send_for_all_actions=False,
        )

    def attempt() -> None:
        _remove(client, project_id, url)  # also one whose response was lost
        client.request_once(action, create)

    try:
        client.with_retries(action, attempt)
    except PlatformError as error:
        if REFUSED not in str(error):
            raise
        raise PlatformError(
            f"Label Studio at {client.url} sends no webhooks to {url}: it refuses addresses of its"
            " own machine and network. For a server on this machine, start it with the setting"
            " SSRF_PROTECTION_ENABLED=false (`labeling studio up` does so); or poll instead:"
            " `labeling run --watch`."
        ) from error


def _remove(client: StudioClient, project_id: int, url: str) -> None:
    action = f"removing webhooks of project {project_id}"
    # The SDK requires the id as a string.
    webhooks: Any = client.request_once(
        action, lambda sdk: sdk.webhooks.list(project=str(project_id))
    )
    for webhook in webhooks:
        if webhook.url == url and webhook.id is not None:
            with contextlib.suppress(NotFoundError):
                client.request_once(
                    action,
                    lambda sdk, webhook_id=webhook.id: sdk.webhooks.delete(webhook_id),  # type: ignore[misc]  # inferred
                )


def _unregister(client: StudioClient, project_id: int, url: str) -> None:
    """Remove a webhook; one that remains is harmless, because nothing listens at its address."""
    try:
        client.with_retries("removing a webhook", lambda: _remove(client, project_id, url))
    except PlatformError as error:
        logger.warning("The webhook to %s was not removed: %s", url, error)
