"""Pushing samples to Label Studio from a notebook: one task a sample, with the schema's labels."""

import json

import pytest

from labeling.errors import DataError, LabelingError, PlatformError
from tests.support.studio_loop import (
    SCHEMA,
    batch_of,
    people,
    project_id,
    pushed,
    samples_of,
    soft_of,
    studio_of,
    tasks,
)


def settings(server, title="mails"):
    return server.api("GET", f"/api/projects/{project_id(server, title)}/")


@pytest.mark.parametrize("ids", [[0, 1, 2], ["a", "b", "c d/é"]])
def test_a_sample_that_is_pushed_twice_has_one_task(studio, ids):
    for _ in range(2):
        pushed(studio, ids)
    found = tasks(studio)

    assert {str(sample_id) for sample_id in ids} == set(found)
    for own in ids:
        assert {"text": f"text of {own}", "ext_id": str(own)} == found[str(own)]["data"]
        assert own == found[str(own)]["meta"]["sample_id"]


def test_ids_come_back_with_the_type_they_had(studio):
    ann = people(studio)[0]
    platform = pushed(studio, [7, "x"])
    for task in tasks(studio).values():
        ann.label(task["id"], "ham")

    assert {7, "x"} == {annotation.sample_id for annotation in platform.pull()}


def test_ids_that_are_alike_as_texts_are_refused_before_anything_is_sent(studio):
    with pytest.raises(PlatformError, match=r"must differ as texts.*1"):
        pushed(studio, [1, "1"])
    assert {} == tasks(studio)


@pytest.mark.parametrize("own", [1.5, "", (1, 2)])
def test_ids_that_cannot_be_told_apart_on_a_server_are_refused(studio, own):
    samples = samples_of(["x"])
    samples.index = [own] if not isinstance(own, tuple) else samples.index
    with pytest.raises(LabelingError):
        studio_of(studio).push(batch_of([own]), samples)
    assert [] == [project for project in studio.projects() if project["task_number"]]


def test_a_text_column_that_is_missing_is_named_with_the_near_one(studio):
    with pytest.raises(DataError, match="text"):
        studio_of(studio, text="txet").push(batch_of([1]), samples_of([1]))


def test_a_new_project_asks_two_people_and_leads_them_in_nothing(studio):
    platform = studio_of(studio, guidelines="Mind <b>\nthe sender")
    ids = [0, 1]
    platform.push(batch_of(ids), samples_of(ids), soft_of({0: 0.9, 1: 0.6}))
    made = settings(studio)
    found = tasks(studio)

    assert (2, "Uncertainty sampling", "REQUEUE_FOR_OTHERS", False) == tuple(
        made[name]
        for name in (
            *("maximum_annotations", "sampling", "skip_queue"),
            "show_collab_predictions",
        )
    )
    assert "Mind &lt;b&gt;<br>the sender" == made["expert_instruction"]
    assert made["show_instruction"]
    assert {2} == {task["overlap"] for task in found.values()}
    for own, score in (("0", 0.9), ("1", 0.6)):
        assert {"text", "ext_id"} == set(found[own]["data"])
        assert [(score, [])] == [(p["score"], p["result"]) for p in found[own]["predictions"]]
        assert "prelabel" not in found[own]["meta"]
    assert "why" not in made["label_config"]


def test_prelabels_that_are_shown_come_with_probabilities_and_reasons(studio):
    reasons = {0: ["offers: win", "link: http"], 1: []}
    platform = studio_of(studio, prelabels="shown", reasons=lambda ids: reasons)
    platform.push(batch_of([0, 1]), samples_of([0, 1]), soft_of({0: 0.9, 1: 0.5}))
    found = tasks(studio)
    (told,), (tied,) = (found[sample_id]["predictions"] for sample_id in "01")
    (item,) = told["result"]

    assert settings(studio)["show_collab_predictions"]
    assert (["spam"], {"ham": 0.1, "spam": 0.9}, 0.9) == (
        item["value"]["choices"],
        item["meta"]["probabilities"],
        told["score"],
    )
    assert [] == tied["result"]
    assert ["offers: win\nlink: http", "None of them votes."] == [
        found[sample_id]["data"]["why"] for sample_id in "01"
    ]
    assert ("spam", None) == tuple(found[sample_id]["meta"].get("prelabel") for sample_id in "01")


@pytest.mark.parametrize("with_soft", [True, False])
def test_the_server_asks_about_the_least_certain_sample_first(studio, with_soft):
    """By what the label model holds, or by how much the batch says each is worth."""
    ann = people(studio)[0]
    chances = {0: 0.95, 1: 0.55, 2: 0.2, 3: 0.7}
    scores = [1 - max(p, 1 - p) for p in chances.values()]
    platform = studio_of(studio, votes_per_sample=1)
    soft = soft_of(chances) if with_soft else None
    platform.push(batch_of(list(chances), scores), samples_of(list(chances)), soft)
    served = []
    while task := ann.next_task(project_id(studio)):
        served.append(task["data"]["ext_id"])
        ann.label(task["id"], "ham")

    assert ["1", "3", "2", "0"] == served


def test_a_sample_that_left_the_samples_is_told_and_the_others_are_asked(studio):
    platform = studio_of(studio)
    platform.push(batch_of([0, 1]), samples_of([0]))

    assert {"0"} == set(tasks(studio))
    assert ["mails, sample 1"] == [problem.where for problem in platform.problems]


def test_a_task_that_shows_an_older_text_is_told(studio):
    pushed(studio, [0, 1])
    samples = samples_of([0, 1])
    samples.loc[1, "text"] = "another"
    platform = studio_of(studio)
    platform.push(batch_of([0, 1]), samples)
    (problem,) = platform.problems

    assert f"mails, task {tasks(studio)['1']['id']}, sample 1" == problem.where
    assert "text of 1" == tasks(studio)["1"]["data"]["text"]


def test_init_makes_both_projects_and_adopts_them(studio):
    first = [setup.id for setup in studio_of(studio).init()]
    again = [setup.id for setup in studio_of(studio, guidelines="Mind the sender").init()]

    assert first == again
    assert {"mails", "mails: review"} == {project["title"] for project in studio.projects()}
    assert "Mind the sender" == settings(studio)["expert_instruction"]
    assert 1 == settings(studio, "mails: review")["maximum_annotations"]


def test_a_project_that_is_not_there_is_made_only_where_that_is_allowed(studio):
    with pytest.raises(PlatformError, match="no project 'mails'"):
        studio_of(studio, makes_projects=False).push(batch_of([0]), samples_of([0]))
    assert [] == studio.projects()


def test_what_people_see_is_text_whatever_signs_are_in_it(studio):
    texts = ["<script>alert(1)</script> & 'x' \"y\"", "$text ${text} {{text}}", "a\nb\té 漢字 🎈"]
    samples = samples_of([0, 1, 2]).assign(text=texts)
    studio_of(studio).push(batch_of([0, 1, 2]), samples)
    found = tasks(studio)

    assert texts == [found[sample_id]["data"]["text"] for sample_id in "012"]


def test_labels_with_any_signs_are_offered_and_come_back(studio):
    labels = ['"quoted" & <b>', "naïve 漢字", "two words"]
    schema = type(SCHEMA)(labels)
    ann = people(studio)[0]
    platform = pushed(studio, [0, 1, 2], schema=schema)
    for sample_id, label in enumerate(labels):
        ann.label(tasks(studio)[str(sample_id)]["id"], label)

    assert labels == [
        annotation.label
        for annotation in sorted(platform.pull(), key=lambda annotation: annotation.sample_id)
    ]
    assert () == platform.problems


def test_several_thousand_samples_go_in_pieces(studio, monkeypatch):
    monkeypatch.setattr("labeling.label_studio.importing.MAX_TASKS", 3)
    monkeypatch.setattr("labeling.label_studio.task_queries.PAGE_SIZE", 2)
    for _ in range(2):
        pushed(studio, list(range(8)))

    assert {str(sample_id) for sample_id in range(8)} == set(tasks(studio))


@pytest.mark.parametrize("wrong", [{"prelabels": "show"}, {"votes_per_sample": 0}, {"url": "x"}])
def test_arguments_that_cannot_be_used_are_refused_at_once(studio, wrong):
    with pytest.raises(LabelingError):
        studio_of(studio, **wrong)


def test_memory_is_plain_data_without_the_token(studio):
    platform = pushed(studio, [0])
    platform.pull()

    assert studio.url == json.loads(platform.memory)["url"]
    assert studio.token not in platform.memory + repr(platform)
