"""Checks with halves of the voters stop early only where more splits would decide the same."""

import numpy as np
import pytest

import labeling as lb
from labeling.label_models.default import split_half
from labeling.label_models.default.split_half import (
    N_CLEAR,
    N_SPLITS_OF_MANY,
    Limits,
    split_half_check,
)
from labeling.label_models.default.subsampling import training_patterns
from labeling.label_models.patterns import patterns_of
from tests.benchmarks.test_label_model_speed import made

LIMITS = Limits((0.8, 1.25), 0.4)


@pytest.fixture(scope="module")
def patterns():
    votes = made(9_000, 40).votes
    return patterns_of(votes, tuple(sorted(votes.voters)))


def test_two_splits_are_enough_where_each_clearly_passes(patterns):
    assert len(patterns.row) > split_half.ENOUGH_VOTES
    short, whole = (split_half_check(patterns, "one coin", None, it) for it in (LIMITS, None))

    assert (short.n_splits, whole.n_splits) == (N_CLEAR, N_SPLITS_OF_MANY)
    assert short.ratio == pytest.approx(whole.ratio, abs=0.03)


def test_all_splits_are_made_where_the_first_pass_only_just(patterns):
    whole = split_half_check(patterns, "one coin")
    close = Limits((0.5, whole.ratio * 1.001), 0.4)

    assert split_half_check(patterns, "one coin", None, close) == whole


def test_few_votes_always_have_all_splits():
    votes = made(1_000, 12).votes
    patterns = patterns_of(votes, tuple(sorted(votes.voters)))

    assert split_half_check(patterns, "one coin", None, LIMITS).n_splits == split_half.N_SPLITS


@pytest.mark.parametrize(
    ("ratio", "gap", "clear"),
    [(1.0, 0.1, True), (0.88, 0.1, False), (1.13, 0.1, False), (1.0, 0.21, False)],
)
def test_clear_is_half_of_what_is_accepted(ratio, gap, clear):
    assert LIMITS.are_clearly_kept(ratio, gap) is clear


@pytest.mark.parametrize("n_voters", [4, 9, 12])  # one byte a row, two, and three
def test_patterns_of_many_samples_are_those_of_all_samples(n_voters):
    votes = made(60_000, n_voters).votes
    voters = tuple(sorted([*votes.voters, "absent"]))
    gold = np.full(len(votes), lb.ABSTAIN)
    gold[::100] = 1
    many, plain = training_patterns(votes, voters, gold), patterns_of(votes, voters, gold)

    for name in ("counts", "gold", "row", "voter", "vote"):
        assert getattr(many, name).tolist() == getattr(plain, name).tolist()
