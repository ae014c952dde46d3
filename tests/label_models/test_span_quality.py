"""The model of spans on real votes: F1 that it must reach, without gold and with little."""

import functools

import numpy as np
import pytest

import labeling as lb
from tests.support import sequences

TAGGED = {
    "seq_laptopreview": {"recommended": 73.6, "all": 73.3},
    "seq_ncbi-disease": {"recommended": 78.7, "all": 77.4},
}
SETTINGS = [(name, who) for name, least in TAGGED.items() for who in least]


@functools.cache
def tagged(folder, name, who):
    made = sequences.tagged(folder / name)
    return made if who == "all" else made._replace(votes=made.votes.of_voters(made.recommended))


def f1(soft, gold, ids, schema):
    return 100 * lb.span_scores(soft, {key: gold[key] for key in ids}, schema).f1.value


@pytest.mark.parametrize(("name", "who"), SETTINGS)
def test_functions_alone_reach_the_known_f1(real_data, name, who):
    made = tagged(real_data, name, who)
    soft = lb.SpanModel().fit(made.votes).predict(made.votes)
    assert f1(soft, made.gold, made.test, made.votes.schema) >= TAGGED[name][who]


@pytest.mark.parametrize(("name", "who"), SETTINGS)
@pytest.mark.parametrize("n_gold", [50, 100])
def test_little_gold_does_no_harm(real_data, name, who, n_gold):
    """No draw of random gold loses more than 0.3; all samples without gold are scored."""
    made = tagged(real_data, name, who)
    votes, schema = made.votes, made.votes.schema
    plain = lb.SpanModel().fit(votes).predict(votes)
    for draw in range(5):
        with_gold = set(np.random.default_rng(draw).permutation(votes.sample_ids)[:n_gold])
        rest = [sample for sample in made.test if sample not in with_gold]
        gold = {sample: made.gold[sample] for sample in with_gold}
        soft = lb.SpanModel().fit(votes, gold=gold).predict(votes)
        change = f1(soft, made.gold, rest, schema) - f1(plain, made.gold, rest, schema)
        assert change >= -0.3


def test_people_are_far_above_the_majority_of_tokens(real_data):
    made = sequences.answered(real_data / "crowd_ner")
    majority = sequences.token_majority(made, seed=0)
    by_tokens = 100 * lb.span_scores(majority, made.gold, made.votes.schema).f1.value
    soft = lb.AnnotatorModel().fit(made.votes).predict(made.votes)
    by_units = f1(soft, made.gold, made.votes.sample_ids, made.votes.schema)
    assert by_units >= by_tokens + 7
    assert by_units >= 75.9
    units = made.votes.units()  # the same model, asked for each candidate
    alone = lb.AnnotatorModel().fit(units).predict_proba(units)
    frame = soft.to_frame().set_index(["sample", "start", "end"])
    assert frame["p_none"].to_list() == pytest.approx(
        alone.to_frame().loc[list(frame.index), "(none)"].to_list()
    )


def test_people_and_functions_together_are_better_than_either(real_data):
    """Twenty of the annotators stand for functions: their silence does not count."""
    made = sequences.answered(real_data / "crowd_ner")
    votes = made.votes
    functions = set(np.random.default_rng(0).choice(votes.voters, 20, replace=False))
    speaks = [name not in functions for name in votes.voters]
    mixed = lb.SpanVotes(
        votes.marks, votes.sample_ids, votes.voters, votes.schema, speaks=speaks, asked=votes.asked
    )
    scores = []
    for who in (votes.voters, functions, set(votes.voters) - functions):
        part = mixed.of_voters(sorted(who))
        soft = lb.SpanModel().fit(part).predict(part)
        scores.append(f1(soft, made.gold, votes.sample_ids, votes.schema))
    assert scores[0] >= max(scores[1:]) + 3
