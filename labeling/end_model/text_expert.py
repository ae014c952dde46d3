"""The text expert: a text model trained on soft labels, with optional self-training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from labeling.end_model.class_balance import Calibration, balance_offsets, vote_evidence
from labeling.end_model.cross_fitting import CrossFitted
from labeling.end_model.linear_model import Floats
from labeling.end_model.weak_selection import WeakSelection

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
    """The training data but for gold labels; rows in random order.

    Attributes:
        targets: soft labels, shape (n, n_labels).
        covered: which of them have a vote, shape (n,).
        class_balance: shape (n_labels,), if one is declared.
        reliability: how reliable the votes are known to be, 0 to 1; see `vote_reliability`.
        rounds: rounds of self-training at most.
        selection: of the labels that the text model is trained on, if not of all.
    """

    targets: Floats
    covered: npt.NDArray[np.bool_]
    class_balance: Floats | None
    reliability: float
    rounds: int
    selection: WeakSelection | None = None

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


class TextFit(NamedTuple):
    """The text expert with what it says of the training data.

    Attributes:
        expert: the text expert.
        n_rounds: the number of rounds of self-training that were used.
        log_odds: of the text model, cross-fitted, shape (n, n_labels).
    """

    expert: TextExpert
    n_rounds: int
    log_odds: Floats


def rounds_for(covered: npt.NDArray[np.bool_]) -> int:
    """Return the rounds of self-training where no number is given.

    One where fewer than half of the samples have a vote: the text model should then see the words
    of the others, and elsewhere it gains nothing by them.

    >>> rounds_for(np.array([True, False, False])), rounds_for(np.array([True, True, False]))
    (1, 0)
    """
    return int(0 < covered.sum() < len(covered) / 2)


def fit_text(data: TrainingData, progress: Progress) -> TextFit:
    """Return the text expert, after as many rounds of self-training as improved it.

    A round trains the text model again on the posterior of text and votes of every sample. It is
    used if it improves held-out predictions; the first that does not is the last. No gold label has
    a part in it, so that the text expert has heard none.
    """
    progress("training on soft labels")
    expert, log_odds = _fit_expert(data, _soft_targets(data), data.covered)
    best = TextFit(expert, 0, log_odds)
    if not data.rounds:
        return best
    best_score = _heldout_score(data, best)
    everywhere = np.ones(len(log_odds), dtype=bool)
    for number in range(1, data.rounds + 1):
        progress(f"self-training, round {number} of {data.rounds} at most")
        experts = best.expert.experts(best.log_odds, data.log_odds, data.one_hot)
        posterior: Floats = softmax(experts.sum(axis=0), axis=1)
        expert, log_odds = _fit_expert(data, posterior, everywhere)
        candidate = TextFit(expert, number, log_odds)
        score = _heldout_score(data, candidate)
        if score <= best_score:
            break
        best, best_score = candidate, score
    return best


def _heldout_score(data: TrainingData, fit: TextFit) -> float:
    """Return the quality of held-out predictions: higher is better.

    The mean soft-label probability of the label that the text, which has not seen it, predicts.
    """
    predicted = fit.expert.calibration.calibrate(fit.log_odds).argmax(axis=1)
    rows = np.flatnonzero(data.covered)
    return float(data.targets[rows, predicted[rows]].mean()) if len(rows) else 0.0


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


def _fit_expert(
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
        offsets = balance_offsets(
            expert.experts(log_odds, data.log_odds, data.one_hot).sum(axis=0), balance
        )
    sharpness = 1.0
    if balance is None:
        sharpness = SHARPNESS + (1 - SHARPNESS) * data.reliability
    return TextExpert(model, calibration, offsets, vote_log_odds, sharpness), log_odds


def _fit_text_model(data: TrainingData, targets: Floats, used: npt.NDArray[np.intp]) -> CrossFitted:
    if data.class_balance is not None:
        mass = np.maximum(targets[used].mean(axis=0), 1e-12) if len(used) else 1.0
        targets = targets * (data.class_balance / mass)
    n_folds = _n_folds(len(used), data)
    kept = None if data.selection is None else data.selection.kept
    return CrossFitted.fitted(data.vectors, targets, used, data.draws, n_folds, kept)


def _n_folds(n_samples: int, data: TrainingData) -> int:
    """Return the number of folds of the text model."""
    if n_samples <= FEW:
        return MORE_FOLDS
    if n_samples > MANY or data.n_labels > MANY_LABELS:
        return FEWER_FOLDS
    return FOLDS if data.class_balance is None else BALANCE_FOLDS
