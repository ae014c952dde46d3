"""How text, votes and gold labels are learned from, once and in rounds of self-training."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from labeling.end_model.class_balance import Calibration, evidence, shift_to
from labeling.end_model.distillation import Student
from labeling.end_model.gold_classifier import GoldExpert
from labeling.end_model.linear_model import Floats, LinearModel
from labeling.end_model.stacking import Stack

FOLDS = 3
GOLD_FOLDS = 5
ANCHORS = 400


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What is learned from; rows in an order by chance, labels sorted by name.

    Attributes:
        vectors: features, shape (n, n_features).
        targets: soft labels, shape (n, n_labels).
        covered: which of them a voter covers, shape (n,).
        logs: their log-odds, 0 where nobody covers.
        hot: one-hot votes, shape (n, n_votes); no columns where votes are not given.
        known: rows with a gold label, shape (n_gold,).
        truth: their codes, shape (n_gold,).
        shares: the declared balance, shape (n_labels,), if one is declared.
    """

    vectors: Any
    targets: Floats
    covered: npt.NDArray[np.bool_]
    logs: Floats
    hot: Floats
    known: npt.NDArray[np.intp]
    truth: npt.NDArray[np.intp]
    shares: Floats | None

    @property
    def n_labels(self) -> int:
        """Return how many labels there are."""
        return self.targets.shape[1]


@dataclass(frozen=True, slots=True, eq=False)
class TextExpert:
    """The text model, how its log-odds are read, and what it found the votes to say.

    Attributes:
        model: trained on all covered samples.
        calibration: how its log-odds count.
        offsets: added with the votes' log-odds, for the declared balance, shape (n_labels,).
        told: log-odds of each vote, shape (n_votes, n_labels); no rows = as the soft labels say.
    """

    model: LinearModel
    calibration: Calibration
    offsets: Floats
    told: Floats

    def experts(self, own: Floats, by_soft: Floats, hot: Floats) -> Floats:
        """Return the log-odds of votes and text, shape (2, n, n_labels).

        Args:
            own: the text model's log-odds, shape (n, n_labels).
            by_soft: those of the soft labels.
            hot: one-hot votes; no columns where they are not known.
        """
        by_votes = by_soft
        if len(self.told) and hot.shape[1]:
            trust = self.calibration.trust
            by_votes = trust * (hot @ self.told) + (1 - trust) * by_soft
        return np.stack([by_votes, self.calibration.of_logs(own) + self.offsets])


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """All that was learned.

    Attributes:
        text: the text model.
        own: its cross-fitted log-odds on the samples, shape (n, n_labels).
        gold: the text model of gold labels alone.
        stack: how the experts are weighed.
        rounds: how many rounds of self-training were kept.
        student: evens out what the experts say.
        students_own: its cross-fitted log-odds on the samples, shape (n, n_labels).
    """

    text: TextExpert
    own: Floats
    gold: GoldExpert
    stack: Stack
    rounds: int
    student: Student
    students_own: Floats


def learn(material: Material, rounds: int) -> Learned:
    """Return what the material teaches, after as many rounds of self-training as helped.

    A round trains the text model anew on what text and votes, never gold labels, say together of
    every sample. It counts if held-out answers are better for it; the first that does not is the
    last.
    """
    known, n_labels = material.known, material.n_labels
    gold = GoldExpert.untrained(material.vectors.shape[1], n_labels)
    gold_logs: Floats = np.zeros_like(material.logs)
    if len(known):
        one_hot = np.eye(n_labels)[material.truth]
        gold, gold_logs = GoldExpert.fitted(material.vectors, known, one_hot)
    text, own = _text_expert(material, _lesson(material), material.covered)
    untaught = Student.untaught(n_labels), np.zeros_like(own)
    kept = Learned(text, own, gold, _stacked(material, text, own, gold_logs), 0, *untaught)
    merit = _merit(material, kept, gold_logs) if rounds else 0.0
    everywhere = np.ones(len(own), dtype=bool)
    for number in range(1, rounds + 1):
        belief: Floats = softmax(_experts(material, kept.text, kept.own).sum(axis=0), axis=1)
        text, own = _text_expert(material, belief, everywhere)
        stack = _stacked(material, text, own, gold_logs)
        again = Learned(text, own, gold, stack, number, *untaught)
        now = _merit(material, again, gold_logs)
        if now <= merit:
            break
        kept, merit = again, now
    return _with_student(material, kept, gold_logs) if len(known) else kept


def _with_student(material: Material, learned: Learned, gold_logs: Floats) -> Learned:
    experts = _experts(material, learned.text, learned.own)
    answers = learned.stack.probabilities(np.concatenate([experts, gold_logs[None]]), material.hot)
    student, own = Student.taught(
        *(material.vectors, learned.gold.themes, answers, material.known, material.truth)
    )
    return replace(learned, student=student, students_own=own)


def _lesson(material: Material) -> Floats:
    """Return what the text model is taught of each sample.

    Where a balance is declared, the mean of the soft labels and the plain shares of the votes: what
    these get wrong is mostly how common the labels are, which the declared balance sets right, and
    their other errors are not those of the label model.
    """
    n, k = material.targets.shape
    if material.shares is None or not material.hot.shape[1]:
        return material.targets
    votes = material.hot.reshape(n, -1, k).sum(axis=1)
    total = votes.sum(axis=1, keepdims=True)
    counted = np.where(total > 0, votes / np.maximum(total, 1), material.targets)
    lesson: Floats = (material.targets + counted) / 2
    return lesson


def _experts(material: Material, text: TextExpert, own: Floats) -> Floats:
    return text.experts(own, material.logs, material.hot)


def _text_expert(
    material: Material, targets: Floats, used: npt.NDArray[np.bool_]
) -> tuple[TextExpert, Floats]:
    """Return the text expert trained on the rows used, and its cross-fitted log-odds."""
    model, own = _cross_fitted(material.vectors, targets, np.flatnonzero(used), material.shares)
    calibration = Calibration.of(own, material.targets, material.covered, material.shares)
    offsets: Floats = np.zeros(material.n_labels)
    told: Floats = np.empty((0, material.n_labels))
    if material.shares is not None:
        if material.hot.shape[1]:
            told = evidence(material.hot, softmax(calibration.of_logs(own), axis=1))
        expert = TextExpert(model, calibration, offsets, told)
        offsets = shift_to(_experts(material, expert, own).sum(axis=0), material.shares)
    return TextExpert(model, calibration, offsets, told), own


def _cross_fitted(
    vectors: Any, targets: Floats, used: npt.NDArray[np.intp], shares: Floats | None
) -> tuple[LinearModel, Floats]:
    if not len(used):
        model = LinearModel.untrained(vectors.shape[1], targets.shape[1])
        return model, model.log_odds(vectors)
    if shares is not None:
        targets = targets * (shares / np.maximum(targets[used].mean(axis=0), 1e-12))
    model = LinearModel.fitted(vectors[used], targets[used])
    logs = model.log_odds(vectors)
    for fold in range(FOLDS):
        here, rest = used[fold::FOLDS], np.setdiff1d(used, used[fold::FOLDS])
        if len(here) and len(rest):
            part = LinearModel.fitted(vectors[rest], targets[rest])
            logs[here] = part.log_odds(vectors[here])
    return model, logs


def _stacked(material: Material, text: TextExpert, own: Floats, gold_logs: Floats) -> Stack:
    if not len(material.known):
        return Stack.untrained(material.hot.shape[1], material.n_labels)
    every = np.concatenate([_experts(material, text, own), gold_logs[None]])
    return _fitted_stack(material, every, np.arange(len(material.known)))


def _fitted_stack(material: Material, every: Floats, rows: npt.NDArray[np.intp]) -> Stack:
    """Return the stack fitted on some of the gold rows, held by samples without gold."""
    unknown = np.ones(every.shape[1], dtype=bool)
    unknown[material.known] = False
    anchors = np.flatnonzero(unknown)[:ANCHORS]
    known, hot = material.known[rows], material.hot
    truth = material.truth[rows]
    return Stack.fitted(every[:, known], hot[known], truth, every[:, anchors], hot[anchors])


def _merit(material: Material, learned: Learned, gold_logs: Floats) -> float:
    """Return how good answers are that were held out: higher is better.

    With gold labels the cross-validated mean log-likelihood of the stack. Without, the mean
    probability that the soft labels give to what the text, which has not seen them, says.
    """
    if len(material.known) < GOLD_FOLDS:
        said = learned.text.calibration.of_logs(learned.own).argmax(axis=1)
        rows = np.flatnonzero(material.covered)
        return float(material.targets[rows, said[rows]].mean()) if len(rows) else 0.0
    every = np.concatenate([_experts(material, learned.text, learned.own), gold_logs[None]])
    places = np.arange(len(material.known))
    total = 0.0
    for fold in range(GOLD_FOLDS):
        here = places[fold::GOLD_FOLDS]
        stack = _fitted_stack(material, every, np.setdiff1d(places, here))
        rows = material.known[here]
        found = stack.probabilities(every[:, rows], material.hot[rows])
        total += float(
            np.log(np.maximum(found[np.arange(len(here)), material.truth[here]], 1e-12)).sum()
        )
    return total / len(places)
