"""Votes that reviewers check in a third project: accept, fix or reject, each counted once."""

import pytest

import labeling as lb
from labeling.records import CheckRequest, EventKind
from tests.support.studio_loop import (
    ids_of,
    item,
    people,
    project_id,
    pushed,
    samples_of,
    studio_of,
    tasks,
)
from tests.support.studio_project import configure, make_folder

CHECKS = "mails: checks"
REQUESTS = [
    CheckRequest("check 1", "a", "ham", "looks fine", ("ann@example.com",)),
    CheckRequest("check 2", "a", "spam", not_reviewers=("bob@example.com",)),
    CheckRequest("check 3", "b", "ham"),
]


def asked(studio, requests=REQUESTS):
    """Return a platform that asked for checks of votes on two samples."""
    platform = pushed(studio, ["a", "b"])
    platform.ask_checks(requests, samples_of(["a", "b"]))
    return platform


def said(text):
    """Return the result of a reason, as an annotation holds it."""
    value = {"text": [text]}
    return {"from_name": "rationale", "to_name": "text", "type": "textarea", "value": value}


def reject(person, task_id, reason):
    return person.label(task_id, "reject", result=[item("reject"), said(reason)])


def test_each_vote_is_a_task_of_its_own_without_a_name_however_often_it_is_asked(studio):
    platform = asked(studio)
    platform.ask_checks(REQUESTS, samples_of(["a", "b"]))
    studio_of(studio).ask_checks(REQUESTS, samples_of(["a", "b"]))  # knows nothing of the project
    found = tasks(studio, CHECKS)
    assert {"check 1", "check 2", "check 3"} == set(found)
    assert {"text": "text of a", "vote": "ham (looks fine)", "ext_id": "check 1"} == found[
        "check 1"
    ]["data"]
    assert not any("@" in str(task) for task in (one["data"] for one in found.values()))
    assert 1 == [project["title"] for project in studio.projects()].count(CHECKS)
    (where,) = platform.locations(["checks"])
    assert f"/projects/{project_id(studio, CHECKS)}/" in where
    assert () == platform.problems
    assert "mails: review" not in {one["title"] for one in studio.projects()}  # not touched


def test_answers_are_accept_fix_or_reject(studio):
    platform = asked(studio)
    boss = people(studio)[3]
    found = tasks(studio, CHECKS)
    boss.label(found["check 1"]["id"], "accept")
    boss.label(found["check 2"]["id"], "fix: ham")
    reject(boss, found["check 3"]["id"], "see rule 3")
    for own in (platform, studio_of(studio)):
        answers = {one.key: one for one in own.checks(REQUESTS)}
        assert {"accept", "fix", "reject"} == {one.decision for one in answers.values()}
        assert {boss.email} == {one.reviewer for one in answers.values()}
        assert ("fix", "ham") == (answers["check 2"].decision, answers["check 2"].label)
        assert ("reject", "see rule 3") == (answers["check 3"].decision, answers["check 3"].reason)
        assert () == own.problems
    assert ["check 2"] == [one.key for one in platform.checks(REQUESTS[1:2])]
    assert () == platform.checks([])


def test_an_answer_that_does_not_count_is_named_and_another_reviewer_is_asked(studio):
    ann, _, cleo, boss = people(studio)
    requests = [CheckRequest("check 1", "a", "ham", not_reviewers=(ann.email.upper(),))]
    requests.append(CheckRequest("check 2", "b", "ham"))
    platform = asked(studio, requests)
    found = tasks(studio, CHECKS)
    ann.label(found["check 1"]["id"], "accept")
    wrong = boss.label(found["check 2"]["id"], "reject")
    assert () == platform.checks(requests)
    assert ["did not annotate", "must have a reason"] == [
        next(words for words in ("did not annotate", "must have a reason") if words in one.what)
        for one in platform.problems
    ]
    for _ in range(2):  # asked once more, not twice
        platform.ask_checks(requests, samples_of(["a", "b"]))
        open_tasks = tasks(studio, CHECKS)
        assert [(2, False)] * 2 == [
            (task["overlap"], task["is_labeled"]) for task in open_tasks.values()
        ]
    assert cleo.next_task(project_id(studio, CHECKS)) is not None
    cleo.label(found["check 1"]["id"], "fix: spam")
    boss.api(
        "PATCH",
        f"/api/annotations/{wrong['id']}/",
        json={"result": [item("reject"), said("see rule 3")]},
    )
    answers = {one.key: one for one in platform.checks(requests)}
    assert [cleo.email, boss.email] == [answers[key].reviewer for key in sorted(answers)]
    platform.ask_checks(requests, samples_of(["a", "b"]))  # answered, and not taken yet
    assert {2} == {task["overlap"] for task in tasks(studio, CHECKS).values()}


def test_a_skip_says_nothing_and_what_needs_no_check_any_more_is_closed(studio):
    platform = asked(studio)
    found = tasks(studio, CHECKS)
    people(studio)[3].skip(found["check 1"]["id"])
    assert () == platform.checks(REQUESTS)
    platform.ask_checks(REQUESTS[:1], samples_of(["a", "b"]))
    assert {"check 1": False, "check 2": True, "check 3": True} == {
        key: task["is_labeled"] for key, task in tasks(studio, CHECKS).items()
    }
    platform.ask_checks([], samples_of(["a", "b"]))
    assert all(task["is_labeled"] for task in tasks(studio, CHECKS).values())
    platform.ask_checks(REQUESTS[2:], samples_of(["a", "b"]))  # it waits again
    assert not tasks(studio, CHECKS)["check 3"]["is_labeled"]


def test_new_labels_can_be_chosen_without_a_command(studio):
    asked(studio)
    schema = lb.LabelSchema(["ham", "spam", "news"])
    later = studio_of(studio, schema=schema)
    later.ask_checks(REQUESTS, samples_of(["a", "b"]))
    assert () == later.problems
    (project,) = [one for one in studio.projects() if one["title"] == CHECKS]
    assert 'value="fix: news"' in project["label_config"]


def test_a_project_of_somebody_else_is_left_alone_and_named(studio):
    config = '<View><Text name="text" value="$text"/></View>'
    own = {"title": CHECKS, "label_config": config}
    studio.api("POST", "/api/projects/", json=own)
    platform = asked(studio)
    assert () == platform.checks(REQUESTS)
    assert {CHECKS} == {problem.where for problem in platform.problems}
    assert {} == tasks(studio, CHECKS)


@pytest.fixture
def project(studio, tmp_path, monkeypatch):
    """A project whose annotators ann and bob gave the first votes, all of which are drawn."""
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio.token)
    folder = make_folder(tmp_path / "mails")
    configure(folder, studio.url, "mails")
    with (folder / "project.yaml").open("a", encoding="utf-8") as config:
        config.write("annotators: {lot_size: 6, first_lot: 3}\n")
    made = lb.Project(folder / "project.yaml")
    made.init_platform()
    made.push()
    ann, bob, *_ = people(studio)
    for task_id in ids_of(studio).values():
        for person in (ann, bob):
            person.label(task_id, "ham")
    made.pull()
    return made


def test_what_reviewers_say_is_stored_once_as_the_events_of_checks(studio, project):
    ann, *_, boss = people(studio)
    first = project.settle()
    assert any(f"/projects/{project_id(studio, CHECKS)}/" in place for place in first.where)
    waiting = {vote.key: vote for vote in project.votes_to_check()}
    assert set(waiting) == set(tasks(studio, CHECKS))
    keys = sorted(waiting, key=lambda key: (waiting[key].sample_id, waiting[key].annotator))
    found = tasks(studio, CHECKS)
    boss.label(found[keys[0]]["id"], "accept")
    boss.label(found[keys[1]]["id"], "fix: ham")  # what the vote says
    boss.label(found[keys[2]]["id"], "fix: news")
    reject(boss, found[keys[-1]]["id"], "see rule 3")
    ann.label(found[keys[3]]["id"], "accept")  # of a sample that ann annotated
    project.settle()
    kinds = (EventKind.VOTE_ACCEPTED, EventKind.VOTE_FIXED, EventKind.REWORK_ASKED)
    events = {kind: project.store.events.all([kind]) for kind in kinds}
    assert [2, 1, 1] == [len(events[kind]) for kind in kinds]
    assert {boss.email} == {event.actor for of_kind in events.values() for event in of_kind}
    (fixed,) = events[EventKind.VOTE_FIXED]
    assert ("news", waiting[keys[2]].sample_id) == (fixed.about["instead"], fixed.sample_id)
    (rework,) = events[EventKind.REWORK_ASKED]
    rejected = waiting[keys[-1]]
    assert ("see rule 3", rejected.annotator) == (rework.about["reason"], rework.about["annotator"])
    assert rejected.sample_id == rework.sample_id
    again = lb.Project(project.config.root / "project.yaml")
    count = again.store.events.count()
    again.settle()
    assert count == again.store.events.count()
    task = tasks(studio)[str(rejected.sample_id)]
    assert (3, False) == (task["overlap"], task["is_labeled"])
    assert "see rule 3" in task["data"]["rework"]


def test_a_vote_that_changes_is_asked_anew(studio, project):
    project.settle()
    vote = project.votes_to_check()[0]
    (old,) = [one for one in tasks(studio, CHECKS).values() if one["data"]["ext_id"] == vote.key]
    ann, bob, _, boss = people(studio)
    author = ann if vote.annotator == ann.email else bob
    (given,) = [
        one
        for one in tasks(studio)[str(vote.sample_id)]["annotations"]
        if one["completed_by"] == author.id
    ]
    author.change(given["id"], "spam")
    boss.label(old["id"], "accept")  # of what it said before
    project.pull()
    project.settle()
    assert not project.store.events.all([EventKind.VOTE_ACCEPTED])
    (new,) = [
        one
        for one in project.votes_to_check()
        if (one.sample_id, one.annotator) == (vote.sample_id, vote.annotator)
    ]
    assert "spam" == tasks(studio, CHECKS)[new.key]["data"]["vote"]
