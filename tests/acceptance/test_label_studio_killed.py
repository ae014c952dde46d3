"""A process or server killed in a step that is then repeated: nothing lost or doubled."""

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading

import pytest

from labeling.errors import UnreachableError
from labeling.label_studio import LabelStudio, client
from tests.support.faulty_proxy import FaultyProxy
from tests.support.killing import different
from tests.support.studio_loop import people
from tests.support.studio_project import STEPS, VERBS, Loop, do, make_folder

KEY = "LABEL_STUDIO_API_KEY"
PRELOADED = ["labeling.project", "labeling.label_studio.platform", "label_studio_sdk", "sklearn"]
SERVER_DIES = (
    *(("push", "during", "/import"), ("push", "after", "/import")),
    *(("pull", "before", "/export"), ("review", "after", "/tasks")),
)


@pytest.fixture
def fresh(tmp_path, monkeypatch, studio):
    monkeypatch.setenv(KEY, studio.token)
    people(studio)
    return make_folder(tmp_path / "fresh")


@pytest.fixture(scope="module")
def processes():
    """Makes processes that have imported everything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def child(folder, step, token):
    """Do a step in a process of its own."""
    os.environ[KEY] = token
    do(folder, step)


class Killer:
    """Kills at the n-th request from now on, before it is passed on or after it was answered."""

    def __init__(self):
        self.kill, self.left, self.when = None, 0, ""

    def arm(self, kill, at, when):
        self.kill, self.left, self.when = kill, at, when

    def on_request(self, *_):
        self.left -= 1
        if self.left == 0 and self.when == "before":
            self.kill()

    def on_answer(self, *_):
        if self.left == 0 and self.when == "after":
            self.kill()


def moments(requests):
    """Return (at, when) over the requests of a step: around those that change something first."""
    order = sorted(range(len(requests)), key=lambda place: requests[place][0] == "GET")
    return [(place + 1, when) for place in order for when in ("after", "before")]


def walked(studio, fresh, name, killer=None, kills=(), processes=None):
    """Walk through the loop, and kill in each step; return its requests, the kills, the end."""
    requests, killed = [], 0
    hooks = {"on_request": killer.on_request, "on_answer": killer.on_answer} if killer else {}
    with FaultyProxy(studio.url, **hooks) as proxy:
        loop = Loop(studio, fresh, fresh.with_name(name), proxy.url, "mails")
        for number, step in enumerate(STEPS):
            if killer and step in VERBS:
                process = processes.Process(target=child, args=(loop.folder, step, studio.token))
                killer.arm(process.kill, *kills[number])
                process.start()
                process.join()
                killed += process.exitcode == -signal.SIGKILL
                assert process.exitcode in (0, -signal.SIGKILL)
                killer.arm(None, 0, "")
            begun = len(proxy.requests)
            loop.do(step)
            requests.append(proxy.requests[begun:])
        found = loop.state()
        loop.end()
    return requests, killed, found


def test_a_process_that_is_killed_at_any_request_ends_the_same_when_repeated(
    studio, fresh, processes
):
    requests, _, expected = walked(studio, fresh, "whole")
    every = [moments(some) or [(1, "before")] for some in requests]
    killer, wrong, kills = Killer(), {}, 0
    for run in range(5):
        its = [some[run % len(some)] for some in every]
        _, killed, found = walked(studio, fresh, f"killed-{run}", killer, its, processes)
        kills += killed
        if different(expected, found):
            wrong[run] = (its, different(expected, found))

    assert {} == wrong
    assert kills >= 30


def test_the_command_line_that_is_killed_ends_the_same_when_repeated(studio, fresh):
    _, _, expected = walked(studio, fresh, "whole")
    killer = Killer()
    hooks = {"on_request": killer.on_request, "on_answer": killer.on_answer}
    with FaultyProxy(studio.url, **hooks) as proxy:
        loop = Loop(studio, fresh, fresh.with_name("killed"), proxy.url, "mails")
        for number, step in enumerate(STEPS):
            if step in ("push", "pull", "review") and step not in STEPS[:number]:
                command = [sys.executable, "-m", "labeling", "-c", "project.yaml", step]
                process = subprocess.Popen(
                    command, cwd=loop.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
                )
                killer.arm(process.kill, 5, "after")
                said, _ = process.communicate(timeout=120)
                assert -signal.SIGKILL == process.returncode, (step, said)
                killer.arm(None, 0, "")
            loop.do(step)

        assert {} == different(expected, loop.state())


def dying(studio, when, path):
    """Return an event that arms the kill, one that is set after it, and the proxy's callbacks."""
    armed, died, once = threading.Event(), threading.Event(), threading.Lock()

    def kill():
        if once.acquire(blocking=False):
            studio.kill()
            died.set()

    begin = {"before": kill, "during": threading.Timer(0.02, kill).start, "after": int}[when]

    def on_request(number, method, where):
        if armed.is_set() and path in where and not once.locked():
            begin()

    def on_answer(number, method, where):
        if armed.is_set() and path in where:
            kill()

    return armed, died, {"on_request": on_request, "on_answer": on_answer}


@pytest.mark.parametrize(("verb", "when", "path"), SERVER_DIES)
def test_a_server_that_is_killed_in_the_middle_ends_the_same_when_repeated(
    studio, fresh, monkeypatch, verb, when, path
):
    _, _, expected = walked(studio, fresh, "whole")
    monkeypatch.setattr(client, "MIN_ATTEMPTS", 1)
    monkeypatch.setitem(LabelStudio.__init__.__kwdefaults__, "retry_for", 0.0)
    armed, died, hooks = dying(studio, when, path)
    with FaultyProxy(studio.url, **hooks) as proxy:
        loop = Loop(studio, fresh, fresh.with_name("killed"), proxy.url, "mails")
        for step in STEPS[: STEPS.index(verb)]:
            loop.do(step)
        armed.set()
        with contextlib.suppress(UnreachableError):
            loop.do(verb)
        assert died.wait(10)
        armed.clear()
        studio.restart()
        for step in STEPS[STEPS.index(verb) :]:
            loop.do(step)

        assert {} == different(expected, loop.state())
