"""Training of the end model: the text expert, then all that gold labels teach, cross-fitted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from labeling.end_model.cross_fitting import folds_of
from labeling.end_model.distillation import Student
from labeling.end_model.gold_classifier import FOLDS, GoldClassifier, coarse_fold
from labeling.end_model.latent_topics import LatentTopics
from labeling.end_model.linear_model import Floats
from labeling.end_model.stack_trust import stack_trusts
from labeling.end_model.stacking import CrossFittedStack, Stack
from labeling.end_model.text_expert import Progress, Scored, TextExpert, TextFit, TrainingData

ANCHORS = 400
ROWS = 20_000  # samples that gold parts are fitted to, and all with gold; in random order


class GoldTerms(NamedTuple):
    """What people said: each gold label, or else each vote, is one term of every loss.

    Attributes:
        rows: of the samples with a gold label or a vote, shape (n_gold,).
        counts: how often each label was given, shape (n_gold, n_labels).
    """

    rows: npt.NDArray[np.intp]
    counts: Floats


class KeptLogOdds(NamedTuple):
    """Cross-fitted log-odds of training samples, which files of earlier versions hold.

    Attributes:
        rows: the samples that are among them, shape (n_kept,).
        text: of the text model, shape (n_kept, n_labels).
        student: of the student, shape (n_kept, n_labels).
    """

    rows: npt.NDArray[np.intp]
    text: Floats
    student: Floats


@dataclass(frozen=True, slots=True, eq=False)
class FittedParts:
    """All fitted parts of the end model; none grows with the number of samples.

    What gold labels taught is there once for each fold, and has heard none of this fold: neither
    the classifier, nor the stack with its trust, nor the student and its teacher.

    Attributes:
        text: the text model; it has heard no gold label.
        topics: latent topics of the samples; none without gold labels.
        gold: the classifier of gold labels alone.
        stack: the weights of the experts.
        n_rounds: the number of rounds of self-training that were used.
        student: smooths the stacked posterior.
    """

    text: TextExpert
    topics: LatentTopics
    gold: GoldClassifier
    stack: CrossFittedStack
    n_rounds: int
    student: Student

    def posterior(self, data: Scored, kept: KeptLogOdds | None = None) -> Floats:
        """Return the probabilities of samples, shape (n, n_labels).

        Args:
            data: the samples.
            kept: what files of earlier versions hold of them.
        """
        text_log_odds = self.text.model.log_odds(data.vectors, data.draws)
        if kept is not None:
            text_log_odds[kept.rows] = kept.text
        experts = self.text.experts(text_log_odds, data.log_odds, data.one_hot)
        gold_log_odds = np.zeros_like(experts[0])
        if self.stack.n_gold:
            topics = self.topics.vectors(data.vectors)
            gold_log_odds = self.gold.log_odds(data.vectors, topics, data.draws)
        experts = np.concatenate([experts, gold_log_odds[None]])
        posterior = self.stack.probabilities(experts, data.one_hot, data.draws)
        if not self.student.is_used:
            return posterior
        by_student = self.student.log_odds(data.vectors, topics, data.draws)
        if kept is not None:
            by_student[kept.rows] = kept.student
        return self.student.smooth(posterior, by_student, data.draws)


def parts_without_gold(text: TextFit, n_votes: int, n_labels: int) -> FittedParts:
    """Return the fitted parts where there are no gold labels."""
    return FittedParts(
        text=text.expert,
        topics=LatentTopics.none(),
        gold=GoldClassifier.untrained(n_labels),
        stack=CrossFittedStack((Stack.untrained(n_votes, n_labels),)),
        n_rounds=text.n_rounds,
        student=Student.untrained(n_labels),
    )


def fit_gold_parts(
    data: TrainingData, terms: GoldTerms, text: TextFit, topics: LatentTopics, progress: Progress
) -> FittedParts:
    """Return the fitted parts: for each fold, what all gold labels but those of the fold teach."""
    progress("training on gold labels")
    pool, terms = _pool(data, terms, text, topics)
    of_gold, folds = pool.topics[terms.rows], folds_of(pool.draws[terms.rows], FOLDS)
    gold, coarse_gold, heldout = GoldClassifier.fitted(
        pool.vectors[terms.rows], of_gold, terms.counts, folds
    )
    trusts = _trusts(pool, terms, coarse_gold, heldout, coarse_fold(folds))
    stacks, teachers = [], []
    for fold in range(FOLDS):
        is_heard = folds != fold
        known = GoldTerms(terms.rows[is_heard], terms.counts[is_heard])
        by_gold = gold.log_odds_of_fold(fold, pool.vectors, pool.topics)
        experts = np.concatenate([pool.experts, by_gold[None]])
        stack = _fit_stack(pool, known, experts, heldout[coarse_fold(fold), is_heard])
        stacks.append(replace(stack, trust=trusts[coarse_fold(fold)] * stack.trust))
        teachers.append(stacks[fold].probabilities(experts, pool.one_hot))
    progress("smoothing the posterior over similar texts")
    return FittedParts(
        text=text.expert,
        topics=topics,
        gold=gold,
        stack=CrossFittedStack(tuple(stacks)),
        n_rounds=text.n_rounds,
        student=Student.fitted(pool.topics, teachers, terms.rows, terms.counts, pool.draws),
    )


class _Pool(NamedTuple):
    """The samples that gold parts are fitted to.

    Attributes:
        vectors: features, shape (n, n_features).
        topics: shape (n, n_topics).
        experts: log-odds of votes and text, shape (2, n, n_labels).
        one_hot: votes, sparse, shape (n, n_votes).
        draws: by id, shape (n,).
    """

    vectors: Any
    topics: Floats
    experts: Floats
    one_hot: Any
    draws: Floats


def _pool(
    data: TrainingData, terms: GoldTerms, text: TextFit, topics: LatentTopics
) -> tuple[_Pool, GoldTerms]:
    """Return all samples, or ROWS of very many and those with gold, and the terms among them."""
    n = len(data.draws)
    rows: npt.NDArray[np.intp] = np.arange(n)
    if n > ROWS:  # topics have few weights, which need no more
        rows = np.union1d(rows[:ROWS], terms.rows)
    vectors = data.vectors if len(rows) == n else data.vectors[rows]
    one_hot = data.one_hot[rows]
    pool = _Pool(
        vectors=vectors,
        topics=topics.vectors(vectors),
        experts=text.expert.experts(text.log_odds[rows], data.log_odds[rows], one_hot),
        one_hot=one_hot,
        draws=data.draws[rows],
    )
    return pool, GoldTerms(np.searchsorted(rows, terms.rows), terms.counts)


def _trusts(
    pool: _Pool,
    terms: GoldTerms,
    gold: GoldClassifier,
    heldout: Floats,
    coarse: npt.NDArray[np.intp],
) -> Floats:
    """Return the trust in the stacks of each coarse fold, see `stack_trusts`."""
    by_gold = [
        gold.log_odds_of_fold(fold, pool.vectors, pool.topics) for fold in range(len(heldout))
    ]

    def fitted(rows: npt.NDArray[np.bool_], fold: int) -> Stack:
        known = GoldTerms(terms.rows[rows], terms.counts[rows])
        experts = np.concatenate([pool.experts, by_gold[fold][None]])
        return _fit_stack(pool, known, experts, heldout[fold, rows])

    return stack_trusts(
        base=pool.experts[:, terms.rows],
        heldout=heldout,
        votes=pool.one_hot[terms.rows],
        counts=terms.counts,
        coarse=coarse,
        fit=fitted,
    )


def _fit_stack(pool: _Pool, terms: GoldTerms, experts: Floats, heldout: Floats) -> Stack:
    """Return the stack fitted on some gold terms, anchored on samples that have none of them.

    Args:
        pool: the samples.
        terms: the gold terms.
        experts: log-odds of all samples, shape (3, n, n_labels).
        heldout: of the gold classifier on the samples of the terms, which it has not heard: shape
            (n_gold, n_labels).
    """
    if not len(terms.rows):
        return Stack.untrained(pool.one_hot.shape[1], experts.shape[2])
    is_unlabeled = np.ones(experts.shape[1], dtype=bool)
    is_unlabeled[terms.rows] = False
    anchors = np.flatnonzero(is_unlabeled)[:ANCHORS]
    return Stack.fitted(
        experts=np.concatenate([experts[:2, terms.rows], heldout[None]]),
        votes=pool.one_hot[terms.rows],
        counts=terms.counts,
        anchor_experts=experts[:, anchors],
        anchor_votes=pool.one_hot[anchors],
    )
