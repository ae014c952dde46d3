"""Of many votes a fit to a subset decides only what a fit to all of them would decide."""

import numpy as np
import pytest

import labeling as lb
from labeling.label_models.default.independent_voters import fit_em
from labeling.label_models.default.leave_one_out import leave_one_out
from labeling.label_models.default.model_selection import LEAST_OWN_LABEL_SHARE, select_model
from labeling.label_models.default.split_half import informative_subset
from labeling.label_models.patterns import patterns_of
from labeling.label_models.spans.candidates import Candidates
from labeling.label_models.spans.scoring import type_votes
from labeling.records import find_families
from tests.benchmarks.span_quality import million_words


def made(seed, n_on_topic):
    """Return votes of 24 functions that each know three of four labels."""
    rng = np.random.default_rng(seed)
    n, m, k = 16_000, 24, 4
    truth, topic = rng.integers(0, k, (2, n))
    array = np.full((n, m), lb.ABSTAIN)
    for voter in range(m):
        seen = topic if voter < n_on_topic else truth
        vote = np.where(rng.random(n) < 0.6, seen, rng.integers(0, k, n))
        speaks = (rng.random(n) < 0.3) & (vote != voter % k)
        array[speaks, voter] = vote[speaks]
    schema = lb.LabelSchema([f"label {code}" for code in range(k)])
    return lb.Votes.from_array(array, schema=schema)


def labels_of_spans(n_labels):
    """Return votes for the labels of candidate spans, which most functions mark alike."""
    votes = million_words(n_labels, n_samples=6_000)
    candidates = Candidates.of(votes, votes.voters)
    return type_votes(candidates, np.arange(len(votes.voters)), votes.voters)


def own_label_share(patterns, evidence):
    """Return the share of votes whose evidence is largest for the label they name."""
    own = [
        evidence.votes[voter, vote, vote] >= evidence.votes[voter, vote].max()
        for voter, vote in zip(patterns.voter, patterns.vote, strict=True)
    ]
    return np.average(own, weights=patterns.counts[patterns.row])


@pytest.mark.parametrize(
    ("method", "source", "arguments"),
    [
        ("abstaining", made, {"seed": 0, "n_on_topic": 0}),
        ("abstaining", made, {"seed": 1, "n_on_topic": 0}),
        ("naive Bayes", made, {"seed": 2, "n_on_topic": 10}),
        ("naive Bayes", labels_of_spans, {"n_labels": 3}),
        ("naive Bayes", labels_of_spans, {"n_labels": 4}),
    ],
)
def test_many_votes_select_the_model_that_a_fit_to_all_of_them_selects(method, source, arguments):
    votes = source(**arguments)
    patterns = patterns_of(votes, tuple(sorted(votes.voters)))
    families = find_families(patterns.one_hot, patterns.counts, patterns.n_labels)
    choice = select_model(patterns, None, families)
    whole = fit_em(patterns, "abstaining")
    check = choice.checks[-1]

    assert informative_subset(patterns) is not patterns
    assert check.candidate.family == "abstaining"
    if check.halves_agree and own_label_share(patterns, whole.evidence) >= LEAST_OWN_LABEL_SHARE:
        expected, evidence = "abstaining", whole.evidence
    else:
        expected, evidence = "naive Bayes", leave_one_out(patterns, families.weights)
    assert choice.method == expected == method
    for name in ("votes", "offset", "class_balance"):
        assert np.array_equal(getattr(choice.evidence, name), getattr(evidence, name))
