"""Pulling annotations: each once, none lost, none invented."""

import datetime
import json

import pytest

from labeling.errors import UnreachableError
from labeling.label_studio import client, pulling
from labeling.records import live_annotations
from tests.support.faulty_proxy import FaultyProxy
from tests.support.studio_loop import (
    batch_of,
    ids_of,
    item,
    news,
    people,
    project_id,
    pushed,
    said_by,
    samples_of,
    soft_of,
    studio_of,
    tasks,
)


def test_labels_and_skips_come_back_with_who_and_how_long(studio):
    ann, bob, *_ = people(studio)
    platform = pushed(studio, ["a", "b"])
    task_ids = ids_of(studio)
    begun = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=5)
    ann.label(task_ids["a"], "spam", lead_time=2.5)
    bob.skip(task_ids["a"])
    found = platform.pull()
    first = found[0]

    assert [("a", ann.email, "spam"), ("a", bob.email, None)] == said_by(found)
    assert (2.5, 1, False, False, "", False) == (
        *(first.lead_seconds, first.round, first.reviewer, first.prelabel_shown),
        *(first.reason, first.deleted),
    )
    assert begun < first.created_at <= first.updated_at
    assert found == platform.pull()


def test_a_skip_that_carries_the_prelabel_is_no_vote_for_it(studio):
    ann = people(studio)[0]
    platform = pushed(studio, ["a"])
    ann.skip(ids_of(studio)["a"], "spam")

    assert [("a", ann.email, None)] == said_by(platform.pull())
    assert () == platform.problems


def test_a_changed_mind_is_a_new_version_of_the_same_annotation(studio):
    ann = people(studio)[0]
    platform = pushed(studio, ["a"])
    made = ann.label(ids_of(studio)["a"], "spam")
    platform.pull()
    ann.change(made["id"], "ham")
    before, after = platform.pull()

    assert (before.platform_id, before.created_at) == (after.platform_id, after.created_at)
    assert before.updated_at < after.updated_at
    assert [("a", ann.email, "ham")] == said_by([before, after])


def test_a_vote_that_was_taken_back_counts_no_more_and_another_of_the_same_person_does(studio):
    ann, bob, *_ = people(studio)
    platform = pushed(studio, ["a"])
    task = ids_of(studio)["a"]
    ann.label(task, "ham")
    second, his = ann.label(task, "spam"), bob.label(task, "spam")
    assert [("a", ann.email, "spam"), ("a", bob.email, "spam")] == said_by(platform.pull())
    ann.delete(second["id"])
    bob.delete(his["id"])

    assert [("a", ann.email, "ham")] == said_by(platform.pull())
    assert said_by(platform.pull()) == said_by(studio_of(studio).pull())


def test_an_annotation_that_is_there_is_never_taken_for_deleted(studio, monkeypatch, no_overlap):
    """Even where the list of tasks was read a moment too early."""
    ann, bob, *_ = people(studio)
    platform = pushed(studio, ["a"])
    ann.label(ids_of(studio)["a"], "ham")
    platform.pull()
    bob.label(ids_of(studio)["a"], "ham")
    real = pulling.tasks_with_annotations
    read = []

    def early(*arguments):
        read.extend(real(*arguments))
        return [{**task, "annotations": []} for task in read]

    monkeypatch.setattr(pulling, "tasks_with_annotations", early)

    assert [False] == [annotation.deleted for annotation in platform.pull()]
    assert 1 == len(read)


def test_drafts_are_not_votes(studio):
    ann = people(studio)[0]
    platform = pushed(studio, ["a"])
    path = f"/api/tasks/{ids_of(studio)['a']}/drafts"
    ann.api("POST", path, json={"result": [item("spam")], "lead_time": 1})

    assert () == platform.pull() == studio_of(studio).pull()


def test_whether_a_prelabel_was_seen_and_kept_is_known(studio):
    ann, bob, *_ = people(studio)
    platform = studio_of(studio, prelabels="shown")
    platform.push(batch_of(["a"]), samples_of(["a"]), soft_of({"a": 0.9}))
    task = tasks(studio)["a"]
    prelabel = task["predictions"][0]["id"]
    kept = [item("spam", origin="prediction")]
    changed = [item("ham", origin="prediction-changed")]
    ann.label(task["id"], "spam", result=kept, parent_prediction=prelabel)
    bob.label(task["id"], "ham", result=changed, parent_prediction=prelabel)
    found = {annotation.annotator: annotation for annotation in platform.pull()}

    assert {
        ann.email: ("spam", True, "spam", "prediction"),
        bob.email: ("ham", True, "spam", "prediction-changed"),
    } == {
        who: (annotation.label, annotation.prelabel_shown, annotation.prelabel, annotation.origin)
        for who, annotation in found.items()
    }


def test_what_somebody_said_who_has_left_the_server_stands(studio, no_overlap):
    gone = studio.new_user("gone")
    ann = people(studio)[0]
    platform = pushed(studio, ["a"], votes_per_sample=3)
    gone.label(ids_of(studio)["a"], "ham")
    platform.pull()
    studio.api("DELETE", f"/api/organizations/1/memberships/{gone.id}/")
    ann.label(ids_of(studio)["a"], "spam")

    assert [("a", ann.email, "spam"), ("a", gone.email, "ham")] == said_by(platform.pull())
    fresh = [annotation.label for annotation in live_annotations(studio_of(studio).pull())]
    assert ["ham", "spam"] == sorted(fresh)


def test_a_later_pull_brings_only_what_changed(studio, no_overlap):
    ann, bob, *_ = people(studio)
    platform = pushed(studio, ["a", "b"])
    task_ids = ids_of(studio)
    ann.label(task_ids["a"], "ham")
    assert 1 == len(news(platform))
    assert () == news(platform)
    bob.label(task_ids["b"], "spam")

    assert [("b", bob.email, "spam")] == said_by(news(platform))


def test_a_pull_that_fails_halfway_brings_everything_the_next_time(studio, monkeypatch, no_overlap):
    monkeypatch.setattr(client, "FIRST_WAIT", 0.01)
    ann = people(studio)[0]
    pushed(studio, ["a"]).init()
    ann.label(ids_of(studio)["a"], "ham")
    last = f"/api/projects/{project_id(studio, 'mails: review')}/"
    with FaultyProxy(studio.url, where=lambda _, path: path == last, always="503") as proxy:
        platform = studio_of(studio, url=proxy.url, retry_for=0)
        with pytest.raises(UnreachableError):
            platform.pull()
        assert json.loads(platform.memory)["annotators"]["until"] is None
        proxy.always = None

        assert [("a", ann.email, "ham")] == said_by(platform.pull())


def test_the_next_process_goes_on_where_the_last_one_ended(studio):
    ann, bob, *_ = people(studio)
    platform = pushed(studio, ["a", "b"])
    task_ids = ids_of(studio)
    made = ann.label(task_ids["a"], "ham")
    annotations = platform.pull()
    ann.delete(made["id"])
    bob.label(task_ids["b"], "spam")
    other = studio_of(studio, memory=platform.memory, known=lambda ids: annotations)

    assert [("a", True), ("b", False)] == sorted(
        (annotation.sample_id, annotation.deleted) for annotation in news(other)
    )


@pytest.mark.parametrize(
    "change", [{"title": "other mails"}, {"url": "127.0.0.1", "new": "localhost"}]
)
def test_the_memory_of_another_project_or_server_holds_nothing(studio, change):
    ann = people(studio)[0]
    platform = pushed(studio, ["a"])
    pushed(studio, ["x"], title="other mails")
    ann.label(ids_of(studio)["a"], "spam")
    ann.label(tasks(studio, "other mails")["x"]["id"], "ham")
    platform.pull()
    if "url" in change:
        change = {"url": studio.url.replace(change["url"], change["new"])}
    else:
        change = {"title": change["title"]}
    other = studio_of(studio, **change, memory=platform.memory)

    assert 1 == len(other.pull())


def test_a_first_pull_and_later_ones_tell_the_same(studio, no_overlap):
    ann, bob, cleo, _ = people(studio)
    platform = pushed(studio, ["a", "b", "c"], votes_per_sample=1)
    task_ids = ids_of(studio)
    platform.pull()
    made = [ann.label(task_ids["a"], "ham"), bob.label(task_ids["a"], "spam", lead_time=0.25)]
    platform.pull()
    cleo.skip(task_ids["a"])
    ann.skip(task_ids["b"], "ham")
    platform.pull()
    bob.delete(made[1]["id"])
    ann.change(made[0]["id"], "spam")
    platform.pull()

    live = set(live_annotations(platform.pull()))
    fresh = set(studio_of(studio, votes_per_sample=1).pull())
    rounds = {(annotation.sample_id, annotation.annotator): annotation.round for annotation in live}
    assert {
        (annotation.sample_id, annotation.annotator, annotation.label, annotation.updated_at)
        for annotation in live
    } == {
        (annotation.sample_id, annotation.annotator, annotation.label, annotation.updated_at)
        for annotation in fresh
    }
    assert 1 == rounds["a", ann.email]


def test_a_first_pull_gives_the_very_annotations_of_a_later_one(studio, no_overlap):
    ann, bob, *_ = people(studio)
    platform = pushed(studio, ["a", "b"])
    platform.pull()
    task_ids = ids_of(studio)
    ann.label(task_ids["a"], "ham", lead_time=1.25)
    bob.label(task_ids["a"], "spam")
    ann.skip(task_ids["b"], "ham")

    assert set(platform.pull()) == set(studio_of(studio).pull())


@pytest.mark.parametrize("fresh", [True, False])
def test_many_tasks_come_in_pages(studio, monkeypatch, fresh):
    monkeypatch.setattr("labeling.label_studio.task_queries.PAGE_SIZE", 3)
    ann = people(studio)[0]
    ids = list(range(8))
    platform = pushed(studio, ids)
    if not fresh:
        platform.pull()
    for task in ids_of(studio).values():
        ann.label(task, "ham")

    assert ids == sorted(annotation.sample_id for annotation in platform.pull())
    assert dict.fromkeys(ids, 1) == platform.outstanding_votes()


def test_votes_to_come_are_those_that_nobody_gave_yet(studio):
    ann, bob, *_ = people(studio)
    platform = pushed(studio, ["a", "b", "c", "d"])
    task_ids = ids_of(studio)
    for who, task, skips in ((ann, "a", 0), (bob, "a", 0), (ann, "b", 0), (ann, "c", 1)):
        who.skip(task_ids[task]) if skips else who.label(task_ids[task], "ham")

    assert {"b": 1, "c": 2, "d": 2} == platform.outstanding_votes()


def test_a_project_that_nobody_asked_in_has_nothing_to_say(studio):
    platform = studio_of(studio)
    platform.init()

    assert () == platform.pull() == platform.pull() == platform.problems
    assert {} == platform.outstanding_votes()
