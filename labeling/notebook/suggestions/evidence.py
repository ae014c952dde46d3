"""What rules are judged by: the dev set, or without one the label model's posteriors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import GoldError
from labeling.records import LabelSchema, SoftLabels, random_order

FOLDS = 5
MOST_SOFT = 500
"""Samples that the label model's posteriors teach: more add time, and no independent evidence."""
SUREST_SOFT = 25.0
"""The label model may err on many samples alike: a rule's precision is never known better from it
than from so many gold labels."""

LOOSENESS = 10.0
"""Of the logistic regression: the inverse of its ridge penalty."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Samples whose labels are known, for certain or by probabilities.

    Attributes:
        rows: their positions, in an order that depends on their ids only.
        labels: the probabilities of the labels, shape (n_rows, n_labels).
        folds: the fold of each, shape (n_rows,): labels are spread over folds evenly.
        is_gold: whether they are gold labels.
    """

    rows: npt.NDArray[np.intp]
    labels: Floats
    folds: npt.NDArray[np.intp]
    is_gold: bool

    @property
    def most(self) -> float:
        """The most gold labels that a rule's estimate may count as."""
        return 200.0 if self.is_gold else SUREST_SOFT

    def base_rates(self) -> Floats:
        """Return the share of each label, with a pseudo-count of one each."""
        rates: Floats = (self.labels.sum(axis=0) + 1) / (len(self.rows) + self.labels.shape[1])
        return rates


def gold_evidence(codes: npt.NDArray[np.intp], ids: pd.Index, schema: LabelSchema) -> Evidence:
    """Return the dev set as evidence.

    Raises:
        GoldError: it has one label only.
    """
    rows = _ordered(np.flatnonzero(codes >= 0), ids)
    labels = np.eye(len(schema))[codes[rows]]
    if np.count_nonzero(labels.sum(axis=0)) < 2:
        raise GoldError(
            "The dev set must have samples of at least two labels, or there is nothing to tell"
            f" apart. It has {len(rows)} of one label."
        )
    return Evidence(rows, labels, _folds(labels, schema), True)


def soft_evidence(soft: SoftLabels, ids: pd.Index, schema: LabelSchema) -> Evidence:
    """Return the posteriors of covered samples as evidence: the first 500 by a hash of their ids.

    Raises:
        GoldError: one label only is likely anywhere.
    """
    rows = _ordered(np.flatnonzero(soft.covered), ids)[:MOST_SOFT]
    labels = soft.to_array()[rows].astype(np.float64)
    if np.count_nonzero(np.bincount(labels.argmax(axis=1), minlength=len(schema))) < 2:
        raise GoldError(
            "Suggestions must have a dev set, Workbench(..., gold=...), or labeling functions that"
            " vote for at least two labels. There is no dev set, and all votes are for one label."
        )
    return Evidence(rows, labels, _folds(labels, schema), False)


def _ordered(rows: npt.NDArray[np.intp], ids: pd.Index) -> npt.NDArray[np.intp]:
    return rows[random_order(ids[rows], np.random.default_rng(0))]


def _folds(labels: Floats, schema: LabelSchema) -> npt.NDArray[np.intp]:
    """Return folds over which each label is spread, whatever the order of the schema."""
    by_name = np.argsort(np.argsort(np.array(schema.labels, dtype=object)))
    order = np.argsort(by_name[labels.argmax(axis=1)], kind="stable")
    folds = np.empty(len(labels), dtype=np.intp)
    folds[order] = np.arange(len(labels)) % FOLDS
    return folds


@dataclass(frozen=True, slots=True, eq=False)
class Opinion:
    """What a classifier that learned the evidence says of all samples.

    Attributes:
        shares: probabilities of labels, shape (n_samples, n_labels); a sample of the evidence is
            scored by the classifier that did not learn it.
        without: the same by the classifiers that each learned all but one fold, shape (n_folds,
            n_samples, n_labels).
    """

    shares: Floats
    without: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """What classifiers learned of the evidence, before it is calibrated.

    Attributes:
        evidence: what was learned.
        order: the codes of the labels in the order of their names, which is that of the columns.
        whole: log-probabilities by the classifier of all evidence, shape (n_samples, n_labels).
        folds: the same by those that each learned all but one fold.
        held_out: of the evidence, by the classifier that did not learn it: (n_rows, n_labels).
        prior: the logarithms of the labels' shares, shape (n_labels,).
    """

    evidence: Evidence
    order: npt.NDArray[np.intp]
    whole: Floats
    folds: tuple[Floats, ...]
    held_out: Floats
    prior: Floats

    @property
    def labels(self) -> Floats:
        """The probabilities of the labels of the evidence, shape (n_rows, n_labels)."""
        return self.evidence.labels[:, self.order]

    def opinion(self, warmth: float) -> Opinion:
        """Return the opinion on all samples.

        Args:
            warmth: the factor of log-probabilities, less those of the prior.
        """
        tables = []
        for scores in (self.whole.copy(), *(each.copy() for each in self.folds)):
            scores[self.evidence.rows] = self.held_out
            table = np.empty_like(scores)
            table[:, self.order] = np.exp(_normalized(self.prior + (scores - self.prior) * warmth))
            tables.append(table)
        return Opinion(tables[0], np.array(tables[1:]))


def opinion_of(features: Any, evidence: Evidence, schema: LabelSchema) -> Opinion:
    """Return the opinion of a logistic regression on features, calibrated by its held-out folds.

    A dev set of 100 has two or three samples of most phrases: what it says of them alone is mostly
    luck, and the best of hundreds of candidates are the luckiest. The classifier reads each sample
    by all of its words, and so judges a phrase by the rest of the texts that hold it.

    Args:
        features: sparse, shape (n_samples, n_features).
        evidence: what is learned.
        schema: the labels.
    """
    learned = learned_of(features, evidence, schema)
    return learned.opinion(warmth_of([learned]))


def learned_of(features: Any, evidence: Evidence, schema: LabelSchema) -> Learned:
    """Return what a logistic regression learns; args are those of `opinion_of`."""
    order = np.argsort(np.array(schema.labels, dtype=object))
    labels, known = evidence.labels[:, order], features[evidence.rows]
    fits = []
    for fold in range(FOLDS):
        learned = evidence.folds != fold
        fits.append(_scores(known[learned], labels[learned], features))
    held_out = np.empty_like(labels)
    for fold, scores in enumerate(fits):
        of_fold = evidence.folds == fold
        held_out[of_fold] = scores[evidence.rows[of_fold]]
    prior = np.log(evidence.base_rates()[order])
    whole = _scores(known, labels, features)
    return Learned(evidence, order, whole, tuple(fits), held_out, prior)


def _scores(known: Any, labels: Floats, features: Any) -> Floats:
    """Return the log-probabilities of a logistic regression on soft labels."""
    from scipy import sparse
    from sklearn.linear_model import LogisticRegression

    at, label = np.nonzero(labels > 0.01)
    scores = np.full((features.shape[0], labels.shape[1]), -8.0)
    if len(np.unique(label)) < 2:
        scores[:, label[:1]] = 0.0
        return scores
    model = LogisticRegression(C=LOOSENESS, max_iter=200)
    model.fit(sparse.csr_matrix(known)[at], label, sample_weight=labels[at, label])
    scores[:, model.classes_] = model.predict_log_proba(features)
    return np.maximum(scores, -30.0)


def warmth_of(learned: Sequence[Learned]) -> float:
    """Return the factor by which log-probabilities, less those of the prior, fit labels best.

    Near 0 nothing was learned, and the labels' shares are the answer.

    Args:
        learned: one or more; what they learned gets one factor.
    """
    from scipy.optimize import minimize_scalar

    tables = [(each.labels, each.prior, each.held_out - each.prior) for each in learned]

    def loss(log_factor: float) -> float:
        factor = np.exp(log_factor)
        return -sum(
            float((labels * _normalized(prior + gains * factor)).sum())
            for labels, prior, gains in tables
        )

    return float(np.exp(minimize_scalar(loss, bounds=(-4.0, 2.5), method="bounded").x))


def _normalized(scores: Floats) -> Floats:
    normalized: Floats = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return normalized
