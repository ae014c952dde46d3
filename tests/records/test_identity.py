"""A person is one however a name is written: in votes, reviews, files, replays and old ledgers."""

import datetime
import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling.errors import LabelingError, PlatformError
from labeling.label_files import LabelFiles
from labeling.project import Project
from labeling.records import (
    Annotation,
    AskAgain,
    annotation_votes,
    live_annotations,
    person_key,
)
from labeling.replay import Replay
from tests.support.in_process import run
from tests.support.killing import CONFIG, REPLAY, make_project

SCHEMA = lb.LabelSchema(["ham", "spam"])
NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
SPELLINGS = (
    "Ann Lee",
    "ann lee",
    " ANN  LEE ",
    "\uff21\uff4e\uff4e\u3000\uff2c\uff45\uff45",  # wide letters and a wide space
    "Ann\u200b Lee",  # zero-width space
    "\u202eAnn Lee\u202c",  # marks of direction
    "\ufeffAnn Lee",  # byte order mark
    "Ann\u00a0Lee",
    "Ann\u00ad Lee",  # soft hyphen
    "Ann\ufe0f Lee\u3164",  # variation selector, Hangul filler
    "Ann\u2800 Lee\U0001d159",  # empty Braille cell, musical sign without a head
    "Ann\u2065 \U000e0080Lee\ufff0",  # free places that Unicode keeps for signs without a look
    "\x07Ann\x00 Lee\x7f",  # control characters
)


def said(sample, who, label, minute=0, **more):
    when = NOW + datetime.timedelta(minutes=minute)
    return Annotation(sample, who, label, when, when, platform_id=f"{minute}", **more)


@pytest.mark.parametrize("other", SPELLINGS)
def test_two_spellings_are_one_person_whose_last_word_counts(other):
    live = live_annotations([said("a", SPELLINGS[0], "ham"), said("a", other, "spam", 1)])

    assert [("Ann Lee", "spam")] == [(one.annotator, one.label) for one in live]


def test_different_people_stay_different():
    names = (
        "ann",
        "anna",
        "ann-lee",
        "ann.lee",
        "änn",
        "ann1",
        "安",
        "\u0430nn",  # in Cyrillic
    )

    assert len(names) == len({person_key(name) for name in names})


@given(st.text(max_size=20))
def test_the_identity_of_an_identity_is_itself(name):
    assert person_key(name) == person_key(person_key(name))
    assert person_key(name) == person_key(f" {name}\t")


@given(st.text(st.characters(categories=("L", "N", "P", "S")), max_size=20))
def test_case_does_not_count(name):
    assert person_key(name) == person_key(name.casefold())


@pytest.mark.parametrize("name", ["", " ", "\u200b", "\ufeff\u3164 "])
def test_a_name_that_nobody_sees_is_refused(name, tmp_path):
    with pytest.raises(LabelingError, match="Got"):
        LabelFiles(tmp_path, schema=SCHEMA, annotators=[name])
    its = Project(make_project(tmp_path / "p") / "project.yaml")
    with pytest.raises(LabelingError, match="visible characters"):
        its.add_annotations([said("c0", name, "ham")])


def test_one_person_does_not_settle_a_sample_alone():
    votes = [said("a", name, "spam", minute) for minute, name in enumerate(SPELLINGS)]
    verdict = lb.review(votes, SCHEMA)

    assert [] == list(verdict.gold)
    assert (AskAgain("a", 1, ("Ann Lee",)),) == verdict.pending


@pytest.mark.parametrize("other", SPELLINGS)
def test_who_voted_decides_under_no_spelling(other):
    votes = [said("a", "Ann Lee", "ham"), said("a", "bob", "spam"), said("a", "cleo", None)]
    policy = lb.ReviewPolicy(2, 2)
    barred = lb.review([*votes, said("a", other, "ham", 5, reviewer=True)], SCHEMA, policy=policy)
    heard = lb.review([*votes, said("a", "rev", "ham", 5, reviewer=True)], SCHEMA, policy=policy)

    assert ((), 1) == (barred.gold, len(barred.escalations))
    assert "was ignored" in barred.escalations[0].reason
    assert ["review"] == [one.source for one in heard.gold]


def test_who_spoke_under_another_spelling_is_not_free_to_be_asked():
    votes = [said("a", "ann\u200b", "ham"), said("a", "BOB", "spam")]
    verdict = lb.review(votes, SCHEMA, annotators=["Ann", "Bob", "bob "])

    assert 1 == len(verdict.escalations)


def test_people_are_one_voter_each():
    votes = [said("a", "Ann", "ham"), said("b", "ann ", "spam", 1), said("b", "bob", "ham", 2)]
    found = annotation_votes(votes, SCHEMA)

    assert ("Ann", "bob") == found.voters
    assert [[0, -1], [1, 0]] == found.to_array().tolist()


def test_a_replay_plays_nobody_twice():
    recorded = pd.DataFrame({"sample": ["a", "a"], "annotator": ["Ann", "ann\u200b"]})
    with pytest.raises(PlatformError, match="once per sample"):
        Replay(recorded.assign(label="ham"), SCHEMA)

    recorded = recorded.assign(annotator=["Ann", "bob"], label="ham")
    platform = Replay(recorded, SCHEMA, votes_per_sample=0)
    platform.ask_again([AskAgain("a", 2, ("ANN ",))])
    assert ["bob"] == [one.annotator for one in platform.pull()]


@pytest.mark.parametrize("field", ["annotators", "reviewers"])
@pytest.mark.parametrize("other", ["Ann", "\uff41nn", "ann\u200b", "\ufeffann"])
def test_two_names_of_one_person_are_refused_in_a_config(field, other, tmp_path):
    people = {"annotators": ["bob"], "reviewers": ["rev"], field: ["ann", other]}
    with pytest.raises(LabelingError, match="such names are one person's"):
        LabelFiles(tmp_path, schema=SCHEMA, **people)
    folder = make_project(
        tmp_path / "p", platform=f"files: {json.dumps({'folder': 'f', **people})}\n"
    )
    done = run(folder, "-c", "project.yaml", "check")
    assert 1 == done.returncode
    assert "one person's" in " ".join((done.stdout + done.stderr).split())


def test_a_project_counts_people_once_whatever_its_ledger_holds(tmp_path):
    """Ledgers of before hold the names as they were written; they are read anew."""
    folder = make_project(tmp_path, platform=REPLAY)
    assert "ham" in CONFIG
    its = Project(folder / "project.yaml")
    written = [
        said("c0", "Ann", "ham"),
        said("c0", "ann\u200b", "spam", 1),
        said("c0", "ANN", "ham", 2, reviewer=True),
        said("c1", "ann", "ham", 3),
        said("c1", "Bob", "ham", 4),
    ]
    with its.store.locked("test"):
        its.store.ledger.append(written)
    again = Project(folder / "project.yaml")
    live = again.people.current_annotations(again.samples)

    assert tuple(written) == again.store.ledger.annotations()  # nothing stored was changed
    assert {"Ann", "Bob"} == {one.annotator for one in live}
    assert 2 == again.status().annotators
    people = [(one.name, one.reviewer, one.labels) for one in again.status().people]
    assert [("Ann", False, 2), ("Bob", False, 1), ("Ann", True, 1)] == people
    assert ["c1"] == [one.sample_id for one in again.people.verdict(live).gold]
    assert ("Ann", "Bob") == annotation_votes(live, again.schema).voters
