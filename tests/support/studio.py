"""A real Label Studio server for the test session, and users who label on it."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import filelock
import httpx

from labeling.label_studio.server.credentials import read
from labeling.label_studio.server.environment import VARIABLE, VERSION, install
from labeling.label_studio.server.server import LocalServer

CACHE = Path(__file__).parents[2] / ".cache"
ENVIRONMENT = Path(os.environ.get(VARIABLE) or CACHE / f"label-studio-{VERSION}").absolute()
TEMPLATE = CACHE / f"label-studio-data-{VERSION}"

# Waits for the end of its input, which comes when the tests end, however they end.
GUARD = 'read line; kill -KILL "$(cat "$1/server.pid")"; rm -rf "$1"'


def installed(say):
    """Return the server's environment; install the server if it is not installed."""
    install(ENVIRONMENT, say)
    return ENVIRONMENT


def template(environment, say):
    """Return the data folder of a server that was started once; a first start takes a minute."""
    CACHE.mkdir(exist_ok=True)
    with filelock.FileLock(CACHE / "label-studio-data.lock"):
        if not TEMPLATE.is_dir():
            folder = Path(tempfile.mkdtemp(prefix="label-studio-data-", dir=CACHE))
            with guarded(folder):
                made = LocalServer(folder, environment=environment, port=free_port())
                made.up(say)
                made.down(say)
                os.replace(folder, TEMPLATE)
    return TEMPLATE


def copy_of(template, folder):
    """Copy a data folder, as if its server had been started before."""
    but = shutil.ignore_patterns("server.*")
    shutil.copytree(template, folder, ignore=but, dirs_exist_ok=True)
    return folder


@contextlib.contextmanager
def guarded(folder):
    """Kill a folder's server and remove the folder at the end, even if the tests are killed."""
    with subprocess.Popen(
        ["sh", "-c", GUARD, "sh", str(folder)],
        **{"stdin": subprocess.PIPE, "stderr": subprocess.DEVNULL},
        start_new_session=True,  # Ctrl-C must not end it before the tests
    ) as guard:
        try:
            yield
        finally:
            guard.stdin.write(b"\n")  # the end of its input waits for all who inherited it
            guard.stdin.close()


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def call(method, url, token=None, **options):
    """Return a server's response; raise an error with its body if it has an error status."""
    headers = {"Authorization": f"Token {token}"} if token else {}
    with httpx.Client(trust_env=False, verify=False, timeout=120, headers=headers) as client:
        answer = client.request(method, url, **options)
    if answer.is_error:
        raise httpx.HTTPStatusError(
            f"{method} {url}: {answer.status_code}: {answer.text[:2000]}",
            **{"request": answer.request, "response": answer},
        )
    return answer


class Server:
    """The server, with its admin's `token`, `email` and `password`, its `folder` and `pid`."""

    def __init__(self, environment, template):
        self._ending = contextlib.ExitStack()
        self.folder = copy_of(template, Path(tempfile.mkdtemp(prefix="labeling-studio-")))
        self._ending.enter_context(guarded(self.folder))
        self.local = LocalServer(self.folder, environment=environment, port=free_port())
        known = read(self.folder)
        self.token, self.email, self.password = known["token"], known["email"], known["password"]
        self.users = 0
        try:
            self.local.up(_nothing)
        except BaseException:
            self.stop()
            raise

    @property
    def url(self):
        return self.local.url

    @property
    def pid(self):
        return self.local.pid

    def stop(self):
        """Kill the server, and remove its data."""
        self._ending.close()

    def kill(self):
        """Kill the server as a power cut would."""
        os.kill(self.pid, signal.SIGKILL)
        while self._listens():
            time.sleep(0.01)
        (self.folder / "server.pid").unlink()  # the number may be given to somebody else

    def _listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.local.port)) == 0

    def restart(self):
        """Start the server again with the same data and port."""
        if self.pid is not None:
            self.kill()
        self.local.up(_nothing)

    def api(self, method, path, **options):
        """Return the response to an admin's request, as JSON."""
        answer = call(method, f"{self.url}{path}", self.token, **options)
        return answer.json() if answer.content else None

    def projects(self):
        """Return all projects."""
        return self.api("GET", "/api/projects/", params={"page_size": 10_000})["results"]

    def delete_all_projects(self):
        """Delete all projects with their tasks, annotations and webhooks."""
        for project in self.projects():
            self.api("DELETE", f"/api/projects/{project['id']}/")

    def tasks(self, project_id):
        """Return a project's tasks with predictions and annotations, skips included."""
        found, page = [], 1
        while True:
            asked = {"project": project_id, "fields": "all", "page_size": 500, "page": page}
            answer = self.api("GET", "/api/tasks/", params=asked)
            found += answer["tasks"]
            if len(found) >= answer["total"] or not answer["tasks"]:
                return found
            page += 1

    def new_user(self, name):
        """Return a new user, who signed up by the invitation link."""
        self.users += 1
        email, password = f"{name}-{self.users}@example.com", f"{name}-Secret-1"
        invite = self.url + self.api("GET", "/api/invite")["invite_url"]
        with self.browsing() as client:
            form = {"email": email, "password": password, "allow_newsletters": "false"}
            self.submit(client, invite, form)
            secret = {"X-CSRFToken": client.cookies["csrftoken"], "Referer": self.url}
            me = client.get("/api/current-user/whoami").raise_for_status().json()
            token = client.get("/api/current-user/token").raise_for_status().json()["token"]
            pat = client.post("/api/token/", headers=secret).raise_for_status().json()["token"]
        return User(name, email, password, me["id"], token, pat, server=self)

    def browsing(self):
        """Return a client that keeps cookies, as a browser does; a context manager."""
        return httpx.Client(base_url=self.url, trust_env=False, verify=False, timeout=120)

    def submit(self, client, url, form):
        """Submit a form, which must redirect to another page."""
        client.get("/user/login/")  # gives the cookie that forms must repeat
        sent = {**form, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        answer = client.post(url, data=sent, headers={"Referer": self.url})
        if answer.status_code != 302:
            raise RuntimeError(f"The form {url} was refused: {answer.status_code}")


@dataclass(frozen=True)
class User:
    """A user; `token` is a legacy token, `pat` a personal access token."""

    name: str
    email: str
    password: str = field(repr=False)
    id: int
    token: str = field(repr=False)
    pat: str = field(repr=False)
    server: Server = field(repr=False)

    def label(self, task_id, label, *, from_name="label", to_name="text", lead_time=1.5, **more):
        """Create and return an annotation; further fields may be given."""
        sent = {"result": _result(label, from_name, to_name), "lead_time": lead_time, **more}
        return self.api("POST", f"/api/tasks/{task_id}/annotations/", json=sent)

    def label_set(self, task_id, labels, **more):
        """Choose any number of labels of a task, none included; as the page sends them."""
        result = _result(sorted(labels), "label", "text") if labels else []
        sent = {"result": result, "lead_time": 1.5, **more}
        return self.api("POST", f"/api/tasks/{task_id}/annotations/", json=sent)

    def label_spans(self, task_id, spans, *, others=(), **more):
        """Mark spans in a task's text, none included; as the page sends them.

        Args:
            task_id: the task.
            spans: each as (start, end, label), in code points.
            others: further items of the result.
        """
        text = self.api("GET", f"/api/tasks/{task_id}/")["data"]["text"]
        result = [region(text, *span) for span in spans]
        sent = {"result": [*result, *others], "lead_time": 1.5, **more}
        return self.api("POST", f"/api/tasks/{task_id}/annotations/", json=sent)

    def skip(self, task_id, label=None, *, from_name="label", to_name="text", lead_time=1.5):
        """Skip a task; as on the page, a displayed prelabel is sent with it."""
        result = _result(label, from_name, to_name) if label else []
        sent = {"result": result, "was_cancelled": True, "lead_time": lead_time}
        return self.api("POST", f"/api/tasks/{task_id}/annotations/", json=sent)

    def next_task(self, project_id):
        """Return the next task that the server serves; `None` if there is none for this user."""
        try:
            return self.api("GET", f"/api/projects/{project_id}/next/")
        except httpx.HTTPStatusError as error:
            if error.response.status_code == 404:
                return None
            raise

    def change(self, annotation_id, label, *, from_name="label", to_name="text"):
        """Change the label of an annotation, and return it."""
        sent = {"result": _result(label, from_name, to_name)}
        return self.api("PATCH", f"/api/annotations/{annotation_id}/", json=sent)

    def delete(self, annotation_id):
        """Delete an annotation."""
        self.api("DELETE", f"/api/annotations/{annotation_id}/")

    def api(self, method, path, **options):
        """Return the response to this user's request, as JSON."""
        answer = call(method, f"{self.server.url}{path}", self.token, **options)
        return answer.json() if answer.content else None


def _result(label, from_name, to_name):
    value = {"choices": [label] if isinstance(label, str) else list(label)}
    return [{"from_name": from_name, "to_name": to_name, "type": "choices", "value": value}]


def region(text, start, end, label, **more):
    """Return a region as Label Studio's page sends it: line breaks in its text are written out."""
    words = text[start:end].replace("\r", "\n").replace("\n", "\\n")
    value = {"start": start, "end": end, "text": words, "labels": [label]}
    own = {"id": f"r{start}x{end}{label}", "from_name": "label", "to_name": "text"}
    return {**own, "type": "labels", "value": value, "origin": "manual", **more}


def _nothing(text):
    """Ignore progress messages: pytest reports the tests' progress."""
