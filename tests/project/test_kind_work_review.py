"""People who mark spans, or give several labels, are measured on hidden gold, and paused."""

import json

import pandas as pd
import pytest

import labeling as lb
from labeling.records import EventKind
from tests.support.in_process import run
from tests.support.kind_projects import PROJECTS

MORE = "replay: {votes: votes.csv, reviewer: reviewer.csv}\n"
LABELS = {"joy", "thanks", "anger"}


def nothing(label):
    return "[]"


def opposite(label):
    return json.dumps(sorted(LABELS - set(json.loads(label))))


WRONG = {"spans": nothing, "several": opposite}


@pytest.fixture(params=list(PROJECTS))
def kind(request):
    return request.param


def project_of(folder, kind, annotators, answer=None, n=60):
    """Return a project in which bob answers otherwise than he did, if `answer` is given."""
    PROJECTS[kind](folder, n=n, more=f"{MORE}annotators: {annotators}\n")
    if answer is not None:
        votes = pd.read_csv(folder / "votes.csv")
        is_bob = votes["annotator"] == "bob"
        votes.loc[is_bob, "label"] = votes.loc[is_bob, "label"].map(answer)
        votes.to_csv(folder / "votes.csv", index=False)
    return lb.Project(folder / "project.yaml")


def ask(project, n):
    """Do one round of n samples."""
    project.query(n=n)
    project.push()
    project.pull()
    project.review()


def test_answers_to_hidden_gold_are_scored_by_f1_and_are_no_votes(tmp_path, kind):
    project = project_of(tmp_path, kind, "{hidden_gold: 0.5}")
    ask(project, 24)
    hidden = {event.sample_id for event in project.store.events.all([EventKind.GOLD_ASKED])}
    assert hidden <= set(project.data.dev.index)
    current = project.snapshot()
    assert not hidden & {one.sample_id for one in current.annotations}
    assert not hidden & {gold.sample_id for gold in current.gold}

    rows = {row.name: row for row in project.annotators()}
    answers = [
        one
        for one in project.store.ledger.annotations(list(hidden))
        if "ann" == one.annotator and one.label is not None
    ]
    scores = []
    for answer in answers:
        gold, label = set(project.data.dev[answer.sample_id]), set(answer.label)
        total = len(gold) + len(label)
        scores.append(2 * len(gold & label) / total if total else 1.0)
    assert len(scores) == rows["ann"].gold.n > 3
    assert sum(scores) / len(scores) == pytest.approx(rows["ann"].gold.value)
    assert any(0 < score < 1 for score in scores)  # partly right counts in part
    assert rows["ann"].gold.low < rows["ann"].gold.value < rows["ann"].gold.high
    assert rows["ann"].gold_skill.n == rows["ann"].gold.n  # nobody else is asked about gold


def test_who_is_below_the_bound_on_hidden_gold_is_paused_and_nobody_else(tmp_path, kind):
    project = project_of(tmp_path, kind, "{hidden_gold: 0.5, pause_below: 0.6}", WRONG[kind], n=100)
    ask(project, 40)
    assert ("bob",) == project.people.work.paused_names()
    (reason,) = [row.paused for row in project.annotators() if row.paused]
    assert "(an answer counts by its F1), and at least 60% must be" in reason
    assert "bob" not in {one.annotator for one in project.snapshot().annotations}
    done = run(tmp_path, "-c", "project.yaml", "annotators", "resume", "bob", "--reason", "read it")
    assert 0 == done.returncode, done.stderr
    assert () == project.people.work.paused_names()


def test_who_answers_at_random_is_paused(tmp_path, kind):
    """By the others' answers alone: no gold is hidden."""
    project = project_of(tmp_path, kind, "{pause_spammers: true}", nothing, n=120)
    ask(project, 60)

    assert ("bob",) == project.people.work.paused_names()
    shown = json.loads(run(tmp_path, "-c", "project.yaml", "annotators", "--json").stdout)
    reasons = {row["name"]: row["paused"] for row in shown}
    words = {"spans": "votes on places that somebody marked", "several": "votes on single labels"}
    assert words[kind] in reasons["bob"]
    assert "" == reasons["ann"] == reasons["cleo"]
