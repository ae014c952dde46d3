"""Report on the fit of the annotator model: sentences with numbers, in the order of its steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labeling.errors import listed, literal
from labeling.label_models.annotators.skill import LIKENESS, Skills
from labeling.label_models.annotators.verdicts import ALPHA
from labeling.label_models.dawid_skene import EMResult
from labeling.label_models.patterns import Floats, Patterns, vote_shares
from labeling.label_models.report_sentences import convergence_sentence

REASONS = {
    "spammer": f"the votes are {1 / ALPHA:.0f} times as likely under guessing, or more",
    "adversary": "the votes are right less often than by chance",
}
FEW_VOTES = 12  # with fewer votes of an annotator, a skill is not known even to 0.2
VANISHED = 20.0  # ratio of the vote share of a label to its share of the samples to warn at


def component_sentences(
    names: Sequence[str],
    weights: Floats,
    distances: Floats,
    errors: Floats,
    *,
    n_gold: int,
    is_balance_given: bool,
) -> list[str]:
    """Return the weight of each component of the mixture, and why."""
    reference = "the class balance that was given" if is_balance_given else "those of the votes"
    sentences = []
    for name, weight, distance, error in zip(names, weights, distances, errors, strict=True):
        on_gold = f", and its error rate on {n_gold} gold labels is {error:.0%}" if n_gold else ""
        sentences.append(
            f"Component {name!r}: weight {weight:.2f}; the label shares of its posterior differ"
            f" from {reference} by {distance:.3f} (total variation){on_gold}."
        )
    return sentences


def convergence_sentences(names: Sequence[str], results: Sequence[EMResult]) -> list[str]:
    """Return whether the EM of each component converged."""
    return [
        convergence_sentence(result.converged, result.steps, f"EM of component {name!r}")
        for name, result in zip(names, results, strict=True)
    ]


def overconfidence_sentences(power: float) -> list[str]:
    """Return how much gold labels show the probabilities to be over-confident, if at all."""
    if power == 1:
        return []
    return [
        "By the gold labels the model is over-confident, as where people err together: its"
        f" probabilities are raised to the power of {power:.2f}."
    ]


def rare_label_sentences(labels: Sequence[str], patterns: Patterns, posterior: Floats) -> list[str]:
    """Return a warning for each label with votes that is hardly ever estimated to be true."""
    counts = patterns.counts * patterns.covered
    total = max(counts.sum(), 1.0)
    vote_balance, balance = counts @ vote_shares(patterns) / total, counts @ posterior / total
    return [
        f"Label {literal(label)} has {voted:.1%} of the votes, but is estimated to be true for"
        f" {true:.1%} of the samples: either these votes are slips, or the model converged to the"
        " wrong solution. A few gold labels, or `class_balance`, decide that."
        for label, voted, true in zip(labels, vote_balance, balance, strict=True)
        if true < voted / VANISHED
    ]


def annotator_sentences(names: Sequence[str], skills: Skills) -> list[str]:
    """Return the estimated skills and verdicts, and what the votes cannot support."""
    is_active = skills.n_votes > 0
    n_active = int(is_active.sum())
    if not n_active:
        return ["Nobody has voted."]
    median = np.median(skills.n_votes[is_active])
    sentences = [
        f"{n_active} annotators with a median of {median:.0f} votes; median skill"
        f" {np.median(skills.skill[is_active]):.2f}, where chance is"
        f" {np.median(skills.chance[is_active]):.2f}.",
        "Intervals allow for errors that people share: votes without gold count as"
        f" {1 / LIKENESS:.0f} at most.",
    ]
    verdicts = skills.evidence.verdicts()
    for verdict, reason in REASONS.items():
        judged = [name for name, word in zip(names, verdicts, strict=True) if word == verdict]
        if judged:
            sentences.append(
                f"Verdict {verdict!r} on {len(judged)} of {n_active}: {listed(judged)}; {reason}."
            )
    if n_unsure := verdicts.count("unsure") - int((~is_active).sum()):
        sentences.append(f"No verdict on {n_unsure} of {n_active}: they have too few votes.")
    if median < FEW_VOTES:
        sentences.append(
            f"Half of the annotators have {median:.0f} votes or fewer. Below {FEW_VOTES} a skill is"
            " hardly known: read the intervals, not the skills. Their confusion matrices"
            " are mostly what all annotators have in common."
        )
    return sentences
