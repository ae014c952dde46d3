"""What an end model was fitted to, in sentences with numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from labeling.end_model.features import Features
from labeling.end_model.stacking import pseudo_labels
from labeling.end_model.text_expert import TrainingData
from labeling.end_model.training import FittedParts
from labeling.records import shared_wins

MOST_NAMED = 10  # labels, above which their shares are not listed


class Heard(NamedTuple):
    """What a fit heard of people, in numbers.

    Attributes:
        n_gold: gold labels.
        n_votes: votes of people on samples without one.
        n_without_text: samples that were left out.
    """

    n_gold: int
    n_votes: int
    n_without_text: int


def describe_fit(
    features: Features,
    parts: FittedParts,
    training: TrainingData,
    labels: tuple[str, ...],
    heard: Heard,
) -> tuple[str, ...]:
    """Return sentences on what was fitted to what.

    Args:
        features: the fitted features.
        parts: the fitted parts.
        training: what they were trained on.
        labels: sorted by name.
        heard: how much it heard of people, and what was left out.
    """
    sentences = [
        f"The text model was trained on {int(training.covered.sum())} covered samples and"
        f" {features.describe()}.",
        *_selection(training, labels),
        _stack(parts, heard),
    ]
    if training.class_balance is not None:
        sentences.append(
            "The posterior without gold was shifted to the declared balance"
            f" {', '.join(f'{share:.3f}' for share in training.class_balance)}; the evidence of"
            f" {len(parts.text.vote_log_odds)} kinds of votes was estimated from the text, with a"
            f" trust of {parts.text.calibration.trust:.0%} in it."
        )
    else:
        sentences += _reliable_votes(training)
        sentences += _shift_to_votes(parts, training, labels)
    if training.rounds:
        sentences.append(
            f"{parts.n_rounds} of {training.rounds} rounds of self-training helped and were used."
        )
    if heard.n_without_text:
        sentences.append(f"{heard.n_without_text} samples without a text were left out.")
    return tuple(sentences)


def _selection(training: TrainingData, labels: tuple[str, ...]) -> list[str]:
    """Return a sentence on the weak labels that were left out, if some were to be selected."""
    selection = training.selection
    if selection is None:
        return []
    rows = np.flatnonzero(training.covered)
    kept = selection.kept(training.targets, rows)
    codes = training.targets[rows].argmax(axis=1)
    counts = [
        f"{label} {int((~kept[codes == code]).sum())} of {int((codes == code).sum())}"
        for code, label in enumerate(labels[:MOST_NAMED])
    ]
    return [
        f"The text model was not trained on {int((~kept).sum())} of {len(rows)} weak labels, since"
        f" their neighbours have other labels (select={selection.select!r}). By label:"
        f" {', '.join(counts)}."
    ]


def _stack(parts: FittedParts, heard: Heard) -> str:
    """Return a sentence on the weights of the experts, means over the folds."""
    stacks = parts.stack.stacks
    weights = np.mean([stack.weights for stack in stacks], axis=0)
    n_terms = heard.n_gold + heard.n_votes
    terms = f"{heard.n_gold} gold labels"
    if heard.n_votes:
        terms += f" and {heard.n_votes} votes of people on other samples"
    sentence = (
        f"{terms} weight the experts {', '.join(f'{one:.2f}' for one in weights)}"
        " (votes, text, text from gold alone)."
    )
    if not n_terms:
        return sentence
    trust = np.mean([stack.trust for stack in stacks])
    return (
        f"{sentence} The result without gold counts beside them as {pseudo_labels(n_terms):.0f}"
        f" gold labels, and by held-out gold labels this is the better one with a probability of"
        f" {trust:.2f}, by which both are blended. Each sample is scored without its own."
    )


def _reliable_votes(training: TrainingData) -> list[str]:
    """Return a sentence on the reliability of the votes, if they are known to be reliable."""
    if training.reliability < 0.005:
        return []
    return [
        f"Halves of the voters agree: the votes have a reliability of {training.reliability:.2f}, 0"
        f" (unknown or none) to 1, n = {int(training.covered.sum())} covered samples. The nearer to"
        " 1, the less the text corrects the votes."
    ]


def _shift_to_votes(
    parts: FittedParts, training: TrainingData, labels: tuple[str, ...]
) -> list[str]:
    """Return a sentence on the shift of the text model, if there is one."""
    shift = parts.text.calibration.shift
    if np.abs(shift).max() < 0.005 or len(labels) > MOST_NAMED:
        return []
    covered = training.targets[training.covered]
    shares = shared_wins(covered).mean(axis=0)
    named = ", ".join(
        f"{label} {share:.3f} ({offset:+.2f})"
        for label, share, offset in zip(labels, shares, shift, strict=True)
    )
    return [
        f"The text model was shifted towards the label shares of the votes on {len(covered)}"
        f" covered samples (in log-odds): {named}."
    ]
