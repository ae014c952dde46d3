"""`labeling init --task` writes projects of spans, and of several labels, that run at once."""

import json

import pandas as pd
import pytest

import labeling as lb
from tests.support.in_process import run

TASKS = ("one", "several", "spans")


def said(done):
    return " ".join((done.stdout + done.stderr).replace("│", " ").split())


@pytest.mark.parametrize("task", TASKS)
def test_an_example_runs_at_once(tmp_path, task):
    done = run(tmp_path, "init", "--example", "--task", task)
    assert 0 == done.returncode, done.stderr
    shown = {}
    for command in ("check", "summary", "run", "status", "evaluate"):
        shown[command] = run(tmp_path, command)
        assert 0 == shown[command].returncode, shown[command].stderr
    project = lb.Project(tmp_path / "configs" / "project.yaml")
    assert task == project.config.task
    assert "The samples have the columns" not in said(shown["check"])
    assert project.summary()["votes"].sum() > 10  # labeling functions vote on these samples
    assert list((tmp_path / "to_label" / "project").iterdir())  # people can begin


def test_what_it_writes_is_kept_and_asked_for_once(tmp_path):
    run(tmp_path, "init", "--example", "--task", "spans")
    file = tmp_path / "data" / "project.csv"
    file.write_bytes(file.read_bytes().replace(b"Bob", b"Rob"))
    again = json.loads(run(tmp_path, "init", "--example", "--task", "spans", "--json").stdout)
    assert [] == again["written"]
    assert 3 == len(again["kept"])
    assert b"Rob" in file.read_bytes()


@pytest.mark.parametrize("labels", [["--labels", "PER,ORG"], ["--labels-from", "gold"]])
def test_given_samples_of_spans_get_functions_that_mark_parts(tmp_path, labels):
    texts = ["Ann Lee met Bob in 2020", "nobody came", "Cleo paid 30"]
    gold = ['[[0, 7, "PER"], [12, 15, "PER"]]', "[]", '[{"start": 0, "end": 4, "label": "ORG"}]']
    pd.DataFrame({"key": range(12), "text": texts * 4, "gold": gold * 4}).to_csv(
        tmp_path / "texts.csv", index=False
    )
    done = run(
        tmp_path, "init", "--data", "texts.csv", "--task", "spans", "--gold", "gold", *labels
    )
    assert 0 == done.returncode, done.stderr
    config = (tmp_path / "configs" / "project.yaml").read_text(encoding="utf-8")
    assert "task: spans" in config
    assert not [key for key in ("ordered_labels", "class_balance", "label_model:") if key in config]
    project = lb.Project(tmp_path / "configs" / "project.yaml")
    assert ("PER", "ORG") == project.schema.labels
    assert project.votes().n_spans > 0


def test_labels_of_a_column_with_several_are_split(tmp_path):
    cells = ["joy; thanks", '["joy"]', "[]", None, "anger"]
    pd.DataFrame({"key": range(5), "text": list("abcde"), "moods": cells}).to_csv(
        tmp_path / "texts.csv", index=False
    )
    done = run(
        tmp_path,
        "init",
        "--data",
        "texts.csv",
        "--task",
        "several",
        "--labels-from",
        "moods",
        "--text",
        "text",
        "--id",
        "key",
    )
    assert "Labels from column 'moods': 'joy' 2, 'anger' 1, 'thanks' 1; 1 rows hold none." in said(
        done
    )
    labels = lb.Project(tmp_path / "configs" / "project.yaml").schema.labels
    assert ("joy", "anger", "thanks") == labels


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--task", "span"], 2, "Got 'span'. Did you mean 'spans'"),
        (["--example", "--task", "spans", "--labels", "a,b"], 2, "leave out '--labels'"),
        (["--data", "texts.csv", "--task", "spans"], 2, "give --labels"),
        (["--data", "texts.csv", "--task", "spans", "--labels", ""], 1, "label"),
        (["--data", "texts.csv", "--labels", "PER"], 1, "at least two labels"),
        (
            [
                "--data",
                "texts.csv",
                "--task",
                "spans",
                "--labels",
                "a,b",
                "--class-balance",
                ".5,.5",
            ],
            1,
            "'class_balance' must be left out with `task: spans`",
        ),
        (
            ["--data", "texts.csv", "--task", "several", "--labels", "a,b", "--ordered"],
            1,
            "Ordered labels must have kind='one'",
        ),
        (
            ["--data", "texts.csv", "--task", "spans", "--labels", "PER", "--gold", "mood"],
            1,
            "gold label of sample 1",
        ),
        (
            ["--data", "texts.csv", "--task", "spans", "--labels-from", "mood"],
            1,
            "A cell with spans must be JSON",
        ),
        (
            ["--data", "texts.csv", "--task", "several", "--labels", "PER", "--gold", "spans"],
            1,
            "gold label of sample 1",
        ),
        (
            ["--data", "texts.csv", "--labels", "joy,anger", "--gold", "spans"],
            1,
            "is not a label",
        ),
    ],
)
def test_what_cannot_be_gets_a_sentence_and_nothing_is_written(
    tmp_path, arguments, status, message
):
    spans = ['[[0, 1, "PER"]]'] * 4
    pd.DataFrame(
        {"key": [1, 2, 3, 4], "text": ["a b"] * 4, "mood": ["joy"] * 4, "spans": spans}
    ).to_csv(tmp_path / "texts.csv", index=False)
    columns = ["--id", "key", "--text", "text"] if "--data" in arguments else []
    done = run(tmp_path, "init", *arguments, *columns)

    assert status == done.returncode, said(done)
    assert message in said(done)
    assert not (tmp_path / "configs").exists()
