"""Tasks deleted on the server are reported and sent again; their annotations stay valid."""

import pytest

import labeling as lb
from tests.support.studio_loop import people, tasks
from tests.support.studio_project import Loop, make_folder

REVIEW = "mails: review"


@pytest.fixture
def loop(studio, tmp_path, monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio.token)
    people(studio)
    made = Loop(studio, make_folder(tmp_path / "fresh"), tmp_path / "loop", studio.url, "mails")
    made.do("init")
    made.do("push")
    return made


def delete(studio, own, title="mails"):
    studio.api("DELETE", f"/api/tasks/{tasks(studio, title)[own]['id']}/")


def pulled(loop):
    return [problem.where for problem in lb.Project(loop.folder / "project.yaml").pull().problems]


def test_tasks_that_nobody_answered_yet_are_asked_anew_by_a_review(studio, loop):
    loop.do("pull")
    delete(studio, "0")
    delete(studio, "5")

    assert ["mails, samples 0, 5"] == pulled(loop)
    for _ in range(2):
        loop.do("review")
    assert set("012345") == set(tasks(studio))
    assert {2} == {task["overlap"] for task in tasks(studio).values()}
    assert [] == pulled(loop)


def test_a_whole_loop_in_which_tasks_are_deleted_comes_to_the_same_labels(studio, loop):
    delete(studio, "0")
    loop.people_label()
    loop.do("pull")
    delete(studio, "3")
    loop.do("review")
    loop.people_label()
    loop.do("pull")
    loop.do("review")
    delete(studio, "5", REVIEW)
    assert ["mails: review, samples 5"] == pulled(loop)
    loop.do("review")
    assert {"5"} == set(tasks(studio, REVIEW))
    for _ in range(3):  # a new task does not know who voted on the first, and asks them too
        loop.people_label()
        loop.do("pull")
        loop.do("review")
    found = loop.state()

    assert {
        *((0, "ham", "agreement"), (1, "spam", "agreement"), (2, "ham", "agreement")),
        *((3, "ham", "agreement"), (4, "news", "agreement"), (5, "news", "review")),
    } == set(found["gold"])
    assert 0 == found["open"][2]
    assert [] == pulled(loop)


def test_an_escalated_sample_waits_for_no_annotator_whose_task_was_deleted(studio, loop):
    """Its task among the annotators' may go: a reviewer has what is needed."""
    loop.people_label()
    for step in ("pull", "review", "PEOPLE", "pull", "review"):
        loop.do(step)
    assert {"5"} == set(tasks(studio, REVIEW))
    delete(studio, "5")
    assert [] == pulled(loop)
    assert [] == pulled(loop)
    delete(studio, "5", REVIEW)
    assert ["mails: review, samples 5"] == pulled(loop)
