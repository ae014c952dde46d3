"""A new project's labels come from a line, a file or a column, and tell people what they mean."""

import json
import os
import pty
import subprocess
import sys

import pandas as pd
import pytest

import labeling as lb
from labeling.errors import LabelingError
from labeling.label_files import LabelFiles
from labeling.project.labels import labels_from, parse_labels
from tests.support.in_process import run

MEANT = {"ham": None, "spam, maybe": "It: wants 'money'."}


@pytest.fixture
def data(tmp_path):
    table = pd.DataFrame(
        {
            "key": [f"c{i}" for i in range(8)],
            "text": [f"a comment of some length, no. {i}" for i in range(8)],
            "topic": ["ham", "spam, maybe", "spam, maybe", None, "ham", "spam, maybe", "egg", None],
            "stars": [1, 5, 5, None, 3, 3, 3, 1],
        }
    )
    table.to_csv(tmp_path / "comments.csv", index=False)
    return tmp_path / "comments.csv"


def labeling(folder, *arguments):
    return run(folder, *arguments)


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("ham,spam", ["ham", "spam"]),
        (" ham , spam ", ["ham", "spam"]),
        ('ham,"spam, maybe"', ["ham", "spam, maybe"]),
        ('"a ""b""", c\'s', ['a "b"', "c's"]),
        ("1,2", ["1", "2"]),
    ],
)
def test_a_line_of_labels_is_read_as_csv(line, names):
    assert names == list(parse_labels(line).names)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('ham,"spam', 'such as: ham,"spam, maybe".*Got'),
        ('ham,"spam" x', "quotation marks around"),
        ("ham,", "non-empty text"),
        ("ham", "at least two labels"),
        ("", "at least two labels"),
    ],
)
def test_a_line_that_is_none_is_refused(line, message):
    with pytest.raises(LabelingError, match=message):
        parse_labels(line)


FILES = {
    "labels.txt": "ham\n\n  spam, maybe \r\n",
    "labels.csv": "name,description\nham,\n\"spam, maybe\",It: wants 'money'.\n",
    "other.csv": 'label\nham\n"spam, maybe"\n',
    "list.json": '["ham", "spam, maybe"]',
    "mapping.json": json.dumps(MEANT),
    "objects.json": json.dumps(
        [{"name": name, "description": text} for name, text in MEANT.items()]
    ),
    "mixed.json": json.dumps(["ham", {"spam, maybe": MEANT["spam, maybe"]}]),
    "list.yaml": "- ham\n- spam, maybe\n",
    "mapping.yml": "ham:\nspam, maybe: \"It: wants 'money'.\"\n",
    "objects.jsonl": '{"label": "ham"}\n{"label": "spam, maybe"}\n',
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_gives_labels_and_what_they_mean(data, name):
    (data.parent / name).write_text(FILES[name], "utf-8")
    given = labels_from(str(data.parent / name), data)
    described = MEANT["spam, maybe"] if "money" in FILES[name] else None

    assert given.names == ("ham", "spam, maybe")
    assert given.descriptions.get("spam, maybe") == described
    assert not given.descriptions.get("ham")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "labels.csv",
            "title,x\nham,1\nspam,2\n",
            "must have a column 'name'.*It has 'title', 'x'",
        ),
        ("labels.json", '"ham"', "a list of labels, or a mapping.*Got a str"),
        ("labels.json", "[1, 2]", "non-empty text. Got 1, 2"),
        ("labels.json", "{", "cannot be read"),
        ("labels.json", '["ham", {"a": "b", "c": "d"}]', "non-empty text. Got {'a'"),
        ("labels.yaml", "ham: x\nham: y\n", "'ham' is given twice"),
        ("labels.yaml", "!!python/name:os.system", "cannot be read"),
        ("labels.yaml", "yes:\nno:\n", "non-empty text. Got True, False"),
        ("labels.yaml", "ham: [x]\nspam:\n", "description of label 'ham' must be a text"),
        ("labels.txt", "ham\nham\n", "Given twice: 'ham'"),
        ("labels.txt", b"\xff\xfe", "cannot be read"),
        ("labels.docx", "ham", "column of 'comments.csv' or from a file of one of the kinds"),
    ],
)
def test_a_file_without_labels_is_refused(data, name, content, message):
    file = data.parent / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(LabelingError, match=message):
        labels_from(str(file), data)


def test_a_column_gives_its_values_by_how_often_they_are_there(data):
    topics = labels_from("topic", data)

    assert topics.names == ("spam, maybe", "ham", "egg")
    assert "'spam, maybe' 3, 'ham' 2, 'egg' 1; 2 rows hold none" in topics.source
    assert labels_from("stars", data).names == ("3", "1", "5")
    with pytest.raises(LabelingError, match="each of its 8 rows holds another value"):
        labels_from("text", data)
    with pytest.raises(LabelingError, match=r"no 'topics'; columns .* Did you mean 'topic'"):
        labels_from("topics", data)


def test_init_writes_what_labels_mean_and_people_read_it(data):
    """From a file to the config, to the schema, to the guide of those who label."""
    folder = data.parent
    (folder / "labels.json").write_text(FILES["mapping.json"], "utf-8")
    done = labeling(folder, "init", "--data", "comments.csv", "--labels-from", "labels.json")
    project = lb.Project(folder / "configs" / "project.yaml")
    LabelFiles(folder / "sheets", project.schema).push(
        lb.Batch(pd.DataFrame({"stratum": ["random"]}, index=["c1"])), project.data.samples
    )
    guide = (folder / "sheets" / "HOW_TO_LABEL.txt").read_text("utf-8-sig")

    assert 0 == done.returncode, done.stderr
    assert "Labels from labels.json." in done.stderr
    assert project.schema.labels == tuple(MEANT)
    assert project.schema.descriptions == {"spam, maybe": MEANT["spam, maybe"]}
    assert "   ham\n   spam, maybe\n      It: wants 'money'.\n" in guide


def test_init_takes_labels_with_commas_and_those_of_a_column(data):
    folder = data.parent
    line = labeling(folder, "init", "--data", "comments.csv", "--labels", 'ham,"spam, maybe"')
    both = labeling(
        *(folder, "init", "--data", "comments.csv", "--labels", "a,b", "--labels-from", "topic")
    )
    column = labeling(
        *(folder, "init", "--data", "comments.csv", "--labels-from", "topic", "--name", "topics"),
        *("--gold", "topic"),
    )

    assert 0 == line.returncode, line.stderr
    assert lb.Project(folder / "configs" / "project.yaml").schema.labels == tuple(MEANT)
    assert 2 == both.returncode
    assert "give one of --labels and --labels-from" in " ".join(both.stderr.split())
    assert 0 == column.returncode, column.stderr
    assert "'spam, maybe' 3, 'ham' 2" in " ".join(column.stderr.split())
    assert 3 == len(lb.Project(folder / "configs" / "topics.yaml").schema)


def test_on_a_terminal_labels_are_asked_for_as_csv(data):
    master, slave = pty.openpty()
    running = subprocess.Popen(
        [sys.executable, "-m", "labeling", "init", "--data", "comments.csv"],
        cwd=data.parent, stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.close(slave)
    os.write(master, b'ham,"spam\nham,"spam, maybe"\n\n\n\n')
    _, errors = running.communicate(timeout=120)
    os.close(master)

    assert 0 == running.returncode, errors
    assert "quotes around a label that has a comma" in " ".join(errors.split())
    assert lb.Project(data.parent / "configs" / "project.yaml").schema.labels == tuple(MEANT)
