"""A project runs only the labeling functions that changed, and all of them on new samples only."""

import json
import logging
import stat

import pandas as pd
import pytest

import labeling as lb
from tests.support.in_process import run

CONFIG = """
data: {path: comments.csv, id: key}
labels: [ham, spam]
labeling_functions: [rules.py]
"""
RULES = """
import time
from labeling import labeling_function
from helpers_of_votes import WORDS
from labeling.functions import keywords

offers = keywords("offers", ["free"], label="spam")

@labeling_function(label="spam")
def wins(x):
    return any(word in x.text for word in WORDS)

@labeling_function(label="ham")
def greets(x):
    return x.text.startswith("hi")
"""
CLOCK = """
@labeling_function(label="ham")
def clock(x):
    return time.time() < len(x.text)
"""
HELPERS = "WORDS = ['win']\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    write_samples(tmp_path, 30)
    (tmp_path / "rules.py").write_text(RULES)
    (tmp_path / "helpers_of_votes.py").write_text(HELPERS)
    (tmp_path / "project.yaml").write_text(CONFIG)
    return tmp_path


def write_samples(folder, n):
    texts = ["win free cash", "hi there", "what a day"]
    table = pd.DataFrame({"key": range(n), "text": [f"{texts[i % 3]} {i}" for i in range(n)]})
    table.to_csv(folder / "comments.csv", index=False)


def applied(folder):
    """Return the votes of a new project, checked against those of `lb.apply`, and rows run."""
    project = lb.Project(folder / "project.yaml")
    votes = project.apply()
    plain = lb.apply(project.labeling_functions, project.samples, project.schema)
    assert votes.to_array().tolist() == plain.to_array().tolist()
    return {use.name: use.rows_run for use in project.vote_cache.report.functions}


def test_only_what_changed_is_run(folder):
    assert applied(folder) == {"offers": 30, "wins": 30, "greets": 30}
    assert applied(folder) == {"offers": 0, "wins": 0, "greets": 0}
    (folder / "rules.py").write_text("# a comment\n" + RULES.replace('"hi"', '"what"'))
    assert applied(folder) == {"offers": 0, "wins": 0, "greets": 30}
    (folder / "helpers_of_votes.py").write_text("WORDS = ['win', 'day']\n")
    assert applied(folder) == {"offers": 0, "wins": 30, "greets": 0}
    write_samples(folder, 31)
    assert set(applied(folder).values()) == {31}  # fewer than the smallest block


def test_the_folder_is_the_stores_and_private(folder):
    applied(folder)
    (votes,) = folder.glob(".labeling/*/votes_by_function")
    assert stat.S_IMODE((votes / "labeling-votes-1").stat().st_mode) == 0o700


def test_apply_says_what_was_run_and_what_is_not_cached(folder):
    command = (folder, "-c", "project.yaml", "apply")
    run(*command)
    (folder / "rules.py").write_text(RULES.replace('"hi"', '"what"') + CLOCK)
    done = run(*command)
    said = " ".join(done.stderr.split())
    assert "Ran 2 of 4 labeling functions (greets, clock), 2 from the cache." in said
    assert "clock: Not cached: changes of what time.time returns cannot be noticed." in said
    assert list(json.loads(run(*command, "--json").stdout)["not_cached"]) == ["clock"]


def test_the_log_says_it_too(folder, caplog):
    applied(folder)
    with caplog.at_level(logging.INFO, "labeling"):
        applied(folder)
    assert "All votes of 3 labeling functions from the cache." in caplog.messages
