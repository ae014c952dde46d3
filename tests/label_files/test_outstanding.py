"""Votes that are to come, that can never come, and of whom they are asked again."""

import csv
import dataclasses
import datetime
import itertools
import os

import pandas as pd
import pytest

import labeling as lb
from labeling.label_files import LabelFiles
from labeling.records import Annotation, AskAgain, Batch, Escalation, Message

SCHEMA = lb.LabelSchema(["ham", "spam"])
SAMPLES = pd.DataFrame({"text": ["win a prize", "see you", "call me"]}, index=["a", "b", "c"])
NOON = datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.UTC)


class Outbox:
    """What waits, and what it was confirmed as."""

    def __init__(self):
        self.messages, self.begun, self.sent = [], set(), {}

    def add(self, kind, *ids, votes=2, barred=()):
        for sample_id in ids:
            number = len(self.messages) + 1
            self.messages.append(
                Message(number, f"{kind} {number}/{sample_id}", kind, sample_id, 1, votes, barred)
            )

    def waiting(self, kind):
        return tuple(
            dataclasses.replace(message, begun=message.key in self.begun)
            for message in self.messages
            if message.kind == kind and message.key not in self.sent
        )

    def begin(self, messages):
        self.begun |= {message.key for message in messages}

    def confirm(self, platform_ids):
        self.sent |= platform_ids

    def sent_as(self):
        return {
            message: self.sent[message.key] for message in self.messages if message.key in self.sent
        }


class Loop:
    """A project as far as files see it: a new platform for each step, and what it remembers."""

    def __init__(self, folder, *annotators):
        self.folder, self.annotators, self.outbox, self.known = folder, annotators, Outbox(), ()
        self.samples = SAMPLES

    def files(self, **settings):
        settings = {"annotators": self.annotators, "sent": self.outbox.sent_as(), **settings}
        self.last = LabelFiles(self.folder, SCHEMA, known=self.known, **settings)
        return self.last

    def push(self, *ids, **settings):
        self.outbox.add("ask", *ids, votes=settings.pop("votes", 2))
        batch = Batch(pd.DataFrame({"stratum": "random"}, index=pd.Index(ids)))
        self.files(**settings).push(batch, self.samples, outbox=self.outbox)

    def again(self, *ids, votes=1, barred=(), samples=None):
        self.outbox.add("ask again", *ids, votes=votes, barred=barred)
        pending = [AskAgain(sample_id, votes, barred) for sample_id in ids]
        self.files().ask_again(pending, samples, outbox=self.outbox)

    def pull(self, **settings):
        self.known = self.files(**settings).pull()
        return [
            (annotation.sample_id, annotation.annotator, annotation.label)
            for annotation in self.known
        ]

    def outstanding_votes(self):
        return self.files().outstanding_votes()

    def names(self):
        return sorted(name for name in os.listdir(self.folder) if name.endswith(".csv"))


def fill(path, *labels, **cells):
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row, label in zip(rows, labels, strict=True):
        row.update(label=label, **cells)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def copy(path, name, *labels, **cells):
    path.with_name(name).write_bytes(path.read_bytes())
    fill(path.with_name(name), *labels, **cells)


# One person, one name


def test_one_person_in_two_spellings_is_one_voter(tmp_path):
    loop = Loop(tmp_path)
    loop.push("a")
    for number, name in enumerate(["Ann", "ann", " ANN "]):
        copy(tmp_path / "batch-001.csv", f"copy {number}.csv", "ham", annotator=name)

    assert [("a", "Ann", "ham")] == loop.pull()
    assert {"a": 1} == loop.outstanding_votes()


def test_a_name_is_spelled_as_in_the_ledger(tmp_path):
    loop = Loop(tmp_path)
    loop.known = (Annotation("z", "aNN", "ham", NOON, NOON),)
    loop.push("a")
    fill(tmp_path / "batch-001.csv", "ham", annotator="Ann")

    assert ("a", "aNN", "ham") == loop.pull()[-1]


def test_a_change_of_mind_under_another_spelling_changes_the_vote(tmp_path):
    loop = Loop(tmp_path)
    loop.push("a")
    for name, label in (("Ann", "ham"), ("ann", "spam"), ("ANN", "spam")):
        fill(tmp_path / "batch-001.csv", label, annotator=name)
        said = loop.pull()

    assert [("a", "Ann", "ham"), ("a", "Ann", "spam")] == said


def test_two_names_that_were_one_person_before_stay_as_they_are(tmp_path):
    loop = Loop(tmp_path)
    loop.push("a")
    fill(tmp_path / "batch-001.csv", "ham", annotator="ann")
    loop.pull()
    loop.known = (Annotation("z", "Ann", "ham", NOON, NOON), *loop.known)

    assert 2 == len(loop.pull())
    fill(tmp_path / "batch-001.csv", "spam", annotator="ann")
    assert ("a", "ann", "spam") == loop.pull()[-1]


# How many votes are to come


def test_votes_of_named_people_are_to_come_until_they_are_heard(tmp_path):
    loop = Loop(tmp_path, "ann", "bob")
    loop.push("a", "b")
    assert {"a": 2, "b": 2} == loop.outstanding_votes()

    fill(tmp_path / "batch-001.ann.csv", "ham", "")
    assert {"a": 2, "b": 2} == loop.outstanding_votes()  # said, and not pulled yet
    loop.pull()
    assert {"a": 1, "b": 2} == loop.outstanding_votes() == loop.last.outstanding_votes()


def test_votes_of_whoever_comes_are_to_come_while_a_file_asks_for_them(tmp_path):
    loop = Loop(tmp_path)
    loop.push("a", "b")
    path = tmp_path / "batch-001.csv"
    copy(path, "copy.csv", "ham", "", annotator="ann")
    loop.pull()
    assert {"a": 1, "b": 2} == loop.outstanding_votes()

    copy(path, "copy of bob.csv", "ham", "ham", annotator="bob")
    copy(path, "copy of cy.csv", "ham", "", annotator="cy")
    loop.pull()
    assert {"b": 1} == loop.outstanding_votes()
    for name in loop.names():
        (tmp_path / name).unlink()
    assert {} == loop.outstanding_votes()


def test_reviews_are_not_votes_to_come(tmp_path):
    loop = Loop(tmp_path, "ann")
    loop.outbox.add("escalate", "a", votes=1)
    loop.files().escalate([Escalation("a", (), "why")], SAMPLES, outbox=loop.outbox)

    assert ["review-1.csv"] == loop.names()
    assert {} == loop.outstanding_votes()


def test_of_a_file_for_anybody_only_named_people_who_were_not_heard_bring_votes(tmp_path):
    loop = Loop(tmp_path)
    loop.push("a", votes=3)
    assert {"a": 3} == loop.outstanding_votes()
    loop.annotators = ("ann", "bob")
    assert {"a": 2} == loop.outstanding_votes()


@pytest.mark.parametrize("broken", ["unreadable", "no column", "another kind", "another name"])
def test_what_may_be_in_a_file_that_cannot_be_read_is_to_come(tmp_path, broken):
    loop = Loop(tmp_path, "ann", "bob")
    loop.push("a")
    path = tmp_path / "batch-001.bob.csv"
    path.write_bytes(b"\x81\x8d" if broken != "no column" else b"a,b\n1,2\n")
    if broken == "another kind":
        path.rename(path.with_suffix(".ods"))
    if broken == "another name":
        path.rename(tmp_path / "mine.csv")
    fill(tmp_path / "batch-001.ann.csv", "ham")
    loop.pull()

    assert {"a": 1} == loop.outstanding_votes()
    assert {} == loop.files(sent={}).outstanding_votes()


@pytest.mark.slow
def test_a_hundred_thousand_rows_are_counted(tmp_path):
    """Comparing each with each would take hours."""
    ids = range(100_000)
    loop = Loop(tmp_path)
    loop.samples = pd.DataFrame({"text": [f"comment {i}" for i in ids]}, index=ids)
    loop.push(*ids)
    loop.known = tuple(Annotation(i, "ann", "ham", NOON, NOON) for i in ids)
    files = loop.files()
    files.pull()

    assert 100_000 == len(files.outstanding_votes())


# Of whom votes are asked again


def test_who_has_a_sample_in_a_file_is_not_asked_again(tmp_path):
    loop = Loop(tmp_path, "ann")
    loop.push("a")
    loop.annotators = ("ann", "bob")
    assert {"a": 1} == loop.outstanding_votes()
    loop.again("a")

    assert ["batch-001-more-2.bob.csv", "batch-001.ann.csv"] == loop.names()
    assert {"a": 2} == loop.outstanding_votes()


def test_a_sample_that_all_have_waits_until_somebody_joins(tmp_path):
    loop = Loop(tmp_path, "ann")
    loop.push("a")
    loop.again("a")
    assert "have it in a file already; name more" in loop.last.problems[0].what
    assert 1 == len(loop.outbox.waiting("ask again"))

    loop.annotators = ("ann", "bob")
    loop.files().ask_again([AskAgain("a", 1, ())], outbox=loop.outbox)
    assert ["batch-001-more-2.bob.csv", "batch-001.ann.csv"] == loop.names()
    assert () == loop.outbox.waiting("ask again")


def test_who_left_brings_no_votes_and_others_are_asked(tmp_path):
    loop = Loop(tmp_path, "ann", "bob")
    loop.push("a")
    fill(tmp_path / "batch-001.ann.csv", "ham")
    loop.pull()
    loop.annotators = ("ann", "dave")
    assert {} == loop.outstanding_votes()
    loop.again("a", barred=("ann",))

    assert {"a": 1} == loop.outstanding_votes()
    assert "batch-001-more-2.dave.csv" in loop.names()


def test_who_deleted_a_file_gets_another(tmp_path):
    loop = Loop(tmp_path, "ann", "bob")
    loop.push("a", "b")
    (tmp_path / "batch-001.ann.csv").unlink()
    assert {"a": 1, "b": 1} == loop.outstanding_votes()
    loop.again("a", "b")

    assert ["batch-001-more-3.ann.csv", "batch-001.bob.csv"] == loop.names()
    assert {"a": 2, "b": 2} == loop.outstanding_votes()


def test_without_an_outbox_votes_that_cannot_come_are_asked_again_once(tmp_path):
    batch = Batch(pd.DataFrame({"stratum": "random"}, index=SAMPLES.index))
    LabelFiles(tmp_path, SCHEMA, annotators=["ann", "bob"]).push(batch, SAMPLES)
    for gone in ("batch-001.ann.csv", "batch-001-more-7.ann.csv"):
        (tmp_path / gone).unlink()
        for _ in range(2):
            files = LabelFiles(tmp_path, SCHEMA, annotators=["ann", "bob"])
            files.ask_again([AskAgain(sample_id, 2, ()) for sample_id in SAMPLES.index])
        assert 3 == len(os.listdir(tmp_path))
        (more,) = tmp_path.glob("*more*ann*")
        more.rename(tmp_path / "batch-001-more-7.ann.csv")


def test_without_an_outbox_a_question_is_new_whatever_was_deleted_before(tmp_path):
    people = {"annotators": ["ann", "bob", "cy", "dora"]}
    batch = Batch(pd.DataFrame({"stratum": "random"}, index=["a"]))
    LabelFiles(tmp_path, SCHEMA, **people).push(batch, SAMPLES)
    first = list(tmp_path.glob("*.csv"))
    for votes in (3, 4):
        LabelFiles(tmp_path, SCHEMA, **people).ask_again([AskAgain("a", votes, ())])
    for path in first:
        path.unlink()
    LabelFiles(tmp_path, SCHEMA, **people).ask_again([AskAgain("a", 4, ())])

    assert {"a": 4} == LabelFiles(tmp_path, SCHEMA, **people).outstanding_votes()


def test_asking_again_that_was_killed_ends_the_same_when_repeated(tmp_path):
    loop = Loop(tmp_path, "ann", "bob", "cy", "dora")
    loop.push("a", "b", "c")
    loop.again("a", "b", "c", votes=2, samples=SAMPLES)
    whole = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    again = [name for name in whole if "more" in name]
    keys = [message.key for message in loop.outbox.messages if message.kind == "ask again"]
    for gone in itertools.chain.from_iterable(itertools.combinations(again, n) for n in range(4)):
        for name in gone:
            (tmp_path / name).unlink()
        for key in keys:
            del loop.outbox.sent[key]
        pending = [AskAgain(sample_id, 2, ()) for sample_id in SAMPLES.index]
        loop.files().ask_again(pending, SAMPLES, outbox=loop.outbox)

        assert whole == {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        assert () == loop.outbox.waiting("ask again")


# Samples that left the data


def test_asking_again_shows_the_samples_that_are_given(tmp_path):
    loop = Loop(tmp_path)
    loop.push("a")
    (tmp_path / "batch-001.csv").unlink()
    loop.again("a", samples=SAMPLES)

    assert "win a prize" in (tmp_path / "batch-001-more-2.csv").read_text("utf-8-sig")


def test_samples_that_left_the_data_wait_and_the_others_are_asked(tmp_path):
    loop = Loop(tmp_path, "ann", "bob")
    loop.samples = SAMPLES.drop(index="b")
    loop.push("a", "b")
    assert ["b"] == [message.sample_id for message in loop.outbox.waiting("ask")]
    assert "among the samples" in loop.last.problems[0].what
    assert "'b'" in loop.last.problems[0].what

    loop.annotators += ("cy",)
    loop.again("a", "b", samples=loop.samples)
    assert ["b"] == [message.sample_id for message in loop.outbox.waiting("ask again")]
    assert "'b'" in loop.last.problems[0].what

    loop.outbox.add("escalate", "a", "b", votes=1)
    escalations = [Escalation(one, (), "why") for one in "ab"]
    loop.files().escalate(escalations, loop.samples, outbox=loop.outbox)
    assert ["b"] == [message.sample_id for message in loop.outbox.waiting("escalate")]
    assert "'b'" in loop.last.problems[0].what


# Files that are gone


def test_a_file_that_was_sent_and_is_gone_is_told(tmp_path):
    loop = Loop(tmp_path, "ann", "bob")
    loop.push("a", "b")
    path = tmp_path / "batch-001.bob.csv"
    fill(path, "ham", "")
    loop.pull()
    kept = path.read_bytes()
    path.unlink()
    loop.pull()
    (problem,) = loop.last.problems

    assert "batch-001.bob.csv" == problem.where
    assert "1 sample in it waits for an answer: 'b'" in problem.what
    (tmp_path / "put back.csv").write_bytes(kept)
    loop.pull()
    assert () == loop.last.problems


def test_a_file_that_is_gone_is_not_told_when_nothing_is_awaited_of_it(tmp_path):
    loop = Loop(tmp_path, "ann", "bob")
    loop.push("a", "b")
    fill(tmp_path / "batch-001.bob.csv", "ham", "ham")
    loop.pull()
    (tmp_path / "batch-001.bob.csv").unlink()
    loop.pull()
    assert () == loop.last.problems

    (tmp_path / "batch-001.ann.csv").unlink()
    loop.pull()
    assert ["batch-001.ann.csv"] == [problem.where for problem in loop.last.problems]
    loop.again("a", "b", barred=("bob",), samples=SAMPLES)
    loop.pull()
    assert () == loop.last.problems  # what is gone was asked again


def test_a_file_for_anybody_that_is_gone_when_enough_were_heard_is_not_told(tmp_path):
    loop = Loop(tmp_path)
    loop.push("a")
    for name in ("ann", "bob"):
        copy(tmp_path / "batch-001.csv", f"{name}.csv", "ham", annotator=name)
    loop.pull()
    for name in loop.names():
        (tmp_path / name).unlink()
    loop.pull()

    assert () == loop.last.problems


def test_a_file_for_anybody_and_a_review_that_are_gone_are_told(tmp_path):
    loop = Loop(tmp_path)
    loop.push("a")
    loop.outbox.add("escalate", "b", votes=1)
    loop.files().escalate([Escalation("b", (), "why")], SAMPLES, outbox=loop.outbox)
    loop.pull()
    assert () == loop.last.problems
    for name in loop.names():
        (tmp_path / name).rename(tmp_path / f"my, {name}")
    loop.pull()
    assert () == loop.last.problems
    for name in loop.names():
        (tmp_path / name).unlink()
    loop.pull()

    assert ["batch-001.csv", "review-2.csv"] == [problem.where for problem in loop.last.problems]


# Before anything is sent


def test_what_a_killed_push_left_is_tidied_and_nothing_else(tmp_path):
    others = (".hidden.csv", "mine.part", ".download.part")
    for name in (*others, ".batch-001.bob.csv.123.part"):
        (tmp_path / name).write_text("")
    files = LabelFiles(tmp_path, SCHEMA)
    files.pull()
    assert 4 == len(os.listdir(tmp_path))
    for act in (files.ask_again, lambda none: files.escalate(none, SAMPLES)):
        act([])
        assert set(others) == set(os.listdir(tmp_path))
        (tmp_path / ".batch-001.bob.csv.7.part").write_text("")
    Loop(tmp_path).push("a")
    assert {*others, "HOW_TO_LABEL.txt", "batch-001.csv"} == set(os.listdir(tmp_path))


@pytest.mark.parametrize("what", ["made", "written to"])
def test_nothing_is_begun_where_nothing_can_be_written(tmp_path, monkeypatch, what):
    def refuse(*arguments, **settings):
        raise PermissionError("no")

    loop = Loop(tmp_path / "file" / "folder" if what == "made" else tmp_path, "ann", "bob")
    (tmp_path / "file").write_text("")
    if what == "written to":
        monkeypatch.setattr("tempfile.NamedTemporaryFile", refuse)
    with pytest.raises(lb.LabelingError, match=f"cannot be {what}"):
        loop.push("a")
    assert set() == loop.outbox.begun
    assert ["file"] == os.listdir(tmp_path)


@pytest.mark.parametrize("settings", [{"show": ["txt"]}, {"text": "txt"}])
def test_a_column_that_is_missing_is_told_before_anything_is_begun(tmp_path, settings):
    loop = Loop(tmp_path)
    with pytest.raises(lb.LabelingError, match="Did you mean 'text'"):
        loop.files(**settings).check(SAMPLES)
    with pytest.raises(lb.LabelingError, match="Did you mean 'text'"):
        loop.push("a", **settings)
    assert set() == loop.outbox.begun
    loop.files().check(SAMPLES)
