"""`labeling init` writes a project that runs, and never writes over anything."""

import json
import os
import pty
import subprocess
import sys

import pandas as pd
import pytest

import labeling as lb
from labeling.project.labels import GivenLabels
from labeling.project.scaffold import guessed_columns, write_scaffold
from tests.support.in_process import run


@pytest.fixture
def folder(tmp_path):
    texts = ["win free cash at http://x.org", "hi there", "thanks all of you for it"] * 6
    table = pd.DataFrame(
        {
            "text": texts,
            "comment_id": [f"c{i}" for i in range(18)],
            "gold": ["spam", "ham", None] * 6,
        }
    )
    table.to_csv(tmp_path / "comments.csv", index=False)
    return tmp_path


def labeling(folder, *arguments, **how):
    return run(folder, *arguments)


def test_what_it_writes_runs(folder):
    begun = labeling(folder, "init", "--data", "comments.csv", "--labels", "ham, spam")
    checked = labeling(folder, "check")

    assert 0 == begun.returncode, begun.stderr
    assert 0 == checked.returncode, checked.stderr
    assert "18 samples with text in column 'text'" in checked.stdout
    assert "Next: labeling -c configs/project.yaml check" in begun.stderr


def test_it_leaves_what_is_there(folder):
    labeling(folder, "init", "--data", "comments.csv", "--labels", "ham,spam")
    (folder / "lfs" / "project.py").write_text("# mine\n", encoding="utf-8")
    again = labeling(folder, "init", "--data", "comments.csv", "--labels", "ham,spam", "--json")

    assert "# mine\n" == (folder / "lfs" / "project.py").read_text(encoding="utf-8")
    assert [] == json.loads(again.stdout)["written"]
    assert 2 == len(json.loads(again.stdout)["kept"])


def test_without_answers_and_without_a_terminal_it_says_what_to_give(folder):
    done = labeling(folder, "init")

    assert 2 == done.returncode
    assert "give --data" in done.stderr


def test_on_a_terminal_it_asks(folder):
    """Somebody types the answers, and takes the columns that it offers."""
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "labeling", "init"]
    running = subprocess.Popen(
        command, cwd=folder, stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    os.close(slave)
    os.write(master, b"comments.csv\nham, spam\n\n\n0.7, 0.3\n")
    _, errors = running.communicate(timeout=60)
    os.close(master)

    assert 0 == running.returncode, errors
    assert "Column of the ids [comment_id]" in errors
    config = (folder / "configs" / "project.yaml").read_text(encoding="utf-8")
    assert 'id: "comment_id"' in config
    assert 'class_balance: {"ham": 0.7, "spam": 0.3}' in config


def test_on_a_terminal_an_answer_that_cannot_be_is_asked_for_again(folder):
    """A slip of the pen costs neither the answers of before nor the next ones."""
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "labeling", "init"]
    running = subprocess.Popen(
        command, cwd=folder, stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    os.close(slave)
    os.write(master, b"comment.csv\ncomments.csv\nham\nham, spam\ngold\n\ntxet\n\n0.7\n\n")
    _, errors = running.communicate(timeout=60)
    os.close(master)
    said = " ".join(errors.split())

    assert 0 == running.returncode, errors
    assert "Did you mean 'comments.csv'" in said
    assert "at least two labels" in said
    assert "must not be missing" in said
    assert "Did you mean 'text'" in said
    assert "the shares must sum to 1" in said
    assert 'labels: ["ham", "spam"]' in (folder / "configs" / "project.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "comment.csv"], "Did you mean 'comments.csv'"),
        (["--data", "comments.csv", "--id", "gold"], "must not be missing"),
        (["--data", "comments.csv", "--text", "txet"], "Did you mean 'text'"),
        (["--data", "comments.csv", "--labels", "ham"], "at least two labels"),
        (["--data", "comments.csv", "--gold", "glod"], "Did you mean 'gold'"),
        (["--data", "comments.csv", "--gold", "gold", "--labels", "ham,egg"], "'spam' is not a"),
        (["--data", "comments.csv", "--gold", "gold.csv"], "no file 'gold.csv'"),
    ],
)
def test_what_cannot_be_gets_a_sentence_and_nothing_is_written(folder, arguments, message):
    given = arguments if "--labels" in arguments else [*arguments, "--labels", "ham,spam"]
    done = labeling(folder, "init", *given)

    assert 1 == done.returncode
    assert message in " ".join(done.stderr.split())
    assert not (folder / "configs").exists()


def test_columns_and_labels_of_any_name(tmp_path):
    """Quotes, colons, braces and other scripts stand in YAML and Python as they are."""
    table = pd.DataFrame({"the 'id': {x}": [1, 2], 'te"xt #é': ["one two", "three four"]})
    table.to_parquet(tmp_path / "data.parquet", index=False)
    made = write_scaffold(
        tmp_path,
        tmp_path / "data.parquet",
        GivenLabels(("yes", "no: {ü}")),
        id="the 'id': {x}",
        text='te"xt #é',
    )
    project = lb.Project(made.config)

    assert ("yes", "no: {ü}") == project.schema.labels
    assert 2 == len(project.apply().sample_ids)


def test_columns_are_guessed_by_what_they_hold(folder):
    assert ("comment_id", "text") == guessed_columns(folder / "comments.csv")
