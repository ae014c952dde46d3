"""A model that has heard no annotator as one more witness of the labels: how far to believe it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from labeling.errors import LabelingError, listed
from labeling.label_models.patterns import Floats, Patterns
from labeling.records import SoftLabels, Votes, label_order

Codes = npt.NDArray[np.intp]

LEVELS = 3  # of confidence, with equally many samples each
PSEUDO_SAMPLES = 5.0  # of each label on which the reference is taken to say anything at random
TIE = 1e-9  # labels whose probabilities differ by less share the first place
STEPS = 20  # of EM


class Signals(NamedTuple):
    """What the reference says of the samples without a gold label, and how far to believe it.

    Attributes:
        counts: the number of samples by pattern and signal; the last signal says nothing: sparse,
            shape (n_patterns, n_signals + 1).
        likelihood: P(signal | label): shape (n_labels, n_signals + 1), 1 in the last column.
    """

    counts: Any
    likelihood: Floats

    @property
    def has_any(self) -> bool:
        """Whether there is any signal but the one that says nothing."""
        return self.likelihood.shape[1] > 1

    def with_likelihood(self, patterns: Patterns, scores: Floats) -> Signals:
        """Return the signals with P(signal | label), learned from what the votes say.

        EM of a mixture whose class posteriors by the votes are given: the reference is one more
        voter, which votes "this label, that confident". A reference that says nothing of the labels
        gets equal columns, and changes nothing.

        Args:
            patterns: the votes.
            scores: the posterior of each pattern by all its votes: shape (n_patterns, n_labels).
        """
        if not self.has_any:
            return self
        found = self.counts.tocoo()
        is_said = found.col < self.likelihood.shape[1] - 1
        row, signal, n = found.row[is_said], found.col[is_said], found.data[is_said]
        n_signals = self.likelihood.shape[1] - 1
        marginal = np.bincount(signal, n, n_signals) + 1e-9
        prior = PSEUDO_SAMPLES * marginal / marginal.sum()
        likelihood = np.ones((patterns.n_labels, n_signals))
        for _ in range(STEPS):
            truth = scores[row] * likelihood.T[signal]
            truth /= np.maximum(truth.sum(axis=1, keepdims=True), 1e-300)
            totals = (
                sparse.csr_matrix((n, (signal, np.arange(len(n)))), (n_signals, len(n))) @ truth
            )
            likelihood = totals.T + prior
            likelihood /= likelihood.sum(axis=1, keepdims=True)
        silent = np.ones((patterns.n_labels, 1))
        return self._replace(likelihood=np.concatenate([likelihood, silent], axis=1))


def signal_codes(reference: SoftLabels | None, votes: Votes) -> tuple[Codes, int]:
    """Return the signal of each sample of the votes, -1 = none, and the number of signals.

    A signal is the most probable label, in sorted names, and which third of the samples its
    probability is in. Samples that the reference does not cover, or where two labels share the
    first place, have none.

    Raises:
        LabelingError: the reference has other labels than the votes.
    """
    codes = np.full(len(votes.sample_ids), -1, dtype=np.intp)
    if reference is None:
        return codes, 0
    if set(reference.schema.labels) != set(votes.schema.labels):
        raise LabelingError(
            f"The reference must have the labels of the votes: {listed(votes.schema.labels)}. Got"
            f" {listed(reference.schema.labels)}."
        )
    place = reference.sample_ids.get_indexer(votes.sample_ids)
    array = reference.array[:, label_order(reference.schema)][place]
    top = array.max(axis=1)
    is_single = (array >= top[:, None] - TIE).sum(axis=1) == 1
    heard = np.flatnonzero((place >= 0) & reference.covered[place] & is_single)
    if not len(heard):
        return codes, 0
    edges = np.quantile(top[heard], np.arange(1, LEVELS) / LEVELS)
    level = np.searchsorted(edges, top[heard] - TIE)
    codes[heard] = array[heard].argmax(axis=1) * LEVELS + level
    return codes, array.shape[1] * LEVELS


def count_signals(codes: Codes, n_signals: int, patterns: Patterns, gold: Codes) -> Signals:
    """Return the signals of the samples without a gold label, of no weight yet.

    Args:
        codes: of each sample, -1 = none: shape (n_samples,).
        n_signals: the number of signals.
        patterns: the votes.
        gold: the gold code of each sample, -1 = none.
    """
    free = np.flatnonzero(gold < 0)
    signal = np.where(codes[free] < 0, n_signals, codes[free])
    shape = (len(patterns.counts), n_signals + 1)
    counts = sparse.csr_matrix(
        (np.ones(len(free)), (np.asarray(patterns.pattern_of_row)[free], signal)), shape
    )
    counts.sum_duplicates()
    return Signals(counts, np.ones((patterns.n_labels, n_signals + 1)))
