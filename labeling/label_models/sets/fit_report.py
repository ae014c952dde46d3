"""What a set model says of its fit: sentences with numbers, and a row for each label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from labeling.errors import counted, listed, literal, noun
from labeling.label_models.patterns import Floats
from labeling.label_models.sets.noisy_or import Bools
from labeling.records import ABSTAIN
from labeling.rendering import Excerpt, Share, Table, View

MOST_LABELS = 50


class SetFit(NamedTuple):
    """What was fitted; labels sorted by name.

    Attributes:
        labels: the names.
        method: how each label is decided.
        gold: 1, 0, or -1 without gold: shape (n_samples, n_labels).
        covered: whether anything was said: shape (n_samples, n_labels).
        trust: in the thresholds from gold: shape (n_labels,).
        n_overruled: the number of yes that gold overrules.
        n_added: the number of labels that nobody says yes to.
        n_outvoted: the number of yes that noes outvote.
        n_tied: the number of ties of label models.
        n_repaired: the number of samples that broke a constraint.
        n_tied_repairs: those of them with several repairs of the same cost.
        n_constraints: the number of declared constraints.
    """

    labels: Sequence[str]
    method: Sequence[str]
    gold: npt.NDArray[np.int8]
    covered: Bools
    trust: Floats
    n_overruled: int
    n_added: int
    n_outvoted: int
    n_tied: int
    n_repaired: int
    n_tied_repairs: int
    n_constraints: int


def report_sentences(fit: SetFit, warned: Mapping[str, str]) -> tuple[str, ...]:
    """Return what was done and why.

    Args:
        fit: what was fitted.
        warned: warnings of label models by label.
    """
    return (
        *_votes(fit),
        *_gold(fit),
        *_conflicts(fit),
        *_constraints(fit),
        *(f"Label {literal(label)}: {text}" for label, text in warned.items()),
    )


def _votes(fit: SetFit) -> list[str]:
    n, k = fit.covered.shape
    n_covered = int(fit.covered.any(axis=1).sum())
    silent = [
        label
        for label, n_said in zip(fit.labels, fit.covered.sum(axis=0).tolist(), strict=True)
        if not n_said
    ]
    sentences = [
        f"Votes on {counted(n_covered, 'sample')} of {n:,} and {k - len(silent)} of"
        f" {counted(k, 'label')}. A label of which nothing was said is not chosen."
    ]
    if silent:
        sentences.append(
            f"Nobody says anything of {listed(silent, 8)}:"
            f" {noun(len(silent), 'it is', 'they are')} never chosen."
        )
    return sentences


def _gold(fit: SetFit) -> list[str]:
    n_gold = int((fit.gold != ABSTAIN).all(axis=1).sum())
    if not n_gold:
        return [
            "No gold labels: any yes decides, each counts as right with a probability of 0.6, and"
            " probabilities order samples but are not calibrated."
        ]
    n_with = (fit.gold == 1).sum(axis=0)
    order = sorted(range(len(fit.labels)), key=lambda code: (-n_with[code], fit.labels[code]))
    trusted = [
        f"{literal(fit.labels[code])} {fit.trust[code]:.2f} ({n_with[code]} with it)"
        for code in order[:8]
        if n_with[code] and fit.method[code] == "noisy-or"
    ]
    none = [fit.labels[code] for code in order if not n_with[code]]
    sentences = [
        f"{counted(n_gold, 'gold sample')}: precisions of votes, and a regression for each label,"
        f" are learned from them. Trust in their thresholds: {', '.join(trusted) or 'none'}."
        f" They overrule {fit.n_overruled:,} yes and add {counted(fit.n_added, 'label')} that"
        " nobody says yes to."
    ]
    if none:
        sentences.append(f"No gold sample has {listed(none, 8)}: there any yes decides.")
    return sentences


def _conflicts(fit: SetFit) -> list[str]:
    learned = [
        label for label, way in zip(fit.labels, fit.method, strict=True) if way != "noisy-or"
    ]
    sentences = []
    if learned:
        sentences.append(
            f"Voters say both yes and no to {listed(map(literal, learned), 8)}: a label model for"
            f" {noun(len(learned), 'it', 'each')} learns from their conflicts."
        )
    if fit.n_outvoted:
        sentences.append(
            f"In {counted(fit.n_outvoted, 'case')} noes outvote the yes to a label of a sample."
        )
    if fit.n_tied:
        sentences.append(
            f"In {counted(fit.n_tied, 'case')} a label model is undecided; the label is not chosen."
        )
    return sentences


def _constraints(fit: SetFit) -> list[str]:
    if not fit.n_constraints:
        return []
    tied = ""
    if fit.n_tied_repairs:
        tied = (
            f" For {fit.n_tied_repairs:,} several ways cost the same, and only what they have in"
            " common is kept."
        )
    return [
        f"{counted(fit.n_constraints, 'declared constraint')}: decisions on"
        f" {counted(fit.n_repaired, 'sample')} of {len(fit.covered):,} broke"
        f" {noun(fit.n_constraints, 'it', 'one')} and were repaired.{tied}"
    ]


def set_model_view(model: Any) -> View:
    """Return a model's settings, what it did, and a row for each label."""
    labels = getattr(model, "labels_", None)
    if labels is None:
        return View(repr(model), ("It learns from votes: SetModel().fit(votes).predict(votes).",))
    rows = tuple(
        (Excerpt(label), method, float(threshold), Share(float(missed)))
        for label, method, threshold, missed in zip(
            labels[:MOST_LABELS],
            model.method_,
            model.trust_ * model.best_,
            model.missed_,
            strict=False,
        )
    )
    table = Table(
        ("label", "decided by", "a yes counts from", "share where nothing was said"),
        rows,
        left_out=len(labels) - len(rows),
    )
    return View(repr(model), (*model.report_, table))
