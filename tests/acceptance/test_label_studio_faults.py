"""Whatever fails between a project and the server: each task is made and each vote counts once."""

import itertools

import pytest

from labeling.errors import UnreachableError
from labeling.label_studio import LabelStudio, client
from tests.support.faulty_proxy import KINDS, LOST, FaultyProxy
from tests.support.killing import different
from tests.support.studio_loop import people
from tests.support.studio_project import STEPS, VERBS, Loop, configure, make_folder

WRITES = ("POST", "PATCH", "PUT", "DELETE")
TITLES = itertools.count(1)
SHORT = 1  # seconds after which an answer that does not come is given up


@pytest.fixture
def fresh(tmp_path, monkeypatch, studio):
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio.token)
    monkeypatch.setattr(client, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(client, "LONGEST_WAIT", 0.05)
    people(studio)
    return make_folder(tmp_path / "fresh")


@pytest.fixture
def impatient(monkeypatch):
    """Each call is made once: whatever fails is an error, and done again by who called."""

    def be(wanted):
        monkeypatch.setattr(client, "MIN_ATTEMPTS", 1 if wanted else 3)
        known = LabelStudio.__init__.__kwdefaults__
        monkeypatch.setitem(known, "retry_for", 0.0 if wanted else 15.0)

    return be


def walked(studio, fresh, faults):
    """Walk through the loop with a fault in each step; return requests, repeats and the end."""
    requests, repeats = [], []
    with FaultyProxy(studio.url, delay=60) as proxy:
        place = fresh.with_name(f"loop-{next(TITLES)}")
        loop = Loop(studio, fresh, place, proxy.url, "mails")
        for number, step in enumerate(STEPS):
            begun = len(proxy.requests)
            kind, at = faults.get(number, (None, 1))
            proxy.arm(kind, at)
            configure(place, proxy.url, "mails", timeout=SHORT if kind == "slow" else 30)
            repeats.append(loop.do_at_last(step))
            requests.append(proxy.requests[begun:])
        proxy.arm(None)
        done = len(proxy.spoiled)
        found = loop.state()
        loop.end()
    return requests, repeats, done, found


def faults_of(requests):
    """Return (kind, at) for each request, by kinds in turn, and each lost answer of each write."""
    kinds = itertools.cycle(KINDS)
    found = {}
    for number, some in enumerate(requests):
        each = [(next(kinds), at) for at in range(1, len(some) + 1)]
        lost = [
            (kind, at)
            for at, (method, _) in enumerate(some, start=1)
            if method in WRITES
            for kind in LOST
        ]
        found[number] = list(dict.fromkeys(each + lost))
    return found


def test_a_loop_whose_every_request_fails_once_ends_as_if_none_had(studio, fresh, impatient):
    """In each run one request of every verb fails; every other run repeats verbs by hand."""
    requests, repeats, _, expected = walked(studio, fresh, {})
    faults = faults_of(requests)
    assert {1} == set(repeats)
    assert {"review", "agreement"} == {source for *_, source in expected["gold"]}
    kinds = {kind for some in faults.values() for kind, _ in some}
    assert set(KINDS) == kinds
    wrong = {}
    for run in range(max(map(len, faults.values()))):
        its = {number: some[run] for number, some in faults.items() if run < len(some)}
        impatient(run % 2)
        _, repeats, done, found = walked(studio, fresh, its)
        assert done == len(its), its
        if run % 2:
            assert any(count > 1 for count in repeats)
        if different(expected, found):
            wrong[run] = (its, different(expected, found))

    assert {} == wrong
    assert set(VERBS) == {STEPS[number] for number in faults if STEPS[number] != "PEOPLE"}


def test_a_server_that_stays_away_is_an_error_and_loses_nothing(studio, fresh, impatient):
    _, _, _, expected = walked(studio, fresh, {})
    with FaultyProxy(studio.url) as proxy:
        loop = Loop(studio, fresh, fresh.with_name("away"), proxy.url, "mails")
        for step in STEPS:
            impatient(wanted=True)
            for kind in ("refuse", "503", "html") if step in VERBS else ():
                proxy.always = kind
                with pytest.raises(UnreachableError):
                    loop.do(step)
            impatient(wanted=False)
            proxy.always = None
            loop.do(step)

        assert {} == different(expected, loop.state())
