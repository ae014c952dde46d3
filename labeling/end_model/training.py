"""Training of the end model on soft labels, votes and gold labels, with optional self-training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from labeling.end_model.class_balance import Calibration, balance_offsets, vote_evidence
from labeling.end_model.cross_fitting import CrossFitted, split_into_folds
from labeling.end_model.distillation import Student
from labeling.end_model.gold_classifier import GoldClassifier
from labeling.end_model.linear_model import Floats
from labeling.end_model.stacking import Stack

Progress = Callable[[str], object]

# Of the log-odds of votes and text: the text learned from the votes, so that their plain sum counts
# the same evidence twice, and is far too sure of it. Of votes that are known to be reliable it is
# rightly sure, and a declared balance corrects both.
SHARPNESS = 0.4
FOLDS = 3
BALANCE_FOLDS = 5  # with a declared balance, where the evidence of votes is estimated from the text
MORE_FOLDS = 10  # for at most FEW samples: each model should see nearly all of them
FEW = 200
FEWER_FOLDS = 2  # for more samples than MANY: half of them are enough to train on,
MANY = 20_000
MANY_LABELS = 50  # and for more labels than this, since time grows with them
GOLD_FOLDS = 5
ANCHORS = 400


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What is known of samples when they are scored; labels sorted by name.

    Attributes:
        vectors: features, shape (n, n_features).
        log_odds: of the soft labels, 0 where not covered: shape (n, n_labels).
        one_hot: votes, sparse, shape (n, n_votes); no columns where votes are not given.
        draws: by id, shape (n,): they decide by the model of which fold a sample is scored.
    """

    vectors: Any
    log_odds: Floats
    one_hot: Any
    draws: Floats


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData(Scored):
    """The training data; rows in random order.

    Attributes:
        targets: soft labels, shape (n, n_labels).
        covered: which of them have a vote, shape (n,).
        gold_rows: rows with a gold label, shape (n_gold,).
        gold_codes: their labels, shape (n_gold,).
        class_balance: shape (n_labels,), if one is declared.
        reliability: how reliable the votes are known to be, 0 to 1; see `vote_reliability`.
        rounds: rounds of self-training at most.
    """

    targets: Floats
    covered: npt.NDArray[np.bool_]
    gold_rows: npt.NDArray[np.intp]
    gold_codes: npt.NDArray[np.intp]
    class_balance: Floats | None
    reliability: float
    rounds: int

    @property
    def n_labels(self) -> int:
        """Return the number of labels."""
        return self.targets.shape[1]


@dataclass(frozen=True, slots=True, eq=False)
class TextExpert:
    """The text model with its calibration, and the evidence of votes according to it.

    Attributes:
        model: trained on the covered samples, cross-fitted.
        calibration: of its log-odds.
        offsets: added to the log-odds of the votes, for the declared balance, shape (n_labels,).
        vote_log_odds: of each vote, shape (n_votes, n_labels); no rows = as in the soft labels.
        sharpness: factor of the log-odds of votes and text.
    """

    model: CrossFitted
    calibration: Calibration
    offsets: Floats
    vote_log_odds: Floats
    sharpness: float

    def experts(self, text_log_odds: Floats, soft_log_odds: Floats, one_hot: Any) -> Floats:
        """Return the log-odds of votes and text, shape (2, n, n_labels).

        Args:
            text_log_odds: of the text model, shape (n, n_labels).
            soft_log_odds: of the soft labels.
            one_hot: votes, sparse; no columns where they are not given.
        """
        by_votes = soft_log_odds
        if len(self.vote_log_odds) and one_hot.shape[1]:
            trust = self.calibration.trust
            by_votes = trust * (one_hot @ self.vote_log_odds) + (1 - trust) * soft_log_odds
        by_text = self.calibration.calibrate(text_log_odds) + self.offsets
        return self.sharpness * np.stack([by_votes, by_text])


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

    Attributes:
        text: the text model.
        gold: the classifier of gold labels alone.
        stack: the weights of the experts.
        n_rounds: the number of rounds of self-training that were used.
        student: smooths the stacked posterior.
    """

    text: TextExpert
    gold: GoldClassifier
    stack: Stack
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
            gold_log_odds = self.gold.log_odds(data.vectors, data.draws)
        experts = np.concatenate([experts, gold_log_odds[None]])
        posterior = self.stack.probabilities(experts, data.one_hot)
        if not self.student.weight:
            return posterior
        by_student = self.student.log_odds(data.vectors, self.gold.topics, data.draws)
        if kept is not None:
            by_student[kept.rows] = kept.student
        return self.student.smooth(posterior, by_student)


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """Parts with what they say of the training data.

    Attributes:
        parts: the fitted parts.
        text_log_odds: of the text model, cross-fitted, shape (n, n_labels).
    """

    parts: FittedParts
    text_log_odds: Floats


def rounds_for(covered: npt.NDArray[np.bool_]) -> int:
    """Return the rounds of self-training where no number is given.

    One where fewer than half of the samples have a vote: the text model should then see the words
    of the others, and elsewhere it gains nothing by them.

    >>> rounds_for(np.array([True, False, False])), rounds_for(np.array([True, True, False]))
    (1, 0)
    """
    return int(0 < covered.sum() < len(covered) / 2)


def fit_parts(data: TrainingData, progress: Progress) -> FittedParts:
    """Return the fitted parts, after as many rounds of self-training as improved them.

    A round trains the text model again on the posterior of text and votes, never gold labels, of
    every sample. It is used if it improves held-out predictions; the first that does not is the
    last.
    """
    gold = GoldClassifier.untrained(data.n_labels)
    gold_log_odds: Floats = np.zeros_like(data.log_odds)
    if len(data.gold_rows):
        progress("training on gold labels")
        one_hot = np.eye(data.n_labels)[data.gold_codes]
        gold = GoldClassifier.fitted(data.vectors, data.gold_rows, one_hot, data.draws)
        gold_log_odds = gold.log_odds(data.vectors, data.draws)
    progress("training on soft labels")
    text, text_log_odds = _fit_text(data, _soft_targets(data), data.covered)
    parts = FittedParts(
        text=text,
        gold=gold,
        stack=_fit_stack(data, text, text_log_odds, gold_log_odds),
        n_rounds=0,
        student=Student.untrained(data.n_labels),
    )
    best = _Fit(parts, text_log_odds)
    if data.rounds:
        best = _self_train(data, best, gold_log_odds, progress)
    if not len(data.gold_rows):
        return best.parts
    progress("smoothing the posterior over similar texts")
    return _with_student(data, best, gold_log_odds)


def _self_train(data: TrainingData, first: _Fit, gold_log_odds: Floats, progress: Progress) -> _Fit:
    """Return the parts after as many rounds of self-training as improved held-out predictions."""
    best, best_score = first, _heldout_score(data, first, gold_log_odds)
    everywhere = np.ones(len(first.text_log_odds), dtype=bool)
    for number in range(1, data.rounds + 1):
        progress(f"self-training, round {number} of {data.rounds} at most")
        experts = _experts(data, best.parts.text, best.text_log_odds)
        posterior: Floats = softmax(experts.sum(axis=0), axis=1)
        text, text_log_odds = _fit_text(data, posterior, everywhere)
        stack = _fit_stack(data, text, text_log_odds, gold_log_odds)
        parts = replace(best.parts, text=text, stack=stack, n_rounds=number)
        candidate = _Fit(parts, text_log_odds)
        score = _heldout_score(data, candidate, gold_log_odds)
        if score <= best_score:
            break
        best, best_score = candidate, score
    return best


def _with_student(data: TrainingData, fit: _Fit, gold_log_odds: Floats) -> FittedParts:
    parts = fit.parts
    experts = _all_experts(data, parts.text, fit.text_log_odds, gold_log_odds)
    student = Student.fitted(
        vectors=data.vectors,
        topics=parts.gold.topics,
        teacher=parts.stack.probabilities(experts, data.one_hot),
        gold_rows=data.gold_rows,
        gold_codes=data.gold_codes,
        draws=data.draws,
    )
    return replace(parts, student=student)


def _soft_targets(data: TrainingData) -> Floats:
    """Return the targets of the text model.

    With a declared balance, the mean of the soft labels and the plain vote shares: the errors of
    the latter are mostly in the class balance, which the declared balance corrects, and their other
    errors differ from those of the label model.
    """
    k = data.n_labels
    if data.class_balance is None or not data.one_hot.shape[1]:
        return data.targets
    votes = data.one_hot @ np.tile(np.eye(k), (data.one_hot.shape[1] // k, 1))
    total = votes.sum(axis=1, keepdims=True)
    vote_shares = np.where(total > 0, votes / np.maximum(total, 1), data.targets)
    targets: Floats = (data.targets + vote_shares) / 2
    return targets


def _experts(data: TrainingData, text: TextExpert, text_log_odds: Floats) -> Floats:
    """Return the log-odds of votes and text, shape (2, n, n_labels)."""
    return text.experts(text_log_odds, data.log_odds, data.one_hot)


def _all_experts(
    data: TrainingData, text: TextExpert, text_log_odds: Floats, gold_log_odds: Floats
) -> Floats:
    """Return the log-odds of votes, text and gold classifier, shape (3, n, n_labels)."""
    return np.concatenate([_experts(data, text, text_log_odds), gold_log_odds[None]])


def _fit_text(
    data: TrainingData, targets: Floats, used: npt.NDArray[np.bool_]
) -> tuple[TextExpert, Floats]:
    """Return the text expert trained on the rows used, and its cross-fitted log-odds."""
    balance = data.class_balance
    model = _fit_text_model(data, targets, np.flatnonzero(used))
    log_odds = model.log_odds(data.vectors, data.draws)
    calibration = Calibration.of(log_odds, data.targets, data.covered, balance, data.reliability)
    offsets: Floats = np.zeros(data.n_labels)
    vote_log_odds: Floats = np.empty((0, data.n_labels))
    if balance is not None:
        if data.one_hot.shape[1]:
            posterior = softmax(calibration.calibrate(log_odds), axis=1)
            vote_log_odds = vote_evidence(data.one_hot, posterior)
        expert = TextExpert(model, calibration, offsets, vote_log_odds, 1.0)
        offsets = balance_offsets(_experts(data, expert, log_odds).sum(axis=0), balance)
    sharpness = 1.0
    if balance is None:
        sharpness = SHARPNESS + (1 - SHARPNESS) * data.reliability
    return TextExpert(model, calibration, offsets, vote_log_odds, sharpness), log_odds


def _fit_text_model(data: TrainingData, targets: Floats, used: npt.NDArray[np.intp]) -> CrossFitted:
    if data.class_balance is not None:
        mass = np.maximum(targets[used].mean(axis=0), 1e-12) if len(used) else 1.0
        targets = targets * (data.class_balance / mass)
    n_folds = _n_folds(len(used), data)
    return CrossFitted.fitted(data.vectors, targets, used, data.draws, n_folds)


def _n_folds(n_samples: int, data: TrainingData) -> int:
    """Return the number of folds of the text model."""
    if n_samples <= FEW:
        return MORE_FOLDS
    if n_samples > MANY or data.n_labels > MANY_LABELS:
        return FEWER_FOLDS
    return FOLDS if data.class_balance is None else BALANCE_FOLDS


def _fit_stack(
    data: TrainingData, text: TextExpert, text_log_odds: Floats, gold_log_odds: Floats
) -> Stack:
    if not len(data.gold_rows):
        return Stack.untrained(data.one_hot.shape[1], data.n_labels)
    experts = _all_experts(data, text, text_log_odds, gold_log_odds)
    return _fit_stack_on(data, experts, np.arange(len(data.gold_rows)))


def _fit_stack_on(data: TrainingData, experts: Floats, chosen: npt.NDArray[np.intp]) -> Stack:
    """Return the stack fitted on some of the gold rows, anchored on samples without gold."""
    is_unlabeled = np.ones(experts.shape[1], dtype=bool)
    is_unlabeled[data.gold_rows] = False
    anchors = np.flatnonzero(is_unlabeled)[:ANCHORS]
    rows, one_hot = data.gold_rows[chosen], data.one_hot
    return Stack.fitted(
        experts=experts[:, rows],
        votes=one_hot[rows],
        gold_codes=data.gold_codes[chosen],
        anchor_experts=experts[:, anchors],
        anchor_votes=one_hot[anchors],
    )


def _heldout_score(data: TrainingData, fit: _Fit, gold_log_odds: Floats) -> float:
    """Return the quality of held-out predictions: higher is better.

    With gold labels the cross-validated mean log-likelihood of the stack. Without, the mean
    soft-label probability of the label that the text, which has not seen it, predicts.
    """
    if len(data.gold_rows) < GOLD_FOLDS:
        predicted = fit.parts.text.calibration.calibrate(fit.text_log_odds).argmax(axis=1)
        rows = np.flatnonzero(data.covered)
        return float(data.targets[rows, predicted[rows]].mean()) if len(rows) else 0.0
    experts = _all_experts(data, fit.parts.text, fit.text_log_odds, gold_log_odds)
    total = 0.0
    for heldout, training in split_into_folds(np.arange(len(data.gold_rows)), GOLD_FOLDS):
        stack = _fit_stack_on(data, experts, training)
        rows = data.gold_rows[heldout]
        probabilities = stack.probabilities(experts[:, rows], data.one_hot[rows])
        of_gold = probabilities[np.arange(len(heldout)), data.gold_codes[heldout]]
        total += float(np.log(np.maximum(of_gold, 1e-12)).sum())
    return total / len(data.gold_rows)
