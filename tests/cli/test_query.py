"""`labeling query` shows the chosen samples; options set the size and the strategy."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from rich.cells import cell_len

import labeling as lb
from labeling.cli.fitted_table import fit
from labeling.records import MessageKind, NewMessage
from tests.support.in_process import run

CONFIG = """
data: {path: comments.parquet, id: key}
labels: [ham, spam, "a label with a long name"]
labeling_functions: [rules.py]
query: {n: 6}
files: {folder: to_label, annotators: [ann, bob]}
"""
RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free", "win"], label="spam")
greets = keywords("greets", ["hi", "thanks"], label="ham")
"""
HOSTILE = (
    "steers \x1b[31m red \x07",
    "\u202eturns \u05e9\u05dc\u05d5\u05dd",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 family \u200b\u200b",
    "two\n\n\tlines",
    "[bold]markup[/bold]",
    "\u6f22\u5b57\u304b\u306a" * 20,
    "x" * 100_000,
)


@pytest.fixture
def folder(tmp_path):
    texts = ["win free cash", "hi there", "thanks all", "free song", "hi, win", "what a day"] * 3
    keys = [f"c{i}" for i in range(18)] + [f"{i}" + "k" * 500 for i in range(len(HOSTILE))]
    table = pd.DataFrame({"key": keys, "text": [*texts, *HOSTILE]})
    table.to_parquet(tmp_path / "comments.parquet")
    (tmp_path / "rules.py").write_text(RULES, encoding="utf-8")
    (tmp_path / "project.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def query(folder, *arguments, columns=100):
    return run(folder, "-c", "project.yaml", "query", *arguments, columns=columns)


def query_in_a_process(folder, *arguments, **environment):
    command = [sys.executable, "-m", "labeling", "-c", "project.yaml", "query", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        encoding=environment.get("PYTHONIOENCODING", "utf-8"),
        env={**os.environ, **environment},
        check=False,
    )


def test_each_sample_is_shown_with_text_and_its_two_most_probable_labels(folder):
    done = query(folder, "-n", "25", columns=200)
    project = lb.Project(folder / "project.yaml")
    posterior = project.snapshot().posterior
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line[:1] == "c"}

    assert 18 == len(lines)
    for sample_id, line in lines.items():
        ranked = np.sort(posterior.of_samples(pd.Index([sample_id])).to_array()[0])[::-1]
        label = posterior.of_samples(pd.Index([sample_id])).to_labels().iloc[0]
        assert f"{ranked[0]:.0%} {label}" in line
        assert f"{ranked[1]:.0%} " in line
        assert line.rstrip().endswith(project.samples.loc[sample_id, "text"])


def test_why_samples_were_chosen_is_said_once_for_each_stratum(folder):
    lines = query(folder).stdout.splitlines()

    assert 1 == sum(line.startswith("random (3): drawn at random, 3 of 25") for line in lines)
    assert 1 == sum(line.startswith("margin (3): the two most probable") for line in lines)
    assert 6 == sum("  random  " in line or "  margin  " in line for line in lines)


@pytest.mark.parametrize("width", [40, 80, 100, 200])
def test_the_table_is_never_wider_than_the_window(folder, width):
    """Whatever texts, ids and labels hold, each sample has one line; what is left out is named."""
    done = query(folder, "-n", "25", columns=width)
    rows = done.stdout.splitlines()
    head = next(place for place, line in enumerate(rows) if line.startswith("sample"))
    table = [line for line in rows[head:] if not line.startswith("Not shown")]

    assert 25 + 2 == len(table)
    assert max(map(cell_len, table)) <= width
    assert (width < 80) == ("Not shown for lack of width" in done.stdout)
    assert "\x1b" not in done.stdout
    assert "\x07" not in done.stdout


def test_json_holds_all_of_it(folder):
    found = json.loads(query(folder, "-n", "25", "--json").stdout)
    long = next(row for row in found if row["text"].startswith("xx"))

    assert 25 == len(found)
    assert 100_000 == len(long["text"])
    assert {"label", "probability", "second_label", "second_probability"} < set(long)
    assert {"stratum", "score", "reason", "propensity", "sample"} < set(long)


def test_the_width_of_a_window_is_that_of_the_table(folder):
    """In a real process, which takes the width from the environment."""
    rows = query_in_a_process(folder, COLUMNS="80").stdout.splitlines()
    head = next(number for number, row in enumerate(rows) if row.startswith("sample"))

    assert 40 < max(map(cell_len, rows[head:])) <= 80


def test_letters_that_a_window_lacks_are_written_out(folder):
    done = query_in_a_process(folder, "-n", "25", PYTHONIOENCODING="cp1252")
    as_json = query_in_a_process(folder, "-n", "25", "--json", PYTHONIOENCODING="cp1252")

    assert (0, 0) == (done.returncode, as_json.returncode), done.stderr
    assert "\\u6f22" in done.stdout
    texts = {row["text"] for row in json.loads(as_json.stdout)}
    assert set(HOSTILE[1:]) <= texts


def test_a_batch_that_waits_gives_way_to_what_is_asked_for_and_that_is_said(folder):
    first = query(folder)
    second = query(folder, "-n", "4", "--strategy", "margin")
    again = query(folder, "-n", "4", "--strategy", "margin")

    assert "replaces" not in first.stdout
    assert "Batch 1: 4 samples." in second.stdout
    assert "was not pushed (6 samples, strategy mixture)" in second.stdout
    assert "replaces" not in again.stdout
    assert second.stdout.splitlines()[-4:] == again.stdout.splitlines()[-4:]


def test_run_pushes_a_batch_of_the_size_that_was_asked_for(folder):
    project = lb.Project(folder / "project.yaml")
    chosen = project.query(n=2, strategy="uncovered")
    foreseen = lb.Project(folder / "project.yaml").preview()
    *_, last = lb.Project(folder / "project.yaml").rounds(count=1)

    assert 2 == foreseen.chooses
    assert chosen.sample_ids.equals(last.batch.sample_ids)
    assert {"uncovered"} == set(last.batch.to_frame()["stratum"])


def test_the_config_decides_where_nothing_is_asked_for(folder):
    project = lb.Project(folder / "project.yaml")
    project.query(n=2)

    assert 6 == len(project.query())


def test_a_batch_that_people_may_have_stays_as_it_is(folder):
    project = lb.Project(folder / "project.yaml")
    project.query()
    with project.store.locked("test"):
        project.store.outbox.add([NewMessage(MessageKind.ASK, "c1", 1, 2)])
        project.store.outbox.begin(project.store.outbox.waiting("ask"))
        project.store.batches.set_state(1, "pushing")
    done = query(folder, "-n", "2")

    assert "Batch 1 stays as it was, 6 samples" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--strategy", "margni"], r"Did you mean 'margin'\?"),
        # Either wording is Typer's own, of newer and of older versions.
        (["-n", "0"], "greater than or equal to 1|not in the range x>=1"),
        (["-n", "many"], "a valid integer"),
    ],
)
def test_what_cannot_be_asked_for_is_wrong_usage(folder, arguments, message):
    done = query(folder, *arguments)

    assert 2 == done.returncode
    assert re.search(message, " ".join(done.stderr.replace("│", " ").split()))
    assert not (folder / "out").exists()


def test_the_api_refuses_what_cannot_be_asked_for(folder):
    project = lb.Project(folder / "project.yaml")
    with pytest.raises(lb.LabelingError, match="whole number from 1"):
        project.query(n=0)
    with pytest.raises(lb.LabelingError, match="Did you mean 'margin'"):
        project.query(strategy="margni")


def test_widths_are_cut_before_columns_are_left_out():
    assert [30, 5, 41] == fit([(4, 30, 0), (5, 5, 1), (8, 41, 0)], 80)
    assert [4, 5, 8] == fit([(4, 30, 0), (5, 5, 1), (8, 41, 0)], 21)
    assert [4, 0, 14] == fit([(4, 4, 0), (5, 5, 1), (14, 41, 0)], 20)
    assert [0, 4] == fit([(9, 9, 1), (9, 9, 0)], 4)  # nothing else can give way
