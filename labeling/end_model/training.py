"""Training of the end model on soft labels, votes and gold labels, with optional self-training."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from labeling.end_model.class_balance import Calibration, balance_offsets, vote_evidence
from labeling.end_model.cross_fitting import cross_fitted, split_into_folds
from labeling.end_model.distillation import Student
from labeling.end_model.gold_classifier import GoldClassifier
from labeling.end_model.linear_model import Floats, LinearModel
from labeling.end_model.stacking import Stack

FOLDS = 3
GOLD_FOLDS = 5
ANCHORS = 400


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """The training data; rows in random order, labels sorted by name.

    Attributes:
        vectors: features, shape (n, n_features).
        targets: soft labels, shape (n, n_labels).
        covered: which of them have a vote, shape (n,).
        log_odds: of the soft labels, 0 where not covered.
        one_hot: votes, shape (n, n_votes); no columns where votes are not given.
        gold_rows: rows with a gold label, shape (n_gold,).
        gold_codes: their labels, shape (n_gold,).
        class_balance: shape (n_labels,), if one is declared.
    """

    vectors: Any
    targets: Floats
    covered: npt.NDArray[np.bool_]
    log_odds: Floats
    one_hot: Floats
    gold_rows: npt.NDArray[np.intp]
    gold_codes: npt.NDArray[np.intp]
    class_balance: Floats | None

    @property
    def n_labels(self) -> int:
        """Return the number of labels."""
        return self.targets.shape[1]


@dataclass(frozen=True, slots=True, eq=False)
class TextExpert:
    """The text model with its calibration, and the evidence of votes according to it.

    Attributes:
        model: trained on all covered samples.
        calibration: of its log-odds.
        offsets: added to the log-odds of the votes, for the declared balance, shape (n_labels,).
        vote_log_odds: of each vote, shape (n_votes, n_labels); no rows = as in the soft labels.
    """

    model: LinearModel
    calibration: Calibration
    offsets: Floats
    vote_log_odds: Floats

    def experts(self, text_log_odds: Floats, soft_log_odds: Floats, one_hot: Floats) -> Floats:
        """Return the log-odds of votes and text, shape (2, n, n_labels).

        Args:
            text_log_odds: of the text model, shape (n, n_labels).
            soft_log_odds: of the soft labels.
            one_hot: votes; no columns where they are not given.
        """
        by_votes = soft_log_odds
        if len(self.vote_log_odds) and one_hot.shape[1]:
            trust = self.calibration.trust
            by_votes = trust * (one_hot @ self.vote_log_odds) + (1 - trust) * soft_log_odds
        return np.stack([by_votes, self.calibration.calibrate(text_log_odds) + self.offsets])


@dataclass(frozen=True, slots=True, eq=False)
class FittedParts:
    """All fitted parts of the end model.

    Attributes:
        text: the text model.
        text_log_odds: its cross-fitted log-odds on the training data, shape (n, n_labels).
        gold: the classifier of gold labels alone.
        stack: the weights of the experts.
        n_rounds: the number of rounds of self-training that were used.
        student: smooths the stacked posterior.
        student_log_odds: its cross-fitted log-odds on the training data, shape (n, n_labels).
    """

    text: TextExpert
    text_log_odds: Floats
    gold: GoldClassifier
    stack: Stack
    n_rounds: int
    student: Student
    student_log_odds: Floats


def fit_parts(data: TrainingData, rounds: int) -> FittedParts:
    """Return the fitted parts, after as many rounds of self-training as improved them.

    A round trains the text model again on the posterior of text and votes, never gold labels, of
    every sample. It is used if it improves held-out predictions; the first that does not is the
    last.
    """
    gold = GoldClassifier.untrained(data.vectors.shape[1], data.n_labels)
    gold_log_odds: Floats = np.zeros_like(data.log_odds)
    if len(data.gold_rows):
        one_hot = np.eye(data.n_labels)[data.gold_codes]
        gold, gold_log_odds = GoldClassifier.fitted(data.vectors, data.gold_rows, one_hot)
    text, text_log_odds = _fit_text(data, _soft_targets(data), data.covered)
    best = FittedParts(
        text=text,
        text_log_odds=text_log_odds,
        gold=gold,
        stack=_fit_stack(data, text, text_log_odds, gold_log_odds),
        n_rounds=0,
        student=Student.untrained(data.n_labels),
        student_log_odds=np.zeros_like(text_log_odds),
    )
    if rounds:
        best = _self_train(data, best, gold_log_odds, rounds)
    return _with_student(data, best, gold_log_odds) if len(data.gold_rows) else best


def _self_train(
    data: TrainingData, first: FittedParts, gold_log_odds: Floats, rounds: int
) -> FittedParts:
    """Return the parts after as many rounds of self-training as improved held-out predictions."""
    best, best_score = first, _heldout_score(data, first, gold_log_odds)
    everywhere = np.ones(len(first.text_log_odds), dtype=bool)
    for number in range(1, rounds + 1):
        experts = _experts(data, best.text, best.text_log_odds)
        posterior: Floats = softmax(experts.sum(axis=0), axis=1)
        text, text_log_odds = _fit_text(data, posterior, everywhere)
        candidate = replace(
            best,
            text=text,
            text_log_odds=text_log_odds,
            stack=_fit_stack(data, text, text_log_odds, gold_log_odds),
            n_rounds=number,
        )
        score = _heldout_score(data, candidate, gold_log_odds)
        if score <= best_score:
            break
        best, best_score = candidate, score
    return best


def _with_student(data: TrainingData, parts: FittedParts, gold_log_odds: Floats) -> FittedParts:
    experts = _all_experts(data, parts.text, parts.text_log_odds, gold_log_odds)
    student, log_odds = Student.fitted(
        vectors=data.vectors,
        topics=parts.gold.topics,
        teacher=parts.stack.probabilities(experts, data.one_hot),
        gold_rows=data.gold_rows,
        gold_codes=data.gold_codes,
    )
    return replace(parts, student=student, student_log_odds=log_odds)


def _soft_targets(data: TrainingData) -> Floats:
    """Return the targets of the text model.

    With a declared balance, the mean of the soft labels and the plain vote shares: the errors of
    the latter are mostly in the class balance, which the declared balance corrects, and their other
    errors differ from those of the label model.
    """
    n, k = data.targets.shape
    if data.class_balance is None or not data.one_hot.shape[1]:
        return data.targets
    votes = data.one_hot.reshape(n, -1, k).sum(axis=1)
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
    model, log_odds = _fit_text_model(data.vectors, targets, np.flatnonzero(used), balance)
    calibration = Calibration.of(log_odds, data.targets, data.covered, balance)
    offsets: Floats = np.zeros(data.n_labels)
    vote_log_odds: Floats = np.empty((0, data.n_labels))
    if balance is not None:
        if data.one_hot.shape[1]:
            posterior = softmax(calibration.calibrate(log_odds), axis=1)
            vote_log_odds = vote_evidence(data.one_hot, posterior)
        expert = TextExpert(model, calibration, offsets, vote_log_odds)
        offsets = balance_offsets(_experts(data, expert, log_odds).sum(axis=0), balance)
    return TextExpert(model, calibration, offsets, vote_log_odds), log_odds


def _fit_text_model(
    vectors: Any, targets: Floats, used: npt.NDArray[np.intp], class_balance: Floats | None
) -> tuple[LinearModel, Floats]:
    if not len(used):
        model = LinearModel.untrained(vectors.shape[1], targets.shape[1])
        return model, model.log_odds(vectors)
    if class_balance is not None:
        targets = targets * (class_balance / np.maximum(targets[used].mean(axis=0), 1e-12))
    return cross_fitted(vectors, targets, used, FOLDS)


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


def _heldout_score(data: TrainingData, parts: FittedParts, gold_log_odds: Floats) -> float:
    """Return the quality of held-out predictions: higher is better.

    With gold labels the cross-validated mean log-likelihood of the stack. Without, the mean
    soft-label probability of the label that the text, which has not seen it, predicts.
    """
    if len(data.gold_rows) < GOLD_FOLDS:
        predicted = parts.text.calibration.calibrate(parts.text_log_odds).argmax(axis=1)
        rows = np.flatnonzero(data.covered)
        return float(data.targets[rows, predicted[rows]].mean()) if len(rows) else 0.0
    experts = _all_experts(data, parts.text, parts.text_log_odds, gold_log_odds)
    total = 0.0
    for heldout, training in split_into_folds(np.arange(len(data.gold_rows)), GOLD_FOLDS):
        stack = _fit_stack_on(data, experts, training)
        rows = data.gold_rows[heldout]
        probabilities = stack.probabilities(experts[:, rows], data.one_hot[rows])
        of_gold = probabilities[np.arange(len(heldout)), data.gold_codes[heldout]]
        total += float(np.log(np.maximum(of_gold, 1e-12)).sum())
    return total / len(data.gold_rows)
