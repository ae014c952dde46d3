"""Votes of planted voters, whose accuracies are known, and how well a model does on them."""

import numpy as np
import pytest

import labeling as lb
from labeling.label_models import Snorkel


def made(kind, **settings):
    """A model; where it is Snorkel's the test is skipped if Snorkel is not there."""
    if kind is Snorkel:
        pytest.importorskip("snorkel.labeling.model", reason="Snorkel comes with [snorkel]")
    return kind(**settings)


def simulated(emission, *, balance, n=4000, seed=0):
    """Draw votes from P(voter says v | y), shape (n_voters, n_labels true, n_labels + 1).

    The last symbol is an abstention. Returns the true codes and the votes.
    """
    rng = np.random.default_rng(seed)
    truth = rng.choice(len(balance), n, p=balance)
    said = [(rng.random((n, 1)) > one.cumsum(axis=1)[truth, :-1]).sum(axis=1) for one in emission]
    array = np.stack(said, axis=1)
    array[array == len(balance)] = lb.ABSTAIN
    schema = lb.LabelSchema(f"label {code}" for code in range(len(balance)))
    voters = [f"voter {place:03}" for place in range(len(emission))]
    return truth, lb.Votes.from_array(array, schema=schema, voters=voters)


def coins(accuracies, *, k=2, propensity=0.8):
    """Voters that are right with one probability whatever the label, and vote with another."""
    off = [(1 - accuracy) / (k - 1) for accuracy in accuracies]
    right = [np.where(np.eye(k), a, b) for a, b in zip(accuracies, off, strict=True)]
    return np.stack(
        [np.hstack([propensity * one, np.full((k, 1), 1 - propensity)]) for one in right]
    )


def hits(model, votes, truth):
    """The share of covered samples that are labeled right, ties split."""
    winners = model.predict_proba(votes).winners()
    shares = winners / winners.sum(axis=1, keepdims=True)
    return shares[np.arange(len(truth)), truth][votes.covered].mean()
