"""Errors of the server, the token or the project are reported in words, and nothing is lost."""

import base64
import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import keyring
import keyring.backends.null
import pytest

from labeling import LabelStudio
from labeling.errors import PlatformError, UnreachableError
from labeling.label_studio import client, credentials
from tests.support.faulty_proxy import FaultyProxy
from tests.support.studio import free_port
from tests.support.studio_loop import (
    SCHEMA,
    batch_of,
    people,
    pushed,
    said_by,
    samples_of,
    studio_of,
    tasks,
)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(client, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(client, "LONGEST_WAIT", 0.05)


@pytest.fixture
def no_token(monkeypatch):
    """No token is found anywhere but in the argument."""
    monkeypatch.delenv(credentials.VARIABLE, raising=False)
    monkeypatch.setattr(credentials, "token_of", lambda url: None)
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.null.Keyring())
    yield
    keyring.set_keyring(before)


def changed(pat):
    """Return a personal access token with another signature."""
    head, body, sign = pat.split(".")
    return ".".join([head, body, ("A" if sign[0] != "A" else "B") + sign[1:]])


def expired(pat):
    """Return a personal access token of long ago."""
    head, _, sign = pat.split(".")
    body = base64.urlsafe_b64encode(json.dumps({"exp": 1, "token_type": "refresh"}).encode())
    return ".".join([head, body.decode().rstrip("="), sign])


@pytest.mark.filterwarnings("ignore:The `parse_obj` method")  # the SDK uses it
@pytest.mark.parametrize("kind", ["token", "pat"])
def test_tokens_of_both_kinds_work_and_stand_nowhere(studio, kind, caplog, monkeypatch, no_token):
    caplog.set_level(logging.DEBUG)
    ann = people(studio)[0]
    token = getattr(ann, kind)
    monkeypatch.setenv(credentials.VARIABLE, f"{token}\n")
    platform = pushed(studio, ["a"], token=None)
    ann.label(tasks(studio)["a"]["id"], "ham")
    annotations = platform.pull()

    assert [("a", ann.email, "ham")] == said_by(annotations)
    assert token not in caplog.text + repr(platform) + repr(vars(platform)) + platform.memory


@pytest.mark.parametrize("wrong", ["legacy", "signature", "expired", "access", "nonsense"])
def test_a_token_that_the_server_does_not_take_is_named_but_not_shown(studio, wrong, caplog):
    caplog.set_level(logging.DEBUG)
    pat = people(studio)[0].pat
    token = {
        **{"legacy": "f" * 40, "nonsense": "abc.def.ghi"},
        **{"signature": changed(pat), "expired": expired(pat), "access": pat.upper()},
    }[wrong]
    platform = studio_of(studio, token=token)
    for call in (platform.init, platform.pull, platform.outstanding_votes):
        with pytest.raises(PlatformError, match=r"token.*valid|invalid|expired") as raised:
            call()
        assert not isinstance(raised.value, UnreachableError)
        assert token not in str(raised.value) + repr(raised.value.__cause__) + caplog.text
    assert [] == studio.projects()


def test_a_token_that_is_nowhere_is_asked_for_with_where_to_put_it(studio, no_token):
    with pytest.raises(PlatformError, match=r"LABEL_STUDIO_API_KEY.*keyring set labeling http"):
        studio_of(studio, token=None).pull()


def test_a_token_may_lie_in_a_keyring(studio, no_token, monkeypatch):
    known = {("labeling", studio.url): studio.token}
    monkeypatch.setattr(keyring, "get_password", lambda *names: known.get(names))

    assert "mails" == studio_of(studio, token=None).init()[0].title


@pytest.mark.parametrize("token", ["abc\ndef", "abc def", "ab\tc", "naïve", "abc\n"])
def test_a_token_of_several_words_is_refused_without_showing_it(studio, token):
    with pytest.raises(PlatformError, match="must be one word") as raised:
        studio_of(studio, token=token).pull()
    assert token not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["localhost:8080", "ftp://x", "http://", "http://x:port", "http://me:secret@x", "", None]
)
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(PlatformError, match="http://") as raised:
        LabelStudio(url, project="mails", schema=SCHEMA)
    assert "secret" not in str(raised.value)


def test_a_server_that_is_down_is_an_error_at_once_and_loses_nothing(studio):
    ann = people(studio)[0]
    platform = pushed(studio, ["a"], retry_for=0)
    ann.label(tasks(studio)["a"]["id"], "ham")
    before = platform.memory
    studio.kill()
    calls = (
        *(platform.pull, platform.outstanding_votes, platform.init),
        lambda: platform.push(batch_of(["b"]), samples_of(["b"])),
    )
    for call in calls:
        with pytest.raises(UnreachableError, match=r"Is the server up.*Nothing is lost"):
            call()
    assert before == platform.memory
    studio.restart()

    assert [("a", ann.email, "ham")] == said_by(platform.pull())


def test_a_server_that_restarts_is_waited_for(studio):
    platform = pushed(studio, ["a"], retry_for=60)
    studio.kill()
    starting = threading.Thread(target=studio.restart)
    starting.start()
    try:
        platform.push(batch_of(["b"]), samples_of(["b"]))
    finally:
        starting.join()

    assert {"a", "b"} == set(tasks(studio))


@pytest.mark.parametrize("kind", ["html", "503", "cut", "drop after"])
def test_whatever_else_answers_at_the_address_is_an_error(studio, kind):
    with FaultyProxy(studio.url, always=kind) as proxy:
        platform = studio_of(studio, url=proxy.url, retry_for=0)
        for call in (platform.pull, platform.init):
            with pytest.raises(UnreachableError, match="is it Label Studio that answers there"):
                call()
    assert "html" != kind or {"GET"} == {method for method, _ in proxy.requests}


def test_nobody_listens_is_an_error():
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(UnreachableError, match="ConnectError"):
        LabelStudio(url, project="mails", schema=SCHEMA, token="x", retry_for=0).pull()


def test_the_old_name_of_retry_for_still_works():
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.warns(DeprecationWarning, match="use retry_for"):
        platform = LabelStudio(url, project="mails", schema=SCHEMA, token="x", patience=0)
    with pytest.raises(UnreachableError, match="ConnectError"):
        platform.pull()


class _Elsewhere(BaseHTTPRequestHandler):
    """Sends whoever comes to another address, with something secret in it."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_response(302)
        self.send_header("Location", "https://login.example.com/sso?secret=4711")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET


def test_a_server_that_sends_callers_elsewhere_says_where(studio):
    with HTTPServer(("127.0.0.1", 0), _Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_address[1]}"
            with pytest.raises(PlatformError, match=r"https://login\.example\.com/sso") as raised:
                studio_of(studio, url=url).pull()
        finally:
            server.shutdown()
            thread.join()
    assert "4711" not in str(raised.value)
