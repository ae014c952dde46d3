"""More votes, escalations and decisions in Label Studio: each once, and without names."""

import pytest

import labeling as lb
from labeling.records import Escalation
from tests.support.studio_loop import (
    SCHEMA,
    batch_of,
    people,
    project_id,
    pushed,
    said_by,
    samples_of,
    studio_of,
    tasks,
    votes_in,
)

IDS = ["a", "b"]
REVIEW = "mails: review"
THIRD = lb.ReviewPolicy(escalate="no_majority")  # two who differ leave it to a third


def split(server, ids=IDS):
    """Return a platform whose annotators do not agree, and the verdict."""
    platform = pushed(server, ids)
    ann, bob, *_ = people(server)
    for task in tasks(server).values():
        ann.label(task["id"], "ham")
        bob.label(task["id"], "spam")
    return platform, lb.review(platform.pull(), SCHEMA, policy=THIRD)


def in_conflict(server, ids=IDS):
    """Return a platform whose annotators never agree, and the samples that a reviewer decides."""
    platform, _ = split(server, ids)
    cleo = people(server)[2]
    for task in tasks(server).values():
        cleo.skip(task["id"])
    policy = lb.ReviewPolicy(2, 2)
    return platform, lb.review(platform.pull(), SCHEMA, policy=policy)


def decided(platform):
    return lb.review(platform.pull(), SCHEMA, policy=lb.ReviewPolicy(2, 2))


def test_who_is_asked_again_is_a_third_person_once(studio):
    platform, verdict = split(studio)
    for _ in range(2):
        platform.ask_again(verdict.pending)
        studio_of(studio).ask_again(verdict.pending)
    ann, bob, cleo, dora = people(studio)
    found = tasks(studio)

    assert [(3, False)] * 2 == [(task["overlap"], task["is_labeled"]) for task in found.values()]
    assert {"a": 1, "b": 1} == platform.outstanding_votes()
    project = project_id(studio)
    assert (None, None) == (ann.next_task(project), bob.next_task(project))
    served = []
    while task := cleo.next_task(project):
        served.append(task["data"]["ext_id"])
        cleo.label(task["id"], "ham")
    assert ["a", "b"] == sorted(served)
    assert dora.next_task(project) is None
    verdict = lb.review(platform.pull(), SCHEMA, policy=THIRD)
    assert ["ham", "ham"] == [annotation.label for annotation in verdict.gold]
    assert 2 == max(annotation.round for annotation in platform.pull())


def test_who_skips_makes_room_for_somebody_else(studio):
    platform = pushed(studio, ["a"], votes_per_sample=1)
    ann, bob, *_ = people(studio)
    ann.skip(tasks(studio)["a"]["id"])
    verdict = lb.review(platform.pull(), SCHEMA, policy=lb.ReviewPolicy(1, 1))
    platform.ask_again(verdict.pending)

    assert 1 == tasks(studio)["a"]["overlap"]
    assert {"a": 1} == platform.outstanding_votes()
    assert tasks(studio)["a"]["id"] == bob.next_task(project_id(studio))["id"]


def test_a_task_that_was_deleted_is_made_anew_to_ask_again(studio):
    platform, verdict = split(studio)
    studio.api("DELETE", f"/api/tasks/{tasks(studio)['a']['id']}/")
    for _ in range(2):
        platform.ask_again(verdict.pending, samples_of(IDS))
    found = tasks(studio)

    assert {"a": 1, "b": 1} == platform.outstanding_votes()
    assert [1, 3] == [found[own]["overlap"] for own in IDS]


def test_a_task_that_was_deleted_is_told_where_nothing_can_make_it_anew(studio):
    platform, verdict = split(studio)
    studio.api("DELETE", f"/api/tasks/{tasks(studio)['a']['id']}/")
    platform.ask_again(verdict.pending)

    assert ["mails, sample 'a'"] == [problem.where for problem in platform.problems]


def test_reviewers_are_asked_once_and_see_votes_by_nobodys_name(studio):
    platform, verdict = in_conflict(studio)
    for _ in range(2):
        platform.escalate(verdict.escalations, samples_of(IDS))
        studio_of(studio).escalate(verdict.escalations, samples_of(IDS))
    found = tasks(studio, REVIEW)

    assert set(IDS) == set(found)
    assert {
        "text": "text of a",
        "votes": "Annotator 1: ham\nAnnotator 2: skipped\nAnnotator 3: spam",
        "why": "conflict: 1 x ham, 1 x spam, 1 skipped. Probable cause: ambiguous sample (0 of 2"
        " voters are known to agree with others as usual)",
        "ext_id": "a",
    } == found["a"]["data"]
    assert [(1, False, [])] * 2 == [
        (task["overlap"], task["is_labeled"], task["predictions"]) for task in found.values()
    ]
    for user in people(studio):
        assert user.email not in str(found)


def test_a_decision_comes_back_with_its_reason_and_stands_as_ground_truth_once(studio):
    platform, verdict = in_conflict(studio)
    platform.escalate(verdict.escalations, samples_of(IDS))
    dora = people(studio)[3]
    why = {"from_name": "rationale", "to_name": "text", "type": "textarea"}
    result = [
        {
            **{"from_name": "label", "to_name": "text", "type": "choices"},
            "value": {"choices": ["spam"]},
        },
        {**why, "value": {"text": ["It asks", "for money."]}},
    ]
    made = dora.label(tasks(studio, REVIEW)["a"]["id"], "spam", result=result)
    before = len(said_by(platform.pull()))
    verdict = decided(platform)
    (gold,) = verdict.gold
    for _ in range(2):
        platform.write_back(verdict.gold)
        studio_of(studio).write_back(verdict.gold)

    assert ("a", "spam", "review") == (gold.sample_id, gold.label, gold.source)
    assert ["It asks\nfor money."] == [
        annotation.reason for annotation in gold.trace if annotation.reviewer
    ]
    truths = [vote for vote in votes_in(tasks(studio)["a"]) if vote[2]]
    assert [(dora.id, "spam", True)] == truths
    assert [] == [vote for vote in votes_in(tasks(studio)["b"]) if vote[2]]
    assert before == len(said_by(platform.pull()))
    assert said_by(platform.pull()) == said_by(studio_of(studio).pull())

    dora.change(made["id"], "ham")
    for _ in range(2):
        platform.write_back(decided(platform).gold)
    assert [(dora.id, "ham", True)] == [vote for vote in votes_in(tasks(studio)["a"]) if vote[2]]


def test_who_voted_on_a_sample_is_not_heard_as_its_reviewer(studio):
    platform, verdict = in_conflict(studio)
    platform.escalate(verdict.escalations, samples_of(IDS))
    ann, _, _, dora = people(studio)
    task = tasks(studio, REVIEW)["a"]["id"]
    ann.label(task, "ham")
    assert dora.next_task(project_id(studio, REVIEW))["data"]["ext_id"] == "b"
    verdict = decided(platform)
    assert ["a", "b"] == sorted(escalation.sample_id for escalation in verdict.escalations)
    for _ in range(2):
        platform.escalate(verdict.escalations, samples_of(IDS))
        studio_of(studio).escalate(verdict.escalations, samples_of(IDS))
    found = tasks(studio, REVIEW)

    assert [(2, False), (1, False)] == [
        (found[own]["overlap"], found[own]["is_labeled"]) for own in IDS
    ]
    dora.label(task, "spam")
    assert ["spam"] == [annotation.label for annotation in decided(platform).gold]


def test_a_reviewer_who_skips_leaves_a_sample_unresolved(studio):
    platform, verdict = in_conflict(studio, ["a"])
    platform.escalate(verdict.escalations, samples_of(["a"]))
    people(studio)[3].skip(tasks(studio, REVIEW)["a"]["id"])

    assert ("a",) == decided(platform).unresolved


def test_tasks_that_were_deleted_before_an_answer_are_told(studio):
    platform, verdict = in_conflict(studio, ["a", "b", "c"])
    platform.push(batch_of(["d", "e"]), samples_of(["d", "e"]))
    platform.escalate(verdict.escalations, samples_of(["a", "b", "c"]))
    platform.pull()
    studio.api("DELETE", f"/api/tasks/{tasks(studio)['d']['id']}/")
    studio.api("DELETE", f"/api/tasks/{tasks(studio, REVIEW)['b']['id']}/")
    platform.pull()

    assert (("d",), ("b",)) == (platform.lost, platform.lost_reviews)
    assert ["mails, samples 'd'", "mails: review, samples 'b'"] == [
        problem.where for problem in platform.problems
    ]


@pytest.mark.parametrize("prelabels", ["shown", "hidden"])
def test_reviewers_see_what_the_model_holds_only_where_prelabels_are_shown(studio, prelabels):
    raised = [Escalation("a", (), "why", "spam")]
    platform = studio_of(studio, prelabels=prelabels)
    platform.escalate(raised, samples_of(["a"]))

    shown = tasks(studio, REVIEW)["a"]["data"].get("model")
    assert ("spam" if prelabels == "shown" else None) == shown
