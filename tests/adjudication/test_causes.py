"""Each disagreement has a probable cause, found by tests on everybody's votes."""

import numpy as np
import pytest

import labeling as lb
from labeling.adjudication import Cause, WeakLabel
from tests.adjudication.test_adjudication import THREE, said


def cause_of(ledger, sample, **more):
    return lb.disagreement_causes(ledger, **more)[sample]


def crowd(n=60, *, wrong=()):
    """Return votes of four people who are right, but for `wrong` who always says "a"."""
    rng = np.random.default_rng(0)
    return [
        said(f"n{number}", person, "a" if person in wrong else label, lead_seconds=10.0)
        for number in range(n)
        for label in [["a", "b", "c"][rng.integers(3)]]
        for person in ("ann", "bob", "cem", "dan")
    ]


def test_equal_votes_are_no_disagreement():
    assert {} == lb.disagreement_causes([said("s", "ann", "a"), said("s", "bob", "a")])


def test_two_people_of_whom_nothing_is_known_disagree_on_an_ambiguous_sample():
    found = cause_of([said("s", "ann", "a"), said("s", "bob", "b")], "s")

    assert (Cause.AMBIGUOUS, "0 of 2 voters") == (found.cause, found.reason[:13])


@pytest.mark.parametrize(
    "votes",
    [
        [said("s", "ann", None), said("s", "bob", "a")],
        [said("s", "ann", "a"), said("s", "bob", "b"), said("s", "cem", None, reason="no text")],
    ],
)
def test_skips_are_a_problem_of_the_data(votes):
    assert Cause.DATA == cause_of(votes, "s").cause


def test_who_contradicts_everybody_is_the_cause_and_is_not_named():
    ledger = [*crowd(wrong={"dan"}), said("s", "ann", "b"), said("s", "dan", "a")]
    found = cause_of(ledger, "s")

    assert Cause.UNRELIABLE == found.cause
    assert "dan" not in found.reason
    assert "%" in found.reason


def test_without_the_unreliable_the_others_still_differ():
    ledger = [*crowd(wrong={"dan"})]
    ledger += [said("s", "ann", "b"), said("s", "bob", "c"), said("s", "dan", "a")]

    assert Cause.UNRELIABLE != cause_of(ledger, "s").cause


def test_people_who_agree_against_a_sure_model():
    votes = [said("s", "ann", "a"), said("s", "bob", "a")]
    found = cause_of(votes, "s", weak={"s": WeakLabel("b", 0.95)})

    assert Cause.MODEL == found.cause
    assert "2 votes for 'a'" in found.reason
    assert {} == lb.disagreement_causes(votes, weak={"s": WeakLabel("b", 0.85)})


def test_a_pair_of_labels_that_many_confuse_is_a_gap_of_the_guideline():
    ledger = crowd()
    for number in range(20):
        first, second = [("ann", "bob"), ("cem", "dan"), ("bob", "cem")][number % 3]
        ledger += [said(f"x{number}", first, "b"), said(f"x{number}", second, "c")]
    found = cause_of(ledger, "x0")

    assert Cause.GUIDELINE == found.cause
    assert "'b' and 'c' are 20 of 20 confusions" in found.reason


def test_a_hasty_vote_of_a_good_annotator_is_a_slip():
    votes = [
        said("s", "ann", "a", lead_seconds=2.0),
        said("s", "bob", "b", lead_seconds=11.0),
        said("s", "cem", "b", lead_seconds=9.0),
    ]
    found = cause_of([*crowd(), *votes], "s")

    assert Cause.SLIP == found.cause
    assert "2 s of a usual 10 s" in found.reason


def test_one_vote_that_a_sure_model_contradicts_is_a_slip():
    votes = [said("s", "ann", "a"), said("s", "bob", "b")]

    assert Cause.SLIP == cause_of([*crowd(), *votes], "s", weak={"s": WeakLabel("b", 0.97)}).cause


def test_chance_names_nobody():
    """Nobody is worse, no pair is special: in 40 crowds at most a few are named by chance."""
    named = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        ledger = [
            said(f"n{number}", person, label if rng.random() < 0.8 else "abc"[rng.integers(3)])
            for number in range(40)
            for label in ["abc"[rng.integers(3)]]
            for person in ("ann", "bob", "cem", "dan")
        ]
        causes = {found.cause for found in lb.disagreement_causes(ledger).values()}
        named += bool(causes & {Cause.UNRELIABLE, Cause.GUIDELINE})

    assert named <= 6


def test_an_escalation_tells_the_reviewer_the_probable_cause():
    (escalation,) = lb.review(
        [said("s", "ann", "a"), said("s", "bob", "b"), said("s", "cem", "c")], THREE
    ).escalations

    assert "no majority: 1 x a, 1 x b, 1 x c" == escalation.reason
    assert "ambiguous sample" == escalation.cause
    assert escalation.explanation.startswith(f"{escalation.reason}. Probable cause: ambiguous")
