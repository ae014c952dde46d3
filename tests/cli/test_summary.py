"""`labeling summary` fits the window, sorts, and names functions that never vote."""

import io
import json
import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from rich.cells import cell_len
from rich.console import Console

import labeling as lb
from labeling.cli.summary_table import SORTS, print_summary, sorted_summary
from tests.support.in_process import run

LABELS = [f"{what} of the {of}" for of in "abcdefgjkmn" for what in ("label", *"opqrst")]
CONFIG = f"""
data: {{path: comments.csv, id: key, gold: truth, locked: 0}}
labels: {json.dumps(LABELS)}
labeling_functions: [rules.py]
files: {{folder: to_label}}
"""
RULES = f"""
from labeling import ABSTAIN, labeling_function
from labeling.functions import keywords

LABELS = {LABELS!r}
sees = keywords("sees", ["see"], label=LABELS[0])
never = keywords("never_votes", ["qqq"], label=LABELS[1])


@labeling_function
def a_labeling_function_with_a_name_that_is_rather_long(x):
    return LABELS[int(x.key) % 77]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("summary")
    frame = pd.DataFrame({"key": range(154), "text": ["see this", "hear that"] * 77})
    frame.assign(truth=LABELS * 2).to_csv(path / "comments.csv", index=False)
    (path / "rules.py").write_text(RULES, encoding="utf-8")
    (path / "project.yaml").write_text(CONFIG, encoding="utf-8")
    return path


def labeling(folder, *arguments, columns=100):
    return run(folder, "-c", "project.yaml", *arguments, columns=columns)


def in_a_process(folder, *arguments, columns):
    command = [sys.executable, "-m", "labeling", "-c", "project.yaml", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": columns},
        check=False,
    )


def printed(votes, width, gold=None):
    console = Console(width=width, record=True, file=io.StringIO())
    print_summary(lb.lf_summary(votes, gold), votes, console)
    return console.export_text()


@pytest.mark.parametrize("width", [40, 80, 100, 200])
def test_the_table_is_as_wide_as_the_window_and_says_what_it_leaves_out(folder, width):
    lines = labeling(folder, "summary", columns=width).stdout.splitlines()
    table = lines[:5]

    assert max(map(cell_len, table)) <= width
    assert ["labeling", "sees", "never_votes"] == [table[row].split()[0] for row in (0, 2, 3)]
    left_out = [line for line in lines if line.startswith("Not shown for lack of width: ")]
    assert (width < 100) == bool(left_out)
    heads = re.split(r"  +", table[0].strip())
    named = left_out[0].partition(": ")[2].partition(".")[0].split(", ") if left_out else []
    every = ["votes for", "votes", "coverage", "overlaps", "conflicts", "accuracy", "n"]
    assert sorted(every) == sorted([*heads[1:], *named])
    if left_out:
        assert "labeling summary --json shows all" in left_out[0]


def test_labels_of_one_that_votes_for_many_are_counted(folder):
    row = labeling(folder, "summary", columns=200).stdout.splitlines()[4]

    assert "77 labels: label of the a, " in row


def test_labeling_functions_that_never_vote_are_marked_and_named_with_n(folder):
    shown = labeling(folder, "summary").stdout
    checked = labeling(folder, "check").stdout

    assert "no votes" in next(line for line in shown.splitlines() if line.startswith("never"))
    sentence = "1 of 3 labeling functions casts no vote on these 154 samples: 'never_votes'."
    assert sentence in " ".join(shown.split())
    assert sentence in " ".join(checked.split())


def test_check_counts_labels_where_there_are_many(folder):
    shown = " ".join(labeling(folder, "check").stdout.split())

    assert "3 labeling functions for the 77 labels 'label of the a', " in shown
    assert " and 67 more." in shown


def test_it_sorts_by_name_and_by_numbers(folder):
    def names(*arguments):
        found = json.loads(labeling(folder, "summary", "--json", *arguments).stdout)
        return [row["labeling_function"][0] for row in found]

    assert ["s", "n", "a"] == names()
    assert ["a", "n", "s"] == names("--sort", "name")
    assert ["a", "s", "n"] == names("--sort", "coverage")
    assert ["n", "s", "a"] == names("--sort", "coverage", "--reverse")
    assert "n" == names("--sort", "accuracy")[-1] == names("--sort", "accuracy", "--reverse")[-1]


def test_an_order_that_does_not_exist_is_an_error(folder):
    done = labeling(folder, "summary", "--sort", "covrage")

    assert 1 == done.returncode
    assert "Did you mean 'coverage'?" in " ".join(done.stderr.split())
    votes = lb.Votes.from_array([[0]], schema=lb.LabelSchema(["ham", "spam"]))
    with pytest.raises(lb.LabelingError, match="needs gold labels"):
        sorted_summary(lb.lf_summary(votes), "accuracy")


def test_a_process_prints_the_same(folder):
    shown = in_a_process(folder, "summary", columns="80")

    assert 0 == shown.returncode
    assert shown.stdout == labeling(folder, "summary", columns=80).stdout


@pytest.mark.parametrize("by", [by for by in SORTS if by != "precision"])
def test_equal_ones_keep_their_order(by, schema):
    votes = lb.Votes.from_array(np.zeros((3, 4), dtype=int), schema=schema, voters=list("dcba"))
    table = sorted_summary(lb.lf_summary(votes, pd.Series({0: "ham"})), by)

    assert list("abcd" if by == "name" else "dcba") == list(table.index)


@pytest.mark.parametrize("by", ["name", "coverage", "precision"])
def test_equal_ones_keep_their_order_among_functions_of_spans(by):
    spans = pd.DataFrame({"sample": 0, "voter": list("dcba"), "start": 0, "end": 3, "label": "PER"})
    votes = lb.SpanVotes.from_frame(spans, schema=lb.LabelSchema(["PER"], kind="spans"))
    table = sorted_summary(lb.lf_summary(votes, {0: [(0, 3, "PER")]}), by)

    assert list("abcd" if by == "name" else "dcba") == list(table.index)


@pytest.mark.parametrize("n_samples", [0, 1])
@pytest.mark.parametrize("n_voters", [0, 1, 2_000])
def test_any_number_of_labeling_functions_and_samples(n_samples, n_voters, schema):
    codes = np.full((n_samples, n_voters), -1)
    names = [f"function {place:04}" for place in range(n_voters)]
    votes = lb.Votes.from_array(codes, schema=schema, voters=names)
    text = printed(votes, 80)

    assert n_voters == sum(line.startswith("function") for line in text.splitlines())
    if n_voters == 2_000:
        assert "2,000 of 2,000 labeling functions cast no vote" in text
        assert "and 1990 more." in text


def test_faults_have_a_column_where_there_are_any(schema):
    data = pd.DataFrame({"text": ["a", "b"]})

    @lb.labeling_function
    def fails(x):
        raise ValueError(x.text)

    votes = lb.apply([fails], data, schema, on_error="record")

    assert "faults" in printed(votes, 100)
    assert "faults" not in printed(lb.Votes.from_array([[0]], schema=schema), 100)


def test_names_of_users_are_shown_and_not_obeyed(schema):
    names = ["[bold]b[/bold]", "red \x1b[31m", "\u202eturned", "\u6f22" * 60]
    votes = lb.Votes.from_array(np.zeros((1, 4), dtype=int), schema=schema, voters=names)
    text = printed(votes, 60)

    assert "[bold]b[/bold]" in text
    assert "red \\x1b[31m" in text
    assert "\\u202eturned" in text
    assert max(map(cell_len, text.splitlines()[:6])) <= 60
