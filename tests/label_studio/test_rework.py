"""Rejected work in Label Studio: its task is open again and shows why; so is hidden gold."""

from labeling.label_studio.labeling_config import annotator_config, is_generated
from labeling.records import (
    AskAgain,
    MessageKind,
    NewMessage,
    live_annotations,
    rejected_annotations,
    rejection_of,
)
from tests.support.studio_loop import (
    SCHEMA,
    batch_of,
    ids_of,
    listed,
    people,
    project_id,
    samples_of,
    studio_of,
    tasks,
)


def labeled(studio, **options):
    """Return a platform on which ann and bob labeled a sample, and its annotations."""
    ann, bob, *_ = people(studio)
    platform = studio_of(studio, **options)
    platform.push(batch_of(["a"]), samples_of(["a"]))
    answers = [person.label(ids_of(studio)["a"], "ham") for person in (ann, bob)]
    return platform, answers, {one.annotator: one for one in platform.pull()}


def reject(platform, annotation, reason):
    """Reject an annotation, and ask again for what is missing then."""
    platform.inform([rejection_of(annotation)], [])
    names = {one.annotator for one in live_annotations(platform.known_annotations())}
    request = AskAgain("a", 1, tuple(names), ((annotation.annotator, reason),))
    platform.ask_again([request], samples_of(["a"]))


def test_a_rejected_vote_opens_its_task_again_with_the_reason_and_without_a_name(studio):
    cleo = people(studio)[2]
    platform, _, votes = labeled(studio, shows_rework=True)
    assert tasks(studio)["a"]["is_labeled"]
    name, vote = next(iter(votes.items()))
    reject(platform, vote, "see rule 3")
    task = tasks(studio)["a"]
    assert (3, False) == (task["overlap"], task["is_labeled"])
    assert "An earlier label of this text was rejected: see rule 3" == task["data"]["rework"]
    assert name not in str(task["data"])
    assert task["id"] == cleo.next_task(project_id(studio))["id"]
    reject(platform, vote, "see rule 3")
    assert 3 == tasks(studio)["a"]["overlap"]  # asked once


def test_it_counts_again_only_when_its_author_changes_it(studio):
    ann = people(studio)[0]
    platform, (answer, _), votes = labeled(studio, shows_rework=True)
    name = next(name for name in votes if name.startswith("ann"))
    reject(platform, votes[name], "see rule 3")
    live = {one.annotator for one in live_annotations(platform.pull())}
    assert {other for other in votes if other != name} == live
    changed = {"result": [{**answer["result"][0], "value": {"choices": ["spam"]}}]}
    ann.api("PATCH", f"/api/annotations/{answer['id']}/", json=changed)
    labels = {one.annotator: one.label for one in live_annotations(platform.pull())}
    assert "spam" == labels[name]


def test_a_project_that_does_not_display_reasons_is_left_as_it_is(studio):
    platform, _, votes = labeled(studio)
    reject(platform, next(iter(votes.values())), "see rule 3")
    task = tasks(studio)["a"]
    assert {"text", "ext_id"} == set(task["data"])
    assert not task["is_labeled"]


def test_both_interfaces_are_known_as_generated():
    both = [annotator_config(SCHEMA, rework=rework) for rework in (False, True)]
    assert all(is_generated(config, *both) for config in both)
    assert not is_generated(both[1], both[0])
    assert "$rework" in both[1]


def test_an_existing_project_learns_to_display_reasons(studio):
    """Its tasks from before lack the field, and the server takes the new interface all the same."""
    _, _, votes = labeled(studio)
    later = studio_of(studio, shows_rework=True)
    later.init()
    later.pull()
    reject(later, next(iter(votes.values())), "see rule 3")
    assert "see rule 3" in tasks(studio)["a"]["data"]["rework"]


def test_hidden_gold_that_was_asked_before_is_open_for_others_again(studio):
    cleo = people(studio)[2]
    platform, _, votes = labeled(studio)
    platform.close(["a"])
    kind = MessageKind.ASK
    for _ in range(2):
        new = NewMessage(kind, "a", votes=1, not_annotators=tuple(sorted(votes)), after=1)
        platform.own_outbox.replace(kind, [new])
        platform.push(batch_of(["a"]), samples_of(["a"]), outbox=platform.own_outbox)
    assert () == platform.own_outbox.waiting(kind)
    task = tasks(studio)["a"]
    assert (3, False) == (task["overlap"], task["is_labeled"])
    assert task["id"] == cleo.next_task(project_id(studio))["id"]


def test_a_rejected_vote_that_a_merge_of_duplicates_copies_does_not_count_again(studio):
    ann, bob, cleo, _ = people(studio)
    platform, (answer, _), votes = labeled(studio, shows_rework=True)
    name = next(name for name in votes if name.startswith("ann"))
    reject(platform, votes[name], "see rule 3")
    duplicate = {"data": {"text": "text of a", "ext_id": "a"}}
    studio.api("POST", f"/api/projects/{project_id(studio)}/import", json=[duplicate])
    (copy,) = [one for one in listed(studio)["a"] if one["id"] != answer["task"]]
    for person in (bob, cleo, people(studio)[3]):  # the copy has more votes, and so is kept
        person.label(copy["id"], "ham")
    for _ in range(3):  # the merge follows a pull
        live = {one.annotator for one in live_annotations(platform.pull())}
        assert name not in live
        assert 3 == len(live)
    kept = tasks(studio)["a"]
    assert copy["id"] == kept["id"]
    (copied,) = [one for one in kept["annotations"] if one["completed_by"] == ann.id]
    assert [name] == [one.annotator for one in rejected_annotations(platform.pull())]
    ann.change(copied["id"], "spam")
    assert "spam" == {one.annotator: one.label for one in live_annotations(platform.pull())}[name]
