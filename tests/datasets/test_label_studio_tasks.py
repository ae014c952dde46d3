"""Training sets as tasks of Label Studio: imported into a real server, and read back."""

import json

import numpy as np
import pytest

from labeling.annotation_files import label_studio_annotations
from labeling.annotation_files.label_studio import COPIES, WRITTEN_BACK
from labeling.errors import DataError
from labeling.label_studio.labeling_config import annotator_config
from tests.support.nasty_training_set import IDS, SCHEMA, TEXTS, N, nasty
from tests.support.span_sets import FEELINGS, PER_ORG, given_sets, given_spans

DECIDED = {
    "spans": (PER_ORG, given_spans(["Ann \U0001f600 left", "x"], [[(0, 3, "PER")], []]), "labels"),
    "several": (FEELINGS, given_sets(["good", "x"], [["joy"], []]), "choices"),
}


def test_labels_of_models_are_predictions_and_those_of_people_annotations():
    tasks = nasty().to_label_studio()
    (item,) = tasks[0]["predictions"][0]["result"]

    assert {"from_name": "label", "to_name": "text", "type": "choices"} == {
        name: item[name] for name in ("from_name", "to_name", "type")
    }
    assert {"choices": ["ham"]} == item["value"]
    assert dict(zip(SCHEMA, [0.8, 0.1, 0.1], strict=True)) == item["meta"]["probabilities"]
    assert pytest.approx(0.8) == tasks[0]["predictions"][0]["score"]
    assert "annotations" not in tasks[0]
    (annotation,) = tasks[2]["annotations"]
    assert {"choices": ["ham"]} == annotation["result"][0]["value"]
    assert annotation["ground_truth"]
    assert "predictions" not in tasks[2]
    assert {"sample_id": IDS["text"][2], "source": "given", "weight": 1.0} == tasks[2]["meta"]


def test_the_data_are_the_columns_of_the_sample_and_its_id():
    task = nasty().to_label_studio()[1]

    assert {
        "text": "",
        "label": "their own",
        "split": None,
        "size": 1,
        "score": 0.0,
        "day": "2026-01-01",
        "kind": "b",
        "tags": [],
        "ext_id": IDS["text"][1],
    } == task["data"]


@pytest.mark.parametrize("ids", IDS)
def test_the_file_is_strict_json_of_the_same_tasks(tmp_path, ids):
    tasks = nasty(ids, split=True).to_label_studio(tmp_path / "tasks.json")
    text = (tmp_path / "tasks.json").read_text("utf-8")

    def refused(name):
        raise AssertionError(f"{name} is not JSON")

    assert tasks == json.loads(text, parse_constant=refused)
    assert ["test", "dev", "train"] == [task["meta"]["split"] for task in tasks[:3]]


def test_decisions_that_were_written_count_as_nobodys_vote():
    tasks = [{"annotations": [], **task} for task in nasty().to_label_studio()]
    parsed = label_studio_annotations(tasks)

    assert () == parsed.annotations
    assert {1} == {count for what, count in parsed.left_out.items() if "decisions" in what}


def test_rows_of_a_split(tmp_path):
    assert 1 == len(nasty(split=True).to_label_studio(split="dev"))
    assert N - 1 == len(nasty(split=True).to_label_studio())
    with pytest.raises(DataError, match="no split"):
        nasty().to_label_studio(split="dev")
    assert [] == nasty().take(np.arange(0)).to_label_studio(tmp_path / "none.json")
    assert [] == json.loads((tmp_path / "none.json").read_text("utf-8"))


def test_an_unknown_column_is_named():
    with pytest.raises(DataError, match=r"no column 'txt'.*Did you mean 'text'"):
        nasty().to_label_studio(text="txt")


def test_a_real_server_imports_the_file(studio, tmp_path):
    nasty().to_label_studio(tmp_path / "tasks.json")
    config = {"title": "exported", "label_config": annotator_config(SCHEMA)}
    project = studio.api("POST", "/api/projects/", json=config)["id"]
    with (tmp_path / "tasks.json").open("rb") as file:
        studio.api("POST", f"/api/projects/{project}/import", files={"tasks.json": file})
    tasks = {task["data"]["ext_id"]: task for task in studio.tasks(project)}

    assert set(IDS["text"][: N - 1]) == set(tasks)
    for i, sample_id in enumerate(IDS["text"][: N - 1]):
        task = tasks[sample_id]
        assert TEXTS[i] == task["data"]["text"]
        named = "annotations" if i == 2 else "predictions"
        (entry,) = task[named]
        label = "ham" if i == 2 else SCHEMA.labels[i % 3]
        assert [label] == entry["result"][0]["value"]["choices"]
    assert 0 == len(tasks[IDS["text"][2]]["predictions"])
    exported = studio.api("GET", f"/api/projects/{project}/export", params={"exportType": "JSON"})
    assert () == label_studio_annotations(exported).annotations


@pytest.mark.parametrize("kind", DECIDED)
def test_a_decision_that_nothing_is_there_is_an_annotation_and_nobodys_vote(kind):
    _, train, _ = DECIDED[kind]
    tasks = train.to_label_studio()
    assert [1, 0] == [len(task["annotations"][0]["result"]) for task in tasks]
    parsed = label_studio_annotations([{"predictions": [], **task} for task in tasks])
    assert ((), {WRITTEN_BACK: 2}) == (parsed.annotations, parsed.left_out)

    stored = {"updated_by": None, "completed_by": 1, "result": []}
    marks = [{**stored, "id": 5, "import_id": -1}, {**stored, "id": 6, "import_id": -6}]
    person = {"updated_by": 1, "completed_by": 1, "result": [], "id": 7, "import_id": None}
    parsed = label_studio_annotations([{"id": 1, "data": {}, "annotations": [*marks, person]}])
    assert {WRITTEN_BACK: 1, COPIES: 1} == parsed.left_out
    assert ["task 1, annotation 7"] == [each.where for each in parsed.annotations]


@pytest.mark.parametrize("kind", DECIDED)
def test_a_real_server_stores_empty_decisions_as_answers(studio, tmp_path, kind):
    schema, train, value = DECIDED[kind]
    train.to_label_studio(tmp_path / "tasks.json")
    config = {"title": f"decided {kind}", "label_config": annotator_config(schema)}
    project = studio.api("POST", "/api/projects/", json=config)["id"]
    with (tmp_path / "tasks.json").open("rb") as file:
        studio.api("POST", f"/api/projects/{project}/import", files={"tasks.json": file})
    exported = studio.api("GET", f"/api/projects/{project}/export", params={"exportType": "JSON"})
    entries = {task["data"]["ext_id"]: task["annotations"] for task in exported}
    (full,), (empty,) = entries["s0"], entries["s1"]
    assert [list(schema)[:1]] == [item["value"][value] for item in full["result"]]
    assert ([], True, False) == tuple(
        empty[name] for name in ("result", "ground_truth", "was_cancelled")
    )
    parsed = label_studio_annotations(exported)
    assert ((), {WRITTEN_BACK: 2}) == (parsed.annotations, parsed.left_out)
