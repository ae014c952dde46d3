"""More votes are asked of others, and reviewers decide without knowing whose the votes are."""

import dataclasses
import os

import pandas as pd
import pytest

import labeling as lb
from labeling.label_files import LabelFiles
from labeling.label_files.row_key import encode_row_key, parse_row_key
from labeling.records import Annotation, AskAgain, Escalation
from tests.support.files_of_labels import NOON, SAMPLES, SCHEMA, fill, only_problem, pushed, rows_of

# Asking again, and reviewers


def test_more_votes_are_asked_of_others(tmp_path):
    files = pushed(tmp_path, "a", "b", annotators=["ann", "bob", "cy"], show=["author"])
    for path in tmp_path.glob("*.csv"):
        fill(path, ["ham" if "ann" in path.name else "spam"] * len(rows_of(path)))
    first = files.pull()
    heard = tuple(one.annotator for one in first if one.sample_id == "a")
    files.ask_again([AskAgain("a", 1, heard)])
    (more,) = tmp_path.glob("*more*")
    (row,) = rows_of(more)
    fill(more, ["ham"])

    assert ("'=1+1", "x") == (row["text"], row["author"])
    assert row["annotator"] not in heard
    others = {"ann", "bob", "cy"} - {row["annotator"]}
    assert not [name for name in others if name in more.read_text("utf-8-sig")]
    assert 2 == files.pull()[-1].round


def test_a_file_of_an_earlier_version_names_who_must_not_answer(tmp_path):
    """Its column says it; the cell `ask` says nothing."""
    files = pushed(tmp_path, "a")
    fill(tmp_path / "batch-001.csv", ["ham"], annotator="ann")
    files.pull()
    files.ask_again([AskAgain("a", 2, ("ann",))])
    (more,) = tmp_path.glob("*more*")
    (row,) = rows_of(more)
    key = dataclasses.replace(parse_row_key(row["ask"]), excluded=())
    written = {**row, "ask": encode_row_key(key, row["text"]), "not_for": "ann\nCy"}
    for who, votes in (("Ann", 1), ("cy", 1), ("dora", 2)):
        pd.DataFrame([{**written, "label": "spam", "annotator": who}]).to_csv(more, index=False)
        assert votes == len(files.pull())


def test_nobody_can_compare_who_is_excluded_between_rows(tmp_path):
    """A name has another digest in each question; in first questions there is none."""
    files = pushed(tmp_path, "a", "b")
    files.ask_again([AskAgain("a", 9, ("ann", "bob")), AskAgain("b", 9, ("ann",))])
    (more,) = tmp_path.glob("*more*")
    first, second = (parse_row_key(row["ask"]) for row in rows_of(more))

    assert (2, 1) == (len(first.excluded), len(second.excluded))
    assert not set(first.excluded) & set(second.excluded)
    assert first.is_excluded(" BOB ")
    assert not second.is_excluded("bob")
    assert not any(
        parse_row_key(row["ask"]).excluded for row in rows_of(tmp_path / "batch-001.csv")
    )


def test_who_spoke_before_is_not_heard_again(tmp_path):
    files = pushed(tmp_path, "a")
    fill(tmp_path / "batch-001.csv", ["ham"], annotator="ann")
    files.pull()
    files.ask_again([AskAgain("a", 2, ("ann",))])
    (more,) = tmp_path.glob("*more*")
    fill(more, ["spam"], annotator="Ann")

    assert 1 == len(files.pull())
    assert "somebody else must label it" in only_problem(files).what


@pytest.mark.parametrize("annotators", [(), ("ann", "bob", "cy")])
def test_votes_still_to_come_are_not_asked_for_again(tmp_path, annotators):
    files = pushed(tmp_path, "a", annotators=annotators)
    path = sorted(tmp_path.glob("*.csv"))[0]
    fill(path, ["ham"], annotator="ann" if not annotators else rows_of(path)[0]["annotator"])
    (annotation,) = files.pull()
    before = sorted(os.listdir(tmp_path))
    files.ask_again([AskAgain("a", 1, (annotation.annotator,))])
    assert before == sorted(os.listdir(tmp_path))

    files.ask_again([AskAgain("a", 2, (annotation.annotator,))])
    files.ask_again([AskAgain("a", 2, (annotation.annotator,))])
    assert 1 == len(list(tmp_path.glob("*more*")))


def test_a_sample_whose_text_is_in_no_file_cannot_be_asked_again(tmp_path):
    files = pushed(tmp_path, "a")
    files.ask_again([AskAgain("b", 1, ())])
    assert "'b'. Put them back" in only_problem(files).what
    files.ask_again([AskAgain("b", 1, ()), AskAgain("a", 4, ())])

    assert "'b'" in only_problem(files).what
    assert 1 == len(list(tmp_path.glob("*more*")))


def test_when_everybody_spoke_nobody_can_be_asked(tmp_path):
    files = pushed(tmp_path, "a", annotators=["ann"], votes_per_sample=1)
    with pytest.raises(lb.LabelingError, match="name more"):
        files.ask_again([AskAgain("a", 3, ("ann",))])


@pytest.mark.parametrize("reviewers", [(), ("Eve",)])
def test_a_reviewer_sees_what_was_said_but_not_by_whom(tmp_path, reviewers):
    files = LabelFiles(tmp_path, SCHEMA, reviewers=reviewers)
    votes = zip("xyz", ["ham", "spam", "ham"], strict=True)
    votes = tuple(Annotation("a", person, label, NOON, NOON) for person, label in votes)
    files.escalate([Escalation("a", votes, "no majority")], SAMPLES)
    files.escalate([Escalation("a", votes, "no majority")], SAMPLES)
    (path,) = tmp_path.glob("*.csv")
    (row,) = rows_of(path)

    assert ("review-1.Eve.csv" if reviewers else "review-1.csv") == path.name
    assert ("2 x ham, 1 x spam", "no majority") == (row["votes"], row["why"])
    fill(path, ["spam"], reviewer="Eve", rationale="it is an ad")
    (annotation,) = files.pull()
    assert ("Eve", "spam", True, "it is an ad") == (
        annotation.annotator,
        annotation.label,
        annotation.reviewer,
        annotation.reason,
    )


def test_who_voted_on_a_sample_does_not_get_it_to_decide(tmp_path):
    files = LabelFiles(tmp_path, SCHEMA, reviewers=["ann", "eve"])
    votes = tuple(Annotation(1, one, "ham", NOON, NOON) for one in ("ann", "bob"))
    samples = pd.DataFrame({"text": "hi"}, index=range(8))
    files.escalate([Escalation(one, votes, "no majority") for one in range(8)], samples)

    assert ["review-1.eve.csv"] == [path.name for path in tmp_path.glob("*.csv")]
