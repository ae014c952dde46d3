"""A local Label Studio server is installed once, started and stopped, for this machine alone."""

import html
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import httpx
import psutil
import pytest

from labeling.config import load_config
from labeling.errors import PlatformError
from labeling.label_studio.server import environment as server_environment
from labeling.label_studio.server import process as server_process
from labeling.label_studio.server import server as local_server
from labeling.label_studio.server.server import VERSION, LocalServer, token_of
from labeling.label_studio.sync_state import parse_sync_state, task_stream
from labeling.project.annotation_loop import SYNC_STATE
from labeling.project.sign_up import sign_up_link, stream_on
from labeling.project.status import store_of
from tests.support.studio import ENVIRONMENT, call, copy_of, free_port, guarded, template


@pytest.fixture(scope="module")
def data(studio_server, tmp_path_factory):
    """The data of a server that was started before, and is another than the session's."""
    folder = copy_of(
        template(ENVIRONMENT, print), tmp_path_factory.mktemp("studio") / "Label Studio"
    )
    with guarded(folder):
        yield folder


@pytest.fixture
def server(data):
    """A server that does not run; each test gives it a port of its own."""
    made = LocalServer(data, environment=ENVIRONMENT, port=free_port())
    yield made
    made.down(print)


@pytest.fixture
def environment(tmp_path):
    """An empty folder for an environment, whose name is harder than most."""
    return tmp_path / "an environment"


def labeling(*arguments, **variables):
    return subprocess.run(
        [sys.executable, "-m", "labeling", "studio", *map(str, arguments)],
        **{"capture_output": True, "text": True, "check": False},
        env={**os.environ, server_environment.VARIABLE: str(ENVIRONMENT), **variables},
    )


def secrets_in(folder):
    known = json.loads((folder / "credentials.json").read_text("utf-8"))
    return known["password"], known["token"]


def test_up_and_down_do_nothing_where_there_is_nothing_to_do(server, data):
    messages = []
    first = server.up(messages.append)
    again = LocalServer(data, environment=ENVIRONMENT).up(messages.append)

    assert first == again == server.status()
    assert (True, True, VERSION) == (first.running, first.installed, first.version)
    assert messages[-1] == f"Label Studio is already running at {first.url}."
    with pytest.raises(PlatformError, match=f"already runs, at port {server.port}"):
        LocalServer(data, environment=ENVIRONMENT, port=free_port()).up(messages.append)

    server.down(messages.append)
    server.down(messages.append)
    assert ["Label Studio is stopped; its data are kept.", "Label Studio is not running."] == (
        messages[-2:]
    )
    assert (False, None, None) == (
        *(server.status().running, server.status().pid),
        server.status().invite,
    )


def test_it_starts_again_after_it_was_killed(server):
    url = server.up(print).url
    killed = server.pid
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: server.pid is None)

    assert not server.status().running
    again = server.up(print)
    assert (url, True) == (again.url, again.pid != killed)


def test_of_two_that_start_it_at_once_one_does(server):
    found = []
    threads = [threading.Thread(target=lambda: found.append(server.up(print))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 1 == len({status.pid for status in found})


def test_a_token_that_was_changed_is_learned_anew(server, data):
    server.up(print)
    password, token = secrets_in(data)
    path = data / "credentials.json"
    path.write_text(path.read_text("utf-8").replace(token, "f" * 40), encoding="utf-8")

    server.up(print)
    assert (password, token) == secrets_in(data)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_credentials_that_the_server_does_not_know_are_an_error(server, data):
    server.up(print)
    path = data / "credentials.json"
    kept = path.read_text("utf-8")
    for secret in secrets_in(data):
        path.write_text(path.read_text("utf-8").replace(secret, "f" * 40), encoding="utf-8")
    try:
        with pytest.raises(PlatformError, match="neither the token nor the password"):
            server.up(print)
    finally:
        path.write_text(kept, encoding="utf-8")


def test_the_command_line_says_where_it_is_and_no_secret(data, server):
    done = {
        name: labeling(*name.split(), "--folder", data)
        for name in (f"up --port {server.port}", "status", "status --json", "up --json", "down")
    }
    outputs = "".join(result.stdout + result.stderr for result in done.values())
    logs = "".join(path.read_text("utf-8") for path in data.glob("server.log*"))
    up, shown, as_json, up_json, _ = done.values()

    assert {0} == {result.returncode for result in done.values()}, outputs
    invite = json.loads(as_json.stdout)["invite"]
    assert json.loads(as_json.stdout) == json.loads(up_json.stdout)
    for text in (up.stdout, shown.stdout):
        assert f"http://127.0.0.1:{server.port}" in text
        assert "admin@localhost.local" in text
        assert f"Annotators sign up at {invite}" in text
    assert str(data / "credentials.json") in up.stdout
    assert "labeling studio init" in up.stderr
    for secret in secrets_in(data):
        assert secret not in outputs + logs + repr(server) + repr(server.status())


def test_only_the_user_can_read_the_secrets(server, data):
    server.up(print)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in data.rglob("*")}
    command = " ".join(psutil.Process(server.pid).cmdline())

    assert command.endswith(str(data))
    assert 0o600 == modes[data / "credentials.json"] == modes[data / "server.log"]
    assert 0o600 == modes[data / "label_studio.sqlite3"]
    for secret in secrets_in(data):
        assert secret not in command


def test_windows_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(server_process, "os", SimpleNamespace(name="nt"))
    with pytest.raises(PlatformError, match="needs Linux or macOS"):
        LocalServer(tmp_path, environment=ENVIRONMENT).up(print)


def test_nobody_signs_up_without_the_invitation(studio_server):
    form = {"email": "somebody@example.com", "password": "Some-secret-1"}
    with studio_server.browsing() as client:
        client.get("/user/login/")
        sent = {**form, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        answer = client.post("/user/signup/", data=sent, headers={"Referer": studio_server.url})
        ours = client.get("/api/current-user/whoami")

    assert (403, 401) == (answer.status_code, ours.status_code)


def test_who_signs_up_goes_on_to_label(studio):
    """The link leads through the form to the project's stream of tasks."""
    project = studio.api("POST", "/api/projects/", json={"title": "mails"})
    stream = task_stream(studio.url, project["id"])
    invite = studio.url + studio.api("GET", "/api/invite")["invite_url"]
    form = {"email": "newcomer@example.com", "password": "Some-secret-1"}
    with studio.browsing() as client:
        page = client.get(sign_up_link(invite, stream))
        action = html.unescape(re.search(r'action="(/user/signup/[^"]*)"', page.text)[1])
        sent = {**form, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        answer = client.post(action, data=sent, headers={"Referer": studio.url})
        there = client.get(answer.headers["location"])

    assert stream == f"{studio.url}{answer.headers['location']}"
    assert 200 == there.status_code


def test_the_link_to_sign_up_goes_to_the_project_of_the_config(tmp_path):
    config = "data: {path: a.csv, id: id}\nlabels: [ham, spam]\nlabeling_functions: [rules.py]\n"
    config += "label_studio: {url: 'http://localhost:8080', project: spam}\n"
    (tmp_path / "project.yaml").write_text(config, encoding="utf-8")
    path = tmp_path / "project.yaml"
    before = stream_on("http://127.0.0.1:8080", path)
    memory = parse_sync_state(None, "http://localhost:8080", "spam", "spam: review")
    memory.annotators.id = 3
    store = store_of(load_config(path))
    with store.locked("test"):
        store.facts.put(SYNC_STATE, memory.to_json())

    assert None is before
    assert "http://localhost:8080/projects/3/data?labeling=1" == stream_on(
        "http://127.0.0.1:8080", path
    )
    assert None is stream_on("http://127.0.0.1:8081", path)
    assert None is stream_on("http://127.0.0.1:8080", tmp_path / "nothing.yaml")


def test_somebody_who_is_invited_can_label(studio):
    config = (
        '<View><Text name="text" value="$text"/><Choices name="label" toName="text">'
        '<Choice value="ham"/><Choice value="spam"/></Choices></View>'
    )
    project = studio.api("POST", "/api/projects/", json={"title": "mails", "label_config": config})
    path = f"/api/projects/{project['id']}/import"
    studio.api("POST", path, json=[{"data": {"text": text}} for text in ("one", "two")])
    ann, bob = studio.new_user("ann"), studio.new_user("ann")
    first, second = (task["id"] for task in studio.tasks(project["id"]))

    made = ann.label(first, "ham", lead_time=2.5)
    ann.change(made["id"], "spam")
    ann.skip(second, "ham")
    gone = bob.label(second, "ham")
    bob.delete(gone["id"])

    (kept,), (skipped,) = (task["annotations"] for task in studio.tasks(project["id"]))
    assert ["spam"] == kept["result"][0]["value"]["choices"]
    assert (ann.id, 2.5, False) == (
        kept["completed_by"],
        kept["lead_time"],
        kept["was_cancelled"],
    )
    assert (True, ["ham"]) == (
        skipped["was_cancelled"],
        skipped["result"][0]["value"]["choices"],
    )
    assert ann.next_task(project["id"]) is None
    assert ann.email != bob.email
    access = call("POST", f"{studio.url}/api/token/refresh/", json={"refresh": ann.pat})
    assert {"access"} == set(access.json())


def test_each_test_has_a_server_without_projects(studio):
    assert [] == studio.projects()


def test_what_it_holds_survives_a_crash(studio):
    studio.api("POST", "/api/projects/", json={"title": "mails"})
    url = studio.url
    studio.kill()
    with pytest.raises(httpx.ConnectError):
        studio.projects()
    studio.restart()

    assert url == studio.url
    assert ["mails"] == [project["title"] for project in studio.projects()]


def test_it_listens_on_this_machine_alone(studio_server):
    """Each other address of the machine refuses; 127.0.0.2 is one that all Linux machines have."""
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)}
    others = {address for address in others if ":" not in address} | {"127.0.0.2"}
    for address in others - {"127.0.0.1"}:
        with socket.socket() as probe:
            probe.settimeout(5)
            assert 0 != probe.connect_ex((address, studio_server.local.port))


def test_a_webhook_may_lead_to_this_machine(studio):
    project = studio.api("POST", "/api/projects/", json={"title": "mails"})
    hook = {"url": "http://127.0.0.1:9/", "project": project["id"]}

    assert hook["url"] == studio.api("POST", "/api/webhooks/", json=hook)["url"]


def test_a_port_that_is_taken_is_named(server):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", server.port))
        taken.listen()
        with pytest.raises(PlatformError, match=f"Port {server.port} of 127.0.0.1 is taken"):
            server.up(print)
    assert server.pid is None


@pytest.mark.parametrize("port", [-1, 0, 65536])
def test_a_port_that_cannot_be_is_refused(port, tmp_path):
    with pytest.raises(PlatformError, match=f"from 1 to 65535, not {port}"):
        LocalServer(tmp_path, port=port)


def test_a_process_that_took_the_number_is_left_alone(tmp_path):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as foreign:
        (tmp_path / "server.pid").write_text(f"{foreign.pid}\n", encoding="utf-8")
        local = LocalServer(tmp_path, environment=ENVIRONMENT)
        assert not local.status().running
        local.down(print)
        assert foreign.poll() is None
        foreign.stdin.close()


def test_a_database_without_its_credentials_is_not_started(studio_server, tmp_path):
    (tmp_path / "label_studio.sqlite3").touch()
    with pytest.raises(PlatformError, match=r"credentials\.json is missing or broken"):
        LocalServer(tmp_path, environment=ENVIRONMENT, port=free_port()).up(print)


def test_a_server_that_does_not_start_shows_its_last_words(studio_server, tmp_path):
    copy_of(template(ENVIRONMENT, print), tmp_path / "data")
    (tmp_path / "data" / "label_studio.sqlite3").write_bytes(b"no database" * 100)
    with pytest.raises(PlatformError, match=r"does not start(.|\n)*file is not a database"):
        LocalServer(tmp_path / "data", environment=ENVIRONMENT, port=free_port()).up(print)


def test_a_server_that_does_not_answer_is_stopped(server, monkeypatch):
    monkeypatch.setattr(local_server, "START_TIMEOUT", 0.1)
    with pytest.raises(PlatformError, match="did not answer within 0 s"):
        server.up(print)
    assert server.pid is None


def test_the_token_is_given_for_the_server_s_own_address_alone(tmp_path):
    known = {"email": "a@b.c", "password": "p", "token": "t" * 40, "port": 8123}
    (tmp_path / "credentials.json").write_text(json.dumps(known), encoding="utf-8")

    for url in ("http://127.0.0.1:8123", "http://localhost:8123/projects"):
        assert known["token"] == token_of(url, tmp_path)
    for url in (
        *("https://127.0.0.1:8123", "http://127.0.0.1:8124", "http://localhost", "8123", ""),
        *("http://example.com:8123", "http://localhost:x", "http://127.0.0.1:8123@example.com"),
    ):
        assert token_of(url, tmp_path) is None
    assert token_of("http://127.0.0.1:8123", tmp_path / "nowhere") is None


def test_it_is_not_installed_twice(studio_server):
    messages = []
    LocalServer(environment=ENVIRONMENT).install(messages.append)

    assert [] == messages


def test_pip_that_fails_is_told_and_nothing_is_left(environment, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    with pytest.raises(PlatformError, match=r"cannot be installed(.|\n)*No matching distribution"):
        LocalServer(environment=environment).up(print)

    assert not environment.exists()
    assert "No matching distribution" in Path(f"{environment}.log").read_text("utf-8")


def test_an_installation_that_was_killed_is_made_anew(environment, monkeypatch):
    ran = fake_pip(monkeypatch)
    environment.mkdir()
    (environment / server_environment.BEGUN).write_text(VERSION, encoding="utf-8")
    (environment / "half").touch()

    assert not server_environment.is_installed(environment)
    server_environment.install(environment, print)
    server_environment.install(environment, print)

    assert server_environment.is_installed(environment)
    assert not (environment / "half").exists()
    assert ["venv", "pip"] == ran


def test_of_two_that_install_at_once_one_does(environment, monkeypatch):
    ran, said = fake_pip(monkeypatch, seconds=0.3), []
    install = server_environment.install
    threads = [threading.Thread(target=install, args=(environment, said.append)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ["venv", "pip"] == ran
    assert any("Another process installs Label Studio" in message for message in said)


def test_a_folder_of_somebody_else_is_left_alone(environment, monkeypatch):
    ran = fake_pip(monkeypatch)
    environment.mkdir()
    (environment / "thesis.txt").touch()
    with pytest.raises(PlatformError, match="name another folder in LABELING_STUDIO_ENVIRONMENT"):
        server_environment.install(environment, print)

    assert [] == ran
    assert (environment / "thesis.txt").exists()


def fake_pip(monkeypatch, seconds=0.0):
    """Replace the commands that install by one that takes a while; return what was run."""
    ran = []

    def run(command, log):
        ran.append(command[2])
        time.sleep(seconds)
        if command[2] == "pip":
            folder = Path(command[0]).parent
            folder.mkdir(exist_ok=True)
            for name in ("python", "label-studio"):
                (folder / name).touch()
        return 0

    monkeypatch.setattr(server_environment, "_run", run)
    return ran


def wait_until(is_so):
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)
