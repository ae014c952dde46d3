"""A reverse proxy on loopback that injects faults: into one request, or into all.

    with FaultyProxy(server.url, "drop after", at=3) as proxy:
        ...  # the third request through proxy.url reaches the server, but its answer is lost

Everything else is passed on unchanged: bodies, queries, statuses, types and the header `Host`.
"""

import contextlib
import http.client
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

# What a client must do next depends on whether the request reached the server.
LOST = ("502 after", "drop after", "html", "slow", "cut")  # it did, but the response is lost
STOPPED = ("refuse", "502 before", "503", "html before", "429")  # it did not
KINDS = STOPPED + LOST

HOP = {  # of one connection, not of the message
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer"),
    *("transfer-encoding", "upgrade", "content-length"),
}
PAGE = b"<!DOCTYPE html><html><body><h1>Please sign in</h1></body></html>"
SPOILED = {
    "502": (502, "text/html", b"<html><h1>502 Bad Gateway</h1></html>"),
    "503": (503, "text/html", b"<html><h1>503 Service Unavailable</h1></html>"),
    "413": (413, "text/html", b"<html><h1>413 Request Entity Too Large</h1></html>"),
    "429": (429, "application/json", b'{"detail": "Request was throttled."}'),
    "html": (200, "text/html; charset=utf-8", PAGE),
}


class FaultyProxy:
    """The proxy, as a context manager.

    Args:
        target: the server's address.
        kind: a fault of `KINDS` for the `at`-th request; `None` injects none.
        at: the request that gets the fault, counted from 1.
        where: returns for (method, path) whether a request counts for `at` and `always`; by
            default all do.
        always: a fault for all requests.
        delay: the seconds that "slow" holds a response before it drops it.
        on_request: called with (number, method, path) before a request is passed on.
        on_answer: called with the same after the server has responded, before the client gets it.
        longest: the size of a body in bytes above which a request is refused; `None`: no limit.
    """

    def __init__(
        self,
        target,
        kind=None,
        *,
        at=1,
        where=None,
        always=None,
        delay=30.0,
        on_request=None,
        on_answer=None,
        longest=None,
    ):
        self.longest = longest
        self.target = urlsplit(target)
        self.delay, self.where = delay, where or (lambda method, path: True)
        self.on_request, self.on_answer = on_request, on_answer
        self.requests = []  # (method, path) of each, in order
        self.spoiled = []  # (number, kind) of each fault that was done
        self.always = _known(always)
        self.closing = threading.Event()
        self._lock, self._open, self._errors = threading.Lock(), set(), []
        self.arm(kind, at)

    def arm(self, kind, at=1):
        """Inject a fault into the `at`-th request from now on; `None` injects none."""
        with self._lock:
            self._kind, self._left = _known(kind), at

    @property
    def url(self):
        """The address for clients, instead of the server's."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self):
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.proxy = self
        self._server.handle_error = self._failed
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        with self._lock:
            still = list(self._open)
        for connection in still:
            with contextlib.suppress(OSError):
                connection.shutdown(2)
        self._server.server_close()
        if self._errors:
            raise self._errors[0]

    def opened(self, connection):
        """Remember a connection, to close it at the end."""
        with self._lock:
            self._open.add(connection)

    def closed(self, connection):
        """Forget a connection."""
        with self._lock:
            self._open.discard(connection)

    def _failed(self, *_):
        error = sys.exception()
        if not isinstance(error, OSError):  # clients that are killed are no news
            self._errors.append(error)

    def next(self, method, path):
        """Return a new request's number and its fault."""
        with self._lock:
            self.requests.append((method, path))
            number = len(self.requests)
            kind = None
            if self.where(method, path):
                self._left -= 1
                kind = (self._kind if self._left == 0 else None) or self.always
            if kind:
                self.spoiled.append((number, kind))
        return number, kind


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.server.proxy.opened(self.connection)

    def finish(self):
        self.server.proxy.closed(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, *_):
        pass

    def _pass(self):
        proxy, what = self.server.proxy, (self.command, self.path)
        body = self._body()
        number, kind = proxy.next(*what)
        if proxy.on_request:
            proxy.on_request(number, *what)
        if proxy.longest is not None and len(body) > proxy.longest:
            self._say(*SPOILED["413"])
            return
        if kind in STOPPED:
            self._spoil(kind, None)
            return
        try:
            answer = self._answer(body)
        except (OSError, http.client.HTTPException):
            self._say(*SPOILED["502"])  # as a proxy does whose server is away
            return
        if proxy.on_answer:
            proxy.on_answer(number, *what)
        if kind:
            self._spoil(kind, answer)
        else:
            self._give(*answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _pass

    def _body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)

    def _answer(self, body):
        """Return the server's response: status, headers, body."""
        target = self.server.proxy.target
        there = http.client.HTTPConnection(target.hostname, target.port or 80, timeout=300)
        with contextlib.closing(there):
            there.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in HOP:
                    there.putheader(name, value)
            if body or self.command in ("POST", "PUT", "PATCH"):
                there.putheader("Content-Length", str(len(body)))
            there.putheader("Connection", "close")
            there.endheaders(body or None)
            answer = there.getresponse()
            headers = [pair for pair in answer.getheaders() if pair[0].lower() not in HOP]
            length = answer.getheader("Content-Length")
            said = answer.read()
        kept = length if self.command == "HEAD" and length else str(len(said))
        if answer.status not in (204, 304):
            headers.append(("Content-Length", kept))
        return answer.status, headers, said

    def _spoil(self, kind, answer):
        if kind == "cut":
            status, headers, body = answer
            self._give(status, headers, body[: len(body) // 2])
        elif kind == "slow":
            self.server.proxy.closing.wait(self.server.proxy.delay)
        elif kind not in ("refuse", "drop after"):
            self._say(*SPOILED[kind.split()[0]])
            return
        self.close_connection = True

    def _say(self, status, content_type, body):
        headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        wait = [("Retry-After", "1")] * (status == 429)
        self._give(status, headers + wait, b"" if self.command == "HEAD" else body)

    def _give(self, status, headers, body):
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _known(kind):
    if kind is not None and kind not in KINDS:
        raise ValueError(f"{kind!r} is no fault; faults are {KINDS}")
    return kind
