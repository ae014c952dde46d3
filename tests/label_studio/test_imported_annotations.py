"""Copies from an export that the admin imports again are merged by a pull, and are no votes."""

import dataclasses
import datetime
import json

import pytest

import labeling as lb
from labeling.annotation_files import label_studio_annotations
from labeling.annotation_files.label_studio import COPIES, NOBODY
from labeling.records import live_annotations
from tests.support.studio_loop import (
    SCHEMA,
    batch_of,
    listed,
    people,
    project_id,
    pushed,
    samples_of,
    studio_of,
    tasks,
)
from tests.support.studio_project import Loop, make_folder

IDS = ["a", "b"]


def export_tasks(studio, title="mails"):
    project = project_id(studio, title)
    found = studio.api("GET", f"/api/projects/{project}/export", params={"exportType": "JSON"})
    for task in found:
        task.pop(
            "predictions"
        )  # an export has but their numbers, with which no import goes through
    return found


def reimport(studio, found, *without, title="mails"):
    """Import an export again; of its annotations some fields are left out."""
    for task in found:
        task["annotations"] = [
            {name: value for name, value in annotation.items() if name not in without}
            for annotation in task["annotations"]
        ]
    studio.api("POST", f"/api/projects/{project_id(studio, title)}/import", json=found)


def labeled(studio):
    """Ask about two samples; ann and bob differ on the first."""
    platform = pushed(studio, IDS)
    ann, bob = people(studio)[:2]
    for ext_id, task in tasks(studio).items():
        ann.label(task["id"], "ham", lead_time=3.25)
        bob.label(task["id"], "spam" if ext_id == "a" else "ham", lead_time=4.5)
    return platform


def votes_of(said):
    return sorted(
        (annotation.sample_id, annotation.annotator.partition("-")[0], annotation.label)
        for annotation in live_annotations(said)
    )


EXPECTED = [("a", "ann", "ham"), ("a", "bob", "spam"), ("b", "ann", "ham"), ("b", "bob", "ham")]
FIELDS = [(), ("completed_by",), ("completed_by", "id"), ("completed_by", "id", "unique_id")]


@pytest.mark.parametrize("is_pulled_before", [True, False])
@pytest.mark.parametrize("without", FIELDS, ids=lambda names: "+".join(names) or "as it is")
def test_copied_annotations_are_no_votes_and_copied_tasks_are_merged(
    studio, without, is_pulled_before
):
    platform = labeled(studio)
    if is_pulled_before:
        platform.pull()
    reimport(studio, export_tasks(studio), *without)
    assert {2} == {len(duplicates) for duplicates in listed(studio).values()}
    found = platform.annotated_tasks()
    read = label_studio_annotations(found.tasks, found.names)
    held = read.left_out.get(COPIES, 0) + read.left_out.get(NOBODY, 0)
    assert (4, 4) == (len(read.annotations), held)
    annotations = platform.pull()
    problems = platform.problems

    assert EXPECTED == votes_of(annotations)
    assert {1} == {len(duplicates) for duplicates in listed(studio).values()}
    assert (4 if without else 0) == len(problems)
    for problem in problems:
        assert "by admin@" in problem.where
        assert "a copy of annotation" in problem.what
    assert EXPECTED == votes_of(platform.pull()) == votes_of(studio_of(studio).pull())
    assert () == platform.problems
    assert ["b"] == [annotation.sample_id for annotation in lb.review(platform.pull(), SCHEMA).gold]


def test_an_old_copy_does_not_take_back_what_somebody_said_since(studio):
    platform = labeled(studio)
    old = export_tasks(studio)
    ann = people(studio)[0]
    (vote,) = [
        annotation["id"]
        for annotation in tasks(studio)["b"]["annotations"]
        if annotation["completed_by"] == ann.id
    ]
    ann.change(vote, "spam")
    platform.pull()
    reimport(studio, old)

    assert ("b", "ann", "spam") in votes_of(platform.pull())
    assert ("b", "ann", "spam") in votes_of(studio_of(studio).pull())


def test_votes_on_a_copy_count_beside_its_copied_annotations(studio):
    """The admin's own vote, too, and that of somebody who changed what was copied."""
    platform = labeled(studio)
    platform.pull()
    reimport(studio, export_tasks(studio), "completed_by")
    copies = {
        ext_id: max(duplicates, key=lambda task: task["id"])
        for ext_id, duplicates in listed(studio).items()
    }
    cleo = people(studio)[2]
    cleo.label(copies["a"]["id"], "ham")
    result = copies["b"]["annotations"][0]["result"]
    sent = {"result": result, "lead_time": 9.0}
    studio.api("POST", f"/api/tasks/{copies['a']['id']}/annotations/", json=sent)
    changed = copies["b"]["annotations"][0]["id"]
    spam = [{**result[0], "value": {"choices": ["spam"]}}]
    studio.api("PATCH", f"/api/annotations/{changed}/", json={"result": spam})
    more = [("a", "admin@localhost.local", "ham"), ("a", "cleo", "ham")]
    expected = sorted([*EXPECTED, *more, ("b", "admin@localhost.local", "spam")])

    assert expected == votes_of(platform.pull())
    assert {"a": 1, "b": 1} == {
        ext_id: len(duplicates) for ext_id, duplicates in listed(studio).items()
    }
    assert expected == votes_of(platform.pull()) == votes_of(studio_of(studio).pull())


def test_tasks_that_were_deleted_and_imported_again_bring_no_new_voters(studio):
    platform = labeled(studio)
    annotations = platform.pull()
    backup = export_tasks(studio)
    for task in tasks(studio).values():
        studio.api("DELETE", f"/api/tasks/{task['id']}/")
    reimport(studio, backup, "completed_by")

    assert EXPECTED == votes_of(annotations) == votes_of(platform.pull())
    assert 4 == len(platform.problems)  # for as long as the copies are there
    platform.pull()
    assert 4 == len(platform.problems)


def test_annotations_without_authors_are_held_back_and_stay_on_the_server(studio):
    """Where nobody knows the originals: two people's words in the name of who imported them."""
    labeled(studio)
    backup = export_tasks(studio)
    studio.delete_all_projects()
    platform = studio_of(studio)
    platform.init()
    reimport(studio, backup, "completed_by")
    annotations = platform.pull()

    assert [] == votes_of(annotations)
    assert 4 == len(platform.problems)
    assert "who made them" in platform.problems[0].what
    platform.push(batch_of(IDS), samples_of(IDS))
    platform.pull()
    assert 4 == sum(len(task["annotations"]) for task in tasks(studio).values())


def test_copies_nobody_annotated_are_merged_too(studio):
    platform = labeled(studio)
    platform.pull()
    reimport(studio, [{**task, "annotations": []} for task in export_tasks(studio)])
    platform.pull()

    assert {1} == {len(duplicates) for duplicates in listed(studio).values()}


@pytest.fixture
def loop(studio, tmp_path, monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio.token)
    people(studio)
    made = Loop(studio, make_folder(tmp_path / "fresh"), tmp_path / "p", studio.url, "mails")
    for step in ("init", "push", "PEOPLE", "pull"):
        made.do(step)
    return made


def test_an_import_settles_nothing_in_a_project_and_is_told_of(studio, loop):
    before = loop.state()
    reimport(studio, export_tasks(studio), "completed_by")
    its = lb.Project(loop.folder / "project.yaml")
    foreseen = its.preview().pulled
    assert {2} == {
        len(duplicates) for duplicates in listed(studio).values()
    }  # a dry run merges nothing
    pulled = its.pull()

    assert foreseen.problems == pulled.problems
    assert all("a copy of annotation" in problem.what for problem in pulled.problems)
    assert 13 == len(pulled.problems)
    assert pulled.problems == its.status().problems
    after = loop.state()
    for name in ("votes", "gold", "open", "ledger", "annotators"):
        assert json.dumps(before[name], default=str) == json.dumps(after[name], default=str), name


def test_votes_that_were_counted_before_are_taken_back(studio, loop):
    """A store of before holds the admin's copied votes, and the copies stand on the server."""
    before = loop.state()
    reimport(studio, export_tasks(studio), "completed_by")
    its = lb.Project(loop.folder / "project.yaml")

    wrong = []
    for ext_id, duplicates in listed(studio).items():
        copy = max(duplicates, key=lambda task: task["id"])
        for annotation in copy["annotations"]:
            (vote,) = [
                stored
                for stored in its.store.ledger.annotations([int(ext_id)])
                if stored.platform_id.endswith(f"/{annotation['import_id']}")
            ]
            number = f"{copy['project']}/{copy['id']}/{annotation['id']}"
            when = datetime.datetime.fromisoformat(annotation["created_at"]).astimezone(
                datetime.UTC
            )
            admin = {"annotator": studio.email, "platform_id": number}
            admin |= {"created_at": when, "updated_at": when}
            wrong.append(dataclasses.replace(vote, **admin))
    its.add_annotations(wrong)
    assert before["votes"] != loop.state()["votes"]
    its.pull()

    assert before["votes"] == loop.state()["votes"]
    assert before["gold"] == loop.state()["gold"]
