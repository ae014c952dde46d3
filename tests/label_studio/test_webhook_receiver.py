"""The webhook receiver withstands requests that are slow, large, many, or lack the secret."""

import contextlib
import http.client
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest

from labeling.errors import PlatformError
from labeling.label_studio import webhooks as hooks
from labeling.label_studio.webhooks import HEADER, WebhookReceiver


@pytest.mark.parametrize("host", ["", "0", "0.0.0", "0x0", "0.0.0.0", "::", "::ffff:0.0.0.0"])
def test_all_interfaces_are_refused_however_they_are_written(host):
    with pytest.raises(PlatformError, match="not at all interfaces"):
        WebhookReceiver(host=host)


def test_a_name_is_judged_by_the_address_that_is_bound():
    with WebhookReceiver(host="localhost") as hook:
        assert urlsplit(hook.url).hostname in ("127.0.0.1", "::1")
        assert 204 == post(hook, hook.secret)
    with pytest.raises(PlatformError, match=r"Cannot listen at no\.such\.host\.invalid"):
        WebhookReceiver(host="no.such.host.invalid")


def test_it_listens_at_an_address_of_six(monkeypatch):
    if not can_bind("::1"):
        with pytest.raises(PlatformError, match="Cannot listen"):
            WebhookReceiver(host="::1")
        return
    with WebhookReceiver(host="::1") as hook:
        assert hook.url.startswith("http://[::1]:")
        assert 204 == post(hook, hook.secret)


def can_bind(host):
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind((host, 0))
        return True
    return False


def post(hook, secret, body=b"{}"):
    place = urlsplit(hook.url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
    with contextlib.closing(connection):
        connection.request("POST", "/", body, {HEADER: secret})
        return connection.getresponse().status


def opened(hook):
    place = urlsplit(hook.url)
    return socket.create_connection((place.hostname, place.port), timeout=30)


def threads_of(hook):
    """Return how many threads read requests."""
    return sum("process_request_thread" in thread.name for thread in threading.enumerate())


def wait_until(is_so, seconds=30):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("begin", [b"", b"POST / HTTP/1.1\r\nX-Drop: "])
def test_a_byte_now_and_then_holds_no_thread(monkeypatch, begin):
    """The time is that of the whole request, and not of each byte."""
    monkeypatch.setattr(hooks, "REQUEST_TIMEOUT", 1.0)
    with WebhookReceiver() as hook, opened(hook) as slow:
        slow.sendall(begin)
        wait_until(lambda: threads_of(hook) == 1)
        started = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - started < 30:
                slow.sendall(b"x")
                time.sleep(0.2)
        assert time.monotonic() - started < 25
        wait_until(lambda: threads_of(hook) == 0)


def test_a_slow_body_holds_no_thread_though_the_secret_is_right(monkeypatch):
    monkeypatch.setattr(hooks, "REQUEST_TIMEOUT", 1.0)
    with WebhookReceiver() as hook, opened(hook) as slow:
        head = f"POST / HTTP/1.1\r\n{HEADER}: {hook.secret}\r\nContent-Length: 100\r\n\r\n"
        slow.sendall(head.encode())
        assert hook.wait(30)
        wait_until(lambda: threads_of(hook) == 0)


def test_without_the_secret_no_body_is_waited_for():
    with WebhookReceiver() as hook, opened(hook) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n")
        started = time.monotonic()
        assert slow.recv(100).startswith(b"HTTP/1.0 403 ")
        assert time.monotonic() - started < hooks.REQUEST_TIMEOUT
        assert not hook.wait(0)


def test_many_silent_ones_take_few_threads_and_webhooks_come_through(monkeypatch):
    monkeypatch.setattr(hooks, "REQUEST_TIMEOUT", 2.0)
    with WebhookReceiver() as hook, contextlib.ExitStack() as stack:
        most = 0
        for _ in range(3 * hooks.MAX_CONCURRENT):
            stack.enter_context(opened(hook))
            most = max(most, threads_of(hook))
        assert 1 < most <= hooks.MAX_CONCURRENT
        wait_until(lambda: threads_of(hook) == 0)
        assert 204 == post(hook, hook.secret)
        assert hook.wait(0)
