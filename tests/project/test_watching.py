"""A watched loop continues after annotations, survives a server that is down, and locks nothing."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest

from labeling.errors import PlatformError, UnreachableError
from labeling.label_studio import webhooks as hooks
from labeling.label_studio.webhooks import HEADER, WebhookReceiver, registered_webhooks
from labeling.project import Project
from labeling.project.watching import Watch
from tests.support.killing import FILES, REPLAY, make_project, people_label
from tests.support.watched import SOON, is_free, watching


@pytest.fixture
def folder(tmp_path):
    return make_project(tmp_path, platform=FILES)


@pytest.fixture
def its(folder):
    return Project(folder / "project.yaml")


def test_it_goes_on_when_people_have_answered(folder, its):
    """Until everybody was asked about everything; nobody holds the project meanwhile."""
    waited = []

    def wait(seconds):
        waited.append(seconds)
        assert is_free(folder)
        if len(waited) % 2:  # every other time nobody has answered yet
            people_label(folder)

    passes = list(Watch(its).passes(7, wait))

    assert passes[-1].is_last
    assert {7} == set(waited)
    assert 0 == its.people.count_awaited()
    assert its.status().annotations == sum(pass_.news for pass_ in passes)
    assert all(bool(pass_.train) == bool(pass_.rounds) == bool(pass_.verdict) for pass_ in passes)
    idle = [pass_ for pass_ in passes if not pass_.rounds]
    assert idle
    assert all(0 == one.news for one in idle)
    assert not any(pass_.is_last for pass_ in passes[:-1])
    assert 40 == len(passes[-1].verdict.gold) + len(passes[-1].verdict.unresolved)


def test_a_replay_ends_as_ever(tmp_path):
    its = Project(make_project(tmp_path, platform=REPLAY) / "project.yaml")
    (only,) = Watch(its).passes(60, pytest.fail)

    assert only.is_last
    assert [0, 1, 2] == [round_.number for round_ in only.rounds]


def test_a_server_that_is_down_is_waited_for(folder, its, monkeypatch):
    """What it told before it went down is counted once."""
    down = iter([False, False, True, True, *[False] * 1000])
    real = its.people.pull.__func__

    def pull(people, platform):
        found = real(people, platform)
        if next(down):
            raise UnreachableError("nobody answers")
        return found

    monkeypatch.setattr(type(its.people), "pull", pull)
    passes = Watch(its).passes(1, lambda _: people_label(folder))
    found = [next(passes) for _ in range(5)]

    assert [0, 1, 2, 2, 2] == [one.faults for one in found]
    assert [False, True, True, False, False] == [bool(one.fault) for one in found]
    assert 0 < found[3].news
    assert its.status().annotations == sum(one.news for one in found)


def test_any_other_error_ends_it(its, monkeypatch):
    def refused(*_):
        raise PlatformError("wrong token")

    monkeypatch.setattr(type(its.people), "pull", refused)
    with pytest.raises(PlatformError, match="wrong token"):
        next(Watch(its).passes(1))


def test_what_another_process_pulled_is_news(folder, its):
    passes = Watch(its).passes(1, lambda _: None)
    next(passes)
    people_label(folder)
    Project(folder / "project.yaml").pull()

    assert 12 == next(passes).news


def test_reviewing_only_decides_and_asks_again(folder, its):
    its.query()
    its.push()
    passes = Watch(its, runs=False).passes(1, lambda _: people_label(folder))
    first, second, third = (next(passes) for _ in range(3))

    assert (0, 12) == (first.news, second.news)
    assert (6, 1) == (first.awaited, its.status().batches)
    assert second.verdict is not None
    assert third.news
    assert not any(one.train for one in (first, second, third))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_it_is_told_to(folder, number):
    """While it waits; the project is free before and after, and goes on later."""
    with watching(folder, "run", "--watch", "--every", "0.3", "--json") as (running, lines):
        first = json.loads(lines.get(timeout=SOON))
        assert is_free(folder)
        people_label(folder)
        second = json.loads(lines.get(timeout=SOON))
        running.send_signal(number)
        _, errors = running.communicate(timeout=SOON)

    assert 130 == running.returncode, errors
    assert "Completed work is stored" in errors
    assert (1, 0, 12) == (first["pass"], first["new"], second["new"])
    assert is_free(folder)
    assert "done" == Project(folder / "project.yaml").store.runs.recent(1)[0]["state"]


def test_one_line_tells_of_each_pass_with_news(folder):
    with watching(folder, "run", "--watch", "--every", "0.3") as (running, lines):
        first = lines.get(timeout=SOON)
        people_label(folder)
        second = lines.get(timeout=SOON)
        running.send_signal(signal.SIGINT)

    news = r"\d\d:\d\d:\d\d \d+ new annotations\."
    pattern = news + r" Round 1: .* Annotations are awaited on \d+ samples\.\n"
    assert re.fullmatch(pattern, first)
    assert re.fullmatch(pattern, second)
    assert " 12 new annotations" in second


def test_options_that_do_not_go_together_are_refused(folder):
    for given in (["--listen", "8090"], ["--watch", "--dry-run"]):
        with watching(folder, "run", *given) as (running, _):
            _, errors = running.communicate(timeout=SOON)
        assert 2 == running.returncode
        assert "--watch" in errors


def test_listening_needs_label_studio(folder):
    with watching(folder, "studio", "listen", "--port", "0") as (running, _):
        _, errors = running.communicate(timeout=SOON)

    assert 1 == running.returncode
    assert "label_studio:\n  url: http" in errors


def post(hook, secret, method="POST", body=b"{}"):
    """Return the status that a hook answers."""
    place = urlsplit(hook.url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=10)
    connection.request(method, "/", body, {} if secret is None else {HEADER: secret})
    with contextlib.closing(connection):
        return connection.getresponse().status


def test_a_webhook_wakes_if_it_bears_the_secret():
    with WebhookReceiver(secret="só secret") as hook:
        for wrong in (None, "", "wrong", "só secre".encode()):
            assert 403 == post(hook, wrong)
        assert 501 == post(hook, "só secret".encode(), method="GET")
        assert not hook.wait(0.05)
        assert 204 == post(hook, "só secret".encode())
        assert hook.wait(0)
        assert not hook.wait(0.05)


def test_webhooks_that_come_together_wake_once():
    with WebhookReceiver() as hook:
        woken = threading.Timer(0.05, lambda: [post(hook, hook.secret) for _ in range(5)])
        woken.start()
        started = time.monotonic()
        assert hook.wait(SOON)
        assert not hook.wait(0.05)
        assert time.monotonic() - started < SOON / 2
        post(hook, hook.secret)  # one that comes while nobody waits is not forgotten
        assert hook.wait(0)


def test_secrets_are_drawn_and_long():
    with WebhookReceiver() as one, WebhookReceiver() as other:
        assert one.secret != other.secret
        assert len(one.secret) > 40


def test_somebody_slow_keeps_nobody_waiting(monkeypatch):
    """Neither a body that does not come, nor one that is longer than is read."""
    monkeypatch.setattr(hooks, "MAX_BODY", 10)
    with WebhookReceiver() as hook:
        place = urlsplit(hook.url)
        with socket.create_connection((place.hostname, place.port)) as slow:
            slow.sendall(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n")
            started = time.monotonic()
            assert 204 == post(hook, hook.secret, body=b"x" * 20)
            assert time.monotonic() - started < 2
        assert hook.wait(0)


def test_it_listens_on_this_machine_alone_unless_told_otherwise():
    with WebhookReceiver() as hook:
        place = urlsplit(hook.url)
        assert "127.0.0.1" == place.hostname
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", place.port), timeout=5)
    with pytest.raises(ConnectionRefusedError):  # and not at all when it is over
        socket.create_connection(("127.0.0.1", place.port), timeout=5)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::"])
def test_it_must_be_told_at_which_address(host):
    with pytest.raises(PlatformError, match="address that Label Studio can reach"):
        WebhookReceiver(host=host)


def test_a_port_that_is_taken_is_told():
    with WebhookReceiver() as hook:
        port = urlsplit(hook.url).port
        with pytest.raises(PlatformError, match=f"127.0.0.1, port {port}.*another port"):
            WebhookReceiver(port)


def test_a_server_that_sends_nothing_to_this_machine_gets_advice():
    class Guarded:
        url = "http://studio.example.com"

        def with_retries(self, what, attempt):
            raise PlatformError(
                "refused: URL resolves to a reserved network address (127.0.0.0/8)."
            )

    with (
        pytest.raises(PlatformError, match=r"SSRF_PROTECTION_ENABLED=false.*labeling run --watch"),
        registered_webhooks(Guarded(), [1], "http://127.0.0.1:8090", "secret"),
    ):
        pytest.fail("it listens")


def test_a_webhook_that_cannot_be_removed_is_told(caplog):
    class Goes:
        url = "http://studio.example.com"
        is_up = True

        def with_retries(self, what, attempt):
            if not self.is_up:
                raise UnreachableError("nobody answers")

    line = Goes()
    with registered_webhooks(line, [1, 2], "http://127.0.0.1:8090", "secret"):
        line.is_up = False

    assert 2 == caplog.text.count("was not removed: nobody answers")


def test_nothing_is_left_of_a_watch_that_is_not_begun(folder):
    before = sorted(os.listdir(folder))
    Watch(Project(folder / "project.yaml"))

    assert before == sorted(os.listdir(folder))
