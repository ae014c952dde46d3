"""Annotations become gold labels, questions and escalations by a policy that anybody can check."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling.records import AskAgain

SCHEMA = lb.LabelSchema(["ham", "spam"])
THREE = lb.LabelSchema(["a", "b", "c"])
BEGIN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def said(sample, annotator, label, minute=0, **more):
    when = BEGIN + datetime.timedelta(minutes=minute)
    return lb.Annotation(sample, annotator, label, when, when, **more)


def people(sample, *labels):
    return [said(sample, f"p{number}", label) for number, label in enumerate(labels)]


def test_two_who_agree_make_gold():
    verdict = lb.review(people("s", "spam", "spam"), SCHEMA)

    (gold,) = verdict.gold
    assert ("s", "spam", "agreement") == (gold.sample_id, gold.label, gold.source)
    assert ["p0", "p1"] == [one.annotator for one in gold.trace]


def test_two_who_differ_call_for_a_third_who_is_somebody_else():
    verdict = lb.review(people("s", "spam", "ham"), SCHEMA)

    assert (AskAgain("s", 1, ("p0", "p1")),) == verdict.pending


def test_the_third_vote_decides():
    verdict = lb.review(people("s", "spam", "ham", "ham"), SCHEMA)

    assert ["ham"] == [one.label for one in verdict.gold]


def test_three_who_all_differ_go_to_the_reviewer_with_the_reason():
    verdict = lb.review(people("s", "a", "b", "c"), THREE)

    (escalation,) = verdict.escalations
    assert "no majority: 1 x a, 1 x b, 1 x c" == escalation.reason
    assert 3 == len(escalation.annotations)


def test_one_vote_stays_pending():
    verdict = lb.review(people("s", "spam"), SCHEMA)

    assert (AskAgain("s", 1, ("p0",)),) == verdict.pending


def test_the_reviewer_settles_what_was_escalated():
    ledger = [*people("s", "a", "b", "c"), said("s", "eve", "b", 9, reviewer=True)]
    verdict = lb.review(ledger, THREE)

    (gold,) = verdict.gold
    assert ("b", "review") == (gold.label, gold.source)
    assert "eve" == gold.trace[-1].annotator


def test_a_reviewer_without_a_label_leaves_it_unresolved():
    ledger = [*people("s", "a", "b", "c"), said("s", "eve", None, 9, reviewer=True)]

    assert ("s",) == lb.review(ledger, THREE).unresolved


def test_reviewers_who_contradict_each_other_decide_nothing():
    """Neither time nor order breaks the tie."""
    reviews = [said("s", "eve", "a", 8, reviewer=True), said("s", "dan", "b", 9, reviewer=True)]
    votes = people("s", "a", "b", "c")

    assert ("s",) == lb.review([*votes, *reviews], THREE).unresolved
    assert ("s",) == lb.review([*votes, *reviews[::-1]], THREE).unresolved


def test_a_reviewer_who_skips_undoes_no_other_reviewers_label():
    reviews = [said("s", "eve", "a", 8, reviewer=True), said("s", "dan", None, 9, reviewer=True)]
    (gold,) = lb.review([*people("s", "a", "b", "c"), *reviews], THREE).gold

    assert ("a", "eve") == (gold.label, gold.trace[-1].annotator)


def test_a_code_is_the_label_it_stands_for():
    (gold,) = lb.review(people("s", 1, "spam"), SCHEMA).gold

    assert "spam" == gold.label


def test_who_voted_on_a_sample_cannot_review_it():
    ledger = [*people("s", "a", "b", "c"), said("s", "p0", "a", 9, reviewer=True)]
    verdict = lb.review(ledger, THREE)

    assert () == verdict.gold
    assert "a reviewer who had voted on it was not heard" in verdict.escalations[0].reason


def test_a_change_of_mind_counts_once():
    ledger = [*people("s", "spam", "ham"), said("s", "p1", "spam", 5)]

    assert ["spam"] == [one.label for one in lb.review(ledger, SCHEMA).gold]


def test_an_older_version_that_arrives_late_changes_nothing():
    ledger = [said("s", "p0", "spam", 5), said("s", "p1", "spam", 5), said("s", "p1", "ham", 1)]

    assert ["spam"] == [one.label for one in lb.review(ledger, SCHEMA).gold]


def test_a_skip_is_no_vote_and_is_not_asked_again():
    verdict = lb.review(people("s", "spam", None), SCHEMA)

    assert (AskAgain("s", 1, ("p0", "p1")),) == verdict.pending


def test_a_sample_that_all_skip_goes_to_the_reviewer():
    verdict = lb.review(people("s", None, None, None), SCHEMA)

    assert "no majority: no vote, 3 skipped" == verdict.escalations[0].reason


def test_when_nobody_is_left_to_ask_the_reviewer_decides():
    verdict = lb.review(people("s", "spam", "ham"), SCHEMA, annotators=["p0", "p1"])

    assert 1 == len(verdict.escalations)


def test_no_more_votes_are_asked_for_than_people_are_left():
    policy = lb.ReviewPolicy(min_votes=3, max_votes=5)
    verdict = lb.review(people("s", "spam"), SCHEMA, policy=policy, annotators=["p0", "p1"])

    assert 1 == verdict.pending[0].votes_needed


def test_the_reviewer_is_told_what_the_label_model_holds():
    import pandas as pd

    soft = lb.SoftLabels([[0.1, 0.8, 0.1]], pd.Index(["s"]), THREE, [True])
    verdict = lb.review(people("s", "a", "b", "c"), THREE, soft=soft)

    assert "b" == verdict.escalations[0].model_label


def test_an_unknown_label_is_an_error_with_the_near_one():
    with pytest.raises(lb.LabelingError, match=r"'spma' is not a label.*Did you mean 'spam'"):
        lb.review(people("s", "spma"), SCHEMA)


def test_whole_numbers_of_any_kind_make_a_policy():
    import numpy as np

    assert 3 == lb.ReviewPolicy(np.int64(2), np.int64(3)).max_votes


@pytest.mark.parametrize("votes", [(0, 3), (3, 2), (2.5, 3), (True, 3)])
def test_a_policy_that_cannot_be_met_is_refused(votes):
    with pytest.raises(lb.LabelingError, match="1 <= min_votes <= max_votes"):
        lb.ReviewPolicy(*votes)


def test_an_unknown_rule_is_refused():
    with pytest.raises(lb.LabelingError, match="must be 'majority'"):
        lb.ReviewPolicy(rule="dictator")


@pytest.mark.parametrize(
    "when",
    [
        "2026-01-01",
        datetime.datetime(2026, 1, 1),
        datetime.datetime.fromisoformat("2026-01-01T00:00:00+02:00"),
    ],
)
def test_a_time_that_is_not_in_utc_is_refused(when):
    """Times of several places cannot be put in order unless they are of one kind."""
    with pytest.raises(lb.LabelingError, match="must be a time in UTC"):
        lb.Annotation("s", "ann", "ham", when, when)


LEDGERS = st.lists(
    st.builds(
        said,
        st.sampled_from(["s", "t", "u"]),
        st.sampled_from(["ann", "bob", "cem", "dee"]),
        st.sampled_from(["a", "b", "c", None]),
        st.integers(0, 3),
        reviewer=st.booleans(),
    ),
    max_size=30,
)


@given(LEDGERS)
def test_each_sample_is_in_exactly_one_state(ledger):
    verdict = lb.review(ledger, THREE)
    states = [
        *(one.sample_id for one in verdict.gold),
        *(one.sample_id for one in verdict.pending),
        *(one.sample_id for one in verdict.escalations),
        *verdict.unresolved,
    ]

    assert sorted({one.sample_id for one in ledger}) == sorted(states)


@given(LEDGERS)
def test_reading_the_ledger_twice_changes_nothing(ledger):
    """Pulling the same annotations again counts nobody twice."""
    assert lb.review(ledger, THREE) == lb.review([*ledger, *ledger], THREE)


@given(LEDGERS)
def test_nobody_who_was_heard_is_asked_again(ledger):
    for question in lb.review(ledger, THREE).pending:
        heard = {
            one.annotator
            for one in ledger
            if one.sample_id == question.sample_id and not one.reviewer
        }
        assert heard == set(question.not_annotators)
