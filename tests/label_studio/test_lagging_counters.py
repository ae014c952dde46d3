"""A server that does not count annotations: what people answered counts all the same."""

import contextlib
import sqlite3

from labeling.label_studio.server.server import DATABASE
from labeling.records import AskAgain, CheckRequest, MessageKind, NewMessage
from tests.support.studio_loop import (
    batch_of,
    ids_of,
    people,
    pushed,
    said_by,
    samples_of,
    studio_of,
    tasks,
)

VOTES = [("a", "ham"), ("a", "ham"), ("b", "ham"), ("b", "ham")]


def stop_counting(server):
    """Leave the counters as a server does that has deleted two projects at the same time."""
    counters = "total_annotations = 0, cancelled_annotations = 0, is_labeled = 0"
    with contextlib.closing(sqlite3.connect(server.folder / DATABASE, timeout=30)) as database:
        database.execute(f"UPDATE task SET {counters}")
        database.commit()


def uncounted(server):
    """Return a platform on whose two samples ann and bob voted, which the server did not count."""
    platform = pushed(server, ["a", "b"], votes_per_sample=2)
    for task_id in ids_of(server).values():
        for person in people(server)[:2]:
            person.label(task_id, "ham")
    stop_counting(server)
    return platform


def state_of(server, sample_id="a", title="mails"):
    task = tasks(server, title)[sample_id]
    return task["overlap"], task["is_labeled"]


def test_all_votes_are_read_and_the_server_is_named_until_it_counts(studio):
    platform = uncounted(studio)
    for heard in (platform, studio_of(studio)):  # what changed, and an export of all
        votes = [(sample_id, label) for sample_id, _, label in said_by(heard.pull())]
        assert VOTES == votes
        (problem,) = heard.problems
        assert f"mails, task {ids_of(studio)['a']}" == problem.where
        assert "too few of 2 tasks" in problem.what
    for task in tasks(studio).values():
        for annotation in task["annotations"]:  # it counts again
            studio.api("PATCH", f"/api/annotations/{annotation['id']}/", json={})
    platform.pull()
    assert () == platform.problems


def test_tasks_are_closed_and_asked_again_by_their_annotations(studio):
    platform = uncounted(studio)
    platform.close(["a"])
    assert (2, True) == state_of(studio)
    stop_counting(studio)
    kind, names = MessageKind.ASK, tuple(person.email for person in people(studio)[:2])
    message = NewMessage(kind, "a", votes=1, not_annotators=names, after=1)
    platform.own_outbox.replace(kind, [message])
    platform.push(batch_of(["a"]), samples_of(["a"]), outbox=platform.own_outbox)
    assert (3, False) == state_of(studio)


def test_votes_that_came_are_not_outstanding(studio):
    platform = uncounted(studio)
    names = tuple(person.email for person in people(studio)[:2])
    platform.ask_again([AskAgain("a", 1, names)])
    assert (3, False) == state_of(studio)


def test_another_reviewer_checks_a_vote_whose_answer_does_not_count(studio):
    boss = people(studio)[3]
    requests = [CheckRequest("check 1", "a", "ham", not_reviewers=(boss.email,))]
    platform = pushed(studio, ["a"])
    platform.ask_checks(requests, samples_of(["a"]))
    title = "mails: checks"
    boss.label(tasks(studio, title)["check 1"]["id"], "accept")
    stop_counting(studio)
    for _ in range(2):  # asked once more, not twice
        platform.ask_checks(requests, samples_of(["a"]))
        assert (2, False) == state_of(studio, "check 1", title=title)
