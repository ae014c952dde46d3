"""Tasks of samples that are settled or escalated are closed: nobody gets them any more."""

import pytest

import labeling as lb
from tests.support.studio_loop import SCHEMA, people, pushed, samples_of, tasks
from tests.support.studio_project import Loop, make_folder

POLICY = lb.ReviewPolicy(max_votes=2)


def answered(studio, ids):
    """Return a platform with differing votes by ann and bob, and tasks reopened for a third."""
    platform = pushed(studio, ids)
    for task in tasks(studio).values():
        for who, label in zip(people(studio), ("ham", "spam"), strict=False):
            who.label(task["id"], label)
    policy = lb.ReviewPolicy(max_votes=3, escalate="no_majority")
    platform.ask_again(lb.review(platform.pull(), SCHEMA, policy=policy).pending)
    return platform


def test_a_task_is_served_to_nobody_once_its_sample_is_with_a_reviewer(studio):
    platform = answered(studio, ["a", "b"])
    cleo = people(studio)[2]
    project = tasks(studio)["a"]["project"]
    assert cleo.next_task(project) is not None
    verdict = lb.review(platform.pull(), SCHEMA, policy=POLICY)
    platform.escalate(verdict.escalations, samples_of(["a", "b"]))

    assert None is cleo.next_task(project)
    assert {} == platform.outstanding_votes()
    # Changing one's answer does not open it again.
    task = tasks(studio)["a"]
    mine = next(
        annotation
        for annotation in task["annotations"]
        if annotation["completed_by"] == people(studio)[0].id
    )
    people(studio)[0].change(mine["id"], "spam")
    assert (2, True) == (tasks(studio)["a"]["overlap"], tasks(studio)["a"]["is_labeled"])
    assert None is cleo.next_task(project)


def test_a_closed_task_can_be_opened_again(studio):
    platform = answered(studio, ["a"])
    platform.close(["a"])
    cleo = people(studio)[2]
    (again,) = lb.review(
        platform.pull(), SCHEMA, policy=lb.ReviewPolicy(min_votes=3, escalate="no_majority")
    ).pending
    people(studio)[1].delete(tasks(studio)["a"]["annotations"][-1]["id"])
    (fewer,) = lb.review(
        platform.pull(), SCHEMA, policy=lb.ReviewPolicy(min_votes=2, escalate="no_majority")
    ).pending
    platform.ask_again([fewer])

    assert 1 == again.votes_needed == fewer.votes_needed
    assert cleo.next_task(tasks(studio)["a"]["project"]) is not None
    assert {"a": 1} == {
        ext_id: count for ext_id, count in platform.outstanding_votes().items() if count
    }


def test_what_was_skipped_by_all_and_what_is_there_no_more_can_be_closed(studio):
    platform = pushed(studio, ["a"])
    for who in people(studio)[:2]:
        who.skip(tasks(studio)["a"]["id"])
    for _ in range(2):
        platform.close(["a", "gone"])
        platform.close([])

    assert tasks(studio)["a"]["is_labeled"]
    assert None is people(studio)[2].next_task(tasks(studio)["a"]["project"])


def test_a_review_closes_what_is_settled_and_what_is_escalated(studio, tmp_path, monkeypatch):
    """One who changes their mind settles a sample whose third vote was asked for."""
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio.token)
    people(studio)
    loop = Loop(studio, make_folder(tmp_path / "fresh"), tmp_path / "loop", studio.url, "mails")
    for step in ("init", "push"):
        loop.do(step)
    ann, bob, cleo = people(studio)[:3]
    for own, task in tasks(studio).items():
        ann.label(task["id"], "ham")
        bob.label(task["id"], "spam" if own in "01" else "ham")
    for step in ("pull", "review"):
        loop.do(step)
    project = tasks(studio)["0"]["project"]
    assert cleo.next_task(project) is not None
    for own in "01":
        (vote,) = [
            annotation
            for annotation in tasks(studio)[own]["annotations"]
            if annotation["completed_by"] == bob.id
        ]
        bob.change(vote["id"], "ham")
    for step in ("pull", "review"):
        loop.do(step)

    assert None is cleo.next_task(project)
    assert {True} == {task["is_labeled"] for task in tasks(studio).values()}


@pytest.fixture(autouse=True)
def four_people(studio):
    people(studio)
