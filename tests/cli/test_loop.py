"""The whole loop on the command line, with annotators who work in spreadsheets."""

import json

import pandas as pd
import pytest

from tests.support.in_process import run

CONFIG = """
data: {path: comments.csv, id: key}
labels: [ham, spam]
labeling_functions: [rules.py]
query: {n: 6}
files: {folder: to_label, annotators: [ann, bob, cleo], reviewers: [dora]}
"""
RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free", "win"], label="spam")
greets = keywords("greets", ["hi", "thanks"], label="ham")
"""
VERBS = ("apply", "fit", "summary", "query", "push", "pull", "review", "export", "status", "run")


@pytest.fixture
def folder(tmp_path):
    texts = ["win free cash", "hi there", "thanks all", "free song", "hi, win", "what a day"] * 3
    table = pd.DataFrame({"key": [f"c{i}" for i in range(18)], "text": texts})
    table.to_csv(tmp_path / "comments.csv", index=False)
    (tmp_path / "rules.py").write_text(RULES, encoding="utf-8")
    (tmp_path / "project.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def verb(folder, name, *arguments):
    """Return what a verb prints as JSON, and what it says is next."""
    done = run(folder, "-c", "project.yaml", name, "--json", *arguments)
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout), done.stderr


def fill(folder, says):
    """Let each person write labels into the files that wait for them; `says` is person -> label."""
    for file in sorted((folder / "to_label").glob("*.csv")):
        table = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        who = "reviewer" if "reviewer" in table.columns else "annotator"
        empty = table["label"] == ""
        table.loc[empty, "label"] = [says(person) for person in table.loc[empty, who]]
        table.to_csv(file, index=False, encoding="utf-8-sig")


def test_the_loop_with_people_in_spreadsheets(folder):
    """Two agree on nothing, a third decides nothing either: a reviewer does, once a sample."""
    verb(folder, "apply")
    batch, _ = verb(folder, "query")
    pushed, _ = verb(folder, "push")
    assert (1, 6, 3) == (pushed["batch"], pushed["samples"], len(pushed["where"]))
    assert 6 == len(batch)

    fill(folder, {"ann": "ham", "bob": "spam", "cleo": "SKIP"}.get)
    pulled, _ = verb(folder, "pull")
    assert (12, []) == (pulled["new"], pulled["problems"])

    rounds = 0
    while (verdict := verb(folder, "review")[0])["gold"] < 6:
        fill(folder, {"ann": "ham", "bob": "spam", "cleo": "SKIP", "dora": "spam"}.get)
        verb(folder, "pull")
        rounds += 1
        assert rounds < 6, verdict
    train, _ = verb(folder, "export")
    status, hints = verb(folder, "status")

    assert 6 == train["sources"]["review"]
    assert 6 == status["states"]["reviewed"]
    assert 12 == status["states"]["not_chosen"]
    assert "Next: labeling export" in hints


def test_each_verb_twice_is_each_verb_once(folder):
    for name in ("apply", "query"):
        first, second = verb(folder, name)[0], verb(folder, name)[0]
        if name == "apply":  # the second time the votes are cached
            cached = [result.pop("how_run")[0]["rows_cached"] for result in (first, second)]
            assert [0, 18] == cached
        assert first == second
    verb(folder, "push")
    files = {path: path.read_bytes() for path in (folder / "to_label").iterdir()}

    assert {"batch": 0, "samples": 0, "where": []} == verb(folder, "push")[0]
    assert files == {path: path.read_bytes() for path in (folder / "to_label").iterdir()}
    fill(folder, lambda person: "ham")
    assert 12 == verb(folder, "pull")[0]["new"]
    assert 0 == verb(folder, "pull")[0]["new"]
    assert verb(folder, "review")[0] == verb(folder, "review")[0]
    assert verb(folder, "export")[0] == verb(folder, "export")[0]


def test_rows_that_cannot_be_counted_are_named_and_the_others_kept(folder):
    verb(folder, "query")
    verb(folder, "push")
    fill(folder, lambda person: "ham")
    file = folder / "to_label" / "batch-001.ann.csv"
    table = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    table.loc[0, "label"], table.loc[1, "text"] = "hma", "another text"
    table.to_csv(file, index=False, encoding="utf-8-sig")
    pulled, _ = verb(folder, "pull")

    assert 10 == pulled["new"]
    assert ["batch-001.ann.csv, row 2", "batch-001.ann.csv, row 3"] == [
        one["where"] for one in pulled["problems"]
    ]
    assert "Did you mean 'ham'" in pulled["problems"][0]["what"]
    assert pulled["problems"] == verb(folder, "status")[0]["problems"]


def test_run_goes_on_until_people_must_answer(folder):
    verb(folder, "run")
    waits = verb(folder, "status")[0]
    fill(folder, lambda person: "ham")
    verb(folder, "run")
    next_batch = verb(folder, "status")[0]

    assert (1, 6) == (waits["batches"], waits["states"]["asked"])
    assert (2, 6) == (next_batch["batches"], next_batch["states"]["settled"])


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_speaks_json_from_the_beginning(folder, name):
    """Also before anything is remembered, and with nothing to do."""
    found, hints = verb(folder, name)

    assert found or isinstance(found, (dict, list))
    assert "Next:" in hints or "Written:" in hints


def test_status_of_a_new_project_leaves_no_trace(folder):
    before = sorted(folder.iterdir())

    assert "labeling apply" == verb(folder, "status")[0]["next"]
    assert before == sorted(folder.iterdir())


def test_a_changed_rule_is_seen_by_the_next_verb(folder):
    before = verb(folder, "summary")[0]
    rules = RULES.replace('["free", "win"]', '["song"]')
    (folder / "rules.py").write_text(rules, encoding="utf-8")

    assert before != verb(folder, "summary")[0]


def test_samples_that_are_gone_are_told_and_left_out(folder):
    verb(folder, "query")
    verb(folder, "push")
    fill(folder, lambda person: "ham")
    verb(folder, "pull")
    table = pd.read_csv(folder / "comments.csv")
    asked = pd.read_csv(folder / "to_label" / "batch-001.ann.csv", dtype=str, encoding="utf-8-sig")[
        "sample_id"
    ].iloc[0]
    table[table["key"] != asked].to_csv(folder / "comments.csv", index=False)
    train, hints = verb(folder, "export")

    assert 5 == train["sources"]["agreement"]
    assert "1 sample with annotations is no longer among the samples" in " ".join(hints.split())
