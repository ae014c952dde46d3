"""What the model for people says of itself: sentences with numbers, in the order of its steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labeling.errors import literal, shown
from labeling.label_models.annotators.skill import Skills
from labeling.label_models.dawid_skene import Found
from labeling.label_models.patterns import Floats, Patterns, vote_shares

WHY = {
    "spammer": "the votes pass for independent of the truth",
    "adversary": "the votes are right less often than by chance",
}
FEW_VOTES = 12  # below so many votes of an annotator not even one skill is known to 0.2
VANISHED = 20.0  # a label with so many times more votes than samples is worth a warning


def of_views(
    names: Sequence[str],
    weights: Floats,
    distance: Floats,
    errors: Floats,
    patterns: Patterns,
    class_shares: Floats | None,
) -> list[str]:
    """Return how much each view weighs, and why."""
    n_known = int(patterns.gold[patterns.covered].sum())
    against = "those of the votes" if class_shares is None else "the class balance that was given"
    lines = []
    for name, weight, far, error in zip(names, weights, distance, errors, strict=True):
        told = f", and it errs on {error:.0%} of {n_known} gold labels" if n_known else ""
        lines.append(
            f"View {name!r}: weight {weight:.2f}; its shares of the labels are {far:.3f} from"
            f" {against}{told}."
        )
    return lines


def of_steps(names: Sequence[str], found: Sequence[Found]) -> list[str]:
    """Return whether each view came to rest."""
    return [
        f"EM of view {name!r} {'converged' if view.converged else 'stopped'} after {view.steps}"
        " steps."
        for name, view in zip(names, found, strict=True)
    ]


def of_sharpness(sharpness: float) -> list[str]:
    """Return what gold labels say of the probabilities, if they say anything."""
    if sharpness == 1:
        return []
    return [
        "By the gold labels the model is too sure, as where people err together: its"
        f" probabilities are raised to the power of {sharpness:.2f}."
    ]


def of_labels(labels: Sequence[str], patterns: Patterns, posterior: Floats) -> list[str]:
    """Return a warning of each label that is voted for and yet hardly ever found true."""
    counts = patterns.counts * patterns.covered
    total = max(counts.sum(), 1.0)
    votes, found = counts @ vote_shares(patterns) / total, counts @ posterior / total
    return [
        f"Label {literal(label)} has {said:.1%} of the votes, but is found true of {true:.1%} of the"
        " samples: either the votes for it are slips, or the model took the wrong turn. A few"
        " gold labels, or `class_balance`, decide that."
        for label, said, true in zip(labels, votes, found, strict=True)
        if true < said / VANISHED
    ]


def of_annotators(names: Sequence[str], skills: Skills) -> list[str]:
    """Return what is known of the annotators, and what the votes cannot support."""
    heard = skills.n_votes > 0
    n_heard = int(heard.sum())
    if not n_heard:
        return ["Nobody has voted."]
    median = np.median(skills.n_votes[heard])
    lines = [
        f"{n_heard} annotators with {median:.0f} votes in the median; median skill"
        f" {np.median(skills.skill[heard]):.2f}, where chance is"
        f" {np.median(skills.chance[heard]):.2f}."
    ]
    for verdict, why in WHY.items():
        words = zip(names, skills.verdicts, strict=True)
        if who := [name for name, word in words if word == verdict]:
            lines.append(f"Verdict {verdict!r} on {len(who)} of {n_heard}: {shown(who)}; {why}.")
    if unsure := skills.verdicts.count("unsure") - int((~heard).sum()):
        lines.append(f"No verdict on {unsure} of {n_heard}: their votes do not suffice for one.")
    if median < FEW_VOTES:
        lines.append(
            f"Half of the annotators have {median:.0f} votes or fewer. Below {FEW_VOTES} a skill is"
            " hardly known: read the intervals, not the skills."
        )
    return lines
