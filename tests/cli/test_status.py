"""`labeling status` lists annotators and where people label; commands name new questions."""

import datetime
import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import labeling as lb
from labeling.cli.sentences import location_lines
from labeling.cli.status_screen import print_status
from labeling.label_studio.sync_state import parse_sync_state
from labeling.project.annotation_loop import SYNC_STATE
from labeling.project.links import work_links
from labeling.project.status import Status
from labeling.records import Annotation, Problem, live_annotations
from labeling.report import write_report
from labeling.store import STATES, Activity, Store
from tests.support.in_process import run

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
CONFIG = """
data: {path: comments.csv, id: key}
labels: [ham, spam]
labeling_functions: [rules.py]
query: {n: 4}
files: {folder: to_label, annotators: [ann, bob], reviewers: [dora]}
"""
STUDIO = "label_studio: {url: 'http://localhost:8080/', project: spam}"
RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free", "win"], label="spam")
"""


@pytest.fixture
def folder(tmp_path):
    texts = ["win free cash", "hi there", "thanks all", "free song", "hi, win", "what a day"]
    table = pd.DataFrame({"key": [f"c{i}" for i in range(6)], "text": texts})
    table.to_csv(tmp_path / "comments.csv", index=False)
    (tmp_path / "rules.py").write_text(RULES, encoding="utf-8")
    (tmp_path / "project.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def verb(folder, *arguments):
    done = run(folder, "-c", "project.yaml", *arguments)
    assert 0 == done.returncode, done.stderr
    return done.stdout


def fill(folder, says):
    for file in sorted((folder / "to_label").glob("*.csv")):
        table = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        who = "reviewer" if "reviewer" in table.columns else "annotator"
        table["label"] = [says[person] for person in table[who]]
        table.to_csv(file, index=False, encoding="utf-8-sig")


def random_annotations(rng, count):
    """Yield statements of people who change their minds, take back, skip, and review."""
    for number in range(count):
        yield Annotation(
            f"s{rng.integers(40)}",
            f"p{rng.integers(5)}",
            [None, "ham", "spam"][rng.integers(3)],
            NOW,
            NOW + datetime.timedelta(seconds=int(rng.permutation(10_000)[0]), microseconds=number),
            platform_id=str(rng.integers(120)),
            reviewer=bool(rng.random() < 0.2),
            deleted=bool(rng.random() < 0.2),
        )


@pytest.mark.parametrize("seed", range(3))
def test_who_labeled_how_much_is_what_the_live_annotations_say(store, seed):
    said = list(random_annotations(np.random.default_rng(seed), 400))
    store.ledger.append(said)
    expected = {}
    for annotation in live_annotations(said):
        person = expected.setdefault((annotation.annotator, annotation.reviewer), [0, 0, NOW])
        person[annotation.label is None] += 1
        person[2] = max(person[2], annotation.updated_at)
    found = {
        (person.name, person.reviewer): [
            *(person.labels, person.skips),
            datetime.datetime.fromisoformat(person.last_seen),
        ]
        for person in store.ledger.activity()
    }

    assert expected == found
    assert [False, True] == sorted({person.reviewer for person in store.ledger.activity()})


def test_status_names_people_folder_and_report(folder):
    verb(folder, "query")
    verb(folder, "push")
    fill(folder, {"ann": "ham", "bob": "spam"})
    verb(folder, "pull")
    verb(folder, "review")
    fill(folder, {"ann": "ham", "bob": "spam", "dora": "SKIP"})
    verb(folder, "pull")
    write_report(lb.Project(folder / "project.yaml"))
    lines = verb(folder, "status").splitlines()
    found = json.loads(verb(folder, "status", "--json"))

    assert f"People label in files: {folder / 'to_label'}" in lines
    assert f"Report: {folder / 'out' / 'report.html'}" in lines
    assert ["ann annotator 4 0", "bob annotator 4 0", "dora reviewer 0 4"] == [
        " ".join(line.split()[:4])
        for line in lines
        if line.split()[:1] in (["ann"], ["bob"], ["dora"])
    ]
    assert [("ann", 4), ("bob", 4), ("dora", 0)] == [
        (person["name"], person["labels"]) for person in found["people"]
    ]
    assert str(folder / "out" / "report.html") == found["links"]["report"]


def test_push_and_review_name_the_files_they_wrote(folder):
    verb(folder, "query")
    pushed = verb(folder, "push")
    fill(folder, {"ann": "ham", "bob": "spam"})
    verb(folder, "pull")
    reviewed = json.loads(verb(folder, "review", "--json"))
    again = json.loads(verb(folder, "review", "--json"))

    for name in ("batch-001.ann.csv", "batch-001.bob.csv"):
        assert str(folder / "to_label" / name) in pushed.splitlines()[-1] + pushed
    assert [path for path in reviewed["where"] if os.path.exists(path)] == reviewed["where"]
    assert 1 == len(reviewed["where"])
    assert "review-" in reviewed["where"][0]
    assert [] == again["where"]


def test_files_that_a_killed_push_wrote_are_named_by_the_next(folder):
    project = lb.Project(folder / "project.yaml")
    project.query()
    platform = project.platform()
    confirm = project.store.outbox.confirm

    class Killed(BaseException):
        pass

    def killed(*_):
        raise Killed

    project.store.outbox.confirm = killed
    with pytest.raises(Killed):
        project.push(platform)
    project.store.outbox.confirm = confirm
    pushed = project.push()

    assert 2 == len(pushed.where)
    assert all(os.path.exists(path) for path in pushed.where)


def test_of_many_files_the_first_are_named_and_the_rest_counted():
    assert [] == location_lines([])
    lines = location_lines([f"file {number}" for number in range(50)])
    assert 22 == len(lines)
    assert "and 30 more: --json lists all" in lines[-1]


def test_projects_of_label_studio_are_linked_once_they_are_met(folder):
    config = CONFIG[: CONFIG.index("files:")] + STUDIO
    (folder / "project.yaml").write_text(config, encoding="utf-8")
    project = lb.Project(folder / "project.yaml")
    before = work_links(project.config, project.store)
    memory = parse_sync_state(None, "http://localhost:8080", "spam", "spam: review")
    memory.annotators.id, memory.reviewers.id = 3, 4
    with project.store.locked("test"):
        project.store.facts.put(SYNC_STATE, memory.to_json())
    lines = verb(folder, "status").splitlines()

    assert {} == before
    assert "Annotators label at http://localhost:8080/projects/3/data?labeling=1" in lines
    assert "Reviewers decide at http://localhost:8080/projects/4/data?labeling=1" in lines


@pytest.mark.parametrize("height", [24, 50])
def test_a_window_shows_as_many_people_as_fit_and_counts_the_others(height, capsys):
    problems = [Problem("a file", "is not to be counted " * 9) for _ in range(9)]
    people = [Activity(f"person {i}", False, 100 - i, i, NOW.isoformat()) for i in range(80)]
    status = Status(
        project="spam",
        people_label="in files: somewhere",
        samples=1_000,
        covered=900,
        labeling_functions=12,
        states=dict.fromkeys(STATES, 12),
        batches=1,
        batch_state="pushed",
        annotations=100,
        annotators=80,
        people=tuple(people),
        problems=tuple(problems),
        next="labeling pull",
    )
    console = Console(
        width=80, height=height, force_terminal=True, color_system=None, soft_wrap=True
    )
    print_status(status, console)
    lines = capsys.readouterr().out.splitlines()
    shown = [line for line in lines if line.startswith("person")]
    more = next(line for line in lines if "more people" in line)

    assert 3 <= len(shown) < 80
    assert f"... and {80 - len(shown)} more people: labeling status --json" in more
    if height > 30:
        assert len(lines) + 2 <= height


def test_the_run_log_speaks_no_inner_language(folder):
    """Also of runs that an earlier version wrote into it."""
    project = lb.Project(folder / "project.yaml")
    project.snapshot()
    project.add_annotations([Annotation("c1", "ann", "ham", NOW, NOW)])
    with project.store.locked("stand"):
        waits = project.store.runs.describe_current()
    verbs = {run["verb"] for run in project.store.runs.recent()}

    assert {"learn", "add annotations"} == verbs
    assert waits.startswith("a notebook or script that fits the models, process ")
    assert "stand" not in verb(folder, "status").replace("standing", "")


def test_a_report_that_must_learn_first_is_logged_as_a_report(folder):
    project = lb.Project(folder / "project.yaml")
    project.apply()
    write_report(project)

    assert "report" == project.store.runs.recent(1)[0]["verb"]


def test_letters_are_drawn_that_the_window_has(folder):
    verb(folder, "apply")
    command = [sys.executable, "-m", "labeling", "-c", "project.yaml", "status"]
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        encoding="cp1252",
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        check=False,
    )

    assert 0 == done.returncode
    assert "########" in done.stdout
    assert "\\u" not in done.stdout


def test_activity_of_an_empty_ledger_is_nobody(tmp_path):
    store = Store(tmp_path, "empty")
    with store.locked("test"):
        assert () == store.ledger.activity()
