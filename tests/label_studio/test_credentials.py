"""Tokens, e-mail addresses and passwords are sent only to the server that they belong to."""

import os
import re
import signal
import socket
import time

import jwt
import pandas as pd
import psutil
import pytest

import labeling as lb
from labeling.errors import PlatformError, UnreachableError
from labeling.functions import service
from labeling.label_studio.client import StudioClient
from labeling.label_studio.credentials import VARIABLE
from labeling.label_studio.server.credentials import read
from labeling.label_studio.server.listener import UnprovenError
from labeling.label_studio.server.server import LocalServer
from tests.support.listeners import Listener
from tests.support.studio import ENVIRONMENT, copy_of, free_port, guarded, template

SECRET = "a-secret-that-nobody-else-may-see"


@pytest.fixture(scope="module")
def data(studio_server, tmp_path_factory):
    """The data of the server that a user has, where it is looked for by itself."""
    home = tmp_path_factory.mktemp("home")
    folder = copy_of(template(ENVIRONMENT, print), home / "labeling" / "label-studio")
    with guarded(folder):
        yield folder


@pytest.fixture
def server(data, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(data.parents[1]))
    monkeypatch.delenv(VARIABLE, raising=False)
    made = LocalServer(environment=ENVIRONMENT, port=free_port())
    assert data == made.folder
    yield made
    made.down(print)


def crash(server):
    """Kill the server as a power cut would, and wait until another may have its port."""
    os.kill(server.pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while server.pid is not None or not is_free(server.port):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_free(port):
    """Whether the system lets somebody listen; it frees a port a moment after its process ended."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def titles(url, token=None):
    with_token = StudioClient(url, token, retry_for=0.1)
    return with_token.request_idempotent(
        "looking", lambda client: [project.title for project in client.projects.list()]
    )


def test_who_took_the_port_before_the_start_is_named(server):
    program = psutil.Process().cmdline()[0]
    taken = re.escape(f"taken by process {os.getpid()} ({program} ")
    with Listener(server.port) as other:
        with pytest.raises(PlatformError, match=taken):
            server.up(print)
        assert server.pid is None
    assert b"" == other.received


def test_who_takes_the_port_during_the_first_start_gets_nothing(studio_server, tmp_path):
    """The first start takes over a minute, in which our server does not listen yet."""
    server = LocalServer(tmp_path / "new", environment=ENVIRONMENT, port=free_port())
    taken = []

    def take(text):
        if text.startswith("Starting"):
            taken.append(Listener(server.port))

    with guarded(server.folder):
        with pytest.raises(PlatformError, match=f"There listens process {os.getpid()}"):
            server.up(take)
        assert server.pid is None
        (other,) = taken
        with other:
            assert other.connections
        assert b"" == other.received


def test_who_takes_the_port_after_a_crash_gets_nothing(server, data):
    url = server.up(print).url
    assert [] == titles(url)  # with the token of the local server, which nobody has to name
    token = read(data)["token"]
    crash(server)
    with Listener(server.port) as other:
        status = server.status()
        for given in (None, token):
            with pytest.raises(UnprovenError, match="nothing secret was sent to it"):
                titles(url, given)
        with pytest.raises(PlatformError, match="is taken by process"):
            server.up(print)

    assert (False, None) == (status.running, status.invite)
    assert status.stranger.startswith(f"process {os.getpid()} (")
    assert b"" == other.received
    with pytest.raises(UnreachableError):
        titles(url)


def test_a_number_of_a_process_that_another_has_now_proves_nothing(server, data):
    server.up(print)
    crash(server)
    (data / "server.pid").write_text(f"{os.getpid()}\n", encoding="utf-8")
    with Listener(server.port) as other:
        status = server.status()
        with pytest.raises(UnprovenError):
            titles(server.url)

    assert not status.running
    assert b"" == other.received


def test_who_listens_at_another_address_of_the_same_name_gets_nothing(server):
    """`localhost` may have other addresses than 127.0.0.1, where the server listens."""
    server.up(print)
    with Listener(server.port, "127.0.0.2") as other:
        with socket.create_connection(("127.0.0.2", server.port)) as connection:
            ends = connection.getpeername(), connection.getsockname()
            with pytest.raises(UnprovenError, match=f"{server.port} of 127.0.0.2"):
                server.verify_connection(*ends)
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            server.verify_connection(connection.getpeername(), connection.getsockname())
    assert b"" == other.received


def test_a_server_whose_number_was_lost_is_known_by_its_process(server, data):
    first = server.up(print)
    (data / "server.pid").unlink()

    assert first == server.status()
    assert [] == titles(server.url)
    server.down(print)
    assert not server.status().running


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY", "http_proxy"])
def test_a_proxy_is_shown_nothing_of_what_stays_on_this_machine(name, studio, monkeypatch):
    for other in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(other, raising=False)
    with Listener() as proxy, Listener() as legacy:
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert [] == titles(studio.url, studio.token)
        asks = service(
            "legacy",
            f"http://localhost:{legacy.port}/",
            answer=lambda _: "ham",
            headers={"Authorization": lambda: SECRET},
        )
        lb.apply([asks], pd.DataFrame({"text": ["a"]}), lb.LabelSchema(["ham", "spam"]))

    assert SECRET.encode() in legacy.received
    assert b"" == proxy.received


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_takes_no_secret_elsewhere(status):
    with Listener() as other:
        leads = f"Location: http://localhost:{other.port}/api/projects/"
        with Listener(status=status, headers=[leads]) as first:
            with pytest.raises(PlatformError, match="redirects"):
                titles(f"http://127.0.0.1:{first.port}", SECRET)
            asks = service(
                "legacy",
                f"http://127.0.0.1:{first.port}/",
                headers={"Authorization": lambda: SECRET},
                retries=0,
            )
            samples, schema = pd.DataFrame({"text": ["a"]}), lb.LabelSchema(["ham", "spam"])
            with pytest.raises(lb.LabelingError, match="status 30"):
                lb.apply([asks], samples, schema)

    assert SECRET.encode() in first.received
    assert b"" == other.received


@pytest.mark.filterwarnings("ignore:The `parse_obj` method")  # the SDK calls it
def test_a_personal_token_is_sent_to_the_server_s_own_path_alone():
    """A host may serve other things beside Label Studio, which lies under a path of its own."""
    token = jwt.encode({"token_type": "refresh", "exp": 4_000_000_000}, "k" * 32)
    with Listener() as host, pytest.raises(UnreachableError):
        titles(f"http://127.0.0.1:{host.port}/label-studio", token)

    assert host.received
    for line in host.received.split(b"\r\n"):
        assert not line.startswith(b"POST ") or line.startswith(b"POST /label-studio/api/"), line


def test_a_token_that_travels_unencrypted_is_told(caplog):
    line = StudioClient("http://label-studio.invalid", SECRET, retry_for=0.1)
    with pytest.raises(UnreachableError):
        line.request_idempotent("looking", lambda client: client.projects.get(1))
    assert "is sent to http://label-studio.invalid unencrypted" in caplog.text
    assert SECRET not in caplog.text
