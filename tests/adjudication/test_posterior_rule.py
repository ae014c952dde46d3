"""By the rule "posterior" people count by their skill, and doubt decides who is asked on."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import labeling as lb
from labeling import adjudication
from tests.adjudication.test_adjudication import SCHEMA, THREE, said


def posterior_of(schema=SCHEMA, **rows):
    ids = pd.Index(list(rows))
    return lb.SoftLabels(np.array(list(rows.values())), ids, schema, [True] * len(rows))


def verdict_of(votes, policy, posterior, **more):
    """Return the verdict on votes by sample, such as `a="xy"` for two people's initials."""
    ledger = [
        said(sample, f"p{number}", label)
        for sample, labels in votes.items()
        for number, label in enumerate(labels)
    ]
    policy = lb.ReviewPolicy(rule="posterior", **policy)
    return adjudication.review(ledger, posterior.schema, policy=policy, posterior=posterior, **more)


def outcome(verdict):
    return {
        **{gold.sample_id: gold.label for gold in verdict.gold},
        **{request.sample_id: "ask" for request in verdict.pending},
        **{escalation.sample_id: "reviewer" for escalation in verdict.escalations},
    }


def test_a_probability_settles_or_asks():
    votes = {"a": ["ham", "ham"], "b": ["ham", "spam"]}
    verdict = verdict_of(votes, {"accept": 0.9}, posterior_of(a=[0.9, 0.1], b=[0.6, 0.4]))

    assert {"a": "ham", "b": "ask"} == outcome(verdict)
    assert 0.9 == verdict.gold[0].probability


def test_less_than_the_least_number_of_votes_is_never_settled():
    verdict = verdict_of({"a": ["ham"]}, {}, posterior_of(a=[0.999, 0.001]))

    assert [lb.AskAgain("a", 1, ("p0",))] == list(verdict.pending)


def test_the_quota_takes_the_most_doubtful_and_accepts_the_others():
    names = [f"s{number}" for number in range(10)]
    votes = {name: ["ham", "spam", "ham"] for name in names}
    top = {name: [0.55 + 0.03 * number, 0.45 - 0.03 * number] for number, name in enumerate(names)}
    verdict = verdict_of(votes, {"expert_quota": 0.2}, posterior_of(**top))

    assert {"s0", "s1"} == {escalation.sample_id for escalation in verdict.escalations}
    assert 8 == len(verdict.gold)
    assert (
        "'ham' has a probability of only 0.55: 2 x ham, 1 x spam" == verdict.escalations[0].reason
    )


def test_samples_that_reviewers_decided_use_up_the_quota():
    votes = {f"s{number}": ["ham", "spam", "ham"] for number in range(9)}
    posterior = posterior_of(**{name: [0.6, 0.4] for name in [*votes, "done"]})
    ledger = [
        said(sample, f"p{number}", label)
        for sample, labels in votes.items()
        for number, label in enumerate(labels)
    ]
    ledger += [said("done", "p0", "ham"), said("done", "eve", "ham", 9, reviewer=True)]
    policy = lb.ReviewPolicy(rule="posterior", expert_quota=0.1)
    verdict = adjudication.review(ledger, SCHEMA, policy=policy, posterior=posterior)

    assert () == verdict.escalations
    assert 10 == len(verdict.gold)


def test_a_tie_of_labels_reaches_a_reviewer_whatever_the_quota():
    votes = {"a": ["ham", "spam", "ham"]}
    verdict = verdict_of(votes, {"expert_quota": 0}, posterior_of(a=[0.5, 0.5]))

    assert {"a": "reviewer"} == outcome(verdict)
    assert "tie of the most probable labels" in verdict.escalations[0].reason


@pytest.mark.parametrize("people", [["p0", "p1"], {"a": ["p0", "p1"]}, {}])
def test_nobody_left_to_ask_leaves_no_sample_waiting(people):
    votes = {"a": ["ham", "spam"]}
    posterior = posterior_of(a=[0.6, 0.4])

    assert {"a": "ham"} == outcome(verdict_of(votes, {}, posterior, annotators=people))
    few = verdict_of({"a": ["ham"]}, {}, posterior, annotators=people)
    assert {"a": "ask" if people == ["p0", "p1"] or people else "reviewer"} == outcome(few)


def test_any_conflict_reaches_a_reviewer_if_the_policy_says_so():
    votes = {"a": ["ham", "spam"], "b": ["ham", "ham"]}
    posterior = posterior_of(a=[0.99, 0.01], b=[0.99, 0.01])
    verdict = verdict_of(votes, {"escalate": "any_conflict", "expert_quota": 0}, posterior)

    assert {"a": "reviewer", "b": "ham"} == outcome(verdict)
    assert "conflict: 1 x ham, 1 x spam" == verdict.escalations[0].reason


def test_a_budget_spends_half_of_what_is_left_on_the_most_doubtful():
    names = [f"s{number}" for number in range(8)]
    votes = {name: ["ham", "spam"] for name in names}
    top = {name: [0.55 + 0.05 * number, 0.45 - 0.05 * number] for number, name in enumerate(names)}
    verdict = verdict_of(votes, {"budget": 2.5, "expert_quota": 0}, posterior_of(**top))

    assert ["s0", "s1"] == [request.sample_id for request in verdict.pending]
    spent = {**votes, "s0": ["ham"] * 3, "s1": ["ham"] * 3, "s2": ["ham"] * 3, "s3": ["ham"] * 3}
    assert () == verdict_of(spent, {"budget": 2.5, "expert_quota": 0}, posterior_of(**top)).pending


def test_costs_ask_only_where_a_vote_is_expected_to_save_more():
    votes = {"a": ["ham", "spam"], "b": ["ham", "ham"]}
    posterior = posterior_of(a=[0.55, 0.45], b=[0.98, 0.02])

    dear = verdict_of(votes, {"costs": {"error": 100}, "expert_quota": 0}, posterior)
    assert {"a": "ask", "b": "ham"} == outcome(dear)
    cheap = verdict_of(votes, {"costs": {"error": 1}, "expert_quota": 0}, posterior)
    assert {"a": "ham", "b": "ham"} == outcome(cheap)


def test_a_skilled_minority_may_win():
    """Three people guess, one is right on a hundred samples: the posterior learns who knows."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 150)
    ledger = []
    for number, label in enumerate(truth):
        for person, accuracy in {
            "ann": 0.98,
            "bea": 0.97,
            "cem": 0.6,
            "dan": 0.6,
            "eve": 0.6,
        }.items():
            given_label = label if rng.random() < accuracy else 1 - label
            ledger.append(said(f"s{number}", person, SCHEMA.labels[given_label]))
    policy = lb.ReviewPolicy(2, 5, rule="posterior", expert_quota=0)
    labels = {gold.sample_id: gold.label for gold in lb.review(ledger, SCHEMA, policy=policy).gold}
    majority = lb.ReviewPolicy(2, 5, escalate="no_majority")
    by_count = {
        gold.sample_id: gold.label for gold in lb.review(ledger, SCHEMA, policy=majority).gold
    }

    def n_wrong(of):
        return sum(
            of.get(f"s{number}") != SCHEMA.labels[label] for number, label in enumerate(truth)
        )

    assert n_wrong(labels) < n_wrong(by_count)


def test_a_model_is_a_voter_only_if_the_policy_says_so():
    ledger = [said("a", "p0", "ham"), said("a", "p1", "spam"), said("b", "p0", "ham")]
    ledger += [said("b", "p1", "ham")]
    soft = posterior_of(a=[0.02, 0.98], b=[0.9, 0.1])
    policy = lb.ReviewPolicy(rule="posterior", model_voter=True, accept=0.7, expert_quota=0)
    with_model = lb.review(ledger, SCHEMA, policy=policy, soft=soft)

    assert {"a": "spam", "b": "ham"} == outcome(with_model)
    with pytest.raises(lb.LabelingError, match="needs `soft`"):
        lb.review(ledger, SCHEMA, policy=policy)


@given(st.permutations(range(12)), st.permutations(["ham", "spam", "other"]))
@settings(max_examples=25, deadline=None)
def test_the_order_of_annotations_and_labels_decides_nothing(order, labels):
    rng = np.random.default_rng(1)
    ledger = [
        said(f"s{number % 4}", f"p{number // 4}", ["ham", "spam", "other"][rng.integers(3)])
        for number in range(12)
    ]
    policy = lb.ReviewPolicy(2, 4, rule="posterior", budget=3.4, expert_quota=0.25)
    plain = lb.review(ledger, lb.LabelSchema(["ham", "spam", "other"]), policy=policy)
    turned = lb.review([ledger[index] for index in order], lb.LabelSchema(labels), policy=policy)

    assert outcome(plain) == outcome(turned)
    sure = {gold.sample_id: gold.probability for gold in plain.gold}
    assert all(
        sure[one.sample_id] == pytest.approx(one.probability, abs=1e-9) for one in turned.gold
    )


@given(
    st.lists(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=5), max_size=8),
    st.sampled_from([{}, {"budget": 2.5}, {"costs": {"error": 9}}, {"escalate": "any_conflict"}]),
    st.sampled_from([None, [], ["p0", "p1", "p2"]]),
)
@settings(max_examples=60, deadline=None)
def test_each_sample_has_one_outcome_and_whom_to_ask_exists(votes, settings_, people):
    ledger = [
        said(f"s{number}", f"p{place}", label)
        for number, labels in enumerate(votes)
        for place, label in enumerate(labels)
    ]
    policy = lb.ReviewPolicy(2, 4, rule="posterior", **settings_)
    verdict = lb.review(ledger, THREE, policy=policy, annotators=people)
    outcomes = list(itertools.chain(verdict.gold, verdict.pending, verdict.escalations))

    assert sorted(one.sample_id for one in outcomes) == sorted(f"s{n}" for n in range(len(votes)))
    for request in verdict.pending:
        assert people is None or set(people) - set(request.not_annotators)
        assert request.votes_needed >= 1
