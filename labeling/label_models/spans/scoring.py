"""Scores of candidates without gold: where a span is by counts, what it is by a label model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.label_models.spans.candidates import Candidates
from labeling.records import ABSTAIN, LabelSchema, Votes

Floats = npt.NDArray[np.float64]
Voters = npt.NDArray[np.intp]

LEAST = 1e-12  # probability whose logarithm is taken
TIED = 1e-9  # nats


def type_votes(candidates: Candidates, voters: Voters, names: tuple[str, ...]) -> Votes:
    """Return the votes for labels alone: who says "no span" is silent.

    Args:
        candidates: the candidates.
        voters: columns of the voters.
        names: the sorted names of all voters.
    """
    codes = candidates.codes[:, voters]
    codes = np.where(codes == candidates.n_labels, ABSTAIN, codes)
    schema = LabelSchema(sorted(candidates.units.votes.schema.labels))
    ids = pd.RangeIndex(len(codes))  # label models never read them
    return Votes(codes, ids, tuple(names[voter] for voter in voters), schema)


def function_scores(candidates: Candidates, functions: Voters, types: Floats | None) -> Floats:
    """Return the scores of labels and "no span" by labeling functions: (n, n_labels + 1).

    Args:
        candidates: the candidates.
        functions: the columns of the labeling functions.
        types: the probability of each label if there is a span, shape (n, n_labels); `None` where
            there is one label.
    """
    counts = candidates.type_counts(functions)
    scores = np.zeros(counts.shape)
    scores[:, -1] = counts[:, -1]
    scores[:, :-1] = counts[:, :-1].max(axis=1, initial=0)[:, None]
    if types is not None:
        logs = np.log(np.maximum(types, LEAST))
        scores[:, :-1] += logs - logs.max(axis=1, keepdims=True)
    return scores


def softmax(scores: Floats) -> Floats:
    """Return the probabilities of scores, row by row."""
    probabilities: Floats = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return probabilities


def n_tied_labels(scores: Floats, chosen: npt.NDArray[np.bool_]) -> int:
    """Return how many of the chosen candidates have two best labels."""
    if scores.shape[1] < 3:
        return 0
    best = np.sort(scores[chosen, :-1], axis=1)[:, -2:]
    return int((best[:, 1] - best[:, 0] < TIED).sum())
