"""Confusion matrices of annotators from expected votes, shrunk to what annotators have in common.

Expected votes have the shape (n_voters, n_labels true, n_labels voted).
"""

from __future__ import annotations

import numpy as np

from labeling.label_models.one_coin import one_coin_confusion
from labeling.label_models.patterns import Floats

LEAST = 1e-3  # probability of a wrong label, all labels together


def one_coin(votes: Floats, pseudo_votes: float) -> Floats:
    """Return matrices of one skill an annotator, whose errors are spread evenly."""
    return one_coin_confusion(_shrunk_skill(votes, pseudo_votes), votes.shape[1])


def coins_of_spans(votes: Floats, pseudo_votes: float, nothing: int) -> Floats:
    """Return matrices of annotators who overlook more spans than they take for another label.

    Each annotator finds and names a span at one rate, overlooks it at another, for all labels
    alike, and marks what is no span at a third. Errors between labels are spread evenly.

    Args:
        votes: expected votes.
        pseudo_votes: the number of votes that each rate of all annotators counts as.
        nothing: the index of "no span" among the labels.
    """
    n_voters, k, _ = votes.shape
    labels = np.delete(np.arange(k), nothing)
    of_labels = votes[:, labels].sum(axis=(1, 2))
    named = _shrunk(votes[:, labels, labels].sum(axis=1), of_labels, pseudo_votes)
    overlooked = _shrunk(votes[:, labels, nothing].sum(axis=1), of_labels, pseudo_votes)
    left_out = _shrunk(votes[:, nothing, nothing], votes[:, nothing].sum(axis=1), pseudo_votes)
    confusion = np.empty((n_voters, k, k))
    wrong = np.maximum(1 - named - overlooked, LEAST)
    confusion[:] = (wrong / max(k - 2, 1))[:, None, None]
    confusion[:, labels, labels] = named[:, None]
    confusion[:, labels, nothing] = overlooked[:, None]
    confusion[:, nothing] = ((1 - left_out) / (k - 1))[:, None]
    confusion[:, nothing, nothing] = left_out
    confusion /= confusion.sum(axis=2, keepdims=True)
    return confusion


def own_confusion(votes: Floats, pseudo_votes: float) -> Floats:
    """Return a matrix for each annotator, shrunk to that of their own skill and that of all."""
    k = votes.shape[1]
    skill = _shrunk_skill(votes, pseudo_votes)
    wrong = (1 - skill) / (k - 1)
    prior: Floats = _pooled_confusion(votes) + wrong[:, None, None]
    counts: Floats = votes + pseudo_votes * prior
    diagonal = np.arange(k)
    counts[:, diagonal, diagonal] += pseudo_votes * (skill - wrong)[:, None]
    counts /= (votes.sum(axis=2) + 2 * pseudo_votes)[:, :, None]
    return counts


def _shrunk_skill(votes: Floats, pseudo_votes: float) -> Floats:
    """Return the share of right votes of each annotator, shrunk to that of all: (n_voters,)."""
    right, total = np.trace(votes, axis1=1, axis2=2), votes.sum(axis=(1, 2))
    # Votes are as likely with all labels swapped: people together err less often than not.
    pooled = max((right.sum() + 4) / (total.sum() + 5), 0.5)
    skill: Floats = (right + pseudo_votes * pooled) / (total + pseudo_votes)
    return skill


def _shrunk(part: Floats, whole: Floats, pseudo_votes: float) -> Floats:
    """Return the share that a part is of each annotator's votes, shrunk to that of all."""
    pooled = (part.sum() + 1) / (whole.sum() + 2)
    share: Floats = (part + pseudo_votes * pooled) / (whole + pseudo_votes)
    return share


def _pooled_confusion(votes: Floats) -> Floats:
    """Return the confusion matrix of all annotators together: shape (n_labels, n_labels)."""
    counts = votes.sum(axis=0) + 1 + 3 * np.eye(votes.shape[1])
    confusion: Floats = counts / counts.sum(axis=1, keepdims=True)
    return confusion
