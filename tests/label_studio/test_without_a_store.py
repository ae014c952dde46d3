"""Without a store, a notebook pushes, asks again, escalates and writes back once at any fault."""

import pytest

import labeling as lb
from labeling.label_studio import client
from tests.support.faulty_proxy import FaultyProxy
from tests.support.studio_loop import (
    SCHEMA,
    batch_of,
    on_server,
    people,
    samples_of,
    studio_of,
    tasks,
)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(client, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(client, "LONGEST_WAIT", 0.05)


def writes(requests):
    """Return which requests change something, counted from 1."""
    return [at for at, (method, _) in enumerate(requests, start=1) if method != "GET"]


def alone(studio, faults):
    """Ask, ask again, escalate and write back without an outbox, with a fault in each step."""
    ids, policy = ["a", "b"], lb.ReviewPolicy(2, 2)
    ann, bob, cleo, dora = people(studio)
    requests = []
    with FaultyProxy(studio.url) as proxy:

        def do(step, call):
            begun = len(proxy.requests)
            proxy.arm(*faults.get(step, (None, 1)))
            call(studio_of(studio, url=proxy.url))
            proxy.arm(None)
            requests.append(proxy.requests[begun:])

        def verdict(policy=None):
            return lb.review(studio_of(studio).pull(), SCHEMA, policy=policy)

        do(0, lambda platform: platform.push(batch_of(ids), samples_of(ids)))
        for task in tasks(studio).values():
            ann.label(task["id"], "ham")
            bob.label(task["id"], "spam")
        pending = verdict().pending
        do(1, lambda platform: platform.ask_again(pending))
        cleo.label(tasks(studio)["a"]["id"], "ham")
        raised = verdict(policy).escalations
        do(2, lambda platform: platform.escalate(raised, samples_of(ids)))
        dora.label(tasks(studio, "mails: review")["b"]["id"], "spam")
        gold = verdict(policy).gold
        do(3, lambda platform: platform.write_back(gold))
    found = {title: on_server(studio, title) for title in ("mails", "mails: review")}
    studio.delete_all_projects()
    return requests, found


def test_what_fails_in_a_notebook_is_asked_once_too(studio):
    people(studio)
    requests, expected = alone(studio, {})
    faults = {
        step: [(kind, at) for at in writes(some) for kind in ("drop after", "html")]
        for step, some in enumerate(requests)
    }
    wrong = {}
    for run in range(max(map(len, faults.values()))):
        its = {step: some[run] for step, some in faults.items() if run < len(some)}
        _, found = alone(studio, its)
        if expected != found:
            wrong[run] = (its, found)

    assert {} == wrong
