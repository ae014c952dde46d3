"""Check of label shares: predicted ones against those of majority vote, and of gold labels.

A label model can carry nearly all samples to one label, and be sure of it. Votes alone seldom tell
whether it or majority vote is right, so that a difference beyond chance is reported with both.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from labeling.errors import counted, literal
from labeling.label_models.default.stacking import LEAST_GOLD
from labeling.label_models.packed_votes import Floats
from labeling.label_models.patterns import Patterns, vote_shares
from labeling.records import shared_wins

Bools = npt.NDArray[np.bool_]

REMEDY = (
    f"give `class_balance` if you know it, or {LEAST_GOLD} gold labels of samples drawn at random"
)
STANDARD_ERRORS = 3.0
# Of thousands of samples the smallest difference is beyond chance: it must matter as well.
LARGE_DIFFERENCE = 0.1
LARGE_RATIO = 2.0
SMALL_SHARE = 0.01


class OddShare(NamedTuple):
    """A label whose share differs from another share beyond chance.

    Attributes:
        label: its position.
        share: the share of samples it is predicted for, or that is declared.
        reference: the other share.
        n: the number of samples of both.
        kind: what the other share is: that of "gold labels", of "majority vote", or, where a class
            balance is declared, the "learned balance" of a model that passed its check.
    """

    label: int
    share: float
    reference: float
    n: int
    kind: Literal["gold labels", "majority vote", "learned balance"]


def share_warning(odd: OddShare, labels: tuple[str, ...], *, is_balance_given: bool) -> str:
    """Return the warning about a share: both numbers, and what to do."""
    name, covered = literal(labels[odd.label]), counted(odd.n, "covered sample")
    if odd.kind == "gold labels":
        advice = "the votes mislead the model: look at its errors, and give more gold labels"
        if is_balance_given:
            advice = "`class_balance` or the votes mislead the model: check it, or leave it out"
        return (
            f"{name} is predicted for {odd.share:.1%} of {counted(odd.n, 'sample')} with a gold"
            f" label, of which {odd.reference:.1%} have it, more of a difference than chance"
            f" explains. If they are a random draw, {advice}."
        )
    if odd.kind == "learned balance":
        return (
            f"{name} has a share of {odd.share:.1%} in `class_balance`, and of {odd.reference:.1%}"
            f" by a model that the votes on {covered} support. The class balance is obeyed: check"
            " it, or leave it out."
        )
    return (
        f"{name} is predicted for {odd.share:.1%} of {covered}, by majority vote for"
        f" {odd.reference:.1%}, more of a difference than chance explains. Votes alone cannot tell"
        f" which is right: {REMEDY}."
    )


def reworded(text: str, remedy: str, row: str = "") -> str:
    """Return a warning, or a sentence of the report, of a model that is within another one.

    Args:
        text: a sentence of the inner model.
        remedy: what the outer model takes that decides which shares are right.
        row: what the rows of the inner model are, in the singular; empty for samples.
    """
    parts = text.split(REMEDY)
    if row:
        parts = [re.sub(r"\b(?:covered )?sample(s?)\b", rf"{row}\1", part) for part in parts]
    return remedy.join(parts)


def odd_balance(balance: Floats, learned: Floats, patterns: Patterns) -> OddShare:
    """Return the label whose declared share is farthest from the one that the votes support."""
    label = int(np.abs(balance - learned).argmax())
    n = round(float(patterns.counts[patterns.covered].sum()))
    return OddShare(label, float(balance[label]), float(learned[label]), n, "learned balance")


def odd_share(posterior: Floats, patterns: Patterns, *, is_balance_given: bool) -> OddShare | None:
    """Return the label whose share is the oddest by gold labels, else by majority vote, if any.

    A declared class balance, and gold labels that a stack learns from, decide the shares: they
    replace those of majority vote.

    Args:
        posterior: of the model, shape (n_patterns, n_labels).
        patterns: the votes, with gold labels.
        is_balance_given: whether a class balance was declared.
    """
    predicted = shared_wins(posterior)
    weights = patterns.counts * patterns.covered
    gold = patterns.gold * patterns.covered[:, None]
    by_gold = _oddest_by_gold(predicted, gold)
    if by_gold is not None:
        return by_gold
    n = float(weights.sum())
    if not n or is_balance_given or gold.sum() >= LEAST_GOLD:
        return None
    majority = shared_wins(vote_shares(patterns))
    difference = predicted - majority
    total = weights @ difference
    error = np.sqrt(weights @ difference**2)
    shares, references = weights @ predicted / n, weights @ majority / n
    ratio = np.maximum(shares, references) / np.maximum(np.minimum(shares, references), SMALL_SHARE)
    matters = (np.abs(total) >= LARGE_DIFFERENCE * n) | (ratio >= LARGE_RATIO)
    return _oddest(total, error, matters, shares, references, round(n), "majority vote")


def _oddest_by_gold(predicted: Floats, gold: Floats) -> OddShare | None:
    """Return the label with the oddest share of samples with a gold label."""
    of_pattern = gold.sum(axis=1)
    n = float(of_pattern.sum())
    if not n:
        return None
    total = of_pattern @ predicted - gold.sum(axis=0)
    # (predicted - 1)^2 for samples that have the label, predicted^2 for others.
    error = np.sqrt((gold * (1 - 2 * predicted)).sum(axis=0) + of_pattern @ predicted**2)
    shares, references = of_pattern @ predicted / n, gold.sum(axis=0) / n
    matters = np.ones(len(total), dtype=bool)
    return _oddest(total, error, matters, shares, references, round(n), "gold labels")


def _oddest(
    total: Floats,
    error: Floats,
    matters: Bools,
    shares: Floats,
    references: Floats,
    n: int,
    kind: Literal["gold labels", "majority vote"],
) -> OddShare | None:
    is_odd: Bools = matters & (np.abs(total) > STANDARD_ERRORS * np.maximum(error, 1.0))
    if not is_odd.any():
        return None
    label = int(np.where(is_odd, np.abs(total), -1.0).argmax())
    return OddShare(label, float(shares[label]), float(references[label]), n, kind)
