"""Sets of labels and spans are adjudicated part by part: only what is disputed needs a reviewer."""

from __future__ import annotations

import collections
import datetime
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling.errors import LabelingError
from labeling.records import AskAgain, answer_parts, rejection_of
from tests.support.crowd_ner import SCHEMA as NEWS
from tests.support.crowd_ner import annotations_of, documents, spans_of

SPANS = lb.LabelSchema(["PER", "ORG"], kind="spans")
SETS = lb.LabelSchema(["joy", "anger", "love"], kind="several")
NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
MAJORITY = lb.ReviewPolicy(escalate="no_majority")


def marked(sample: str, who: str, label: Any, **more: Any) -> lb.Annotation:
    return lb.Annotation(sample, who, label, NOW, NOW, **more)


def people(*labels: Any, sample: str = "s") -> list[lb.Annotation]:
    return [marked(sample, f"p{number}", label) for number, label in enumerate(labels)]


def spans(*triples: tuple[int, int, str]) -> tuple[lb.Span, ...]:
    return tuple(lb.Span(*triple) for triple in triples)


def test_people_who_agree_on_all_labels_make_gold():
    (gold,) = lb.review(people({"joy", "love"}, {"love", "joy"}), SETS).gold

    assert (gold.label, gold.settled) == (frozenset({"joy", "love"}), "unanimous")


def test_only_the_disputed_label_is_escalated_and_the_others_are_kept():
    verdict = lb.review(people({"joy", "love"}, {"love", "anger"}), SETS)

    (escalation,) = verdict.escalations
    assert escalation.reason == "conflict on 'anger': 1 yes, 1 no; on 'joy': 1 yes, 1 no"
    assert escalation.settled == frozenset({"love"})
    assert escalation.disputed == ("anger", "joy")


def test_each_label_may_have_another_majority():
    """No two people agree on the whole set, and each label has a majority."""
    answers = [{"joy", "anger"}, {"joy"}, {"anger"}]
    (gold,) = lb.review(people(*answers), SETS, policy=MAJORITY).gold

    assert gold.label == frozenset({"joy", "anger"})
    assert (gold.votes_for, gold.votes_cast, gold.settled) == (2, 3, "majority")
    assert gold.decided_by == "2 of 3 votes"


def test_nobody_ticks_anything_and_the_empty_set_is_gold():
    (gold,) = lb.review(people((), frozenset()), SETS).gold

    assert (gold.label, gold.votes_for) == (frozenset(), 2)


def test_the_same_spans_make_gold_and_no_span_is_an_answer():
    both = spans((0, 3, "PER"), (5, 9, "ORG"))
    verdict = lb.review(
        [*people(both, both), *people((), (), sample="empty")],
        SPANS,
    )
    assert {gold.sample_id: gold.label for gold in verdict.gold} == {"s": both, "empty": ()}


def test_other_edges_call_for_a_third_vote_and_the_majority_has_them():
    short, long = spans((0, 3, "PER")), spans((0, 8, "PER"))

    assert lb.review(people(short, long), SPANS).pending == (AskAgain("s", 1, ("p0", "p1")),)
    (gold,) = lb.review(people(short, long, short), SPANS).gold
    assert gold.label == short


def test_a_tie_of_edges_goes_to_a_reviewer_with_its_place_only():
    agreed = (20, 25, "ORG")
    answers = [spans((0, end, "PER"), agreed) for end in (3, 4, 5)]
    (escalation,) = lb.review(people(*answers), SPANS).escalations

    assert escalation.reason == "no majority on 0-5: 1 x PER 0-3, 1 x PER 0-4, 1 x PER 0-5"
    assert escalation.disputed == ((0, 5),)
    assert escalation.settled == spans(agreed)


def test_a_majority_may_say_that_no_span_is_there():
    (gold,) = lb.review(people((), spans((0, 3, "PER")), ()), SPANS).gold

    assert (gold.label, gold.settled) == ((), "majority")


def test_two_short_spans_against_a_long_one_are_one_question():
    split = spans((0, 3, "ORG"), (4, 8, "ORG"))
    answers = [split, split, spans((0, 8, "ORG"))]
    (gold,) = lb.review(people(*answers), SPANS).gold

    assert gold.label == split


@pytest.mark.parametrize(
    ("escalate", "begins"),
    [
        ("any_conflict", "conflict on 0-3: 2 x PER 0-3, 1 x no span"),
        (0.75, "less than 0.75 of the votes agree on 0-3: 2 x PER 0-3"),
    ],
)
def test_policies_mean_the_same_for_each_place(escalate, begins):
    answers = [spans((0, 3, "PER")), spans((0, 3, "PER")), ()]
    policy = lb.ReviewPolicy(escalate=escalate)
    (escalation,) = lb.review(people(*answers), SPANS, policy=policy).escalations

    assert escalation.reason.startswith(begins)


def test_too_few_votes_and_nobody_left():
    (escalation,) = lb.review(people({"joy"}), SETS, annotators=["p0"]).escalations

    assert escalation.reason == "too few votes, 1 of 2"
    assert escalation.settled == frozenset({"joy"})


def test_a_skip_is_no_vote_for_an_empty_answer():
    (request,) = lb.review(people((), None), SPANS).pending

    assert (request.votes_needed, request.not_annotators) == (1, ("p0", "p1"))


def test_a_rejected_answer_does_not_count():
    ledger = people(spans((0, 3, "PER")), spans((0, 3, "PER")))
    assert lb.review(ledger, SPANS).gold
    verdict = lb.review([*ledger, rejection_of(ledger[0])], SPANS)
    assert [request.votes_needed for request in verdict.pending] == [1]


def test_the_reviewers_answer_replaces_that_of_the_whole_sample():
    decided = spans((0, 8, "ORG"))
    ledger = [*people(spans((0, 3, "PER")), ()), marked("s", "eve", decided, reviewer=True)]
    (gold,) = lb.review(ledger, SPANS).gold

    assert (gold.label, gold.source, len(gold.trace)) == (decided, "review", 3)


def test_codes_and_lists_are_read_as_labels():
    ledger = people([(5, 9, 1), [0, 3, 0]], [(0, 3, "PER"), (5, 9, "ORG")])
    (gold,) = lb.review(ledger, SPANS).gold

    assert gold.label == spans((0, 3, "PER"), (5, 9, "ORG"))
    assert {vote.label for vote in gold.trace} == {gold.label}


def test_the_posterior_rule_names_what_works_instead():
    policy = lb.ReviewPolicy(rule="posterior")
    with pytest.raises(LabelingError, match=r"rule='majority'.*AnnotatorModel"):
        lb.review(people(()), SPANS, policy=policy)


def test_reviewers_get_the_models_answer_and_no_other_kind():
    soft = lb.SoftSets([[0.9, 0.1, 0.8]], ["s"], SETS, [[True] * 3], [[True, False, True]])
    ledger = people({"joy"}, {"love"})
    (escalation,) = lb.review(ledger, SETS, soft=soft).escalations
    assert escalation.model_label == frozenset({"joy", "love"})
    with pytest.raises(LabelingError, match="`soft` must have labels of kind 'spans'"):
        lb.review(people(()), SPANS, soft=soft)


def test_the_policy_says_that_each_part_is_decided_by_itself():
    assert "for each label by itself" in lb.ReviewPolicy().describe(SETS)
    assert "overlapping spans by itself" in lb.ReviewPolicy().describe(SPANS)
    assert "itself" not in lb.ReviewPolicy().describe(lb.LabelSchema(["a", "b"]))


LABELS = st.frozensets(st.sampled_from(SETS.labels))
TRIPLES = st.tuples(st.integers(0, 6), st.integers(1, 3), st.sampled_from(SPANS.labels))
MARKED = st.lists(TRIPLES, max_size=3, unique_by=lambda triple: triple[:2]).map(
    lambda triples: tuple(sorted(lb.Span(start, start + n, label) for start, n, label in triples))
)
POLICIES = st.sampled_from(
    [
        lb.ReviewPolicy(),
        MAJORITY,
        lb.ReviewPolicy(1, 5, escalate=0.6),
        lb.ReviewPolicy(2, 2, escalate="any_conflict"),
    ]
)


def outcome(verdict: lb.Verdict) -> Any:
    """Return what does not depend on the order of annotations."""
    return (
        [gold.label for gold in verdict.gold],
        verdict.pending,
        [(each.reason, each.settled, each.disputed, each.cause) for each in verdict.escalations],
    )


@given(st.lists(st.one_of(MARKED, st.none()), min_size=1, max_size=5), POLICIES, st.randoms())
def test_spans_do_not_depend_on_the_order_of_people(answers, policy, rng: random.Random):
    ledger = people(*answers)
    shuffled = ledger.copy()
    rng.shuffle(shuffled)
    expected = outcome(lb.review(ledger, SPANS, policy=policy))
    assert outcome(lb.review(shuffled, SPANS, policy=policy)) == expected


@given(st.lists(LABELS, min_size=2, max_size=5), POLICIES)
def test_labels_of_a_set_are_decided_as_two_labels_would_be(answers, policy):
    """A sample is settled exactly if each label is, by the same policy, with yes and no."""
    yes_or_no = lb.LabelSchema(["no", "yes"])
    verdicts = {
        name: lb.review(
            people(*("yes" if name in answer else "no" for answer in answers)),
            yes_or_no,
            policy=policy,
        )
        for name in SETS.labels
    }
    verdict = lb.review(people(*answers), SETS, policy=policy)
    if all(each.gold for each in verdicts.values()):
        expected = {name for name, each in verdicts.items() if each.gold[0].label == "yes"}
        assert [gold.label for gold in verdict.gold] == [expected]
    else:
        assert not verdict.gold
        assert bool(verdict.escalations) == any(each.escalations for each in verdicts.values())


def test_causes_of_disagreements_on_parts_are_named():
    """The one who never ticks joy is unreliable; who skips with a comment found bad data."""
    ledger = [
        marked(f"s{number}", who, frozenset({"joy" if who != "bad" else "anger"}))
        for number in range(40)
        for who in ("ann", "bob", "cam", "dan", "bad")
    ]
    ledger += [
        marked("broken", "ann", None, reason="no text"),
        marked("broken", "bob", frozenset({"joy"})),
    ]
    causes = lb.disagreement_causes(ledger)
    assert causes["s0"].cause == "unreliable annotator"
    assert causes["broken"].cause == "data problem"


def test_types_that_people_confuse_are_a_guideline_gap():
    """PER and ORG are confused by many, (none) by nobody; other edges alone are ambiguous."""
    per, org, other = spans((0, 3, "PER")), spans((0, 3, "ORG")), spans((0, 4, "PER"))
    answers = [(per, org)] * 30 + [(per, per), (org, org), ((), ())] * 30
    ledger = []
    for number, pair in enumerate(answers):
        names = [f"p{number % 5}", f"p{(number + 1) % 5}"]
        ledger += [
            marked(f"s{number}", who, answer) for who, answer in zip(names, pair, strict=True)
        ]
    ledger += people(per, other, sample="edges")
    causes = lb.disagreement_causes(ledger)
    assert causes["s0"].cause == "guideline gap"
    assert "'ORG' and 'PER' are 30 of 30" in causes["s0"].reason
    assert causes["edges"].reason.startswith("people differ in where spans begin")


def strict_f1(said: dict[str, Any], gold: dict[str, Any]) -> float:
    right = sum(len(set(said[sample]) & set(gold[sample])) for sample in said)
    total = sum(len(said[sample]) + len(gold[sample]) for sample in said)
    return 2 * right / total


def test_real_annotators_settle_most_places_rightly(real_data):
    """Few texts are agreed on in all places; nearly three places of four are, mostly rightly."""
    ledger = annotations_of(real_data)
    gold = {document["id"]: spans_of(document["gold"]) for document in documents(real_data)}
    verdict = lb.review(ledger, NEWS, policy=lb.ReviewPolicy(2, 8))
    settled = {label.sample_id: label.label for label in verdict.gold}
    kept = {each.sample_id: each.settled for each in verdict.escalations}
    assert len(settled) + len(kept) + len(verdict.pending) == len(gold)
    assert len(settled) >= 20
    assert strict_f1(settled, gold) > 0.75
    assert strict_f1({**settled, **kept}, gold) > 0.65
    answers: dict[str, list[Any]] = {}
    for annotation in ledger:
        answers.setdefault(annotation.sample_id, []).append(annotation.label)
    n_places = sum(len(answer_parts(answers[sample])) for sample in kept)
    assert sum(len(each.disputed) for each in verdict.escalations) < 0.3 * n_places
    causes = collections.Counter(each.cause for each in verdict.escalations)
    assert causes
    assert "" not in causes
