"""Output of `labeling status`, `evaluate`, `report` and `summary`."""

import json

import pandas as pd
import pytest
from rich.console import Console

from labeling.cli.status_screen import print_status
from labeling.project.status import Status
from labeling.records import Problem
from labeling.store import STATES
from tests.support.in_process import run

CONFIG = """
data: {path: comments.csv, id: key, gold: truth, locked: 0.5}
labels: [ham, spam]
labeling_functions: [rules.py]
query: {n: 5}
files: {folder: to_label}
"""
RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free", "win"], label="spam")
greets = keywords("greets", ["hi", "thanks"], label="ham")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("project")
    texts = ["win free cash", "hi there", "thanks all", "free song", "hi, win", "what a day"] * 5
    table = pd.DataFrame({"key": range(30), "text": texts})
    table["truth"] = ["spam" if "free" in text else "ham" for text in texts]
    table.loc[table["key"] >= 16, "truth"] = None
    table.to_csv(path / "comments.csv", index=False)
    (path / "rules.py").write_text(RULES, encoding="utf-8")
    (path / "project.yaml").write_text(CONFIG, encoding="utf-8")
    return path


def verb(folder, *arguments):
    done = run(folder, "-c", "project.yaml", *arguments)
    assert 0 == done.returncode, done.stderr
    return " ".join(done.stdout.split()), " ".join(done.stderr.split())


def test_one_screen_tells_where_samples_stand_and_what_is_next(folder):
    before, hints = verb(folder, "status")
    assert "Nothing was stored yet." in before
    assert "Next: labeling apply" in hints

    verb(folder, "apply")
    applied, hints = verb(folder, "status")
    assert "covered by 2 labeling functions" in applied
    assert "in the locked test split, never evaluated" in applied
    assert "No batch was chosen yet." in applied
    assert "Next: labeling query" in hints

    verb(folder, "query")
    verb(folder, "push")
    asked, hints = verb(folder, "status")
    assert "5 asked" in asked
    assert "Batches: 1, the last one pushed." in asked
    assert "Next: labeling pull when people have labeled" in hints

    sheet = folder / "to_label" / "batch-001.csv"
    table = pd.read_csv(sheet, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    table.assign(label="hma", annotator="ann").to_csv(sheet, index=False, encoding="utf-8-sig")
    verb(folder, "pull")
    assert "Not counted: batch-001.csv, rows" in verb(folder, "status")[0]


def test_where_samples_stand_fits_on_a_small_screen(capsys):
    """However much cannot be counted: 24 lines of 80 characters, with next step and prompt."""
    problems = [
        Problem(f"a file of ann.csv, row {i}", "is not to be counted " * 9) for i in range(9)
    ]
    states = dict.fromkeys(STATES, 120_000)
    status = Status(
        project="spam",
        people_label="in files: data/of/somebody/spam/to_label",
        samples=1_000_000,
        locked=1_000,
        dev=1_000,
        covered=900_000,
        looks=1,
        labeling_functions=12,
        states=states,
        batches=12,
        batch_state="pushed",
        annotations=100_000,
        reviews=900,
        annotators=20,
        problems=tuple(problems),
        training_set={"samples": 900_000},
        next="labeling pull",
        last_run={"verb": "export", "state": "done", "started_at": "", "ended_at": "2026-01-01"},
    )
    print_status(status, Console(width=80, soft_wrap=True, highlight=False))
    lines = capsys.readouterr().out.splitlines()
    height = sum(max(1, -(-len(line.rstrip()) // 80)) for line in lines)

    assert height + 2 <= 24
    assert 2 == sum(line.startswith("Not counted: a file of ann.csv") for line in lines)
    assert any("... and 7 more problems. For all" in line for line in lines)
    assert any("evaluated once" in line for line in lines)


def test_an_evaluation_is_shown_with_its_n_and_counted(folder):
    """Also under the name that the command had before, `look`."""
    first, hints = verb(folder, "evaluate")
    second = json.loads(verb(folder, "look", "--json")[0])

    assert "label + end model, all: " in first
    assert "n = " in first
    assert "This was evaluation 1 on the locked test split." in hints
    assert 2 == second["look"]
    assert "evaluated 2 times" in verb(folder, "status")[0]


def test_the_report_is_one_file_whose_place_is_told(folder):
    shown, hints = verb(folder, "report")
    found = json.loads(verb(folder, "report", "--json")[0])

    assert f"Written: {found['path']}" in shown
    assert (
        (folder / "out" / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    )
    assert "Next: open it in a browser" in hints


def test_accuracy_is_shown_with_interval_and_n(folder):
    shown, _ = verb(folder, "summary")

    assert "100% [" in shown
    assert "accuracy n" in shown
