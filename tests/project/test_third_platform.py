"""A platform of one's own is one class: here people are functions that answer at the next fetch."""

import datetime

import pandas as pd
import pytest

import labeling as lb
from labeling.project import Project
from labeling.records import Annotation, AnnotationPlatform, Fetched, MessageKind, waiting_on

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
CONFIG = """
name: mails
data: {path: mails.csv, id: key}
labels: [ham, spam]
labeling_functions: [rules.py]
query: {n: 6, strategy: random}
"""
LF = 'from labeling.functions import keywords\n\nwins = keywords("wins", ["win"], label="spam")\n'


class Callers(AnnotationPlatform):
    """Calls people up: functions from a sample's text to a label."""

    def __init__(self, people, reviewer):
        self.people, self.reviewer, self.calls = people, reviewer, []

    def push(self, batch, samples, soft=None, *, outbox):
        self._call(MessageKind.ASK, batch.sample_ids, samples, outbox)

    def ask_again(self, pending, samples=None, *, outbox):
        sample_ids = [request.sample_id for request in pending]
        self._call(MessageKind.ASK_AGAIN, sample_ids, samples, outbox)

    def escalate(self, escalations, samples, *, outbox):
        sample_ids = [escalation.sample_id for escalation in escalations]
        self._call(MessageKind.ESCALATE, sample_ids, samples, outbox)

    def fetch(self, state):
        done = int(state or 0)
        return Fetched(tuple(self.calls[done:]), state=str(len(self.calls)))

    def _call(self, kind, sample_ids, samples, outbox):
        for message in waiting_on(outbox, kind, sample_ids):
            is_review = kind == MessageKind.ESCALATE
            free = {"boss": self.reviewer} if is_review else self.people
            names = [name for name in free if name not in message.not_annotators]
            for name in names[: message.votes]:
                label = free[name](samples.loc[message.sample_id, "text"])
                where = f"{message.key}/{name}"
                about = (message.sample_id, name, label, NOW, NOW)
                self.calls.append(Annotation(*about, platform_id=where, reviewer=is_review))
            outbox.confirm({message.key: "called"})


@pytest.fixture
def project(tmp_path):
    (tmp_path / "rules.py").write_text(LF)
    (tmp_path / "project.yaml").write_text(CONFIG)
    texts = ["win now", "hi you", "win, hi", "see you", "win big", "odd one"]
    pd.DataFrame({"key": range(6), "text": texts}).to_csv(tmp_path / "mails.csv", index=False)
    people = {
        "ann": lambda text: "spam" if "win" in text else "ham",
        "bob": lambda text: "ham" if "hi" in text else "spam" if "win" in text else "ham",
        "cy": lambda text: None if "hi" in text else "ham",
    }
    platform = Callers(people, reviewer=lambda text: "spam")
    return Project(tmp_path / "project.yaml", platform=platform)


def test_the_whole_loop_over_a_platform_of_ones_own(project):
    """Chosen, pushed, fetched, asked again, escalated, reviewed and exported."""
    project.query()
    assert 6 == project.push().samples
    assert 12 == len(project.pull().news)
    assert [2] == [escalation.sample_id for escalation in project.review().escalations]
    assert project.status().states["escalated"] == 1
    project.pull()
    verdict = project.review()
    train = project.export().to_pandas()

    labels = {gold.sample_id: gold.label for gold in verdict.gold}
    assert {0: "spam", 1: "ham", 2: "spam", 3: "ham", 4: "spam", 5: "ham"} == labels
    assert "review" == train.loc[2, "source"]
    assert "in Callers()" == project.status().people_label


def test_a_dry_run_brings_the_same_again(project):
    project.query()
    project.push()
    first = project.pull(dry_run=True)

    assert first.news == project.pull(dry_run=True).news == project.pull().news
    assert () == project.pull().news


def test_a_project_goes_on_where_it_was_left_after_each_verb(project):
    """The rounds of `run`, until people are awaited or no sample is left."""
    assert [0, 1] == [here.number for here in project.rounds()]
    assert 6 == project.status().states["settled"] + project.status().states["reviewed"]


def test_what_merely_looks_like_a_platform_is_refused(project):
    class LooksAlike:
        push = ask_again = escalate = fetch = print

    with pytest.raises(lb.LabelingError, match="`platform` must be of type AnnotationPlatform"):
        Project(project.config.root / "project.yaml", platform=LooksAlike())


def test_a_loop_without_a_platform_has_nobody_to_ask(project):
    with pytest.raises(lb.LabelingError, match="nobody to ask"):
        Project(project.config.root / "project.yaml").push()
