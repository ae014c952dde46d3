"""Annotations become gold labels, questions and escalations by a policy that anybody can check."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling.records import AskAgain

SCHEMA = lb.LabelSchema(["ham", "spam"])
THREE = lb.LabelSchema(["a", "b", "c"])
MAJORITY = lb.ReviewPolicy(escalate="no_majority")
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
    verdict = lb.review(people("s", "spam", "ham"), SCHEMA, policy=MAJORITY)

    assert (AskAgain("s", 1, ("p0", "p1")),) == verdict.pending


def test_the_third_vote_decides():
    verdict = lb.review(people("s", "spam", "ham", "ham"), SCHEMA, policy=MAJORITY)

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


def test_of_several_reviewers_the_label_that_more_than_half_gave_counts():
    """So a further reviewer is a way on where two contradict each other."""
    reviews = [
        said("s", "eve", "a", 8, reviewer=True),
        said("s", "dan", "b", 9, reviewer=True),
        said("s", "zoe", "b", 10, reviewer=True),
    ]
    (gold,) = lb.review([*people("s", "a", "b", "c"), *reviews], THREE).gold

    assert ("b", "review") == (gold.label, gold.source)


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
    assert (
        "a review by someone who had annotated the sample was ignored"
        in verdict.escalations[0].reason
    )


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

    assert "no vote, 3 skipped" == verdict.escalations[0].reason


def test_a_majority_of_too_few_votes_is_called_too_few():
    policy = lb.ReviewPolicy(min_votes=4, max_votes=5, escalate="no_majority")
    ledger = people("s", "spam", "spam", "ham")
    verdict = lb.review(ledger, SCHEMA, policy=policy, annotators=["p0", "p1", "p2"])

    assert "too few votes, 3 of 4: 1 x ham, 2 x spam" == verdict.escalations[0].reason


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


def test_with_two_labels_every_conflict_reaches_a_reviewer():
    """A third vote would always make a majority, and no doubtful sample would be reviewed."""
    verdict = lb.review(people("s", "spam", "ham"), SCHEMA)

    assert ((), ()) == (verdict.gold, verdict.pending)
    assert "conflict: 1 x ham, 1 x spam" == verdict.escalations[0].reason


def test_with_more_labels_a_third_vote_is_asked_for():
    assert (AskAgain("s", 1, ("p0", "p1")),) == lb.review(people("s", "a", "b"), THREE).pending


def test_a_conflict_among_the_first_of_three_votes_costs_no_third_vote():
    policy = lb.ReviewPolicy(3, 3, escalate="any_conflict")

    assert 1 == len(lb.review(people("s", "a", "b"), THREE, policy=policy).escalations)


@pytest.mark.parametrize(
    ("share", "labels", "gold"),
    [
        (0.75, "aaab", True),
        (0.75, "aab", False),
        (0.55, "a" * 11 + "b" * 9, True),  # 0.55 * 20 is 11.000000000000002 in floating point
        (5 / 6, "aaaaab", True),  # and 5 / 6 is above five sixths
        (1, "aab", False),
        (1, "aaa", True),
    ],
)
def test_a_share_of_the_votes_is_compared_exactly(share, labels, gold):
    policy = lb.ReviewPolicy(len(labels), len(labels), escalate=share)

    assert gold == bool(lb.review(people("s", *labels), THREE, policy=policy).gold)


def test_one_more_is_asked_as_long_as_that_may_settle_the_sample():
    """With at least three of four, 1 : 1 can still be settled by five votes, 2 : 2 cannot."""
    policy = lb.ReviewPolicy(2, 5, escalate=0.75)
    ask, too_late = (lb.review(people("s", *ab), THREE, policy=policy) for ab in ("ab", "aabb"))

    assert 1 == ask.pending[0].votes_needed
    reason = "less than 0.75 of the votes agree: 2 x a, 2 x b"
    assert reason == too_late.escalations[0].reason


def test_people_who_are_left_bound_what_may_still_be_settled():
    policy = lb.ReviewPolicy(2, 9, escalate=0.75)
    verdict = lb.review(people("s", "a", "b"), THREE, policy=policy, annotators=["p0", "p1", "p2"])

    assert 1 == len(verdict.escalations)  # one more makes two of three at the most


def test_who_may_be_asked_may_differ_from_sample_to_sample():
    votes = [*people("s", "spam"), *people("t", "spam")]
    verdict = lb.review(votes, SCHEMA, annotators={"s": ["p0"], "t": ["p0", "p7"]})

    assert ["t"] == [one.sample_id for one in verdict.pending]
    assert "too few votes, 1 of 2: 1 x spam" == verdict.escalations[0].reason


def test_without_annotators_whatever_was_said_goes_to_a_reviewer():
    assert 1 == len(lb.review(people("s", "spam"), SCHEMA, annotators=[]).escalations)


@pytest.mark.parametrize("bar", [0.5, 1.1, float("nan"), True, "any conflict", "majority", -1])
def test_an_escalation_that_cannot_be_is_refused(bar):
    with pytest.raises(lb.LabelingError, match="'no_majority', 'any_conflict', or the smallest"):
        lb.ReviewPolicy(escalate=bar)


@given(LEDGERS, st.sampled_from([None, "no_majority", "any_conflict", 0.6, 0.75, 1]))
def test_gold_by_agreement_meets_the_policy_and_nothing_else_does(ledger, bar):
    """Whoever is asked again may still settle the sample; what is escalated nobody could."""
    policy = lb.ReviewPolicy(2, 4, escalate=bar).for_schema(THREE)
    verdict = lb.review(ledger, THREE, policy=policy)

    for gold in verdict.gold:
        if gold.source == "agreement":
            assert gold.votes_cast >= 2
            assert policy.accepts(gold.votes_for, gold.votes_cast)
    for question in verdict.pending:
        assert len(question.not_annotators) < 8


@pytest.mark.parametrize(
    ("policy", "labels", "sentence"),
    [
        (lb.ReviewPolicy(), 2, "any conflict goes to a reviewer"),
        (lb.ReviewPolicy(), 3, "more than half of them; else up to 3 votes are asked for"),
        (lb.ReviewPolicy(escalate="no_majority"), 2, "gets 2 votes, and a label is accepted with"),
        (lb.ReviewPolicy(1, 1), 2, "gets 1 vote:"),
        (lb.ReviewPolicy(2, 2, escalate=0.75), 3, "at least 75% of them; else a reviewer decides"),
    ],
)
def test_a_policy_says_what_it_means(policy, labels, sentence):
    assert sentence in policy.describe(SCHEMA if labels == 2 else THREE)
