"""A project of spans, and one of several labels, from its labeling functions to checked votes."""

import pandas as pd
import pytest

import labeling as lb
from labeling.records import EventKind, LabelSource
from tests.support.studio import region
from tests.support.studio_loop import people, tasks

TEXTS = ["\U0001f600 Ann met Bob.", "Nobody is here.", "See\r\n\tBob\xa0Ray of Acme.", "Cy left."]
SPAN_LFS = """
import re
import labeling as lb

@lb.span_labeling_function(label="PER")
def short_names(x):
    \"\"\"Short capitalised words are first names.\"\"\"
    yield from re.finditer(r"\\b[A-Z][a-z]{1,2}\\b", x.text)
"""
SET_LFS = """
from labeling.functions import keywords

names = keywords("names", ["ann", "bob"], label="people")
acme = keywords("acme", ["acme"], label="firms")
"""
CONFIG = """
name: names
data: {{path: names.csv, id: key}}
task: {task}
labels: {labels}
labeling_functions: [rules.py]
query: {{n: 4, strategy: random}}
review: {{min_votes: 2, max_votes: 2, escalate: any_conflict}}
annotators: {{lot_size: 8, first_lot: 4}}
label_studio: {{url: "{url}", project: names, timeout: 30}}
"""


@pytest.fixture
def make(studio, tmp_path, monkeypatch):
    """Return a function that makes a project of a task, whose samples wait for people."""
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio.token)

    def project(task, labels, functions):
        samples = pd.DataFrame({"key": range(len(TEXTS)), "text": TEXTS})
        samples.to_csv(tmp_path / "names.csv", index=False)
        (tmp_path / "rules.py").write_text(functions, encoding="utf-8")
        config = CONFIG.format(task=task, labels=labels, url=studio.url)
        (tmp_path / "project.yaml").write_text(config, encoding="utf-8")
        made = lb.Project(tmp_path / "project.yaml")
        made.apply()
        made.fit()
        made.init_platform()
        made.query()
        made.push()
        return made

    return project


def at(number, words, label="PER"):
    start = TEXTS[number].index(words)
    return lb.Span(start, start + len(words), label)


def numbers(studio, title="names"):
    return {int(key): task["id"] for key, task in tasks(studio, title).items()}


def gold_of(project):
    annotations = project.people.current_annotations(project.samples)
    verdict = project.people.verdict(annotations)
    return {gold.sample_id: (gold.label, gold.source) for gold in verdict.gold}


def check(user, task, decision, *items):
    choice = {"from_name": "check", "to_name": "text", "type": "choices"}
    result = [{**choice, "value": {"choices": [decision]}}, *items]
    user.api("POST", f"/api/tasks/{task}/annotations/", json={"result": result, "lead_time": 1})


def test_spans_go_from_people_to_gold_and_through_checks(studio, make):
    ann, bob, _, dora = people(studio)
    project = make("spans", "[PER, ORG]", SPAN_LFS)
    assert TEXTS == [tasks(studio, "names")[str(key)]["data"]["text"] for key in range(4)]
    both = {
        0: (at(0, "Ann"), at(0, "Bob")),
        1: (),
        2: (at(2, "Bob\xa0Ray"), at(2, "Acme", "ORG")),
    }
    for sample, task in numbers(studio).items():
        ann.label_spans(task, both.get(sample, (at(3, "Cy"),)))
        bob.label_spans(task, both.get(sample, ()))
    project.pull()
    project.review()
    agreed = {sample: (spans, LabelSource.AGREEMENT) for sample, spans in both.items()}
    assert agreed == gold_of(project)

    ((sample, task),) = numbers(studio, "names: review").items()
    assert 3 == sample
    votes = tasks(studio, "names: review")["3"]["data"]["votes"]
    assert 'Annotator A: PER "Cy" 0-2\nAnnotator B: no span' == votes
    dora.label_spans(task, [])
    project.pull()
    project.review()
    assert agreed | {3: ((), LabelSource.REVIEW)} == gold_of(project)
    (truth,) = [own for own in tasks(studio, "names")["3"]["annotations"] if own["ground_truth"]]
    assert ([], dora.id) == (truth["result"], truth["completed_by"])

    waiting = {vote.key: vote for vote in project.votes_to_check()}
    asked = {key: task["id"] for key, task in tasks(studio, "names: checks").items()}
    assert set(waiting) == set(asked)
    fixed = next(key for key, vote in waiting.items() if vote.sample_id == 0)
    for key, task in asked.items():
        if key == fixed:
            check(dora, task, "fix", region(TEXTS[0], *at(0, "Ann")))
        else:
            check(dora, task, "accept")
    project.pull()
    project.review()
    kinds = (EventKind.VOTE_ACCEPTED, EventKind.VOTE_FIXED)
    assert [len(waiting) - 1, 1] == [len(project.store.events.all([kind])) for kind in kinds]
    assert ((at(0, "Ann"),), LabelSource.REVIEW) == gold_of(project)[0]
    assert () == project.platform().problems


def test_sets_go_from_people_to_gold(studio, make):
    ann, bob, _, dora = people(studio)
    project = make("several", "[people, firms]", SET_LFS)
    both = {0: {"people"}, 1: set(), 2: {"people", "firms"}}
    for sample, task in numbers(studio).items():
        ann.label_set(task, both.get(sample, {"people"}))
        bob.label_set(task, both.get(sample, {"firms"}))
    project.pull()
    project.review()
    ((_, task),) = numbers(studio, "names: review").items()
    dora.label_set(task, ())
    project.pull()
    project.review()

    agreed = {sample: (frozenset(own), LabelSource.AGREEMENT) for sample, own in both.items()}
    assert agreed | {3: (frozenset(), LabelSource.REVIEW)} == gold_of(project)
    assert () == project.platform().problems
