"""The proxy that tests of Label Studio spoil requests with does what its faults are named."""

import http.client
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from tests.support.faulty_proxy import KINDS, LOST, STOPPED, FaultyProxy

ANSWERED = {"502 before": 502, "502 after": 502, "503": 503, "429": 429}
PAGES = ("html", "html before")
SILENT = ("refuse", "drop after", "cut")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.command, self.path, body, self.headers["Host"]))
        if self.path.startswith("/stream"):
            self.stream()
            return
        said = json.dumps({"body": body.decode("latin-1")}).encode()
        self.send_response(404 if self.path.startswith("/missing") else 201)
        self.send_header("Content-Type", "application/problem+json")
        self.send_header("Set-Cookie", "one=1")
        self.send_header("Set-Cookie", "two=2")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def stream(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in range(3):
            self.wfile.write(b"5\r\n\x00\xff\r\n\n\r\n")
        self.wfile.write(b"0\r\n\r\n")

    do_GET = do_POST = do_PATCH = do_DELETE = answer


@pytest.fixture
def target():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.seen, server.daemon_threads = [], True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def client_of(proxy, timeout=10):
    with httpx.Client(base_url=proxy.url, trust_env=False, timeout=timeout) as client:
        yield client


def test_what_is_not_spoiled_passes_as_it_is(target):
    with FaultyProxy(target.url) as proxy, client_of(proxy) as client:
        answer = client.post("/a%20b?x=1&y=%C3%A9", content=b"\x00\xff")
        missing = client.delete("/missing")
        chunked = client.patch("/", content=iter([b"one", b"two"]))
        streamed = client.get("/stream")

    assert (201, 404, 201, 200) == (
        *(answer.status_code, missing.status_code),
        *(chunked.status_code, streamed.status_code),
    )
    assert {"body": "\x00\xff"} == answer.json()
    assert "application/problem+json" == answer.headers["Content-Type"]
    assert ["one=1", "two=2"] == answer.headers.get_list("Set-Cookie")
    assert b"\x00\xff\r\n\n" * 3 == streamed.content
    host = proxy.url.removeprefix("http://")
    assert ("POST", "/a%20b?x=1&y=%C3%A9", b"\x00\xff", host) == target.seen[0]
    assert b"onetwo" == target.seen[2][2]
    assert [(one[0], one[1]) for one in target.seen] == proxy.requests
    assert [] == proxy.spoiled


@pytest.mark.parametrize("kind", KINDS)
def test_one_request_is_spoiled_and_those_about_it_are_not(target, kind):
    """The server sees the spoiled request if, and only if, the fault is one that loses answers."""
    with (
        FaultyProxy(target.url, kind, at=2, delay=0.2) as proxy,
        client_of(proxy) as client,
    ):
        assert 201 == client.post("/", content=b"1").status_code
        spoil(client, kind)
        assert 201 == client.post("/", content=b"3").status_code

    assert [(2, kind)] == proxy.spoiled
    assert [b"1", *[b"2"] * (kind in LOST), b"3"] == [body for _, _, body, _ in target.seen]
    assert 3 == len(proxy.requests)


def spoil(client, kind):
    if kind in ANSWERED:
        answer = client.post("/", content=b"2")
        assert ANSWERED[kind] == answer.status_code
        assert ("1" if kind == "429" else None) == answer.headers.get("Retry-After")
    elif kind in PAGES:
        answer = client.post("/", content=b"2")
        assert (200, "text/html; charset=utf-8") == (
            answer.status_code,
            answer.headers["Content-Type"],
        )
    elif kind in SILENT:
        with pytest.raises(httpx.RemoteProtocolError):
            client.post("/", content=b"2")
    else:
        with pytest.raises(httpx.ReadTimeout):
            client.post("/", content=b"2", timeout=0.1)


def test_every_fault_is_of_one_kind():
    assert set(KINDS) == {*LOST, *STOPPED}
    assert not {*LOST} & {*STOPPED}
    with pytest.raises(ValueError, match="'lost' is no fault"):
        FaultyProxy("http://127.0.0.1:1", "lost")


def test_requests_are_counted_where_they_are_asked_about(target):
    posts = {"where": lambda method, path: method == "POST"}
    with FaultyProxy(target.url, "503", at=2, **posts) as proxy, client_of(proxy) as client:
        sent = ("GET", "POST", "GET", "POST", "POST")
        assert [201, 201, 201, 503, 201] == [client.request(m, "/").status_code for m in sent]
        proxy.arm("429")
        assert [201, 429, 201] == [client.request(m, "/").status_code for m in sent[2:]]


def test_all_requests_are_spoiled_until_that_is_lifted(target):
    with FaultyProxy(target.url, always="503") as proxy, client_of(proxy) as client:
        assert [503, 503] == [client.get("/").status_code for _ in range(2)]
        proxy.always = None
        assert 201 == client.get("/").status_code


def test_somebody_is_told_before_and_after_the_server_has_a_request(target):
    told = []

    def tell(when):
        return lambda number, method, path: told.append(
            (when, number, method, path, len(target.seen))
        )

    hooks = {"on_request": tell("before"), "on_answer": tell("after")}
    with FaultyProxy(target.url, **hooks) as proxy, client_of(proxy) as client:
        client.get("/x")
        client.get("/y")

    assert [
        ("before", 1, "GET", "/x", 0),
        ("after", 1, "GET", "/x", 1),
        ("before", 2, "GET", "/y", 1),
        ("after", 2, "GET", "/y", 2),
    ] == told


def test_a_server_that_is_away_is_a_bad_gateway(target):
    with FaultyProxy("http://127.0.0.1:1") as proxy, client_of(proxy) as client:
        assert 502 == client.get("/").status_code


def test_it_ends_though_a_client_is_still_connected_or_waits(target):
    with FaultyProxy(target.url, "slow", delay=60) as proxy:
        waits = http.client.HTTPConnection(proxy.url.removeprefix("http://"))
        waits.request("GET", "/")
        idle = http.client.HTTPConnection(proxy.url.removeprefix("http://"))
        idle.connect()

    with pytest.raises((http.client.HTTPException, OSError)):
        waits.getresponse()
    waits.close()
    idle.close()
